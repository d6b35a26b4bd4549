/* uniformity.c -- how evenly rows cover the sphere.
 *
 *     U = ln mean_{i != j} e^(-2 |x_i - x_j|^2)      Wang and Isola 2020, t = 2
 *
 * 0 when all rows are equal; the more even, the lower: about -4 where pairs are
 * mostly orthogonal.
 *
 * The distance comes from products, |x_i|^2 + |x_j|^2 - 2 <x_i, x_j>, with the
 * true squared lengths and not with 1: a row of zeros has none, and equal rows
 * come out at exactly 0, since all three products are the same chain. Almost
 * equal rows come out within 1e-6 of 0 on either side; a squared distance below
 * 0 is taken as 0.
 *
 * Layer: measure. Needs kernels (matmul, exp). */
#include "measure/metric.h"

#include "contrast/scalar.h"
#include "kernels/kernels.h"

/* Sum of e^(-2 |x_i - x_j|^2) over the tile s (rows, cols) with corner (i0, j0);
 * square (n) holds the |x_i|^2. */
static double tile_sum(metric *m, const ct_real *x, int d, const ct_real *square, int i0, int rows,
                       int j0, int cols, ct_real *s)
{
    const int n = rows * cols;
    k_matmul_nt(m->device, rows, cols, d, x + (ptrdiff_t)i0 * d, x + (ptrdiff_t)j0 * d, s, false);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            const ct_real distance = square[i0 + i] + square[j0 + j] - 2 * s[i * cols + j];
            s[i * cols + j] = distance > 0 ? -2 * distance : 0;
        }
    k_exp(m->device, (size_t)n, s, s);
    double total = 0;
    for (int i = 0; i < n; i++)
        total += (double)s[i];
    return total;
}

double metric_uniformity(metric *m, const ct_real *x, int n, int d)
{
    ct_real *s = metric_rows(m, METRIC_TILE, METRIC_TILE, sizeof *s);
    ct_real *square = metric_rows(m, n, 1, sizeof *square);
    if (m->status != CT_OK || n == 1)
        return 0;
    for (int i = 0; i < n; i++)
        square[i] = metric_row_product(m, d, x + (ptrdiff_t)i * d, x + (ptrdiff_t)i * d);
    double total = -(double)n; /* the n pairs i = j, each e^0, lie in the tiles of the diagonal */
    for (int i0 = 0; i0 < n; i0 += METRIC_TILE)
        for (int j0 = i0; j0 < n;
             j0 += METRIC_TILE) { /* one off the diagonal counts for its mirror image */
            const int rows = metric_least(METRIC_TILE, n - i0),
                      cols = metric_least(METRIC_TILE, n - j0);
            total += (j0 > i0 ? 2 : 1) * tile_sum(m, x, d, square, i0, rows, j0, cols, s);
        }
    return ct_scalar_log(total / ((double)n * (n - 1)));
}
