/* pairs.c -- the part of a loss over all pairs that is the same for all of them:
 * rows to unit length and back, and the walks.
 *
 * Memory is what matters here: beside a and b there are their normalised rows
 * and their gradients, and no other (n, d) array. Gradients grow in the dx of a
 * and b themselves, and the way back through the normalisation is in place. */
#include "losses/pairs.h"

#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

/* ---- the walks ----
 *
 *     0  a with b    sums of side a along rows, of side b along columns
 *     1  a with a    sums of side a; forward along rows. The matrix is symmetric: going
 *     2  b with b    back, its columns have the same sums, and only db of the walk is wanted
 *     3  a with past rows of b    the same sums, along rows: to an anchor a past row is one
 *     4  b with past rows of a    more negative, but it gets no gradient
 */
enum { CROSS, WITHIN, PAST = WITHIN + 2, N_WALKS = PAST + 2 };

static bool has_walk(const loss_pairs *p, int which)
{
    const int side = (which + 1) % 2;
    bool summed = false; /* one array, and one direction, have sums of side a alone */
    for (int k = 0; k < p->n_sums; k++)
        summed = summed || p->sums[k].columns == side;
    if (which == CROSS)
        return !(p->what & LOSS_NO_CROSS);
    return summed && (which < PAST ? (p->what & LOSS_IN_MODAL) != 0 : p->past[side] != NULL);
}

static k_walk walk_of(const loss_pairs *p, int which, bool back)
{
    const bool cross = which == CROSS, past = which >= PAST;
    const int side = cross ? 0 : (which + 1) % 2;
    k_walk w = {.n = p->n,
                .m = past ? p->n_past : p->n,
                .d = p->d,
                .a = p->x[side],
                .b = past ? p->past[side] : p->x[cross ? 1 : side],
                .off_diagonal = !past,
                .group_a = past ? NULL : p->group,
                .group_b = past ? NULL : p->group,
                .kept = p->kept[which],
                .space = p->space};
    for (int column = 0; column < (cross || (back && !past) ? 2 : 1); column++)
        for (int k = 0; k < p->n_sums; k++)
            if (p->sums[k].columns == (cross ? column : side)) {
                w.sums[w.n_sums] = p->sums[k];
                w.sums[w.n_sums++].columns = column;
            }
    return w;
}

bool loss_pairs_gather(ct_graph *g, loss_pairs *p)
{
    const int most = p->n > p->n_past ? p->n : p->n_past;
    p->space = op_scratch(g, k_walk_space(p->n, most, p->d), 1);
    for (int i = 0; i < N_WALKS; i++) {
        const size_t kept = has_walk(p, i) ? k_walk_kept(p->n, i < PAST ? p->n : p->n_past) : 0;
        p->kept[i] = kept > 0 ? op_scratch(g, kept, sizeof *p->kept[i]) : NULL;
    }
    if (g->error.status != CT_OK)
        return false;
    for (int i = 0; i < N_WALKS; i++)
        if (has_walk(p, i)) {
            const k_walk w = walk_of(p, i, false);
            k_walk_gather(g->device, &w);
        }
    return true;
}

/* ---- backward ------------------------------------------------------------
 * da = dS b + diag(ds) b      likewise db, and the parts that do not come through S
 * dlog_scale += sum_ij dS_ij S_ij = <a, da> where all of S is a with b. In general,
 *               since S is homogeneous in a and in b, (<a, da> + <b, db>) / 2; but past rows
 *               have no gradient: all of their part is the anchors'
 * then each row back through its normalisation
 */

/* Where the gradient of a side grows: its own dx, unless others have added to that already. It is
 * also wanted for dlog_scale, where the side itself wants none. */
typedef struct growth {
    ct_real *grow, *dx; /* NULL: not wanted */
    bool add;           /* grow is apart from dx */
} growth;

static bool open_growth(ct_tensor *t, bool wanted, growth *s)
{
    *s = (growth){0};
    s->dx = op_grad_write(t, &s->add);
    s->grow = s->dx;
    if (s->add || (s->dx == NULL && wanted))
        s->grow = op_scratch(t->graph, op_size(t), sizeof *s->grow);
    return t->graph->error.status == CT_OK;
}

static void close_growth(ct_device *dev, const loss_pairs *p, int i, const growth *s)
{
    if (s->dx == NULL)
        return;
    if (p->r[i] != NULL)
        k_normalize_rows_grad(dev, p->n, p->d, p->x[i], p->r[i], CT_NORM_EPS, s->grow, s->grow,
                              false);
    if (s->add)
        k_add(dev, (size_t)p->n * (size_t)p->d, s->dx, s->grow, s->dx);
}

/* The weights times what the loss's own dy and each sum's scale add to them. */
static void weigh(const loss_pairs *p)
{
    for (int k = 0; k < p->n_sums; k++)
        k_scale(p->y->graph->device, (size_t)p->n, p->sums[k].scale * p->y->dx[0],
                p->sums[k].weight, p->sums[k].weight);
}

static ct_real product(const loss_pairs *p, int i, const ct_real *d)
{
    return k_dot(p->y->graph->device, (size_t)p->n * (size_t)p->d, p->x[i], d);
}

/* past[i] = <a, da> of what past rows pull, which come first. */
static void walk_back(const loss_pairs *p, ct_real *const grow[2], ct_real past[2])
{
    ct_device *dev = p->y->graph->device;
    for (int i = 0; i < 2; i++) {
        const k_walk w = walk_of(p, PAST + i, true);
        past[i] = 0;
        if (grow[i] != NULL && has_walk(p, PAST + i)) {
            k_walk_spread(dev, &w, grow[i], false, NULL, false);
            past[i] = product(p, i, grow[i]);
        }
    }
    if (has_walk(p, CROSS)) {
        const k_walk w = walk_of(p, CROSS, true);
        k_walk_spread(dev, &w, grow[0], has_walk(p, PAST), grow[1], has_walk(p, PAST + 1));
    }
    for (int i = 0; i < 2; i++) {
        const k_walk w = walk_of(p, WITHIN + i, true);
        if (grow[i] != NULL && has_walk(p, WITHIN + i))
            k_walk_spread(dev, &w, NULL, false, grow[i], has_walk(p, CROSS));
        else if (grow[i] != NULL && !has_walk(p, CROSS)) /* no walk at all: positives */
            memset(grow[i], 0, (size_t)p->n * (size_t)p->d * sizeof *grow[i]);
    }
}

/* What does not come from sums: the pairs themselves, groups and lengths. */
static bool add_direct(const loss_pairs *p, int i, ct_real *d)
{
    ct_graph *g = p->y->graph;
    const ct_real dy = p->y->dx[0];
    const ct_real *other = p->x[1 - i];
    for (int k = 0; k < p->n; k++) {
        const ptrdiff_t row = (ptrdiff_t)k * p->d;
        k_axpy(g->device, (size_t)p->d, dy * p->ds[k], other + row, d + row);
    }
    if (p->pull != 0)
        k_axpy(g->device, (size_t)p->n * (size_t)p->d, dy * p->pull, p->x[i], d);
    return p->groups == NULL || loss_groups_pull(g, p, i, p->shared * dy, d);
}

static void pairs_backward(ct_tensor *y)
{
    const loss_pairs *p = y->saved;
    ct_real *dscale = op_grad(y->in[2]);
    ct_real *dbias = op_grad(p->bias);
    const bool within = (p->what & LOSS_IN_MODAL) != 0;
    const bool both = dscale != NULL && (within || has_walk(p, PAST + 1));
    growth side[2];
    ct_real past[2];
    if (!open_growth(y->in[0], dscale != NULL, &side[0]) || !open_growth(y->in[1], both, &side[1]))
        return;
    weigh(p);
    walk_back(p, (ct_real *const[]){side[0].grow, side[1].grow}, past);
    for (int i = 0; i < 2; i++)
        if (side[i].grow != NULL && !add_direct(p, i, side[i].grow))
            return;
    if (dscale != NULL && within)
        dscale[0] += (ct_real)p->dlog_scale * y->dx[0] +
                     (product(p, 0, side[0].grow) + product(p, 1, side[1].grow) + past[0] +
                      past[1]) /
                         2;
    else if (dscale != NULL)
        dscale[0] += (ct_real)p->dlog_scale * y->dx[0] + product(p, 0, side[0].grow) + past[1];
    if (dbias != NULL)
        dbias[0] += (ct_real)p->dbias * y->dx[0];
    close_growth(y->graph->device, p, 0, &side[0]); /* a first: it may be the same tensor as b */
    close_growth(y->graph->device, p, 1, &side[1]);
}

static const struct ct_op PAIRS = {"loss", pairs_backward};

/* ---- forward ---- */

/* Rows as the loss wants them; with *r (n), the lengths that they had, where they become 1. */
static const ct_real *take_rows(ct_graph *g, const loss_pairs *p, const ct_real *x, int n,
                                ct_real **r)
{
    if (p->what & LOSS_DOT)
        return x;
    ct_real *unit = op_scratch(g, (size_t)n, (size_t)p->d * sizeof *unit);
    *r = op_scratch(g, (size_t)n, sizeof **r);
    if (g->error.status == CT_OK)
        k_normalize_rows(g->device, n, p->d, x, CT_NORM_EPS, unit, *r);
    return unit;
}

static void count_negatives(ct_graph *g, loss_pairs *p)
{
    const loss_groups *s = p->group != NULL ? loss_groups_new(g, p->n, p->group) : NULL;
    double left = (double)p->n * (p->n - 1);
    for (int i = 0; i < p->n; i++)
        p->negatives[i] = p->n - 1;
    for (int k = 0; s != NULL && k < s->n_groups; k++)
        for (int m = s->start[k]; m < s->start[k + 1]; m++) {
            p->negatives[s->row[m]] = p->n - (s->start[k + 1] - s->start[k]);
            left -= s->start[k + 1] - s->start[k] - 1;
        }
    p->mean_negatives = left / p->n;
}

loss_pairs *loss_pairs_new(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b,
                           const ct_loss_inputs *in, unsigned what)
{
    ct_tensor *log_scale = what & LOSS_SCALED ? in->log_scale : NULL;
    if (!op_match(g, "loss", a, b) || ((what & LOSS_SCALED) && log_scale == NULL))
        return NULL;
    if (log_scale != NULL && !op_is_scalar(log_scale))
        op_fail(g, "loss: log_scale is (%d, %d), expected (1, 1)", log_scale->rows,
                log_scale->cols);
    ct_tensor *y = op_new(g, &PAIRS, 1, 1, a, b, log_scale, sizeof(loss_pairs));
    if (y == NULL)
        return NULL;
    const size_t n = (size_t)a->rows;
    loss_pairs *p = y->saved;
    *p = (loss_pairs){
        .y = y, .options = loss_options(in->options), .n = a->rows, .d = a->cols, .scale = 1};
    p->what = what | (p->options->dot ? LOSS_DOT : 0);
    p->group = p->options->mask_groups ? in->group : NULL;
    if (log_scale != NULL)
        p->scale = (ct_real)ct_scalar_exp((double)log_scale->x[0]);
    y->name = name;
    p->s = op_scratch(g, n, sizeof *p->s);
    p->ds = op_scratch(g, n, sizeof *p->ds);
    p->negatives = op_scratch(g, n, sizeof *p->negatives);
    for (int i = 0; i < 2; i++)
        p->x[i] = take_rows(g, p, y->in[i]->x, p->n, &p->r[i]);
    if (in->queue != NULL && (what & LOSS_QUEUE)) {
        ct_real *r;
        p->n_past = in->queue->n;
        for (int i = 0; i < 2; i++)
            p->past[i] = take_rows(g, p, in->queue->x[1 - i], p->n_past, &r);
    }
    if (g->error.status != CT_OK)
        return NULL;
    count_negatives(g, p);
    memset(p->ds, 0, n * sizeof *p->ds);
    k_row_dots(g->device, p->n, p->d, p->x[0], p->x[1], p->s);
    return p;
}

k_sums *loss_pairs_sum(ct_graph *g, loss_pairs *p, k_cell f, int side, double scale)
{
    const size_t n = (size_t)p->n;
    k_sums *s = &p->sums[p->n_sums++];
    *s = (k_sums){.f = f,
                  .columns = side == 1,
                  .scale = (ct_real)scale,
                  .origin = op_scratch(g, n, sizeof *s->origin),
                  .total = op_scratch(g, n, sizeof *s->total),
                  .slope = f != K_EXP && f != K_PEAK ? op_scratch(g, n, sizeof *s->slope) : NULL,
                  .limit = f == K_PEAK ? op_scratch(g, n, sizeof *s->limit) : NULL,
                  .weight = op_scratch(g, n, sizeof *s->weight)};
    if (g->error.status != CT_OK)
        return NULL;
    for (int i = 0; i < p->n; i++) {
        s->origin[i] = 0;
        s->weight[i] = 0;
        if (f == K_PEAK)
            s->limit[i] = (ct_real)INFINITY;
    }
    k_sums_clear(s, p->n);
    return s;
}

ct_tensor *loss_pairs_done(loss_pairs *p)
{
    p->y->x[0] = (ct_real)p->loss.sum;
    return p->y;
}
