/* arithmetic.c -- what losses are composed of: sums, multiples, exp, softplus, means, row
 * dots, and rows on top of rows; and an activation on its own, as the cone experiments need it. */
#include "contrast/scalar.h"
#include "engine/op.h"
#include "kernels/kernels.h"

#include <string.h>

/* ---- add -----------------------------------------------------------------
 * forward    y = a + b
 * backward   da += dy      db += dy
 */
static void add_backward(ct_tensor *y)
{
    for (int i = 0; i < 2; i++) {
        ct_real *d = op_grad(y->in[i]);
        if (d != NULL)
            k_axpy(y->graph->device, op_size(y), 1, y->dx, d);
    }
}

static const struct ct_op ADD = {"add", add_backward};

ct_tensor *ct_add(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    if (!op_match(g, "add", a, b))
        return NULL;
    ct_tensor *y = op_new(g, &ADD, a->rows, a->cols, a, b, NULL, 0);
    if (y != NULL)
        k_add(g->device, op_size(y), a->x, b->x, y->x);
    return y;
}

ct_tensor *ct_sub(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    return a != NULL ? ct_add(g, a, ct_scale(g, b, -1)) : NULL;
}

/* ---- scale, scale_by -----------------------------------------------------
 * forward    y = s x, s a number or (1, 1)
 * backward   dx += s dy      ds += <dy, x>
 */
static void scale_backward(ct_tensor *y)
{
    ct_tensor *x = y->in[0], *s = y->in[1];
    ct_device *dev = y->graph->device;
    ct_real *dx = op_grad(x);
    ct_real *ds = op_grad(s);
    if (dx != NULL)
        k_axpy(dev, op_size(y), s != NULL ? s->x[0] : *(const ct_real *)y->saved, y->dx, dx);
    if (ds != NULL)
        ds[0] += k_dot(dev, op_size(y), y->dx, x->x);
}

static const struct ct_op SCALE = {"scale", scale_backward};
static const struct ct_op SCALE_BY = {"scale_by", scale_backward};

ct_tensor *ct_scale(ct_graph *g, ct_tensor *x, ct_real c)
{
    ct_tensor *y = op_like(g, &SCALE, x, sizeof c);
    if (y == NULL)
        return NULL;
    *(ct_real *)y->saved = c;
    k_scale(g->device, op_size(y), c, x->x, y->x);
    return y;
}

ct_tensor *ct_scale_by(ct_graph *g, ct_tensor *x, ct_tensor *s)
{
    if (x == NULL || s == NULL)
        return NULL;
    if (!op_is_scalar(s))
        return op_fail(g, "scale_by: s is (%d, %d), expected (1, 1)", s->rows, s->cols);
    ct_tensor *y = op_new(g, &SCALE_BY, x->rows, x->cols, x, s, NULL, 0);
    if (y != NULL)
        k_scale(g->device, op_size(y), s->x[0], x->x, y->x);
    return y;
}

/* ---- exp -----------------------------------------------------------------
 * forward    y = e^x
 * backward   dx += dy y
 */
static void exp_backward(ct_tensor *y)
{
    ct_real *dx = op_grad(y->in[0]);
    if (dx != NULL)
        k_muladd(y->graph->device, op_size(y), y->dx, y->x, dx);
}

static const struct ct_op EXP = {"exp", exp_backward};

ct_tensor *ct_exp(ct_graph *g, ct_tensor *x)
{
    ct_tensor *y = op_like(g, &EXP, x, 0);
    if (y != NULL)
        k_exp(g->device, op_size(y), x->x, y->x);
    return y;
}

/* ---- softplus ------------------------------------------------------------
 * forward    y = ln(1 + e^x)
 * backward   dx += dy sigmoid(x)
 */
double op_softplus(double x)
{
    return x > 0 ? x + ct_scalar_log1p(ct_scalar_exp(-x)) : ct_scalar_log1p(ct_scalar_exp(x));
}

double op_sigmoid(double x)
{
    return 1 / (1 + ct_scalar_exp(-x));
}

static void softplus_backward(ct_tensor *y)
{
    const ct_real *x = y->in[0]->x;
    ct_real *dx = op_grad(y->in[0]);
    for (size_t i = 0; dx != NULL && i < op_size(y); i++)
        dx[i] += y->dx[i] * (ct_real)op_sigmoid((double)x[i]);
}

static const struct ct_op SOFTPLUS = {"softplus", softplus_backward};

ct_tensor *ct_softplus(ct_graph *g, ct_tensor *x)
{
    ct_tensor *y = op_like(g, &SOFTPLUS, x, 0);
    for (size_t i = 0; y != NULL && i < op_size(y); i++)
        y->x[i] = (ct_real)op_softplus((double)x->x[i]);
    return y;
}

/* ---- mean ----------------------------------------------------------------
 * forward    y = sum(x) / N,  N = rows cols
 * backward   dx += dy / N
 */
static void mean_backward(ct_tensor *y)
{
    ct_tensor *x = y->in[0];
    ct_real *dx = op_grad(x);
    const ct_real share = y->dx[0] / (ct_real)op_size(x);
    for (size_t i = 0; dx != NULL && i < op_size(x); i++)
        dx[i] += share;
}

static const struct ct_op MEAN = {"mean", mean_backward};

ct_tensor *ct_mean(ct_graph *g, ct_tensor *x)
{
    ct_tensor *y = x != NULL ? op_new(g, &MEAN, 1, 1, x, NULL, NULL, 0) : NULL;
    if (y != NULL)
        y->x[0] = k_sum(g->device, op_size(x), x->x) / (ct_real)op_size(x);
    return y;
}

/* ---- row_dots ------------------------------------------------------------
 * forward    y[i] = <a[i,:], b[i,:]>
 * backward   da[i,:] += dy[i] b[i,:]      db[i,:] += dy[i] a[i,:]
 */
static void row_dots_backward(ct_tensor *y)
{
    for (int side = 0; side < 2; side++) {
        const ct_tensor *other = y->in[1 - side];
        const size_t cols = (size_t)other->cols;
        ct_real *d = op_grad(y->in[side]);
        for (size_t i = 0; d != NULL && i < (size_t)y->rows; i++)
            k_axpy(y->graph->device, cols, y->dx[i], other->x + i * cols, d + i * cols);
    }
}

static const struct ct_op ROW_DOTS = {"row_dots", row_dots_backward};

ct_tensor *ct_row_dots(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    if (!op_match(g, "row_dots", a, b))
        return NULL;
    ct_tensor *y = op_new(g, &ROW_DOTS, a->rows, 1, a, b, NULL, 0);
    if (y != NULL)
        k_row_dots(g->device, a->rows, a->cols, a->x, b->x, y->x);
    return y;
}

/* ---- stack_rows ----------------------------------------------------------
 * forward    y = the rows of a, then the rows of b
 * backward   da += the first a.rows rows of dy     db += the others
 */
static void stack_rows_backward(ct_tensor *y)
{
    const ct_real *dy = y->dx;
    for (int i = 0; i < 2; i++) {
        ct_real *d = op_grad(y->in[i]);
        if (d != NULL)
            k_axpy(y->graph->device, op_size(y->in[i]), 1, dy, d);
        dy += op_size(y->in[i]);
    }
}

static const struct ct_op STACK_ROWS = {"stack_rows", stack_rows_backward};

ct_tensor *ct_stack_rows(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    if (a == NULL || b == NULL)
        return NULL;
    if (a->cols != b->cols)
        return op_fail(g, "stack_rows: a is (%d, %d), b is (%d, %d): columns must match", a->rows,
                       a->cols, b->rows, b->cols);
    ct_tensor *y = op_new(g, &STACK_ROWS, a->rows + b->rows, a->cols, a, b, NULL, 0);
    if (y == NULL)
        return NULL;
    memcpy(y->x, a->x, op_size(a) * sizeof *a->x);
    memcpy(y->x + op_size(a), b->x, op_size(b) * sizeof *b->x);
    return y;
}

/* ---- activate ------------------------------------------------------------
 * forward    y = f(x)
 * backward   dx += dy f'(x), formulas beside ct_activation
 */
static void activate_backward(ct_tensor *y)
{
    ct_tensor *x = y->in[0];
    const ct_activation f = *(const ct_activation *)y->saved;
    ct_device *dev = y->graph->device;
    ct_real *dx = op_grad(x);
    if (dx == NULL)
        return;
    k_activation_grad(dev, f, op_size(y), x->x, y->x, y->dx, y->dx);
    k_axpy(dev, op_size(y), 1, y->dx, dx);
}

static const struct ct_op ACTIVATE = {"activate", activate_backward};

ct_tensor *ct_activate(ct_graph *g, ct_tensor *x, ct_activation f)
{
    ct_tensor *y = op_like(g, &ACTIVATE, x, sizeof f);
    if (y == NULL)
        return NULL;
    *(ct_activation *)y->saved = f;
    k_activation(g->device, f, op_size(y), x->x, y->x);
    return y;
}
