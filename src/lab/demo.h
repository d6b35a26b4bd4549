/* demo.h -- the trainings of `contrast demo`. Private.
 *
 * Each is a built-in recipe with some settings changed, over several seeds, so
 * that anyone can run any of them again with `contrast train`.
 */
#ifndef EXPERIMENT_DEMO_H
#define EXPERIMENT_DEMO_H

#include "lab/question.h"
#include "lab/trials.h"
#include "train/run.h"

#define CT_DEMO_SEEDS 8

/* One row of a table: a variant's figures over its seeds. */
typedef struct ct_demo_row {
    ct_variant variant;
    const char *recipe;
    int n_seeds, n_diverged, n_escaped, batch, steps;
    double all_equal;                             /* the loss when all embeddings are equal */
    ct_spread loss, escape, recall, cosine, rank; /* escape: infinity for a run that never left;
                                                     recall@1 image to text; mean cosine of
                                                     different images and their effective rank, not
                                                     centred */
} ct_demo_row;

/* A table: a recipe, settings common to all rows, and the variants. */
typedef struct ct_demo_table {
    const char *recipe, *common;
    const ct_variant *variant;
    int n_variants, n_seeds;
} ct_demo_table;

extern const ct_demo_table CT_DEMO_POSITIVES; /* no negatives: collapse is the optimum            */
extern const ct_demo_table CT_DEMO_FIXES;     /* the question's loss held at ln N, and the fixes  */
#define CT_DEMO_MAX_ROWS 8

/* Run all of a table; out has room for n_variants rows. Errors as ct_trials_run. */
ct_status ct_demo_run(const ct_demo_table *table, int threads, ct_demo_row *out, ct_error *err);

/* The run that ends the demo: recall, cosines of a few pairs, and the pictures
 * nearest to captions that are typed in. */
#define CT_DEMO_HEALTHY  "train.steps=600" /* settings over the recipe `shapes` */
#define CT_DEMO_SHOWN    7
#define CT_DEMO_CAPTIONS 3
#define CT_DEMO_FOUND    3
extern const char *const CT_DEMO_CAPTION[CT_DEMO_CAPTIONS];

typedef struct ct_healthy {
    ct_recipe recipe;
    ct_evaluation evaluation[2]; /* test, composition                             */
    double seconds;              /* of training; with its record, if there is one */
    double similarity[CT_DEMO_SHOWN * CT_DEMO_SHOWN]; /* image i with text j, of the test split */
    int found[CT_DEMO_CAPTIONS][CT_DEMO_FOUND];       /* items, nearest first */
    double score[CT_DEMO_CAPTIONS][CT_DEMO_FOUND];    /* their cosines     */
} ct_healthy;

/* A trainer for it; *pairs is the data it runs on. The caller frees both, also after an error.
 * Then the run: recorded in `folder`, unless that is NULL; watch may be NULL. */
ct_status ct_demo_healthy_init(ct_trainer *t, ct_device *device, ct_healthy *out, ct_pairs **pairs,
                               ct_error *err);
ct_status ct_demo_healthy(ct_trainer *t, const char *folder, const ct_run_watch *watch,
                          ct_healthy *out, ct_error *err);

/* "As in the question", from seed 1, recorded in `folder`. */
ct_status ct_demo_stuck(ct_device *device, const char *folder, ct_error *err);

/* All that the demo measures. */
typedef struct ct_demo {
    ct_question question;
    ct_demo_row positives[CT_DEMO_MAX_ROWS], fixes[CT_DEMO_MAX_ROWS];
    ct_healthy healthy;
} ct_demo;

#endif
