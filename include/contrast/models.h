/* models.h -- the encoders: MLP tower, text tower, the two-tower model, and
 * free embeddings (no encoder at all). Code in models/models.c. */
#ifndef CT_MODELS_H
#define CT_MODELS_H

#include "contrast/nn.h"

CT_C_BEGIN

#define CT_MAX_LAYERS 16

typedef struct ct_mlp_config {
    int in;                        /* columns of the input               */
    int widths[CT_MAX_LAYERS];     /* outputs of each layer, last = d    */
    int n_layers;                  /* 0: the output is the input         */
    ct_activation activation;      /* after each layer but the last      */
    ct_activation last_activation; /* after the last: usually none       */
    ct_init init;
    double dropout; /* after each layer but the last      */
} ct_mlp_config;

/* Layers NAME.0, NAME.1, ... */
typedef struct ct_mlp {
    ct_linear_layer layer[CT_MAX_LAYERS];
    int n_layers;
    double dropout;
} ct_mlp;

ct_mlp ct_mlp_declare(ct_params *p, const char *name, const ct_mlp_config *c);
ct_tensor *ct_mlp_apply(ct_graph *g, ct_params *p, const ct_mlp *m, ct_tensor *x);

/* What one side of a batch looks like: rows of numbers, or bags of token ids
 * (ct_embedding_bag). Arrays are borrowed until the graph is reset. */
typedef struct ct_batch_side {
    int n;
    const ct_real *x;       /* (n, in), or NULL for bags */
    const int *offset, *id; /* (n + 1), (offset[n])      */
} ct_batch_side;

/* A tower: numbers -> MLP, or bag -> embedding table NAME.embedding.weight
 * (buckets, bag_dim) -> MLP. */
typedef struct ct_tower_config {
    ct_mlp_config mlp; /* mlp.in is bag_dim when buckets > 0       */
    int buckets;       /* rows of the embedding table; 0: no table */
    int bag_dim;       /* its columns                              */
} ct_tower_config;

typedef struct ct_tower {
    int table; /* number in ct_params, -1 without */
    int in;    /* columns of the input; 0 for bags */
    ct_mlp mlp;
} ct_tower;

ct_tower ct_tower_declare(ct_params *p, const char *name, const ct_tower_config *c);
ct_tensor *ct_tower_apply(ct_graph *g, ct_params *p, const ct_tower *t, const ct_batch_side *in);

/* Two towers and a logit scale (parameter "logit_scale", log of 1/temperature,
 * never decayed). Owns its parameters. */
typedef struct ct_two_tower {
    ct_params params;
    ct_tower side[2]; /* "image" and "text" */
    int log_scale;    /* number in params   */
    bool learn_scale; /* else it is a constant of the graph */
    int bias;         /* number of "logit_bias", or -1: there is none; learned as log_scale is */
} ct_two_tower;

typedef struct ct_two_tower_config {
    ct_tower_config side[2];
    double temperature; /* initial, > 0 */
    bool learn_scale;
    bool has_bias; /* siglip's */
    double bias;   /* initial */
} ct_two_tower_config;

/* Asserts what a recipe's table guarantees: positive widths and temperature, at most
 * CT_MAX_LAYERS layers, dropout in [0, 1). Towers that end in different widths are refused by
 * the loss. Errors: CT_ERR_NOMEM. Free with ct_two_tower_free. */
ct_status ct_two_tower_init(ct_two_tower *m, const ct_two_tower_config *c, uint64_t seed,
                            ct_error *err);
void ct_two_tower_free(ct_two_tower *m);

/* Embeddings of one side (0 image, 1 text), not normalised: (n, d).
 * Errors  CT_ERR_SHAPE on the graph for rows where the tower expects bags, or
 *         bags where it expects rows; those of ct_embedding_bag */
ct_tensor *ct_two_tower_embed(ct_graph *g, ct_two_tower *m, int side, const ct_batch_side *in);

/* Both sides, before anything else in the graph: the same, on two threads where that is faster. */
void ct_two_tower_embed_both(ct_graph *g, ct_two_tower *m, const ct_batch_side in[2],
                             ct_tensor *z[2]);

/* The logit scale and bias as tensors for the losses; NULL if the model has no bias. */
ct_tensor *ct_two_tower_log_scale(ct_graph *g, ct_two_tower *m);
ct_tensor *ct_two_tower_bias(ct_graph *g, ct_two_tower *m);

#define CT_LOG_SCALE_MIN  0.0               /* scale 1                         */
#define CT_LOG_SCALE_MAX  4.605170185988    /* scale 100 (Radford et al. 2021) */
#define CT_LOG_SCALE_INIT 2.659260036932778 /* ln(1/0.07)                      */

/* After each update: log_scale into [CT_LOG_SCALE_MIN, CT_LOG_SCALE_MAX] if learned. */
void ct_two_tower_clamp(ct_two_tower *m);

/* Free embeddings: a table "a" and a table "b" of n rows each, N(0, 1) draws.
 * Asserts n, d > 0. Errors  CT_ERR_NOMEM */
typedef struct ct_free_embeddings {
    ct_params params;
    int a, b; /* numbers in params */
} ct_free_embeddings;

ct_status ct_free_embeddings_init(ct_free_embeddings *m, int n, int d, uint64_t seed,
                                  ct_error *err);
void ct_free_embeddings_free(ct_free_embeddings *m);

CT_C_END
#endif
