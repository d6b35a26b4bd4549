/* cone.c -- embeddings of an untrained tower point the same way already.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/measures.h"
#include "contrast/models.h"
#include "contrast/random.h"

enum { WIDTH = 512, INPUTS = 128, DEPTH = 10, SEEDS = 9, SHOWN = 5 };

static const int LAYER[SHOWN] = {1, 2, 3, 5, 10};

/* Mean cosine after each of these layers of W h + b, entries N(0, 1/512), if the layers were
 * infinitely wide. With K_xx and K_xy the mean products of two inputs' units,
 * K' = E f(u) f(v), Cov(u, v) = K + 1/512; integrated on a grid of two normals to +-6 sigma. */
static const struct {
    ct_activation f;
    const char *name;
    double cosine[SHOWN];
} KIND[] = {
    {CT_ACT_NONE, "linear", {0.0019, 0.0039, 0.0058, 0.0097, 0.0192}},
    {CT_ACT_TANH, "tanh", {0.0018, 0.0065, 0.0144, 0.0397, 0.1491}},
    {CT_ACT_RELU, "ReLU", {0.3190, 0.4956, 0.6085, 0.7477, 0.9500}},
    {CT_ACT_SIGMOID, "sigmoid", {0.8522, 0.9910, 0.9995, 1, 1}},
};

/* The same of a tower as wide as it is, at layer LAYER[i]: cosine[i][seed]. */
static void measure_tower(ct_device *device, ct_activation f, int seed, double cosine[SHOWN][SEEDS],
                          ct_error *err)
{
    ct_params p;
    ct_graph g;
    ct_linear_layer layer[DEPTH];
    ct_measures m;
    int i = 0;
    ct_params_init(&p);
    for (int l = 0; l < DEPTH; l++) {
        const char name[] = {(char)('a' + l), '\0'};
        layer[l] = ct_linear_declare(&p, name, WIDTH, WIDTH, f, CT_INIT_CONE);
    }
    ct_params_build(&p, (uint64_t)seed + 1, err);
    ct_graph_init(&g, device, 0);
    ct_tensor *h = err->status == CT_OK ? ct_leaf(&g, INPUTS, WIDTH, NULL) : NULL;
    ct_random r = ct_random_make((uint64_t)seed + 1, CT_STREAM_PROBE, 1);
    for (int k = 0; k < INPUTS * WIDTH && h != NULL; k++)
        h->x[k] = (ct_real)ct_random_normal(&r);
    for (int l = 0; l < DEPTH && h != NULL; l++) {
        h = ct_linear_apply(&g, &p, layer[l], h);
        if (h == NULL || l + 1 != LAYER[i])
            continue;
        const ct_embedded e = {.a = h->x, .n = INPUTS, .d = WIDTH, .device = device};
        if (ct_measure(&e, &m, NULL, err) == CT_OK)
            cosine[i++][seed] = m.mean_cosine[0];
    }
    if (h == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "cone: out of memory");
    ct_graph_free(&g);
    ct_params_free(&p);
}

void ct_lesson_cone(ct_lesson_run *run, ct_error *err)
{
    for (int k = 0; k < 4; k++) {
        double cosine[SHOWN][SEEDS] = {{0}};
        for (int seed = 0; seed < SEEDS; seed++)
            measure_tower(run->device, KIND[k].f, seed, cosine, err);
        for (int i = 0; i < SHOWN; i++) {
            ct_row_near(ct_lesson_add(run, "%s, layer %d", KIND[k].name, LAYER[i]), cosine[i],
                        SEEDS, KIND[k].cosine[i], 0.02);
            if (KIND[k].f == CT_ACT_SIGMOID && LAYER[i] == 2)
                ct_row_near(ct_lesson_add(run, "sigmoid, layer 2, as printed in the paper"),
                            cosine[i], SEEDS, 0.99, 0.005);
        }
    }
}
