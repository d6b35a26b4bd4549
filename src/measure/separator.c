/* separator.c -- can a hyperplane tell the two sides apart?
 *
 * Ridge regression of +1 (side a) and -1 (side b), in its dual form: with x the rows
 * of both, centred, and K = xx',
 *
 *     (K + lambda 1) alpha = y        w = x' alpha        side of z: sign of w . (z - mean)
 *
 * so that it costs the same for any d. Fitted on rows with even numbers, judged on
 * odd ones: more columns than rows separate anything they have seen. Lambda is a
 * tenth of the mean of K's diagonal. */
#include "measure/measure.h"

#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#define FIT_ROWS 256   /* of each side, and as many again to judge */
#define RIDGE    0.1   /* of the mean of K's diagonal */
#define SOLVED   1e-20 /* of |y|^2, left */

/* Solve (k + ridge 1) x = y by conjugate gradients: k (n, n) symmetric and not negative, x from 0;
 * y becomes what is left. p, q (n) are scratch. */
static void solve(int n, const ct_real *k, double ridge, double *y, double *x, double *p, double *q)
{
    double left = n; /* |y|^2 */
    memcpy(p, y, (size_t)n * sizeof *p);
    for (int step = 0; step < n && left > SOLVED * n; step++) {
        double curve = 0, next = 0;
        for (int i = 0; i < n; i++)
            q[i] = ridge * p[i];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                q[j] += p[i] * (double)k[(ptrdiff_t)i * n + j];
        for (int i = 0; i < n; i++)
            curve += p[i] * q[i];
        for (int i = 0; i < n; i++) {
            x[i] += left / curve * p[i];
            y[i] -= left / curve * q[i];
            next += y[i] * y[i];
        }
        for (int i = 0; i < n; i++)
            p[i] = y[i] + next / left * p[i];
        left = next;
    }
}

/* Rows first, first + 2, ... of both sides; *rows is the count of each. */
static ct_real *take(measuring *m, int first, int *rows)
{
    const int n = m->e->n, d = m->e->d;
    const int step = n > 4 * FIT_ROWS ? n / (2 * FIT_ROWS) & ~1 : 2;
    *rows = measure_least(FIT_ROWS, (n - first + step - 1) / step);
    ct_real *x = measure_room(m, 2 * *rows, d, sizeof *x);
    for (int i = 0; i < 2 * *rows && x != NULL; i++) {
        const ptrdiff_t row = first + (ptrdiff_t)(i % *rows) * step;
        memcpy(x + (ptrdiff_t)i * d, m->side[i / *rows].rounded + row * d, (size_t)d * sizeof *x);
    }
    return x;
}

static void subtract(ct_real *x, int n, int d, const double *mean)
{
    for (int i = 0; i < n; i++)
        for (int e = 0; e < d; e++)
            x[(ptrdiff_t)i * d + e] -= (ct_real)mean[e];
}

double measure_separability(measuring *m)
{
    const int d = m->e->d;
    int fitted, judged, right = 0;
    double trace = 0;
    if (m->e->n < 4)
        return 0.5; /* nothing to judge with */
    ct_real *x = take(m, 0, &fitted), *z = take(m, 1, &judged);
    const int rows = 2 * fitted;
    ct_real *gram = measure_room(m, rows, rows, sizeof *gram);
    double *alpha = measure_room(m, rows, 1, sizeof *alpha);
    double *y = measure_room(m, rows, 1, sizeof *y), *spare = measure_room(m, rows, 2, sizeof *y);
    double *w = measure_room(m, d, 1, sizeof *w), *mean = measure_room(m, d, 1, sizeof *mean);
    if (measure_failed(m))
        return 0.5;
    for (int i = 0; i < rows; i++)
        for (int e = 0; e < d; e++)
            mean[e] += (double)x[(ptrdiff_t)i * d + e] / rows;
    subtract(x, rows, d, mean);
    subtract(z, 2 * judged, d, mean);
    k_matmul_nt(m->device, rows, rows, d, x, x, gram, false);
    for (int i = 0; i < rows; i++) {
        trace += (double)gram[(ptrdiff_t)i * rows + i];
        y[i] = i < fitted ? 1 : -1;
    }
    if (!(trace > 0)) /* all rows equal */
        return 0.5;
    solve(rows, gram, RIDGE * trace / rows, y, alpha, spare, spare + rows);
    for (int i = 0; i < rows; i++)
        for (int e = 0; e < d; e++)
            w[e] += alpha[i] * (double)x[(ptrdiff_t)i * d + e];
    for (int i = 0; i < 2 * judged; i++) {
        double score = 0;
        for (int e = 0; e < d; e++)
            score += w[e] * (double)z[(ptrdiff_t)i * d + e];
        right += i < judged ? score > 0 : score < 0;
    }
    return (double)right / (2 * judged);
}
