/* softmax.c -- InfoNCE in one direction or both, with one positive a row or
 * several: the losses infonce, clip, unicl and question.
 *
 * Each row asks: among all columns, which is mine? Write z = scale s for the
 * logits, and for row i
 *
 *     u_i = ln sum_{j != i} e^(z_ij - z_ii)      log-odds of not finding the pair
 *     -ln p_ii = ln(1 + e^(u_i))                 its loss
 *     1 - p_ii = sigmoid(u_i) = w_i              its share of the gradient
 *     p_ij     = w_i e^(z_ij) / sum_{l != i} e^(z_il)      for j != i
 *
 * Leaving the diagonal out of the sum is the whole trick: at a temperature of
 * 0.07 a perfect batch has p_ii = 1 - 3e-7, and 1 - p_ii computed from p_ii in
 * float would be noise. It also makes n = 1 right: the sum is empty, u = -inf,
 * loss and gradient are 0. Columns are the same with i and j exchanged.
 *
 * Layer: loss. Needs autodiff (op.h) and kernels. */
#include "autodiff/op.h"
#include "contrast/loss.h"
#include "contrast/scalar.h"
#include "kernels/kernels.h"

#include <math.h>

typedef struct softmax_saved {
    ct_real *grad;   /* (n, n): n dL/dz                */
    ct_real  dscale; /* n dL/dlog_scale                */
    ct_real  scale;  /* e^log_scale                    */
} softmax_saved;

/* ln(1 + e^u), for any u. */
static double softplus(double u)
{
    return u > 0 ? u + ct_scalar_log1p(ct_scalar_exp(-u)) : ct_scalar_log1p(ct_scalar_exp(u));
}

/* One direction, seen along rows or columns of z. */
typedef struct direction {
    ct_real *peak, *total; /* (n) over j != i: largest z, sum of e^(z - peak) */
    ct_real *share;        /* (n) w_i / total_i                               */
    ct_real *odds;         /* (n) w_i                                         */
} direction;

/* Loss of each anchor i of one direction, added to loss[i]; fills d. */
static void weigh_anchors(int n, const ct_real *diagonal, double part, direction *d, ct_real *loss)
{
    for (int i = 0; i < n; i++) {
        const double above = (double)d->peak[i] - (double)diagonal[i]; /* exact where they are close */
        const double u = ct_scalar_log((double)d->total[i]) + above;
        const double w = 1 / (1 + ct_scalar_exp(-u));
        loss[i] += (ct_real)(part * softplus(u));
        d->odds[i] = (ct_real)(part * w);
        d->share[i] = d->total[i] > 0 ? (ct_real)(part * w / (double)d->total[i]) : 0;
    }
}

/* Several positives: where row i has P(i) instead of i alone, the loss changes
 * from -ln p_ii to the mean of -ln p_ij over P(i), and the target from [i=j] to
 * [j in P(i)] / |P(i)|; for columns likewise. z is (n, n). */
static void spread_positives(int n, const int *group, const ct_real *z, ct_real *loss, ct_real *grad)
{
    for (int i = 0; i < n; i++) {
        const ct_real *zi = z + (size_t)i * (size_t)n;
        ct_real       *gi = grad + (size_t)i * (size_t)n;
        int            count = 0;
        for (int j = 0; j < n; j++)
            count += group[j] == group[i];
        if (count == 1)
            continue;
        const ct_real share = 1 / (ct_real)count;
        for (int j = 0; j < n; j++)
            if (group[j] == group[i]) { /* groups are symmetric: what rows get in all, columns get */
                loss[i] += share * (zi[i] - zi[j]);
                gi[j] -= share;
            }
        gi[i] += 1;
    }
}

/* ---- softmax_loss --------------------------------------------------------
 * forward    s = a b',  z = e^log_scale s,  L = mean of the anchors' losses
 * backward   dz = (p - target) dL / n      da += scale dz b    db += scale dz' a
 *            dlog_scale += sum_ij dz_ij z_ij
 * saved      n dz (n, n)
 */
static void softmax_loss_backward(ct_tensor *y)
{
    ct_tensor           *a = y->in[0], *b = y->in[1];
    const softmax_saved *s = y->saved;
    ct_device           *dev = y->graph->device;
    const int            n = a->rows, d = a->cols;
    const ct_real        each = y->dx[0] / (ct_real)n;
    bool                 add;
    ct_real             *dscale = op_grad(y->in[2], NULL);
    if (dscale != NULL)
        dscale[0] += each * s->dscale;
    if (!a->needs_grad && !b->needs_grad)
        return;
    k_scale(dev, (size_t)n * (size_t)n, each * s->scale, s->grad, s->grad);
    ct_real *da = op_grad(a, &add);
    if (da != NULL)
        k_matmul_nn(dev, n, d, n, s->grad, b->x, da, add);
    ct_real *db = op_grad(b, &add);
    if (db != NULL)
        k_matmul_tn(dev, n, d, n, s->grad, a->x, db, add);
}

static const struct ct_op SOFTMAX_LOSS = {"softmax_loss", softmax_loss_backward};

/* Arrays of the forward pass; zc and column only if symmetric. */
typedef struct workspace {
    ct_real  *z, *zc, *diagonal, *loss;
    direction row, column;
} workspace;

static bool make_workspace(ct_graph *g, int n, bool symmetric, workspace *w, softmax_saved *s)
{
    const size_t square = (size_t)n * (size_t)n, line = (size_t)n;
    /* counted in rows, so that op_scratch sees it when n^2 overflows 32 bits */
    ct_real *big = op_scratch(g, (symmetric ? 3 : 2) * line, line * sizeof *big);
    ct_real *small = big != NULL ? op_scratch(g, 10 * line, sizeof *small) : NULL;
    if (small == NULL)
        return false;
    s->grad = big;
    w->z = big + square;
    w->zc = symmetric ? big + 2 * square : NULL;
    w->diagonal = small;
    w->loss = small + line;
    w->row = (direction){small + 2 * line, small + 3 * line, small + 4 * line, small + 5 * line};
    w->column = (direction){small + 6 * line, small + 7 * line, small + 8 * line, small + 9 * line};
    return true;
}

static void softmax_loss_forward(ct_tensor *y, workspace *w, const int *group)
{
    const ct_tensor *a = y->in[0], *b = y->in[1];
    softmax_saved   *s = y->saved;
    ct_device       *dev = y->graph->device;
    const int        n = a->rows;
    const size_t     line = (size_t)n, square = line * line;
    const double     part = w->zc != NULL ? 0.5 : 1;

    k_matmul_nt(dev, n, n, a->cols, a->x, b->x, w->z, false);
    k_scale(dev, square, s->scale, w->z, w->z);
    for (size_t i = 0; i < line; i++) { /* keep the diagonal; it is in no sum below */
        w->diagonal[i] = w->z[i * line + i];
        w->z[i * line + i] = -(ct_real)INFINITY;
        w->loss[i] = 0;
    }
    k_row_exp_sums(dev, n, n, w->z, w->row.peak, w->row.total, s->grad);
    weigh_anchors(n, w->diagonal, part, &w->row, w->loss);
    for (size_t i = 0; i < line; i++)
        k_scale(dev, line, w->row.share[i], s->grad + i * line, s->grad + i * line);
    if (w->zc != NULL) {
        k_col_exp_sums(dev, n, n, w->z, w->column.peak, w->column.total, w->zc);
        weigh_anchors(n, w->diagonal, part, &w->column, w->loss);
        for (size_t i = 0; i < line; i++)
            k_muladd(dev, line, w->column.share, w->zc + i * line, s->grad + i * line);
    }
    for (size_t i = 0; i < line; i++) {
        w->z[i * line + i] = w->diagonal[i];
        s->grad[i * line + i] = -w->row.odds[i] - (w->zc != NULL ? w->column.odds[i] : 0);
    }
    if (group != NULL)
        spread_positives(n, group, w->z, w->loss, s->grad);
    s->dscale = k_dot(dev, square, s->grad, w->z);
    y->x[0] = k_sum(dev, line, w->loss) / (ct_real)n;
}

static ct_tensor *softmax_loss(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale, bool symmetric,
                               const int *group)
{
    if (a == NULL || b == NULL || log_scale == NULL)
        return NULL;
    if (!op_same_shape(a, b))
        return op_fail(g, "loss: a is (%d, %d), b is (%d, %d): shapes must match", a->rows, a->cols, b->rows, b->cols);
    if (log_scale->rows != 1 || log_scale->cols != 1)
        return op_fail(g, "loss: log_scale is (%d, %d), expected (1, 1)", log_scale->rows, log_scale->cols);
    ct_tensor *an = ct_normalize_rows(g, a, CT_NORM_EPS), *bn = ct_normalize_rows(g, b, CT_NORM_EPS);
    if (an == NULL || bn == NULL)
        return NULL;
    ct_tensor *y = op_new(g, &SOFTMAX_LOSS, 1, 1, an, bn, log_scale, sizeof(softmax_saved));
    workspace  w;
    if (y == NULL || !make_workspace(g, a->rows, symmetric, &w, y->saved))
        return NULL;
    ((softmax_saved *)y->saved)->scale = (ct_real)ct_scalar_exp((double)log_scale->x[0]);
    softmax_loss_forward(y, &w, group);
    return y;
}

ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, a, b, in->log_scale, false, NULL);
}

ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, a, b, in->log_scale, true, NULL);
}

ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, a, b, in->log_scale, true, in->group);
}

ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    static const ct_real zero = 0; /* log of temperature 1 */
    (void)in;
    return softmax_loss(g, a, b, ct_constant(g, 1, 1, &zero), false, NULL);
}
