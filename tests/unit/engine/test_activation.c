/* test_activation.c -- ct_activate: tables by hand, differences, and the far
 * ends, where a careless formula makes 0 * inf. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

static const ct_activation ACTS[] = {CT_ACT_NONE, CT_ACT_RELU, CT_ACT_GELU, CT_ACT_TANH,
                                     CT_ACT_SIGMOID};
static const struct {
    int n, d;
} SHAPES[] = {{1, 1}, {1, 16}, {5, 1}, {3, 7}, {2, 33}, {3, 17}};

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *f)
{
    return ct_activate(g, in[0], *(const ct_activation *)f);
}

static ct_tensor *used_twice(ct_graph *g, ct_tensor *const *in, const void *f)
{
    return ct_add(g, op(g, in, f), ct_activate(g, op(g, in, f), CT_ACT_TANH));
}

/* f and f' at -1, 0.5 and 2; from tables of tanh, Phi and phi. */
static const double VALUE[][3] = {
    {-1, 0.5, 2},
    {0, 0.5, 2},
    {-0.15865525393145707, 0.34573123063700656, 1.9544997361036416},
    {-0.76159415595576488, 0.46211715726000976, 0.96402758007581688},
    {0.26894142136999512, 0.62245933120185459, 0.88079707797788243},
};
static const double SLOPE[][3] = {
    {1, 1, 1},
    {0, 1, 1},
    {-0.083315470587686291, 0.86749512465616287, 1.085231801078197},
    {0.41997434161402608, 0.78644773296592741, 0.070650824853164412},
    {0.19661193324148185, 0.23500371220159449, 0.10499358540350651},
};

START_TEST(values_and_slopes_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 3, (ct_real[]){-1, (ct_real)0.5, 2}),
              *y = ct_activate(&g, x, ACTS[_i]);
    ct_backward(&g, y, NULL);
    ck_values(y, 1, 3, VALUE[_i][0], VALUE[_i][1], VALUE[_i][2]);
    ck_grads(x, SLOPE[_i][0], SLOPE[_i][1], SLOPE[_i][2]);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    ct_real data[2 * 33];
    gradcheck_input x = {SHAPES[_i].n, SHAPES[_i].d, data};
    for (int f = 0; f < COUNT(ACTS); f++) {
        gradcheck_fill_off_zero(data, x.rows * x.cols, 1u + (unsigned)_i);
        data[0] = (ct_real)0.4; /* so that ReLU is not off everywhere */
        ck_gradcheck(op, &ACTS[f], &x, 1);
    }
}
END_TEST

START_TEST(backward_adds_to_what_is_there)
{
    ct_real data[3 * 5];
    gradcheck_input x = {3, 5, data};
    gradcheck_fill_off_zero(data, 15, 3);
    ck_gradcheck(used_twice, &ACTS[_i], &x, 1);
}
END_TEST

START_TEST(relu_has_no_slope_at_zero)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 3, (ct_real[]){0, -(ct_real)0.0, REAL_MIN});
    ct_tensor *y = ct_activate(&g, x, CT_ACT_RELU);
    ct_backward(&g, y, NULL);
    ck_values(y, 1, 3, 0, 0, (double)REAL_MIN);
    ck_grads(x, 0, 0, 1);
    close_graph(&g);
}
END_TEST

START_TEST(far_ends_are_finite_and_flat)
{
    static const double LOW[] = {-1e4, 0, 0, -1, 0}, HIGH[] = {1e4, 1e4, 1e4, 1, 1};
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 2, (ct_real[]){-1e4, 1e4}), *y = ct_activate(&g, x, ACTS[_i]);
    ct_backward(&g, y, NULL);
    ck_values(y, 1, 2, LOW[_i], HIGH[_i]);
    ck_grads(x, _i == 0 ? 1 : 0, _i < 3 ? 1 : 0);
    close_graph(&g);
}
END_TEST

START_TEST(nan_stays_nan) /* a diverged run must not look healthy */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *y = ct_activate(&g, ct_leaf(&g, 1, 3, (ct_real[]){1, (ct_real)NAN, -1}), ACTS[_i]);
    ck_assert(!isnan(y->x[0]) && isnan(y->x[1]) && !isnan(y->x[2]));
    close_graph(&g);
}
END_TEST

TCase *activation_case(void)
{
    TCase *tc = tcase_create("activation");
    tcase_add_loop_test(tc, values_and_slopes_by_hand, 0, COUNT(ACTS));
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(SHAPES));
    tcase_add_loop_test(tc, backward_adds_to_what_is_there, 0, COUNT(ACTS));
    tcase_add_test(tc, relu_has_no_slope_at_zero);
    tcase_add_loop_test(tc, far_ends_are_finite_and_flat, 0, COUNT(ACTS));
    tcase_add_loop_test(tc, nan_stays_nan, 0, COUNT(ACTS));
    return tc;
}
