/* test_question.c -- the question's table against its closed forms. */
#include "suites.h"

#include "contrast/scalar.h"
#include "lab/descent.h"

START_TEST(figures_are_the_closed_forms)
{
    ct_question q;
    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_int_eq(ct_question_measure(device, 1, &q, CT_IGNORE_ERROR), CT_OK);
    ck_assert_double_eq_tol(q.all_equal, ct_scalar_log(7), 1e-6);
    ck_assert_double_eq_tol(q.opposite, ct_scalar_log(7), 1e-6);
    ck_assert_double_lt(q.all_equal_gradient, 1e-7);
    /* equal pairs with cosine 3/4 between different ones: ln(1 + 6 e^(-1/4)) */
    ck_assert_double_eq_tol(q.uniform.median, ct_scalar_log(1 + 6 * ct_scalar_exp(-0.25)), 0.005);
    ck_assert(q.uniform.least <= q.uniform.median && q.uniform.median <= q.uniform.most);
    ck_assert_double_eq_tol(q.best, q.floor, 2e-5);
    ck_assert_double_eq_tol(q.floor, ct_scalar_log(1 + 6 * ct_scalar_exp(-7.0 / 6)), 1e-12);
    for (int i = 0; i < CT_QUESTION_N; i++)
        for (int j = 0; j < CT_QUESTION_N; j++)
            ck_assert_double_eq_tol(q.similarity[i * CT_QUESTION_N + j], i == j ? 1 : -1.0 / 6,
                                    0.01);
    ct_device_free(device);
}
END_TEST

TCase *question_case(void)
{
    TCase *tc = tcase_create("question");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, figures_are_the_closed_forms);
    return tc;
}
