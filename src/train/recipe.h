/* recipe.h -- everything that decides the numbers of a run. Private.
 *
 * A recipe is a strict INI file: sections [data] [image] [text] [loss] [optim]
 * [train] [monitor]; every value can be overridden as section.key=value. A key
 * that is not known is an error that names the nearest one. What is not said has
 * the default that ct_recipe_write shows.
 */
#ifndef EXPERIMENT_RECIPE_H
#define EXPERIMENT_RECIPE_H

#include "contrast/landmarks.h"
#include "contrast/models.h"
#include "contrast/optim.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stdio.h>

#define CT_RECIPE_TEXT 256 /* longest text value, with its NUL */

typedef enum ct_data_kind {
    CT_DATA_SHAPES,
    CT_DATA_LATENT,
    CT_DATA_FASHION_MNIST,
    CT_DATA_PAIRS
} ct_data_kind;

typedef struct ct_widths {
    int n, width[CT_MAX_LAYERS];
} ct_widths;

/* [image] and [text]: a tower; bag keys are for captions only. */
typedef struct ct_tower_recipe {
    ct_widths layers;                      /* outputs of each layer; the last is d */
    int activation, last_activation, init; /* ct_activation, ct_activation, ct_init */
    double dropout;
    int buckets, bag_dim; /* of the embedding table */
    bool words, word_pairs;
    int ngram_min, ngram_max;
} ct_tower_recipe;

typedef struct ct_recipe {
    struct {
        int kind; /* ct_data_kind */
        long seed;
        int n_train, n_validation, n_test, n_composition;
        int size; /* shapes */
        double noise;
        bool first_object;
        int dim, shared; /* latent */
        double rho;
        char dir[CT_RECIPE_TEXT]; /* fashion-mnist */
        char image[CT_RECIPE_TEXT], text[CT_RECIPE_TEXT], groups[CT_RECIPE_TEXT],
            split[CT_RECIPE_TEXT]; /* pairs */
        double validation, test;
        int resize;
    } data;
    ct_tower_recipe tower[2]; /* [image], [text] */
    struct {
        char name[CT_RECIPE_TEXT]; /* of contrast/loss.h */
        double temperature;        /* initial, if it is learned */
        bool learn_temperature;
        int queue;   /* past pairs that stay as negatives: batches of them; 0: none */
        double bias; /* initial, of siglip; 0: -ln(batch - 1) */
        ct_loss_options options;
    } loss;
    struct {
        int name; /* ct_optim_kind */
        double rate, momentum, beta1, beta2, eps, weight_decay;
        double clip;  /* largest gradient norm; 0: none */
        int schedule; /* ct_schedule_kind */
        int warmup;
    } optim;
    struct {
        int batch, steps;
        int chunk;          /* pairs whose activations are kept at once; 0: a batch */
        bool no_duplicates; /* in a batch: groups differ */
        long seed;
        int checkpoint_every; /* steps; 0: at evaluations and at the end */
        int keep_last;        /* so many checkpoints stay                */
        bool keep_best;
    } train;
    struct {
        int log_every;         /* steps between lines of metrics.jsonl           */
        int evaluate_every;    /* steps between evaluations; 0: only at the end  */
        int pairs;             /* at most so many validation pairs each time     */
        bool stop_on_collapse; /* end with an error when an evaluation finds a collapse */
        int snapshots;         /* of a few pairs through the run; 0: none        */
    } monitor;
} ct_recipe;

ct_recipe ct_recipe_defaults(void);

/* Values from a file, or from text (`name` stands for the path in messages).
 * Errors  CT_ERR_CONFIG "path:line: ...", CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_recipe_read(ct_recipe *r, const char *path, ct_error *err);
ct_status ct_recipe_parse(ct_recipe *r, const char *name, const char *text, ct_error *err);

/* One "section.key=value". Errors  CT_ERR_CONFIG */
ct_status ct_recipe_override(ct_recipe *r, const char *setting, ct_error *err);

/* What must hold between values (a loss of that name, towers of equal width,
 * ...). Call once all are set. Errors  CT_ERR_CONFIG */
ct_status ct_recipe_check(const ct_recipe *r, ct_error *err);

/* Where the landmarks of its loss lie. */
ct_loss_setting ct_recipe_setting(const ct_recipe *r);

/* The whole recipe as an INI file, section by section; with `help`, each key
 * with a comment that says what it is. The answer is the length, as snprintf's. */
size_t ct_recipe_write(const ct_recipe *r, bool help, char *out, size_t size);

/* Text of the built-in recipe of that name ("shapes"), or NULL; the files of
 * models/recipes are compiled in. ct_recipe_builtin_name lists them. */
const char *ct_recipe_builtin(const char *name);
const char *ct_recipe_builtin_name(int index); /* NULL behind the last */

/* The file of that path, or the built-in recipe of that name, over what r holds.
 * Errors  as ct_recipe_read */
ct_status ct_recipe_load(ct_recipe *r, const char *name, ct_error *err);

#endif
