/* nn.h -- parameters, how they start, and the layers made of them.
 *
 * Code in src/engine/nn.c. Parameters are declared first and allocated together, as two flat arrays
 * (values and gradients), so that an optimiser, a norm or a checkpoint is one
 * loop. Those that weight decay applies to come first in the arrays.
 *
 *     ct_params p;
 *     ct_params_init(&p);
 *     ct_linear_layer l = ct_linear_declare(&p, "image.0", 784, 64, CT_ACT_RELU, CT_INIT_HE);
 *     if (ct_params_build(&p, seed, &err) != CT_OK) ...
 *     y = ct_linear_apply(g, &p, l, x); */
#ifndef CT_NN_H
#define CT_NN_H

#include "contrast/ops.h"

#include <stddef.h>

CT_C_BEGIN

/* Distribution of the first weights; fan_in = columns, fan_out = rows. */
typedef enum ct_init {
    CT_INIT_ZERO,   /* 0                                                       */
    CT_INIT_HE,     /* N(0, 2/fan_in)               He et al. 2015              */
    CT_INIT_GLOROT, /* U(+-sqrt(6/(fan_in+fan_out)))  Glorot and Bengio 2010    */
    CT_INIT_LECUN,  /* N(0, 1/fan_in)               LeCun et al. 1998           */
    CT_INIT_CONE,   /* N(0, 1/fan_in), biases too   Liang et al. 2022, fig. 2b  */
    CT_INIT_NORMAL, /* N(0, 1): free embeddings, embedding tables               */
} ct_init;

#define CT_MAX_PARAMS 128

typedef struct ct_param {
    char name[48]; /* PyTorch's: "image.0.weight"                     */
    int rows, cols;
    ct_init init;
    int fan_in;      /* of the layer; a bias has its weight's           */
    double value;    /* added to what init draws                        */
    bool decay;      /* weight decay applies                            */
    bool fresh;      /* dx is to become 0 before it is used             */
    ct_real *x, *dx; /* (rows, cols) in the flat arrays; NULL before build */
} ct_param;

typedef struct ct_params {
    ct_param list[CT_MAX_PARAMS];
    int n;
    size_t size;     /* values in all, each parameter padded to 16 with zeros */
    size_t n_decay;  /* the first n_decay of them belong to decayed ones      */
    ct_real *x, *dx; /* (size): values and gradients; read the latter through
                        ct_params_gradients                                   */
} ct_params;

void ct_params_init(ct_params *p);
void ct_params_free(ct_params *p);

/* Announce a parameter; the answer is its number in p->list. Asserts that
 * p is not built yet and has room, that no size is 0 or less, and that the name
 * is new and fits. A `value` may be set in p->list before build. */
int ct_params_declare(ct_params *p, const char *name, int rows, int cols, ct_init init, int fan_in,
                      bool decay);

/* Allocate all and draw the first values: parameter k takes its numbers from
 * (seed, CT_STREAM_INIT, step k), whatever its neighbours are.
 * Errors  CT_ERR_NOMEM; p is then empty, as after ct_params_free */
ct_status ct_params_build(ct_params *p, uint64_t seed, ct_error *err);

/* Gradients begin anew. Nothing is written yet: the first backward that reaches a
 * parameter sets its dx, others add; ct_params_gradients zeroes those that none
 * reached and returns all of them (size), for norms and optimisers. */
void ct_params_zero_grad(ct_params *p);
const ct_real *ct_params_gradients(ct_params *p);

/* Parameter `index` as a tensor of the graph; backward adds to its dx. */
ct_tensor *ct_params_tensor(ct_graph *g, ct_params *p, int index);
ct_param *ct_params_find(ct_params *p, const char *name); /* or NULL */

/* y = f(x w' + b), parameters NAME.weight (out, in), which decays, and NAME.bias
 * (1, out), which does not. */
typedef struct ct_linear_layer {
    int weight, bias; /* numbers in ct_params */
    ct_activation f;
} ct_linear_layer;

ct_linear_layer ct_linear_declare(ct_params *p, const char *name, int in, int out, ct_activation f,
                                  ct_init init);
ct_tensor *ct_linear_apply(ct_graph *g, ct_params *p, ct_linear_layer l, ct_tensor *x);

CT_C_END
#endif
