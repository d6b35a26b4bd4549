/* cone.c -- embeddings of an untrained tower point the same way already.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/nn.h"
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
    const double e = f == CT_ACT_NONE || f == CT_ACT_RELU
                         ? 0
                         : ct_scalar_exp(f == CT_ACT_TANH ? -2 * z : -z);
    switch (f) {
    case CT_ACT_RELU: return z > 0 ? z : 0;
    case CT_ACT_TANH: return (1 - e) / (1 + e);
    case CT_ACT_SIGMOID: return 1 / (1 + e);
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
        if (f == CT_ACT_NONE) {
            same = q, other = c * q;
        } else {
            same = mean_product(f, q, 1);
            other = mean_product(f, q, c);
        }
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

static ct_status measure_tower(ct_device *device, ct_activation f, uint64_t seed, double *cosine,
                               ct_error *err)
{
    ct_params p;
    ct_graph g;
    ct_linear_layer layer[DEPTH];
    ct_params_init(&p);
    for (int l = 0; l < DEPTH; l++) {
        char name[16];
        snprintf(name, sizeof name, "%d", l);
        layer[l] = ct_linear_declare(&p, name, WIDTH, WIDTH, f, CT_INIT_CONE);
    }
    ct_graph_init(&g, device, 0);
    ct_status status = ct_params_build(&p, seed, err);
    ct_tensor *h = status == CT_OK ? ct_leaf(&g, INPUTS, WIDTH, NULL) : NULL;
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, 1);
    for (int i = 0; i < INPUTS * WIDTH && h != NULL; i++)
        h->x[i] = (ct_real)ct_random_normal(&r);
    for (int l = 0; l < DEPTH && status == CT_OK; l++) {
        h = ct_linear_apply(&g, &p, layer[l], h);
        if (h == NULL)
            status = CT_FAIL(err, CT_ERR_NOMEM, "cone: out of memory");
        else
            cosine[l] = mean_cosine(h->x, INPUTS, WIDTH);
    }
    ct_graph_free(&g);
    ct_params_free(&p);
    return status;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const struct {
        ct_activation f;
        const char *name;
    } KIND[] = {{CT_ACT_NONE, "linear"},
                {CT_ACT_TANH, "tanh"},
                {CT_ACT_RELU, "ReLU"},
                {CT_ACT_SIGMOID, "sigmoid"}};
    static const int LAYER[] = {1, 2, 3, 5, 10};
    ct_status status = CT_OK;
    for (int k = 0; k < 4 && status == CT_OK; k++) {
        double cosine[SEEDS][DEPTH] = {{0}}, expected[DEPTH];
        expected_cosines(KIND[k].f, expected);
        for (int s = 0; s < SEEDS && status == CT_OK; s++)
            status = measure_tower(run->device, KIND[k].f, (uint64_t)s + 1, cosine[s], err);
        for (int l = 0; l < 5 && status == CT_OK; l++) {
            double x[SEEDS];
            for (int s = 0; s < SEEDS; s++)
                x[s] = cosine[s][LAYER[l] - 1];
            ct_lesson_seeds(run, x, SEEDS, expected[LAYER[l] - 1], 0.02, "%s, layer %d",
                            KIND[k].name, LAYER[l]);
            if (KIND[k].f == CT_ACT_SIGMOID && LAYER[l] == 2)
                ct_lesson_seeds(run, x, SEEDS, 0.99, 0.005, "%s, layer %d, as printed in the paper",
                                KIND[k].name, LAYER[l]);
        }
    }
    return status;
}

const ct_lesson CT_LESSON_CONE = {
    .name = "cone",
    .title = "Depth and saturation put all embeddings into a narrow cone before any training",
    .text = "Towers of width 512, weights and biases N(0, 1/512), fed with independent normal "
            "vectors: the mean cosine\n"
            "of two outputs, by depth. Units that are never negative have a common part that grows "
            "with every\n"
            "layer; sigmoids end at 0.99 after two. Training then starts near the all-equal "
            "saddle. Expected are the\n"
            "values of an infinitely wide tower, which only depend on two-dimensional integrals.",
    .source = "Liang et al. 2022, figure 2b (0.99 for two sigmoid layers); infinite width: Cho and "
              "Saul 2009, Poole et al. 2016",
    .rule = "median of 9 seeds within 0.02 of infinite width; 0.005 of the printed value",
    .command = "",
    .measure = measure,
};
