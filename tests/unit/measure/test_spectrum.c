/* test_spectrum.c -- singular values against values worked by hand, numpy, another
 * method (one-sided Jacobi), and laws that they obey. */
#include "suites.h"

#include "metric_helpers.h"

static double *spectrum(const ct_real *x, int n, int d)
{
    ct_device *dev = one_thread();
    double *sigma = malloc((size_t)(n < d ? n : d) * sizeof *sigma);
    CK_OK(ct_singular_values(dev, x, n, d, sigma, &err));
    ct_device_free(dev);
    return sigma;
}

/* sigma (m) is expected to tol times the largest; frees sigma. */
static void check_values(double *sigma, const double *expected, int m, double tol)
{
    for (int k = 0; k < m; k++) {
        ck_assert_msg(fabs(sigma[k] - expected[k]) <= tol * expected[0],
                      "value %d: %.17g, expected %.17g", k, sigma[k], expected[k]);
        ck_assert(k == 0 || sigma[k] <= sigma[k - 1]);
    }
    free(sigma);
}

START_TEST(worked_by_hand)
{
    check_values(spectrum((ct_real[]){-3}, 1, 1), (double[]){3}, 1, 0);
    check_values(spectrum((ct_real[]){3, -4, 12}, 1, 3), (double[]){13}, 1, 1e-15);
    check_values(spectrum((ct_real[]){3, -4, 12}, 3, 1), (double[]){13}, 1, 1e-15);
    check_values(spectrum((ct_real[]){3, 0, 4, 5}, 2, 2), (double[]){sqrt(45), sqrt(5)}, 2, 1e-15);
    check_values(spectrum((ct_real[]){0, 2, 0, 0, 0, -7, 0, 0, 0}, 3, 3), (double[]){7, 2, 0}, 3,
                 1e-15);
    check_values(spectrum((ct_real[]){1, 1, 1, 1, 1, 1}, 3, 2), (double[]){sqrt(6), 0}, 2, 1e-15);
    check_values(spectrum((ct_real[6]){0}, 2, 3), (double[]){0, 0}, 2, 0);
}
END_TEST

START_TEST(agrees_with_numpy)
{
    /* x = [[(7*i*i + 3*j + i*j*j) % 11 - 5 for j in range(4)] for i in range(6)]
     * numpy.linalg.svd(numpy.array(x, float), compute_uv=False) */
    static const double NUMPY[4] = {11.901193721454145, 8.4967610773006701, 7.2582411328336187,
                                    2.5464828405726654};
    ct_real x[24], y[24];
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 4; j++)
            x[4 * i + j] = y[6 * j + i] = (ct_real)((7 * i * i + 3 * j + i * j * j) % 11 - 5);
    check_values(spectrum(x, 6, 4), NUMPY, 4, 2e-15);
    check_values(spectrum(y, 4, 6), NUMPY, 4, 2e-15); /* turned: the same */
}
END_TEST

START_TEST(agrees_with_jacobi)
{
    /* one, two and three steps of folding (32 rows), and their edges */
    static const int SHAPE[][2] = {{2, 2},   {5, 3},   {31, 8},  {32, 8}, {33, 8},
                                   {65, 20}, {96, 33}, {33, 33}, {8, 1}};
    const int n = SHAPE[_i / 2][0], d = SHAPE[_i / 2][1];
    ct_real *x = random_reals((size_t)(n * d), 11 + (uint64_t)_i);
    double *y = malloc((size_t)(n * d) * sizeof *y), expected[33];
    if (_i % 2) /* a row that is another one doubled, a column of zeros */
        for (int k = 0; k < n * d; k++)
            x[k] = k % d == d / 2 && d > 1 ? 0 : k < d ? 2 * x[k + d] : x[k];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            y[i * d + k] = (double)x[i * d + k];
    jacobi(y, n, d, expected);
    check_values(spectrum(x, n, d), expected, d, 5e-15);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            x[k * n + i] = (ct_real)y[i * d + k];
    check_values(spectrum(x, d, n), expected, d, 5e-15);
    free(x), free(y);
}
END_TEST

START_TEST(squares_add_up_to_those_of_the_entries)
{
    enum { N = 150, D = 90 };
    ct_real *x = random_reals(N * D, 12);
    double *sigma = spectrum(x, N, D), entries = 0, values = 0;
    for (int i = 0; i < N * D; i++)
        entries += (double)x[i] * (double)x[i];
    for (int k = 0; k < D; k++)
        values += sigma[k] * sigma[k];
    ck_assert_double_eq_tol(values / entries, 1, 1e-13);
    free(x), free(sigma);
}
END_TEST

START_TEST(small_values_keep_their_digits)
{
    /* sigma_1 sigma_2 = 2^-40, sigma_1^2 + sigma_2^2 = 2 + 2^-80: eigenvalues of x'x would give 0
     * or noise */
    const double small = ldexp(1, -40);
    double *sigma = spectrum((ct_real[]){1, 1, 0, (ct_real)small}, 2, 2);
    ck_assert_double_eq_tol(sigma[0], sqrt(2), 1e-15);
    ck_assert_double_eq_tol(sigma[1] / small, sqrt(0.5),
                            1e-4); /* 2^-53 of sigma_1 is 1e-4 of this */
    free(sigma);
}
END_TEST

START_TEST(directions_without_extent_are_zero)
{
    double *sigma = spectrum((ct_real[]){1, 0, 0, 0, 0, 3, 0, 0, 0}, 3, 3);
    ck_assert_double_eq(sigma[2], 0);
    free(sigma);
}
END_TEST

/* The squares add up to 4, so the search begins at 2 and its first guess, 1, is a value. */
START_TEST(a_guess_that_hits_a_value_does_no_harm)
{
    const double expected[7] = {1, 1, 1, 0.5, 0.5, 0.5, 0.5};
    ct_real x[49] = {0};
    for (int k = 0; k < 7; k++)
        x[8 * k] = (ct_real)expected[k];
    check_values(spectrum(x, 7, 7), expected, 7, 1e-15);
}
END_TEST

START_TEST(equal_and_defective_matrices_end)
{
    enum { N = 40 };
    ct_real x[N * N] = {0};
    double expected[N];
    for (int i = 0; i < N; i++)
        x[i * N + i] = 1, expected[i] = 1;
    check_values(spectrum(x, N, N), expected, N, 1e-15);
    for (int i = 0; i < N; i++) /* ones above the diagonal: all eigenvalues are 0, values are not */
        x[i * N + i] = 0, x[i * N + (i + 1) % N] = i + 1 < N;
    expected[N - 1] = 0;
    check_values(spectrum(x, N, N), expected, N, 1e-15);
    for (int i = 0; i < N * N; i++)
        x[i] = (ct_real)-2.5;
    memset(expected, 0, sizeof expected);
    expected[0] = 2.5 * N;
    check_values(spectrum(x, N, N), expected, N, 1e-15);
}
END_TEST

START_TEST(scaling_by_a_power_of_two_is_exact)
{
    ct_real *x = random_reals(20 * 6, 13);
    double *sigma = spectrum(x, 20, 6);
    const double scale = ldexp(1,
                               _i * (sizeof(ct_real) == 4 ? 100
                                                          : 990)); /* squares overflow or vanish */
    for (int i = 0; i < 20 * 6; i++)
        x[i] *= (ct_real)scale;
    double *scaled = spectrum(x, 20, 6);
    for (int k = 0; k < 6; k++)
        ck_assert_double_eq(scaled[k], sigma[k] * scale);
    free(x), free(sigma), free(scaled);
}
END_TEST

START_TEST(entries_of_all_sizes_end)
{
    ct_real *x = random_reals(30 * 10, 14);
    ct_random r = ct_random_make(14, CT_STREAM_TEST, 2);
    double y[30 * 10], expected[10];
    for (int i = 0; i < 30 * 10; i++) {
        x[i] *= (ct_real)ldexp(1, -(int)ct_random_below(&r, sizeof(ct_real) == 4 ? 140 : 1060));
        y[i] = (double)x[i];
    }
    jacobi(y, 30, 10, expected);
    check_values(spectrum(x, 30, 10), expected, 10, 5e-15);
    free(x);
}
END_TEST

START_TEST(bad_input_is_an_error)
{
    static const float BAD[] = {NAN, INFINITY, -INFINITY};
    ct_device *dev = one_thread();
    ct_real x[6] = {1, 2, 3, 4, 5, 6};
    double sigma[3] = {7, 7, 7};
    ct_error err[2] = {{0}};
    ck_assert_int_eq(ct_singular_values(dev, x, 0, 3, sigma, &err[0]), CT_ERR_SHAPE);
    ck_assert_str_eq(err[0].msg,
                     "singular values: found (0, 3): expected at least one row and one column");
    ck_assert_int_eq(ct_singular_values(dev, x, 3, -2, sigma, CT_IGNORE_ERROR), CT_ERR_SHAPE);
    x[5] = (ct_real)BAD[_i];
    ck_assert_int_eq(ct_singular_values(dev, x, 3, 2, sigma, &err[1]), CT_ERR_NUMERIC);
    ck_assert_str_eq(err[1].msg, "singular values: row 2, column 1 (from 0) is not finite");
    ck_assert(sigma[0] == 7 && sigma[1] == 7 && sigma[2] == 7);
    ct_device_free(dev);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
    ct_device *dev = one_thread();
    ct_real *x = random_reals(100 * 60, 15);
    double sigma[60] = {7};
    ct_status status;
    long n = 0;
    do {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_singular_values(dev, x, 100, 60, sigma, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || (status == CT_ERR_NOMEM && err.msg[0] != '\0'), "%s",
                      err.msg);
        ck_assert((sigma[0] == 7) == (status != CT_OK));
    } while (status != CT_OK);
    ck_assert_int_gt(n, 1);
    free(x);
    ct_device_free(dev);
}
END_TEST

START_TEST(no_device_changes_a_bit)
{
    enum { N = 70, D = 50 };
    ct_real *x = random_reals(N * D, 16);
    double first[D], sigma[D];
    for (int i = 0; i < N_DEVICES; i++) {
        ct_device *dev = device_of(i);
        if (dev == NULL)
            continue;
        CK_OK(ct_singular_values(dev, x, N, D, i == 0 ? first : sigma, &err));
        ck_assert(i == 0 || memcmp(first, sigma, sizeof first) == 0);
        ct_device_free(dev);
    }
    free(x);
}
END_TEST

TCase *spectrum_case(void)
{
    TCase *tc = tcase_create("spectrum");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, worked_by_hand);
    tcase_add_test(tc, agrees_with_numpy);
    tcase_add_loop_test(tc, agrees_with_jacobi, 0, 18);
    tcase_add_test(tc, squares_add_up_to_those_of_the_entries);
    tcase_add_test(tc, small_values_keep_their_digits);
    tcase_add_test(tc, directions_without_extent_are_zero);
    tcase_add_test(tc, a_guess_that_hits_a_value_does_no_harm);
    tcase_add_test(tc, equal_and_defective_matrices_end);
    tcase_add_loop_test(tc, scaling_by_a_power_of_two_is_exact, -1, 2);
    tcase_add_test(tc, entries_of_all_sizes_end);
    tcase_add_loop_test(tc, bad_input_is_an_error, 0, 3);
    tcase_add_test(tc, survives_every_failed_allocation);
    tcase_add_test(tc, no_device_changes_a_bit);
    return tc;
}
