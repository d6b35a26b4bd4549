/* batch.h -- a batch of pairs and what a loss makes of it: shared by the tests of
 * the losses.
 *
 *     static batch   x;
 *     static outcome got, want;
 *     batch_random(&x, 7, 16, 0.07, 1);
 *     run_loss(ct_loss_clip, &x, &got);
 *     run_loss(ct_loss_unicl, &x, &want);
 *     check_outcome(&x, &got, &want);
 *
 * Both are large: static, not on the stack. */
#ifndef BATCH_H
#define BATCH_H

#include "testing.h"

#include "contrast/loss.h"

enum { BATCH_ROWS = 300, BATCH_SIZE = 16384 };

typedef struct batch {
    int n, d;
    ct_real log_scale, bias;
    bool biased; /* false: the loss sees no bias */
    ct_loss_options options;
    const ct_queue *queue; /* or NULL */
    bool grouped;          /* false: the loss sees no groups */
    int group[BATCH_ROWS];
    ct_real a[BATCH_SIZE], b[BATCH_SIZE]; /* (n, d) */
} batch;

typedef struct outcome {
    ct_real value, dlog_scale, dbias; /* 0 where the loss learns none */
    ct_real da[BATCH_SIZE], db[BATCH_SIZE];
} outcome;

typedef ct_tensor *(*loss_fn)(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ---- batches ---- */

/* All zero, no groups. */
void batch_zero(batch *x, int n, int d, double temperature);
/* Elements uniform in [-1, 1). */
void batch_random(batch *x, int n, int d, double temperature, unsigned seed);
/* Every row of a is one random row, every row of b is `sign` times it. */
void batch_all_equal(batch *x, int n, int d, double temperature, double sign);
/* a = b = the corners of a regular simplex, cosine -1/(n-1), in n dimensions. */
void batch_simplex(batch *x, int n, double temperature);
/* a = b = the identity. */
void batch_orthonormal(batch *x, int n, double temperature);

/* What the loss really multiplies by: log_scale was rounded to a ct_real. */
double batch_scale(const batch *x);
double batch_temperature(const batch *x);

/* Every row of both sides of length 1. */
void batch_unit_rows(batch *x);

/* ---- losses ---- */

const ct_loss *loss_number(int i); /* of ct_loss_all */
bool loss_is(const ct_loss *loss, const char *name);

/* The loss, and its gradients where it has them, from seed 1. */
void run_loss(loss_fn f, const batch *x, outcome *y);
void run_loss_on(ct_graph *g, loss_fn f, const batch *x, outcome *y);

/* The loss alone. */
double loss_of(loss_fn f, const batch *x);

/* How far rounding may move the loss. A logit of the size of the scale is wrong
 * by the scale's last place, and e^logit by the same part of itself. */
double value_tolerance(const batch *x);

/* Values and gradients agree up to rounding: of the loss as above, and of each
 * row of a gradient relative to the row, or scale / (n |row|) if that is more. */
void check_outcome(const batch *x, const outcome *got, const outcome *want);

/* The same bits. */
void check_same_bits(const batch *x, const outcome *got, const outcome *want);

/* Every gradient of the embeddings is 0 up to rounding. */
void check_stationary(const batch *x, const outcome *y);

#endif
