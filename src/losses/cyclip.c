/* cyclip.c -- the symmetric loss with cyclic consistency: similarities within a
 * side should agree with those within the other, and s_ij with s_ji.
 *
 * Both differences are products of rows twice as long,
 *
 *     a_i . a_j - b_i . b_j = (a_i, -b_i) . (a_j, b_j)
 *     a_i . b_j - b_i . a_j = (a_i, -b_i) . (b_j, a_j)
 *
 * so the walk over pairs does them as it does everything else. The first matrix is
 * symmetric and the second changes its sign: the gradient of one side is half of all.
 *
 * Layer: losses. Needs pairs.h. */
#include "contrast/ops.h"
#include "losses/pairs.h"

#include <string.h>

typedef struct cyclic_saved {
    ct_real *left, *right[2]; /* (n, 2d) (a, -b); (a, b), (b, a) */
    ct_real weight[2];        /* cyclic_in / n, cyclic_cross / n  */
    k_sums sums[2];
    void *space;
} cyclic_saved;

/* ---- cyclic --------------------------------------------------------------
 * forward    L = sum over both matrices of weight sum_ij D_ij^2,  D = left right'
 * backward   dright = 2 weight D' left, and as much again through left:
 *            (da, db) += 2 dright of the first,  (db, da) += 2 dright of the second
 */
static k_walk cyclic_walk(const ct_tensor *y, int which)
{
    const cyclic_saved *s = y->saved;
    const int n = y->in[0]->rows;
    return (k_walk){.n = n,
                    .m = n,
                    .d = 2 * y->in[0]->cols,
                    .a = s->left,
                    .b = s->right[which],
                    .off_diagonal = true, /* zeros, but for rounding */
                    .n_sums = 1,
                    .sums = {s->sums[which]},
                    .space = s->space};
}

/* d[i,:] += 2 wide[i, from .. from + d) */
static void add_half(ct_tensor *t, const ct_real *wide, int from)
{
    const int d = t->cols;
    ct_real *dx = op_grad(t, NULL);
    for (int i = 0; dx != NULL && i < t->rows; i++)
        k_axpy(t->graph->device, (size_t)d, 2, wide + (ptrdiff_t)i * 2 * d + from,
               dx + (ptrdiff_t)i * d);
}

static void cyclic_backward(ct_tensor *y)
{
    const cyclic_saved *s = y->saved;
    const int n = y->in[0]->rows, d = y->in[0]->cols;
    ct_real *dright = op_scratch(y->graph, (size_t)n * 2, (size_t)d * sizeof *dright);
    for (int which = 0; dright != NULL && which < 2; which++) {
        const k_walk w = cyclic_walk(y, which);
        for (int i = 0; i < n; i++)
            w.sums[0].weight[i] = s->weight[which] * y->dx[0];
        k_walk_spread(y->graph->device, &w, NULL, false, dright, false);
        add_half(y->in[which], dright, 0);
        add_half(y->in[1 - which], dright, d);
    }
}

static const struct ct_op CYCLIC = {"cyclic", cyclic_backward};

/* Rows of x and `sign` times rows of y beside each other. */
static void beside(int n, int d, const ct_real *x, const ct_real *y, ct_real sign, ct_real *out)
{
    for (int i = 0; i < n; i++, x += d, y += d, out += 2 * d) {
        memcpy(out, x, (size_t)d * sizeof *x);
        for (int k = 0; k < d; k++)
            out[d + k] = sign * y[k];
    }
}

static bool make_sums(ct_graph *g, int n, k_sums *s)
{
    ct_real *lines = op_scratch(g, 2 * (size_t)n, sizeof *lines);
    double *totals = op_scratch(g, 2 * (size_t)n, sizeof *totals);
    if (lines == NULL || totals == NULL)
        return false;
    memset(lines, 0, 2 * (size_t)n * sizeof *lines);
    *s = (k_sums){.f = K_SQUARE,
                  .scale = 1,
                  .origin = lines,
                  .weight = lines + n,
                  .total = totals,
                  .slope = totals + n};
    k_sums_clear(s, n);
    return true;
}

static ct_tensor *cyclic(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_options *o)
{
    ct_tensor *y = a != NULL && b != NULL
                       ? op_new(g, &CYCLIC, 1, 1, a, b, NULL, sizeof(cyclic_saved))
                       : NULL;
    if (y == NULL)
        return NULL;
    const int n = a->rows, d = a->cols;
    cyclic_saved *s = y->saved;
    ct_real *wide = op_scratch(g, (size_t)n * 6, (size_t)d * sizeof *wide);
    *s = (cyclic_saved){.space = op_scratch(g, k_walk_space(n, n, 2 * d), 1)};
    if (wide == NULL || s->space == NULL || !make_sums(g, n, &s->sums[0]) ||
        !make_sums(g, n, &s->sums[1]))
        return NULL;
    s->left = wide;
    s->right[0] = wide + (size_t)n * 2 * (size_t)d;
    s->right[1] = wide + (size_t)n * 4 * (size_t)d;
    beside(n, d, a->x, b->x, -1, s->left);
    beside(n, d, a->x, b->x, 1, s->right[0]);
    beside(n, d, b->x, a->x, 1, s->right[1]);
    loss_total loss = {0};
    for (int which = 0; which < 2; which++) {
        const double weight = (which == 0 ? o->cyclic_in : o->cyclic_cross) / n;
        const k_walk w = cyclic_walk(y, which);
        k_walk_gather(g->device, &w);
        s->weight[which] = (ct_real)weight;
        for (int i = 0; i < n; i++)
            loss_add(&loss, weight * w.sums[0].total[i]);
    }
    y->x[0] = (ct_real)loss.sum;
    return y;
}

ct_tensor *ct_loss_cyclip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const ct_loss_options *o = loss_options(in->options);
    ct_tensor *clip = ct_loss_clip(g, a, b, in);
    if (clip == NULL)
        return NULL;
    ct_tensor *an = o->dot ? a : ct_normalize_rows(g, a, CT_NORM_EPS);
    ct_tensor *bn = o->dot ? b : ct_normalize_rows(g, b, CT_NORM_EPS);
    return ct_add(g, clip, cyclic(g, an, bn, o));
}
