/* test_k_sum.c -- sums are 16 interleaved partial sums joined by a tree, over blocks
 * joined in order; to the last bit, as kernels.h says it. */
#include "devices.h"

#include "kernels/kernels.h"

#include <stdlib.h>

enum { MOST = 40000 }; /* enough for every thread to get some */

/* The rule, once more and as slowly as it can be said; b NULL: the sum of a. */
static ct_real slow_sum(size_t n, const ct_real *a, const ct_real *b)
{
    ct_real total = 0;
    for (size_t start = 0; start < n; start += K_BLOCK) {
        ct_real part[16] = {0};
        for (size_t i = start; i < n && i < start + K_BLOCK; i++) {
            const ct_real term = b != NULL ? a[i] * b[i] : a[i];
            part[i % 16] = part[i % 16] + term;
        }
        for (int half = 8; half >= 1; half /= 2)
            for (int j = 0; j < half; j++)
                part[j] = part[j] + part[j + half];
        total = total + part[0];
    }
    return total;
}

static void check_length(size_t n, const ct_real *a, const ct_real *b)
{
    const ct_real sum = slow_sum(n, a, NULL), dot = slow_sum(n, a, b);
    for (int d = 0; d < n_devices; d++) {
        const ct_real got_sum = k_sum(devices[d], n, a), got_dot = k_dot(devices[d], n, a, b);
        ck_assert_msg(same_bits(&got_sum, &sum, 1),
                      "sum of %zu on %s with %d threads is %a, should be %a", n,
                      ct_device_isa(devices[d]), ct_device_threads(devices[d]), (double)got_sum,
                      (double)sum);
        ck_assert_msg(same_bits(&got_dot, &dot, 1),
                      "dot of %zu on %s with %d threads is %a, should be %a", n,
                      ct_device_isa(devices[d]), ct_device_threads(devices[d]), (double)got_dot,
                      (double)dot);
    }
}

START_TEST(sums_and_dots_follow_the_rule)
{
    static const size_t lengths[] = {4095, 4096,  4097,  4113,  8191, 8192,
                                     8193, 10000, 32768, 32769, MOST};
    static ct_real a[MOST], b[MOST];
    fill(a, MOST, 1, -1, 2);
    fill(b, MOST, 2, -1, 2);
    for (size_t n = 0; n <= 100; n++) {
        check_length(n, a, b);
        check_length(n, a + 3, b + 1); /* not aligned */
    }
    for (int i = 0; i < COUNT(lengths); i++)
        check_length(lengths[i], a, b);
}
END_TEST

START_TEST(very_long_sums_follow_it_too) /* more blocks than a device keeps at once */
{
    const size_t n = (size_t)1100 * K_BLOCK + 21;
    ct_real *a = malloc(n * sizeof *a);
    ck_assert_ptr_nonnull(a);
    fill(a, n, 7, -1, 2);
    const ct_real want = slow_sum(n, a, a);
    for (int d = 0; d < n_devices; d += 2) {
        const ct_real got = k_dot(devices[d], n, a, a);
        ck_same_on(devices[d], &got, &want, 1);
    }
    free(a);
}
END_TEST

START_TEST(sums_are_close_to_the_exact_ones)
{
    static ct_real a[MOST];
    long double exact = 0;
    fill(a, MOST, 3, 0, 1);
    for (int i = 0; i < MOST; i++)
        exact += (long double)a[i];
    ck_close(k_sum(devices[0], MOST, a), exact, 50 * (double)REAL_EPS * (double)exact / 2);
}
END_TEST

START_TEST(one_bad_value_spoils_the_sum)
{
    static ct_real a[MOST], b[MOST];
    fill(a, MOST, 4, 0, 1);
    fill(b, MOST, 4, 0, 1);
    for (int d = 0; d < n_devices; d++)
        for (int at = 0; at < MOST; at += 4444) {
            const ct_real old = a[at];
            a[at] = (ct_real)NAN;
            ck_assert(isnan(k_sum(devices[d], MOST, a)) && isnan(k_dot(devices[d], MOST, b, a)));
            a[at] = (ct_real)HUGE_VAL;
            ck_assert(isinf(k_sum(devices[d], MOST, a)) && isinf(k_dot(devices[d], MOST, b, a)));
            a[at] = old;
        }
}
END_TEST

START_TEST(row_dots_are_the_dots_of_rows)
{
    static const int shape[][2] = {{1, 1},    {3, 5},    {7, 16},    {40, 17},
                                   {300, 33}, {2, 5000}, {2, 40000}, {40000, 1}};
    for (int t = 0; t < COUNT(shape); t++) {
        const int n = shape[t][0], d = shape[t][1];
        const size_t size = (size_t)n * (size_t)d;
        ct_real *a = malloc(2 * size * sizeof *a), *b = a + size;
        ct_real *want = malloc(2 * (size_t)n * sizeof *want), *got = want + n;
        fill(a, size, 5, -1, 1);
        fill(b, size, 6, -1, 1);
        for (int i = 0; i < n; i++)
            want[i] = slow_sum((size_t)d, a + (size_t)i * (size_t)d, b + (size_t)i * (size_t)d);
        for (int k = 0; k < n_devices; k++) {
            k_row_dots(devices[k], n, d, a, b, got);
            ck_same_on(devices[k], got, want, (size_t)n);
        }
        free(a);
        free(want);
    }
}
END_TEST

TCase *k_sum_case(void)
{
    TCase *tc = tcase_create("k_sum");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_all, close_all);
    add_tests(tc, sums_and_dots_follow_the_rule, very_long_sums_follow_it_too,
              sums_are_close_to_the_exact_ones, one_bad_value_spoils_the_sum,
              row_dots_are_the_dots_of_rows);
    return tc;
}
