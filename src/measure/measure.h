/* measure.h -- what the files of this layer share. Private to it. */
#ifndef MEASURE_MEASURE_H
#define MEASURE_MEASURE_H

#include "contrast/arena.h"
#include "contrast/measures.h"

#include <stdbool.h>

/* One measurement. All its memory is the arena's, and so is its error: an allocation that fails
 * gives NULL, as do those after it, and a function that asks for memory looks once at failed(). */
typedef struct measuring {
    ct_device *device;
    ct_arena arena;
} measuring;

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

/* A side of the embeddings as rows of length 1: in double, because near a collapse the interesting
 * part of a cosine is its distance from 1, and as the kernels take them. */
typedef struct measure_rows {
    int n, d;
    double *unit;       /* (n, d) x[i,:] / max(|x[i,:]|, CT_NORM_EPS); centred half-way through */
    ct_real *rounded;   /* (n, d) */
    double *mean;       /* (d), once it is centred */
    double *length;     /* (n) */
    int bad, first_bad; /* rows without a finite length; -1: none */
} measure_rows;

/* Errors  CT_ERR_SHAPE, CT_ERR_NOMEM */
measure_rows measure_unit_rows(measuring *m, const ct_real *x, int n, int d);

/* x less its mean row, which is the answer. */
double *measure_centre(measuring *m, double *x, int n, int d);

/* Up to `most` evenly spaced rows of x, each `bytes` long; *rows says how many. */
void *measure_sample(measuring *m, const void *x, int n, size_t bytes, int most, int *rows);

/* ---- spectrum.c ---- */

/* Variances along the principal directions of the centred rows c (n, d), and sums of squares over n
 * of c + mean, largest first, min(n, d) of each. */
typedef struct measure_spectrum {
    int n;
    double *centred, *whole;
} measure_spectrum;

measure_spectrum measure_variances(measuring *m, const double *c, const double *mean, int n, int d);

/* ---- walk.c ---- */

/* The CT_HUB_K most similar items, the most similar first; of equal ones the first. */
typedef struct measure_nearest {
    ct_real s[CT_HUB_K]; /* below any cosine where there is no item */
    int item[CT_HUB_K];  /* -1: none */
} measure_nearest;

/* One walk over all cosines of a (n_a, d) and b (n_b, d), unit rows. [0] of row i of a looking in
 * b, [1] of row i of b looking in a. */
typedef struct measure_walk {
    const ct_real *a, *b;
    int n_a, n_b, d;
    bool both;        /* b looks too, and wrong items are counted; n_a = n_b */
    const int *group; /* or NULL */
    ct_real *own;     /* (n) cosine of a_i and b_i */
    int *ahead[2];    /* (n) wrong items at least as similar as the right one */
    measure_nearest *nearest[2];
} measure_walk;

void measure_walk_run(measuring *m, measure_walk *w);

/* ---- separator.c ---- */

/* Held-out accuracy of a linear separator of the rows of a and b (n, d). */
double measure_separability(measuring *m, const ct_real *a, const ct_real *b, int n, int d);

#endif
