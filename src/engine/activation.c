/* activation.c -- an activation on its own, as the cone experiments need it. */
#include "engine/op.h"
#include "kernels/kernels.h"

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
