/* test_spectrum.c -- variances along principal directions, and ranks made of them, against values
 * worked by hand, numpy, another method (one-sided Jacobi), and laws that they obey. */
#include "suites.h"

#include "measure/measure.h"
#include "measure_helpers.h"

/* A singular value is the root of a variance, which double knows to 1e-13 of the largest. */
#define SQUARES 1e-13

typedef struct spectra {
    double *centred, *whole; /* min(n, d) squares each */
} spectra;

/* Of the centred rows c (n, d), and of c + mean. */
static spectra variances(const double *c, const double *mean, int n, int d)
{
    ct_error err = {0};
    measuring m = {.device = one_thread()};
    const int least = n < d ? n : d;
    spectra out = {malloc((size_t)least * sizeof(double)), malloc((size_t)least * sizeof(double))};
    ct_arena_open(&m.arena, "spectrum", 0, &err);
    const measure_spectrum s = measure_variances(&m, c, mean, n, d);
    ck_assert_int_eq(s.n, least);
    memcpy(out.centred, s.centred, (size_t)least * sizeof(double));
    memcpy(out.whole, s.whole, (size_t)least * sizeof(double));
    ct_arena_free(&m.arena);
    ct_device_free(m.device);
    return out;
}

/* Squares of singular values are expected to tol times the largest. */
static void check_squares(const double *square, const double *sigma, int m, double tol)
{
    for (int k = 0; k < m; k++) {
        const double expected = sigma[k] * sigma[k];
        ck_assert_msg(fabs(square[k] - expected) <= tol * sigma[0] * sigma[0],
                      "value %d: %.17g, expected %.17g", k, square[k], expected);
        ck_assert(square[k] >= 0 && (k == 0 || square[k] <= square[k - 1]));
    }
}

/* Both spectra of x (n, d), which is centred here, against the roots that are expected. */
static void check(const double *x, int n, int d, const double *centred, const double *whole,
                  double tol)
{
    double *c = malloc((size_t)(n * d) * sizeof *c), *mean = calloc((size_t)d, sizeof *mean);
    for (int i = 0; i < n * d; i++)
        mean[i % d] += x[i] / n;
    for (int i = 0; i < n * d; i++)
        c[i] = x[i] - mean[i % d];
    const spectra s = variances(c, mean, n, d);
    if (centred != NULL)
        check_squares(s.centred, centred, n < d ? n : d, tol);
    check_squares(s.whole, whole, n < d ? n : d, tol);
    free(c), free(mean), free(s.centred), free(s.whole);
}

START_TEST(worked_by_hand)
{
    check((double[]){-3}, 1, 1, (double[]){0}, (double[]){3}, SQUARES);
    check((double[]){3, -4, 12}, 1, 3, (double[]){0}, (double[]){13}, SQUARES);
    check((double[]){3, -4, 12}, 3, 1, NULL, (double[]){13}, SQUARES);
    check((double[]){3, 0, 4, 5}, 2, 2, NULL, (double[]){sqrt(45), sqrt(5)}, SQUARES);
    check((double[]){0, 2, 0, 0, 0, -7, 0, 0, 0}, 3, 3, NULL, (double[]){7, 2, 0}, SQUARES);
    check((double[]){1, 1, 1, 1, 1, 1}, 3, 2, (double[]){0, 0}, (double[]){sqrt(6), 0}, SQUARES);
    check((double[6]){0}, 2, 3, (double[]){0, 0}, (double[]){0, 0}, 0);
    /* +-1 and +-2 along two axes, around (3, 0): sigma^2 are 2 and 8 about the mean */
    check((double[]){4, 0, 2, 0, 3, 2, 3, -2}, 4, 2, (double[]){sqrt(8), sqrt(2)},
          (double[]){sqrt(38), sqrt(8)}, SQUARES);
}
END_TEST

START_TEST(agrees_with_numpy)
{
    /* x = [[(7*i*i + 3*j + i*j*j) % 11 - 5 for j in range(4)] for i in range(6)]
     * numpy.linalg.svd(numpy.array(x, float), compute_uv=False), and of x - x.mean(0) */
    static const double NUMPY[4] = {11.901193721454145, 8.4967610773006701, 7.2582411328336187,
                                    2.5464828405726654};
    static const double CENTRED[4] = {11.222635017438893, 8.4904165676457737, 7.2570627693279475,
                                      2.0331411826452319};
    double x[24];
    for (int i = 0; i < 24; i++)
        x[i] = (7 * (i / 4) * (i / 4) + 3 * (i % 4) + i / 4 * (i % 4) * (i % 4)) % 11 - 5;
    check(x, 6, 4, CENTRED, NUMPY, SQUARES);
}
END_TEST

START_TEST(agrees_with_jacobi)
{
    /* blocks of 32 columns, steps of 4 rows, groups of 8 values, and their edges */
    static const int SHAPE[][2] = {{2, 2},   {5, 3},   {31, 8}, {32, 8}, {33, 8},  {65, 20},
                                   {96, 33}, {33, 33}, {8, 1},  {3, 5},  {8, 31},  {20, 65},
                                   {33, 96}, {1, 8},   {7, 40}, {64, 9}, {70, 32}, {130, 65}};
    const int n = SHAPE[_i / 2][0], d = SHAPE[_i / 2][1];
    ct_real *r = random_reals((size_t)(n * d), 11 + (uint64_t)_i);
    double *x = malloc((size_t)(n * d) * sizeof *x), *c = malloc((size_t)(n * d) * sizeof *c);
    double whole[130], centred[130], mean[130] = {0};
    for (int k = 0; k < n * d; k++) /* odd: a row that repeats, doubled, a column of zeros */
        x[k] = _i % 2 && k % d == d / 2 && d > 1 ? 0
               : _i % 2 && k < d && n > 1        ? 2 * (double)r[k + d]
                                                 : (double)r[k] + (k % d == 0);
    for (int k = 0; k < n * d; k++)
        mean[k % d] += x[k] / n;
    for (int k = 0; k < n * d; k++)
        c[k] = x[k] - mean[k % d];
    jacobi(x, n, d, whole);
    jacobi(c, n, d, centred);
    check(x, n, d, centred, whole, SQUARES);
    free(r), free(x), free(c);
}
END_TEST

START_TEST(squares_add_up_to_those_of_the_entries)
{
    enum { N = 150, D = 90 };
    ct_real *r = random_reals(N * D, 12);
    double *x = malloc(N * D * sizeof *x), zero[D] = {0}, entries = 0, values = 0;
    for (int i = 0; i < N * D; i++) {
        x[i] = (double)r[i];
        entries += x[i] * x[i];
    }
    const spectra s = variances(x, zero, N, D);
    for (int k = 0; k < D; k++) {
        values += s.centred[k];
        ck_assert_double_eq(s.centred[k], s.whole[k]); /* without a mean they are one */
    }
    ck_assert_double_eq_tol(values / entries, 1, 1e-13);
    free(r), free(x), free(s.centred), free(s.whole);
}
END_TEST

START_TEST(equal_and_defective_matrices_end)
{
    enum { N = 40 };
    double x[N * N] = {0}, expected[N];
    for (int i = 0; i < N; i++)
        x[i * N + i] = 1, expected[i] = 1;
    check(x, N, N, NULL, expected, SQUARES);
    for (int i = 0; i < N; i++) /* ones above the diagonal: all eigenvalues are 0, values are not */
        x[i * N + i] = 0, x[i * N + (i + 1) % N] = i + 1 < N;
    expected[N - 1] = 0;
    check(x, N, N, NULL, expected, SQUARES);
    for (int i = 0; i < N * N; i++)
        x[i] = -2.5;
    memset(expected, 0, sizeof expected);
    const double none[N] = {0};
    expected[0] = 2.5 * N;
    check(x, N, N, none, expected, SQUARES);
}
END_TEST

/* What is left of the digits is noise, and noise is nothing. */
START_TEST(directions_without_extent_are_zero)
{
    enum { N = 60, D = 20 };
    ct_real *r = random_reals(N * D, 13);
    double x[N * D], zero[D] = {0};
    for (int i = 0; i < N * D; i++) /* the last ten columns are sums of two of the first ten */
        x[i] = i % D < 10 ? (double)r[i] : x[i - 10] / 3 + x[i - 10 + (i % D < 19)] / 7;
    const spectra s = variances(x, zero, N, D);
    for (int k = 0; k < D; k++)
        ck_assert((s.centred[k] == 0) == (k >= 10));
    free(r), free(s.centred), free(s.whole);
}
END_TEST

/* A cone: the mean is a million times what is around it, and hides none of it once it is gone. */
START_TEST(a_cone_keeps_the_digits_of_its_centred_rows)
{
    const int n = _i % 2 ? 30 : 100, d = _i % 2 ? 100 : 30;
    ct_real *r = random_reals((size_t)(n * d), 14);
    double *c = malloc((size_t)(n * d) * sizeof *c), mean[100], expected[100], centre[100] = {0};
    for (int i = 0; i < n * d; i++)
        centre[i % d] += (double)r[i] / n;
    for (int i = 0; i < n * d; i++)
        c[i] = (double)r[i] - centre[i % d];
    for (int k = 0; k < d; k++)
        mean[k] = 1e6 * cos(k);
    jacobi(c, n, d, expected);
    const spectra s = variances(c, mean, n, d);
    check_squares(s.centred, expected, n < d ? n : d, SQUARES);
    double square = 0;
    for (int k = 0; k < d; k++)
        square += n * mean[k] * mean[k];
    ck_assert_double_eq_tol(s.whole[0] / square, 1, 1e-10);
    free(r), free(c), free(s.centred), free(s.whole);
}
END_TEST

TCase *spectrum_case(void)
{
    TCase *tc = tcase_create("spectrum");
    tcase_set_timeout(tc, 60);
    add_tests(tc, worked_by_hand, agrees_with_numpy);
    tcase_add_loop_test(tc, agrees_with_jacobi, 0, 36);
    add_tests(tc, squares_add_up_to_those_of_the_entries, equal_and_defective_matrices_end,
              directions_without_extent_are_zero);
    tcase_add_loop_test(tc, a_cone_keeps_the_digits_of_its_centred_rows, 0, 2);
    return tc;
}
