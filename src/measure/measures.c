/* measures.c -- the numbers about embeddings, and the table that names them.
 *
 * No single number shows a collapse: a set can shrink to a point and still keep its order, or
 * spread in three directions out of a hundred. So there are several, from unit rows in double where
 * a collapse would eat the digits, from float products where there are n^2 of them. What is easy to
 * get wrong:
 *
 *  - Means over pairs i != j need no walk over pairs. With m_a, m_b the mean rows,
 *        mean_{i != j} <a_i, b_j> = mean_i <a_i, b_i> - n/(n-1) mean_i <a_i - m_a, b_i - m_b>
 *    in O(n d). The last term keeps its digits near a collapse, where it is all that is left.
 *  - RankMe is not centred, so a narrow cone has rank 1 however many directions it fills; centred,
 *    it would give full rank to the rounding noise of a collapsed set. There are both, the second
 *    only above a total variance.
 *  - Here a diverged model is noticed: a NaN that got further would compare false with everything,
 *    and could look like a success. Rows that are not finite end the measurement.
 *
 * Layer: measure. Needs kernels (matmul, exp), formats (the table). */
#include "contrast/ops.h" /* CT_NORM_EPS */
#include "contrast/scalar.h"
#include "kernels/kernels.h"
#include "measure/fields.h"
#include "measure/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NOISE_VARIANCE 1e-10 /* total, of float embeddings that should be equal; isotropic: 1 */
#define NEAR_ROWS      512   /* rows whose neighbours on their own side are looked up */

/* ---- the table ---- */

#define NUMBER(member) .key = #member, .kind = CT_REAL, CT_AT(ct_measures, member), .optional = true
#define SIDES(member)  NUMBER(member), .count = 2, CT_USED(ct_measures, n_sides)
#define COUNTS(member)                                                      \
    .key = #member, .kind = CT_INT, CT_AT(ct_measures, member), .count = 2, \
    CT_USED(ct_measures, n_sides)

static const ct_field MEASURES[] = {
    {.key = "rows", .kind = CT_INT, CT_AT(ct_measures, rows), .detail = true},
    {.key = "columns", .kind = CT_INT, CT_AT(ct_measures, columns), .detail = true},
    {SIDES(recall_at_1), .label = "recall@1", .format = "%.3f"},
    {SIDES(recall_at_5), .label = "recall@5", .format = "%.3f"},
    {SIDES(recall_at_10), .label = "recall@10", .format = "%.3f"},
    {SIDES(median_rank), .label = "median rank", .format = "%.1f"},
    {SIDES(wrong_ahead), .label = "wrong items ahead", .format = "%.3f"},
    {SIDES(hubness), .label = "hubness", .format = "%.2f"},
    {NUMBER(diagonal_mean), .label = "cosine of pairs", .format = "%.3f"},
    {NUMBER(off_diagonal_mean), .label = "cosine of others", .format = "%.3f"},
    {NUMBER(alignment), .label = "alignment", .format = "%.3f"},
    {NUMBER(cross_covariance), .label = "cross-covariance", .format = "%.3g"},
    {NUMBER(modality_gap), .label = "modality gap", .format = "%.3f"},
    {NUMBER(separability), .label = "separability", .format = "%.3f"},
    {NUMBER(mutual_nearest), .label = "mutual nearest", .format = "%.3f"},
    {NUMBER(mutual_nearest_elsewhere), .label = "mutual nearest, not partners", .format = "%.3f"},
    {NUMBER(nearer_to_other_side), .label = "nearer to the other side", .format = "%.3f"},
    {SIDES(mean_cosine), .label = "cosine of different rows", .format = "%.4f"},
    {SIDES(total_variance), .label = "total variance", .format = "%.3g"},
    {SIDES(std_sqrt_d), .label = "std sqrt(d)", .format = "%.3f"},
    {SIDES(effective_rank), .label = "effective rank", .format = "%.1f"},
    {SIDES(effective_rank_centred), .label = "effective rank, centred", .format = "%.1f"},
    {SIDES(participation_ratio), .label = "participation ratio", .format = "%.1f"},
    {SIDES(uniformity), .label = "uniformity", .format = "%.3f"},
    {SIDES(tolerance), .label = "tolerance", .format = "%.3f"},
    {SIDES(length_median), .label = "median length", .format = "%.3g"},
    {SIDES(length_least), .label = "shortest", .format = "%.3g"},
    {SIDES(length_most), .label = "longest", .format = "%.3g"},
    {COUNTS(zero_rows), .label = "zero rows"},
    {COUNTS(duplicate_rows), .label = "duplicate rows"},
    {COUNTS(not_finite_rows), .label = "rows not finite"},
};
const ct_fields ct_measures_fields = CT_FIELDS(MEASURES);

#define BINS(key_, member)                                                                    \
    .key = (key_), .kind = CT_REAL, CT_AT(ct_distributions, member), .count = CT_COSINE_BINS, \
    .optional = true, .detail = true
#define SPECTRUM(key_, s)                                                                       \
    .key = (key_), .kind = CT_REAL, CT_AT(ct_distributions, singular[s]), .count = CT_SPECTRUM, \
    CT_USED(ct_distributions, n_singular[s]), .optional = true, .detail = true

static const ct_field DISTRIBUTIONS[] = {
    {BINS("cosine_histogram_on", pairs)},       {BINS("cosine_histogram_off", others)},
    {BINS("cosine_histogram_a", within[0])},    {BINS("cosine_histogram_b", within[1])},
    {SPECTRUM("singular_values_centred_a", 0)}, {SPECTRUM("singular_values_centred_b", 1)},
};
const ct_fields ct_distributions_fields = CT_FIELDS(DISTRIBUTIONS);

/* Nothing is known yet. */
static void clear(const ct_fields *fields, void *object)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        double *x = (double *)(void *)((char *)object + f->offset);
        for (size_t k = 0; f->kind == CT_REAL && k < f->size / sizeof *x; k++)
            x[k] = (double)NAN;
    }
}

/* ---- rows ---- */

void *measure_room(measuring *m, int n, int d, size_t size)
{
    /* d * size cannot overflow: the caller already holds rows of d numbers. */
    return ct_arena_zeroed(&m->arena, (size_t)n, (size_t)d * size);
}

measure_rows measure_unit_rows(measuring *m, const ct_real *x, int n, int d)
{
    measure_rows r = {.n = n, .d = d, .first_bad = -1};
    if (n < 1 || d < 1)
        CT_FAIL(m->arena.err, CT_ERR_SHAPE,
                "%s: found (%d, %d): expected at least one row and one column", m->arena.user, n,
                d);
    r.unit = measure_room(m, n, d, sizeof *r.unit);
    r.rounded = measure_room(m, n, d, sizeof *r.rounded);
    r.length = measure_room(m, n, 1, sizeof *r.length);
    for (int i = 0; i < n && !measure_failed(m); i++) {
        const ptrdiff_t at = (ptrdiff_t)i * d;
        double square = 0;
        for (int k = 0; k < d; k++)
            square += (double)x[at + k] * (double)x[at + k];
        const double length = r.length[i] = sqrt(square);
        const double scale = length < (double)CT_NORM_EPS ? (double)CT_NORM_EPS : length;
        if (!isfinite(length) && r.bad++ == 0)
            r.first_bad = i;
        for (int k = 0; k < d; k++) {
            r.unit[at + k] = (double)x[at + k] / scale;
            r.rounded[at + k] = (ct_real)r.unit[at + k];
        }
    }
    return r;
}

double *measure_centre(measuring *m, double *x, int n, int d)
{
    double *mean = measure_room(m, d, 1, sizeof *mean);
    if (measure_failed(m))
        return NULL;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            mean[k] += x[(ptrdiff_t)i * d + k] / n;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            x[(ptrdiff_t)i * d + k] -= mean[k];
    return mean;
}

void *measure_sample(measuring *m, const void *x, int n, size_t bytes, int most, int *rows)
{
    *rows = measure_least(n, most);
    char *y = ct_arena_zeroed(&m->arena, (size_t)*rows, bytes);
    for (int i = 0; i < *rows && y != NULL; i++)
        memcpy(y + (size_t)i * bytes, (const char *)x + (size_t)((long long)i * n / *rows) * bytes,
               bytes);
    return y;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts x. */
static double median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, by_value);
    return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

/* Rows equal to an earlier one: a table of rows by a hash of their bits. */
static int count_duplicates(measuring *m, const ct_real *x, int n, int d)
{
    const size_t bytes = (size_t)d * sizeof *x;
    uint32_t size = 16;
    while (size < 2 * (uint32_t)n)
        size *= 2;
    int *table = measure_room(m, (int)size, 1, sizeof *table), count = 0; /* row + 1; 0: free */
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

/* ---- one side ---- */

/* Everything of one measurement. */
typedef struct work {
    measuring m;
    const ct_embedded *e;
    measure_rows side[2];
    ct_measures *out;
    ct_distributions *shape; /* or NULL */
} work;

static void look_at_rows(work *w, int s)
{
    const ct_real *x = s == 0 ? w->e->a : w->e->b;
    ct_measures *out = w->out;
    measure_rows *r = &w->side[s];
    *r = measure_unit_rows(&w->m, x, w->e->n, w->e->d);
    out->not_finite_rows[s] = r->bad;
    out->first_not_finite[s] = r->first_bad;
    for (int i = 0; i < r->n && !measure_failed(&w->m); i++)
        out->zero_rows[s] += r->length[i] < (double)CT_NORM_EPS;
    if (measure_failed(&w->m) || r->bad > 0)
        return;
    out->duplicate_rows[s] = count_duplicates(&w->m, x, r->n, r->d);
    out->length_median[s] = median(r->length, r->n);
    out->length_least[s] = r->length[0];
    out->length_most[s] = r->length[r->n - 1];
}

/* Adds the cosines of row `first`'s group: |sum_i x_i|^2 - sum_i |x_i|^2, so that pairs are never
 * walked. Its rows are marked as seen; sum (d) is scratch. */
static void add_group(const measure_rows *x, const int *group, int first, bool *seen, double *sum,
                      double *total, double *pairs)
{
    double rows = 0, own = 0, square = 0;
    memset(sum, 0, (size_t)x->d * sizeof *sum);
    for (int i = first; i < x->n; i++) {
        const double *row = x->unit + (ptrdiff_t)i * x->d;
        if (group[i] != group[first])
            continue;
        for (int k = 0; k < x->d; k++) {
            sum[k] += row[k];
            own += row[k] * row[k];
        }
        seen[i] = true;
        rows++;
    }
    for (int k = 0; k < x->d; k++)
        square += sum[k] * sum[k];
    *total += rows > 1 ? square - own : 0; /* one row: 0, and not its rounding */
    *pairs += rows * (rows - 1);
}

static double tolerance(measuring *m, const measure_rows *x, const int *group)
{
    double *sum = measure_room(m, x->d, 1, sizeof *sum), total = 0, pairs = 0;
    bool *seen = measure_room(m, x->n, 1, sizeof *seen);
    for (int i = 0; i < x->n && !measure_failed(m); i++)
        if (!seen[i])
            add_group(x, group, i, seen, sum, &total, &pairs);
    return pairs > 0 ? total / pairs : (double)NAN;
}

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

static void measure_directions(work *w, int s)
{
    ct_measures *out = w->out;
    const measure_rows *r = &w->side[s];
    const double *mean = r->mean;
    double *c = r->unit, sum = 0, squares = 0;
    int rows = r->n;
    if (r->n > CT_SAMPLE_ROWS && r->d > CT_SAMPLE_ROWS) {
        c = measure_sample(&w->m, c, r->n, (size_t)r->d * sizeof *c, CT_SAMPLE_ROWS, &rows);
        double *own = measure_centre(&w->m, c, rows, r->d);
        for (int k = 0; k < r->d && own != NULL; k++)
            own[k] += mean[k];
        mean = own;
    }
    const measure_spectrum l = measure_variances(&w->m, c, mean, rows, r->d);
    if (measure_failed(&w->m))
        return;
    for (int k = 0; k < l.n; k++) {
        sum += l.centred[k];
        squares += l.centred[k] * l.centred[k];
    }
    const bool noise = out->total_variance[s] < NOISE_VARIANCE; /* rounding has no directions */
    out->effective_rank[s] = rank_of(l.whole, l.n);
    out->effective_rank_centred[s] = noise ? 0 : rank_of(l.centred, l.n);
    out->participation_ratio[s] = noise || !(squares > 0) ? 0 : sum * sum / squares;
    if (w->shape == NULL)
        return;
    w->shape->n_singular[s] = measure_least(l.n, CT_SPECTRUM);
    for (int k = 0; k < w->shape->n_singular[s]; k++)
        w->shape->singular[s][k] = sqrt(l.centred[k]);
}

static int bin_of(double cosine)
{
    const int bin = (int)floor((cosine + 1) * (CT_COSINE_BINS / 2.0));
    return bin < 0 ? 0 : bin >= CT_COSINE_BINS ? CT_COSINE_BINS - 1 : bin;
}

/* Shares of the cosines s (n, n) of different rows. */
static void fill_bins(const ct_real *s, int n, double bin[CT_COSINE_BINS])
{
    long count[CT_COSINE_BINS] = {0};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            count[bin_of((double)s[(ptrdiff_t)i * n + j])] += i != j;
    for (int b = 0; b < CT_COSINE_BINS; b++)
        bin[b] = n > 1 ? (double)count[b] / ((double)n * (n - 1)) : 0;
}

/* From the products s (n, n) of a side, which it overwrites. The distance |x_i|^2 + |x_j|^2 -
 * 2 <x_i, x_j> takes the true squared lengths and not 1: a row of zeros has none, and equal rows
 * come out at exactly 0, since all three products are the same chain. Almost equal rows come out
 * within 1e-6 of 0 on either side; a squared distance below 0 is taken as 0. */
static double uniformity(measuring *m, ct_real *s, int n)
{
    ct_real *square = measure_room(m, n, 1, sizeof *square);
    double total = -(double)n; /* the n pairs i = j, each e^0 */
    if (square == NULL || n == 1)
        return 0;
    for (int i = 0; i < n; i++)
        square[i] = s[(ptrdiff_t)i * n + i];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            ct_real *cell = &s[(ptrdiff_t)i * n + j];
            const ct_real distance = square[i] + square[j] - 2 * *cell;
            *cell = distance > 0 ? -2 * distance : 0;
        }
    k_exp(m->device, (size_t)n * (size_t)n, s, s);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * n; i++)
        total += (double)s[i];
    return ct_scalar_log(total / ((double)n * (n - 1)));
}

/* Cosines (n, n) of evenly spaced rows of x with those of y; NULL if memory is short. */
static ct_real *sampled_cosines(work *w, const measure_rows *x, const measure_rows *y, int *n)
{
    const size_t bytes = (size_t)x->d * sizeof(ct_real);
    const ct_real *a = measure_sample(&w->m, x->rounded, x->n, bytes, CT_SAMPLE_ROWS, n),
                  *b = x == y ? a
                              : measure_sample(&w->m, y->rounded, y->n, bytes, CT_SAMPLE_ROWS, n);
    ct_real *s = measure_room(&w->m, *n, *n, sizeof *s);
    if (!measure_failed(&w->m))
        k_matmul_nt(w->m.device, *n, *n, x->d, a, b, s, false);
    return measure_failed(&w->m) ? NULL : s;
}

/* Leaves the side's unit rows centred. */
static void measure_side(work *w, int s)
{
    measure_rows *r = &w->side[s];
    ct_measures *out = w->out;
    const int n = r->n, d = r->d;
    double variance = 0, std = 0, mean = 0;
    int rows;
    if (w->e->group != NULL)
        out->tolerance[s] = tolerance(&w->m, r, w->e->group);
    r->mean = measure_centre(&w->m, r->unit, n, d);
    double *square = measure_room(&w->m, d, 1, sizeof *square);
    ct_real *cosines = sampled_cosines(w, r, r, &rows);
    if (measure_failed(&w->m))
        return;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            square[k] += r->unit[(ptrdiff_t)i * d + k] * r->unit[(ptrdiff_t)i * d + k];
    for (int k = 0; k < d; k++) {
        variance += square[k] / n;
        std += sqrt(square[k]);
        mean += r->mean[k] * r->mean[k];
    }
    out->total_variance[s] = variance;
    out->mean_cosine[s] = n > 1 ? mean - variance / (n - 1) : 0;
    out->std_sqrt_d[s] = n > 1 ? std / sqrt((double)d * (n - 1)) : 0; /* n - 1 as in torch.std */
    measure_directions(w, s);
    if (w->shape != NULL)
        fill_bins(cosines, rows, w->shape->within[s]);
    out->uniformity[s] = uniformity(&w->m, cosines, rows);
}

/* ---- both sides ---- */

/* Before the sides are centred. */
static void compare_rows(work *w)
{
    const double *a = w->side[0].unit, *b = w->side[1].unit;
    double product = 0, distance = 0;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)w->e->n * w->e->d; i++) {
        product += a[i] * b[i];
        distance += (a[i] - b[i]) * (a[i] - b[i]);
    }
    w->out->diagonal_mean = product / w->e->n;
    w->out->alignment = distance / w->e->n;
}

/* Once they are. */
static void compare_means(work *w)
{
    const measure_rows *a = &w->side[0], *b = &w->side[1];
    const int n = w->e->n, d = w->e->d;
    ct_measures *out = w->out;
    double product = 0, gap = 0;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n * d; i++)
        product += a->unit[i] * b->unit[i] / n;
    for (int k = 0; k < d; k++)
        gap += (a->mean[k] - b->mean[k]) * (a->mean[k] - b->mean[k]);
    out->cross_covariance = product;
    out->off_diagonal_mean = n > 1 ? out->diagonal_mean - product * n / (n - 1) : 0;
    out->modality_gap = sqrt(gap);
}

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

/* What side s finds in the other one. */
static void measure_retrieval(work *w, const measure_walk *walk, int s)
{
    const int n = w->e->n;
    ct_measures *out = w->out;
    double *rank = measure_room(&w->m, n, 1, sizeof *rank), found[3] = {0}, ahead = 0;
    int *hub = measure_room(&w->m, n, 1, sizeof *hub);
    if (measure_failed(&w->m))
        return;
    for (int i = 0; i < n; i++) {
        rank[i] = 1 + walk->ahead[s][i];
        found[0] += rank[i] <= 1;
        found[1] += rank[i] <= 5;
        found[2] += rank[i] <= 10;
        ahead += n > 1 ? (double)walk->ahead[s][i] / (n - 1) / n : 0;
        for (int k = 0; k < CT_HUB_K && k < n; k++)
            hub[walk->nearest[s][i].item[k]]++;
    }
    out->recall_at_1[s] = found[0] / n;
    out->recall_at_5[s] = found[1] / n;
    out->recall_at_10[s] = found[2] / n;
    out->median_rank[s] = median(rank, n);
    out->wrong_ahead[s] = ahead;
    out->hubness[s] = skewness(hub, n);
}

/* Who is whose nearest across the sides. */
static void measure_mutual(work *w, const measure_walk *walk)
{
    const int n = w->e->n, *group = w->e->group;
    int here = 0, elsewhere = 0;
    for (int i = 0; i < n; i++) {
        const measure_nearest *l = &walk->nearest[0][i];
        const int j = l->item[0];
        const bool mutual = walk->nearest[1][j].item[0] == i;
        const bool tied = !(l->s[0] > walk->own[i]) || (group != NULL && group[i] == group[j]);
        here += mutual && j == i;
        elsewhere += mutual && j != i && !tied;
    }
    w->out->mutual_nearest = (double)here / n;
    w->out->mutual_nearest_elsewhere = (double)elsewhere / n;
}

/* Some rows of a: is a row of b nearer than any other row of a? Ties count for a. */
static void measure_nearer(work *w, const measure_walk *across)
{
    const measure_rows *a = &w->side[0];
    int rows, count = 0;
    const ct_real *few = measure_sample(&w->m, a->rounded, a->n, (size_t)a->d * sizeof *few,
                                        NEAR_ROWS, &rows);
    measure_walk own = {.a = few, .b = a->rounded, .n_a = rows, .n_b = a->n, .d = a->d};
    if (!measure_failed(&w->m))
        measure_walk_run(&w->m, &own);
    for (int i = 0; i < rows && !measure_failed(&w->m); i++) {
        const int row = (int)((long long)i * a->n / rows);
        const measure_nearest *l = &own.nearest[0][i];
        count += across->nearest[0][row].s[0] > l->s[l->item[0] == row]; /* not itself */
    }
    w->out->nearer_rows = rows;
    w->out->nearer_to_other_side = a->n > 1 ? (double)count / rows : 0.5;
}

static void measure_pairs(work *w)
{
    const measure_rows *a = &w->side[0], *b = &w->side[1];
    const int n = a->n, d = a->d;
    measure_walk walk = {.a = a->rounded,
                         .b = b->rounded,
                         .n_a = n,
                         .n_b = n,
                         .d = d,
                         .both = true,
                         .group = w->e->group};
    int rows;
    measure_walk_run(&w->m, &walk);
    if (measure_failed(&w->m))
        return;
    for (int s = 0; s < 2; s++)
        measure_retrieval(w, &walk, s);
    measure_mutual(w, &walk);
    measure_nearer(w, &walk);
    w->out->separability = measure_separability(&w->m, a->rounded, b->rounded, n, d);
    if (w->shape == NULL || measure_failed(&w->m))
        return;
    memset(w->shape->pairs, 0, sizeof w->shape->pairs);
    for (int i = 0; i < n; i++)
        w->shape->pairs[bin_of((double)walk.own[i])] += 1.0 / n;
    const ct_real *s = sampled_cosines(w, a, b, &rows);
    if (s != NULL)
        fill_bins(s, rows, w->shape->others);
}

/* ---- all of it ---- */

ct_status ct_measure(const ct_embedded *e, ct_measures *out, ct_distributions *shape, ct_error *err)
{
    ct_measures got = {.rows = e->n, .columns = e->d, .n_sides = e->b != NULL ? 2 : 1};
    work w = {.m = {.device = e->device}, .e = e, .out = &got, .shape = shape};
    ct_arena_open(&w.m.arena, "measures", 0, err);
    clear(&ct_measures_fields, &got);
    if (shape != NULL) {
        clear(&ct_distributions_fields, shape);
        shape->n_singular[0] = shape->n_singular[1] = 0;
    }
    for (int s = 0; s < got.n_sides; s++)
        look_at_rows(&w, s);
    const bool good = got.not_finite_rows[0] + got.not_finite_rows[1] == 0;
    if (good && got.n_sides == 2 && !measure_failed(&w.m))
        compare_rows(&w);
    for (int s = 0; s < got.n_sides && good && !measure_failed(&w.m); s++)
        measure_side(&w, s);
    if (good && got.n_sides == 2 && !measure_failed(&w.m)) {
        compare_means(&w);
        measure_pairs(&w);
    }
    ct_arena_free(&w.m.arena);
    if (err->status == CT_OK)
        *out = got;
    return err->status;
}

ct_status ct_measures_finite(const ct_measures *m, ct_error *err)
{
    for (int s = 0; s < m->n_sides; s++)
        if (m->not_finite_rows[s] > 0)
            CT_FAIL(err, CT_ERR_NUMERIC,
                    "row %d of %s (from 0) has no finite length; did training diverge?",
                    m->first_not_finite[s], s == 0 ? "a" : "b");
    return err->status;
}
