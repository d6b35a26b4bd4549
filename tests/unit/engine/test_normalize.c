/* test_normalize.c -- ct_normalize_rows by hand, by differences on both sides of
 * eps, and by what makes it a projection: its gradient is orthogonal to the row. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

#include <signal.h>

static const struct {
    int n, d;
} SHAPES[] = {{1, 2}, {1, 8}, {3, 7}, {4, 9}, {5, 16}, {2, 17}, {2, 33}};

static const ct_real SMALL = (ct_real)1e-6, LARGE = 100;

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *eps)
{
    return ct_normalize_rows(g, in[0], *(const ct_real *)eps);
}

/* x is used twice, and matmul reaches it first on the way back. */
static ct_tensor *against_itself(ct_graph *g, ct_tensor *const *in, const void *eps)
{
    ct_tensor *y = op(g, in, eps);
    return ct_add(g, ct_matmul_nt(g, in[0], y), ct_matmul_nt(g, y, y));
}

START_TEST(three_four_five)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){3, 4, 0, -2});
    ct_tensor *y = ct_normalize_rows(&g, x, SMALL);
    ck_values(y, 2, 2, 0.6, 0.8, 0, -1);
    ct_backward(&g, y, (ct_real[]){1, 0, 1, 1}); /* c = 0.6; -1 */
    ck_grads(x, (1 - 0.36) / 5, -0.48 / 5, 0.5, 0);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    ct_real data[5 * 33];
    gradcheck_input x = {SHAPES[_i].n, SHAPES[_i].d, data};
    gradcheck_fill(data, x.rows * x.cols, 1u + (unsigned)_i);
    ck_gradcheck(op, &SMALL, &x, 1);
}
END_TEST

START_TEST(backward_below_eps) /* every row is shorter: no projection */
{
    ct_real data[3 * 7];
    gradcheck_input x = {3, 7, data};
    gradcheck_fill(data, 21, 9);
    for (int i = 0; i < 21; i++)
        data[i] *= 10;
    ck_gradcheck(op, &LARGE, &x, 1);
}
END_TEST

START_TEST(rows_of_both_kinds_live_together)
{
    ct_real data[3 * 4];
    const ct_real eps = 1;
    gradcheck_input x = {3, 4, data};
    gradcheck_fill(data, 12, 9);
    for (int j = 0; j < 4; j++) {
        data[j] *= 9;                /* longer than eps */
        data[4 + j] *= (ct_real)0.1; /* shorter         */
        data[8 + j] = 2;
    }
    ck_gradcheck(op, &eps, &x, 1);
}
END_TEST

START_TEST(backward_adds_to_what_is_there)
{
    ct_real data[3 * 5];
    gradcheck_input x = {3, 5, data};
    gradcheck_fill(data, 15, 11);
    ck_gradcheck(against_itself, &SMALL, &x, 1);
}
END_TEST

START_TEST(zero_row_stays_zero_and_has_gradient_over_eps)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 3, NULL);
    ct_tensor *y = ct_normalize_rows(&g, x, (ct_real)0.25);
    ck_values(y, 1, 3, 0, 0, 0);
    ct_backward(&g, y, (ct_real[]){1, -2, 3});
    ck_grads(x, 4, -8, 12);
    close_graph(&g);
}
END_TEST

START_TEST(row_as_long_as_eps_counts_as_short) /* "if |x| > eps" */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 2, (ct_real[]){3, 4});
    ct_tensor *y = ct_normalize_rows(&g, x, 5);
    ct_backward(&g, y, (ct_real[]){1, 0});
    ck_values(y, 1, 2, 0.6, 0.8);
    ck_grads(x, 0.2, 0);
    close_graph(&g);
}
END_TEST

START_TEST(one_column_has_zero_gradient) /* y is +1 or -1 whatever x is */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 1, (ct_real[]){-3, 5});
    ct_tensor *y = ct_normalize_rows(&g, x, SMALL);
    ck_values(y, 2, 1, -1, 1);
    ct_backward(&g, y, (ct_real[]){1, 1});
    ck_grads(x, 0, 0);
    close_graph(&g);
}
END_TEST

START_TEST(rows_have_unit_length_and_orthogonal_gradients)
{
    enum { N = 9, D = 37 };
    ct_graph g;
    static ct_real data[N * D], seed[N * D];
    fill(data, N * D, 3, -1000, 1000);
    fill(seed, N * D, 4, -1, 1);
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, N, D, data);
    ct_tensor *y = ct_normalize_rows(&g, x, SMALL);
    ct_backward(&g, y, seed);
    for (int i = 0; i < N; i++) {
        double dot = 0, square = 0;
        for (int j = 0; j < D; j++) {
            dot += (double)x->x[i * D + j] * (double)x->dx[i * D + j];
            square += (double)y->x[i * D + j] * (double)y->x[i * D + j];
        }
        ck_close(dot, 0, 50 * (double)REAL_EPS);
        ck_close(square, 1, 10 * (double)REAL_EPS);
    }
    close_graph(&g);
}
END_TEST

START_TEST(normalising_twice_changes_nothing_more)
{
    ct_graph g;
    ct_real data[4 * 21];
    open_graph(&g);
    gradcheck_fill(data, 84, 3);
    ct_tensor *y = ct_normalize_rows(&g, ct_leaf(&g, 4, 21, data), SMALL);
    ct_tensor *z = ct_normalize_rows(&g, y, SMALL);
    for (int i = 0; i < 84; i++)
        ck_close(z->x[i], y->x[i], 4 * (double)REAL_EPS);
    close_graph(&g);
}
END_TEST

START_TEST(rows_whose_squares_overflow_have_a_direction)
{
    const ct_real big = sizeof(ct_real) == 4 ? (ct_real)1e30 : (ct_real)1e300;
    ct_graph g;
    open_graph(&g);
    ct_tensor *y = ct_normalize_rows(&g, ct_leaf(&g, 1, 2, (ct_real[]){3 * big, -4 * big}),
                                     (ct_real)1e-6);
    ck_values(y, 1, 2, 0.6, -0.8);
    close_graph(&g);
}
END_TEST

START_TEST(eps_must_be_positive)
{
    ct_graph g;
    open_graph(&g);
    ct_normalize_rows(&g, ct_leaf(&g, 1, 1, NULL), 0); /* aborts */
}
END_TEST

TCase *normalize_case(void)
{
    TCase *tc = tcase_create("normalize");
    tcase_add_test(tc, three_four_five);
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(SHAPES));
    add_tests(tc, backward_below_eps, rows_of_both_kinds_live_together,
              backward_adds_to_what_is_there, zero_row_stays_zero_and_has_gradient_over_eps,
              row_as_long_as_eps_counts_as_short, one_column_has_zero_gradient,
              rows_have_unit_length_and_orthogonal_gradients,
              rows_whose_squares_overflow_have_a_direction, normalising_twice_changes_nothing_more);
    if (forking())
        tcase_add_test_raise_signal(tc, eps_must_be_positive, SIGABRT);
    return tc;
}
