/* dimensional.c -- two ways in which embeddings lose directions, in linear networks.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/metrics.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

#define D     16
#define BATCH 64
#define SEEDS 4
#define ROWS  1024 /* whose spectrum is looked at */

typedef struct toy {
    int layers;   /* 1 or 2 linear maps of 16 x 16, no bias */
    double noise; /* standard deviation of the augmentation */
    int noisy;    /* it acts on so many last coordinates    */
    double decay; /* weights begin with singular values e^(-decay k); 0: as drawn */
    int steps;
    double rate, temperature;
} toy;

/* x normal; both views are x plus their own noise. */
static void draw(const toy *t, uint64_t seed, int step, int rows, ct_real *a, ct_real *b)
{
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)step + 16);
    for (int i = 0; i < rows * D; i++) {
        const double x = ct_random_normal(&r), noise = i % D >= D - t->noisy ? t->noise : 0;
        a[i] = (ct_real)(x + noise * ct_random_normal(&r));
        b[i] = (ct_real)(x + noise * ct_random_normal(&r));
    }
}

/* Random rotation of D dimensions (Gram and Schmidt). */
static void rotation(ct_random *r, double *q)
{
    for (int j = 0; j < D; j++) {
        double square = 0;
        for (int e = 0; e < D; e++)
            q[j * D + e] = ct_random_normal(r);
        for (int p = 0; p < j; p++) {
            double dot = 0;
            for (int e = 0; e < D; e++)
                dot += q[j * D + e] * q[p * D + e];
            for (int e = 0; e < D; e++)
                q[j * D + e] -= dot * q[p * D + e];
        }
        for (int e = 0; e < D; e++)
            square += q[j * D + e] * q[j * D + e];
        for (int e = 0; e < D; e++)
            q[j * D + e] /= sqrt(square);
    }
}

/* w = U diag(e^(-decay k)) V */
static void decaying(ct_real *w, double decay, uint64_t seed, int layer)
{
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, (uint64_t)layer);
    double u[D * D], v[D * D];
    rotation(&r, u);
    rotation(&r, v);
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) {
            double sum = 0;
            for (int k = 0; k < D; k++)
                sum += u[k * D + i] * ct_scalar_exp(-decay * k) * v[k * D + j];
            w[i * D + j] = (ct_real)sum;
        }
}

static ct_tensor *encode(ct_graph *g, ct_params *p, const toy *t, ct_tensor *x)
{
    for (int l = 0; l < t->layers; l++)
        x = ct_linear(g, x, ct_params_tensor(g, p, l), NULL, CT_ACT_NONE);
    return x;
}

/* Singular values of the centred unit embeddings of fresh rows, over the largest. */
static ct_status spectrum(ct_graph *g, ct_params *p, const toy *t, uint64_t seed, ct_real *a,
                          ct_real *b, double *sigma, ct_error *err)
{
    double mean[D] = {0};
    draw(t, seed, 1 << 20, ROWS, a, b);
    ct_graph_reset(g);
    ct_tensor *z = ct_normalize_rows(g, encode(g, p, t, ct_constant(g, ROWS, D, a)), CT_NORM_EPS);
    if (z == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "dimensional: out of memory");
    for (int i = 0; i < ROWS * D; i++)
        mean[i % D] += (double)z->x[i] / ROWS;
    for (int i = 0; i < ROWS * D; i++)
        a[i] = z->x[i] - (ct_real)mean[i % D];
    const ct_status status = ct_singular_values(g->device, a, ROWS, D, sigma, err);
    for (int k = D - 1; k >= 0; k--)
        sigma[k] /= sigma[0];
    return status;
}

static ct_status train(ct_device *device, const toy *t, uint64_t seed, double *sigma, ct_error *err)
{
    static const char *const NAME[] = {"0", "1"};
    const ct_optim_config config = ct_optim_defaults(CT_SGD);
    ct_params p;
    ct_optim optim = {0};
    ct_graph g;
    ct_arena arena;
    ct_real log_scale = (ct_real)-ct_scalar_log(t->temperature);
    ct_params_init(&p);
    ct_arena_init(&arena, 0);
    ct_graph_init(&g, device, 0);
    for (int l = 0; l < t->layers; l++)
        ct_params_declare(&p, NAME[l], D, D, CT_INIT_LECUN, D, false);
    ct_status status = ct_params_build(&p, seed, err);
    if (status == CT_OK)
        status = ct_optim_init(&optim, &config, p.size, err);
    ct_real *a = ct_arena_zeroed(&arena, ROWS * D, sizeof *a),
            *b = ct_arena_zeroed(&arena, ROWS * D, sizeof *b);
    if (status == CT_OK && (a == NULL || b == NULL))
        status = CT_FAIL(err, CT_ERR_NOMEM, "dimensional: out of memory");
    for (int l = 0; l < t->layers && t->decay > 0 && status == CT_OK; l++)
        decaying(p.list[l].x, t->decay, seed, l);
    for (int step = 0; step < t->steps && status == CT_OK; step++) {
        draw(t, seed, step, BATCH, a, b);
        ct_graph_reset(&g);
        ct_params_zero_grad(&p);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale)};
        ct_tensor *x = encode(&g, &p, t, ct_constant(&g, BATCH, D, a)),
                  *y = encode(&g, &p, t, ct_constant(&g, BATCH, D, b));
        ct_backward(&g, ct_loss_clip(&g, x, y, &in), NULL);
        if (ct_graph_error(&g) != NULL)
            status = CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
        else
            ct_optim_step(&optim, device, p.x, p.dx, 0, t->rate);
    }
    if (status == CT_OK)
        status = spectrum(&g, &p, t, seed, a, b, sigma, err);
    ct_optim_free(&optim);
    ct_graph_free(&g);
    ct_params_free(&p);
    ct_arena_free(&arena);
    return status;
}

/* Each seed's mean of singular values from..to-1. */
static void mean_of(double sigma[SEEDS][D], int from, int to, double *out)
{
    for (int s = 0; s < SEEDS; s++) {
        out[s] = 0;
        for (int k = from; k < to; k++)
            out[s] += sigma[s][k] / (to - from);
    }
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const toy TOY[] = {{1, 0.01, 8, 0, 2000, 0.5, 0.2},
                              {1, 1.5, 8, 0, 2000, 0.5, 0.2},
                              {1, 0.1, 16, 0.35, 2000, 0.1, 0.2},
                              {2, 0.1, 16, 0.35, 2000, 0.1, 0.2}};
    static const char *const NAME[] = {"1 layer, weak noise on 8 of 16",
                                       "1 layer, strong noise on 8 of 16",
                                       "1 layer, weights begin uneven",
                                       "2 layers, weights begin uneven"};
    double sigma[4][SEEDS][D], low[2][SEEDS];
    ct_status status = CT_OK;
    for (int t = 0; t < 4 && status == CT_OK; t++) {
        double x[SEEDS];
        for (int s = 0; s < SEEDS && status == CT_OK; s++)
            status = train(run->device, &TOY[t], (uint64_t)s + 1, sigma[t][s], err);
        static const int SHOWN[] = {4, 8, 9, 13, 16};
        for (int k = 0; k < 5 && status == CT_OK; k++) {
            mean_of(sigma[t], SHOWN[k] - 1, SHOWN[k], x);
            ct_lesson_show(run, x, SEEDS, "%s: singular value %d / the first", NAME[t], SHOWN[k]);
        }
    }
    if (status != CT_OK)
        return status;
    mean_of(sigma[1], 8, 16, low[0]);
    mean_of(sigma[0], 8, 16, low[1]);
    ct_lesson_below(run, low[0], low[1], SEEDS, "the last 8 values: strong noise below weak noise");
    mean_of(sigma[1], 8, 16, low[0]);
    mean_of(sigma[1], 0, 8, low[1]);
    ct_lesson_below(run, low[0], low[1], SEEDS, "strong noise: the last 8 below the first 8");
    mean_of(sigma[3], 12, 16, low[0]);
    mean_of(sigma[2], 12, 16, low[1]);
    ct_lesson_below(run, low[0], low[1], SEEDS, "the last 4 values: two layers below one");
    return CT_OK;
}

const ct_lesson CT_LESSON_DIMENSIONAL = {
    .name = "dimensional",
    .title = "Directions die of strong augmentation, and of depth",
    .text = "Linear networks of 16 x 16, two noisy views of the same normal vector, symmetric "
            "loss. Noise on the last 8\n"
            "coordinates that is stronger than the signal makes training suppress them: the "
            "spectrum splits 8 to 8, though\n"
            "the loss has negatives. And with noise that is weak everywhere, a direction that "
            "begins small grows more slowly\n"
            "through two layers than through one, since each layer's gradient has the other's size "
            "in it. How far\n"
            "suppressed values sink depends on rate and steps; look at the spectrum and not at one "
            "rank.",
    .source = "Jing et al. 2021, sections 4 and 5 (the mechanisms; temperature, rate and steps are "
              "this lesson's own)",
    .rule = "claims over 4 seeds: pass if the ranges do not touch",
    .command = "",
    .measure = measure,
};
