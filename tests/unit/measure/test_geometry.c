/* test_geometry.c -- the geometry against sets whose numbers are known (simplex,
 * orthogonal rows, total collapse, cone), a slow twin that walks all pairs, and
 * its behaviour next to a collapse, where digits are easily lost. */
#include "suites.h"

#include "measure_helpers.h"

static ct_measures geometry(const ct_real *a, const ct_real *b, int n, int d)
{
    return measured(a, b, n, d, NULL, NULL);
}

#define CHECK(value, expected, tol) ck_assert_double_eq_tol(value, expected, (tol) + 1e-300)
#define UNIT_TOL                    1e-6 /* of numbers whose rows float cannot hold exactly */

/* RankMe adds 1e-7 to every p: k equal values among m give about k, and this. */
static double rank_of_equal(int k, int m)
{
    const double p = 1. / k + 1e-7;
    return exp(-k * p * log(p) - (m - k) * 1e-7 * log(1e-7));
}

START_TEST(simplex)
{
    enum { N = 7 };
    ct_real x[N * N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            x[i * N + k] = (i == k) - (ct_real)1 / N;
    const ct_measures g = geometry(x, x, N, N);
    CHECK(g.diagonal_mean, 1, 1e-14);
    CHECK(g.off_diagonal_mean, -1. / 6, UNIT_TOL);
    CHECK(g.alignment, 0, 0);
    CHECK(g.modality_gap, 0, 0);
    for (int s = 0; s < 2; s++) {
        CHECK(g.mean_cosine[s], -1. / 6, UNIT_TOL);
        CHECK(g.effective_rank[s], rank_of_equal(6, 7),
              1e-5); /* six directions: the rows add up to zero */
        CHECK(g.effective_rank_centred[s], rank_of_equal(6, 7), 1e-5);
        CHECK(g.std_sqrt_d[s], sqrt(7. / 6), UNIT_TOL); /* a column has length 1: std = 1/sqrt(6) */
        CHECK(g.uniformity[s], -2 * 7. / 3, 1e-5);      /* all squared distances are 2 + 2/6 */
    }
}
END_TEST

START_TEST(orthogonal_rows)
{
    enum { N = 6, D = 6 };
    ct_real a[N * D] = {0}, b[N * D] = {0};
    for (int i = 0; i < N; i++) {
        a[i * D + i] = (ct_real)(i + 1); /* lengths do not matter */
        b[i * D + (i + 1) % D] = i % 2 ? 2 : -2;
    }
    const ct_measures g = geometry(a, b, N, D);
    CHECK(g.diagonal_mean, 0, 0);
    CHECK(g.off_diagonal_mean, 0, 1e-16); /* a[i+1] meets b[i]: +1 and -1, three times each */
    CHECK(g.alignment, 2, 0);
    CHECK(g.modality_gap, sqrt(12) / 6, 1e-15); /* mean a = 1/6 in all columns, mean b = +-1/6 */
    CHECK(g.effective_rank[0], rank_of_equal(6, 6), 1e-12);
    CHECK(g.effective_rank_centred[0], rank_of_equal(5, 6), 1e-12);
    CHECK(g.mean_cosine[0], 0, 1e-15);
    CHECK(g.std_sqrt_d[0], 1, 1e-15);
    CHECK(g.uniformity[0], -4, 1e-6);
}
END_TEST

START_TEST(total_collapse)
{
    enum { N = 20, D = 9 };
    ct_real a[N * D], b[N * D];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) {
            a[i * D + k] = (ct_real)(k - 2.7) * (ct_real)(i + 1); /* rounds anew in each row */
            b[i * D + k] = -(ct_real)(k - 2.7);
        }
    const ct_measures g = geometry(a, b, N, D);
    CHECK(g.diagonal_mean, -1, 1e-13);
    CHECK(g.off_diagonal_mean, -1, 1e-13);
    CHECK(g.alignment, 4, 1e-13);
    CHECK(g.modality_gap, 2, 1e-13);
    for (int s = 0; s < 2; s++) {
        CHECK(g.mean_cosine[s], 1, 1e-13);
        CHECK(g.effective_rank[s], rank_of_equal(1, 9), 1e-4);
        ck_assert_double_eq(g.effective_rank_centred[s], 0); /* noise: not full */
        CHECK(g.std_sqrt_d[s], 0, 1e-6);
        CHECK(g.uniformity[s], 0, 1e-5);
        ck_assert_double_le(g.uniformity[s], 0);
    }
    ck_assert_double_eq(g.uniformity[1], 0); /* rows equal to the bit */
}
END_TEST

START_TEST(two_sides_in_one_point)
{
    ct_real a[12 * 3];
    for (int i = 0; i < 36; i++)
        a[i] = (ct_real)(i % 3 + 1);
    const ct_measures g = geometry(a, a, 12, 3);
    CHECK(g.diagonal_mean, 1, 1e-14);
    CHECK(g.off_diagonal_mean, 1, 1e-14);
    CHECK(g.alignment, 0, 0);
    CHECK(g.modality_gap, 0, 0);
}
END_TEST

START_TEST(effective_rank_by_hand)
{
    /* three rows one way, one the other: values sqrt(3) and 1 */
    const ct_real a[] = {2, 0, -1, 0, 5, 0, 0, 3}, b[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const ct_measures g = geometry(a, b, 4, 2);
    const double p = sqrt(3) / (sqrt(3) + 1) + 1e-7, q = 1 / (sqrt(3) + 1) + 1e-7;
    CHECK(g.effective_rank[0], exp(-p * log(p) - q * log(q)), 1e-13);
    CHECK(g.effective_rank[1], rank_of_equal(1, 2), 1e-12);
}
END_TEST

/* Rows in a narrow cone fill all directions, but the mean hides them. */
START_TEST(cone_has_rank_one_until_it_is_centred)
{
    enum { N = 64, D = 8 };
    ct_real *x = random_reals(N * D, 20);
    for (int i = 0; i < N * D; i++)
        x[i] = 1 + (ct_real)0.001 * x[i];
    const ct_measures g = geometry(x, x, N, D);
    ck_assert_double_lt(g.effective_rank[0], 1.05);
    ck_assert_double_gt(g.effective_rank_centred[0], 6);
    ck_assert_double_lt(g.effective_rank_centred[0], 7.01); /* the eighth would change the length */
    free(x);
}
END_TEST

/* ---- the slow twin: all pairs, in double ---- */

static double *unit_rows(const ct_real *x, int n, int d)
{
    double *y = malloc((size_t)(n * d) * sizeof *y);
    for (int i = 0; i < n; i++) {
        double square = 0;
        for (int k = 0; k < d; k++)
            square += (double)x[i * d + k] * (double)x[i * d + k];
        for (int k = 0; k < d; k++)
            y[i * d + k] = (double)x[i * d + k] / fmax(sqrt(square), 1e-300);
    }
    return y;
}

static double product(const double *a, const double *b, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += a[k] * b[k];
    return s;
}

static double distance(const double *a, const double *b, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += (a[k] - b[k]) * (a[k] - b[k]);
    return s;
}

static double slow_rank(const double *x, int n, int d)
{
    double sigma[64], sum = 0, entropy = 0;
    jacobi(x, n, d, sigma);
    const int m = n < d ? n : d;
    for (int k = 0; k < m; k++)
        sum += sigma[k];
    for (int k = 0; k < m; k++)
        entropy -= (sigma[k] / sum + 1e-7) * log(sigma[k] / sum + 1e-7);
    return exp(entropy);
}

START_TEST(agrees_with_the_slow_twin)
{
    static const int SHAPE[][2] = {{2, 1},   {2, 5},   {3, 2},   {7, 40}, {60, 12},
                                   {255, 4}, {256, 3}, {257, 5}, {530, 6}};
    const int n = SHAPE[_i][0], d = SHAPE[_i][1];
    ct_real *in[2] = {random_reals((size_t)(n * d), 21), random_reals((size_t)(n * d), 22)};
    for (int i = 0; i < n * d; i++)
        in[1][i] += (ct_real)0.5 * in[0][i] +
                    (ct_real)(i % d == 0); /* pairs alike, side b off centre */
    for (int k = 0; k < d; k++)
        in[0][d + k] = n > 2 ? 0 : in[0][d + k]; /* one row without direction */
    double *x[2] = {unit_rows(in[0], n, d), unit_rows(in[1], n, d)};
    const ct_measures g = geometry(in[0], in[1], n, d);

    double diagonal = 0, off = 0, alignment = 0, mean[2][64] = {{0}}, gap = 0;
    for (int i = 0; i < n; i++) {
        diagonal += product(x[0] + i * d, x[1] + i * d, d) / n;
        alignment += distance(x[0] + i * d, x[1] + i * d, d) / n;
        for (int j = 0; j < n; j++)
            if (j != i)
                off += product(x[0] + i * d, x[1] + j * d, d) / n / (n - 1);
    }
    CHECK(g.diagonal_mean, diagonal, 1e-13);
    CHECK(g.off_diagonal_mean, off, 1e-13);
    CHECK(g.alignment, alignment, 1e-13);
    for (int s = 0; s < 2; s++) {
        double cosine = 0, potential = 0, std = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (j != i) {
                    cosine += product(x[s] + i * d, x[s] + j * d, d) / n / (n - 1);
                    potential += exp(-2 * distance(x[s] + i * d, x[s] + j * d, d)) / n / (n - 1);
                }
        CHECK(g.mean_cosine[s], cosine, 1e-13);
        CHECK(g.uniformity[s], log(potential), 3e-6);
        CHECK(g.effective_rank[s], slow_rank(x[s], n, d), 1e-9);
        for (int k = 0; k < d; k++) {
            double square = 0;
            for (int i = 0; i < n; i++)
                mean[s][k] += x[s][i * d + k] / n;
            for (int i = 0; i < n; i++)
                square += (x[s][i * d + k] - mean[s][k]) * (x[s][i * d + k] - mean[s][k]);
            std += sqrt(square / (n - 1)) / d;
        }
        CHECK(g.std_sqrt_d[s], std * sqrt(d), 1e-13);
        double variance = 0;
        for (int i = 0; i < n * d; i++)
            x[s][i] -= mean[s][i % d], variance += x[s][i] * x[s][i] / n;
        CHECK(g.effective_rank_centred[s], variance < 1e-10 ? 0 : slow_rank(x[s], n, d), 1e-6);
    }
    for (int k = 0; k < d; k++)
        gap += (mean[0][k] - mean[1][k]) * (mean[0][k] - mean[1][k]);
    CHECK(g.modality_gap, sqrt(gap), 1e-13);
    for (int s = 0; s < 2; s++)
        free(in[s]), free(x[s]);
}
END_TEST

/* 1 - cosine is half of the squared distance; as 1 minus a rounded 1 it would be noise. */
START_TEST(digits_survive_near_a_collapse)
{
    enum { N = 32, D = 16 };
    ct_real *a = random_reals(N * D, 23), *b = random_reals(N * D, 24);
    for (int i = 0; i < N * D; i++) {
        b[i] = 1 + (ct_real)1e-4 * (a[i] + (ct_real)0.1 * b[i]);
        a[i] = 1 + (ct_real)1e-4 * a[i];
    }
    const ct_measures g = geometry(a, b, N, D);
    double *x = unit_rows(a, N, D), *y = unit_rows(b, N, D), within = 0, pairs = 0, across = 0;
    for (int i = 0; i < N; i++) {
        pairs += distance(x + i * D, y + i * D, D) / 2 / N;
        for (int j = 0; j < N; j++) {
            within += distance(x + i * D, x + j * D, D) / 2 / N / (N - 1); /* 0 for i = j */
            across += i == j ? 0 : distance(x + i * D, y + j * D, D) / 2 / N / (N - 1);
        }
    }
    ck_assert_double_lt(within, 2e-8);
    CHECK((1 - g.mean_cosine[0]) / within, 1, 1e-5);
    CHECK((1 - g.off_diagonal_mean) / across, 1, 1e-5);
    CHECK(g.alignment / 2 / pairs, 1, 1e-9);
    ck_assert_double_le(g.uniformity[0], 0);
    ck_assert_double_gt(g.effective_rank_centred[0], 10); /* above the noise: it counts */
    free(a), free(b), free(x), free(y);
}
END_TEST

START_TEST(uniformity_is_never_above_zero)
{
    enum { D = 50 };
    ct_real *x = random_reals(2 * D, 30 + (uint64_t)_i);
    for (int k = 0; k < D; k++) /* two rows that differ by rounding */
        x[D + k] = x[k] * (ct_real)1.1;
    const ct_measures g = geometry(x, x, 2, D);
    ck_assert(g.uniformity[0] <= 0 && g.uniformity[0] > -1e-5);
    free(x);
}
END_TEST

START_TEST(one_row)
{
    const ct_measures g = geometry((ct_real[]){3, 4}, (ct_real[]){4, 3}, 1, 2);
    CHECK(g.diagonal_mean, 0.96, 1e-7);
    CHECK(g.alignment, 0.08, 1e-7);
    CHECK(g.modality_gap, sqrt(0.08), 1e-7);
    ck_assert_double_eq(g.off_diagonal_mean, 0);
    for (int s = 0; s < 2; s++) {
        CHECK(g.effective_rank[s], 1, 1e-6);
        ck_assert(g.effective_rank_centred[s] == 0 && g.mean_cosine[s] == 0);
        ck_assert(g.std_sqrt_d[s] == 0 && g.uniformity[s] == 0);
    }
}
END_TEST

START_TEST(zero_rows_stay_where_they_are)
{
    const ct_real zero[8] = {0}, x[8] = {0, 0, 3, 0, 0, 0, 0, 0};
    const ct_measures g = geometry(zero, x, 4, 2);
    ck_assert(g.effective_rank[0] == 0 && g.effective_rank_centred[0] == 0 &&
              g.mean_cosine[0] == 0 && g.uniformity[0] == 0);
    CHECK(g.alignment, 0.25, 0);
    CHECK(g.modality_gap, 0.25, 0);
    CHECK(g.effective_rank[1], rank_of_equal(1, 2), 1e-12);
    CHECK(g.uniformity[1], log((6 + 6 * exp(-2)) / 12), 1e-6); /* half of the pairs at distance 1 */
}
END_TEST

START_TEST(short_rows_have_a_direction)
{
    enum { N = 40, D = 8 };
    ct_real *a = random_reals(N * D, 71), *b = random_reals(N * D, 72), tiny[2][N * D];
    for (int i = 0; i < N * D; i++) {
        b[i] += a[i];
        tiny[0][i] = a[i] * (ct_real)0x1p-30;
        tiny[1][i] = b[i] * (ct_real)0x1p-30;
    }
    const ct_measures f = geometry(a, b, N, D), g = geometry(tiny[0], tiny[1], N, D);
    ck_assert_int_eq(g.zero_rows[0], 0);
    CHECK(g.diagonal_mean, f.diagonal_mean, 1e-15);
    CHECK(g.total_variance[1], f.total_variance[1], 1e-15);
    CHECK(g.recall_at_1[0], f.recall_at_1[0], 0);
    CHECK(g.effective_rank[1], f.effective_rank[1], 1e-12);
    free(a), free(b);
}
END_TEST

START_TEST(bad_input_is_an_error)
{
    static const float BAD[] = {NAN, INFINITY, -INFINITY};
    ct_device *dev = one_thread();
    ct_real x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 2, 3, 4, 5, 6};
    ct_measures g = {.modality_gap = 7};
    ct_embedded e = {.a = x, .b = y, .n = 0, .d = 2, .device = dev};
    ct_error err[4] = {{0}};
    ck_assert_int_eq(ct_measure(&e, &g, NULL, &err[0]), CT_ERR_SHAPE);
    ck_assert_str_eq(err[0].msg,
                     "measures: found (0, 2): expected at least one row and one column");
    e.n = 2, e.d = 0;
    ck_assert_int_eq(ct_measure(&e, &g, NULL, CT_IGNORE_ERROR), CT_ERR_SHAPE);
    ck_assert_double_eq(g.modality_gap, 7);
    y[4] = (ct_real)BAD[_i];
    e.n = 3, e.d = 2;
    ck_assert_int_eq(ct_measure(&e, &g, NULL, &err[1]), CT_OK); /* a finding */
    ck_assert(isnan(g.modality_gap) && isnan(g.mean_cosine[0]) && isnan(g.recall_at_1[1]));
    ck_assert_int_eq(ct_measures_finite(&g, &err[1]), CT_ERR_NUMERIC);
    ck_assert_str_eq(err[1].msg, "row 2 of b (from 0) has no finite length; did training diverge?");
    x[0] = (ct_real)BAD[_i];
    ck_assert_int_eq(ct_measure(&e, &g, NULL, &err[2]), CT_OK);
    ck_assert_int_eq(ct_measures_finite(&g, &err[2]), CT_ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err[2].msg, "row 0 of a"));             /* the first of two */
    ck_assert_int_eq(ct_measure(&e, &g, NULL, &err[2]), CT_ERR_NUMERIC); /* once failed, nothing */
    ct_device_free(dev);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
    static ct_distributions shape;
    ct_device *dev = one_thread();
    ct_real *x = random_reals(200 * 30, 25);
    const int group[200] = {0};
    const ct_embedded e = {.a = x, .b = x, .n = 200, .d = 30, .group = group, .device = dev};
    ct_measures g = {.modality_gap = 7};
    ct_status status;
    long n = 0;
    do {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_measure(&e, &g, &shape, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || (status == CT_ERR_NOMEM && err.msg[0] != '\0'), "%s",
                      err.msg);
        ck_assert(g.modality_gap == (status == CT_OK ? 0 : 7));
    } while (status != CT_OK);
    ck_assert_int_gt(n, 1);
    free(x);
    ct_device_free(dev);
}
END_TEST

START_TEST(no_device_changes_a_bit)
{
    enum { N = 300, D = 40 };
    static ct_distributions shape[2];
    ct_real *x = random_reals(N * D, 26), *y = random_reals(N * D, 27);
    ct_measures m[2];
    int group[N];
    for (int i = 0; i < N; i++)
        group[i] = i / 3;
    memset(m, 0, sizeof m);
    for (int i = 0; i < N_DEVICES; i++) {
        const ct_embedded e = {
            .a = x, .b = y, .n = N, .d = D, .group = group, .device = device_of(i)};
        if (e.device == NULL)
            continue;
        CK_OK(ct_measure(&e, &m[i > 0], &shape[i > 0], &err));
        ck_assert(i == 0 || memcmp(&m[0], &m[1], sizeof *m) == 0);
        ck_assert(i == 0 || memcmp(&shape[0], &shape[1], sizeof *shape) == 0);
        ct_device_free(e.device);
    }
    free(x), free(y);
}
END_TEST

TCase *geometry_case(void)
{
    TCase *tc = tcase_create("geometry");
    tcase_set_timeout(tc, 60);
    add_tests(tc, simplex, orthogonal_rows, total_collapse, two_sides_in_one_point,
              effective_rank_by_hand, cone_has_rank_one_until_it_is_centred);
    tcase_add_loop_test(tc, agrees_with_the_slow_twin, 0, 9);
    tcase_add_test(tc, digits_survive_near_a_collapse);
    tcase_add_loop_test(tc, uniformity_is_never_above_zero, 0, 20);
    add_tests(tc, one_row, zero_rows_stay_where_they_are, short_rows_have_a_direction);
    tcase_add_loop_test(tc, bad_input_is_an_error, 0, 3);
    add_tests(tc, survives_every_failed_allocation, no_device_changes_a_bit);
    return tc;
}
