/* test_standard.c -- mean and spread by hand, and the rows made with them. */
#include "suites.h"

#include "contrast/data.h"

#include <math.h>

/* Four items of two values; items 0, 2 and 3 train. */
static int TRAIN[] = {0, 2, 3};

static ct_pairs pairs_of(const float *f32, const uint8_t *u8)
{
    return (ct_pairs){.n = 4,
                      .side = {{.n = 4, .dim = 2, .f32 = f32, .u8 = u8}, {.n = 4}},
                      .index = {TRAIN},
                      .count = {3}};
}

static ct_standard fit(const ct_pairs *p, int side)
{
    ct_standard s;
    ck_assert_int_eq(ct_standard_fit(p, side, &s, CT_IGNORE_ERROR), CT_OK);
    return s;
}

START_TEST(fits_the_training_split_alone)
{
    static const uint8_t X[] = {2, 4, 255, 255,
                                4, 4, 5,   5}; /* and 7, 9 would make 2,4,4,4,5,5,7,9 */
    ct_pairs p = pairs_of(NULL, X);
    ct_standard s = fit(&p, 0); /* mean 4; squares 4, 0, 0, 0, 1, 1 */
    ck_assert_double_eq_tol(s.mean, 4, 1e-15);
    ck_assert_double_eq_tol(s.spread, 1, 1e-15);
}
END_TEST

START_TEST(floats_and_bytes_agree)
{
    static const uint8_t BYTES[] = {0, 10, 99, 99, 200, 255, 3, 17};
    float floats[8];
    for (int k = 0; k < 8; k++)
        floats[k] = BYTES[k];
    ct_pairs p = pairs_of(NULL, BYTES), q = pairs_of(floats, NULL);
    ct_standard a = fit(&p, 0), b = fit(&q, 0);
    ck_assert_double_eq(a.mean, b.mean);
    ck_assert_double_eq_tol(a.spread, b.spread, 1e-12);
    /* statistics.pstdev([0, 10, 200, 255, 3, 17]) and fmean */
    ck_assert_double_eq_tol(a.mean, 80.83333333333333, 1e-12);
    ck_assert_double_eq_tol(a.spread, 105.05461542560718, 1e-11);
}
END_TEST

START_TEST(rows_have_mean_zero_and_spread_one)
{
    static const float X[] = {1000.5f, 1001, 0, 0, 1002, 1003, 1001.5f, 1000};
    ct_pairs p = pairs_of(X, NULL);
    ct_standard s = fit(&p, 0);
    ct_real row[6];
    double sum = 0, square = 0;
    ck_assert_int_eq(ct_pairs_rows(&p, 0, &s, TRAIN, 3, row, CT_IGNORE_ERROR), CT_OK);
    for (int k = 0; k < 6; k++) {
        sum += (double)row[k];
        square += (double)row[k] * (double)row[k];
    }
    ck_assert_double_eq_tol(sum / 6, 0, 1e-6);
    ck_assert_double_eq_tol(square / 6, 1, 1e-6);
}
END_TEST

START_TEST(rows_come_in_the_order_asked)
{
    static const uint8_t X[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const ct_standard s = {.mean = 1, .spread = 2};
    ct_pairs p = pairs_of(NULL, X);
    ct_real row[4];
    ck_assert_int_eq(ct_pairs_rows(&p, 0, &s, (int[]){3, 1}, 2, row, CT_IGNORE_ERROR), CT_OK);
    ck_assert_double_eq((double)row[0], 3);
    ck_assert_double_eq((double)row[1], 3.5);
    ck_assert_double_eq((double)row[2], 1);
    ck_assert_double_eq((double)row[3], 1.5);
}
END_TEST

/* Bytes and floats: the items of a split, and what is fitted to them, are those that row_of names.
 */
START_TEST(items_may_be_rows_of_another_number)
{
    static const uint8_t BYTES[] = {0, 10, 20, 30, 40, 50, 60, 70};
    static const int ORDER[] = {3, 1, 0, 2};
    float floats[8];
    for (int k = 0; k < 8; k++)
        floats[k] = BYTES[k];
    ct_pairs p = _i == 0 ? pairs_of(NULL, BYTES) : pairs_of(floats, NULL);
    p.side[0].row_of = ORDER;
    ck_assert_double_eq_tol(fit(&p, 0).mean, (60 + 70 + 0 + 10 + 40 + 50) / 6.0, 1e-12);
    ct_real row[6];
    ct_pairs_rows(&p, 0, &(ct_standard){0, 1}, TRAIN, 3, row, CT_IGNORE_ERROR);
    for (int k = 0; k < 6; k++)
        ck_assert(row[k] == (ct_real)BYTES[2 * ORDER[TRAIN[k / 2]] + k % 2]);
}
END_TEST

START_TEST(equal_values_are_left_alone)
{
    float x[8];
    for (int k = 0; k < 8; k++)
        x[k] = k / 2 == 1 ? 7 : 0.1f;
    ct_pairs p = pairs_of(x, NULL);
    ct_standard s = fit(&p, 0);
    ck_assert_double_eq(s.mean, 0);
    ck_assert_double_eq(s.spread, 1);
}
END_TEST

START_TEST(captions_are_left_alone)
{
    ct_pairs p = pairs_of(NULL, NULL);
    ct_standard s = fit(&p, 1);
    ck_assert_double_eq(s.mean, 0);
    ck_assert_double_eq(s.spread, 1);
}
END_TEST

TCase *standard_case(void)
{
    TCase *tc = tcase_create("standard");
    add_tests(tc, fits_the_training_split_alone, floats_and_bytes_agree,
              rows_have_mean_zero_and_spread_one, rows_come_in_the_order_asked);
    tcase_add_loop_test(tc, items_may_be_rows_of_another_number, 0, 2);
    add_tests(tc, equal_values_are_left_alone, captions_are_left_alone);
    return tc;
}
