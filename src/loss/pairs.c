/* pairs.c -- the part of a loss over all pairs that is the same for all of them:
 * rows to unit length and back, and the walks.
 *
 * Memory is what matters here: beside a and b there are their normalised rows
 * and their gradients, and no other (n, d) array. Gradients grow in the dx of a
 * and b themselves, and the way back through the normalisation is in place.
 *
 * Layer: loss. Needs autodiff (op.h) and kernels (walk.h). */
#include "loss/pairs.h"

#include "contrast/scalar.h"

#include <string.h>

/* ---- backward ------------------------------------------------------------
 * da = scale (dz b + diag(ds) b)      likewise db
 * dlog_scale += sum_ij dz_ij z_ij = <a, da>, as z is scale times a product of a and b
 * then each row back through its normalisation
 */

/* The sums with weights that hold everything but the seed: scale dL/dtotal dy. */
static bool weighted_walk(const ct_tensor *y, k_walk *w)
{
    const loss_pairs *p = y->saved;
    *w = p->walk;
    for (int k = 0; k < w->n_sums; k++) {
        const size_t anchors = (size_t)p->n;
        ct_real     *weight = op_scratch(y->graph, anchors, sizeof *weight);
        if (weight == NULL)
            return false;
        k_scale(y->graph->device, anchors, p->scale * y->dx[0], w->sums[k].weight, weight);
        w->sums[k].weight = weight;
    }
    return true;
}

/* d[i,:] += factor ds[i] other[i,:] */
static void add_diagonal(ct_device *dev, const loss_pairs *p, ct_real factor, const ct_real *other, ct_real *d)
{
    for (int i = 0; i < p->n; i++) {
        const ptrdiff_t row = (ptrdiff_t)i * p->d;
        k_axpy(dev, (size_t)p->d, factor * p->ds[i], other + row, d + row);
    }
}

/* Where the gradient of a side grows: its own dx, unless something is there. */
typedef struct side {
    ct_real *grow, *dx; /* NULL: not wanted */
    bool     add;       /* grow is apart from dx */
} side;

static bool open_side(ct_tensor *t, bool wanted, side *s)
{
    *s = (side){0};
    s->dx = op_grad(t, &s->add);
    s->grow = s->dx;
    if (s->dx != NULL && !s->add)
        return true;
    s->add = true;
    if (s->dx != NULL || wanted)
        s->grow = op_scratch(t->graph, op_size(t), sizeof *s->grow);
    return s->grow != NULL || (!t->needs_grad && !wanted);
}

static void close_side(ct_device *dev, const loss_pairs *p, const ct_real *unit, const ct_real *r, const side *s)
{
    if (s->dx == NULL)
        return;
    k_unit_rows_grad(dev, p->n, p->d, unit, r, CT_NORM_EPS, s->grow);
    if (s->add)
        k_add(dev, (size_t)p->n * (size_t)p->d, s->dx, s->grow, s->dx);
}

static void pairs_backward(ct_tensor *y)
{
    const loss_pairs *p = y->saved;
    ct_device        *dev = y->graph->device;
    const ct_real     factor = p->scale * y->dx[0], each = factor / (ct_real)p->n;
    ct_real          *dscale = op_grad(y->in[2], NULL);
    k_walk            w;
    side              a, b;
    if (!weighted_walk(y, &w) || !open_side(y->in[0], dscale != NULL, &a) || !open_side(y->in[1], false, &b))
        return;
    k_walk_spread(dev, &w, a.grow, false, b.grow, false);
    if (a.grow != NULL) {
        add_diagonal(dev, p, factor, p->b, a.grow);
        if (p->groups != NULL && !loss_groups_pull(y->graph, p->groups, p->d, each, p->b, a.grow))
            return;
    }
    if (b.grow != NULL) {
        add_diagonal(dev, p, factor, p->a, b.grow);
        if (p->groups != NULL && !loss_groups_pull(y->graph, p->groups, p->d, each, p->a, b.grow))
            return;
    }
    if (dscale != NULL)
        dscale[0] += k_dot(dev, (size_t)p->n * (size_t)p->d, p->a, a.grow);
    close_side(dev, p, p->a, p->ra, &a); /* a first: it may be the same tensor as b */
    close_side(dev, p, p->b, p->rb, &b);
}

static const struct ct_op PAIRS = {"loss", pairs_backward};

/* ---- forward ---- */

static bool normalize(ct_graph *g, const ct_tensor *t, const ct_real **unit, ct_real **r)
{
    ct_real *x = op_scratch(g, op_size(t), sizeof *x);
    *unit = x;
    *r = x != NULL ? op_scratch(g, (size_t)t->rows, sizeof **r) : NULL;
    if (*r == NULL)
        return false;
    k_normalize_rows(g->device, t->rows, t->cols, t->x, CT_NORM_EPS, x, *r);
    return true;
}

ct_tensor *loss_pairs_new(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale)
{
    if (a == NULL || b == NULL || log_scale == NULL)
        return NULL;
    if (!op_same_shape(a, b))
        return op_fail(g, "loss: a is (%d, %d), b is (%d, %d): shapes must match", a->rows, a->cols, b->rows, b->cols);
    if (log_scale->rows != 1 || log_scale->cols != 1)
        return op_fail(g, "loss: log_scale is (%d, %d), expected (1, 1)", log_scale->rows, log_scale->cols);
    ct_tensor   *y = op_new(g, &PAIRS, 1, 1, a, b, log_scale, sizeof(loss_pairs));
    loss_pairs  *p = y != NULL ? y->saved : NULL;
    const size_t n = (size_t)a->rows;
    if (p == NULL)
        return NULL;
    y->name = name;
    *p = (loss_pairs){.n = a->rows, .d = a->cols, .scale = (ct_real)ct_scalar_exp((double)log_scale->x[0])};
    if (!normalize(g, a, &p->a, &p->ra) || !normalize(g, b, &p->b, &p->rb) ||
        (p->s = op_scratch(g, n, sizeof *p->s)) == NULL || (p->ds = op_scratch(g, n, sizeof *p->ds)) == NULL)
        return NULL;
    memset(p->ds, 0, n * sizeof *p->ds);
    k_row_dots(g->device, p->n, p->d, p->a, p->b, p->s);
    p->walk = (k_walk){.n = p->n, .m = p->n, .d = p->d, .a = p->a, .b = p->b, .off_diagonal = true};
    return y;
}

k_sums *loss_pairs_sum(ct_graph *g, loss_pairs *p, k_cell f, bool columns)
{
    const size_t n = (size_t)p->n;
    k_sums      *s = &p->walk.sums[p->walk.n_sums++];
    *s = (k_sums){.f = f,
                  .columns = columns,
                  .scale = p->scale,
                  .origin = op_scratch(g, n, sizeof *s->origin),
                  .total = op_scratch(g, n, sizeof *s->total),
                  .slope = f != K_EXP ? op_scratch(g, n, sizeof *s->slope) : NULL,
                  .weight = op_scratch(g, n, sizeof *s->weight)};
    if (g->error.status != CT_OK)
        return NULL;
    k_sums_clear(s, p->n);
    return s;
}

bool loss_pairs_gather(ct_graph *g, loss_pairs *p)
{
    const size_t kept = k_walk_kept(p->n, p->n);
    p->walk.kept = kept > 0 ? op_scratch(g, kept, sizeof *p->walk.kept) : NULL;
    p->walk.space = op_scratch(g, k_walk_space(p->n, p->n, p->d), 1);
    if (g->error.status != CT_OK)
        return false;
    k_walk_gather(g->device, &p->walk);
    return true;
}
