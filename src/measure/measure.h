/* measure.h -- what the files of this layer share. Private to it. */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include "contrast/arena.h"
#include "contrast/diagnose.h"

#include <stdbool.h>
#include <stdint.h>

/* A side of the embeddings as rows of length 1: in double, because near a collapse the interesting
 * part of a cosine is its distance from 1, and as the kernels take them. */
typedef struct measure_rows {
    int n, d;
    double *unit;     /* (n, d) x[i,:] / |x[i,:]|, or 0; centred half-way through */
    ct_real *rounded; /* (n, d) */
    double *mean;     /* (d), once it is centred */
    int first_bad;    /* row without a finite length; -1: none */
} measure_rows;

#define MEASURE_LONG 1e3 /* a row's length over the median: odd, or its inverse */

/* One measurement. All its memory is the arena's, and so is its error: an allocation that fails
 * gives NULL, as do those after it, and a function that asks for memory looks once at failed(). */
typedef struct measuring {
    ct_arena arena;
    ct_device *device;
    const ct_embedded *e;
    measure_rows side[2];
    ct_measures *out;
    ct_distributions *shape; /* or NULL */
    ct_clues *clues;         /* those of shape, or some that nobody looks at */
    int *group, *members; /* (n) the first row of a row's group, and how many that one has: groups
                             of one row where there are none; NULL: not asked */
    int *same[2]; /* how many rows of the side are equal to a row, itself among them; of all rows */
} measuring;

/* The number of row i, which counts all rows. */
static inline int measure_number(const measuring *m, int i)
{
    return m->e->all != NULL ? m->e->all->row[i] : i;
}

static inline bool measure_failed(const measuring *m)
{
    return m->arena.err->status != CT_OK;
}

static inline int measure_least(int a, int b)
{
    return a < b ? a : b;
}

/* n rows of d items, zero. */
void *measure_room(measuring *m, int n, int d, size_t size);

/* x over its length, which is the answer; a row of zeros stays one. */
double measure_unit_row(const ct_real *x, int d, double *unit);

/* Of all rows (survey.c): is there anything else to be measured? Not where one is not finite. */
bool measure_all_rows(measuring *m);

/* Errors  CT_ERR_SHAPE, CT_ERR_NOMEM */
measure_rows measure_unit_rows(measuring *m, const ct_real *x, int n, int d);

/* x less its mean row, which is the answer. */
double *measure_centre(measuring *m, double *x, int n, int d);

/* Evenly spaced rows of r, at most `most`. Whatever looks at a sample takes it here. */
measure_rows measure_some(measuring *m, const measure_rows *r, int most);

/* The row that row i of `some` of them was. */
static inline ptrdiff_t measure_row_of(int n, int some, int i)
{
    return (ptrdiff_t)i * n / some;
}

/* Variances along the principal directions of the centred rows c (n, d), and sums of squares over n
 * of c + mean, largest first, min(n, d) of each (spectrum.c). */
typedef struct measure_spectrum {
    int n;
    double *centred, *whole;
} measure_spectrum;

measure_spectrum measure_variances(measuring *m, const double *c, const double *mean, int n, int d);

/* Shares of the cosines s (rows, columns): of all, or of those off the diagonal. */
void measure_bins(const ct_real *s, int rows, int columns, bool all, double bin[CT_COSINE_BINS]);

/* What can be named: groups (survey.c). */
void measure_groups(measuring *m);

/* The CT_HUB_K most similar items, the most similar first; of equal ones that which was offered
 * first. */
typedef struct measure_nearest {
    ct_real s[CT_HUB_K]; /* below any cosine where there is no item */
    int item[CT_HUB_K];  /* -1: none */
} measure_nearest;

static inline measure_nearest measure_no_items(void)
{
    measure_nearest l;
    for (int k = 0; k < CT_HUB_K; k++) {
        l.s[k] = -2;
        l.item[k] = -1;
    }
    return l;
}

static inline void measure_offer(measure_nearest *l, ct_real s, int item)
{
    int k = CT_HUB_K - 1;
    if (!(s > l->s[k]))
        return;
    for (; k > 0 && s > l->s[k - 1]; k--) {
        l->s[k] = l->s[k - 1];
        l->item[k] = l->item[k - 1];
    }
    l->s[k] = s;
    l->item[k] = item;
}

/* What the sides find in each other (walk.c), and whether a hyperplane tells them apart
 * (separator.c). Both sides are there, and finite. */
void measure_pairs(measuring *m);

/* What labels say of one array (labels.c). */
void measure_labels(measuring *m);
double measure_separability(measuring *m);

/* Of one cosine of rows drawn uniformly on the sphere in d >= 2 dimensions (chance.c): the mean of
 * f, which changes over `finest`; and E ln of the sum of e^(s/temperature) of n of them, which may
 * be a fraction. */
double measure_over_cosines(double d, double finest, double (*f)(double s, const void *ctx),
                            const void *ctx);
double measure_log_sum(double n, double d, double temperature);

/* Adds a sentence to the evidence, with the value of each {key} in its place. One that speaks of
 * {side} is said of each of `sides`: 1 the first, 2 the second, 3 both. */
void measure_say(ct_diagnosis *d, int sides, const char *sentence);

/* The loss of these rows in batches of landmarks.at.n, in their order (mistakes.c). NaN: there are
 * fewer rows, or it is not defined.
 * Errors  those of the loss */
double measure_loss(const ct_landmarks *l, const ct_embedded *e, ct_error *err);

/* Which known mistake makes d->loss of these rows, if d->loss_here is not near it. */
void measure_mistake(ct_diagnosis *d, const ct_embedded *e, ct_error *err);

/* e->gradient against the right ones of both sides, the rows being one batch. */
void measure_gradient(ct_diagnosis *d, const ct_embedded *e, ct_error *err);

#endif
