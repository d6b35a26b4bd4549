/* test_dropout.c -- ct_dropout: what is kept, how often, and on what that depends. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"

#include <signal.h>

enum { N = 100, D = 100 };

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *p)
{
    g->training = true;
    return ct_dropout(g, in[0], *(const double *)p);
}

static ct_tensor *used_twice(ct_graph *g, ct_tensor *const *in, const void *p)
{
    return ct_add(g, ct_exp(g, in[0]), ct_add(g, op(g, in, p), op(g, in, p)));
}

/* Which of the first n elements are kept by a dropout of half of (rows, cols). */
static void draw_mask(ct_graph *g, int rows, int cols, bool *kept, int n)
{
    const size_t size = (size_t)rows * (size_t)cols;
    ct_real *ones = ct_arena_alloc(&g->arena, size * sizeof *ones);
    for (size_t i = 0; i < size; i++)
        ones[i] = 1;
    const ct_tensor *y = ct_dropout(g, ct_constant(g, rows, cols, ones), 0.5);
    for (int i = 0; i < n; i++)
        kept[i] = y->x[i] != 0;
}

static int count_differences(const bool *a, const bool *b, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        count += a[i] != b[i];
    return count;
}

START_TEST(returns_x_itself_when_not_training)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *x = ct_leaf(&g, 2, 2, NULL);
    ck_assert(!g.training);
    ck_assert_ptr_eq(ct_dropout(&g, x, 0.5), x);
    close_graph(&g);
}
END_TEST

START_TEST(kept_elements_are_divided_and_others_zero)
{
    static const double P[] = {0.1, 0.25, 0.5, 0.9};
    static ct_real x[N * D];
    ct_graph g;
    const double p = P[_i];
    int kept = 0;
    open_graph(&g);
    g.training = true;
    fill(x, N * D, 1, 1, 2);
    ct_tensor *t = ct_leaf(&g, N, D, x), *y = ct_dropout(&g, t, p);
    ct_backward(&g, y, NULL);
    for (int i = 0; i < N * D; i++) {
        const bool dropped = y->x[i] == 0;
        kept += !dropped;
        ck_close(y->x[i], dropped ? 0 : (double)x[i] / (1 - p), 4 * (double)REAL_EPS / (1 - p));
        ck_close(t->dx[i], dropped ? 0 : 1 / (1 - p), 4 * (double)REAL_EPS / (1 - p));
    }
    ck_close(kept, N * D * (1 - p), 5 * sqrt(N * D * p * (1 - p)));
    close_graph(&g);
}
END_TEST

START_TEST(dropping_nothing_changes_nothing)
{
    ct_graph g;
    ct_real x[35];
    open_graph(&g);
    g.training = true;
    gradcheck_fill(x, 35, 2);
    ct_tensor *y = ct_dropout(&g, ct_leaf(&g, 5, 7, x), 0);
    ck_assert(same_bits(y->x, x, 35));
    close_graph(&g);
}
END_TEST

START_TEST(backward_matches_difference)
{
    static const struct {
        int n, d;
    } shapes[] = {{1, 33}, {33, 1}, {3, 16}, {4, 17}, {2, 31}};
    ct_real data[4 * 17];
    const double p = 0.3;
    gradcheck_input x = {shapes[_i].n, shapes[_i].d, data};
    gradcheck_fill(data, x.rows * x.cols, 1u + (unsigned)_i);
    ck_gradcheck(op, &p, &x, 1);
    ck_gradcheck(used_twice, &p, &x, 1);
}
END_TEST

/* seed, step and the number of the dropout each give another mask, half of which
 * agrees by chance; the same three give the same one. */
START_TEST(mask_is_a_function_of_seed_step_and_number)
{
    static bool first[N * D], second[N * D], again[N * D], other[N * D];
    const double half = N * D / 2.0, spread = 5 * sqrt(N * D / 4.0);
    ct_graph g;
    open_graph(&g);
    g.training = true;
    g.seed = 7;
    g.step = 3;
    draw_mask(&g, N, D, first, N * D);
    draw_mask(&g, N, D, second, N * D);
    ck_assert_uint_eq(g.n_drops, 2);
    ck_close(count_differences(first, second, N * D), half, spread);
    ct_graph_reset(&g);
    draw_mask(&g, N, D, again, N * D);
    ck_assert_int_eq(count_differences(first, again, N * D), 0);
    draw_mask(&g, N, D, again, N * D);
    ck_assert_int_eq(count_differences(second, again, N * D), 0);
    ct_graph_reset(&g);
    g.seed = 8;
    draw_mask(&g, N, D, other, N * D);
    ck_close(count_differences(first, other, N * D), half, spread);
    ck_close(count_differences(second, other, N * D), half, spread);
    ct_graph_reset(&g);
    g.seed = 7;
    g.step = 4;
    draw_mask(&g, N, D, other, N * D);
    ck_close(count_differences(first, other, N * D), half, spread);
    ck_close(count_differences(second, other, N * D), half, spread);
    close_graph(&g);
}
END_TEST

START_TEST(mask_depends_on_the_place_not_the_shape)
{
    bool a[60], b[60];
    ct_graph g;
    open_graph(&g);
    g.training = true;
    draw_mask(&g, 3, 20, a, 60);
    ct_graph_reset(&g);
    draw_mask(&g, 35, 7, b, 60);
    ck_assert_int_eq(count_differences(a, b, 60), 0);
    close_graph(&g);
}
END_TEST

START_TEST(a_part_of_a_batch_has_its_part_of_the_mask)
{
    bool whole[60], part[28];
    ct_graph g;
    open_graph(&g);
    g.training = true;
    draw_mask(&g, 15, 4, whole, 60);
    ct_graph_reset(&g);
    g.first_row = 8;
    draw_mask(&g, 7, 4, part, 28);
    ck_assert_int_eq(count_differences(whole + 32, part, 28), 0);
    close_graph(&g);
}
END_TEST

START_TEST(a_part_begins_where_four_elements_do) /* which are drawn together */
{
    ct_graph g;
    open_graph(&g);
    g.training = true;
    g.first_row = 1;
    ct_dropout(&g, ct_leaf(&g, 3, 2, NULL), 0.5); /* aborts */
}
END_TEST

START_TEST(mask_is_the_same_on_every_device)
{
    static bool want[N * D], got[N * D];
    ct_device *dev[MAX_DEVICES];
    const int n = open_devices(dev);
    for (int i = 0; i < n; i++) {
        ct_graph g;
        ct_graph_init(&g, dev[i], 0);
        g.training = true;
        draw_mask(&g, N, D, i == 0 ? want : got, N * D);
        ck_assert_int_eq(i == 0 ? 0 : count_differences(want, got, N * D), 0);
        ct_graph_free(&g);
    }
    close_devices(dev, n);
}
END_TEST

START_TEST(neighbours_are_independent) /* agreement with the next element, row and so on */
{
    static bool kept[N * D];
    ct_graph g;
    open_graph(&g);
    g.training = true;
    draw_mask(&g, N, D, kept, N * D);
    for (int lag = 1; lag <= 16; lag++) {
        const int n = N * D - lag;
        ck_close(count_differences(kept, kept + lag, n), n / 2.0, 5 * sqrt(n / 4.0));
    }
    close_graph(&g);
}
END_TEST

START_TEST(too_many_dropouts_abort) /* rather than use the masks of the next step */
{
    ct_graph g;
    open_graph(&g);
    g.training = true;
    ct_tensor *x = ct_leaf(&g, 1, 1, NULL);
    for (int i = 0; i < 256; i++)
        ct_dropout(&g, x, 0.5);
    ck_assert_uint_eq(g.n_drops, 256);
    ct_dropout(&g, x, 0.5); /* aborts */
}
END_TEST

static const double BAD_P[] = {1, -0.1, 2, (double)NAN};

START_TEST(probability_must_be_below_one)
{
    ct_graph g;
    open_graph(&g);
    g.training = true;
    ct_dropout(&g, ct_leaf(&g, 1, 1, NULL), BAD_P[_i]); /* aborts */
}
END_TEST

TCase *dropout_case(void)
{
    TCase *tc = tcase_create("dropout");
    tcase_add_test(tc, returns_x_itself_when_not_training);
    tcase_add_loop_test(tc, kept_elements_are_divided_and_others_zero, 0, 4);
    tcase_add_test(tc, dropping_nothing_changes_nothing);
    tcase_add_loop_test(tc, backward_matches_difference, 0, 5);
    add_tests(tc, mask_is_a_function_of_seed_step_and_number,
              mask_depends_on_the_place_not_the_shape, a_part_of_a_batch_has_its_part_of_the_mask,
              mask_is_the_same_on_every_device, neighbours_are_independent);
    if (forking()) {
        tcase_add_test_raise_signal(tc, too_many_dropouts_abort, SIGABRT);
        tcase_add_test_raise_signal(tc, a_part_begins_where_four_elements_do, SIGABRT);
        tcase_add_loop_test_raise_signal(tc, probability_must_be_below_one, SIGABRT, 0, 4);
    }
    return tc;
}
