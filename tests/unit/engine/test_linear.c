/* test_linear.c -- ct_linear against its plain composition, central differences
 * for each activation, and values by hand. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

static const struct {
    int n, m, d;
} SHAPES[] = {
    {1, 1, 1}, {1, 4, 3}, {5, 1, 3}, {4, 3, 1}, {3, 16, 2}, {2, 17, 5}, {17, 2, 4}, {2, 3, 33},
};
static const ct_activation ACTS[] = {CT_ACT_NONE, CT_ACT_RELU, CT_ACT_GELU, CT_ACT_TANH,
                                     CT_ACT_SIGMOID};

static ct_tensor *with_bias(ct_graph *g, ct_tensor *const *in, const void *f)
{
    return ct_linear(g, in[0], in[1], in[2], *(const ct_activation *)f);
}

static ct_tensor *without_bias(ct_graph *g, ct_tensor *const *in, const void *f)
{
    return ct_linear(g, in[0], in[1], NULL, *(const ct_activation *)f);
}

/* One weight for both layers, and the input comes back at the end. */
static ct_tensor *shared_weight(ct_graph *g, ct_tensor *const *in, const void *f)
{
    const ct_activation act = *(const ct_activation *)f;
    ct_tensor *h = ct_linear(g, in[0], in[1], in[2], act);
    return ct_add(g, in[0], ct_linear(g, h, in[1], in[2], act));
}

/* Bring every z = x w' + b at least 0.02 away from 0, where ReLU has its kink, by
 * drawing rows of x again. Coordinates are at most 1, so the check's reach of 0.01
 * moves z by no more than that. */
static void stay_off_the_kink(ct_real *x, const ct_real *w, const ct_real *b, int n, int m, int d)
{
    for (int i = 0; i < n; i++)
        for (int j = 0, tries = 0; j < m && tries < 1000; j++) {
            double z = b ? (double)b[j] : 0;
            for (int k = 0; k < d; k++)
                z += (double)x[i * d + k] * (double)w[j * d + k];
            if (fabs(z) < 0.02) {
                gradcheck_fill(&x[i * d], d, 1000u * (unsigned)i + (unsigned)tries++);
                j = -1;
            }
        }
}

START_TEST(relu_layer_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){1, 2, 3, -4});
    ct_tensor *w = ct_leaf(&g, 3, 2, (ct_real[]){1, 1, 2, 0, 0, -1});
    ct_tensor *b = ct_leaf(&g, 1, 3, (ct_real[]){10, -3, 1});
    ct_tensor *y = ct_linear(&g, x, w, b, CT_ACT_RELU); /* z = 13 -1 -1; 9 3 5 */
    ck_values(y, 2, 3, 13, 0, 0, 9, 3, 5);
    ct_backward(&g, y, (ct_real[]){1, 100, 100, 10, 20, 30}); /* dz = 1 0 0; 10 20 30 */
    ck_grads(x, 1, 1, 10 + 40, 10 - 30);
    ck_grads(w, 1 + 30, 2 - 40, 60, -80, 90, -120);
    ck_grads(b, 11, 20, 30);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    ct_real x[17 * 33], w[17 * 33], b[17];
    const int n = SHAPES[_i].n, m = SHAPES[_i].m, d = SHAPES[_i].d;
    gradcheck_input in[] = {{n, d, x}, {m, d, w}, {1, m, b}};
    for (int f = 0; f < COUNT(ACTS); f++) {
        gradcheck_fill(x, n * d, 1u + (unsigned)_i);
        gradcheck_fill(w, m * d, 50u + (unsigned)_i);
        gradcheck_fill(b, m, 100u + (unsigned)_i);
        b[0] = 2; /* so that one unit is on, whatever the others do */
        stay_off_the_kink(x, w, b, n, m, d);
        ck_gradcheck(with_bias, &ACTS[f], in, 3);
    }
}
END_TEST

START_TEST(bias_may_be_missing)
{
    ct_real x[3 * 5], w[4 * 5];
    gradcheck_input in[] = {{3, 5, x}, {4, 5, w}};
    gradcheck_fill(x, 15, 7);
    gradcheck_fill(w, 20, 8);
    stay_off_the_kink(x, w, NULL, 3, 4, 5);
    ck_gradcheck(without_bias, &ACTS[_i], in, 2);
}
END_TEST

START_TEST(backward_adds_for_shared_operands)
{
    ct_real x[3 * 4], w[4 * 4], b[4];
    const ct_activation f = CT_ACT_TANH;
    gradcheck_input in[] = {{3, 4, x}, {4, 4, w}, {1, 4, b}};
    gradcheck_fill(x, 12, 11);
    gradcheck_fill(w, 16, 12);
    gradcheck_fill(b, 4, 13);
    ck_gradcheck(shared_weight, &f, in, 3);
}
END_TEST

/* The fused layer is matmul, then bias, then activation: the bias is put in as one
 * more column of x, all ones. */
START_TEST(fused_equals_composed)
{
    enum { N = 19, M = 35, D = 21 };
    static ct_real x[N * (D + 1)], w[M * (D + 1)], x0[N * D], w0[M * D], b[M], seed[N * M];
    ct_graph g;
    open_graph(&g);
    fill(x, N * (D + 1), 1, -1, 1);
    fill(w, M * (D + 1), 2, -1, 1);
    fill(seed, N * M, 3, -1, 1);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < D; k++)
            x0[i * D + k] = x[i * (D + 1) + k];
        x[i * (D + 1) + D] = 1;
    }
    for (int j = 0; j < M; j++) {
        for (int k = 0; k < D; k++)
            w0[j * D + k] = w[j * (D + 1) + k];
        b[j] = w[j * (D + 1) + D];
    }
    ct_tensor *wide_x = ct_leaf(&g, N, D + 1, x), *wide_w = ct_leaf(&g, M, D + 1, w);
    ct_tensor *composed = ct_activate(&g, ct_matmul_nt(&g, wide_x, wide_w), ACTS[_i]);
    ct_tensor *lx = ct_leaf(&g, N, D, x0), *lw = ct_leaf(&g, M, D, w0), *lb = ct_leaf(&g, 1, M, b);
    ct_tensor *fused = ct_linear(&g, lx, lw, lb, ACTS[_i]);
    for (int i = 0; i < N * M; i++)
        ck_close(fused->x[i], composed->x[i], 200 * (double)REAL_EPS);
    ct_backward(&g, ct_add(&g, composed, fused), seed);
    const double tol = 200 * (double)REAL_EPS;
    for (int i = 0; i < N * D; i++)
        ck_close(lx->dx[i], wide_x->dx[i / D * (D + 1) + i % D], tol);
    for (int j = 0; j < M * D; j++)
        ck_close(lw->dx[j], wide_w->dx[j / D * (D + 1) + j % D], tol);
    for (int j = 0; j < M; j++)
        ck_close(lb->dx[j], wide_w->dx[j * (D + 1) + D], tol);
    close_graph(&g);
}
END_TEST

/* The first layer of a tower gets data: no gradient for x, which costs a third. */
START_TEST(constant_input_gets_no_gradient)
{
    ct_graph g;
    const ct_real data[] = {1, 2};
    open_graph(&g);
    ct_tensor *x = ct_constant(&g, 1, 2, data), *w = ct_leaf(&g, 1, 2, (ct_real[]){3, 4});
    ct_backward(&g, ct_linear(&g, x, w, NULL, CT_ACT_NONE), NULL);
    ck_grads(w, 1, 2);
    ck_assert_ptr_null(x->dx);
    close_graph(&g);
}
END_TEST

START_TEST(columns_of_x_and_w_must_match)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 3, NULL), *w = ct_leaf(&g, 5, 4, NULL);
    ck_assert_ptr_null(ct_linear(&g, x, w, NULL, CT_ACT_NONE));
    ck_graph_fails(&g, CT_ERR_SHAPE, "linear: ", "(2, 3)", "(5, 4)");
    close_graph(&g);
}
END_TEST

START_TEST(bias_must_be_one_row_of_m)
{
    static const int shape[][2] = {{1, 4}, {1, 6}, {5, 1}, {2, 5}};
    static const char *const text[] = {"(1, 4)", "(1, 6)", "(5, 1)", "(2, 5)"};
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 3, NULL), *w = ct_leaf(&g, 5, 3, NULL);
    ck_assert_ptr_null(
        ct_linear(&g, x, w, ct_leaf(&g, shape[_i][0], shape[_i][1], NULL), CT_ACT_NONE));
    ck_graph_fails(&g, CT_ERR_SHAPE, "linear: ", text[_i]);
    close_graph(&g);
}
END_TEST

TCase *linear_case(void)
{
    TCase *tc = tcase_create("linear");
    tcase_add_test(tc, relu_layer_by_hand);
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(SHAPES));
    tcase_add_loop_test(tc, bias_may_be_missing, 0, COUNT(ACTS));
    tcase_add_test(tc, backward_adds_for_shared_operands);
    tcase_add_loop_test(tc, fused_equals_composed, 0, COUNT(ACTS));
    add_tests(tc, constant_input_gets_no_gradient, columns_of_x_and_w_must_match);
    tcase_add_loop_test(tc, bias_must_be_one_row_of_m, 0, 4);
    return tc;
}
