/* findings.c -- everything that a diagnosis looks at, from two arrays.
 *
 * Rows that are not finite end the measurement there: every other number would be a
 * lie. All else speaks of unit rows, in double where a collapse would eat the digits
 * (geometry.c says why), from float products where there are n^2 of them.
 *
 * Layer: measure. */
#include "measure/findings.h"

#include "contrast/ops.h" /* CT_NORM_EPS */
#include "contrast/scalar.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_ROWS 512 /* rows whose neighbours on their own side are looked up */
#define CHUNK     512

/* ---- rows as they come ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, by_value);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

static void measure_lengths(metric *m, const ct_real *x, int n, int d, ct_side_findings *f)
{
    double *length = metric_rows(m, n, 1, sizeof *length);
    for (int i = 0; i < n && length != NULL; i++) {
        for (int k = 0; k < d; k++)
            length[i] += (double)x[(ptrdiff_t)i * d + k] * (double)x[(ptrdiff_t)i * d + k];
        length[i] = sqrt(length[i]);
        f->bad_rows += !isfinite(length[i]);
        f->zero_rows += length[i] < (double)CT_NORM_EPS;
    }
    if (length == NULL || f->bad_rows > 0)
        return;
    f->norm_median = median(length, n);
    f->norm_least = length[0];
    f->norm_most = length[n - 1];
}

/* Rows equal to an earlier one: a table of rows by a hash of their bits. */
static int count_duplicates(metric *m, const ct_real *x, int n, int d)
{
    const size_t bytes = (size_t)d * sizeof *x;
    uint32_t size = 16;
    while (size < 2 * (uint32_t)n)
        size *= 2;
    int *table = metric_rows(m, (int)size, 1, sizeof *table), count = 0; /* row + 1; 0: free */
    for (int i = 0; i < n && table != NULL; i++) {
        const ct_real *row = x + (ptrdiff_t)i * d;
        const unsigned char *byte = (const unsigned char *)row;
        uint32_t hash = 2166136261u; /* FNV-1a */
        for (size_t k = 0; k < bytes; k++)
            hash = (hash ^ byte[k]) * 16777619u;
        uint32_t at = hash & (size - 1);
        while (table[at] != 0 && memcmp(x + (ptrdiff_t)(table[at] - 1) * d, row, bytes) != 0)
            at = (at + 1) & (size - 1);
        count += table[at] != 0;
        table[at] = i + 1;
    }
    return count;
}

ct_real *metric_sample(metric *m, const ct_real *x, int n, int d, int most, int *rows)
{
    *rows = metric_least(n, most);
    ct_real *y = metric_rows(m, *rows, d, sizeof *y);
    for (int i = 0; i < *rows && y != NULL; i++) {
        const ptrdiff_t from = (ptrdiff_t)((long long)i * n / *rows);
        memcpy(y + (ptrdiff_t)i * d, x + from * d, (size_t)d * sizeof *y);
    }
    return y;
}

/* ---- cosines ---- */

static int bin_of(double cosine)
{
    const int bin = (int)floor((cosine + 1) * (CT_COSINE_BINS / 2.0));
    return bin < 0 ? 0 : bin >= CT_COSINE_BINS ? CT_COSINE_BINS - 1 : bin;
}

/* Shares of the cosines of row i of x and row j of y, i != j, n rows each. */
static void histogram_off(metric *m, const ct_real *x, const ct_real *y, int n, int d,
                          double out[CT_COSINE_BINS])
{
    ct_real *s = metric_rows(m, n, n, sizeof *s);
    long count[CT_COSINE_BINS] = {0};
    if (s == NULL || n < 2)
        return;
    k_matmul_nt(m->device, n, n, d, x, y, s, false);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            count[bin_of((double)s[(ptrdiff_t)i * n + j])] += i != j;
    for (int b = 0; b < CT_COSINE_BINS; b++)
        out[b] = (double)count[b] / ((double)n * (n - 1));
}

/* ---- one side ---- */

typedef struct side {
    double *unit;     /* (n, d); centred by measure_side */
    double *mean;     /* (d)                             */
    ct_real *rounded; /* (n, d) unit rows                */
} side;

/* e^(entropy of p_k = sqrt(l_k) / sum + 1e-7); 0 if all are 0. */
static double rank_of(const double *l, int n)
{
    double sum = 0, entropy = 0;
    for (int k = 0; k < n; k++)
        sum += sqrt(l[k]);
    for (int k = 0; k < n && sum > 0; k++) {
        const double p = sqrt(l[k]) / sum + 1e-7;
        entropy -= p * ct_scalar_log(p);
    }
    return sum > 0 ? ct_scalar_exp(entropy) : 0;
}

static void centre(double *x, int n, int d, double *mean)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            mean[k] += x[(ptrdiff_t)i * d + k] / n;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            x[(ptrdiff_t)i * d + k] -= mean[k];
}

static void measure_spectrum(metric *m, const side *s, int n, int d, ct_side_findings *f)
{
    const double *c = s->unit, *mean = s->mean;
    int rows = n;
    if (d > CT_SAMPLE_ROWS && n > CT_SAMPLE_ROWS) {
        const ct_real *few = metric_sample(m, s->rounded, n, d, CT_SAMPLE_ROWS, &rows);
        double *own = metric_rows(m, rows, d, sizeof *own),
               *middle = metric_rows(m, d, 1, sizeof *middle);
        for (ptrdiff_t i = 0; i < (ptrdiff_t)rows * d && middle != NULL; i++)
            own[i] = (double)few[i];
        if (middle != NULL)
            centre(own, rows, d, middle);
        c = own, mean = middle;
    }
    const int least = metric_least(rows, d);
    double *l = metric_rows(m, least, 1, sizeof *l),
           *whole = metric_rows(m, least, 1, sizeof *whole);
    if (m->status != CT_OK)
        return;
    metric_variances(m, c, mean, rows, d, l, whole);
    double sum = 0, squares = 0;
    for (int k = 0; k < least; k++) {
        sum += l[k];
        squares += l[k] * l[k];
        if (k < CT_SPECTRUM)
            f->spectrum[f->n_spectrum++] = sqrt(l[k]);
    }
    f->rank = rank_of(whole, least);
    if (f->variance < METRIC_NOISE_VARIANCE)
        return; /* rounding has no directions */
    f->rank_centred = rank_of(l, least);
    f->participation = squares > 0 ? sum * sum / squares : 0;
}

/* Leaves s->unit centred. */
static void measure_side(metric *m, side *s, int n, int d, ct_side_findings *f)
{
    double *square = metric_rows(m, d, 1, sizeof *square), std = 0, length = 0;
    s->mean = metric_rows(m, d, 1, sizeof *s->mean);
    if (m->status != CT_OK)
        return;
    centre(s->unit, n, d, s->mean);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            square[k] += s->unit[(ptrdiff_t)i * d + k] * s->unit[(ptrdiff_t)i * d + k];
    for (int k = 0; k < d; k++) {
        f->variance += square[k] / n;
        std += sqrt(square[k]);
        length += s->mean[k] * s->mean[k];
    }
    f->mean_cosine = n > 1 ? length - f->variance / (n - 1) : 0;
    f->std_sqrt_d = n > 1 ? std / sqrt((double)d * (n - 1)) : 0;
    measure_spectrum(m, s, n, d, f);
    int rows;
    const ct_real *few = metric_sample(m, s->rounded, n, d, CT_SAMPLE_ROWS, &rows);
    if (few != NULL) {
        f->uniformity = metric_uniformity(m, few, rows, d);
        histogram_off(m, few, few, rows, d, f->histogram);
    }
}

/* ---- both sides ---- */

/* Skewness of x: mean (x - mean)^3 / std^3; 0 if all are equal. */
static double skewness(const int *x, int n)
{
    double mean = 0, square = 0, cube = 0;
    for (int i = 0; i < n; i++)
        mean += (double)x[i] / n;
    for (int i = 0; i < n; i++) {
        const double c = x[i] - mean;
        square += c * c / n;
        cube += c * c * c / n;
    }
    return square > 0 ? cube / (square * sqrt(square)) : 0;
}

/* Share of some rows of a that are nearer to a row of b than to any other row of a;
 * ties count for a. */
static double measure_nearer(metric *m, const ct_real *a, const pairing *p, int n, int d,
                             int *looked_up)
{
    int rows;
    ct_real *few = metric_sample(m, a, n, d, NEAR_ROWS, &rows),
            *s = metric_rows(m, NEAR_ROWS, CHUNK, sizeof *s);
    ct_real *best = metric_rows(m, NEAR_ROWS, 1, sizeof *best);
    *looked_up = rows;
    if (m->status != CT_OK || n < 2)
        return 0.5;
    for (int i = 0; i < rows; i++)
        best[i] = -2; /* below any cosine */
    for (int j0 = 0; j0 < n; j0 += CHUNK) {
        const int cols = metric_least(CHUNK, n - j0);
        k_matmul_nt(m->device, rows, cols, d, few, a + (ptrdiff_t)j0 * d, s, false);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < cols; j++)
                if ((long long)i * n / rows != j0 + j && s[i * cols + j] > best[i])
                    best[i] = s[i * cols + j];
    }
    int count = 0;
    for (int i = 0; i < rows; i++)
        count += p->best[0][(long long)i * n / rows] > best[i];
    return (double)count / rows;
}

static void measure_pairs(metric *m, side s[2], int n, int d, const int *group, ct_findings *f)
{
    const ct_real *a = s[0].rounded, *b = s[1].rounded;
    pairing p;
    if (!metric_pairing(m, a, b, n, d, group, &p))
        return;
    for (int i = 0; i < 2; i++) {
        metric_recall(m, p.ahead[i], n, &f->recall[i]);
        for (int k = 0; k < n && n > 1; k++)
            f->ahead[i] += (double)p.ahead[i][k] / (n - 1) / n;
        f->hubness[i] = skewness(p.hub[i], n);
    }
    int here = 0, elsewhere = 0;
    for (int i = 0; i < n; i++) {
        const int j = p.nearest[0][i];
        const bool mutual = p.nearest[1][j] == i;
        const bool tied = !(p.best[0][i] > p.own[i]) || (group != NULL && group[i] == group[j]);
        here += mutual && j == i;
        elsewhere += mutual && j != i && !tied;
        f->histogram_on[bin_of((double)p.own[i])] += 1.0 / n;
    }
    f->matched = (double)here / n;
    f->matched_elsewhere = (double)elsewhere / n;
    f->nearer = measure_nearer(m, a, &p, n, d, &f->nearer_rows);
    f->separability = metric_separability(m, a, b, n, d);
    int rows;
    const ct_real *few = metric_sample(m, a, n, d, CT_SAMPLE_ROWS, &rows);
    const ct_real *others = metric_sample(m, b, n, d, CT_SAMPLE_ROWS, &rows);
    if (m->status == CT_OK)
        histogram_off(m, few, others, rows, d, f->histogram_off);
}

/* Needs both sides centred. */
static void compare_means(const side s[2], int n, int d, ct_findings *f)
{
    double means = 0, gap = 0, distance = 0;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * d; i++) {
        const double a = s[0].unit[i], b = s[1].unit[i];
        f->cross_covariance += a * b / n;
        distance += (a - b) * (a - b) / n;
    }
    for (int k = 0; k < d; k++) {
        means += s[0].mean[k] * s[1].mean[k];
        gap += (s[0].mean[k] - s[1].mean[k]) * (s[0].mean[k] - s[1].mean[k]);
    }
    f->diagonal_mean = means + f->cross_covariance;
    f->off_diagonal_mean = n > 1 ? means - f->cross_covariance / (n - 1) : 0;
    f->gap = sqrt(gap);
    f->alignment = distance + gap; /* around the means, and of the means */
}

ct_status ct_findings_measure(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                              const int *group, ct_findings *out, ct_error *err)
{
    const ct_real *const x[2] = {a, b};
    metric m = metric_open("findings", device, err);
    side s[2] = {{NULL, NULL, NULL}, {NULL, NULL, NULL}};
    *out = (ct_findings){.n = n, .d = d, .n_sides = b != NULL ? 2 : 1};
    bool good = true;
    for (int i = 0; i < (b != NULL ? 2 : 1); i++) {
        measure_lengths(&m, i == 0 ? a : b, n, d, &out->side[i]);
        good = good && out->side[i].bad_rows == 0;
    }
    for (int i = 0; i < out->n_sides && good && m.status == CT_OK; i++) {
        out->side[i].duplicates = count_duplicates(&m, x[i], n, d);
        s[i].unit = metric_unit_rows(&m, i == 0 ? "a" : "b", x[i], n, d);
        s[i].rounded = metric_rounded(&m, s[i].unit, n, d);
        measure_side(&m, &s[i], n, d, &out->side[i]);
    }
    if (out->n_sides == 2 && good && m.status == CT_OK) {
        compare_means(s, n, d, out);
        measure_pairs(&m, s, n, d, group, out);
    }
    return metric_close(&m);
}
