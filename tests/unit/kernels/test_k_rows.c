/* test_k_rows.c -- unit rows and sums of exponentials, against plain loops and
 * against the kernels they are said to be made of. */
#include "devices.h"

#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

/* Around vector lengths and blocks; the last ones are shared by all threads. */
static const struct {
    int n, m;
} SHAPES[] = {
    {1, 1},    {1, 17},   {17, 1},   {3, 5},     {16, 16},   {5, 33},    {33, 31},
    {2, 4100}, {300, 40}, {4100, 3}, {2500, 17}, {17, 2500}, {2, 20000},
};

/* Freed by the end of the test's process. */
static ct_real *array(size_t n)
{
    ct_real *x = malloc((n + 1) * sizeof *x);
    ck_assert_ptr_nonnull(x);
    return x;
}

/* ---- normalize ---- */

START_TEST(normalize_matches_the_formula)
{
    const int n = SHAPES[_i].n, d = SHAPES[_i].m;
    const size_t size = (size_t)n * (size_t)d;
    const ct_real eps = (ct_real)0.5;
    ct_real *x = array(size), *y = array(size), *r = array((size_t)n);
    ct_real *y2 = array(size), *r2 = array((size_t)n);
    fill(x, size, 1, -1, 1);
    for (size_t j = 0; j < (size_t)d; j++) /* one row shorter than eps */
        x[(size_t)(n - 1) * (size_t)d + j] *= (ct_real)1e-3;
    k_normalize_rows(devices[0], n, d, x, eps, y, r);
    for (int i = 0; i < n; i++) {
        const size_t at = (size_t)i * (size_t)d;
        double square = 0;
        for (int j = 0; j < d; j++)
            square += (double)x[at + (size_t)j] * (double)x[at + (size_t)j];
        const double length = fmax(sqrt(square), (double)eps);
        ck_close(r[i], length, 20 * (double)REAL_EPS * length);
        for (int j = 0; j < d; j++)
            ck_close(y[at + (size_t)j], (double)x[at + (size_t)j] / length, 25 * (double)REAL_EPS);
    }
    ck_assert(r[n - 1] == eps);
    for (int k = 1; k < n_devices; k++) {
        memcpy(y2, x, size * sizeof *x);
        k_normalize_rows(devices[k], n, d, y2, eps, y2, r2); /* in place */
        ck_same_on(devices[k], y2, y, size);
        ck_same_on(devices[k], r2, r, (size_t)n);
    }
    free(x), free(y), free(r), free(y2), free(r2);
}
END_TEST

START_TEST(normalize_grad_matches_the_formula)
{
    const int n = SHAPES[_i].n, d = SHAPES[_i].m;
    const size_t size = (size_t)n * (size_t)d;
    const ct_real eps = (ct_real)0.5;
    ct_real *y = array(size), *r = array((size_t)n), *dy = array(size);
    ct_real *dx = array(size), *got = array(size);
    fill(y, size, 2, -1, 1);
    fill(dy, size, 3, -1, 1);
    for (int i = 0; i < n; i++)
        r[i] = i % 3 == 1 ? eps : eps + (ct_real)(1 + i % 5); /* every third was clamped */
    fill(dx, size, 4, -1, 1);                                 /* backward adds to what is there */
    k_normalize_rows_grad(devices[0], n, d, y, r, eps, dy, dx, true);
    fill(got, size, 4, -1, 1);
    for (int i = 0; i < n; i++) {
        double c = 0, sum_abs = 0;
        for (size_t j = (size_t)i * (size_t)d; j < ((size_t)i + 1) * (size_t)d; j++) {
            c += (double)dy[j] * (double)y[j];
            sum_abs += fabs((double)dy[j] * (double)y[j]);
        }
        c = r[i] > eps ? c : 0;
        for (size_t j = (size_t)i * (size_t)d; j < ((size_t)i + 1) * (size_t)d; j++)
            ck_close(dx[j], (double)got[j] + ((double)dy[j] - c * (double)y[j]) / (double)r[i],
                     (double)REAL_EPS * (8 + 8 * sum_abs));
    }
    for (int k = 1; k < n_devices; k++) {
        fill(got, size, 4, -1, 1);
        k_normalize_rows_grad(devices[k], n, d, y, r, eps, dy, got, true);
        ck_same_on(devices[k], got, dx, size);
    }
    memset(dx, 0, size * sizeof *dx); /* in place of dy it is what is added to 0 */
    k_normalize_rows_grad(devices[0], n, d, y, r, eps, dy, dx, true);
    for (int k = 0; k < n_devices; k++) {
        memcpy(got, dy, size * sizeof *dy);
        k_normalize_rows_grad(devices[k], n, d, y, r, eps, got, got, false);
        ck_same_on(devices[k], got, dx, size);
    }
    free(y), free(r), free(dy), free(dx), free(got);
}
END_TEST

/* ---- exponential sums ---- */

/* Logits with a spread of 60, one row far up, one far down. */
static void fill_logits(ct_real *x, int n, int m)
{
    fill(x, (size_t)n * (size_t)m, 5, -30, 30);
    for (int j = 0; j < m; j++) {
        x[j] += 1024;
        x[(size_t)(n - 1) * (size_t)m + (size_t)j] -= 2048;
    }
}

START_TEST(row_sums_are_peak_exp_and_sum)
{
    const int n = SHAPES[_i].n, m = SHAPES[_i].m;
    const size_t size = (size_t)n * (size_t)m;
    ct_real *x = array(size), *want = array(size), *y = array(size), *got = array((size_t)n);
    ct_real *peak = array((size_t)n), *total = array((size_t)n), *got_peak = array((size_t)n);
    fill_logits(x, n, m);
    for (int i = 0; i < n; i++) {
        ct_real *row = want + (size_t)i * (size_t)m;
        memcpy(row, x + (size_t)i * (size_t)m, (size_t)m * sizeof *row);
        peak[i] = row[0];
        for (int j = 1; j < m; j++)
            peak[i] = row[j] > peak[i] ? row[j] : peak[i];
        for (int j = 0; j < m; j++)
            row[j] -= peak[i];
        k_exp(devices[0], (size_t)m, row, row);
        total[i] = k_sum(devices[0], (size_t)m, row);
    }
    for (int k = 0; k < n_devices; k++) {
        k_row_exp_sums(devices[k], n, m, x, got_peak, got, y);
        ck_same_on(devices[k], got_peak, peak, (size_t)n);
        ck_same_on(devices[k], got, total, (size_t)n);
        ck_same_on(devices[k], y, want, size);
        memset(got, 0, (size_t)n * sizeof *got);
        k_row_exp_sums(devices[k], n, m, x, got_peak, got, NULL);
        ck_same_on(devices[k], got_peak, peak, (size_t)n);
        ck_same_on(devices[k], got, total, (size_t)n);
        memcpy(y, x, size * sizeof *x);
        k_row_exp_sums(devices[k], n, m, y, got_peak, got, y); /* in place */
        ck_same_on(devices[k], got, total, (size_t)n);
        ck_same_on(devices[k], y, want, size);
    }
    free(x), free(want), free(y), free(got), free(peak), free(total), free(got_peak);
}
END_TEST

/* A peak that ignored NaN would make a diverged batch look healthy. Every place in
 * a row, because the largest is sought in several lanes. */
START_TEST(nan_anywhere_makes_the_peak_nan)
{
    enum { N = 3, M = 35 };
    ct_real x[N * M], peak[N], total[N];
    for (int k = 0; k < n_devices; k++)
        for (int at = 0; at < N * M; at++) {
            fill(x, N * M, 6, -1, 1);
            x[at] = (ct_real)NAN;
            k_row_exp_sums(devices[k], N, M, x, peak, total, NULL);
            for (int i = 0; i < N; i++)
                ck_assert(isnan(peak[i]) == (i == at / M) && isnan(total[i]) == (i == at / M));
        }
}
END_TEST

START_TEST(infinite_peaks_are_not_subtracted)
{
    const ct_real inf = (ct_real)HUGE_VAL, low[] = {-inf, -inf, -inf}, high[] = {0, inf, 1};
    ct_real peak[1], total[1], y[3];
    for (int k = 0; k < n_devices; k++) {
        k_row_exp_sums(devices[k], 1, 3, low, peak, total, y);
        ck_assert(peak[0] == -inf && total[0] == 0 && y[0] == 0 && y[1] == 0 && y[2] == 0);
        k_row_exp_sums(devices[k], 1, 3, high, peak, total, y);
        ck_assert(peak[0] == inf && total[0] == inf && y[0] == 1 && y[1] == inf);
    }
}
END_TEST

START_TEST(largest_finite_peaks_are_subtracted)
{
    const ct_real x[] = {REAL_MAX, -REAL_MAX, REAL_MAX / 2, REAL_MAX};
    ct_real peak[1], total[1], y[4];
    for (int k = 0; k < n_devices; k++) {
        k_row_exp_sums(devices[k], 1, 4, x, peak, total, y);
        ck_assert(peak[0] == REAL_MAX && total[0] == 2);
        ck_assert(y[0] == 1 && y[1] == 0 && y[2] == 0 && y[3] == 1);
    }
}
END_TEST

START_TEST(minus_infinity_weighs_nothing)
{
    const ct_real low = -(ct_real)HUGE_VAL, x[] = {low, 5, low, 5};
    ct_real peak[2], total[2], y[4];
    for (int k = 0; k < n_devices; k++) {
        k_row_exp_sums(devices[k], 1, 4, x, peak, total, y);
        ck_assert(peak[0] == 5 && total[0] == 2 && y[0] == 0 && y[1] == 1 && y[2] == 0 &&
                  y[3] == 1);
    }
}
END_TEST

TCase *k_rows_case(void)
{
    TCase *tc = tcase_create("k_rows");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_all, close_all);
    tcase_add_loop_test(tc, normalize_matches_the_formula, 0, COUNT(SHAPES));
    tcase_add_loop_test(tc, normalize_grad_matches_the_formula, 0, COUNT(SHAPES));
    tcase_add_loop_test(tc, row_sums_are_peak_exp_and_sum, 0, COUNT(SHAPES));
    add_tests(tc, nan_anywhere_makes_the_peak_nan, minus_infinity_weighs_nothing,
              infinite_peaks_are_not_subtracted, largest_finite_peaks_are_subtracted);
    return tc;
}
