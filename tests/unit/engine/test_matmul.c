/* test_matmul.c -- ct_matmul_nt: by hand, by central differences, and shared
 * operands. The bits of the product itself are the business of test_k_matmul.c. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

/* One of everything, and edges on both sides of the vector lengths. */
static const struct {
    int n, m, d;
} SHAPES[] = {
    {1, 1, 1},   {1, 3, 2},  {3, 1, 2},  {4, 5, 1},  {2, 3, 16},
    {3, 17, 15}, {17, 2, 3}, {2, 2, 33}, {1, 32, 4},
};

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_matmul_nt(g, in[0], in[1]);
}

static ct_tensor *against_itself(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_matmul_nt(g, in[0], in[0]);
}

/* a meets the second product first on the way back. */
static ct_tensor *used_twice(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_matmul_nt(g, ct_matmul_nt(g, in[0], in[1]), ct_matmul_nt(g, in[1], in[1]));
}

START_TEST(two_by_three_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 3, (ct_real[]){1, 2, 3, 4, 5, 6});
    ct_tensor *b = ct_leaf(&g, 2, 3, (ct_real[]){7, 8, 9, -1, 0, 1});
    ct_tensor *y = ct_matmul_nt(&g, a, b);
    ck_values(y, 2, 2, 50, 2, 122, 2);
    ct_backward(&g, y, (ct_real[]){1, 10, 0, 2});
    ck_grads(a, 7 - 10, 8, 9 + 10, -2, 0, 2);
    ck_grads(b, 1, 2, 3, 10 + 8, 20 + 10, 30 + 12);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    ct_real a[17 * 33], b[32 * 33];
    const int n = SHAPES[_i].n, m = SHAPES[_i].m, d = SHAPES[_i].d;
    gradcheck_input in[] = {{n, d, a}, {m, d, b}};
    gradcheck_fill(a, n * d, 1u + (unsigned)_i);
    gradcheck_fill(b, m * d, 100u + (unsigned)_i);
    ck_gradcheck(op, NULL, in, 2);
}
END_TEST

START_TEST(backward_adds_for_a_shared_operand)
{
    ct_real a[4 * 5], b[4 * 5];
    gradcheck_input in[] = {{4, 5, a}, {4, 5, b}};
    gradcheck_fill(a, 20, 3);
    gradcheck_fill(b, 20, 4);
    ck_gradcheck(against_itself, NULL, in, 1);
    ck_gradcheck(used_twice, NULL, in, 2);
}
END_TEST

START_TEST(one_operand_may_be_constant)
{
    ct_graph g;
    const ct_real fixed[] = {2, 3};
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 2, (ct_real[]){5, 7}), *c = ct_constant(&g, 1, 2, fixed);
    ct_tensor *left = ct_matmul_nt(&g, c, a), *right = ct_matmul_nt(&g, a, c);
    ct_backward(&g, ct_add(&g, left, right), NULL);
    ck_values(left, 1, 1, 31);
    ck_grads(a, 4, 6);
    ck_assert_ptr_null(c->dx);
    close_graph(&g);
}
END_TEST

START_TEST(columns_must_match)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 8, 4, NULL), *b = ct_leaf(&g, 8, 3, NULL);
    ck_assert_ptr_null(ct_matmul_nt(&g, a, b));
    ck_graph_fails(&g, CT_ERR_SHAPE, "matmul_nt: ", "(8, 4)", "(8, 3)");
    close_graph(&g);
}
END_TEST

TCase *matmul_case(void)
{
    TCase *tc = tcase_create("matmul");
    tcase_add_test(tc, two_by_three_by_hand);
    tcase_add_loop_test(tc, backward_matches_difference, 0, COUNT(SHAPES));
    add_tests(tc, backward_adds_for_a_shared_operand, one_operand_may_be_constant,
              columns_must_match);
    return tc;
}
