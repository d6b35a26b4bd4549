/* dimensional.c -- two ways in which embeddings lose directions, in linear networks.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/measures.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "lab/descent.h"

enum { D = 16, BATCH = 64, SEEDS = 4 };
enum { ROWS = 1024 }; /* whose spectrum is looked at */

typedef struct toy {
    const char *name;
    int layers;   /* 1 or 2 linear maps of 16 x 16, no bias */
    int noisy;    /* the augmentation acts on so many last coordinates */
    double noise; /* its standard deviation */
    double decay; /* the map begins as diag(e^(-decay k)); 0: as drawn */
    double rate;
    int steps;
} toy;

static const toy TOY[] = {
    {"1 layer, weak noise on 8 of 16", 1, 8, 0.01, 0, 0.5, 2000},
    {"1 layer, strong noise on 8 of 16", 1, 8, 1.5, 0, 0.5, 2000},
    {"1 layer, weights begin uneven", 1, 16, 0.1, 0.35, 0.1, 200},
    {"2 layers, weights begin uneven", 2, 16, 0.1, 0.35, 0.1, 200},
};
enum { WEAK, STRONG, ONE_LAYER, TWO_LAYERS, N_TOYS };

typedef struct views {
    const toy *toy;
    uint64_t seed;
    ct_real a[ROWS * D], b[ROWS * D];
} views;

/* x normal; both views are x plus their own noise. */
static void draw(views *v, long step, int rows)
{
    ct_random r = ct_random_make(v->seed, CT_STREAM_PROBE, (uint64_t)step + 16);
    for (int i = 0; i < rows * D; i++) {
        const double x = ct_random_normal(&r),
                     noise = i % D >= D - v->toy->noisy ? v->toy->noise : 0;
        v->a[i] = (ct_real)(x + noise * ct_random_normal(&r));
        v->b[i] = (ct_real)(x + noise * ct_random_normal(&r));
    }
}

static ct_tensor *encode(ct_graph *g, ct_params *p, const ct_real *rows, int n)
{
    ct_tensor *x = ct_constant(g, n, D, rows);
    for (int l = 0; l < p->n; l++)
        x = ct_linear(g, x, ct_params_tensor(g, p, l), NULL, CT_ACT_NONE);
    return x;
}

static ct_tensor *views_loss(void *ctx, ct_graph *g, ct_params *p, long step)
{
    static const ct_real LOG_SCALE = (ct_real)1.6094379124341003; /* -ln 0.2 */
    const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &LOG_SCALE)};
    views *v = ctx;
    draw(v, step, BATCH);
    return ct_loss_clip(g, encode(g, p, v->a, BATCH), encode(g, p, v->b, BATCH), &in);
}

/* Singular values of the centred unit embeddings of fresh rows, over the largest. */
static void spectrum(ct_device *device, ct_params *p, views *v, double *sigma, ct_error *err)
{
    ct_measures m;
    ct_distributions shape;
    ct_graph g;
    ct_graph_init(&g, device, 0);
    draw(v, 1 << 20, ROWS);
    const ct_tensor *x = encode(&g, p, v->a, ROWS);
    const ct_embedded e = {.a = x != NULL ? x->x : v->a, .n = ROWS, .d = D, .device = device};
    if (x == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "dimensional: out of memory");
    else if (ct_measure(&e, &m, &shape, err) == CT_OK)
        for (int k = 0; k < D; k++)
            sigma[k] = shape.singular[0][k] / shape.singular[0][0];
    ct_graph_free(&g);
}

static void train(ct_device *device, views *v, double *sigma, ct_error *err)
{
    const toy *t = v->toy;
    const ct_descent d = {.optimiser = CT_SGD,
                          .schedule = {CT_CONSTANT, t->rate, 0, t->steps},
                          .loss = views_loss,
                          .ctx = v};
    ct_params p;
    ct_params_init(&p);
    for (int l = 0; l < t->layers; l++)
        ct_params_declare(&p, l == 0 ? "0" : "1", D, D, CT_INIT_LECUN, D, false);
    ct_params_build(&p, v->seed, err);
    for (int l = 0; l < p.n && t->decay > 0 && err->status == CT_OK; l++)
        for (int k = 0; k < D * D; k++) /* all layers together make the same map */
            p.list[l].x[k] = (ct_real)(k % (D + 1) == 0 ? ct_scalar_exp(-t->decay * (k / D) / p.n)
                                                        : 0);
    ct_descend(device, &p, &d, err);
    if (err->status == CT_OK)
        spectrum(device, &p, v, sigma, err);
    ct_params_free(&p);
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

void ct_lesson_dimensional(ct_lesson_run *run, ct_error *err)
{
    static const int SHOWN[] = {4, 8, 9, 13, 16};
    static const struct {
        int low, low_from, high, from, to;
        const char *what;
    } CLAIM[] = {
        {STRONG, 8, WEAK, 8, 16, "the last 8 values: strong noise below weak noise"},
        {STRONG, 8, STRONG, 0, 8, "strong noise: the last 8 below the first 8"},
        {TWO_LAYERS, 12, ONE_LAYER, 12, 16, "the last 4 values: two layers below one"},
    };
    views v;
    double sigma[N_TOYS][SEEDS][D] = {{{0}}}, low[SEEDS], high[SEEDS];
    for (int t = 0; t < N_TOYS; t++) {
        v.toy = &TOY[t];
        for (int s = 0; s < SEEDS; s++) {
            v.seed = (uint64_t)s + 1;
            train(run->device, &v, sigma[t][s], err);
        }
        for (int k = 0; k < 5; k++) {
            mean_of(sigma[t], SHOWN[k] - 1, SHOWN[k], low);
            ct_row_show(ct_lesson_add(run, "%s: singular value %d / the first", TOY[t].name,
                                      SHOWN[k]),
                        low, SEEDS);
        }
    }
    for (int c = 0; c < 3; c++) {
        mean_of(sigma[CLAIM[c].low], CLAIM[c].low_from, 16, low);
        mean_of(sigma[CLAIM[c].high], CLAIM[c].from, CLAIM[c].to, high);
        ct_row_below(ct_lesson_add(run, "%s", CLAIM[c].what), low, high, SEEDS);
    }
}
