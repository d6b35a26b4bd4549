/* metric.c -- how every measurement begins: memory, and embeddings as unit rows.
 *
 * Here a diverged model is noticed: a NaN that got further would compare false
 * with everything, and could look like a success.
 *
 * Lengths are taken in double and not with the kernel of the losses: near a
 * collapse the interesting part of a cosine is its distance from 1, and rows
 * that are unit to 1e-16 show it down to 1e-16.
 *
 * Layer: measure. Needs kernels (matmul). */
#include "measure/metric.h"

#include "contrast/ops.h" /* CT_NORM_EPS */
#include "kernels/kernels.h"

#include <math.h>

metric metric_open(const char *name, ct_device *device, ct_error *err)
{
    metric m = {.name = name, .device = device, .err = err};
    ct_arena_init(&m.scratch, 0);
    return m;
}

ct_status metric_close(metric *m)
{
    ct_arena_free(&m->scratch);
    return m->status;
}

void *metric_rows(metric *m, int n, int d, size_t size)
{
    if (n < 1 || d < 1)
        METRIC_FAIL(m, CT_ERR_SHAPE, "%s: found (%d, %d): expected at least one row and one column",
                    m->name, n, d);
    if (m->status != CT_OK)
        return NULL;
    /* d * size cannot overflow: the caller already holds rows of d numbers. */
    void *p = ct_arena_zeroed(&m->scratch, (size_t)n, (size_t)d * size);
    if (p == NULL)
        METRIC_FAIL(m, CT_ERR_NOMEM, "%s: no memory for %d rows of %d", m->name, n, d);
    return p;
}

/* max(|x|, eps), or NaN or infinity if a value is, or if its square overflows. */
static double row_length(const ct_real *x, int d)
{
    double square = 0;
    for (int k = 0; k < d; k++)
        square += (double)x[k] * (double)x[k];
    const double length = sqrt(square), eps = (double)CT_NORM_EPS;
    return length < eps ? eps : length;
}

double *metric_unit_rows(metric *m, const char *side, const ct_real *x, int n, int d)
{
    double *y = metric_rows(m, n, d, sizeof *y);
    for (int i = 0; i < n && y != NULL; i++) {
        const ptrdiff_t at = (ptrdiff_t)i * d;
        const double r = row_length(x + at, d);
        if (!isfinite(r)) {
            METRIC_FAIL(m, CT_ERR_NUMERIC,
                        "%s: row %d of %s (from 0) has no finite length; "
                        "did training diverge?",
                        m->name, i, side);
            return NULL;
        }
        for (int k = 0; k < d; k++)
            y[at + k] = (double)x[at + k] / r;
    }
    return y;
}

ct_real *metric_rounded(metric *m, const double *y, int n, int d)
{
    ct_real *x = metric_rows(m, n, d, sizeof *x);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * d && x != NULL; i++)
        x[i] = (ct_real)y[i];
    return x;
}

ct_real metric_row_product(metric *m, int d, const ct_real *a, const ct_real *b)
{
    ct_real y;
    k_matmul_nt(m->device, 1, 1, d, a, b, &y, false);
    return y;
}
