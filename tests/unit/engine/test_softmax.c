/* test_softmax.c -- log-sum-exp and softmax of rows: by hand, by
 * differences, their identities, and logits far beyond what e^x can hold. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

typedef ct_tensor *(*unary)(ct_graph *g, ct_tensor *x);

static const unary OPS[] = {ct_lse_rows, ct_softmax_rows};
static const struct {
    int n, m;
} SHAPES[] = {{1, 2}, {2, 1}, {1, 17}, {16, 1}, {3, 5}, {2, 33}, {33, 2}, {7, 16}};

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *which)
{
    return (*(const unary *)which)(g, in[0]);
}

/* x is read before and after the operation, so its dx is not empty when the
 * operation's turn comes, nor left alone afterwards. */
static ct_tensor *used_twice(ct_graph *g, ct_tensor *const *in, const void *which)
{
    ct_tensor *before = ct_mean(g, ct_exp(g, in[0])), *y = ct_mean(g, ct_exp(g, op(g, in, which)));
    ct_tensor *after = ct_mean(g, ct_activate(g, in[0], CT_ACT_TANH));
    return ct_scale(g, ct_add(g, before, ct_add(g, y, after)), 12);
}

START_TEST(lse_by_hand) /* log(e^0 + e^log3) = log 4 */
{
    ct_graph g;
    const double log3 = 1.0986122886681098, log4 = 1.3862943611198906;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){0, (ct_real)log3, (ct_real)log3, 0});
    ct_tensor *rows = ct_lse_rows(&g, x);
    ck_values(rows, 2, 1, log4, log4);
    ct_backward(&g, rows, (ct_real[]){4, 8});
    ck_grads(x, 1, 3, 6, 2);
    close_graph(&g);
}
END_TEST

START_TEST(softmax_by_hand) /* rows: (1/4, 3/4), and log 2 of three equal ones is 1/3 */
{
    ct_graph g;
    const double log3 = 1.0986122886681098;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 2, (ct_real[]){0, (ct_real)log3}), *y = ct_softmax_rows(&g, x);
    ck_values(y, 1, 2, 0.25, 0.75);
    ct_backward(&g, y, (ct_real[]){16, 0}); /* y (dy - <dy, y>), <dy, y> = 4 */
    ck_grads(x, 0.25 * 12, 0.75 * -4);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    ct_real data[7 * 16];
    const int s = _i % COUNT(SHAPES), which = _i / COUNT(SHAPES);
    gradcheck_input x = {SHAPES[s].n, SHAPES[s].m, data};
    const bool along_one = which == 1 && x.cols == 1;
    gradcheck_fill(data, x.rows * x.cols, 1u + (unsigned)s);
    for (int i = 0; i < x.rows * x.cols; i++)
        data[i] *= 3;
    const gradcheck_result r = gradcheck(op, &OPS[which], &x, 1);
    ck_assert_msg(r.worst <= 1.0, "[%d]: backward %g, difference %g", r.index, r.analytic,
                  r.numeric);
    if (along_one) /* the softmax of one number is 1, whatever it is */
        ck_assert_double_lt(r.norm, 1e-3);
    else
        ck_assert_double_gt(r.norm, 1e-3);
}
END_TEST

START_TEST(backward_adds_to_what_is_there)
{
    ct_real data[4 * 3];
    gradcheck_input x = {4, 3, data};
    gradcheck_fill(data, 12, 5);
    ck_gradcheck(used_twice, &OPS[_i], &x, 1);
}
END_TEST

START_TEST(softmax_sums_to_one_and_lse_is_its_logarithm)
{
    enum { N = 5, M = 1000 };
    static ct_real x[N * M];
    ct_graph g;
    open_graph(&g);
    fill(x, N * M, 8, -100, 100);
    ct_tensor *tx = ct_leaf(&g, N, M, x), *y = ct_softmax_rows(&g, tx), *l = ct_lse_rows(&g, tx);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < M; j++) {
            const double want = exp((double)x[i * M + j] - (double)l->x[i]);
            sum += (double)y->x[i * M + j];
            ck_close(y->x[i * M + j], want, 200 * (double)REAL_EPS * want + 1e-30);
        }
        ck_close(sum, 1, 100 * (double)REAL_EPS);
    }
    close_graph(&g);
}
END_TEST

START_TEST(a_constant_added_to_a_row_changes_no_softmax)
{
    ct_graph g;
    ct_real x[8], shifted[8];
    open_graph(&g);
    for (int i = 0; i < 8; i++) {
        x[i] = (ct_real)(i * i % 5);
        shifted[i] = x[i] + 4096; /* exact */
    }
    ct_tensor *y = ct_softmax_rows(&g, ct_leaf(&g, 2, 4, x));
    ct_tensor *z = ct_softmax_rows(&g, ct_leaf(&g, 2, 4, shifted));
    ck_assert(same_bits(y->x, z->x, 8));
    close_graph(&g);
}
END_TEST

START_TEST(huge_logits_do_not_overflow)
{
    ct_graph g;
    for (int sign = -1; sign <= 1; sign += 2) {
        const ct_real big = (ct_real)(sign * 1e4);
        open_graph(&g);
        ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){big, big, big, big});
        ct_tensor *lse = ct_lse_rows(&g, x), *y = ct_softmax_rows(&g, x);
        ck_values(lse, 2, 1, (double)big + 0.69314718055994531, (double)big + 0.69314718055994531);
        ck_values(y, 2, 2, 0.5, 0.5, 0.5, 0.5);
        ct_backward(&g, lse, NULL); /* e^(x - y) with y = 1e4 + log 2 rounded: a coarse 1/2 */
        for (int i = 0; i < 4; i++)
            ck_close(x->dx[i], 0.5, 2e4 * (double)REAL_EPS);
        close_graph(&g);
    }
}
END_TEST

/* A masked logit is minus infinity: no weight, no gradient, no NaN. */
START_TEST(minus_infinity_has_no_weight)
{
    const ct_real inf = (ct_real)HUGE_VAL;
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){-inf, 3, 3, 3});
    ck_values(ct_lse_rows(&g, x), 2, 1, 3, 3.69314718055994531);
    ct_tensor *y = ct_softmax_rows(&g, x);
    ck_values(y, 2, 2, 0, 1, 0.5, 0.5);
    ct_backward(&g, ct_add(&g, ct_lse_rows(&g, x), ct_row_dots(&g, y, y)), NULL);
    ck_grads(x, 0, 1, 0.5, 0.5);
    close_graph(&g);
}
END_TEST

START_TEST(infinite_rows_have_infinite_lse)
{
    const ct_real inf = (ct_real)HUGE_VAL;
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){-inf, -inf, 1, inf});
    ct_tensor *rows = ct_lse_rows(&g, x);
    ck_assert(rows->x[0] == -inf && rows->x[1] == inf);
    close_graph(&g);
}
END_TEST

START_TEST(nan_stays_nan)
{
    const ct_real nan = (ct_real)NAN;
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 3, (ct_real[]){1, nan, 2, 3, 4, 5});
    ct_tensor *rows = ct_lse_rows(&g, x), *y = ct_softmax_rows(&g, x);
    ck_assert(isnan(rows->x[0]) && !isnan(rows->x[1]));
    ck_assert(isnan(y->x[0]) && isnan(y->x[1]) && isnan(y->x[2]) && !isnan(y->x[3]));
    close_graph(&g);
}
END_TEST

TCase *softmax_case(void)
{
    TCase *tc = tcase_create("softmax");
    add_tests(tc, lse_by_hand, softmax_by_hand);
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(OPS) * COUNT(SHAPES));
    tcase_add_loop_test(tc, backward_adds_to_what_is_there, 0, COUNT(OPS));
    add_tests(tc, softmax_sums_to_one_and_lse_is_its_logarithm,
              a_constant_added_to_a_row_changes_no_softmax, huge_logits_do_not_overflow,
              minus_infinity_has_no_weight, infinite_rows_have_infinite_lse, nan_stays_nan);
    return tc;
}
