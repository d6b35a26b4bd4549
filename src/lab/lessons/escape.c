/* escape.c -- how fast embeddings leave the point where all are equal.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

#define D     32
#define STEPS 60
#define GAIN  0.02 /* eta / (N tau) */

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
static void start(ct_free_embeddings *m, int n, double epsilon)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, (uint64_t)n);
    for (int side = 0; side < 2; side++) {
        ct_real *x = m->params.list[side == 0 ? m->a : m->b].x;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < D; k++)
                x[i * D + k] = k == 0 ? 1 : (ct_real)(epsilon / sqrt(D) * ct_random_normal(&r));
    }
}

/* Log growth a step of the common part under plain gradient descent, over ln(1 + eta/(N tau)). */
static ct_status growth(ct_device *device, const ct_loss *loss, int n, double tau, double *out,
                        ct_error *err)
{
    ct_free_embeddings m;
    ct_optim optim = {0};
    ct_graph g;
    const ct_optim_config config = ct_optim_defaults(CT_SGD);
    ct_real log_scale = (ct_real)-ct_scalar_log(tau);
    double first = 0, last = 0;
    ct_graph_init(&g, device, 0);
    ct_status status = ct_free_embeddings_init(&m, n, D, 1, err);
    if (status == CT_OK)
        status = ct_optim_init(&optim, &config, m.params.size, err);
    if (status == CT_OK)
        start(&m, n, 5e-3 * tau);
    for (int step = 0; step <= STEPS && status == CT_OK; step++) {
        const ct_real *x = m.params.list[m.a].x, *y = m.params.list[m.b].x;
        last = common_part(x, y, n);
        first = step == 0 ? last : first;
        ct_graph_reset(&g);
        ct_params_zero_grad(&m.params);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale)};
        ct_tensor *l = loss->apply(&g, ct_params_tensor(&g, &m.params, m.a),
                                   ct_params_tensor(&g, &m.params, m.b), &in);
        ct_backward(&g, l, NULL);
        if (ct_graph_error(&g) != NULL)
            status = CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
        else
            ct_optim_step(&optim, device, m.params.x, m.params.dx, 0, GAIN * n * tau);
    }
    *out = ct_scalar_log(last / first) / STEPS / ct_scalar_log1p(GAIN);
    ct_optim_free(&optim);
    ct_free_embeddings_free(&m);
    ct_graph_free(&g);
    return status;
}

static ct_status free_embeddings(ct_lesson_run *run, ct_error *err)
{
    static const int N[] = {4, 16, 64, 256};
    static const double TAU[] = {1, 0.2, 0.07, 0.02};
    static const char *LOSS[] = {"infonce", "clip"};
    ct_status status = CT_OK;
    for (int l = 0; l < 2; l++)
        for (int t = 0; t < 4; t++)
            for (int i = 0; i < 4 && status == CT_OK; i++) {
                double ratio;
                status = growth(run->device, ct_loss_find(LOSS[l]), N[i], TAU[t], &ratio, err);
                ct_lesson_exact(run, ratio, 1, 0.01,
                                "%s, N = %d, tau = %g: growth / ln(1 + eta/(N tau))", LOSS[l], N[i],
                                TAU[t]);
            }
    return status;
}

/* ---- with towers ---- */

#define SEEDS 16

static const ct_variant VARIANT[] = {
    {"tau 1", ""},
    {"tau 0.07", "loss.name=infonce loss.temperature=0.07"},
    {"tau 1, step / 0.07", "optim.rate=14.3"},
    {"tau 1, Adam", "optim.name=adamw optim.rate=0.001"},
};
#define N_VARIANTS ((int)(sizeof VARIANT / sizeof *VARIANT))

/* Steps to leave ln N; a run that stays counts as the length of the run. */
static ct_status towers(ct_lesson_run *run, ct_error *err)
{
    static ct_trial trial[N_VARIANTS * SEEDS];
    double left[N_VARIANTS][SEEDS], copy[3][SEEDS];
    const ct_status status = ct_lesson_trials(run, "collapse", "train.steps=2000", VARIANT,
                                              N_VARIANTS, SEEDS, trial, err);
    if (status != CT_OK)
        return status;
    for (int v = 0; v < N_VARIANTS; v++) {
        for (int s = 0; s < SEEDS; s++)
            left[v][s] = trial[v * SEEDS + s].escape > 0 ? (double)trial[v * SEEDS + s].escape
                                                         : 2000;
        for (int s = 0; s < SEEDS; s++)
            copy[0][s] = left[v][s];
        ct_lesson_show(run, copy[0], SEEDS, "towers, %s: step that leaves ln 7 (2000: stays)",
                       VARIANT[v].name);
    }
    for (int claim = 0; claim < 3; claim++) {
        for (int s = 0; s < SEEDS; s++)
            copy[0][s] = left[claim == 0   ? 1
                              : claim == 1 ? 2
                                           : 3][s],
            copy[1][s] = left[claim == 2 ? 1 : 0][s];
        ct_lesson_below(run, copy[0], copy[1], SEEDS, "towers: %s",
                        claim == 0   ? "tau 0.07 leaves before tau 1"
                        : claim == 1 ? "step / 0.07 leaves before step"
                                     : "Adam leaves before tau 0.07");
    }
    return CT_OK;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    const ct_status status = free_embeddings(run, err);
    return status == CT_OK ? towers(run, err) : status;
}

const ct_lesson CT_LESSON_ESCAPE = {
    .name = "escape",
    .title = "All-equal is a saddle; temperature is the speed of leaving it",
    .text = "Where all embeddings are equal the gradient is zero and the loss is ln N. Near it the "
            "part of the\n"
            "deviations that pairs have in common grows by 1 + eta / (N tau) a step: measured on "
            "embeddings without an\n"
            "encoder. So a small tau acts there as a large step, and the control with the same eta "
            "/ tau must stand\n"
            "beside it: with deep sigmoid towers both leave ln 7 where tau = 1 stays, and Adam "
            "leaves at once.",
    .source = "first order around the saddle: L - ln N = -(e^2/tau) tr Cov(u, v)",
    .rule = "growth within 1 %; towers over 16 seeds: pass if the ranges do not touch or Mann and "
            "Whitney's z is above 3",
    .command = "contrast sweep collapse loss.name=infonce loss.temperature=0.07,1 "
               "optim.rate=1,14.3 seed=1..16",
    .measure = measure,
};
