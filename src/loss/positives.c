/* positives.c -- the loss without negatives: every pair is pulled together and
 * nothing is pushed apart, so the constant embedding is an optimum.
 *
 * Layer: loss. Needs autodiff. */
#include "autodiff/op.h"
#include "contrast/loss.h"
#include "kernels/kernels.h"

/* ---- positives -----------------------------------------------------------
 * forward    L = (1/n) sum_i (1 - <a_i, b_i>), rows of unit length
 * backward   da_i -= dL b_i / n      db_i -= dL a_i / n
 */
static void positives_backward(ct_tensor *y)
{
    for (int side = 0; side < 2; side++) {
        const ct_tensor *other = y->in[1 - side];
        ct_real         *d = op_grad(y->in[side], NULL);
        if (d != NULL)
            k_axpy(y->graph->device, op_size(other), -y->dx[0] / (ct_real)other->rows, other->x, d);
    }
}

static const struct ct_op POSITIVES = {"positives", positives_backward};

ct_tensor *ct_loss_positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    (void)in;
    if (a == NULL || b == NULL)
        return NULL;
    if (!op_same_shape(a, b))
        return op_fail(g, "loss: a is (%d, %d), b is (%d, %d): shapes must match", a->rows, a->cols, b->rows, b->cols);
    ct_tensor *an = ct_normalize_rows(g, a, CT_NORM_EPS), *bn = ct_normalize_rows(g, b, CT_NORM_EPS);
    ct_tensor *y = an != NULL && bn != NULL ? op_new(g, &POSITIVES, 1, 1, an, bn, NULL, 0) : NULL;
    if (y != NULL)
        y->x[0] = 1 - k_dot(g->device, op_size(an), an->x, bn->x) / (ct_real)an->rows;
    return y;
}
