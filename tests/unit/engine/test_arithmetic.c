/* test_arithmetic.c -- add, sub, scale, scale_by, exp, softplus, mean, row_dots and
 * stack_rows: by hand, by differences, and what they refuse. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

#include <string.h>

static const struct {
    int n, d;
} SHAPES[] = {{1, 1}, {1, 7}, {5, 1}, {3, 16}, {2, 17}, {2, 33}, {4, 8}};

/* ---- the operations as gradcheck wants them ---- */

static ct_tensor *add_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_add(g, in[0], in[1]);
}

static ct_tensor *sub_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_sub(g, in[0], in[1]);
}

static ct_tensor *softplus_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_softplus(g, ct_scale(g, in[0], 4));
}

/* Each row of the stack is weighed by another, so that no two gradients are the same. */
static ct_tensor *stack_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    ct_tensor *up = ct_stack_rows(g, in[0], in[1]), *down = ct_stack_rows(g, in[1], in[0]);
    return ct_row_dots(g, ct_exp(g, up), down);
}

static ct_tensor *scale_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_scale(g, in[0], (ct_real)-2.5);
}

static ct_tensor *exp_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_exp(g, in[0]);
}

static ct_tensor *mean_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused; /* larger, so that 1 / (n d) does not hide in the tolerance */
    return ct_mean(g, ct_scale(g, in[0], 64));
}

static ct_tensor *row_dots_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_row_dots(g, in[0], in[1]);
}

static ct_tensor *scale_by_op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_scale_by(g, in[0], in[1]);
}

/* Everything twice: each operation meets its own input again. */
static ct_tensor *tangle(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    ct_tensor *a = in[0], *e = ct_exp(g, ct_scale(g, a, (ct_real)0.5));
    ct_tensor *twice = ct_add(g, ct_add(g, a, a), e);
    ct_tensor *dots = ct_row_dots(g, twice, twice);
    ct_tensor *s = ct_mean(g, e);
    return ct_scale(g, ct_add(g, ct_scale_by(g, dots, s), ct_row_dots(g, a, e)), (ct_real)0.1);
}

static const struct {
    gradcheck_fn f;
    int n_in;
} OPS[] = {
    {add_op, 2},  {sub_op, 2},      {scale_op, 1}, {exp_op, 1}, {softplus_op, 1},
    {mean_op, 1}, {row_dots_op, 2}, {stack_op, 2}, {tangle, 1},
};

START_TEST(backward_matches_difference)
{
    ct_real a[2 * 33], b[2 * 33];
    for (int s = 0; s < COUNT(SHAPES); s++) {
        const int n = SHAPES[s].n, d = SHAPES[s].d;
        gradcheck_input in[] = {{n, d, a}, {n, d, b}};
        gradcheck_fill(a, n * d, 1u + (unsigned)s);
        gradcheck_fill(b, n * d, 50u + (unsigned)s);
        ck_gradcheck(OPS[_i].f, NULL, in, OPS[_i].n_in);
    }
}
END_TEST

START_TEST(scale_by_matches_difference)
{
    ct_real x[2 * 33], s[1] = {(ct_real)-1.5};
    const int n = SHAPES[_i].n, d = SHAPES[_i].d;
    gradcheck_input in[] = {{n, d, x}, {1, 1, s}};
    gradcheck_fill(x, n * d, 9u + (unsigned)_i);
    ck_gradcheck(scale_by_op, NULL, in, 2);
}
END_TEST

START_TEST(add_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 2, (ct_real[]){1, 2}),
              *b = ct_leaf(&g, 1, 2, (ct_real[]){10, 20});
    ct_tensor *y = ct_add(&g, a, b), *z = ct_add(&g, a, a);
    ck_values(y, 1, 2, 11, 22);
    ck_values(z, 1, 2, 2, 4);
    ct_backward(&g, ct_add(&g, y, z), (ct_real[]){1, -2});
    ck_grads(a, 3, -6);
    ck_grads(b, 1, -2);
    close_graph(&g);
}
END_TEST

START_TEST(scale_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 1, (ct_real[]){3, -5}), *s = ct_leaf(&g, 1, 1, (ct_real[]){4});
    ct_tensor *y = ct_scale(&g, x, -2), *z = ct_scale_by(&g, x, s);
    ck_values(y, 2, 1, -6, 10);
    ck_values(z, 2, 1, 12, -20);
    ct_backward(&g, ct_add(&g, y, z), (ct_real[]){1, 10});
    ck_grads(x, -2 + 4, -20 + 40);
    ck_grads(s, 3 - 50);
    close_graph(&g);
}
END_TEST

START_TEST(a_scalar_may_scale_itself) /* s^2: x and s are one tensor */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *s = ct_leaf(&g, 1, 1, (ct_real[]){3});
    ct_tensor *y = ct_scale_by(&g, s, s);
    ck_values(y, 1, 1, 9);
    ct_backward(&g, y, NULL);
    ck_grads(s, 6);
    close_graph(&g);
}
END_TEST

START_TEST(exp_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 4, (ct_real[]){0, 1, -1, -(ct_real)1e4});
    ct_tensor *y = ct_exp(&g, x);
    ck_values(y, 1, 4, 1, 2.7182818284590452, 0.36787944117144233, 0);
    ct_backward(&g, y, (ct_real[]){1, 2, 3, 4});
    ck_grads(x, 1, 5.4365636569180905, 1.103638323514327, 0);
    close_graph(&g);
}
END_TEST

START_TEST(softplus_by_hand) /* ln 2, ln(1 + e), 1e4 itself, and nothing */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 1, 4, (ct_real[]){0, 1, (ct_real)1e4, -(ct_real)1e4});
    ct_tensor *y = ct_softplus(&g, x);
    ck_values(y, 1, 4, 0.69314718055994531, 1.3132616875182228, 1e4, 0);
    ct_backward(&g, y, (ct_real[]){2, 1, 3, 4});
    ck_grads(x, 1, 0.7310585786300049, 3, 0);
    close_graph(&g);
}
END_TEST

START_TEST(stack_rows_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 2, (ct_real[]){1, 2});
    ct_tensor *b = ct_leaf(&g, 2, 2, (ct_real[]){3, 4, 5, 6});
    ct_tensor *y = ct_stack_rows(&g, a, b);
    ck_values(y, 3, 2, 1, 2, 3, 4, 5, 6);
    ct_backward(&g, y, (ct_real[]){1, 2, 3, 4, 5, 6});
    ck_grads(a, 1, 2);
    ck_grads(b, 3, 4, 5, 6);
    close_graph(&g);
}
END_TEST

START_TEST(mean_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, (ct_real[]){1, 2, 3, 6});
    ct_tensor *y = ct_mean(&g, x);
    ck_values(y, 1, 1, 3);
    ct_backward(&g, y, (ct_real[]){8});
    ck_grads(x, 2, 2, 2, 2);
    close_graph(&g);
}
END_TEST

START_TEST(row_dots_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 2, (ct_real[]){1, 2, 3, 4});
    ct_tensor *b = ct_leaf(&g, 2, 2, (ct_real[]){5, 6, 7, -8});
    ct_tensor *y = ct_row_dots(&g, a, b);
    ck_values(y, 2, 1, 17, -11);
    ct_backward(&g, y, (ct_real[]){1, 10});
    ck_grads(a, 5, 6, 70, -80);
    ck_grads(b, 1, 2, 30, 40);
    close_graph(&g);
}
END_TEST

START_TEST(row_dots_are_the_diagonal_of_matmul)
{
    ct_graph g;
    ct_real a[7 * 19], b[7 * 19];
    open_graph(&g);
    gradcheck_fill(a, 7 * 19, 1);
    gradcheck_fill(b, 7 * 19, 2);
    ct_tensor *ta = ct_leaf(&g, 7, 19, a), *tb = ct_leaf(&g, 7, 19, b);
    ct_tensor *dots = ct_row_dots(&g, ta, tb), *all = ct_matmul_nt(&g, ta, tb);
    for (int i = 0; i < 7; i++)
        ck_close(dots->x[i], all->x[i * 7 + i], 20 * (double)REAL_EPS);
    close_graph(&g);
}
END_TEST

/* Operation k of (2, 2) operands, in training; NULL past the last. */
static ct_tensor *nth_operation(ct_graph *g, int k, ct_tensor *a, ct_tensor *b)
{
    static const int offset[] = {0, 1, 1, 3}, id[] = {1, 0, 1};
    switch (k) {
    case 0: return ct_matmul_nt(g, a, b);
    case 1: return ct_linear(g, a, b, NULL, CT_ACT_GELU);
    case 2: return ct_activate(g, a, CT_ACT_TANH);
    case 3: return ct_add(g, a, b);
    case 4: return ct_sub(g, a, b);
    case 5: return ct_scale(g, a, 2);
    case 6: return ct_scale_by(g, a, ct_mean(g, b));
    case 7: return ct_exp(g, a);
    case 8: return ct_softplus(g, a);
    case 9: return ct_row_dots(g, a, b);
    case 10: return ct_stack_rows(g, a, b);
    case 11: return ct_lse_rows(g, a);
    case 12: return ct_softmax_rows(g, a);
    case 13: return ct_normalize_rows(g, a, CT_NORM_EPS);
    case 14: return ct_embedding_bag(g, a, 3, offset, id);
    default: return ct_dropout(g, a, 0.25);
    }
}
enum { N_OPERATIONS = 16 };

/* Forward and backward of operation k within `limit` bytes; bit i of `constant`: operand i is one.
 * False if memory ended, which must be said; else the gradients are in d[2][4]. */
static bool works_within(size_t limit, int k, int constant, ct_real (*d)[4])
{
    static const ct_real x[2][4] = {{1, -2, 0.5, 3}, {-1, 0.25, 2, 1}};
    ct_tensor *in[2];
    ct_graph g;
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ct_graph_init(&g, dev, limit);
    g.training = true;
    for (int i = 0; i < 2; i++)
        in[i] = constant & 1 << i ? ct_constant(&g, 2, 2, x[i]) : ct_leaf(&g, 2, 2, x[i]);
    ct_tensor *y = nth_operation(&g, k, in[0], in[1]);
    ct_backward(&g, y, (const ct_real[]){1, 2, -1, 3, 2, 1, 1, 2});
    const ct_error *e = ct_graph_error(&g);
    ck_assert_msg(y != NULL || e != NULL, "operation %d: NULL without an error", k);
    ck_assert_msg(e == NULL || e->status == CT_ERR_NOMEM, "operation %d", k);
    const bool done = e == NULL;
    for (int i = 0; done && i < 2; i++)
        if (in[i]->dx != NULL)
            memcpy(d[i], in[i]->dx, sizeof d[i]);
    ct_graph_free(&g);
    ct_device_free(dev);
    return done;
}

START_TEST(memory_that_ends_anywhere_is_said_by_every_operation)
{
    for (int k = 0; k < N_OPERATIONS; k++) {
        ct_real d[2][4] = {{0}};
        size_t limit = 64;
        while (!works_within(limit, k, 0, d))
            limit += 64;
        ck_assert_msg(limit > 512, "operation %d needs no more than %zu bytes", k, limit);
    }
}
END_TEST

START_TEST(a_constant_operand_changes_no_other_gradient)
{
    for (int k = 0; k < N_OPERATIONS; k++) {
        ct_real both[2][4] = {{0}}, one[2][4] = {{0}}, none[4] = {0};
        ck_assert(works_within(0, k, 0, both) && works_within(0, k, 1, one) &&
                  works_within(0, k, 2, one) && works_within(0, k, 3, one));
        ck_assert_msg(same_bits(both[0], one[0], 4) && same_bits(both[1], one[1], 4),
                      "operation %d", k);
        ck_assert_msg(!same_bits(both[0], none, 4), "operation %d has no gradient", k);
    }
}
END_TEST

START_TEST(shapes_must_fit)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 3, NULL), *b = ct_leaf(&g, 3, 2, NULL),
              *c = ct_leaf(&g, 1, 2, NULL);
    ck_assert_ptr_null(ct_add(&g, a, b));
    ck_graph_fails(&g, CT_ERR_SHAPE, "add: ", "(2, 3)", "(3, 2)");
    ct_graph_reset(&g);
    a = ct_leaf(&g, 2, 3, NULL), b = ct_leaf(&g, 3, 2, NULL);
    ck_assert_ptr_null(ct_stack_rows(&g, a, b));
    ck_graph_fails(&g, CT_ERR_SHAPE, "stack_rows: ", "(2, 3)", "(3, 2)");
    ct_graph_reset(&g);
    a = ct_leaf(&g, 2, 3, NULL), b = ct_leaf(&g, 2, 4, NULL);
    ck_assert_ptr_null(ct_row_dots(&g, a, b));
    ck_graph_fails(&g, CT_ERR_SHAPE, "row_dots: ", "(2, 3)", "(2, 4)");
    ct_graph_reset(&g);
    a = ct_leaf(&g, 2, 3, NULL), c = ct_leaf(&g, 1, 2, NULL);
    ck_assert_ptr_null(ct_scale_by(&g, a, c));
    ck_graph_fails(&g, CT_ERR_SHAPE, "scale_by: ", "(1, 2)");
    close_graph(&g);
}
END_TEST

TCase *arithmetic_case(void)
{
    TCase *tc = tcase_create("arithmetic");
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(OPS));
    tcase_add_loop_test(tc, scale_by_matches_difference, 0, COUNT(SHAPES));
    add_tests(tc, memory_that_ends_anywhere_is_said_by_every_operation,
              a_constant_operand_changes_no_other_gradient, add_by_hand, scale_by_hand,
              a_scalar_may_scale_itself, exp_by_hand, softplus_by_hand, stack_rows_by_hand,
              mean_by_hand, row_dots_by_hand, row_dots_are_the_diagonal_of_matmul, shapes_must_fit);
    return tc;
}
