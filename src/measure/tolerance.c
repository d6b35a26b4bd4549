/* tolerance.c -- how close rows stay that mean the same.
 *
 * Layer: measure. */
#include "measure/metric.h"

#include <math.h>
#include <stdbool.h>

/* Sum of <x_i, x_j>, i != j, over the rows of row `first`'s group, which are marked as seen, and
 * how many those are: |sum_i x_i|^2 - sum_i |x_i|^2 so that pairs are never walked. sum (d) is
 * scratch. */
static double of_group(const double *x, int n, int d, const int *group, int first, bool *seen,
                       double *sum, double *pairs)
{
    double rows = 0, own = 0, square = 0;
    for (int k = 0; k < d; k++)
        sum[k] = 0;
    for (int i = first; i < n; i++) {
        if (group[i] != group[first])
            continue;
        const double *row = x + (ptrdiff_t)i * d;
        for (int k = 0; k < d; k++) {
            sum[k] += row[k];
            own += row[k] * row[k];
        }
        seen[i] = true;
        rows++;
    }
    for (int k = 0; k < d; k++)
        square += sum[k] * sum[k];
    *pairs = rows * (rows - 1);
    return rows > 1 ? square - own : 0; /* one row: 0, and not its rounding */
}

ct_status ct_tolerance_measure(ct_device *device, const ct_real *x, int n, int d, const int *group,
                               double *tolerance, ct_error *err)
{
    metric m = metric_open("tolerance", device, err);
    const double *unit = metric_unit_rows(&m, "x", x, n, d);
    double *sum = metric_rows(&m, 1, d, sizeof *sum), total = 0, pairs = 0, more = 0;
    bool *seen = metric_rows(&m, n, 1, sizeof *seen);
    for (int i = 0; i < n && m.status == CT_OK; i++)
        if (!seen[i]) {
            total += of_group(unit, n, d, group, i, seen, sum, &more);
            pairs += more;
        }
    if (m.status == CT_OK)
        *tolerance = pairs > 0 ? total / pairs : (double)NAN;
    return metric_close(&m);
}
