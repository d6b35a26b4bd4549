/* matmul.c -- all pairs of dot products between two sets of rows. */
#include "engine/op.h"
#include "kernels/kernels.h"

/* ---- matmul_nt -----------------------------------------------------------
 * forward    y  = a b'
 * backward   da += dy b      db += dy' a
 */
static void matmul_nt_backward(ct_tensor *y)
{
    ct_tensor *a = y->in[0], *b = y->in[1];
    ct_device *dev = y->graph->device;
    bool add;
    ct_real *da = op_grad_write(a, &add);
    if (da != NULL)
        k_matmul_nn(dev, a->rows, a->cols, b->rows, y->dx, b->x, da, add);
    ct_real *db = op_grad_write(b, &add);
    if (db != NULL)
        k_matmul_tn(dev, b->rows, b->cols, a->rows, y->dx, a->x, db, add);
}

static const struct ct_op MATMUL_NT = {"matmul_nt", matmul_nt_backward};

ct_tensor *ct_matmul_nt(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    if (a == NULL || b == NULL)
        return NULL;
    if (a->cols != b->cols)
        return op_fail(g, "matmul_nt: a is (%d, %d), b is (%d, %d): columns must match", a->rows,
                       a->cols, b->rows, b->cols);
    ct_tensor *y = op_new(g, &MATMUL_NT, a->rows, b->rows, a, b, NULL, 0);
    if (y != NULL)
        k_matmul_nt(g->device, a->rows, b->rows, a->cols, a->x, b->x, y->x, false);
    return y;
}
