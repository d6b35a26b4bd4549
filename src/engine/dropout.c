/* dropout.c -- zero elements at random, the same ones on every machine.
 *
 * Whether element i of a batch is kept is a function of (seed, step, number of this
 * dropout in the step, i): threads, order, a resumed run or a batch in chunks cannot change it. */
#include "contrast/random.h"
#include "engine/op.h"
#include "kernels/kernels.h"

#define MAX_DROPS 256 /* dropouts in one step */

/* ---- dropout -------------------------------------------------------------
 * forward    mask_i = 0 with probability p, else 1 / (1 - p)      y = mask x
 * backward   dx += mask dy
 */
static void dropout_backward(ct_tensor *y)
{
    ct_real *dx = op_grad(y->in[0]);
    if (dx != NULL)
        k_muladd(y->graph->device, op_size(y), y->dx, y->saved, dx);
}

static const struct ct_op DROPOUT = {"dropout", dropout_backward};

ct_tensor *ct_dropout(ct_graph *g, ct_tensor *x, double p)
{
    CT_ASSERT(p >= 0 && p < 1);
    if (x == NULL || !g->training || p <= 0)
        return x;
    ct_tensor *y = op_new(g, &DROPOUT, x->rows, x->cols, x, NULL, NULL, op_size(x) * sizeof *x->x);
    if (y == NULL)
        return NULL;
    CT_ASSERT(g->n_drops < MAX_DROPS);
    const ct_random r = ct_random_make(g->seed, CT_STREAM_DROPOUT,
                                       g->step * MAX_DROPS + g->n_drops++);
    const size_t first = (size_t)g->first_row * (size_t)x->cols;
    CT_ASSERT(first % 4 == 0);
    k_dropout(g->device, op_size(x), first, &r, (uint32_t)(p * 4294967296.0),
              (ct_real)(1 / (1 - p)), x->x, y->saved, y->x);
    return y;
}
