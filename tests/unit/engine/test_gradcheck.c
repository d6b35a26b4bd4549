/* test_gradcheck.c -- the judge of all gradients, judged first: it must accept
 * a right backward and reject every wrong one.
 *
 * Faults are planted with public operations alone. The function under test is
 * y = 3 x; what its backward says is chosen freely by
 *     y = s x + (3 - s) x'     x' a constant copy of x
 * whose value is 3 x for any s, while its gradient is s. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

/* (3 - s) x, cut off from the gradient. */
static ct_tensor *copy_scaled(ct_graph *g, const ct_tensor *x, ct_real c)
{
    const size_t n = (size_t)x->rows * (size_t)x->cols;
    ct_real *copy = ct_arena_alloc(&g->arena, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = c * x->x[i];
    return ct_constant(g, x->rows, x->cols, copy);
}

static ct_tensor *with_gradient(ct_graph *g, ct_tensor *const *in, const void *s)
{
    const ct_real c = *(const ct_real *)s;
    return ct_add(g, ct_scale(g, in[0], c), copy_scaled(g, in[0], 3 - c));
}

/* The gradient is 0 inf = NaN, the value is finite: relu(-inf) = 0. x < 0. */
static ct_tensor *with_nan_gradient(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    ct_tensor *zero = ct_activate(g, ct_scale(g, in[0], (ct_real)HUGE_VAL), CT_ACT_RELU);
    return ct_add(g, zero, copy_scaled(g, in[0], 3));
}

/* Uses the first input alone. */
static ct_tensor *ignores_second(ct_graph *g, ct_tensor *const *in, const void *s)
{
    return ct_add(g, with_gradient(g, in, s), ct_scale(g, in[1], 0));
}

static ct_tensor *grows(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_exp(g, ct_exp(g, in[0]));
}

static gradcheck_result result_with(double s)
{
    ct_real c = (ct_real)s, x[6];
    gradcheck_input in = {2, 3, x};
    gradcheck_fill(x, 6, 5);
    return gradcheck(with_gradient, &c, &in, 1);
}

START_TEST(accepts_the_right_gradient)
{
    const gradcheck_result r = result_with(3);
    ck_assert_double_le(r.worst, 1.0);
    ck_assert_double_gt(r.norm, 1.0);
}
END_TEST

START_TEST(rejects_a_sign_flip)
{
    ck_assert_double_gt(result_with(-3).worst, 1.0);
}
END_TEST

START_TEST(rejects_one_percent)
{
    ck_assert_double_gt(result_with(3.03).worst, 1.0);
}
END_TEST

START_TEST(rejects_a_thousandth_of_a_percent_in_double)
{
    const bool strict = sizeof(ct_real) == sizeof(double);
    ck_assert(result_with(3.00003).worst > 1.0 || !strict);
    ck_assert(result_with(2.99999).worst > 1.0 || !strict);
}
END_TEST

START_TEST(rejects_zero)
{
    ck_assert_double_gt(result_with(0).worst, 1.0);
}
END_TEST

START_TEST(rejects_nan)
{
    ct_real x[3] = {-1, (ct_real)-0.5, -2};
    gradcheck_input in = {1, 3, x};
    ck_assert_double_gt(gradcheck(with_nan_gradient, NULL, &in, 1).worst, 1.0);
}
END_TEST

START_TEST(names_the_place_and_both_numbers)
{
    const gradcheck_result r = result_with(6);
    ck_assert_int_eq(r.input, 0);
    ck_assert(r.index >= 0 && r.index < 6);
    ck_close(fabs(r.analytic), 2 * fabs(r.numeric), 0.01);
}
END_TEST

START_TEST(notices_an_input_that_proves_nothing)
{
    ct_real c = 3, x[2], z[2];
    gradcheck_input in[] = {{1, 2, x}, {1, 2, z}};
    gradcheck_fill(x, 2, 1);
    gradcheck_fill(z, 2, 2);
    const gradcheck_result r = gradcheck(ignores_second, &c, in, 2);
    ck_assert_double_le(r.worst, 1.0);
    ck_assert_double_le(r.norm, 1e-3);
}
END_TEST

START_TEST(leaves_the_inputs_as_they_were)
{
    ct_real x[6], before[6], c = 3;
    gradcheck_input in = {2, 3, x};
    gradcheck_fill(x, 6, 5);
    gradcheck_fill(before, 6, 5);
    gradcheck(with_gradient, &c, &in, 1);
    ck_assert(same_bits(x, before, 6));
}
END_TEST

START_TEST(is_exact_enough_for_steep_functions) /* fifth derivatives of hundreds */
{
    ct_real x[4];
    gradcheck_input in = {1, 4, x};
    gradcheck_fill(x, 4, 3);
    ck_gradcheck(grows, NULL, &in, 1);
}
END_TEST

TCase *gradcheck_case(void)
{
    TCase *tc = tcase_create("gradcheck");
    add_tests(tc, accepts_the_right_gradient, rejects_a_sign_flip, rejects_one_percent,
              rejects_a_thousandth_of_a_percent_in_double, rejects_zero, rejects_nan,
              names_the_place_and_both_numbers, notices_an_input_that_proves_nothing,
              leaves_the_inputs_as_they_were, is_exact_enough_for_steep_functions);
    return tc;
}
