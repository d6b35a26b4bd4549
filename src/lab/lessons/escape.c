/* escape.c -- how fast embeddings leave the point where all are equal.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

#include <math.h>

#define D     32
#define STEPS 60
#define GAIN  0.02 /* eta / (N tau) */

typedef struct flow {
    ct_free_embeddings m;
    const ct_loss *loss;
    int n;
    ct_real log_scale;
    double first, last; /* the common part at the start and at the end */
} flow;

/* |centred x + y|: the part of the deviations that pairs have in common. */
static double common_part(const ct_real *x, const ct_real *y, int n)
{
    double square = 0;
    for (int k = 0; k < D; k++) {
        double mean = 0;
        for (int i = 0; i < n; i++)
            mean += ((double)x[i * D + k] + (double)y[i * D + k]) / n;
        for (int i = 0; i < n; i++) {
            const double s = (double)x[i * D + k] + (double)y[i * D + k] - mean;
            square += s * s;
        }
    }
    return sqrt(square);
}

/* Both sides start at c + epsilon u; u is normal and tangent to the sphere at c = e_0. */
static void start(flow *f, double epsilon)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, (uint64_t)f->n);
    for (int side = 0; side < 2; side++) {
        ct_real *x = f->m.params.list[side == 0 ? f->m.a : f->m.b].x;
        for (int i = 0; i < f->n; i++)
            for (int k = 0; k < D; k++)
                x[i * D + k] = k == 0 ? 1 : (ct_real)(epsilon / sqrt(D) * ct_random_normal(&r));
    }
}

static ct_tensor *flow_loss(void *ctx, ct_graph *g, ct_params *p, long step)
{
    flow *f = ctx;
    ct_tensor *x = ct_params_tensor(g, p, f->m.a), *y = ct_params_tensor(g, p, f->m.b);
    const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &f->log_scale)};
    if (x != NULL && y != NULL)
        f->last = common_part(x->x, y->x, f->n);
    f->first = step == 0 ? f->last : f->first;
    return f->loss->apply(g, x, y, &in);
}

/* Log growth a step of the common part under plain gradient descent, over ln(1 + eta/(N tau)). */
static double growth(ct_device *device, const char *loss, int n, double tau, ct_error *err)
{
    flow f = {.loss = ct_loss_find(loss), .n = n, .log_scale = (ct_real)-ct_scalar_log(tau)};
    const ct_descent d = {.optimiser = CT_SGD,
                          .schedule = {CT_CONSTANT, GAIN * n * tau, 0, STEPS},
                          .loss = flow_loss,
                          .ctx = &f};
    if (ct_free_embeddings_init(&f.m, n, D, 1, err) == CT_OK)
        start(&f, 5e-3 * tau);
    ct_descend(device, &f.m.params, &d, err);
    ct_free_embeddings_free(&f.m);
    return ct_scalar_log(f.last / f.first) / STEPS / ct_scalar_log1p(GAIN);
}

void ct_lesson_escape(ct_lesson_run *run, ct_error *err)
{
    static const int N[] = {4, 16, 64, 256};
    static const double TAU[] = {1, 0.2, 0.07, 0.02};
    static const char *const LOSS[] = {"infonce", "clip"};
    for (int l = 0; l < 2; l++)
        for (int t = 0; t < 4; t++)
            for (int i = 0; i < 4; i++)
                ct_row_exact(ct_lesson_add(run,
                                           "%s, N = %d, tau = %g: growth / ln(1 + eta/(N tau))",
                                           LOSS[l], N[i], TAU[t]),
                             growth(run->device, LOSS[l], N[i], TAU[t], err), 1, 0.01);
}
