/* trainer.h -- a model, its data and its optimiser, one step at a time. Private.
 *
 * Everything a step computes is a function of the recipe, the data and the step's number.
 */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "contrast/contrast.h"
#include "formats/field.h"
#include "train/recipe.h"

/* Items of one side become the batch that a tower reads: the one place where data meets models. */
typedef struct ct_gather {
    const ct_pairs *pairs; /* borrowed, as is standard */
    const ct_standard *standard;
    int side;
    ct_tokens tokens;         /* of captions */
    ct_real *x;               /* (rows, dim): numbers */
    int *offset, *id, *which; /* bags of ids */
} ct_gather;

/* What a run knows besides; its checkpoints have it. */
typedef struct ct_progress {
    char data[17];  /* its fingerprint; "": saving finds it out */
    long log_bytes; /* of log.jsonl, before this step's evaluation */
    long best_step; /* of the best evaluation of validation; 0: none yet */
    double best;    /* its recall@1, mean of both directions */
} ct_progress;

typedef struct ct_trainer {
    ct_recipe recipe;
    const ct_pairs *pairs; /* borrowed, as is device; or the same as `own` */
    ct_pairs *own;
    ct_device *device;
    const ct_loss *loss;
    ct_two_tower model;
    ct_optim optim;
    ct_sampler sampler;
    ct_standard standard[2], fitted[2]; /* as the weights know it; of this data */
    ct_gather gather[2];
    int *group;             /* (batch) of the batch */
    ct_real *queue[2];      /* (recipe.loss.queue, d) past embeddings; step s writes batch s
                               mod (queue / batch) */
    const ct_real *last[2]; /* (batch, d) of the step that is being made */
    ct_real *pair[2];       /* (batch, d) embeddings; NULL without chunks */
    ct_real *dpair[2];      /* ... and their gradients */
    ct_graph graph;
    ct_arena arena;
    long step; /* updates made */
    ct_progress progress;
    char unused[CT_UNUSED_BYTES]; /* names of tensors of the last file that are no arrays of the
                                     trainer */
} ct_trainer;

/* What a step was. */
typedef struct ct_step {
    long step; /* 1 for the first */
    double loss, rate, gradient_norm;
    ct_loss_setting at; /* what that loss was computed with */
} ct_step;

/* A step's line of log.jsonl. */
typedef struct ct_step_line {
    ct_step step;
    ct_landmarks landmarks;
} ct_step_line;

extern const ct_fields ct_step_fields;

/* What the embeddings of a split are like. */
typedef struct ct_evaluation {
    long step;
    ct_split split;
    ct_state state; /* what a diagnosis says; not in files */
    double loss;    /* mean over batches of landmarks.at.n pairs: train.batch, or all if fewer */
    ct_landmarks landmarks;
    double information;     /* nats that the pairs share, at least; NaN: not known */
    double prompt_accuracy; /* of images by the nearest class; NaN without classes */
    ct_measures measures;   /* of images (first) and texts */
} ct_evaluation;

extern const ct_fields ct_evaluation_fields;

/* At step 0, of given pairs or (NULL) of the recipe's data. Free it with ct_trainer_free, also
 * after an error; it must not be moved. Errors  CT_ERR_CONFIG (batch larger than the data, ...),
 * CT_ERR_NOMEM, those of ct_recipe_data */
ct_status ct_trainer_init(ct_trainer *t, const ct_recipe *r, const ct_pairs *pairs,
                          ct_device *device, ct_error *err);
void ct_trainer_free(ct_trainer *t);

/* One update. Errors  CT_ERR_NUMERIC names the step and the first tensor that
 * is not finite; the weights are then those before the step. CT_ERR_NOMEM. */
ct_status ct_trainer_step(ct_trainer *t, ct_step *out, ct_error *err);

/* Gradients of the parameters, added up for a batch of items in recipe.train.chunk pairs at a time,
 * and the loss. The caller says in t->graph what dropout needs to know. Afterwards the graph holds
 * the last chunk. Errors  CT_ERR_NUMERIC  the loss is not finite; CT_ERR_NOMEM, CT_ERR_FORMAT
 * (items that cannot be read). */
ct_status ct_trainer_gradients(ct_trainer *t, const int *items, double *loss, ct_error *err);

/* Embeddings (n, d), not normalised, of items of one side; of other data of the same kind; of
 * texts as typed. They depend on the items and the weights alone, to the last bit. Errors  as
 * ct_trainer_gradients; CT_ERR_FORMAT (data of another kind) */
ct_status ct_trainer_embed(ct_trainer *t, int side, const int *items, int n, ct_real *out,
                           ct_error *err);
ct_status ct_trainer_embed_pairs(ct_trainer *t, int side, const ct_pairs *from, const int *items,
                                 int n, ct_real *out, ct_error *err);
ct_status ct_trainer_embed_texts(ct_trainer *t, int side, const char *const *text, int n,
                                 ct_real *out, ct_error *err);

/* Scale n rows of d values to unit length, so that a dot product is a cosine; a row shorter than
 * CT_NORM_EPS is divided by that. */
void ct_unit_rows(ct_real *x, int n, int d);

/* Both sides of the first `limit` pairs of a split (0: all of them), with their groups. Memory is
 * the arena's. Errors  CT_ERR_CONFIG (an empty split), CT_ERR_NOMEM, as ct_trainer_embed */
ct_embedded ct_trainer_embedded(ct_trainer *t, ct_split split, int limit, ct_arena *arena,
                                ct_error *err);

/* The split that is wanted or, where it is empty, what there is: for test validation, for that the
 * training split. */
ct_split ct_pairs_split(const ct_pairs *p, ct_split wanted);

/* Measure the same pairs, and diagnose them; `out` or `d` may be NULL. Errors  CT_ERR_NUMERIC
 * (embeddings that are not finite, with `out`) */
ct_status ct_trainer_evaluate(ct_trainer *t, ct_split split, int limit, ct_evaluation *out,
                              ct_diagnosis *d, ct_error *err);

/* Where a landmark of n pairs is asked for: the temperature and bias as they are now, the recipe's
 * options. */
ct_loss_setting ct_trainer_setting(const ct_trainer *t, int n);

/* Landmarks of the loss of a step: with its queue, bias and temperature, and the groups of its
 * batch, but for `random`. Valid until the trainer looks at another batch. */
ct_landmarks ct_trainer_landmarks(const ct_trainer *t, const ct_step *s);

/* Width of the embeddings. */
int ct_trainer_width(const ct_trainer *t);

/* Pairs that are in the towers at once: those of a batch, or train.chunk of them. */
int ct_trainer_chunk(const ct_trainer *t);

/* ---- for the files of this layer ---- */

#define CT_EMBED_ROWS 512 /* embedded at once when nothing is trained */

/* For at most `rows` items at once; arrays live in the arena.
 * Errors  CT_ERR_NOMEM */
void ct_gather_open(ct_gather *g, const ct_pairs *pairs, int side, const ct_text_config *text,
                    const ct_standard *standard, int rows, ct_arena *arena, ct_error *err);

/* At most `rows` items, valid until the next call. Errors  CT_ERR_IO, CT_ERR_FORMAT (a side that is
 * in a file) */
ct_batch_side ct_gather_items(ct_gather *g, const int *items, int n, ct_error *err);

/* How many pairs of the past the next step finds in the queue. */
int ct_trainer_past(const ct_trainer *t);

/* The graph's error, if it has one, becomes the caller's. */
void ct_trainer_graph_error(const ct_trainer *t, ct_error *err);

#endif
