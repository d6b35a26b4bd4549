/* pairs.c -- the part of a loss over all pairs that is the same for all of them:
 * rows to unit length and back, and the walks.
 *
 * Memory is what matters here: beside a and b there are their normalised rows
 * and their gradients, and no other (n, d) array. Gradients grow in the dx of a
 * and b themselves, and the way back through the normalisation is in place.
 *
 * Layer: losses. Needs engine (op.h) and kernels (walk.h). */
#include "losses/pairs.h"

#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

/* ---- the walks ----
 *
 *     0  a with b    sums of side a along rows, of side b along columns
 *     1  a with a    sums of side a; forward along rows. The matrix is symmetric: going
 *     2  b with b    back, its columns have the same sums, and only db of the walk is wanted
 */
static bool has_walk(const loss_pairs *p, int which)
{
    bool summed = false; /* one array has sums of side a alone */
    for (int k = 0; k < p->n_sums; k++)
        summed = summed || p->sums[k].columns == (which == 2);
    return which == 0 ? !(p->what & LOSS_NO_CROSS) : summed && (p->what & LOSS_IN_MODAL) != 0;
}

static k_walk walk_of(const loss_pairs *p, int which, bool back)
{
    const bool cross = which == 0;
    k_walk w = {.n = p->n,
                .m = p->n,
                .d = p->d,
                .a = p->x[which == 2],
                .b = p->x[which != 1],
                .off_diagonal = true,
                .group_a = p->group,
                .group_b = p->group,
                .kept = p->kept[which],
                .space = p->space};
    for (int column = 0; column < (back || cross ? 2 : 1); column++)
        for (int k = 0; k < p->n_sums; k++)
            if (p->sums[k].columns == (cross ? column : which == 2)) {
                w.sums[w.n_sums] = p->sums[k];
                w.sums[w.n_sums++].columns = column;
            }
    return w;
}

bool loss_pairs_gather(ct_graph *g, loss_pairs *p)
{
    const size_t kept = k_walk_kept(p->n, p->n);
    p->space = op_scratch(g, k_walk_space(p->n, p->n, p->d), 1);
    for (int i = 0; i < 3; i++)
        p->kept[i] = kept > 0 && has_walk(p, i) ? op_scratch(g, kept, sizeof *p->kept[i]) : NULL;
    if (g->error.status != CT_OK)
        return false;
    for (int i = 0; i < 3; i++)
        if (has_walk(p, i)) {
            const k_walk w = walk_of(p, i, false);
            k_walk_gather(g->device, &w);
        }
    return true;
}

/* ---- backward ------------------------------------------------------------
 * da = dS b + diag(ds) b      likewise db, and the parts that do not come through S
 * dlog_scale += sum_ij dS_ij S_ij = <a, da> where all of S is a with b. In general,
 *               since S is homogeneous in a and in b, (<a, da> + <b, db>) / 2
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

static void walk_back(const loss_pairs *p, ct_real *da, ct_real *db)
{
    ct_device *dev = p->y->graph->device;
    ct_real *const grow[2] = {da, db};
    if (has_walk(p, 0)) {
        const k_walk w = walk_of(p, 0, true);
        k_walk_spread(dev, &w, da, false, db, false);
    }
    for (int i = 0; i < 2; i++) {
        const k_walk w = walk_of(p, 1 + i, true);
        if (grow[i] != NULL && has_walk(p, 1 + i))
            k_walk_spread(dev, &w, NULL, false, grow[i], has_walk(p, 0));
        else if (grow[i] != NULL && !has_walk(p, 0)) /* no walk at all: positives */
            memset(grow[i], 0, (size_t)p->n * (size_t)p->d * sizeof *da);
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

static ct_real product(const loss_pairs *p, int i, const ct_real *d)
{
    return k_dot(p->y->graph->device, (size_t)p->n * (size_t)p->d, p->x[i], d);
}

static void pairs_backward(ct_tensor *y)
{
    const loss_pairs *p = y->saved;
    ct_real *dscale = op_grad(y->in[2]);
    ct_real *dbias = op_grad(p->bias);
    const bool both = dscale != NULL && (p->what & LOSS_IN_MODAL);
    growth side[2];
    if (!open_growth(y->in[0], dscale != NULL, &side[0]) || !open_growth(y->in[1], both, &side[1]))
        return;
    weigh(p);
    walk_back(p, side[0].grow, side[1].grow);
    for (int i = 0; i < 2; i++)
        if (side[i].grow != NULL && !add_direct(p, i, side[i].grow))
            return;
    if (both)
        dscale[0] += (ct_real)p->dlog_scale * y->dx[0] +
                     (product(p, 0, side[0].grow) + product(p, 1, side[1].grow)) / 2;
    else if (dscale != NULL)
        dscale[0] += (ct_real)p->dlog_scale * y->dx[0] + product(p, 0, side[0].grow);
    for (int i = 0; i < 2; i++)
        if (p->queue[i] != NULL) { /* the queue has no gradient: all of its part is the anchor's */
            const double part = loss_queue_back(p, i, side[i].grow);
            if (dscale != NULL)
                dscale[0] += (ct_real)part;
        }
    if (dbias != NULL)
        dbias[0] += (ct_real)p->dbias * y->dx[0];
    close_growth(y->graph->device, p, 0, &side[0]); /* a first: it may be the same tensor as b */
    close_growth(y->graph->device, p, 1, &side[1]);
}

static const struct ct_op PAIRS = {"loss", pairs_backward};

/* ---- forward ---- */

static bool take_side(ct_graph *g, loss_pairs *p, int i, const ct_tensor *t)
{
    p->x[i] = t->x;
    if (p->what & LOSS_DOT)
        return true;
    ct_real *x = op_scratch(g, op_size(t), sizeof *x);
    p->r[i] = op_scratch(g, (size_t)t->rows, sizeof *p->r[i]);
    p->x[i] = x;
    if (g->error.status != CT_OK)
        return false;
    k_normalize_rows(g->device, t->rows, t->cols, t->x, CT_NORM_EPS, x, p->r[i]);
    return true;
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
    if (!take_side(g, p, 0, a) || !take_side(g, p, 1, b) || g->error.status != CT_OK)
        return NULL;
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

const int *loss_pairs_negatives(ct_graph *g, const loss_pairs *p, double *mean)
{
    int *out = op_scratch(g, (size_t)p->n, sizeof *out);
    const loss_groups *s = p->group != NULL ? loss_groups_new(g, p->n, p->group) : NULL;
    if (g->error.status != CT_OK)
        return NULL;
    for (int i = 0; i < p->n; i++)
        out[i] = p->n - 1;
    double left = (double)p->n * (p->n - 1);
    for (int k = 0; s != NULL && k < s->n_groups; k++)
        for (int m = s->start[k]; m < s->start[k + 1]; m++) {
            out[s->row[m]] = p->n - (s->start[k + 1] - s->start[k]);
            left -= s->start[k + 1] - s->start[k] - 1;
        }
    *mean = left / p->n;
    return out;
}

ct_tensor *loss_pairs_done(loss_pairs *p)
{
    p->y->x[0] = (ct_real)p->loss.sum;
    return p->y;
}
