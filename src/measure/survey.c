/* survey.c -- everything that one look at each row can measure, in O(n d) and a block of memory;
 * rows that repeat, and groups.
 *
 * Means over pairs i != j need no walk over pairs. With m_a, m_b the mean rows,
 *     mean_{i != j} <a_i, b_j> = mean_i <a_i, b_i> - n/(n-1) mean_i <a_i - m_a, b_i - m_b>
 * The last term keeps its digits near a collapse, where it is all that is left. */
#include "measure/measure.h"

#include "contrast/scalar.h"
#include "formats/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 256 /* rows that are read at a time */
/* Rows of length 1 at such a distance count as equal: their cosine is above 1 - 1e-5, logits differ
 * by 0.001 at temperature 0.01, and no loss tells them apart. Less where scattered rows come as
 * near, in few columns, and no more than a tenth of what rows scatter: a cone may be narrow. */
#define NEAR    4.5e-3
#define SCATTER 0.1  /* of the standard deviation of a projection */
#define ALIKE   1e-6 /* projections of rows that differ by rounding alone */

/* ---- rows that are equal, and groups ---- */

/* An item by a number that is equal, or nearly, if the items are. */
typedef struct keyed {
    double key;
    int item;
} keyed;

static int by_key(const void *x, const void *y)
{
    const keyed *p = x, *q = y;
    if (p->key != q->key)
        return p->key < q->key ? -1 : 1;
    return (p->item > q->item) - (p->item < q->item);
}

static bool are_near(const measure_rows *r, int i, int j, double near)
{
    double square = 0;
    for (int k = 0; r != NULL && k < r->d && square <= near * near; k++) {
        const double apart = (double)r->rounded[(ptrdiff_t)i * r->d + k] -
                             (double)r->rounded[(ptrdiff_t)j * r->d + k];
        square += apart * apart;
    }
    return square <= near * near;
}

/* Of n items the first that each is equal to: by their keys, and by the distance of rows if there
 * are any. An item is held only against one of each kind before it, which take the front of x. */
static int *first_equal(measuring *m, keyed *x, int n, const measure_rows *r, double near)
{
    int *kind = measure_room(m, n, 1, sizeof *kind), *first = measure_room(m, n, 1, sizeof *first);
    int kinds = 0;
    if (measure_failed(m))
        return NULL;
    qsort(x, (size_t)n, sizeof *x, by_key);
    for (int i = 0; i < n; i++) {
        const keyed is = x[i];
        int k = kinds - 1;
        while (k >= 0 && is.key - x[k].key <= near && !are_near(r, is.item, x[k].item, near))
            k--;
        if (k < 0 || is.key - x[k].key > near) {
            k = kinds++;
            x[k] = is;
            first[k] = is.item;
        }
        kind[is.item] = k;
        first[k] = measure_least(first[k], is.item);
    }
    for (int i = 0; i < n; i++)
        kind[i] = first[kind[i]];
    return kind;
}

/* Of each of n the first of its group (NULL: of its own), its own number if it is that; NULL if
 * memory is short. */
static int *first_of_group(measuring *m, const int *group, int n)
{
    keyed *x = measure_room(m, n, 1, sizeof *x);
    for (int i = 0; i < n && x != NULL; i++)
        x[i] = (keyed){group != NULL ? group[i] : i, i};
    return first_equal(m, x, n, NULL, 0);
}

/* The projection of a unit row on a direction in which no two sets of columns have the same part,
 * so that rows of few different values differ too: rows are at least as far apart as their keys. */
static double key_of(const double *unit, int d)
{
    double key = 0;
    for (int k = 0; k < d; k++) {
        /* Parts in equal steps would not do: columns 1 and 4 would have the same as 2 and 3. */
        const double turn = 1e6 / (k + 3.141592653589793);
        key += (2 * (turn - floor(turn)) - 1) / sqrt(d) * unit[k];
    }
    return key;
}

/* Of rows that are not all in memory: those of equal keys. */
static int *first_near(measuring *m, int s, const double *key)
{
    const measure_rows *r = m->e->all == NULL ? &m->side[s] : NULL;
    const int n = m->out->rows, d = m->e->d;
    keyed *x = measure_room(m, n, 1, sizeof *x);
    double mean = 0, square = 0;
    for (int i = 0; i < n && x != NULL; i++) {
        x[i] = (keyed){key[i], i};
        mean += key[i] / n;
        square += key[i] * key[i] / n;
    }
    const double scatter = SCATTER * sqrt(fmax(square - mean * mean, 0));
    const double usual = ct_scalar_exp(-ct_scalar_log(n) / (d - 1)); /* to the nearest row */
    return first_equal(m, x, n, r, r != NULL ? fmin(NEAR * usual, scatter) : 0);
}

/* Rows of side s that are equal to others, by a key of each of all rows. */
static void find_repeats(measuring *m, int s, const double *key)
{
    const int n = m->out->rows;
    ct_clues *c = m->clues;
    const int *first = first_near(m, s, key);
    int *same = measure_room(m, n, 1, sizeof *same);
    if (first == NULL || same == NULL)
        return;
    for (int i = 0; i < n; i++) {
        const int times = ++same[first[i]];
        m->out->duplicate_rows[s] += times > 1;
        c->alike_rows[s] += times > 1 && fabs(key[i] - key[first[i]]) < ALIKE;
        if (times > c->repeated_times[s]) {
            c->repeated_times[s] = times;
            c->repeated_row[s] = first[i];
        }
    }
    c->points[s] = n - m->out->duplicate_rows[s];
    c->repeats_floor[s] = m->e->group != NULL ? (double)NAN : 0;
    for (int i = n - 1; i >= 0; i--) { /* the first of a row's equals comes last */
        same[i] = same[first[i]];
        c->repeats_floor[s] += ct_scalar_log(same[i]) / n;
    }
    m->same[s] = same;
}

void measure_groups(measuring *m)
{
    const ct_embedded *e = m->e;
    const int rows = m->out->rows, *all = e->all != NULL ? e->all->group : e->group;
    const bool grouped = e->group != NULL;
    m->group = first_of_group(m, e->group, e->n);
    m->members = measure_room(m, e->n, 1, sizeof *m->members);
    for (int i = 0; i < e->n && !measure_failed(m); i++)
        m->members[m->group[i]]++;
    const int *first = grouped ? first_of_group(m, all, rows) : NULL;
    m->clues->groups = grouped ? 0 : rows;
    for (int i = 0; i < rows && first != NULL; i++)
        m->clues->groups += first[i] == i;
}

/* ---- one look at each row ---- */

/* What one look at each row of a side adds up. Sums are of unit rows less the first of them, so
 * that they keep their digits where all rows are close to each other. */
typedef struct survey {
    ct_real *block,
        *first;           /* (BLOCK, d) what was read; (d) the first row, NaN where others differ */
    double *unit, *pivot; /* (d) of the row that is looked at, and of the first */
    double *sum, *square; /* (d) */
    double *length;       /* (rows) */
    double *key;          /* (rows) by which equal ones are found */
} survey;

static survey survey_new(measuring *m)
{
    const int n = m->out->rows, d = m->e->d;
    return (survey){.block = measure_room(m, BLOCK, d, sizeof(ct_real)),
                    .first = measure_room(m, d, 1, sizeof(ct_real)),
                    .unit = measure_room(m, d, 1, sizeof(double)),
                    .pivot = measure_room(m, d, 1, sizeof(double)),
                    .sum = measure_room(m, d, 1, sizeof(double)),
                    .square = measure_room(m, d, 1, sizeof(double)),
                    .length = measure_room(m, n, 1, sizeof(double)),
                    .key = measure_room(m, n, 1, sizeof(double))};
}

static void look_at_row(measuring *m, const survey *v, int s, int row, const ct_real *x)
{
    const int d = m->e->d;
    const double length = measure_unit_row(x, d, v->unit);
    if (row == 0) {
        memcpy(v->first, x, (size_t)d * sizeof *x);
        memcpy(v->pivot, v->unit, (size_t)d * sizeof *v->unit);
    }
    if (!isfinite(length) && m->out->not_finite_rows[s]++ == 0)
        m->out->first_not_finite[s] = row;
    if (length == 0 && m->out->zero_rows[s]++ == 0)
        m->clues->zero_row[s] = row;
    v->length[row] = length;
    v->key[row] = key_of(v->unit, d);
    if (length > v->length[m->clues->longest_row[s]])
        m->clues->longest_row[s] = row;
    for (int k = 0; k < d; k++) {
        const double c = v->unit[k] - v->pivot[k];
        v->first[k] = x[k] == v->first[k] ? x[k] : (ct_real)NAN;
        v->sum[k] += c;
        v->square[k] += c * c;
    }
}

/* A pair, once both of its rows were looked at. */
static void look_at_pair(ct_measures *out, const survey v[2], int d)
{
    double product = 0, distance = 0, together = 0;
    for (int k = 0; k < d; k++) {
        const double a = v[0].unit[k], b = v[1].unit[k];
        product += a * b;
        distance += (a - b) * (a - b);
        together += (a - v[0].pivot[k]) * (b - v[1].pivot[k]);
    }
    out->diagonal_mean += product;
    out->alignment += distance;
    out->cross_covariance += together;
}

/* From sums to measures, rows being finite. The mean takes the place of the pivot. */
static void conclude_side(measuring *m, const survey *v, int s)
{
    ct_measures *out = m->out;
    ct_clues *c = m->clues;
    const int n = out->rows, d = m->e->d;
    double variance = 0, std = 0, mean = 0;
    for (int k = 0; k < d; k++) {
        v->sum[k] /= n;
        v->pivot[k] += v->sum[k];
        const double square = fmax(v->square[k] - n * v->sum[k] * v->sum[k], 0);
        const double share = square / n + v->pivot[k] * v->pivot[k];
        variance += square / n;
        std += sqrt(square);
        mean += v->pivot[k] * v->pivot[k];
        c->fixed_columns[s] += !isnan(v->first[k]);
        c->rogue_column[s] = share > c->rogue_share[s] ? k : c->rogue_column[s];
        c->rogue_share[s] = fmax(share, c->rogue_share[s]);
    }
    out->total_variance[s] = variance;
    out->mean_cosine[s] = n > 1 ? mean - variance / (n - 1) : 0;
    out->std_sqrt_d[s] = n > 1 ? std / sqrt((double)d * (n - 1)) : 0; /* n - 1 as in torch.std */
    const ct_spread length = ct_spread_of(v->length, n);
    out->length_median[s] = length.median;
    out->length_least[s] = length.least;
    out->length_most[s] = length.most;
    for (int i = 0; i < n; i++)
        c->odd_rows[s] += v->length[i] > MEASURE_LONG * length.median ||
                          (out->zero_rows[s] == 0 && v->length[i] * MEASURE_LONG < length.median);
    find_repeats(m, s, v->key);
}

static void conclude_pairs(ct_measures *out, const survey v[2], int d)
{
    const int n = out->rows;
    double gap = 0;
    out->diagonal_mean /= n;
    out->alignment /= n;
    out->cross_covariance /= n;
    for (int k = 0; k < d; k++) {
        gap += (v[0].pivot[k] - v[1].pivot[k]) * (v[0].pivot[k] - v[1].pivot[k]);
        out->cross_covariance -= v[0].sum[k] * v[1].sum[k];
    }
    out->off_diagonal_mean = n > 1 ? out->diagonal_mean - out->cross_covariance * n / (n - 1) : 0;
    out->modality_gap = sqrt(gap);
}

bool measure_all_rows(measuring *m)
{
    const ct_embedded *e = m->e;
    ct_measures *out = m->out;
    const survey v[2] = {survey_new(m), survey_new(m)};
    const ct_real *const x[2] = {e->all != NULL ? v[0].block : e->a,
                                 e->all != NULL ? v[1].block : e->b};
    if (out->n_sides == 2)
        out->diagonal_mean = out->alignment = out->cross_covariance = 0;
    for (int i = 0; i < out->rows && !measure_failed(m); i++) {
        const int at = e->all != NULL ? i % BLOCK : i;
        for (int s = 0; s < out->n_sides; s++) {
            if (e->all != NULL && at == 0)
                e->all->read(e->all->ctx, s, i, measure_least(BLOCK, out->rows - i), v[s].block,
                             m->arena.err);
            look_at_row(m, &v[s], s, i, x[s] + (ptrdiff_t)at * e->d);
        }
        if (out->n_sides == 2)
            look_at_pair(out, v, e->d);
    }
    if (measure_failed(m) || out->not_finite_rows[0] + out->not_finite_rows[1] > 0)
        return false;
    for (int s = 0; s < out->n_sides; s++)
        conclude_side(m, &v[s], s);
    if (out->n_sides == 2)
        conclude_pairs(out, v, e->d);
    return true;
}
