/* spread.c -- a number over several seeds. */
#include "formats/field.h"

#include <math.h>
#include <stdlib.h>

static const ct_field SPREAD_ROWS[] = {
    {.key = "median", .kind = CT_REAL, CT_AT(ct_spread, median)},
    {.key = "least", .kind = CT_REAL, CT_AT(ct_spread, least)},
    {.key = "most", .kind = CT_REAL, CT_AT(ct_spread, most)},
    {.key = "mean", .kind = CT_REAL, CT_AT(ct_spread, mean)},
    {.key = "standard_error", .kind = CT_REAL, CT_AT(ct_spread, error)},
    {.key = "n", .kind = CT_INT, CT_AT(ct_spread, n)},
};
const ct_fields ct_spread_fields = CT_FIELDS(SPREAD_ROWS);

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

ct_spread ct_spread_of(double *x, int n)
{
    double mean = 0, squares = 0;
    qsort(x, (size_t)n, sizeof *x, compare);
    for (int i = 0; i < n; i++)
        mean += x[i] / n;
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (ct_spread){.median = n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2,
                       .least = x[0],
                       .most = x[n - 1],
                       .mean = mean,
                       .error = n > 1 ? sqrt(squares / (n - 1) / n) : (double)NAN,
                       .n = n};
}
