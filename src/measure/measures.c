/* measures.c -- the numbers about embeddings, and the table that names them.
 *
 * No single number shows a collapse: a set can shrink to a point and still keep its order, or
 * scatter in three directions out of a hundred. So there are several, from unit rows in double
 * where a collapse would eat the digits, from float products where there are n^2 of them. What is
 * easy to get wrong:
 *
 *  - RankMe is not centred, so a narrow cone has rank 1 however many directions it fills; centred,
 *    it would give full rank to the rounding noise of a collapsed set. There are both, the second
 *    only above a total variance.
 *  - Here a diverged model is noticed: a NaN that got further would compare false with everything,
 *    and could look like a success. Rows that are not finite end the measurement. */
#include "contrast/scalar.h"
#include "kernels/kernels.h"
#include "measure/measure.h"
#include "measure/numbers.h"

#include <math.h>
#include <string.h>

#define NOISE_VARIANCE 1e-10 /* total, of float embeddings that should be equal; isotropic: 1 */
#define TRACE          0.02  /* of the variance, beyond a cliff */
#define CLIFF          0.2   /* a singular value, of the one before it */

/* ---- the table ---- */

#define NUMBER(member) CT_ROW(#member, CT_REAL, ct_measures, member), .optional = true
#define SIDES(member)  CT_ROWS(#member, CT_REAL, ct_measures, member, n_sides), .optional = true
#define COUNTS(member) CT_ROWS(#member, CT_INT, ct_measures, member, n_sides)

/* clang-format off */
static const ct_field MEASURES[] = {
    {.key = "rows", .kind = CT_INT, CT_AT(ct_measures, rows), .detail = true},
    {.key = "columns", .kind = CT_INT, CT_AT(ct_measures, columns), .detail = true},
    {NUMBER(sample), .count = 2, .label = "sample and its seed", .format = "%.0f",
     .help = "of more rows than memory should hold, how many are compared with each other: "
             "retrieval, spectra, histograms; lengths, repeats, columns, means are of all rows"},
    {SIDES(recall_at_1), .label = "recall@1", .format = "%.3f",
     .help = "share of rows nearer to their own partner than to every wrong item; an item as "
             "near as the partner counts as ahead; wrong is whatever is not of the row's group"},
    {SIDES(recall_of_group), .label = "recall@1, any of the group", .format = "%.3f",
     .help = "the same for the best item of the row's group, partner or not"},
    {SIDES(recall_at_5), .label = "recall@5", .format = "%.3f",
     .help = "share of rows with fewer than 5 wrong items ahead of their own partner"},
    {SIDES(recall_at_10), .label = "recall@10", .format = "%.3f",
     .help = "share of rows with fewer than 10 wrong items ahead of their own partner"},
    {SIDES(median_rank), .label = "median rank", .format = "%.1f",
     .help = "1 + the wrong items ahead of the partner, of the middle row"},
    {SIDES(wrong_ahead), .label = "wrong items ahead", .format = "%.3f",
     .help = "mean share of wrong items ahead of the partner: 0 perfect, 0.5 chance, 1 all tied"},
    {SIDES(hubness), .label = "hubness", .format = "%.2f",
     .help = "skewness of how often an item is among the 10 nearest of the other side: high if "
             "few items are near to all"},
    {NUMBER(diagonal_mean), .label = "cosine of pairs", .format = "%.3f",
     .help = "mean cosine of partners; any number if each side is one point: see cosine of others"},
    {NUMBER(off_diagonal_mean), .label = "cosine of others", .format = "%.3f",
     .help = "mean cosine of rows of two sides that are not partners"},
    {NUMBER(alignment), .label = "alignment", .format = "%.3f",
     .help = "mean squared distance of partners as unit vectors: 0 equal, 2 at right angles"},
    {NUMBER(cross_covariance), .label = "cross-covariance", .format = "%.3g",
     .help = "mean product of partners less the mean of their side: over tau, the pull away from "
             "all-equal"},
    {NUMBER(modality_gap), .label = "modality gap", .format = "%.3f",
     .help = "distance between the means of the two sides as unit vectors"},
    {NUMBER(separability), .label = "separability", .format = "%.3f",
     .help = "share of unseen rows whose side a linear separator finds: 0.5 mixed, 1 apart"},
    {NUMBER(mutual_nearest), .label = "mutual nearest", .format = "%.3f",
     .help = "share of pairs that are each other's nearest"},
    {NUMBER(mutual_nearest_elsewhere), .label = "mutual nearest, not partners", .format = "%.3f",
     .help = "share of rows whose nearest is not their partner and has them as its nearest too"},
    {NUMBER(nearer_to_other_side), .label = "nearer to the other side", .format = "%.3f",
     .help = "share of rows nearer to some row of the other side than to any of their own: 0.5 "
             "if the sides are drawn alike"},
    {SIDES(mean_cosine), .label = "cosine of different rows", .format = "%.4f",
     .help = "mean cosine of different rows of a side"},
    {SIDES(total_variance), .label = "total variance", .format = "%.3g",
     .help = "1 - the squared length of the mean unit row: 1 scattered, 0 all equal"},
    {SIDES(std_sqrt_d), .label = "std sqrt(d)", .format = "%.3f",
     .help = "mean standard deviation of a column times sqrt(d): 1 in all directions alike, 0 "
             "collapsed"},
    {SIDES(effective_rank), .label = "effective rank", .format = "%.1f",
     .help = "e to the entropy of the singular values of the unit rows (RankMe): directions in "
             "use, the mean among them"},
    {SIDES(effective_rank_centred), .label = "effective rank, centred", .format = "%.1f",
     .help = "the same after the mean row is subtracted"},
    {SIDES(participation_ratio), .label = "participation ratio", .format = "%.1f",
     .help = "(sum l)^2 / sum l^2 of the variances l along principal directions: how many carry "
             "the spread"},
    {SIDES(uniformity), .label = "uniformity", .format = "%.3f",
     .help = "ln of the mean of e^(-2 |x - y|^2) over different rows: 0 all equal, about -4 "
             "spread over the sphere"},
    {SIDES(tolerance), .label = "tolerance", .format = "%.3f",
     .help = "mean cosine of different rows of one group"},
    {NUMBER(between_cosine), .label = "cosine between groups", .format = "%.3f",
     .help = "mean cosine of rows of different groups"},
    {NUMBER(precision_at_1), .label = "precision@1", .format = "%.3f",
     .help = "share of rows whose nearest row is of their group"},
    {NUMBER(precision_by_chance), .label = "precision@1 by chance", .format = "%.3f",
     .help = "what it would be if labels were shuffled"},
    {NUMBER(knn_accuracy), .label = "5-NN accuracy", .format = "%.3f",
     .help = "share of rows whose group has most of their 5 nearest"},
    {NUMBER(violated_triplets), .label = "violated triplets", .format = "%.3f",
     .help = "share of triplets in which a row of the group is no nearer than one of another"},
    {NUMBER(supervised_loss), .label = "supervised contrastive loss", .format = "%.4f",
     .help = "supcon at temperature 0.07, the labels being the groups"},
    {NUMBER(class_variance), .label = "variance within / between groups", .format = "%.3g",
     .help = "variance within groups over that between their means: 0 if each group is one point"},
    {NUMBER(off_simplex), .label = "group means off a simplex", .format = "%.3f",
     .help = "mean distance of the cosines of group means from -1 / (K - 1): 0 at a regular "
             "simplex"},
    {SIDES(length_median), .label = "median length", .format = "%.3g",
     .help = "of the rows as they were given, before they are normalised"},
    {SIDES(length_least), .label = "shortest", .format = "%.3g",
     .help = "length of the shortest row"},
    {SIDES(length_most), .label = "longest", .format = "%.3g",
     .help = "length of the longest row"},
    {COUNTS(zero_rows), .label = "zero rows",
     .help = "rows that have no direction"},
    {COUNTS(duplicate_rows), .label = "duplicate rows",
     .help = "rows equal to an earlier one: a cosine above 1 - 1e-5"},
    {COUNTS(not_finite_rows), .label = "rows not finite",
     .help = "rows with a NaN or an infinity: nothing else is measured then"},
};
/* clang-format on */
const ct_fields ct_measures_fields = CT_FIELDS(MEASURES);

#define BINS(key, member)                                                                      \
    CT_ROW(key, CT_REAL, ct_distributions, member), .count = CT_COSINE_BINS, .optional = true, \
                                                    .detail = true
#define SPECTRUM(key, s)                                                                   \
    CT_ROWS(key, CT_REAL, ct_distributions, singular[s], n_singular[s]), .optional = true, \
                                                                         .detail = true

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

double measure_unit_row(const ct_real *x, int d, double *unit)
{
    double square = 0;
    for (int k = 0; k < d; k++)
        square += (double)x[k] * (double)x[k];
    const double length = sqrt(square), by = length > 0 ? length : 1;
    for (int k = 0; k < d; k++)
        unit[k] = (double)x[k] / by;
    return length;
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
    for (int i = 0; i < n && !measure_failed(m); i++) {
        const ptrdiff_t at = (ptrdiff_t)i * d;
        if (!isfinite(measure_unit_row(x + at, d, r.unit + at)) && r.first_bad < 0)
            r.first_bad = i;
        for (int k = 0; k < d; k++)
            r.rounded[at + k] = (ct_real)r.unit[at + k];
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

measure_rows measure_some(measuring *m, const measure_rows *r, int most)
{
    measure_rows some = {.n = measure_least(r->n, most), .d = r->d};
    some.unit = measure_room(m, some.n, r->d, sizeof *some.unit);
    some.rounded = measure_room(m, some.n, r->d, sizeof *some.rounded);
    for (int i = 0; i < some.n && !measure_failed(m); i++) {
        const ptrdiff_t from = measure_row_of(r->n, some.n, i) * r->d, to = (ptrdiff_t)i * r->d;
        memcpy(some.unit + to, r->unit + from, (size_t)r->d * sizeof *r->unit);
        memcpy(some.rounded + to, r->rounded + from, (size_t)r->d * sizeof *r->rounded);
    }
    return some;
}

/* ---- one side ---- */

/* Of a group |sum_i x_i|^2 - sum_i |x_i|^2, so that pairs are never walked, one group at a time. */
static double tolerance(measuring *m, const measure_rows *x)
{
    double *sum = measure_room(m, x->d, 1, sizeof *sum), total = 0, pairs = 0;
    for (int g = 0; g < x->n && !measure_failed(m); g++) {
        const double rows = m->members[g];
        if (rows < 2) /* no group begins here, or one row, of which nothing is to be rounded */
            continue;
        memset(sum, 0, (size_t)x->d * sizeof *sum);
        for (int i = g; i < x->n; i++)
            for (int k = 0; k < x->d && m->group[i] == g; k++) {
                const double c = x->unit[(ptrdiff_t)i * x->d + k];
                sum[k] += c;
                total -= c * c;
            }
        for (int k = 0; k < x->d; k++)
            total += sum[k] * sum[k];
        pairs += rows * (rows - 1);
    }
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

/* Of some rows where both sides of the matrix are long; their own mean is not all of the mean. */
static measure_spectrum spectrum_of(measuring *m, const measure_rows *r)
{
    if (r->n <= CT_SAMPLE_ROWS || r->d <= CT_SAMPLE_ROWS)
        return measure_variances(m, r->unit, r->mean, r->n, r->d);
    measure_rows some = measure_some(m, r, CT_SAMPLE_ROWS);
    some.mean = measure_centre(m, some.unit, some.n, some.d);
    for (int k = 0; k < r->d && !measure_failed(m); k++)
        some.mean[k] += r->mean[k];
    return measure_variances(m, some.unit, some.mean, some.n, some.d);
}

/* Few directions that hold all but a trace of the variance `sum`, and next to nothing after them.
 */
static void find_cliff(ct_clues *c, int s, const measure_spectrum *l, double sum)
{
    double before = 0;
    for (int k = 1; k < l->n; k++) {
        before += l->centred[k - 1];
        const double fall = sqrt(l->centred[k] / l->centred[k - 1]);
        if (before >= (1 - TRACE) * sum && fall < CLIFF && 2 * k < l->n) {
            c->directions[s] = k;
            c->cliff[s] = fall;
            return;
        }
    }
}

static void measure_directions(measuring *m, int s)
{
    ct_measures *out = m->out;
    const measure_spectrum l = spectrum_of(m, &m->side[s]);
    double sum = 0, squares = 0;
    for (int k = 0; k < l.n; k++) {
        sum += l.centred[k];
        squares += l.centred[k] * l.centred[k];
    }
    find_cliff(m->clues, s, &l, sum);
    const bool noise = out->total_variance[s] < NOISE_VARIANCE; /* rounding has no directions */
    out->effective_rank[s] = rank_of(l.whole, l.n);
    out->effective_rank_centred[s] = noise ? 0 : rank_of(l.centred, l.n);
    out->participation_ratio[s] = noise || !(squares > 0) ? 0 : sum * sum / squares;
    if (m->shape == NULL)
        return;
    m->shape->n_singular[s] = measure_least(l.n, CT_SPECTRUM);
    for (int k = 0; k < m->shape->n_singular[s]; k++)
        m->shape->singular[s][k] = sqrt(l.centred[k]);
}

void measure_bins(const ct_real *s, int rows, int columns, bool all, double bin[CT_COSINE_BINS])
{
    const double n = (double)rows * columns - (all ? 0 : rows);
    double count[CT_COSINE_BINS] = {0};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            const double at = floor(((double)*s++ + 1) * (CT_COSINE_BINS / 2.0));
            if (all || i != j)
                count[(int)fmin(fmax(at, 0), CT_COSINE_BINS - 1)]++;
        }
    for (int b = 0; b < CT_COSINE_BINS; b++)
        bin[b] = n > 0 ? count[b] / n : 0;
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

/* Cosines (n, n) of some rows of side s with those of side t; NULL if memory is short. */
static ct_real *some_cosines(measuring *m, int s, int t, int *n)
{
    const measure_rows a = measure_some(m, &m->side[s], CT_SAMPLE_ROWS);
    const measure_rows b = measure_some(m, &m->side[t], CT_SAMPLE_ROWS);
    ct_real *cosines = measure_room(m, a.n, a.n, sizeof *cosines);
    if (cosines != NULL)
        k_matmul_nt(m->device, a.n, a.n, a.d, a.rounded, b.rounded, cosines, false);
    *n = a.n;
    return cosines;
}

/* Leaves the side's unit rows centred. */
static void measure_side(measuring *m, int s)
{
    measure_rows *r = &m->side[s];
    ct_measures *out = m->out;
    int rows;
    if (m->e->group != NULL)
        out->tolerance[s] = tolerance(m, r);
    if (m->e->group != NULL && m->e->b == NULL)
        measure_labels(m);
    r->mean = measure_centre(m, r->unit, r->n, r->d);
    ct_real *cosines = some_cosines(m, s, s, &rows);
    if (measure_failed(m))
        return;
    measure_directions(m, s);
    if (m->shape != NULL)
        measure_bins(cosines, rows, rows, false, m->shape->within[s]);
    out->uniformity[s] = uniformity(m, cosines, rows);
}

/* ---- all of it ---- */

static void measure_all(measuring *m)
{
    const int n_sides = m->out->n_sides;
    const ct_embedded *e = m->e;
    measure_groups(m);
    for (int s = 0; s < n_sides; s++)
        m->side[s] = measure_unit_rows(m, s == 0 ? e->a : e->b, e->n, e->d);
    if (!measure_all_rows(m))
        return;
    for (int s = 0; s < n_sides; s++)
        measure_side(m, s);
    if (n_sides == 1 || measure_failed(m))
        return;
    m->out->separability = measure_separability(m);
    int rows;
    const ct_real *others = m->shape != NULL ? some_cosines(m, 0, 1, &rows) : NULL;
    if (others != NULL)
        measure_bins(others, rows, rows, false, m->shape->others);
    measure_pairs(m);
}

ct_status ct_measure(const ct_embedded *e, ct_measures *out, ct_distributions *shape, ct_error *err)
{
    ct_measures got = {.rows = e->all != NULL ? e->all->n : e->n,
                       .columns = e->d,
                       .n_sides = e->b != NULL ? 2 : 1,
                       .compared_rows = e->n,
                       .first_not_finite = {-1, -1}};
    ct_clues unseen = {.groups = 0};
    measuring m = {.device = e->device,
                   .e = e,
                   .out = &got,
                   .shape = shape,
                   .clues = shape != NULL ? &shape->clues : &unseen};
    ct_arena_open(&m.arena, "measures", 0, err);
    clear(&ct_measures_fields, &got);
    if (e->all != NULL) {
        got.sample[0] = e->n;
        got.sample[1] = e->all->seed;
    }
    *m.clues = (ct_clues){.zero_row = {-1, -1}};
    if (shape != NULL) {
        clear(&ct_distributions_fields, shape);
        shape->n_singular[0] = shape->n_singular[1] = 0;
    }
    measure_all(&m);
    ct_arena_free(&m.arena);
    if (err->status == CT_OK)
        *out = got;
    return err->status;
}

double ct_common_part(const ct_measures *m)
{
    return sqrt(m->total_variance[0] + m->total_variance[1] + 2 * m->cross_covariance);
}

double ct_escape_meter(const ct_measures *m, double temperature)
{
    return m->cross_covariance / temperature;
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
