/* variances.c -- the variances of centred rows along their principal directions,
 * fast enough for 10,000 rows of 512.
 *
 * spectrum.c is exact to the last digit and slow. This takes the short cut that it
 * avoids: eigenvalues of the smaller of x'x and xx', built of float products. What that
 * costs is known: values below NOISE of the largest are rounding and count as 0. With
 * x centred first, that largest one is a variance and not the mean, so a cone and even
 * a near-collapse keep their digits; the matrix of the rows as they were is then made
 * from the centred one in double:
 *
 *     x'x = c'c + n m m'        x_i x_j' = c_i c_j' + c_i m' + m c_j' + m m'
 *
 * A symmetric matrix becomes a tridiagonal one by reflections, and each of its
 * eigenvalues is found by halving, as in spectrum.c (Golub and Van Loan, 8.3, 8.4).
 *
 * Layer: measure. Needs kernels (matmul, threads). */
#include "measure/findings.h"

#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#define BLOCK    256 /* rows of one float product: short chains, then sums in double */
#define HALVINGS 48  /* of the interval around a value                             */
#define LANES    8
#define NOISE    1e-6 /* of the largest variance                                     */
#define TINY     1e-300

/* y (m, m) = c'c or cc' of c (n, d), m = min(n, d), in blocks of the long side. */
static double *products(metric *m, const ct_real *c, int n, int d)
{
    const int least = metric_least(n, d), most = n > d ? n : d;
    double *y = metric_rows(m, least, least, sizeof *y);
    ct_real *part = metric_rows(m, least, least, sizeof *part);
    for (int k0 = 0; k0 < most && part != NULL; k0 += BLOCK) {
        const int k = metric_least(BLOCK, most - k0);
        const ct_real *at = n > d ? c + (ptrdiff_t)k0 * d : c + k0;
        const ptrdiff_t i = n > d ? 1 : d,
                        j = n > d ? d : 1; /* along the short side, along the long one */
        k_matmul(m->device, least, least, k, (k_matrix){at, i, j}, (k_matrix){at, j, i}, part,
                 least, false);
        for (ptrdiff_t e = 0; e < (ptrdiff_t)least * least; e++)
            y[e] += (double)part[e];
    }
    return y;
}

/* Householder: a (m, m) symmetric becomes tridiagonal, diagonal q, beside it e. For
 * each column, v reflects what lies below the first subdiagonal to zero; with
 * p = 2/|v|^2 a v and w = p - (p'v / |v|^2) v:   a -= v w' + w v'. */
static void tridiagonalise(int m, double *a, double *q, double *e, double *w)
{
    for (int k = 0; k + 1 < m; k++) {
        double *v = a + (ptrdiff_t)k * m; /* row k = column k, from k + 1 */
        double square = 0;
        for (int j = k + 2; j < m; j++)
            square += v[j] * v[j];
        q[k] = v[k];
        e[k] = v[k + 1];
        if (square < TINY)
            continue;
        const double norm = sqrt(v[k + 1] * v[k + 1] + square), alpha = v[k + 1] > 0 ? -norm : norm;
        e[k] = alpha;
        v[k + 1] -= alpha;
        const double beta = -1 / (alpha * v[k + 1]); /* 2/|v|^2 */
        double dot = 0;
        memset(w + k + 1, 0, (size_t)(m - k - 1) * sizeof *w);
        for (int i = k + 1; i < m; i++) { /* the rows right of the diagonal serve as columns too */
            const double *row = a + (ptrdiff_t)i * m;
            double sum[LANES] = {0};
            int j = i + 1;
            w[i] += v[i] * row[i];
            for (; j + LANES <= m; j += LANES)
                for (int l = 0; l < LANES; l++) {
                    w[j + l] += v[i] * row[j + l];
                    sum[l] += v[j + l] * row[j + l];
                }
            for (int l = 0; j < m; j++, l++) {
                w[j] += v[i] * row[j];
                sum[l] += v[j] * row[j];
            }
            for (int l = 0; l < LANES; l++)
                w[i] += sum[l];
        }
        for (int j = k + 1; j < m; j++) {
            w[j] *= beta;
            dot += w[j] * v[j];
        }
        for (int j = k + 1; j < m; j++)
            w[j] -= beta / 2 * dot * v[j];
        for (int i = k + 1; i < m; i++)
            for (int j = i; j < m; j++)
                a[(ptrdiff_t)i * m + j] -= v[i] * w[j] + w[i] * v[j];
    }
    q[m - 1] = a[(ptrdiff_t)m * m - 1];
    e[m - 1] = 0;
}

/* How many eigenvalues are below each s (Sturm: negative pivots of the shifted
 * matrix); LANES at once, since one chain of divisions would wait for itself. */
static void count_below(int m, const double *q, const double *e2, const double *s, int *count)
{
    double pivot[LANES];
    int below[LANES] = {0};
    for (int l = 0; l < LANES; l++)
        pivot[l] = 1;
    for (int k = 0; k < m; k++) {
        const double before = k > 0 ? e2[k - 1] : 0;
        for (int l = 0; l < LANES; l++) {
            const double p = q[k] - s[l] - before / pivot[l];
            pivot[l] = fabs(p) < TINY ? -TINY : p;
            below[l] += pivot[l] < 0;
        }
    }
    for (int l = 0; l < LANES; l++)
        count[l] = below[l];
}

typedef struct job {
    int m;
    double *a[2], *work[2], *out[2]; /* the centred matrix, and that of the rows as they were */
} job;

static void find_values(void *ctx, int which)
{
    const job *g = ctx;
    const int m = g->m;
    double *q = g->work[which], *e = q + m, *w = e + m, *out = g->out[which], bound = 0;
    tridiagonalise(m, g->a[which], q, e, w);
    for (int k = 0; k < m; k++) { /* Gershgorin */
        const double reach = fabs(q[k]) + fabs(e[k]) + (k > 0 ? fabs(e[k - 1]) : 0);
        bound = reach > bound ? reach : bound;
    }
    for (int k = 0; k < m; k++)
        e[k] *= e[k];
    for (int k0 = 0; k0 < m; k0 += LANES) { /* the largest first; each group bounds the next */
        double low[LANES] = {0}, high[LANES], middle[LANES];
        int count[LANES];
        for (int l = 0; l < LANES; l++)
            high[l] = k0 > 0 ? out[k0 - 1] : bound;
        for (int i = 0; i < HALVINGS; i++) {
            for (int l = 0; l < LANES; l++)
                middle[l] = (low[l] + high[l]) / 2;
            count_below(m, q, e, middle, count);
            for (int l = 0; l < LANES; l++) {
                const bool above = count[l] < m - (k0 + l);
                low[l] = above ? middle[l] : low[l];
                high[l] = above ? high[l] : middle[l];
            }
        }
        for (int l = 0; l < LANES && k0 + l < m; l++)
            out[k0 + l] = high[l];
        if (high[LANES - 1] <= bound * 1e-15) /* all the rest is rounding */
            break;
    }
}

/* Add what centring took away: mean (d), c (n, d) the centred rows. */
static void add_mean(metric *m, double *y, const double *c, const double *mean, int n, int d)
{
    double square = 0;
    double *along = metric_rows(m, n, 1, sizeof *along); /* c_i m' */
    for (int k = 0; k < d; k++)
        square += mean[k] * mean[k];
    if (n > d) {
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++)
                y[(ptrdiff_t)i * d + j] += n * mean[i] * mean[j];
        return;
    }
    for (int i = 0; i < n && along != NULL; i++)
        for (int k = 0; k < d; k++)
            along[i] += c[(ptrdiff_t)i * d + k] * mean[k];
    for (int i = 0; i < n && along != NULL; i++)
        for (int j = 0; j < n; j++)
            y[(ptrdiff_t)i * n + j] += along[i] + along[j] + square;
}

void metric_variances(metric *m, const double *c, const double *mean, int n, int d, double *centred,
                      double *whole)
{
    const int least = metric_least(n, d);
    const size_t bytes = (size_t)least * (size_t)least * sizeof(double);
    ct_real *rounded = metric_rounded(m, c, n, d);
    job g = {.m = least, .out = {centred, whole}};
    for (int s = 0; s < 2; s++)
        g.work[s] = metric_rows(m, 3, least, sizeof(double));
    g.a[0] = m->status == CT_OK ? products(m, rounded, n, d) : NULL;
    g.a[1] = metric_rows(m, least, least, sizeof(double));
    if (m->status != CT_OK)
        return;
    memcpy(g.a[1], g.a[0], bytes);
    add_mean(m, g.a[1], c, mean, n, d);
    if (m->status != CT_OK)
        return;
    k_parallel(m->device, 2, find_values, &g);
    const double noise = NOISE * centred[0];
    for (int k = 0; k < least; k++) {
        centred[k] = centred[k] > noise ? centred[k] : 0;
        whole[k] = whole[k] > noise ? whole[k] : 0;
    }
}
