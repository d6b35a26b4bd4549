/* test_arena.c -- pieces that do not overlap, one block after a reset, a limit that
 * holds, and no malloc once warm. */
#include "testing.h"

#include "contrast/arena.h"
#include "platform/memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISONED 1
#endif
#ifdef POISONED
#include <sanitizer/asan_interface.h>
#endif

/* Pieces of growing size that together need many blocks. */
enum { N_PIECES = 60 };

static size_t piece_size(int i)
{
    return (size_t)(i * i * i + 1);
}

/* Take all pieces and fill each with its number. */
static void take_pieces(ct_arena *a, unsigned char *piece[N_PIECES])
{
    for (int i = 0; i < N_PIECES; i++) {
        piece[i] = ct_arena_alloc(a, piece_size(i));
        ck_assert_ptr_nonnull(piece[i]);
        ck_assert_uint_eq((uintptr_t)piece[i] % 64, 0);
        memset(piece[i], i, piece_size(i));
    }
}

START_TEST(pieces_are_aligned_and_apart)
{
    ct_arena a;
    unsigned char *piece[N_PIECES];
    ct_arena_init(&a, 0);
    take_pieces(&a, piece);
    int changed = 0;
    for (int i = 0; i < N_PIECES; i++) /* the newer ones have changed none of the older */
        for (size_t k = 0; k < piece_size(i); k++)
            changed += piece[i][k] != i;
    ck_assert_int_eq(changed, 0);
    ct_arena_free(&a);
}
END_TEST

START_TEST(init_allocates_nothing)
{
    const long before = ct_alloc_count();
    ct_arena a;
    ct_arena_init(&a, 100);
    ct_arena_reset(&a);
    ct_arena_free(&a);
    ck_assert_int_eq(ct_alloc_count(), before);
}
END_TEST

START_TEST(warm_rounds_reach_no_malloc)
{
    ct_arena a;
    unsigned char *piece[N_PIECES];
    long warm = 0;
    ct_arena_init(&a, 0);
    for (int round = 0; round < 5; round++) {
        if (round == 1)
            warm = ct_alloc_count();
        take_pieces(&a, piece);
        ct_arena_reset(&a);
        if (round == 0) /* one block now */
            ck_assert(a.block != NULL && a.used == 0);
    }
    ck_assert_int_eq(ct_alloc_count(), warm);
    ct_arena_free(&a);
}
END_TEST

START_TEST(used_counts_until_reset)
{
    ct_arena a;
    ct_arena_init(&a, 0);
    ct_arena_alloc(&a, 100);
    ct_arena_alloc(&a, 1000000);
    ck_assert_uint_ge(a.used, 1000100);
    ct_arena_reset(&a);
    ck_assert_uint_eq(a.used, 0);
    ct_arena_free(&a);
}
END_TEST

START_TEST(limit_holds_and_leaves_the_rest)
{
    ct_arena a;
    size_t taken = 0;
    ct_arena_init(&a, 100000);
    ck_assert_ptr_null(ct_arena_alloc(&a, 100001));
    ck_assert_ptr_null(ct_arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_null(ct_arena_alloc(&a, SIZE_MAX - 63));
    while (ct_arena_alloc(&a, 1000) != NULL)
        taken += 1000;
    ck_assert_uint_le(taken, 100000);
    ck_assert_uint_ge(taken, 50000); /* a limit that gives nothing would pass otherwise */
    ct_arena_reset(&a);
    ck_assert_ptr_nonnull(ct_arena_alloc(&a, 50000));
    ct_arena_free(&a);
}
END_TEST

START_TEST(limit_holds_over_rounds) /* the block of the next round counts too */
{
    ct_arena a;
    ct_arena_init(&a, 1 << 20);
    for (int round = 0; round < 10; round++) {
        size_t taken = 0;
        while (ct_arena_alloc(&a, 10000) != NULL)
            taken += 10000;
        ck_assert(taken > 500000 && taken <= 1 << 20);
        ct_arena_reset(&a);
    }
    ct_arena_free(&a);
}
END_TEST

START_TEST(zeroed_is_zero_in_used_memory)
{
    ct_arena a;
    ct_arena_init(&a, 0);
    memset(ct_arena_alloc(&a, 5000), 7, 5000);
    ct_arena_reset(&a);
    const unsigned char *z = ct_arena_zeroed(&a, 50, 100);
    for (int i = 0; i < 5000; i++)
        ck_close(z[i], 0, 0);
    ct_arena_free(&a);
}
END_TEST

START_TEST(zeroed_refuses_overflow)
{
    const size_t half = (size_t)1 << (4 * sizeof(size_t));
    ct_arena a;
    ct_arena_init(&a, 0);
    ck_assert_ptr_null(ct_arena_zeroed(&a, half, half));
    ck_assert_ptr_null(ct_arena_zeroed(&a, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_nonnull(ct_arena_zeroed(&a, 2, 8)); /* and still works */
    ct_arena_free(&a);
}
END_TEST

START_TEST(failure_is_reported_once_and_stays)
{
    ct_error err = {0};
    ct_arena a;
    ct_arena_open(&a, "sweep", 1000, &err);
    ck_assert_ptr_nonnull(ct_arena_alloc(&a, 500));
    ck_assert_ptr_null(ct_arena_zeroed(&a, 200, 10));
    ck_assert_int_eq(err.status, CT_ERR_NOMEM);
    ck_assert_str_eq(err.msg, "sweep: no memory for 2000 bytes");
    ck_assert_ptr_null(ct_arena_alloc(&a, 1)); /* it would fit */
    ck_assert_str_eq(err.msg, "sweep: no memory for 2000 bytes");
    ct_arena_free(&a);
}
END_TEST

START_TEST(nothing_is_handed_out_after_another_failure)
{
    ct_error err = {0};
    ct_arena a;
    ct_arena_open(&a, "run", 0, &err);
    CT_FAIL(&err, CT_ERR_IO, "no such file");
    ck_assert_ptr_null(ct_arena_alloc(&a, 1));
    ck_assert_ptr_null(ct_arena_zeroed(&a, SIZE_MAX / 8 + 2, 8));
    ck_assert_ptr_null(ct_arena_strdup(&a, "text"));
    ck_assert_str_eq(err.msg, "no such file");
    ct_arena_free(&a);
}
END_TEST

START_TEST(strings_are_copied)
{
    char text[] = "two towers";
    ct_arena a;
    ct_arena_init(&a, 0);
    const char *copy = ct_arena_strdup(&a, text), *empty = ct_arena_strdup(&a, "");
    text[0] = 'T';
    ck_assert_str_eq(copy, "two towers");
    ck_assert_str_eq(empty, "");
    ct_arena_free(&a);
}
END_TEST

START_TEST(arena_may_be_used_after_free)
{
    ct_arena a;
    ct_arena_init(&a, 0);
    ct_arena_alloc(&a, 10);
    ct_arena_free(&a);
    ct_arena_free(&a);
    ck_assert_uint_eq(a.used, 0);
    ck_assert_ptr_nonnull(ct_arena_alloc(&a, 10));
    ct_arena_free(&a);
}
END_TEST

START_TEST(arena_survives_every_failed_allocation)
{
    bool done = false;
    int failures = 0;
    for (long n = 0; !done; n++) {
        ct_arena a;
        ct_arena_init(&a, 0);
        done = true;
        ct_alloc_fail_at(n);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < N_PIECES; i++)
                if (ct_arena_alloc(&a, piece_size(i)) == NULL)
                    done = false;
            const long before = ct_alloc_count();
            ct_arena_reset(&a); /* may fail inside: it says so at the next alloc, or not at all */
            if (ct_alloc_count() > before)
                done = done && a.block != NULL;
        }
        ct_alloc_fail_at(-1);
        ck_assert_ptr_nonnull(ct_arena_alloc(&a, 100));
        failures += !done;
        ct_arena_free(&a);
    }
    ck_assert_int_ge(failures, 2);
}
END_TEST

START_TEST(dead_pieces_are_poisoned)
{
#ifdef POISONED
    ct_arena a;
    ct_arena_init(&a, 0);
    char *p = ct_arena_alloc(&a, 100), *q = ct_arena_alloc(&a, 64);
    ck_assert(!__asan_address_is_poisoned(p) && !__asan_address_is_poisoned(p + 99));
    ck_assert(__asan_address_is_poisoned(q + 64)); /* the end of a piece is guarded */
    ct_arena_reset(&a);
    ck_assert(__asan_address_is_poisoned(p) && __asan_address_is_poisoned(q));
    ct_arena_free(&a);
#endif
}
END_TEST

TCase *arena_case(void)
{
    TCase *tc = tcase_create("arena");
    tcase_set_timeout(tc, 20);
    add_tests(tc, pieces_are_aligned_and_apart, init_allocates_nothing, warm_rounds_reach_no_malloc,
              used_counts_until_reset, limit_holds_and_leaves_the_rest, limit_holds_over_rounds,
              zeroed_is_zero_in_used_memory, zeroed_refuses_overflow,
              failure_is_reported_once_and_stays, nothing_is_handed_out_after_another_failure,
              strings_are_copied, arena_may_be_used_after_free,
              arena_survives_every_failed_allocation, dead_pieces_are_poisoned);
    return tc;
}
