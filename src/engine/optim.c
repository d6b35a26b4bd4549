/* optim.c -- SGD with momentum, and AdamW; the learning rate of each step; clipping.
 *
 * The arithmetic is in two kernels, each one pass over memory; here are the
 * state, the bias corrections and the line between decayed and other values.
 *
 * Easy to get wrong: 1 - beta^t must be the sum of the weights that the kernel
 * gave the gradients, or the first steps are off. The kernel rounds beta to
 * ct_real (0.999f is 1.3e-8 above 0.999, so 1 - beta is 1.3e-5 smaller), and the
 * products b1t and b2t are of the rounded numbers. */
#include "contrast/optim.h"

#include "contrast/scalar.h"
#include "kernels/kernels.h"
#include "platform/memory.h"

#include <math.h>

#define PI 3.14159265358979323846

ct_optim_config ct_optim_defaults(ct_optim_kind kind)
{
    return (ct_optim_config){.kind = kind, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
}

/* A beta of 1 would divide by 1 - beta^t = 0, an eps of 0 a zero gradient by 0. */
static bool is_usable(const ct_optim_config *c)
{
    if (c->kind == CT_SGD)
        return true;
    const ct_real beta1 = (ct_real)c->beta1, beta2 = (ct_real)c->beta2, eps = (ct_real)c->eps;
    return beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0;
}

ct_status ct_optim_init(ct_optim *o, const ct_optim_config *config, size_t size, ct_error *err)
{
    CT_ASSERT(is_usable(config));
    *o = (ct_optim){.config = *config, .size = size, .b1t = 1, .b2t = 1};
    if (err->status != CT_OK)
        return err->status;
    o->m = ct_alloc_zeroed(size, sizeof *o->m);
    o->v = config->kind == CT_ADAMW ? ct_alloc_zeroed(size, sizeof *o->v) : NULL;
    if (o->m == NULL || (config->kind == CT_ADAMW && o->v == NULL)) {
        ct_optim_free(o);
        return CT_FAIL(err, CT_ERR_NOMEM, "optimiser: no memory for the moments of %zu values",
                       size);
    }
    return CT_OK;
}

void ct_optim_free(ct_optim *o)
{
    ct_free(o->m);
    ct_free(o->v);
    *o = (ct_optim){0};
}

/* x as the kernel sees it. Through memory, because gcc 12 forgets the rounding in
 * (double)(float)x where it turns two of them into vector instructions. */
static double rounded(double x)
{
    volatile ct_real r = (ct_real)x;
    return (double)r;
}

/* Update the n values from number `at` on, all of them with the same decay. */
static void update(ct_optim *o, ct_device *device, ct_real *x, const ct_real *dx, size_t at,
                   size_t n, double decay, double rate)
{
    const ct_optim_config *c = &o->config;
    if (c->kind == CT_SGD) {
        k_sgd(device, n, (ct_real)rate, (ct_real)c->momentum, (ct_real)decay, dx + at, o->m + at,
              x + at);
        return;
    }
    const k_adamw_args args = {.rate = (ct_real)rate,
                               .beta1 = (ct_real)c->beta1,
                               .beta2 = (ct_real)c->beta2,
                               .eps = (ct_real)c->eps,
                               .decay = (ct_real)decay,
                               .bias1 = (ct_real)(1 - o->b1t),
                               .bias2 = (ct_real)(1 - o->b2t)};
    k_adamw(device, n, &args, dx + at, o->m + at, o->v + at, x + at);
}

void ct_optim_step(ct_optim *o, ct_device *device, ct_real *x, const ct_real *dx, size_t n_decay,
                   double rate)
{
    CT_ASSERT(n_decay <= o->size);
    o->step++;
    o->b1t *= rounded(o->config.beta1);
    o->b2t *= rounded(o->config.beta2);
    update(o, device, x, dx, 0, n_decay, o->config.weight_decay, rate);
    update(o, device, x, dx, n_decay, o->size - n_decay, 0, rate);
}

/* ---- learning rate ----
 *
 *     warm-up    rate (step + 1) / warmup                  step < warmup
 *     constant   rate
 *     cosine     rate (1 + cos(pi t)) / 2                  t = (step - warmup) / (steps - warmup)
 *
 * A pure function of the step, so a resumed run needs no state for it.
 */
double ct_schedule_rate(const ct_schedule *s, long step)
{
    if (step < s->warmup)
        return s->rate * ((double)step + 1) / (double)s->warmup;
    if (s->kind == CT_CONSTANT)
        return s->rate;
    if (step >= s->steps) /* also keeps the division below from 0 / 0 */
        return 0;
    const double t = (double)(step - s->warmup) / (double)(s->steps - s->warmup);
    return s->rate * (1 + ct_scalar_cos(PI * t)) / 2;
}

/* ---- the length of the gradient, and a limit to it ----
 *
 * All parameters share one norm: clipping changes how far a step goes, not its
 * direction. Padding between parameters is zero and adds nothing.
 */
double ct_grad_norm(ct_device *device, const ct_real *dx, size_t size)
{
    return sqrt((double)k_dot(device, size, dx, dx));
}

/* A norm that is not finite changes nothing: scaling by max_norm / infinity = 0
 * would turn a diverged gradient into a harmless-looking one. */
void ct_grad_clip(ct_device *device, ct_real *dx, size_t size, double norm, double max_norm)
{
    if (max_norm > 0 && norm > max_norm && isfinite(norm))
        k_scale(device, size, (ct_real)(max_norm / norm), dx, dx);
}
