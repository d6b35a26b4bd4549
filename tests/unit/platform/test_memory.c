/* test_memory.c -- the one door to malloc: aligned, checked, and shut on demand. */
#include "testing.h"

#include "platform/memory.h"

#include <string.h>

START_TEST(memory_is_aligned_and_writable)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 100000};
    for (int i = 0; i < COUNT(sizes); i++) {
        unsigned char *p = ct_alloc(sizes[i], 1), *z = ct_alloc_zeroed(1, sizes[i]);
        ck_assert(p != NULL && z != NULL && p != z);
        ck_assert_uint_eq((uintptr_t)p % 64 + (uintptr_t)z % 64, 0);
        memset(p, 1, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            ck_close(z[k], 0, 0);
        ct_free(p);
        ct_free(z);
    }
    ct_free(NULL);
}
END_TEST

START_TEST(products_that_overflow_are_refused)
{
    const size_t half = (size_t)1 << (4 * sizeof(size_t)); /* half * half is 2^(all bits) */
    ck_assert_ptr_null(ct_alloc(half, half));
    ck_assert_ptr_null(ct_alloc_zeroed(half, half));
    ck_assert_ptr_null(ct_alloc(SIZE_MAX / 8 + 2, 8)); /* 8 bytes, if it wraps */
    ck_assert_ptr_null(ct_alloc(SIZE_MAX, 1));         /* no room left to align */
    ck_assert_ptr_null(ct_alloc(SIZE_MAX - 62, 1));
}
END_TEST

START_TEST(failure_is_reported_with_its_user)
{
    ct_error err = {0};
    int *zero = ct_alloc_for("towers", 3, sizeof *zero, &err);
    ck_assert(zero != NULL && zero[0] == 0 && zero[2] == 0 && err.status == CT_OK);
    ct_free(zero);
    ck_assert_ptr_null(ct_alloc_for("towers", SIZE_MAX, 2, &err));
    ck_assert_int_eq(err.status, CT_ERR_NOMEM);
    ck_assert_msg(strncmp(err.msg, "towers: no memory for ", 22) == 0, "%s", err.msg);
    ck_assert_ptr_null(ct_alloc_for("losses", 1, 1, &err)); /* it would fit */
    ck_assert_msg(strncmp(err.msg, "towers", 6) == 0, "%s", err.msg);
}
END_TEST

START_TEST(size_arithmetic_is_checked)
{
    size_t out = 0;
    ck_assert(ct_size_mul(6, 7, &out) && out == 42);
    ck_assert(ct_size_mul(0, SIZE_MAX, &out) && out == 0);
    ck_assert(ct_size_mul(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(ct_size_mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    ck_assert(ct_size_mul(SIZE_MAX / 5, 5, &out) && out == SIZE_MAX / 5 * 5);
    ck_assert(!ct_size_mul(SIZE_MAX / 5 + 1, 5, &out));
    ck_assert(!ct_size_mul(SIZE_MAX, SIZE_MAX, &out));
    ck_assert(ct_size_add(40, 2, &out) && out == 42);
    ck_assert(ct_size_add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    ck_assert(!ct_size_add(SIZE_MAX, 1, &out));
    ck_assert(!ct_size_add(2, SIZE_MAX, &out));
}
END_TEST

START_TEST(chosen_allocation_fails_once)
{
    for (long n = 0; n < 4; n++) {
        ct_alloc_fail_at(n);
        for (long i = 0; i < 6; i++) {
            void *p = i % 2 ? ct_alloc(8, 1) : ct_alloc_zeroed(8, 1);
            ck_assert((p == NULL) == (i == n));
            ct_free(p);
        }
    }
    ct_alloc_fail_at(0);
    ct_alloc_fail_at(-1); /* turned off again */
    void *p = ct_alloc(1, 1);
    ck_assert_ptr_nonnull(p);
    ct_free(p);
}
END_TEST

START_TEST(allocations_are_counted)
{
    const long before = ct_alloc_count();
    ct_free(ct_alloc(1, 1));
    ct_free(ct_alloc_zeroed(1, 1));
    ck_assert_int_eq(ct_alloc_count() - before, 2);
}
END_TEST

TCase *memory_case(void)
{
    TCase *tc = tcase_create("memory");
    add_tests(tc, memory_is_aligned_and_writable, products_that_overflow_are_refused,
              failure_is_reported_with_its_user, size_arithmetic_is_checked,
              chosen_allocation_fails_once, allocations_are_counted);
    return tc;
}
