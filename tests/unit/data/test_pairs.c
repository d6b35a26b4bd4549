/* test_pairs.c -- a new data set, its captions, and memory that runs out. */
#include "suites.h"

#include "contrast/data.h"
#include "platform/memory.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(splits_have_names)
{
    ck_assert_str_eq(ct_split_name(CT_TRAIN), "train");
    ck_assert_str_eq(ct_split_name(CT_VALIDATION), "validation");
    ck_assert_str_eq(ct_split_name(CT_TEST), "test");
    ck_assert_str_eq(ct_split_name(CT_COMPOSITION), "composition");
}
END_TEST

START_TEST(items_are_dealt_split_by_split)
{
    const int count[CT_N_SPLITS] = {3, 0, 2, 1};
    ct_pairs *p = ct_pairs_new("small", count, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(p);
    ck_assert_str_eq(p->name, "small");
    ck_assert_int_eq(p->n, 6);
    ck_assert_int_eq(p->side[0].n, 6);
    ck_assert_int_eq(p->side[1].n, 6);
    for (int s = 0, item = 0; s < CT_N_SPLITS; s++) {
        ck_assert_int_eq(p->count[s], count[s]);
        for (int k = 0; k < count[s]; k++)
            ck_assert_int_eq(p->index[s][k], item++);
    }
    ck_assert(isnan(p->mutual_information));
    ck_assert_ptr_null(p->group);
    ct_pairs_free(p);
    ct_pairs_free(NULL);
}
END_TEST

START_TEST(impossible_counts_are_refused)
{
    static const struct {
        int count[CT_N_SPLITS];
        const char *says;
    } WRONG[] = {
        {{0, 5, 5, 5}, "bad: 0 items in the train split; expected 1 to"},
        {{5, 5, -1, 5}, "bad: -1 items in the test split; expected 0 to"},
        {{INT_MAX, 1, 0, 0}, "bad: 1 item in the validation split; expected 0 to 0"},
    };
    for (int k = 0; k < 3; k++) {
        ct_error err = {0};
        ck_assert_ptr_null(ct_pairs_new("bad", WRONG[k].count, &err));
        ck_assert_int_eq(err.status, CT_ERR_CONFIG);
        ck_assert_msg(strncmp(err.msg, WRONG[k].says, strlen(WRONG[k].says)) == 0, "%s", err.msg);
    }
}
END_TEST

START_TEST(equal_captions_are_stored_once)
{
    static const char *const CAPTION[] = {"star", "ring", "star", "", "ring", "heart"};
    static const int EXPECTED[] = {0, 1, 0, 2, 1, 3};
    ct_pairs *p = ct_pairs_new("captions", (int[]){6, 0, 0, 0}, CT_IGNORE_ERROR);
    ck_assert_int_eq(ct_pairs_set_captions(p, 1, CAPTION, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(p->side[1].n_texts, 4);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(p->side[1].text_of[i], EXPECTED[i]);
        ck_assert_str_eq(p->side[1].text[p->side[1].text_of[i]], CAPTION[i]);
    }
    ck_assert_ptr_null(p->side[0].text);
    ct_pairs_free(p);
}
END_TEST

/* Against the slow twin: look through all earlier captions. */
START_TEST(first_appearances_are_numbered_in_order)
{
    enum { N = 200 };
    char text[N][8];
    const char *caption[N];
    int count = 0;
    ct_pairs *p = ct_pairs_new("captions", (int[]){N, 0, 0, 0}, CT_IGNORE_ERROR);
    for (int i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "%d", i * i * 37 % 61);
        caption[i] = text[i];
    }
    ck_assert_int_eq(ct_pairs_set_captions(p, 0, caption, CT_IGNORE_ERROR), CT_OK);
    for (int i = 0; i < N; i++) {
        int first = 0;
        while (strcmp(text[first], text[i]) != 0)
            first++;
        ck_assert_int_eq(p->side[0].text_of[i], first == i ? count++ : p->side[0].text_of[first]);
    }
    ck_assert_int_eq(p->side[0].n_texts, count);
    ct_pairs_free(p);
}
END_TEST

START_TEST(failed_allocations_leave_nothing_behind)
{
    static const char *const CAPTION[] = {"star", "ring"};
    bool done = false;
    int n = 0;
    while (!done) {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        ct_pairs *p = ct_pairs_new("two", (int[]){2, 0, 0, 0}, &err);
        done = p != NULL && ct_pairs_set_captions(p, 1, CAPTION, &err) == CT_OK;
        ct_alloc_fail_at(-1);
        ck_assert(done || err.status == CT_ERR_NOMEM);
        ct_pairs_free(p);
    }
    ck_assert_int_gt(n, 2);
}
END_TEST

TCase *pairs_case(void)
{
    TCase *tc = tcase_create("pairs");
    add_tests(tc, splits_have_names, items_are_dealt_split_by_split, impossible_counts_are_refused,
              equal_captions_are_stored_once, first_appearances_are_numbered_in_order,
              failed_allocations_leave_nothing_behind);
    return tc;
}
