/* test_device.c -- devices, and the loop that their threads share. */
#include "testing.h"

#include "kernels/kernels.h"
#include "platform/memory.h"

#include <string.h>

START_TEST(device_is_what_was_asked_for)
{
    for (int threads = 1; threads <= 5; threads++) {
        ct_error err = {0};
        ct_device *dev = ct_device_new(threads, "portable", &err);
        ck_assert_msg(dev != NULL, "%s", err.msg);
        ck_assert_int_eq(ct_device_threads(dev), threads);
        ck_assert_str_eq(ct_device_isa(dev), "portable");
        ct_device_free(dev);
    }
}
END_TEST

START_TEST(best_device_has_a_thread_and_a_name)
{
    ct_device *dev = ct_device_new(0, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    ck_assert_int_ge(ct_device_threads(dev), 1);
    ck_assert_ptr_nonnull(ct_device_isa(dev));
    ct_device *same = ct_device_new(1, ct_device_isa(dev), CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(same);
    ct_device_free(same);
    ct_device_free(dev);
    ct_device_free(NULL);
}
END_TEST

START_TEST(unknown_instruction_set_is_an_error)
{
    ct_error err = {0};
    ck_assert_ptr_null(ct_device_new(1, "abacus", &err));
    ck_assert_int_eq(err.status, CT_ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, "abacus") && strstr(err.msg, "portable"), "%s", err.msg);
    ck_assert_ptr_null(ct_device_new(1, "", CT_IGNORE_ERROR));
}
END_TEST

START_TEST(absurd_numbers_of_threads_are_errors)
{
    static const int bad[] = {-1, 1025, 1 << 30};
    ct_error err = {0};
    ck_assert_ptr_null(ct_device_new(bad[_i], "portable", &err));
    ck_assert_int_eq(err.status, CT_ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, "1024") != NULL, "%s", err.msg);
}
END_TEST

/* How often each block was run. A block belongs to one thread, so this needs no lock. */
static void count_block(void *counts, int block)
{
    ((unsigned char *)counts)[block]++;
}

START_TEST(every_block_runs_exactly_once)
{
    static const int blocks[] = {0, 1, 2, 3, 4, 7, 100, 5000};
    unsigned char counts[5000];
    ct_device *dev[MAX_DEVICES];
    const int n = open_devices(dev);
    int wrong = 0;
    for (int d = 0; d < n; d++)
        for (int round = 0; round < 20; round++)
            for (int t = 0; t < COUNT(blocks); t++) {
                memset(counts, 0, sizeof counts);
                k_parallel(dev[d], blocks[t], count_block, counts);
                for (int i = 0; i < 5000; i++)
                    wrong += counts[i] != (i < blocks[t]);
            }
    ck_assert_int_eq(wrong, 0);
    close_devices(dev, n);
}
END_TEST

START_TEST(device_survives_every_failed_allocation)
{
    ct_device *dev = NULL;
    long n = 0;
    while (dev == NULL) {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        dev = ct_device_new(3, NULL, &err);
        ct_alloc_fail_at(-1);
        ck_assert(dev != NULL || (err.status == CT_ERR_NOMEM && err.msg[0] != '\0'));
    }
    ck_assert_int_gt(n, 1); /* it must have failed at least once */
    ct_device_free(dev);
}
END_TEST

TCase *device_case(void)
{
    TCase *tc = tcase_create("device");
    tcase_set_timeout(tc, 30);
    add_tests(tc, device_is_what_was_asked_for, best_device_has_a_thread_and_a_name,
              unknown_instruction_set_is_an_error);
    tcase_add_loop_test(tc, absurd_numbers_of_threads_are_errors, 0, 3);
    add_tests(tc, every_block_runs_exactly_once, device_survives_every_failed_allocation);
    return tc;
}
