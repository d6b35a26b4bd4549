/* metric.h -- what the files of this layer share. Private to it. */
#ifndef METRICS_METRIC_H
#define METRICS_METRIC_H

#include "contrast/arena.h"
#include "contrast/metrics.h"

/* Similarities are walked in squares of this side: 256 KiB of float, which stay
 * in the second-level cache between the product and its use. */
#define METRIC_TILE 256

/* Total variance of float embeddings that should be equal; isotropic ones have 1. */
#define METRIC_NOISE_VARIANCE 1e-10

/* One measurement. All its memory is in scratch. The first failure stays in
 * status; functions that return arrays return NULL after it, and pass NULL on. */
typedef struct metric {
    const char *name; /* for messages */
    ct_device *device;
    ct_arena scratch;
    ct_error *err;
    ct_status status;
} metric;

#define METRIC_FAIL(m, why, ...) \
    ((m)->status = (m)->status == CT_OK ? CT_FAIL((m)->err, why, __VA_ARGS__) : (m)->status)

metric metric_open(const char *name, ct_device *device, ct_error *err);
ct_status metric_close(metric *m); /* frees scratch, returns status */

/* n rows of d items, zero. Errors: CT_ERR_SHAPE (n or d below 1), CT_ERR_NOMEM */
void *metric_rows(metric *m, int n, int d, size_t size);

/* y[i,:] = x[i,:] / max(|x[i,:]|, CT_NORM_EPS), in double; and y as the kernels
 * take it. `side` says in messages whose rows x (n, d) are.
 * Errors: CT_ERR_NUMERIC, a length is NaN or infinite: later steps need not think of it */
double *metric_unit_rows(metric *m, const char *side, const ct_real *x, int n, int d);
ct_real *metric_rounded(metric *m, const double *y, int n, int d);

/* <a, b> of two rows with the very bits that this pair has in a tile: every
 * element of a product is the same chain over k (kernels.h), alone or not. */
ct_real metric_row_product(metric *m, int d, const ct_real *a, const ct_real *b);

/* ln mean_{i != j} e^(-2 |x_i - x_j|^2); x (n, d); 0 for n = 1. */
double metric_uniformity(metric *m, const ct_real *x, int n, int d);

/* The min(n, d) singular values of x (n, d), which is finite; largest first. */
double *metric_spectrum(metric *m, const double *x, int n, int d);

static inline int metric_least(int a, int b)
{
    return a < b ? a : b;
}

#endif
