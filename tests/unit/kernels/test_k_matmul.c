/* test_k_matmul.c -- every element of every product is one chain of fma over k,
 * to the last bit, on every instruction set and number of threads.
 *
 * The slow twin is three loops around libm's fma, which is correctly rounded. */
#include "devices.h"

#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

#ifdef CT_REAL_DOUBLE
#define real_fma fma
#else
#define real_fma fmaf
#endif

/* Room for the largest operand of the edge tests. */
enum { MOST = 70, PAD = 3 };

static void slow_matmul(int m, int n, int k, k_matrix a, k_matrix b, ct_real *c, ptrdiff_t c_row,
                        bool add)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            ct_real sum = add ? c[i * c_row + j] : 0;
            for (int p = 0; p < k; p++)
                sum = real_fma(a.x[i * a.row + p * a.col], b.x[p * b.row + j * b.col], sum);
            c[i * c_row + j] = sum;
        }
}

/* A rows x cols operand in x: packed, or packed and transposed. */
static k_matrix operand(const ct_real *x, int rows, int cols, bool transposed)
{
    return transposed ? (k_matrix){x, 1, rows} : (k_matrix){x, cols, 1};
}

typedef struct product {
    int m, n, k;
    bool ta, tb, add;
} product;

/* Compare one product on all devices; c has `pad` extra elements in each row. */
static void check_product(product p, const ct_real *a, const ct_real *b, int pad)
{
    const ptrdiff_t c_row = p.n + pad;
    const size_t size = (size_t)p.m * (size_t)c_row;
    const k_matrix ka = operand(a, p.m, p.k, p.ta), kb = operand(b, p.k, p.n, p.tb);
    ct_real *start = malloc(3 * size * sizeof *start), *want = start + size, *got = want + size;
    ck_assert_ptr_nonnull(start);
    fill(start, size, 99, -1,
         1); /* what c holds before: added to, or written over; padding stays */
    memcpy(want, start, size * sizeof *start);
    slow_matmul(p.m, p.n, p.k, ka, kb, want, c_row, p.add);
    for (int i = 0; i < n_devices; i++) {
        memcpy(got, start, size * sizeof *start);
        k_matmul(devices[i], p.m, p.n, p.k, ka, kb, got, c_row, p.add);
        ck_assert_msg(same_bits(got, want, size), "%s with %d threads: m %d n %d k %d%s%s%s pad %d",
                      ct_device_isa(devices[i]), ct_device_threads(devices[i]), p.m, p.n, p.k,
                      p.ta ? " a'" : "", p.tb ? " b'" : "", p.add ? " add" : "", pad);
    }
    free(start);
}

/* _i counts the eight kinds: either operand transposed, added or not. */
static product kind(int m, int n, int k, int i)
{
    return (product){m, n, k, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0};
}

START_TEST(random_rectangles_match_the_slow_twin)
{
    static ct_real a[MOST * MOST], b[MOST * MOST];
    uint64_t s = 1000 + (uint64_t)_i;
    fill(a, MOST * MOST, 1, -1, 1);
    fill(b, MOST * MOST, 2, -1, 1);
    for (int round = 0; round < 40; round++) {
        const int m = 1 + (int)(next_bits(&s) % MOST), n = 1 + (int)(next_bits(&s) % MOST);
        const int k = 1 + (int)(next_bits(&s) % MOST);
        check_product(kind(m, n, k, _i), a, b, round % 2 * PAD);
    }
}
END_TEST

START_TEST(sides_around_tile_sizes_match)
{
    static const int side[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  12, 13, 15, 16,
                               17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70};
    static ct_real a[MOST * MOST], b[MOST * MOST];
    fill(a, MOST * MOST, 3, -1, 1);
    fill(b, MOST * MOST, 4, -1, 1);
    for (int i = 0; i < COUNT(side); i++) {
        check_product(kind(side[i], 1, 5, _i), a, b, PAD);
        check_product(kind(1, side[i], 5, _i), a, b, PAD);
        check_product(kind(7, 19, side[i], _i), a, b, PAD);
        check_product(kind(side[i], side[COUNT(side) - 1 - i], 9, _i), a, b, 0);
    }
}
END_TEST

START_TEST(few_rows_and_many_columns_match) /* some of which are computed as c' */
{
    enum { M = 48, N = 1030, K = 21 };
    static const int rows[] = {7, 8, 15, 16, 30, 31, 32, 47, M}, columns[] = {60, 64, 101, N};
    static ct_real a[M * K], b[K * N], bias[N], want[M * N], got[M * N], y[M * N];
    fill(a, M * K, 3, -1, 1);
    fill(b, K * N, 4, -1, 1);
    fill(bias, N, 5, -1, 1);
    for (int i = 0; i < COUNT(rows) * COUNT(columns); i++) {
        const int m = rows[i / COUNT(columns)], n = columns[i % COUNT(columns)];
        const k_matrix ka = operand(a, m, K, false), kb = operand(b, K, n, true);
        check_product(kind(m, n, K, _i), a, b, i % 2 * PAD);
        for (int j = 0; j < m * n; j++) /* a layer's sums begin with its bias */
            want[j] = bias[j % n];
        slow_matmul(m, n, K, ka, kb, want, n, true);
        for (int d = 0; d < n_devices; d++) {
            k_matmul_dense(devices[d], m, n, K, ka, kb, bias, CT_ACT_RELU, got, y);
            ck_same_on(devices[d], got, want, (size_t)m * (size_t)n);
            for (int j = 0; j < m * n; j++)
                got[j] = want[j] > 0 ? want[j] : 0;
            ck_same_on(devices[d], y, got, (size_t)m * (size_t)n);
        }
    }
}
END_TEST

START_TEST(large_rectangle_matches)
{
    enum { M = 131, N = 257, K = 300 };
    static ct_real a[M * K], b[K * N];
    fill(a, M * K, 5, -1, 1);
    fill(b, K * N, 6, -1, 1);
    check_product(kind(M, N, K, _i), a, b, 0);
}
END_TEST

START_TEST(long_inner_side_is_still_one_chain) /* blocks over k reload the sum */
{
    enum { M = 5, N = 18, K = 2500 };
    static ct_real a[M * K], b[K * N];
    fill(a, M * K, 7, -1, 1);
    fill(b, K * N, 8, -1, 1);
    check_product(kind(M, N, K, _i), a, b, 1);
}
END_TEST

START_TEST(empty_inner_side_is_zero_or_nothing)
{
    const ct_real none = 0;
    for (int i = 0; i < 8; i += 4) {
        ct_real c[6] = {1, 2, 3, 4, 5, 6};
        k_matrix x = {&none, 1, 1};
        k_matmul(devices[_i % n_devices], 2, 3, 0, x, x, c, 3, i == 4);
        for (int j = 0; j < 6; j++)
            ck_close(c[j], i == 4 ? j + 1 : 0, 0);
    }
}
END_TEST

START_TEST(any_strides_will_do) /* every second column of every third row */
{
    enum { M = 11, N = 21, K = 13 };
    static ct_real a[M * 3 * K * 2], b[K * 3 * N * 2], want[M * N], got[M * N];
    const k_matrix ka = {a, 3 * K * 2, 2}, kb = {b, 3 * N * 2, 2};
    fill(a, COUNT(a), 9, -1, 1);
    fill(b, COUNT(b), 10, -1, 1);
    slow_matmul(M, N, K, ka, kb, want, N, false);
    for (int i = 0; i < n_devices; i++) {
        k_matmul(devices[i], M, N, K, ka, kb, got, N, false);
        ck_same_on(devices[i], got, want, M * N);
    }
}
END_TEST

START_TEST(packed_forms_are_the_four_letters)
{
    enum { M = 9, N = 22, K = 17 };
    void (*const packed[])(ct_device *, int, int, int, const ct_real *, const ct_real *, ct_real *,
                           bool) = {k_matmul_nt, k_matmul_nn, k_matmul_tn};
    static ct_real a[M * K], b[K * N], want[M * N], got[M * N];
    const bool add = _i == 1;
    fill(a, M * K, 11, -1, 1);
    fill(b, K * N, 12, -1, 1);
    for (int i = 0; i < n_devices; i++)
        for (int form = 0; form < 3; form++) {
            const bool ta = form == 2, tb = form == 0;
            fill(want, M * N, 13, -1, 1);
            fill(got, M * N, 13, -1, 1);
            slow_matmul(M, N, K, operand(a, M, K, ta), operand(b, K, N, tb), want, N, add);
            packed[form](devices[i], M, N, K, a, b, got, add);
            ck_same_on(devices[i], got, want, M * N);
        }
}
END_TEST

/* One NaN or infinity reaches its own row or column and nothing else, though the
 * tiles at the edges are padded. */
START_TEST(bad_values_stay_in_their_rows_and_columns)
{
    enum { M = 19, N = 35, K = 21 };
    static const double bad[] = {(double)NAN, HUGE_VAL, -HUGE_VAL};
    static ct_real a[M * K], b[K * N];
    for (int v = 0; v < COUNT(bad); v++) {
        fill(a, M * K, 14, -1, 1);
        fill(b, K * N, 15, -1, 1);
        a[18 * K + 20] = (ct_real)bad[v]; /* the last corner: ragged in each direction */
        b[3] = (ct_real)bad[v];
        a[2 * K + 4] = b[4 * N + 5] = 0;
        check_product((product){M, N, K, false, false, _i == 1}, a, b, 0);
    }
}
END_TEST

/* 1 x 1 inner products with `add` are fma itself: c = a b + c rounded once, over
 * cancellation, sticky bits far below, subnormal results and overflow. */
START_TEST(fma_is_rounded_once)
{
    enum { M = 8, N = 200 };
    static ct_real a[M], b[N], start[M * N], want[M * N], got[M * N];
    uint64_t s = (uint64_t)_i + 1;
    const k_matrix ka = {a, 1, 1}, kb = {b, N, 1};
    for (int i = 0; i < M; i++)
        a[i] = (ct_real)ldexp((double)(next_bits(&s) >> 11) * 0x1p-53 + 1,
                              (int)(next_bits(&s) % 60) - 30);
    for (int j = 0; j < N; j++) {
        const double f = (double)(next_bits(&s) >> 11) * 0x1p-53 + 1;
        b[j] = (ct_real)ldexp(next_bits(&s) & 1 ? f : -f,
                              (int)(next_bits(&s) % 60) - 30 + (_i % 4 - 2) * 48);
        if (j % 5 == 0) /* few bits: products that fall on or near a tie */
            b[j] = (ct_real)ldexp((double)(1 + 2 * (next_bits(&s) % 8)),
                                  -(int)(next_bits(&s) % 20));
    }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            const ct_real ab = a[i] * b[j];
            const int down = (int)(next_bits(&s) % (2 * REAL_DIGITS + 8)) - 4;
            ct_real c = (ct_real)ldexp((double)ab, -down);
            switch (next_bits(&s) % 4) {
            case 0: c = -ab; break; /* what rounding lost   */
            case 1:
                c = (ct_real)(ldexp((double)ab, REAL_DIGITS - down / 2));
                break; /* product is the tail */
            case 2: c = next_bits(&s) & 1 ? (ct_real)REAL_TRUE_MIN : -(ct_real)REAL_TRUE_MIN; break;
            default: break; /* c is the tail        */
            }
            start[i * N + j] = c;
            want[i * N + j] = real_fma(a[i], b[j], c);
        }
    for (int d = 0; d < n_devices; d++) {
        memcpy(got, start, sizeof got);
        k_matmul(devices[d], M, N, 1, ka, kb, got, N, true);
        for (int i = 0; i < M * N; i++)
            ck_assert_msg(same_bits(&got[i], &want[i], 1),
                          "%s: fma(%a, %a, %a) is %a, should be %a", ct_device_isa(devices[d]),
                          (double)a[i / N], (double)b[i % N], (double)start[i], (double)got[i],
                          (double)want[i]);
    }
}
END_TEST

START_TEST(signed_zeros_follow_fma) /* -0 + 0 = 0: the chain starts from +0 */
{
    static ct_real a[] = {-1, 0, (ct_real)-0.0}, b[] = {0, (ct_real)-0.0, 5};
    for (int k = 1; k <= 3; k++)
        check_product((product){1, 1, k, false, false, false}, a, b, 0);
}
END_TEST

START_TEST(column_sums_add_in_order)
{
    static const int shape[][2] = {{1, 1}, {5, 1}, {1, 33}, {70, 17}, {300, 64}, {9, 5000}};
    for (int t = 0; t < COUNT(shape); t++) {
        const int n = shape[t][0], d = shape[t][1];
        ct_real *x = malloc((size_t)n * (size_t)d * sizeof *x), want[5000], got[5000];
        fill(x, (size_t)n * (size_t)d, 16, -1, 1);
        for (int j = 0; j < d; j++) {
            want[j] = (ct_real)(j % 7);
            for (int i = 0; i < n; i++)
                want[j] += x[(size_t)i * (size_t)d + (size_t)j];
        }
        for (int i = 0; i < n_devices; i++) {
            for (int j = 0; j < d; j++)
                got[j] = (ct_real)(j % 7);
            k_col_sums(devices[i], n, d, x, got);
            ck_same_on(devices[i], got, want, (size_t)d);
        }
        free(x);
    }
}
END_TEST

TCase *k_matmul_case(void)
{
    TCase *tc = tcase_create("k_matmul");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_all, close_all);
    tcase_add_loop_test(tc, random_rectangles_match_the_slow_twin, 0, 8);
    tcase_add_loop_test(tc, sides_around_tile_sizes_match, 0, 8);
    tcase_add_loop_test(tc, few_rows_and_many_columns_match, 0, 8);
    tcase_add_loop_test(tc, large_rectangle_matches, 0, 8);
    tcase_add_loop_test(tc, long_inner_side_is_still_one_chain, 0, 8);
    tcase_add_loop_test(tc, empty_inner_side_is_zero_or_nothing, 0, MAX_DEVICES);
    tcase_add_test(tc, any_strides_will_do);
    tcase_add_loop_test(tc, packed_forms_are_the_four_letters, 0, 2);
    tcase_add_loop_test(tc, bad_values_stay_in_their_rows_and_columns, 0, 2);
    tcase_add_loop_test(tc, fma_is_rounded_once, 0, 8);
    add_tests(tc, signed_zeros_follow_fma, column_sums_add_in_order);
    return tc;
}
