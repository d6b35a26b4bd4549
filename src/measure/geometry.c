/* geometry.c -- where the embeddings of both sides lie: together, apart, or in
 * one point.
 *
 * No single number tells a collapse: a set can shrink to a point and still keep
 * its order, or spread in three directions out of a hundred. So this measures
 * several, from unit rows in double. What is easy to get wrong:
 *
 *  - Means over pairs i != j need no walk over pairs. With m_a, m_b the mean rows,
 *        mean_{i != j} <a_i, b_j> = mean_i <a_i, b_i> - n/(n-1) mean_i <a_i - m_a, b_i - m_b>
 *    in O(n d). The last term is the trace of the covariance; taken from centred
 *    rows it keeps its digits near a collapse, where it is all that is left.
 *  - RankMe is not centred, so a narrow cone has rank 1 however many directions it
 *    fills; centred, it would give full rank to the rounding noise of a collapsed
 *    set. Both are reported, the second only above a total variance.
 *
 * Layer: measure. */
#include "measure/metric.h"

#include "contrast/scalar.h"

#include <math.h>

/* One side; x is centred half-way through the measurement. */
typedef struct side {
    int n, d;
    double *x;      /* (n, d) unit rows                                   */
    double *mean;   /* (d) mean row                                       */
    double *square; /* (d) sum of squares of each column of the centred x */
} side;

/* mean_i <a_i, b_i> */
static double mean_product(const side *a, const side *b)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)a->n * a->d; i++)
        sum += a->x[i] * b->x[i];
    return sum / a->n;
}

/* sum_i (a_i - b_i)^2 */
static double distance(const double *a, const double *b, ptrdiff_t n)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* mean_{i != j} <a_i, b_j>, given mean_i <a_i, b_i> before and after centring. */
static double mean_off_diagonal(int n, double product, double centred)
{
    return n > 1 ? product - centred * n / (n - 1) : 0;
}

/* Subtract the mean row; fill mean and square, which are zero. */
static void centre(side *a)
{
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < a->d; k++)
            a->mean[k] += a->x[(ptrdiff_t)i * a->d + k] / a->n;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < a->d; k++) {
            double *x = &a->x[(ptrdiff_t)i * a->d + k];
            *x -= a->mean[k];
            a->square[k] += *x * *x;
        }
}

/* RankMe: e^(entropy of p), p_k = sigma_k / sum sigma + 1e-7; 0 if all are 0. */
static double effective_rank(metric *m, const side *a)
{
    const double *sigma = metric_spectrum(m, a->x, a->n, a->d);
    double sum = 0, entropy = 0;
    for (int k = 0; k < metric_least(a->n, a->d) && sigma != NULL; k++)
        sum += sigma[k];
    if (sum == 0)
        return 0;
    for (int k = 0; k < metric_least(a->n, a->d); k++) {
        const double p = sigma[k] / sum + 1e-7;
        entropy -= p * ct_scalar_log(p);
    }
    return ct_scalar_exp(entropy);
}

/* What one side is like by itself; leaves x centred. */
static void measure_side(metric *m, side *a, ct_geometry *g, int s)
{
    g->uniformity[s] = metric_uniformity(m, metric_rounded(m, a->x, a->n, a->d), a->n, a->d);
    g->rank[s] = effective_rank(m, a);
    const double product = mean_product(a, a);
    double variance = 0, std = 0;
    centre(a);
    for (int k = 0; k < a->d; k++) {
        variance += a->square[k] / a->n;
        std += sqrt(a->square[k]);
    }
    g->mean_cosine[s] = mean_off_diagonal(a->n, product, variance);
    g->std_sqrt_d[s] = a->n > 1 ? std / sqrt((double)a->d * (a->n - 1))
                                : 0; /* n - 1 as in torch.std */
    g->rank_centred[s] = variance < METRIC_NOISE_VARIANCE ? 0 : effective_rank(m, a);
}

ct_status ct_geometry_measure(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                              ct_geometry *out, ct_error *err)
{
    metric m = metric_open("geometry", device, err);
    ct_geometry g = {0};
    side x[2];
    for (int s = 0; s < 2; s++) {
        x[s].n = n, x[s].d = d;
        x[s].x = metric_unit_rows(&m, s == 0 ? "a" : "b", s == 0 ? a : b, n, d);
        x[s].mean = metric_rows(&m, 1, d, sizeof *x[s].mean);
        x[s].square = metric_rows(&m, 1, d, sizeof *x[s].square);
    }
    if (m.status == CT_OK) {
        g.diagonal_mean = mean_product(&x[0], &x[1]);
        g.alignment = distance(x[0].x, x[1].x, (ptrdiff_t)n * d) / n;
        measure_side(&m, &x[0], &g, 0);
        measure_side(&m, &x[1], &g, 1);
        g.off_diagonal_mean = mean_off_diagonal(n, g.diagonal_mean, mean_product(&x[0], &x[1]));
        g.gap = sqrt(distance(x[0].mean, x[1].mean, d));
    }
    if (m.status == CT_OK)
        *out = g;
    return metric_close(&m);
}
