/* test_retrieval.c -- recall and nearest class against ranks worked by hand, an
 * exact twin in whole numbers, and what ties, collapse and bad rows must give. */
#include "suites.h"

#include "measure_helpers.h"

typedef struct recalled {
    double at1, at5, at10, median_rank;
} recalled;

static recalled recall(const ct_real *query, const ct_real *gallery, int n, int d, const int *group)
{
    const ct_measures m = measured(query, gallery, n, d, group, NULL);
    const ct_measures turned = measured(gallery, query, n, d, group, NULL);
    ck_assert(m.recall_at_1[0] == turned.recall_at_1[1] &&
              m.recall_at_5[0] == turned.recall_at_5[1]);
    ck_assert(m.recall_at_10[0] == turned.recall_at_10[1] &&
              m.median_rank[0] == turned.median_rank[1]);
    return (recalled){m.recall_at_1[0], m.recall_at_5[0], m.recall_at_10[0], m.median_rank[0]};
}

static void check_recall(recalled r, double at1, double at5, double at10, double median)
{
    ck_assert_msg(r.at1 == at1 && r.at5 == at5 && r.at10 == at10 && r.median_rank == median,
                  "found %g %g %g median %g, expected %g %g %g %g", r.at1, r.at5, r.at10,
                  r.median_rank, at1, at5, at10, median);
}

START_TEST(rows_find_themselves_at_any_length)
{
    ct_real *x = random_reals(40 * 7, 1), *y = random_reals(40 * 7, 1);
    for (int i = 0; i < 40 * 7; i++)
        y[i] *= (ct_real)(1 + i / 7); /* longer rows must not win */
    check_recall(recall(x, y, 40, 7, NULL), 1, 1, 1, 1);
    check_recall(recall(y, x, 40, 7, NULL), 1, 1, 1, 1);
    free(x), free(y);
}
END_TEST

/* Item i stands at 10 i degrees, query i at 10 at[i] + 1 degrees. */
START_TEST(ranks_worked_by_hand)
{
    ct_real gallery[24], query[24];
    const int at[12] = {0, 1, 2, 3, 4, 5, 7, 5, 11, 0, 0, 0};
    for (int i = 0; i < 12; i++) {
        const double g = i * 3.14159265358979 / 18, q = (at[i] + 0.1) * 3.14159265358979 / 18;
        gallery[2 * i] = (ct_real)cos(g), gallery[2 * i + 1] = (ct_real)sin(g);
        query[2 * i] = (ct_real)cos(q), query[2 * i + 1] = (ct_real)sin(q);
    }
    /* nearer than the own item: none for 0 .. 5; 7 8 for 6; 5 6 4 for 7; 11 10 9 for 8;
     * all before it for 9, 10, 11. Ranks 1 1 1 1 1 1 3 4 4 10 11 12 */
    check_recall(recall(query, gallery, 12, 2, NULL), 6. / 12, 9. / 12, 10. / 12, 2);
    /* rows 5 .. 11 alone: ranks 1 3 3 4 5 6 7 */
    check_recall(recall(query + 10, gallery + 10, 7, 2, NULL), 1. / 7, 5. / 7, 1, 4);
}
END_TEST

START_TEST(total_collapse_scores_zero)
{
    ct_real x[12 * 5];
    for (int i = 0; i < 12; i++)
        for (int k = 0; k < 5; k++)
            x[5 * i + k] = (ct_real)(k + 0.3) *
                           (ct_real)(1 << i % 4); /* one direction, four lengths */
    check_recall(recall(x, x, 12, 5, NULL), 0, 0, 0, 12);
}
END_TEST

START_TEST(equal_items_tie_exactly_in_any_tile)
{
    enum { N = 540, D = 300 }; /* more than two tiles, and more than one part of the inner loop */
    ct_real *x = random_reals(N * D, 2);
    memcpy(x + N / 2 * D, x, N / 2 * D * sizeof *x);
    check_recall(recall(x, x, N, D, NULL), 0, 1, 1, 2); /* each item and its copy: rank 2 */
    free(x);
}
END_TEST

START_TEST(permuted_gallery_is_never_found)
{
    enum { N = 30, D = 20 };
    ct_real *x = random_reals((N + 1) * D, 3);
    memcpy(x + N * D, x, D * sizeof *x);
    const recalled r = recall(x, x + D, N, D, NULL); /* item i is query i + 1 */
    ck_assert_double_eq(r.at1, 0);
    ck_assert_double_lt(r.at10, 0.7);
    ck_assert_double_gt(r.median_rank, 8);
    free(x);
}
END_TEST

START_TEST(others_of_the_group_are_left_out)
{
    /* query 0 prefers items 1, 2, then 0; query 1 item 0, then 1; query 2 its own */
    const ct_real gallery[] = {1, 0, 0, 1, -1, 0},
                  query[] = {(ct_real)-0.1, 1, 1, (ct_real)0.5, -1, 0};
    check_recall(recall(query, gallery, 3, 2, NULL), 1. / 3, 1, 1, 2);
    check_recall(recall(query, gallery, 3, 2, (int[]){5, 5, -1}), 2. / 3, 1, 1, 1);
    check_recall(recall(query, gallery, 3, 2, (int[]){2, 1, 0}), 1. / 3, 1, 1,
                 2); /* one each: as without */
}
END_TEST

/* Rows of a large group have few wrong items, and the share is of these; a row without is not
 * asked; own partner and any of the group are two questions. */
START_TEST(wrong_items_are_those_outside_the_group)
{
    const ct_real gallery[] = {1, 0, 0, 1, -1, 0, 0, -1}, query[] = {0, 1, 1, 0, -1, 0, 1, -2};
    const ct_measures m = measured(query, gallery, 4, 2, (int[]){7, 7, 7, -1}, NULL);
    /* rows 0 .. 2 can only be wrong about item 3, row 3 about 0 .. 2 */
    ck_assert_double_eq(m.wrong_ahead[0], 0.25); /* row 1, whose own item ties with item 3 */
    ck_assert_double_eq(m.recall_at_1[0], 0.75);
    ck_assert_double_eq(m.recall_of_group[0], 1); /* but it finds item 0 */
    const ct_measures none = measured(query, gallery, 4, 2, (int[]){7, 7, 7, 7}, NULL);
    for (int s = 0; s < 2; s++) {
        ck_assert(isnan(none.wrong_ahead[s]) && isnan(none.recall_at_1[s]));
        ck_assert(isnan(none.median_rank[s]) && isnan(none.recall_of_group[s]));
    }
    ck_assert(isnan(measured(query, gallery, 4, 2, NULL, NULL).recall_of_group[0]));
}
END_TEST

/* Two random sides: half of what is wrong is ahead, whatever the groups. */
START_TEST(one_large_group_is_not_a_success)
{
    enum { N = 200, D = 32 };
    ct_real *x = random_reals(N * D, 11), *y = random_reals(N * D, 12);
    int group[N];
    for (int i = 0; i < N; i++)
        group[i] = i < 180 ? 0 : i;
    const ct_measures m = measured(x, y, N, D, group, NULL);
    ck_assert_double_eq_tol(m.wrong_ahead[0], 0.5, 0.08);
    ck_assert_double_eq_tol(m.wrong_ahead[1], 0.5, 0.08);
    free(x), free(y);
}
END_TEST

START_TEST(zero_rows_are_found_by_nobody)
{
    ct_real x[12 * 3] = {0};
    check_recall(recall(x, x, 12, 3, NULL), 0, 0, 0, 12);
    x[0] = 1; /* query 0 finds item 0; all others see nothing but ties */
    check_recall(recall(x, x, 12, 3, NULL), 1. / 12, 1. / 12, 1. / 12, 12);
}
END_TEST

START_TEST(one_row_and_one_column)
{
    const ct_measures one = measured((ct_real[]){-2, 1}, (ct_real[]){3, 1}, 1, 2, NULL, NULL);
    ck_assert(isnan(one.recall_at_1[0]) && isnan(one.median_rank[1])); /* nothing is wrong there */
    /* one column: only signs are left */
    check_recall(recall((ct_real[]){3, -2}, (ct_real[]){1, -7}, 2, 1, NULL), 1, 1, 1, 1);
    check_recall(recall((ct_real[]){3, 2}, (ct_real[]){1, 7}, 2, 1, NULL), 0, 1, 1, 2);
}
END_TEST

/* Rows of +-1 with 16 columns have length 4: unit rows and products are exact, so
 * ties are many and known. The twin counts in whole numbers. */
static void signs(ct_real *x, int n, uint64_t seed)
{
    ct_random r = ct_random_make(seed, CT_STREAM_TEST, 1);
    for (int i = 0; i < 16 * n; i++)
        x[i] = ct_random_below(&r, 2) ? 1 : -1;
}

static int whole_product(const ct_real *a, const ct_real *b)
{
    int s = 0;
    for (int k = 0; k < 16; k++)
        s += (int)a[k] * (int)b[k];
    return s;
}

static int whole_rank(const ct_real *query, const ct_real *gallery, int c, int right,
                      const int *group)
{
    int rank = 1;
    for (int j = 0; j < c; j++)
        if (j != right && (group == NULL || group[j] != group[right]))
            rank += whole_product(query, gallery + 16 * j) >=
                    whole_product(query, gallery + 16 * right);
    return rank;
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

START_TEST(agrees_with_the_exact_twin)
{
    static const int N[] = {2, 9, 10, 11, 255, 256, 257, 523};
    const int n = N[_i / 2];
    ct_real *query = malloc((size_t)n * 16 * sizeof *query);
    ct_real *gallery = malloc((size_t)n * 16 * sizeof *gallery);
    int *group = malloc((size_t)n * sizeof *group), *rank = malloc((size_t)n * sizeof *rank);
    int within[11] = {0};
    signs(query, n, 4), signs(gallery, n, 5);
    for (int i = 0; i < n; i++)
        group[i] = i * 7 % 13;
    for (int i = 0; i < 5 * n; i++)
        query[16 * (i % n) + i % 16] = gallery[16 * (i % n) + i % 16]; /* some likeness */
    for (int i = 0; i < n; i++) {
        rank[i] = whole_rank(query + 16 * i, gallery, n, i, _i % 2 ? group : NULL);
        for (int k = rank[i]; k <= 10; k++)
            within[k]++;
    }
    qsort(rank, (size_t)n, sizeof *rank, by_value);
    check_recall(recall(query, gallery, n, 16, _i % 2 ? group : NULL), (double)within[1] / n,
                 (double)within[5] / n, (double)within[10] / n,
                 (rank[(n - 1) / 2] + rank[n / 2]) / 2.);
    free(query), free(gallery), free(group), free(rank);
}
END_TEST

/* ---- nearest class ---- */

static double accuracy(const ct_real *query, int n, const ct_real *class_vec, int c, int d,
                       const int *label)
{
    ct_device *dev = one_thread();
    double out = -1;
    CK_OK(ct_nearest_class(dev, query, n, class_vec, c, d, label, &out, &err));
    ct_device_free(dev);
    return out;
}

START_TEST(nearest_class_by_hand)
{
    const ct_real class_vec[] = {9, 0, 0, 1}, query[] = {10, 9, 1, 40, -10, -5, 1, 1};
    ck_assert_double_eq(accuracy(query, 3, class_vec, 2, 2, (int[]){0, 1, 1}), 1);
    ck_assert_double_eq(accuracy(query, 3, class_vec, 2, 2, (int[]){1, 1, 0}), 1. / 3);
    ck_assert_double_eq(accuracy(query, 4, class_vec, 2, 2, (int[]){0, 1, 1, 0}),
                        3. / 4); /* ties lose */
    ck_assert_double_eq(accuracy(query, 4, class_vec, 1, 2, (int[]){0, 0, 0, 0}), 1);
}
END_TEST

START_TEST(nearest_class_agrees_with_the_exact_twin)
{
    enum { N = 600, C = 300 };
    ct_real *query = malloc(N * 16 * sizeof *query),
            *class_vec = malloc(C * 16 * sizeof *class_vec);
    int label[N], right = 0;
    signs(query, N, 6), signs(class_vec, C, 7);
    for (int i = 0; i < N; i++) {
        label[i] = i * 11 % C;
        if (i % 3 > 0) /* close to its class, but for one or two signs */
            memcpy(query + 16 * i, class_vec + 16 * label[i], 16 * sizeof *query);
        for (int k = 0; k < i % 3; k++)
            query[16 * i + 5 * k] *= -1;
        right += whole_rank(query + 16 * i, class_vec, C, label[i], NULL) == 1;
    }
    ck_assert_int_gt(right, N / 4);
    ck_assert_int_lt(right, N * 3 / 4);
    ck_assert_double_eq(accuracy(query, N, class_vec, C, 16, label), (double)right / N);
    free(query), free(class_vec);
}
END_TEST

/* ---- failures ---- */

START_TEST(bad_rows_are_an_error_with_their_place)
{
    static const float BAD[] = {NAN, INFINITY, -INFINITY};
    ct_device *dev = one_thread();
    ct_real x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {1, 2, 3, 4, 5, 6};
    double share = 7;
    ct_error err[2] = {{0}};
    x[3] = (ct_real)BAD[_i];
    ck_assert_int_eq(ct_nearest_class(dev, y, 3, x, 3, 2, (int[]){0, 1, 2}, &share, &err[0]),
                     CT_ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err[0].msg, "nearest class: row 1 of class_vec"));
    ck_assert_int_eq(ct_nearest_class(dev, x, 3, y, 3, 2, (int[]){0, 1, 2}, &share, &err[1]),
                     CT_ERR_NUMERIC);
    ck_assert_ptr_nonnull(strstr(err[1].msg, "nearest class: row 1 of query"));
    ck_assert_double_eq(share, 7); /* left as it was */
    ct_device_free(dev);
}
END_TEST

START_TEST(bad_shapes_and_labels_are_errors)
{
    ct_device *dev = one_thread();
    ct_real x[2] = {1, 1};
    double share;
    ct_error err[3] = {{0}};
    ck_assert_int_eq(ct_nearest_class(dev, x, 2, x, 2, 1, (int[]){0, 2}, &share, &err[0]),
                     CT_ERR_SHAPE);
    ck_assert_str_eq(err[0].msg, "nearest class: label[1] is 2: expected 0 to 1");
    ck_assert_int_eq(ct_nearest_class(dev, x, 2, x, 2, 1, (int[]){-1, 0}, &share, &err[1]),
                     CT_ERR_SHAPE);
    ck_assert_int_eq(ct_nearest_class(dev, x, 2, x, 0, 1, (int[]){0, 0}, &share, &err[2]),
                     CT_ERR_SHAPE);
    ck_assert_str_eq(err[2].msg,
                     "nearest class: found (0, 1): expected at least one row and one column");
    ct_device_free(dev);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
    ct_device *dev = one_thread();
    ct_real *x = random_reals(30 * 4, 8);
    int label[30];
    double share = 7;
    ct_status status;
    long n = 0;
    for (int i = 0; i < 30; i++)
        label[i] = i;
    do {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_nearest_class(dev, x, 30, x, 30, 4, label, &share, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || (status == CT_ERR_NOMEM && err.msg[0] != '\0'), "%s",
                      err.msg);
        ck_assert(share == (status == CT_OK ? 1 : 7));
    } while (status != CT_OK);
    ck_assert_int_gt(n, 1);
    free(x);
    ct_device_free(dev);
}
END_TEST

TCase *retrieval_case(void)
{
    TCase *tc = tcase_create("retrieval");
    tcase_set_timeout(tc, 60);
    add_tests(tc, rows_find_themselves_at_any_length, ranks_worked_by_hand,
              total_collapse_scores_zero, equal_items_tie_exactly_in_any_tile,
              permuted_gallery_is_never_found, others_of_the_group_are_left_out,
              wrong_items_are_those_outside_the_group, one_large_group_is_not_a_success,
              zero_rows_are_found_by_nobody, one_row_and_one_column);
    tcase_add_loop_test(tc, agrees_with_the_exact_twin, 0, 16);
    add_tests(tc, nearest_class_by_hand, nearest_class_agrees_with_the_exact_twin);
    tcase_add_loop_test(tc, bad_rows_are_an_error_with_their_place, 0, 3);
    add_tests(tc, bad_shapes_and_labels_are_errors, survives_every_failed_allocation);
    return tc;
}
