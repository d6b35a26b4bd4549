/* linear.c -- products: a dense layer with bias and activation, and all pairs of two sets' rows.
 *
 * The sums start from the bias, and the activation is applied to each part of the
 * product while it is in cache. The derivative of every activation but GELU can be
 * read off its output, so z = x w' + b is kept for GELU alone. */
#include "engine/op.h"
#include "kernels/kernels.h"

typedef struct linear_saved {
    ct_activation f;
    ct_real *z; /* (n, m) before the activation; GELU only */
} linear_saved;

/* ---- linear --------------------------------------------------------------
 * forward    z = x w' + b          y = f(z)
 * backward   dz = dy f'(z)         dx += dz w     dw += dz' x     db += sum_i dz[i,:]
 */
static void linear_forward(ct_tensor *y)
{
    const ct_tensor *x = y->in[0], *w = y->in[1], *b = y->in[2];
    const linear_saved *s = y->saved;
    k_matmul_dense(y->graph->device, y->rows, y->cols, x->cols, (k_matrix){x->x, x->cols, 1},
                   (k_matrix){w->x, 1, x->cols}, b != NULL ? b->x : NULL, s->f, s->z, y->x);
}

static void linear_backward(ct_tensor *y)
{
    ct_tensor *x = y->in[0], *w = y->in[1], *b = y->in[2];
    const linear_saved *s = y->saved;
    ct_device *dev = y->graph->device;
    ct_real *dz = y->dx; /* in place: nobody reads dy after us */
    bool add;
    if (s->f != CT_ACT_NONE)
        k_activation_grad(dev, s->f, op_size(y), s->z, y->x, y->dx, dz);
    ct_real *dx = op_grad_write(x, &add);
    if (dx != NULL)
        k_matmul_nn(dev, x->rows, x->cols, w->rows, dz, w->x, dx, add);
    ct_real *dw = op_grad_write(w, &add);
    if (dw != NULL)
        k_matmul_tn(dev, w->rows, w->cols, x->rows, dz, x->x, dw, add);
    ct_real *db = op_grad(b);
    if (db != NULL)
        k_col_sums(dev, y->rows, y->cols, dz, db);
}

static const struct ct_op LINEAR = {"linear", linear_backward};

ct_tensor *ct_linear(ct_graph *g, ct_tensor *x, ct_tensor *w, ct_tensor *b, ct_activation f)
{
    if (x == NULL || w == NULL)
        return NULL;
    if (x->cols != w->cols)
        return op_fail(g, "linear: x is (%d, %d), w is (%d, %d): columns must match", x->rows,
                       x->cols, w->rows, w->cols);
    if (b != NULL && (b->rows != 1 || b->cols != w->rows))
        return op_fail(g, "linear: b is (%d, %d), expected (1, %d), the rows of w", b->rows,
                       b->cols, w->rows);
    ct_tensor *y = op_new(g, &LINEAR, x->rows, w->rows, x, w, b, sizeof(linear_saved));
    if (y == NULL)
        return NULL;
    linear_saved *s = y->saved;
    *s = (linear_saved){.f = f, .z = y->x};
    if (f == CT_ACT_GELU)
        s->z = op_scratch(g, op_size(y), sizeof *s->z);
    if (s->z == NULL)
        return NULL;
    linear_forward(y);
    return y;
}

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
