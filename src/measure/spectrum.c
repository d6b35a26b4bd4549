/* spectrum.c -- singular values: how far embeddings reach in each direction.
 *
 * Embeddings can collapse in some directions and stay alive in others; this
 * shows it, one number a direction. In three steps, all in double:
 *
 *   1. fold the long side away:  x = Q r, r (m, m) a triangle, m = min(n, d)
 *   2. reflect from both sides:  r = U b V', b zero but for two diagonals
 *   3. find each value of b by halving an interval
 *
 * Q, U and V are chains of reflections, which lose nothing: every value is right
 * to about 1e-15 of the largest. The usual short cut, eigenvalues of x'x, squares
 * the values and drowns those below 1e-8 of the largest. Nothing here waits for
 * convergence: each step has a fixed number of rounds.
 *
 * Layer: measure. Needs kernels (threads). Steps 1 and 2 are in Golub and Van
 * Loan, Matrix Computations, 5.2 and 5.4. */
#include "measure/metric.h"

#include "kernels/kernels.h"

#include <float.h>
#include <math.h>

#define FOLD_ROWS  32     /* rows folded at once: they stay in the cache            */
#define HALVINGS   54     /* of the interval around a value: all the digits it has  */
#define NEGLIGIBLE 1e-100 /* a square that counts as 0; the largest entry of x is 1 */

/* Householder's reflection of the rows (top; x), x (rows, m), that makes column j
 * of x zero and top[j] = alpha = -+ the length of the column (top[j]; x[:,j]):
 *     v = (top[j] - alpha; x[:,j])      w = 2/|v|^2 v' (top; x)      row_i -= v_i w
 * Column j of x keeps its part of v: nobody reads it again. w (m) is scratch. */
static void reflect_rows(int j, int m, double *top, int rows, double *x, double *w)
{
    double square = 0;
    for (int i = 0; i < rows; i++)
        square += x[(ptrdiff_t)i * m + j] * x[(ptrdiff_t)i * m + j];
    if (square < NEGLIGIBLE)
        return;
    const double norm = sqrt(top[j] * top[j] + square);
    const double alpha = top[j] > 0 ? -norm : norm; /* the sign for which v_0 does not cancel */
    const double v0 = top[j] - alpha, scale = -1 / (alpha * v0); /* |v|^2 = -2 alpha v_0 */
    for (int k = j + 1; k < m; k++)
        w[k] = v0 * top[k];
    for (int i = 0; i < rows; i++) {
        const double *row = x + (ptrdiff_t)i * m, v = row[j];
        for (int k = j + 1; k < m; k++)
            w[k] += v * row[k];
    }
    for (int k = j + 1; k < m; k++) {
        w[k] *= scale;
        top[k] -= v0 * w[k];
    }
    for (int i = 0; i < rows; i++) {
        double *row = x + (ptrdiff_t)i * m;
        const double v = row[j];
        for (int k = j + 1; k < m; k++)
            row[k] -= v * w[k];
    }
    top[j] = alpha;
}

/* The same from the other side: reflects columns j and later of (top; x) to make
 * top[j+1 ..] zero. Returns the new top[j]; top[j ..] keeps v. */
static double reflect_columns(int j, int m, double *top, int rows, double *x)
{
    double square = 0;
    for (int k = j + 1; k < m; k++)
        square += top[k] * top[k];
    if (square < NEGLIGIBLE)
        return top[j];
    const double norm = sqrt(top[j] * top[j] + square), alpha = top[j] > 0 ? -norm : norm;
    top[j] -= alpha;
    const double scale = -1 / (alpha * top[j]);
    for (int i = 0; i < rows; i++, x += m) {
        double dot = 0;
        for (int k = j; k < m; k++)
            dot += top[k] * x[k];
        for (int k = j; k < m; k++)
            x[k] -= dot * scale * top[k];
    }
    return alpha;
}

/* b: q[0 .. m-1] on its diagonal and e[0 .. m-2] above it. */
typedef struct bidiagonal {
    int m;
    double *q2, *e2; /* squares of q and e; e2[m-1] = 0           */
    double bound;    /* no value of b is larger                   */
    double unit;     /* the values of x are those of b times this */
    double *sigma;   /* (m) the values of x                       */
} bidiagonal;

/* Step 1. Put the next rows of x under the triangle r (m, m), and clear them by one
 * reflection a column. Element (i, k) of x (n, m) is x[i * row + k * col]. */
static void fold(const bidiagonal *b, double *r, int n, const double *x, ptrdiff_t row,
                 ptrdiff_t col, double *part, double *w)
{
    const int m = b->m;
    for (int i0 = 0; i0 < n; i0 += FOLD_ROWS) {
        const int rows = metric_least(FOLD_ROWS, n - i0);
        for (int i = 0; i < rows; i++)
            for (int k = 0; k < m; k++)
                part[(ptrdiff_t)i * m + k] = x[(i0 + i) * row + k * col] / b->unit;
        for (int j = 0; j < m; j++)
            reflect_rows(j, m, r + (ptrdiff_t)j * m, rows, part, w);
    }
}

/* Step 2. */
static void bidiagonalise(bidiagonal *b, double *r, double *w)
{
    double total = 0; /* of the squares of all values */
    for (int j = 0; j < b->m; j++) {
        double *top = r + (ptrdiff_t)j * b->m, *below = top + b->m;
        const int rows = b->m - j - 1;
        reflect_rows(j, b->m, top, rows, below, w);
        const double e = rows > 0 ? reflect_columns(j + 1, b->m, top, rows, below) : 0;
        b->q2[j] = top[j] * top[j];
        b->e2[j] = e * e;
        total += b->q2[j] + b->e2[j];
    }
    b->bound = sqrt(total);
}

/* How many values are below s: as many as b'b - s^2 = L D L' has negative pivots
 * in D (Sylvester's law of inertia). The pivots come from q^2, those at s = 0,
 * without forming b'b, which would lose half of the digits (the stationary
 * differential qd of Fernando and Parlett 1994). */
static int count_below(const bidiagonal *b, double s)
{
    int count = 0;
    double shift = -s * s;
    for (int k = 0; k < b->m; k++) {
        double pivot = b->q2[k] + shift;
        if (fabs(pivot) < NEGLIGIBLE)
            pivot = -NEGLIGIBLE; /* never divide by 0 */
        count += pivot < 0;
        shift = b->e2[k] / pivot * shift - s * s;
    }
    return count;
}

/* Step 3. Value k, 0 the largest: m - k values are below whatever is above it. */
static void find_value(void *ctx, int k)
{
    const bidiagonal *b = ctx;
    double low = 0, high = b->bound;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2;
        if (count_below(b, middle) >= b->m - k)
            high = middle;
        else
            low = middle;
    }
    b->sigma[k] = low > 0 ? high * b->unit : 0; /* 0: nothing that double can see */
}

double *metric_spectrum(metric *m, const double *x, int n, int d)
{
    const int least = metric_least(n, d), most = n > d ? n : d;
    bidiagonal b = {.m = least,
                    .unit = DBL_MIN,
                    .sigma = metric_rows(m, least, 1, sizeof *b.sigma)};
    double *r = metric_rows(m, least, least, sizeof *r), *w = metric_rows(m, least, 1, sizeof *w);
    double *part = metric_rows(m, FOLD_ROWS, least, sizeof *part);
    b.q2 = metric_rows(m, least, 1, sizeof *b.q2);
    b.e2 = metric_rows(m, least, 1, sizeof *b.e2);
    if (m->status != CT_OK)
        return NULL;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * d;
         i++) /* with the largest as unit, no square overflows */
        b.unit = fabs(x[i]) > b.unit ? fabs(x[i]) : b.unit;
    fold(&b, r, most, x, n > d ? d : 1, n > d ? 1 : d, part, w); /* a wide x is turned */
    bidiagonalise(&b, r, w);
    k_parallel(m->device, least, find_value, &b);
    for (int k = 1; k < least; k++) /* rounding may swap neighbours */
        b.sigma[k] = b.sigma[k] < b.sigma[k - 1] ? b.sigma[k] : b.sigma[k - 1];
    return b.sigma;
}

ct_status ct_singular_values(ct_device *device, const ct_real *x, int n, int d, double *sigma,
                             ct_error *err)
{
    metric m = metric_open("singular values", device, err);
    double *y = metric_rows(&m, n, d, sizeof *y);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * d && y != NULL; i++) {
        y[i] = (double)x[i];
        if (!isfinite(y[i]))
            METRIC_FAIL(&m, CT_ERR_NUMERIC, "%s: row %td, column %td (from 0) is not finite",
                        m.name, i / d, i % d);
    }
    const double *values = metric_spectrum(&m, y, n, d);
    for (int k = 0; k < metric_least(n, d) && values != NULL; k++)
        sigma[k] = values[k];
    return metric_close(&m);
}
