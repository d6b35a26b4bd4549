/* test_tokens.c -- ids of all captions, against asking for each caption alone. */
#include "suites.h"

#include "contrast/data.h"

#include <string.h>

static const char *const TEXT[] = {"a red star", "", "two shapes: red star above blue ring",
                                   "ring"};
static const ct_text_config CONFIG = {
    .buckets = 4096, .words = true, .word_pairs = true, .ngram_min = 3, .ngram_max = 5};

START_TEST(tokens_are_the_ids_of_each_text)
{
    ct_tokens t;
    ct_arena arena;
    ct_error err = {0};
    ct_arena_open(&arena, "tokens", 0, &err);
    ck_assert_int_eq(ct_tokens_init(&t, TEXT, 4, &CONFIG, &arena, &err), CT_OK);
    int longest = 0;
    for (int i = 0; i < 4; i++) {
        int id[200], n = ct_text_ids(TEXT[i], &CONFIG, id, 200);
        ck_assert_int_eq(t.offset[i + 1] - t.offset[i], n);
        ck_assert_int_eq(memcmp(t.id + t.offset[i], id, (size_t)n * sizeof *id), 0);
        longest = n > longest ? n : longest;
    }
    ck_assert_int_eq(t.longest, longest);
    ct_arena_free(&arena);
}
END_TEST

START_TEST(gather_picks_bags_in_the_order_asked)
{
    static const int WHICH[] = {3, 1, 0, 3};
    ct_tokens t;
    ct_arena arena;
    int offset[5], id[4 * 200];
    ct_error err = {0};
    ct_arena_open(&arena, "tokens", 0, &err);
    ck_assert_int_eq(ct_tokens_init(&t, TEXT, 4, &CONFIG, &arena, &err), CT_OK);
    ck_assert_int_le(t.longest, 200);
    ct_tokens_gather(&t, WHICH, 4, offset, id);
    ck_assert_int_eq(offset[0], 0);
    for (int i = 0; i < 4; i++) {
        int from = t.offset[WHICH[i]], n = t.offset[WHICH[i] + 1] - from;
        ck_assert_int_eq(offset[i + 1] - offset[i], n);
        ck_assert_int_eq(memcmp(id + offset[i], t.id + from, (size_t)n * sizeof *id), 0);
    }
    ct_arena_free(&arena);
}
END_TEST

START_TEST(failed_allocations_are_reported)
{
    ct_tokens t;
    ct_arena arena;
    for (size_t limit = 1; limit < 100; limit += 64) { /* no room for the first array; the second */
        ct_error err = {0};
        ct_arena_open(&arena, "tokens", limit, &err);
        ck_assert_int_eq(ct_tokens_init(&t, TEXT, 4, &CONFIG, &arena, &err), CT_ERR_NOMEM);
        ck_assert_ptr_nonnull(strstr(err.msg, "tokens: no memory for"));
        ct_arena_free(&arena);
    }
}
END_TEST

TCase *tokens_case(void)
{
    TCase *tc = tcase_create("tokens");
    add_tests(tc, tokens_are_the_ids_of_each_text, gather_picks_bags_in_the_order_asked,
              failed_allocations_are_reported);
    return tc;
}
