/* cone.c -- embeddings of an untrained tower point the same way already.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/models.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

#define WIDTH  512
#define INPUTS 128
#define DEPTH  10
#define SEEDS  9

/* ---- an infinitely wide tower ---- */

static double apply(ct_activation f, double z)
{
    switch (f) {
    case CT_ACT_RELU: return z > 0 ? z : 0;
    case CT_ACT_TANH: return 2 / (1 + ct_scalar_exp(-2 * z)) - 1;
    case CT_ACT_SIGMOID: return 1 / (1 + ct_scalar_exp(-z));
    default: return z;
    }
}

/* E f(u) f(v), u and v normal with variance q and correlation c: a sum over a grid of
 * two independent normals, to +-6 sigma. */
static double mean_product(ct_activation f, double q, double c)
{
    enum { STEPS = 161 };
    double value[STEPS], weight[STEPS], total = 0, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        value[i] = -6 + 12.0 * i / (STEPS - 1);
        weight[i] = ct_scalar_exp(-value[i] * value[i] / 2);
        total += weight[i];
    }
    const double s = sqrt(q), rest = sqrt(fmax(0, 1 - c * c));
    for (int i = 0; i < STEPS; i++) {
        const double fu = apply(f, s * value[i]);
        double inner = 0;
        for (int j = 0; j < STEPS; j++)
            inner += weight[j] * apply(f, s * (c * value[i] + rest * value[j]));
        sum += weight[i] * fu * inner;
    }
    return sum / (total * total);
}

/* Mean cosine after each layer of W h + b, entries N(0, 1/width): with K_xx and K_xy the
 * mean products of two inputs' units,  K' = E f(u) f(v),  Cov(u, v) = K + 1/width. */
static void expected_cosines(ct_activation f, double *cosine)
{
    double same = 1, other = 0;
    for (int l = 0; l < DEPTH; l++) {
        const double q = same + 1.0 / WIDTH, c = (other + 1.0 / WIDTH) / q;
        same = mean_product(f, q, 1);
        other = mean_product(f, q, c);
        cosine[l] = other / same;
    }
}

/* ---- a real one ---- */

/* Of different rows: (|sum of unit rows|^2 - n) / (n (n - 1)). */
static double mean_cosine(const ct_real *x, int n, int d)
{
    double sum[WIDTH] = {0}, square = 0;
    for (int i = 0; i < n; i++, x += d) {
        double length = 0;
        for (int k = 0; k < d; k++)
            length += (double)x[k] * (double)x[k];
        length = sqrt(length);
        for (int k = 0; k < d; k++)
            sum[k] += (double)x[k] / length;
    }
    for (int k = 0; k < d; k++)
        square += sum[k] * sum[k];
    return (square - n) / ((double)n * (n - 1));
}

static void measure_tower(ct_device *device, ct_activation f, uint64_t seed, double *cosine,
                          ct_error *err)
{
    ct_mlp_config config = {.in = WIDTH,
                            .n_layers = DEPTH,
                            .activation = f,
                            .last_activation = f,
                            .init = CT_INIT_CONE};
    ct_params p;
    ct_graph g;
    for (int l = 0; l < DEPTH; l++)
        config.widths[l] = WIDTH;
    ct_params_init(&p);
    const ct_mlp tower = ct_mlp_declare(&p, "tower", &config);
    ct_params_build(&p, seed, err);
    ct_graph_init(&g, device, 0);
    ct_tensor *h = err->status == CT_OK ? ct_leaf(&g, INPUTS, WIDTH, NULL) : NULL;
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, 1);
    for (int i = 0; i < INPUTS * WIDTH && h != NULL; i++)
        h->x[i] = (ct_real)ct_random_normal(&r);
    for (int l = 0; l < DEPTH && h != NULL; l++) {
        h = ct_linear_apply(&g, &p, tower.layer[l], h);
        if (h != NULL)
            cosine[l] = mean_cosine(h->x, INPUTS, WIDTH);
    }
    if (h == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "cone: out of memory");
    ct_graph_free(&g);
    ct_params_free(&p);
}

void ct_lesson_cone(ct_lesson_run *run, ct_error *err)
{
    static const struct {
        ct_activation f;
        const char *name;
    } KIND[] = {{CT_ACT_NONE, "linear"},
                {CT_ACT_TANH, "tanh"},
                {CT_ACT_RELU, "ReLU"},
                {CT_ACT_SIGMOID, "sigmoid"}};
    static const int LAYER[] = {1, 2, 3, 5, 10};
    for (int k = 0; k < 4; k++) {
        double cosine[SEEDS][DEPTH] = {{0}}, expected[DEPTH], x[SEEDS];
        expected_cosines(KIND[k].f, expected);
        for (int s = 0; s < SEEDS; s++)
            measure_tower(run->device, KIND[k].f, (uint64_t)s + 1, cosine[s], err);
        for (int i = 0; i < 5; i++) {
            const int layer = LAYER[i];
            for (int s = 0; s < SEEDS; s++)
                x[s] = cosine[s][layer - 1];
            ct_row_near(ct_lesson_add(run, "%s, layer %d", KIND[k].name, layer), x, SEEDS,
                        expected[layer - 1], 0.02);
            if (KIND[k].f == CT_ACT_SIGMOID && layer == 2)
                ct_row_near(ct_lesson_add(run, "sigmoid, layer 2, as printed in the paper"), x,
                            SEEDS, 0.99, 0.005);
        }
    }
}
