/* test_sampler.c -- epochs are permutations, and step k is the same however one
 * gets there. */
#include "suites.h"

#include "contrast/data.h"
#include "contrast/random.h"
#include "platform/memory.h"

#include <string.h>

enum { N = 23, BATCH = 5, PER_EPOCH = N / BATCH };

static int ITEMS[N], GROUP[100 + 3 * N];

static ct_arena arena;
static ct_error failed;

static void open_arena(void)
{
    failed = (ct_error){0};
    ct_arena_open(&arena, "sampler", 0, &failed);
}

static void free_arena(void)
{
    ct_arena_free(&arena);
}

static ct_sampler start(uint64_t seed)
{
    ct_sampler s;
    for (int i = 0; i < N; i++)
        ITEMS[i] = 100 + 3 * i;
    ck_assert_int_eq(ct_sampler_init(&s, ITEMS, N, BATCH, NULL, seed, &arena, CT_IGNORE_ERROR),
                     CT_OK);
    return s;
}

START_TEST(an_epoch_has_no_item_twice)
{
    ct_sampler s = start(1);
    for (long epoch = 0; epoch < 20; epoch++) {
        bool seen[N] = {false};
        for (long k = 0; k < PER_EPOCH; k++) {
            const int *batch = ct_sampler_batch(&s, epoch * PER_EPOCH + k);
            for (int i = 0; i < BATCH; i++) {
                int which = (batch[i] - 100) / 3;
                ck_assert(batch[i] >= 100 && which < N && batch[i] == ITEMS[which]);
                ck_assert(!seen[which]);
                seen[which] = true;
            }
        }
    }
}
END_TEST

START_TEST(every_item_has_its_turn) /* what is dropped is not always the same */
{
    ct_sampler s = start(1);
    int count[N] = {0};
    for (long k = 0; k < 100 * PER_EPOCH; k++) {
        const int *batch = ct_sampler_batch(&s, k);
        for (int i = 0; i < BATCH; i++)
            count[(batch[i] - 100) / 3]++;
    }
    for (int i = 0; i < N; i++) /* binomial(100, 20/23): 87 +- 3.4 */
        ck_assert(count[i] > 70 && count[i] < 100);
}
END_TEST

START_TEST(a_step_does_not_depend_on_the_way_to_it)
{
    ct_sampler walked = start(7), jumped = start(7);
    int batch[12][BATCH];
    for (long k = 0; k < 12; k++)
        memcpy(batch[k], ct_sampler_batch(&walked, k), sizeof batch[k]);
    for (long k = 11; k >= 0; k -= 3)
        ck_assert_int_eq(memcmp(batch[k], ct_sampler_batch(&jumped, k), sizeof batch[k]), 0);
}
END_TEST

START_TEST(seeds_and_epochs_order_differently)
{
    ct_sampler one = start(1), two = start(2);
    int first[BATCH];
    memcpy(first, ct_sampler_batch(&one, 0), sizeof first);
    ck_assert_int_ne(memcmp(first, ct_sampler_batch(&two, 0), sizeof first), 0);
    ck_assert_int_ne(memcmp(first, ct_sampler_batch(&one, PER_EPOCH), sizeof first), 0);
}
END_TEST

/* A program of others can draw the same: the items, shuffled by the stream of that seed and epoch.
 */
START_TEST(an_order_is_that_of_its_stream)
{
    ct_sampler s = start(7);
    const int *batch = ct_sampler_batch(&s, 3 * PER_EPOCH);
    ct_random r = ct_random_make(7, CT_STREAM_SHUFFLE, 3);
    int order[N];
    memcpy(order, ITEMS, sizeof order);
    ct_random_shuffle(&r, order, N);
    ck_assert_mem_eq(batch, order, BATCH * sizeof *order);
}
END_TEST

START_TEST(a_batch_must_fit_the_items)
{
    static const int WRONG[] = {0, -1, N + 1};
    for (int k = 0; k < 3; k++) {
        ct_sampler s;
        ct_error err = {0};
        ck_assert_int_eq(ct_sampler_init(&s, ITEMS, N, WRONG[k], NULL, 1, &arena, &err),
                         CT_ERR_CONFIG);
        ck_assert_ptr_nonnull(strstr(err.msg, "expected 1 to 23"));
    }
    ct_sampler all;
    ck_assert_int_eq(ct_sampler_init(&all, ITEMS, N, N, NULL, 1, &arena, CT_IGNORE_ERROR), CT_OK);
    ck_assert_ptr_eq(ct_sampler_batch(&all, 3), all.order);
}
END_TEST

/* Sizes of groups, and by hand how many batches of 4 without duplicates an epoch can have. */
static const struct {
    int size[8], batches;
} GROUPS[] = {
    {{1, 1, 1, 1, 1, 1, 1, 1}, 2},
    {{2, 2, 2, 2}, 2},
    {{5, 1, 1, 1}, 1},             /* a second batch would have one group only */
    {{9, 3, 3, 3, 1, 1}, 3},       /* 3 of the nine, 9, 1, 1: fourteen cards    */
    {{7, 7, 1, 1, 1, 1, 1, 1}, 3}, /* 3 + 3 + 6                                */
};

START_TEST(no_group_is_twice_in_a_batch)
{
    enum { B = 4 };
    int n = 0, seen_epochs[N] = {0};
    for (int g = 0; g < 8; g++)
        for (int k = 0; k < GROUPS[_i].size[g]; k++, n++) {
            ITEMS[n] = 100 +
                       3 * ((n * 7) %
                            N); /* groups do not lie together, their ids are no small numbers */
            GROUP[ITEMS[n]] = 1000 - 77 * g;
        }
    ct_sampler s;
    ck_assert_int_eq(ct_sampler_init(&s, ITEMS, n, B, GROUP, 1, &arena, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(s.per_epoch, GROUPS[_i].batches);
    for (long epoch = 0; epoch < 200; epoch++) {
        bool seen[N] = {false};
        for (long k = 0; k < s.per_epoch; k++) {
            const int *batch = ct_sampler_batch(&s, epoch * s.per_epoch + k);
            for (int i = 0; i < B; i++) {
                const int which = (batch[i] - 100) / 3;
                ck_assert(!seen[which]); /* no item twice in an epoch */
                seen[which] = true;
                seen_epochs[which]++;
                for (int j = 0; j < i; j++)
                    ck_assert_int_ne(GROUP[batch[i]], GROUP[batch[j]]);
            }
        }
    }
    for (int i = 0; i < n;
         i++) /* each has its turn: 43 of 200 for one of seven cards of which three are dealt */
        ck_assert_int_gt(seen_epochs[(ITEMS[i] - 100) / 3], 30);
}
END_TEST

START_TEST(a_batch_needs_as_many_groups)
{
    ct_sampler s;
    ct_error err = {0};
    for (int i = 0; i < N; i++) {
        ITEMS[i] = i;
        GROUP[i] = i % 4;
    }
    ck_assert_int_eq(ct_sampler_init(&s, ITEMS, N, BATCH, GROUP, 1, &arena, &err), CT_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "without duplicates at most 4"));
}
END_TEST

START_TEST(a_failed_allocation_is_reported)
{
    ct_sampler s;
    ct_alloc_fail_at(0);
    ck_assert_int_eq(ct_sampler_init(&s, ITEMS, N, BATCH, GROUP, 1, &arena, &failed), CT_ERR_NOMEM);
    ct_alloc_fail_at(-1);
}
END_TEST

TCase *sampler_case(void)
{
    TCase *tc = tcase_create("sampler");
    tcase_add_checked_fixture(tc, open_arena, free_arena);
    add_tests(tc, an_epoch_has_no_item_twice, every_item_has_its_turn,
              a_step_does_not_depend_on_the_way_to_it, seeds_and_epochs_order_differently,
              an_order_is_that_of_its_stream, a_batch_must_fit_the_items);
    tcase_add_loop_test(tc, no_group_is_twice_in_a_batch, 0, sizeof GROUPS / sizeof *GROUPS);
    add_tests(tc, a_batch_needs_as_many_groups, a_failed_allocation_is_reported);
    return tc;
}
