/* test_embedding_bag.c -- ct_embedding_bag by hand and by differences, with empty
 * bags and repeated ids, and everything that an index can get wrong. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

#include <limits.h>
#include <stdio.h>

/* Bags over a table of V rows: an empty one first, in the middle and last, one id
 * alone, an id twice in a bag, ids shared by bags; row 4 is in none. */
enum { V = 6, N = 6 };
static const int OFFSET[N + 1] = {0, 0, 1, 4, 4, 9, 9};
static const int ID[] = {5, 1, 3, 1, 0, 1, 2, 3, 5};

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    (void)unused;
    return ct_embedding_bag(g, in[0], N, OFFSET, ID);
}

static ct_tensor *used_twice(ct_graph *g, ct_tensor *const *in, const void *unused)
{
    return ct_matmul_nt(g, op(g, in, unused), ct_exp(g, in[0]));
}

/* The same by a product with the (N, V) matrix of weights. */
static ct_tensor *composed(ct_graph *g, ct_tensor *table_transposed)
{
    ct_real *w = ct_arena_zeroed(&g->arena, N * V, sizeof *w);
    for (int i = 0; i < N; i++)
        for (int k = OFFSET[i]; k < OFFSET[i + 1]; k++)
            w[i * V + ID[k]] += (ct_real)(1.0 / (OFFSET[i + 1] - OFFSET[i]));
    return ct_matmul_nt(g, ct_constant(g, N, V, w), table_transposed);
}

START_TEST(bags_by_hand)
{
    static const int offset[] = {0, 2, 2, 5}, id[] = {2, 0, 1, 1, 0};
    ct_graph g;
    open_graph(&g);
    ct_tensor *table = ct_leaf(&g, 3, 2, (ct_real[]){1, 2, 30, 60, 5, 6});
    ct_tensor *y = ct_embedding_bag(&g, table, 3, offset, id);
    ck_values(y, 3, 2, 3, 4, 0, 0, 61.0 / 3, 122.0 / 3);
    ct_backward(&g, y, (ct_real[]){2, 4, 100, 100, 3, 6});
    ck_grads(table, 1 + 1, 2 + 2, 2, 4, 1, 2);
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    static const int width[] = {1, 2, 15, 16, 17, 33};
    ct_real data[V * 33];
    gradcheck_input table = {V, width[_i], data};
    gradcheck_fill(data, V * width[_i], 3u + (unsigned)_i);
    ck_gradcheck(op, NULL, &table, 1);
}
END_TEST

START_TEST(backward_adds_to_what_is_there)
{
    ct_real data[V * 3];
    gradcheck_input table = {V, 3, data};
    gradcheck_fill(data, V * 3, 4);
    ck_gradcheck(used_twice, NULL, &table, 1);
}
END_TEST

START_TEST(bag_equals_product_with_weights)
{
    enum { D = 19 };
    ct_graph g;
    ct_real table[V * D], transposed[D * V];
    open_graph(&g);
    gradcheck_fill(table, V * D, 6);
    for (int i = 0; i < V * D; i++)
        transposed[i % D * V + i / D] = table[i];
    ct_tensor *y = ct_embedding_bag(&g, ct_leaf(&g, V, D, table), N, OFFSET, ID);
    ct_tensor *z = composed(&g, ct_leaf(&g, D, V, transposed));
    for (int i = 0; i < N * D; i++)
        ck_close(y->x[i], z->x[i], 8 * (double)REAL_EPS);
    close_graph(&g);
}
END_TEST

START_TEST(rows_that_no_bag_picks_are_untouched)
{
    ct_graph g;
    ct_real x[V * 2] = {0}, dx[V * 2];
    for (int i = 0; i < V * 2; i++)
        dx[i] = i / 2 == 4 ? -(ct_real)0.0 : 7; /* -0 + 0 would be 0 */
    open_graph(&g);
    ct_tensor *table = ct_variable(&g, "table", V, 2, x, dx);
    ct_backward(&g, ct_embedding_bag(&g, table, N, OFFSET, ID), NULL);
    for (int i = 0; i < V * 2; i++)
        if (i / 2 == 4)
            ck_assert(dx[i] == 0 && signbit(dx[i]));
        else
            ck_assert(dx[i] > 7 && dx[i] < 12);
    close_graph(&g);
}
END_TEST

START_TEST(bags_that_are_all_empty_are_zero)
{
    static const int offset[] = {0, 0, 0};
    ct_graph g;
    open_graph(&g);
    ct_tensor *table = ct_leaf(&g, 2, 2, (ct_real[]){1, 2, 3, 4});
    ct_tensor *y = ct_embedding_bag(&g, table, 2, offset, NULL);
    ck_values(y, 2, 2, 0, 0, 0, 0);
    ct_backward(&g, y, NULL);
    ck_assert_ptr_null(ct_graph_error(&g));
    close_graph(&g);
}
END_TEST

START_TEST(ids_outside_the_table_are_refused)
{
    static const int bad[] = {3, -1, INT_MAX, INT_MIN}, offset[] = {0, 2, 3};
    const int id[] = {0, 2, bad[_i]};
    char number[16];
    ct_graph g;
    open_graph(&g);
    ck_assert_ptr_null(ct_embedding_bag(&g, ct_leaf(&g, 3, 2, NULL), 2, offset, id));
    snprintf(number, sizeof number, "%d", bad[_i]);
    ck_graph_fails(&g, CT_ERR_SHAPE, "embedding_bag: ", number);
    close_graph(&g);
}
END_TEST

START_TEST(offsets_that_decrease_are_refused)
{
    static const int id[] = {0, 1, 2, 0}, offset[][4] = {{0, 2, 1, 3}, {0, 3, 3, 2}, {0, -1, 2, 2}};
    ct_graph g;
    open_graph(&g);
    ck_assert_ptr_null(ct_embedding_bag(&g, ct_leaf(&g, 3, 2, NULL), 3, offset[_i], id));
    ck_graph_fails(&g, CT_ERR_SHAPE, "embedding_bag: ", "offset");
    close_graph(&g);
}
END_TEST

TCase *embedding_bag_case(void)
{
    TCase *tc = tcase_create("embedding_bag");
    tcase_add_test(tc, bags_by_hand);
    tcase_add_loop_test(tc, backward_matches_difference, 0, 6);
    add_tests(tc, backward_adds_to_what_is_there, bag_equals_product_with_weights,
              rows_that_no_bag_picks_are_untouched, bags_that_are_all_empty_are_zero);
    tcase_add_loop_test(tc, ids_outside_the_table_are_refused, 0, 4);
    tcase_add_loop_test(tc, offsets_that_decrease_are_refused, 0, 3);
    return tc;
}
