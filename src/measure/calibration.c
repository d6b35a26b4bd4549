/* calibration.c -- can cosines of different anchors be compared?
 *
 * Retrieval ranks within a row of the matrix. Whoever puts one threshold under all of
 * it needs more: that a cosine means the same in every row. Nothing of the matrix is
 * kept: where a wrong cell lies among the sorted pairs is one count.
 *
 * Layer: measure. Needs kernels (matmul). */
#include "measure/metric.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>

static int falling(const void *a, const void *b)
{
    const ct_real x = *(const ct_real *)a, y = *(const ct_real *)b;
    return (x < y) - (x > y);
}

/* The first of n falling values that s reaches; n: none. */
static int first_reached(const ct_real *own, int n, ct_real s)
{
    int first = 0;
    while (n > 0) {
        const int half = n / 2;
        if (own[first + half] > s)
            first += half + 1, n -= half + 1;
        else
            n = half;
    }
    return first;
}

/* Share of pairs among the n largest of all n x n cosines. wrong[k]: cells of wrong pairs that
 * reach the k-th largest of the pairs' own, and not the one before it. */
static double share_in_one_list(metric *m, const ct_real *a, const ct_real *b, int n, int d)
{
    ct_real *s = metric_rows(m, METRIC_TILE, METRIC_TILE, sizeof *s),
            *own = metric_rows(m, n, 1, sizeof *own);
    long *wrong = metric_rows(m, n + 1, 1, sizeof *wrong), ahead = 0;
    if (m->status != CT_OK)
        return 0;
    for (int i = 0; i < n; i++)
        own[i] = metric_row_product(m, d, a + (ptrdiff_t)i * d, b + (ptrdiff_t)i * d);
    qsort(own, (size_t)n, sizeof *own, falling);
    for (int i0 = 0; i0 < n; i0 += METRIC_TILE)
        for (int j0 = 0; j0 < n; j0 += METRIC_TILE) {
            const int rows = metric_least(METRIC_TILE, n - i0),
                      cols = metric_least(METRIC_TILE, n - j0);
            k_matmul_nt(m->device, rows, cols, d, a + (ptrdiff_t)i0 * d, b + (ptrdiff_t)j0 * d, s,
                        false);
            for (int c = 0; c < rows * cols; c++)
                if (s[c] >= own[n - 1] && i0 + c / cols != j0 + c % cols)
                    wrong[first_reached(own, n, s[c])]++;
        }
    int found = 0;
    for (int k = 0; k < n && ahead + wrong[k] + k + 1 <= n; k++) {
        ahead += wrong[k];
        found = k + 1;
    }
    return (double)found / n;
}

/* Standard deviation over rows of x of the mean cosine with all rows of y. */
static double spread_of_means(metric *m, const double *x, const double *y, int n, int d)
{
    double *mean = metric_rows(m, 1, d, sizeof *mean), centre = 0, squares = 0;
    for (int j = 0; j < n && m->status == CT_OK; j++)
        for (int k = 0; k < d; k++)
            mean[k] += y[(ptrdiff_t)j * d + k] / n;
    for (int pass = 0; pass < 2 && m->status == CT_OK; pass++)
        for (int i = 0; i < n; i++) {
            double own = 0;
            for (int k = 0; k < d; k++)
                own += x[(ptrdiff_t)i * d + k] * mean[k];
            if (pass == 0)
                centre += own / n;
            else
                squares += (own - centre) * (own - centre) / n;
        }
    return sqrt(squares);
}

ct_status ct_calibration_measure(ct_device *device, const ct_real *a, const ct_real *b, int n,
                                 int d, ct_calibration *out, ct_error *err)
{
    metric m = metric_open("calibration", device, err);
    const double *x = metric_unit_rows(&m, "a", a, n, d), *y = metric_unit_rows(&m, "b", b, n, d);
    ct_calibration c = {
        .offset = {spread_of_means(&m, x, y, n, d), spread_of_means(&m, y, x, n, d)}};
    c.one_list = share_in_one_list(&m, metric_rounded(&m, x, n, d), metric_rounded(&m, y, n, d), n,
                                   d);
    if (m.status == CT_OK)
        *out = c;
    return metric_close(&m);
}
