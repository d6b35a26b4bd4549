/* test_k_bags.c -- picked rows, dropout and the dense layer against slow twins, to the last bit,
 * on every instruction set and number of threads. */
#include "devices.h"

#include "kernels/kernels.h"

#include <string.h>

enum { BAGS = 700, TABLE = 50, WIDEST = 100, MOST_IDS = BAGS * 9 };

static int offset[BAGS + 1], id[MOST_IDS];
static ct_real table[TABLE * WIDEST], rows[BAGS * WIDEST], got[BAGS * WIDEST], want[BAGS * WIDEST];

/* Bags of 0 to 8 rows, some of them picked twice. */
static void fill_bags(void)
{
    uint64_t s = 17;
    for (int i = 0; i < BAGS; i++) {
        offset[i + 1] = offset[i] + (int)(next_bits(&s) % 9);
        for (int k = offset[i]; k < offset[i + 1]; k++)
            id[k] = (int)(next_bits(&s) % TABLE);
    }
}

static const int WIDTH[] = {1, 7, 31, 32, 64, WIDEST};

START_TEST(means_of_picked_rows_match)
{
    const int d = WIDTH[_i];
    fill_bags();
    fill(table, TABLE * WIDEST, 1, -1, 1);
    for (int i = 0; i < BAGS; i++)
        for (int j = 0; j < d; j++) {
            const int count = offset[i + 1] - offset[i];
            ct_real sum = 0;
            for (int k = offset[i]; k < offset[i + 1]; k++)
                sum += table[id[k] * d + j];
            want[i * d + j] = sum * (count > 0 ? 1 / (ct_real)count : 0);
        }
    for (int v = 0; v < n_devices; v++) {
        fill(got, BAGS * WIDEST, 2, -1, 1); /* written over */
        k_bag_mean(devices[v], BAGS, d, table, offset, id, got);
        ck_assert_msg(same_bits(got, want, (size_t)(BAGS * d)), "%s, width %d",
                      ct_device_isa(devices[v]), d);
    }
}
END_TEST

START_TEST(gradients_reach_picked_rows_in_order)
{
    const int d = WIDTH[_i];
    fill_bags();
    fill(rows, BAGS * WIDEST, 3, -1, 1);
    fill(want, TABLE * WIDEST, 4, -1, 1); /* added to */
    for (int i = 0; i < BAGS; i++)
        for (int k = offset[i]; k < offset[i + 1]; k++)
            for (int j = 0; j < d; j++)
                want[id[k] * d + j] += 1 / (ct_real)(offset[i + 1] - offset[i]) * rows[i * d + j];
    for (int v = 0; v < n_devices; v++) {
        fill(got, TABLE * WIDEST, 4, -1, 1);
        k_bag_spread(devices[v], BAGS, d, rows, offset, id, got);
        ck_assert_msg(same_bits(got, want, (size_t)(TABLE * d)), "%s, width %d",
                      ct_device_isa(devices[v]), d);
    }
}
END_TEST

START_TEST(dropout_follows_the_random_words)
{
    static const int SIZE[] = {1, 3, 4, 63, 64, 65, 255, 257, 1000, BAGS * WIDEST - 1};
    static ct_real mask[BAGS * WIDEST], y[BAGS * WIDEST];
    const int n = SIZE[_i];
    const uint32_t threshold = 0x40000000u;
    ct_random r = ct_random_make(5, CT_STREAM_DROPOUT, ((uint64_t)7 << 32) + 3);
    fill(rows, (size_t)n, 5, -1, 1);
    for (int v = 0; v < n_devices; v++) {
        mask[n] = y[n] = 123;
        k_dropout(devices[v], (size_t)n, 0, &r, threshold, (ct_real)1.25, rows, mask, y);
        int wrong = 0;
        r.at = 0;
        for (int i = 0; i < n; i++) {
            const ct_real m = ct_random_bits(&r) < threshold ? 0 : (ct_real)1.25;
            wrong += mask[i] != m || y[i] != m * rows[i];
        }
        ck_assert_msg(wrong == 0, "%s: %d of %d differ", ct_device_isa(devices[v]), wrong, n);
        ck_assert(mask[n] == 123 && y[n] == 123);
    }
}
END_TEST

START_TEST(dense_layer_is_product_bias_activation)
{
    enum { M = 130, N = 75, K = 333 };
    static ct_real a[M * K], b[N * K], bias[N], z[M * N], y[M * N], plain[M * N], active[M * N];
    const int m = _i % 2 == 0 ? M : 5;
    const ct_activation f = (ct_activation)(_i / 2);
    fill(a, M * K, 6, -1, 1);
    fill(b, N * K, 7, -1, 1);
    fill(bias, N, 8, -1, 1);
    for (int v = 0; v < n_devices; v++) {
        for (int i = 0; i < m; i++)
            memcpy(plain + i * N, bias, sizeof bias);
        k_matmul_nt(devices[0], m, N, K, a, b, plain, true);
        k_activation(devices[0], f, (size_t)(m * N), plain, active);
        ct_real *out = f == CT_ACT_NONE ? z : y;
        k_matmul_dense(devices[v], m, N, K, (k_matrix){a, K, 1}, (k_matrix){b, 1, K}, bias, f, z,
                       y);
        ck_assert_msg(same_bits(z, plain, (size_t)(m * N)), "%s: before the activation",
                      ct_device_isa(devices[v]));
        ck_assert_msg(same_bits(out, active, (size_t)(m * N)), "%s: activation %d",
                      ct_device_isa(devices[v]), f);
        k_matmul_dense(devices[v], m, N, K, (k_matrix){a, K, 1}, (k_matrix){b, 1, K}, bias, f, y,
                       y); /* in place */
        ck_assert(same_bits(y, active, (size_t)(m * N)));
    }
}
END_TEST

TCase *k_bags_case(void)
{
    TCase *tc = tcase_create("k_bags");
    tcase_add_checked_fixture(tc, open_all, close_all);
    tcase_add_loop_test(tc, means_of_picked_rows_match, 0, COUNT(WIDTH));
    tcase_add_loop_test(tc, gradients_reach_picked_rows_in_order, 0, COUNT(WIDTH));
    tcase_add_loop_test(tc, dropout_follows_the_random_words, 0, 10);
    tcase_add_loop_test(tc, dense_layer_is_product_bias_activation, 0, 10);
    return tc;
}
