/* test_landmarks.c -- the losses by name, and what each is worth when all
 * embeddings are equal, opposite, or at best: the closed forms against batches
 * that reach them. */
#include "suites.h"
#include "batch.h"

#include <string.h>

static const double TEMPERATURES[] = {0.02, 0.07, 0.3, 1, 10};

static batch   x;
static outcome y;

static const ct_loss *loss_number(int i)
{
    int n;
    return &ct_loss_all(&n)[i];
}

/* ---- names ---- */

START_TEST(every_loss_is_found_by_its_name)
{
    static const char *const NAMES[] = {"question", "infonce", "clip", "unicl", "positives"};
    const loss_fn            FUNCTIONS[] = {ct_loss_question, ct_loss_infonce, ct_loss_clip, ct_loss_unicl,
                                            ct_loss_positives};
    int                      n = 0;
    const ct_loss           *all = ct_loss_all(&n);
    ck_assert_int_eq(n, COUNT(NAMES));
    for (int i = 0; i < n; i++) {
        const ct_loss *loss = ct_loss_find(NAMES[i]);
        ck_assert(loss != NULL && loss >= all && loss < all + n);
        ck_assert_str_eq(loss->name, NAMES[i]);
        ck_assert(loss->apply == FUNCTIONS[i]);
        ck_assert(strlen(loss->summary) > 0 && strchr(loss->summary, '\n') == NULL);
    }
}
END_TEST

START_TEST(an_unknown_name_finds_nothing)
{
    static const char *const UNKNOWN[] = {"", "nce", "CLIP", "clip ", "clipp", "info", "infonce,clip"};
    for (int i = 0; i < COUNT(UNKNOWN); i++)
        ck_assert_ptr_null(ct_loss_find(UNKNOWN[i]));
}
END_TEST

START_TEST(the_table_says_what_a_loss_uses)
{
    const ct_loss *loss = loss_number(_i);
    batch_random(&x, 6, 4, 0.5, 3);
    run_loss(loss->apply, &x, &y);
    ck_assert(loss->learns_scale == (y.dlog_scale != 0));
    x.grouped = true; /* all in one group */
    ck_assert(loss->uses_groups == (loss_of(loss->apply, &x) != (double)y.value));
}
END_TEST

/* ---- all equal, all opposite ---- */

START_TEST(all_equal_is_worth_ln_n_at_any_temperature)
{
    const ct_loss *loss = loss_number(_i);
    for (int n = 2; n <= 64; n++)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            batch_all_equal(&x, n, 5, TEMPERATURES[t], 1);
            run_loss(loss->apply, &x, &y);
            const double want = loss->apply == ct_loss_positives ? 0 : log(n);
            ck_close(loss->collapsed(n, TEMPERATURES[t]), want, 1e-14);
            ck_close(y.value, want, 4 * (double)REAL_EPS * (1 + want));
            check_stationary(&x, &y);
            ck_close(y.dlog_scale, 0, 64 * (double)REAL_EPS * batch_scale(&x)); /* of a sum of n^2 terms */
        }
}
END_TEST

/* b = -a is a collapse as well, and cannot be told from the first by the loss. */
START_TEST(all_opposite_is_worth_ln_n_too)
{
    const ct_loss *loss = loss_number(_i);
    for (int n = 2; n <= 64; n += 5)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            batch_all_equal(&x, n, 5, TEMPERATURES[t], -1);
            run_loss(loss->apply, &x, &y);
            const double want = loss->apply == ct_loss_positives ? 2 : log(n);
            ck_close(y.value, want, 4 * (double)REAL_EPS * (1 + want));
            check_stationary(&x, &y);
        }
}
END_TEST

/* ---- at best ---- */

START_TEST(the_simplex_reaches_the_floor)
{
    static const double T[] = {0.05, 0.07, 0.2, 0.5, 1};
    const ct_loss      *loss = loss_number(_i);
    for (int n = 2; n <= 32; n++)
        for (int t = 0; t < COUNT(T); t++) {
            batch_simplex(&x, n, T[t]);
            run_loss(loss->apply, &x, &y);
            const double want = loss->floor(n, batch_temperature(&x)); /* tiny, and right in its own digits */
            ck_close(y.value, want, 4 * (double)REAL_EPS * (want > 0 ? want * (1 + batch_scale(&x)) : 4));
            check_stationary(&x, &y);
        }
}
END_TEST

START_TEST(the_floor_has_its_closed_form)
{
    for (int n = 2; n <= 300; n++)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            const double want = log1p((n - 1) * exp(-n / ((n - 1) * TEMPERATURES[t])));
            ck_close(ct_simplex_floor(n, TEMPERATURES[t]), want, 1e-14 * (want + 1e-300) * 50);
            ck_assert_double_lt(ct_simplex_floor(n, TEMPERATURES[t]), log(n));
        }
    ck_assert(ct_simplex_floor(1, 0.07) == 0);
    ck_assert(ct_simplex_floor(7, 1e-6) == 0);
    ck_close(ct_simplex_floor(7, 1e9), log(7), 1e-8);
}
END_TEST

START_TEST(the_floor_has_the_published_values)
{
    static const struct { int n; double temperature, floor, tol; } TABLE[] = {
        {7, 1, 1.0538, 5e-5}, {7, 0.5, 0.4586, 5e-5}, {7, 0.3, 0.1158, 5e-5}, {7, 0.2, 0.01742, 5e-6},
        {7, 0.1, 5.1e-5, 5e-7}, {7, 0.07, 3.46665e-7, 5e-13}, {32, 1, 2.488, 5e-4}, {32, 0.07, 1.2e-5, 5e-7},
        {64, 0.5, 2.226, 5e-4}, {128, 0.07, 7.1e-5, 5e-7}};
    for (int i = 0; i < COUNT(TABLE); i++)
        ck_close(ct_simplex_floor(TABLE[i].n, TABLE[i].temperature), TABLE[i].floor, TABLE[i].tol);
}
END_TEST

START_TEST(the_question_cannot_get_below_1_0538)
{
    batch_simplex(&x, 7, 1);
    ck_close(loss_of(ct_loss_question, &x), 1.0538, 5e-5);
    ck_close(ct_loss_find("question")->floor(7, 0.07), 1.0538, 5e-5); /* it has no temperature */
    batch_simplex(&x, 7, 0.07); /* and this is what a temperature does, five digits of it in float */
    ck_close(loss_of(ct_loss_infonce, &x), 3.46665e-7, 2e-12);
    ck_close(loss_of(ct_loss_clip, &x), 3.46665e-7, 2e-12);
}
END_TEST

/* Too few dimensions, or outputs that cannot be negative, have higher floors. */
START_TEST(a_circle_and_an_orthant_are_worth_more_than_the_simplex)
{
    batch_zero(&x, 7, 2, 1);
    for (int i = 0; i < 7; i++) { /* a heptagon */
        x.a[2 * i] = x.b[2 * i] = (ct_real)cos(i * 2 * 3.14159265358979324 / 7);
        x.a[2 * i + 1] = x.b[2 * i + 1] = (ct_real)sin(i * 2 * 3.14159265358979324 / 7);
    }
    ck_close(loss_of(ct_loss_question, &x), 1.182, 5e-4);
    batch_orthonormal(&x, 7, 1);
    ck_close(loss_of(ct_loss_question, &x), 1.165, 5e-4);
}
END_TEST

START_TEST(no_batch_is_below_its_floor)
{
    const ct_loss *loss = loss_number(_i);
    for (int k = 0; k < 100; k++) {
        const int n = 2 + k % 9;
        batch_random(&x, n, 2 + k / 9, TEMPERATURES[k % COUNT(TEMPERATURES)], (unsigned)k);
        if (k % 2 == 0)
            memcpy(x.b, x.a, sizeof x.a); /* aligned: halfway there */
        const double lowest = loss->floor(n, batch_temperature(&x));
        ck_assert_double_ge(loss_of(loss->apply, &x), lowest - 4 * (double)REAL_EPS);
    }
}
END_TEST

TCase *landmarks_case(void)
{
    TCase *tc = tcase_create("landmarks");
    int    n;
    ct_loss_all(&n);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_loss_is_found_by_its_name);
    tcase_add_test(tc, an_unknown_name_finds_nothing);
    tcase_add_loop_test(tc, the_table_says_what_a_loss_uses, 0, n);
    tcase_add_loop_test(tc, all_equal_is_worth_ln_n_at_any_temperature, 0, n);
    tcase_add_loop_test(tc, all_opposite_is_worth_ln_n_too, 0, n);
    tcase_add_loop_test(tc, the_simplex_reaches_the_floor, 0, n);
    tcase_add_test(tc, the_floor_has_its_closed_form);
    tcase_add_test(tc, the_floor_has_the_published_values);
    tcase_add_test(tc, the_question_cannot_get_below_1_0538);
    tcase_add_test(tc, a_circle_and_an_orthant_are_worth_more_than_the_simplex);
    tcase_add_loop_test(tc, no_batch_is_below_its_floor, 0, n);
    return tc;
}
