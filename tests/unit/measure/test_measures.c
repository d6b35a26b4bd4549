/* The measures that only a diagnosis looks at: against NumPy and closed forms. */
#include "measure_helpers.h"
#include "suites.h"
#include "testing.h"

/* a_ik = sin(1.7 i + 0.9 k^2 + 0.3 i k) + 0.5, b_ik = a_ik + 1.5 cos(2.3 i - 1.1 k + 0.7 i k), 12
 * rows of 5, as float32; the expected numbers are NumPy's, of unit rows in double: svd(a -
 * a.mean(0)); (T >= T.diagonal()[:, None]).sum(1) - 1 for T = a b' and b a'; argsort(-T,
 * kind="stable")[:, :10] counted with bincount for the hubs; and so on. */
START_TEST(numpy_finds_the_same)
{
    enum { N = 12, D = 5 };
    static const double SIGMA[D] = {1.72918365, 1.53413724, 1.29264613, 0.81168423, 0.66109854};
    static const double BINS[CT_COSINE_BINS] = {0,  0, 0, 4,  2,  2,  4, 4, 6, 10,
                                                14, 4, 2, 16, 30, 18, 6, 6, 2, 2};
    ct_real a[N * D], b[N * D];
    static ct_distributions shape;
    ct_measures f;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) {
            const double x = sin(1.7 * i + 0.9 * k * k + 0.3 * i * k) + 0.5;
            a[i * D + k] = (ct_real)(float)x;
            b[i * D + k] = (ct_real)(float)(x + 1.5 * cos(2.3 * i - 1.1 * k + 0.7 * i * k));
        }
    f = measured(a, b, N, D, NULL, &shape);
    for (int k = 0; k < D; k++)
        ck_close(shape.singular[0][k], SIGMA[k], 1e-6);
    for (int k = 0; k < CT_COSINE_BINS; k++)
        ck_close(shape.within[0][k], BINS[k] / (N * (N - 1)), 1e-12);
    ck_assert_int_eq(shape.n_singular[0], D);
    ck_close(f.effective_rank[0], 4.723292930730314, 1e-5);
    ck_close(f.effective_rank_centred[0], 4.706720010814763, 1e-5);
    ck_close(f.participation_ratio[0], 3.675466202930323, 1e-5);
    ck_close(f.total_variance[0], 0.6758724790341363, 1e-9);
    ck_close(f.mean_cosine[0], 0.26268456832639675, 1e-9);
    ck_close(f.uniformity[0], -2.173173508304871, 1e-5);
    ck_close(f.cross_covariance, 0.31683317668388006, 1e-9);
    ck_close(f.modality_gap, 0.16611558685878286, 1e-9);
    ck_close(f.alignment, 0.8810035641046466, 1e-9);
    ck_close(f.diagonal_mean, 0.5594982179476767, 1e-9);
    ck_close(f.off_diagonal_mean, 0.21386202520162576, 1e-9);
    ck_close(f.wrong_ahead[0], 0.25757575757575757, 1e-12);
    ck_close(f.wrong_ahead[1], 0.25757575757575757, 1e-12);
    ck_close(f.recall_at_1[0], 4 / 12.0, 1e-12);
    ck_close(f.recall_at_1[1], 3 / 12.0, 1e-12);
    ck_close(f.hubness[0], -1.4905416081794851, 1e-9);
    ck_close(f.hubness[1], -0.2805658588748473, 1e-9);
    ck_close(f.mutual_nearest, 0.25, 1e-12);
    ck_close(f.mutual_nearest_elsewhere, 0.25, 1e-12);
    ck_close(f.nearer_to_other_side, 0.75, 1e-12);
    ck_assert_int_eq((int)f.nearer_rows, N);
    ck_assert(f.first_not_finite[0] == -1 && f.first_not_finite[1] == -1);
}
END_TEST

/* Shares of one count: nothing is lost over a thousand pairs. */
START_TEST(a_histogram_adds_up_to_one)
{
    static ct_distributions shape;
    for (int n = 1; n <= 1000; n += n < 20 ? 1 : 77) {
        ct_real *a = random_reals((size_t)n * 2, 61);
        for (int i = 0; i < n; i++)
            a[2 * i] = 1 + (ct_real)fabs((double)a[2 * i]);
        measured(a, a, n, 2, NULL, &shape);
        ck_assert_double_eq(shape.pairs[CT_COSINE_BINS - 1], 1);
        free(a);
    }
}
END_TEST

START_TEST(what_was_measured_before_is_forgotten)
{
    static const ct_real X[] = {1, 0, 0, 1, 1, 1};
    static ct_distributions shape;
    measured(X, X, 3, 2, NULL, &shape);
    ck_assert_int_eq(shape.n_singular[1], 2);
    measured(X, NULL, 3, 2, NULL, &shape);
    ck_assert_int_eq(shape.n_singular[0], 2);
    ck_assert_int_eq(shape.n_singular[1], 0);
    ck_assert(isnan(shape.pairs[0]));
}
END_TEST

static const int SIZE[][2] = {{2, 3},     {7, 1},    {40, 90},  {90, 40},
                              {130, 130}, {300, 20}, {500, 260}};

START_TEST(repeated_rows_are_counted_and_rows_of_a_group_are_not_wrong)
{
    const int n = SIZE[_i][0], d = SIZE[_i][1];
    ct_real *a = random_reals((size_t)n * (size_t)d, 31);
    int *group = calloc((size_t)n, sizeof *group), repeated = 0;
    for (int i = 0; i < n; i++)
        group[i] = i - (i % 9 == 0 && i > 0);
    for (int i = d; i < n * d; i++)
        a[i] = i / d % 9 == 0 ? a[i - d] : a[i];
    for (int i = 9; i < n; i += 9)
        repeated++;
    const ct_measures m = measured(a, a, n, d, NULL, NULL), g = measured(a, a, n, d, group, NULL);
    if (d > 1) {
        ck_assert_int_eq(m.duplicate_rows[0], repeated);
        ck_assert_int_eq(m.duplicate_rows[1], repeated);
        ck_close(m.recall_at_1[0], 1 - 2.0 * repeated / n, 1e-12); /* a tie counts against both */
        ck_close(g.recall_at_1[0], 1, 0);
        ck_close(g.wrong_ahead[1], 0, 0);
    }
    free(a), free(group);
}
END_TEST

/* Near a collapse nothing but digits far behind the point is left of the spectrum. */
START_TEST(a_near_collapse_keeps_its_spectrum)
{
    enum { N = 300, D = 40 };
    ct_real *x = random_reals(N * D, 33);
    ct_measures f;
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)1e-4 * x[i] + (i % D == 0 ? 1 : 0);
    f = measured(x, NULL, N, D, NULL, NULL);
    ck_close(f.total_variance[0], (D - 1) * 1e-8,
             2e-8); /* the first column only stretches; 3 sigma of the draw */
    ck_close(f.effective_rank[0], 1, 0.2);
    ck_assert_double_gt(f.effective_rank_centred[0], 36);
    ck_assert_double_gt(f.participation_ratio[0], 30);
    free(x);
}
END_TEST

START_TEST(total_collapse_scores_nothing)
{
    enum { N = 50, D = 8 };
    ct_real x[N * D];
    ct_measures f;
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(1 + i % D);
    f = measured(x, x, N, D, NULL, NULL);
    ck_close(f.recall_at_1[0] + f.recall_at_10[1], 0, 0);
    ck_close(f.wrong_ahead[0], 1, 1e-12);
    ck_close(f.total_variance[0], 0, 1e-15);
    ck_close(f.participation_ratio[0] + f.effective_rank_centred[0], 0, 1e-6);
    ck_close(f.mutual_nearest_elsewhere + f.nearer_to_other_side, 0, 0);
    ck_close(f.separability, 0.5, 0);
    ck_assert_int_eq(f.duplicate_rows[0], N - 1);
}
END_TEST

/* m directions of equal variance are m directions. */
START_TEST(participation_counts_directions)
{
    enum { D = 64 };
    for (int m = 1; m <= 32; m *= 2) {
        ct_real x[2 * 32 * D] = {0};
        ct_measures f;
        for (int k = 0; k < m; k++) /* +e_k and -e_k */
            x[2 * k * D + k] = 1, x[(2 * k + 1) * D + k] = -1;
        f = measured(x, NULL, 2 * m, D, NULL, NULL);
        ck_close(f.participation_ratio[0], m, 1e-5);
        ck_close(f.effective_rank_centred[0], m, 5e-3); /* RankMe's own 1e-7 adds some */
    }
}
END_TEST

/* Sides that differ by a shift are told apart, sides drawn alike are not; more
 * columns than rows must not help. */
START_TEST(a_separator_is_judged_on_rows_it_has_not_seen)
{
    const int n = SIZE[_i][0], d = SIZE[_i][1];
    ct_real *a = random_reals((size_t)n * (size_t)d, 41),
            *b = random_reals((size_t)n * (size_t)d, 42);
    ct_measures f;
    if (n >= 40) {
        f = measured(a, b, n, d, NULL, NULL);
        ck_close(f.separability, 0.5, 2.5 / sqrt(n)); /* 5 sigma of n judged rows */
        for (int i = 0; i < n; i++)
            for (int k = 0; k < d; k++)
                b[i * d + k] += (ct_real)(20 / sqrt(d));
        f = measured(a, b, n, d, NULL, NULL);
        ck_assert_double_gt(f.separability, 0.97);
    }
    free(a), free(b);
}
END_TEST

/* b is a in another order: no pair matches, every row has a partner. */
START_TEST(another_order_is_seen)
{
    enum { N = 200, D = 16 };
    ct_real *a = random_reals(N * D, 51), b[N * D];
    ct_measures f;
    for (int i = 0; i < N; i++)
        memcpy(b + i * D, a + (i + 1) % N * D, D * sizeof *b);
    f = measured(a, b, N, D, NULL, NULL);
    ck_close(f.mutual_nearest_elsewhere, 1, 0);
    ck_close(f.nearer_to_other_side, 1, 0);
    ck_close(f.mutual_nearest, 0, 0);
    free(a);
}
END_TEST

/* Two rows are nearest to each other's partner: only as near as partners are they lost. */
START_TEST(what_is_lost_is_as_near_as_partners_are)
{
    enum { N = 20, D = N + 2 };
    static ct_distributions shape;
    for (int near = 0; near < 2; near++) {
        ct_real a[N * D] = {0}, b[N * D] = {0};
        for (int i = 0; i < N; i++) {
            a[i * D + i] = 1;
            b[i * D + (i < 2 ? 1 - i : i)] = 1;
            b[i * D + N + i % 2] = i < 2 && near == 0;
        }
        const ct_measures f = measured(a, b, N, D, NULL, &shape);
        ck_close(f.mutual_nearest_elsewhere, 2.0 / N, 1e-15);
        ck_assert_int_eq((int)shape.clues.lost_rows, near == 0 ? 0 : 2);
    }
}
END_TEST

/* Row 5 of b is missing; after it each row of a finds its own one row before. */
START_TEST(rows_that_moved_are_counted_from_the_first)
{
    enum { N = 40, D = 16, FROM = 5 };
    static ct_distributions shape;
    ct_real *a = random_reals(N * D, 52), b[N * D];
    for (int k = 0; k < N * D; k++) /* the last one is the first again, which has its own */
        b[k] = a[k < FROM * D ? k : (k + D) % (N * D)];
    measured(a, b, N, D, NULL, &shape);
    ck_assert_int_eq((int)shape.clues.shift, -1);
    ck_assert_int_eq((int)shape.clues.shift_rows, N - 1 - FROM);
    ck_assert_int_eq((int)shape.clues.shift_from, FROM);
    free(a);
}
END_TEST

/* The first row of b is near rows 0 to 9 of a, the last one near the others. */
START_TEST(two_hubs_are_found_wherever_they_are)
{
    enum { N = 30, D = N + 2 };
    static ct_distributions shape;
    ct_real a[N * D] = {0}, b[N * D] = {0};
    for (int i = 0; i < N; i++) {
        a[i * D + i] = 1;
        a[i * D + N + (i >= 10)] = 3;
        b[i * D + (i == 0 ? N : i == N - 1 ? N + 1 : i)] = 1;
    }
    measured(a, b, N, D, NULL, &shape);
    ck_assert_int_eq((int)shape.clues.hubs[1], 2);
    ck_assert_int_eq((int)shape.clues.hubbed[1], N - 2); /* their partners do not count */
    ck_assert_int_eq((int)shape.clues.hub_row[1], N - 1);
    ck_assert_int_eq((int)shape.clues.hub_rows[1], 19);
}
END_TEST

START_TEST(bad_rows_are_a_finding)
{
    ct_real a[4 * 3] = {1, 2, 3, 0, 0, 0, (ct_real)NAN, 0, 0, (ct_real)INFINITY, 1, 1};
    ct_measures f;
    f = measured(a, a, 4, 3, NULL, NULL);
    ck_assert_int_eq(f.not_finite_rows[0], 2);
    ck_assert_int_eq(f.first_not_finite[0], 2);
    ck_assert_int_eq(f.first_not_finite[1], 2);
    ck_assert_int_eq(f.zero_rows[1], 1);
}
END_TEST

/* Rows of a file, asked for as they are wanted. */
static void read_rows(void *ctx, int side, int first, int n, ct_real *out, ct_error *err)
{
    const ct_embedded *e = ctx;
    if (err->status == CT_OK)
        memcpy(out, (side == 0 ? e->a : e->b) + (ptrdiff_t)first * e->d,
               (size_t)n * (size_t)e->d * sizeof *out);
}

/* What one look at a row measures is of all rows, whatever the sample; the rest is of the sample,
 * and rows are named by their number among all. */
START_TEST(a_sample_is_compared_and_all_rows_are_looked_at)
{
    enum { N = 700, D = 12, SOME = 64, FROM = 100 };
    ct_real *a = random_reals(N * D, 61), *b = random_reals(N * D, 62);
    int row[SOME], group[N], some_group[SOME];
    ct_distributions whole, shape, small;
    for (int i = 0; i < N * D; i++)
        b[i] = a[i] * 2 + b[i];
    memcpy(a + 699 * D, a + 3 * D, D * sizeof *a);
    memset(a + 650 * D, 0, D * sizeof *a);
    b[600 * D] = 1e4;
    for (int i = 0; i < N; i++)
        group[i] = i / 2;
    for (int i = 0; i < SOME; i++) {
        row[i] = FROM + i;
        some_group[i] = group[FROM + i];
        for (int k = 0; k < D; k++)
            a[(FROM + i) * D + k] += 30;
    }
    for (int k = 0; k < D; k++) /* which most rows of the sample find */
        b[(FROM + 7) * D + k] = 5;
    ct_device *dev = one_thread();
    ct_embedded all = {.a = a, .b = b, .n = N, .d = D, .device = dev};
    const ct_all_rows rows = {
        .n = N, .seed = 3, .row = row, .group = group, .read = read_rows, .ctx = &all};
    ct_embedded e = {.a = a + FROM * D, .b = b + FROM * D, .n = SOME, .d = D, .device = dev};
    ct_measures f, g, h;
    CK_OK(ct_measure(&all, &f, &whole, &err));
    CK_OK(ct_measure(&e, &h, &small, &err));
    e.all = &rows;
    CK_OK(ct_measure(&e, &g, &shape, &err));
    ck_assert(g.rows == N && g.compared_rows == SOME && g.sample[0] == SOME && g.sample[1] == 3);
    ck_assert(isnan(f.sample[0]) && f.compared_rows == N);
    for (int s = 0; s < 2; s++) {
        ck_assert_int_eq(g.zero_rows[s], f.zero_rows[s]);
        ck_assert_int_eq(g.duplicate_rows[s], f.duplicate_rows[s]);
        ck_close(g.total_variance[s], f.total_variance[s], 1e-14);
        ck_close(g.mean_cosine[s], f.mean_cosine[s], 1e-14);
        ck_close(g.std_sqrt_d[s], f.std_sqrt_d[s], 1e-14);
        ck_close(g.length_median[s], f.length_median[s], 0);
        ck_close(g.length_most[s], f.length_most[s], 0);
        ck_close(g.recall_at_1[s], h.recall_at_1[s], 0);
        ck_close(g.effective_rank_centred[s], h.effective_rank_centred[s], 0);
        ck_assert_int_eq(shape.clues.points[s], whole.clues.points[s]);
        ck_assert_int_eq(shape.clues.longest_row[s], whole.clues.longest_row[s]);
        ck_assert_int_eq(shape.clues.zero_row[s], whole.clues.zero_row[s]);
    }
    ck_close(g.diagonal_mean, f.diagonal_mean, 1e-14);
    ck_close(g.off_diagonal_mean, f.off_diagonal_mean, 1e-14);
    ck_close(g.alignment, f.alignment, 1e-14);
    ck_close(g.modality_gap, f.modality_gap, 1e-14);
    ck_close(g.cross_covariance, f.cross_covariance, 1e-14);
    ck_assert_int_eq(shape.clues.zero_row[0], 650);
    ck_assert_int_eq(shape.clues.repeated_row[0], 3);
    ck_assert_int_eq(small.clues.hub_row[1], 7);
    ck_assert_int_eq(shape.clues.hub_row[1], FROM + 7);
    ck_assert_int_eq(shape.clues.groups, N);
    e.group = some_group;
    CK_OK(ct_measure(&e, &g, &shape, &err));
    ck_assert_int_eq(shape.clues.groups, N / 2);
    b[690 * D] = (ct_real)NAN;
    CK_OK(ct_measure(&e, &g, NULL, &err));
    ck_assert(g.not_finite_rows[1] == 1 && g.first_not_finite[1] == 690);
    ck_assert(isnan(g.diagonal_mean) || isnan(g.total_variance[0]));
    ct_device_free(dev);
    free(a), free(b);
}
END_TEST

TCase *measures_case(void)
{
    TCase *tc = tcase_create("measures");
    tcase_set_timeout(tc, 120);
    add_tests(tc, numpy_finds_the_same, a_histogram_adds_up_to_one,
              what_was_measured_before_is_forgotten);
    tcase_add_loop_test(tc, repeated_rows_are_counted_and_rows_of_a_group_are_not_wrong, 0,
                        COUNT(SIZE));
    add_tests(tc, a_near_collapse_keeps_its_spectrum, total_collapse_scores_nothing,
              participation_counts_directions);
    tcase_add_loop_test(tc, a_separator_is_judged_on_rows_it_has_not_seen, 0, COUNT(SIZE));
    add_tests(tc, another_order_is_seen, what_is_lost_is_as_near_as_partners_are,
              rows_that_moved_are_counted_from_the_first, two_hubs_are_found_wherever_they_are,
              bad_rows_are_a_finding, a_sample_is_compared_and_all_rows_are_looked_at);
    return tc;
}
