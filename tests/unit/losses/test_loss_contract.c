/* test_loss_contract.c -- what all losses promise beside their formulas: clear
 * errors, gradients only where they are wanted, no trust in old memory, and the
 * same bits on every device. */
#include "batch.h"
#include "suites.h"

#include "contrast/ops.h"
#include "platform/memory.h"

#include <string.h>

static batch x;
static outcome y, z;

/* ---- errors ---- */

START_TEST(different_shapes_are_an_error)
{
    static const struct {
        int rows, cols;
        const char *b;
    } OTHER[] = {{2, 4, "b is (2, 4)"}, {3, 5, "b is (3, 5)"}, {4, 3, "b is (4, 3)"}};
    for (int k = 0; k < COUNT(OTHER); k++) {
        ct_graph g;
        open_graph(&g);
        ct_tensor *a = ct_leaf(&g, 3, 4, NULL),
                  *b = ct_leaf(&g, OTHER[k].rows, OTHER[k].cols, NULL);
        ct_tensor *log_scale = ct_leaf(&g, 1, 1, NULL);
        ck_assert_ptr_null(
            loss_number(_i)->apply(&g, a, b, &(ct_loss_inputs){.log_scale = log_scale}));
        ck_graph_fails(&g, CT_ERR_SHAPE, "loss: ", "a is (3, 4)", OTHER[k].b, "must match");
        close_graph(&g);
    }
}
END_TEST

START_TEST(a_scale_that_is_no_scalar_is_an_error)
{
    static const struct {
        int rows, cols;
        const char *found;
    } BAD[] = {{1, 2, "(1, 2)"}, {3, 1, "(3, 1)"}};
    const ct_loss *loss = loss_number(_i);
    for (int k = 0; k < COUNT(BAD); k++) {
        ct_graph g;
        open_graph(&g);
        ct_tensor *a = ct_leaf(&g, 3, 4, NULL),
                  *log_scale = ct_leaf(&g, BAD[k].rows, BAD[k].cols, NULL);
        ct_tensor *result = loss->apply(&g, a, a, &(ct_loss_inputs){.log_scale = log_scale});
        if (loss->learns_scale) {
            ck_assert_ptr_null(result);
            ck_graph_fails(&g, CT_ERR_SHAPE, "loss: log_scale is ", BAD[k].found, "(1, 1)");
        } else { /* it does not look */
            ck_assert(result != NULL && ct_graph_error(&g) == NULL);
        }
        close_graph(&g);
    }
}
END_TEST

START_TEST(null_passes_through)
{
    const ct_loss *loss = loss_number(_i);
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 3, 4, NULL), *log_scale = ct_leaf(&g, 1, 1, NULL);
    ck_assert_ptr_null(loss->apply(&g, NULL, a, &(ct_loss_inputs){.log_scale = log_scale}));
    ck_assert_ptr_null(loss->apply(&g, a, NULL, &(ct_loss_inputs){.log_scale = log_scale}));
    ck_assert_ptr_null(loss->apply(&g, NULL, NULL, &(ct_loss_inputs){.log_scale = log_scale}));
    ct_tensor *without_scale = loss->apply(&g, a, a, &(ct_loss_inputs){0});
    ck_assert((without_scale == NULL) == loss->learns_scale);
    ck_assert_ptr_null(ct_graph_error(&g)); /* whoever made the NULL has said why */
    close_graph(&g);
}
END_TEST

START_TEST(the_first_error_is_kept)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 3, 4, NULL), *b = ct_leaf(&g, 2, 4, NULL);
    ct_tensor *log_scale = ct_leaf(&g, 1, 1, NULL);
    ck_assert_ptr_null(ct_matmul_nt(&g, a, ct_leaf(&g, 3, 5, NULL)));
    ck_assert_ptr_null(loss_number(_i)->apply(&g, a, b, &(ct_loss_inputs){.log_scale = log_scale}));
    ck_assert_ptr_null(loss_number(_i)->apply(&g, a, a, &(ct_loss_inputs){.log_scale = log_scale}));
    ck_graph_fails(&g, CT_ERR_SHAPE, "matmul_nt: ");
    close_graph(&g);
}
END_TEST

/* One step under a limit: an error with a name, or the right numbers. */
static bool step_fits(ct_graph *g, const ct_loss *loss)
{
    ct_tensor *a = ct_leaf(g, x.n, x.d, x.a), *b = ct_leaf(g, x.n, x.d, x.b);
    ct_tensor *log_scale = ct_leaf(g, 1, 1, &x.log_scale);
    ct_tensor *l = loss->apply(g, a, b,
                               &(ct_loss_inputs){.log_scale = log_scale, .group = x.group});
    const bool built = ct_graph_error(g) == NULL;
    ck_assert(built == (l != NULL));
    ct_backward(g, l, NULL);
    if (ct_graph_error(g) != NULL) {
        ck_graph_fails(g, CT_ERR_NOMEM, "graph: no memory");
        return false;
    }
    ck_assert(same_bits(a->dx, y.da, (size_t)(x.n * x.d)) &&
              same_bits(b->dx, y.db, (size_t)(x.n * x.d)));
    return true;
}

START_TEST(a_full_arena_is_reported)
{
    const ct_loss *loss = loss_number(_i);
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    batch_random(&x, 9, 5, 0.1, 2);
    x.grouped = true;
    run_loss(loss->apply, &x, &y);
    bool fits = false;
    size_t limit = 64;
    for (; !fits && limit < 1 << 20; limit += 64) {
        ct_graph g;
        ct_graph_init(&g, dev, limit);
        fits = step_fits(&g, loss);
        ct_graph_free(&g);
    }
    ck_assert(fits);
    ck_assert_uint_gt(limit, 1024); /* it failed before */
    ct_device_free(dev);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    const ct_loss *loss = loss_number(_i);
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    batch_random(&x, 130, 60, 0.1, 2); /* several blocks of the arena */
    x.grouped = true;
    run_loss(loss->apply, &x, &y);
    long n = 0;
    for (bool fits = false; !fits; n++) {
        ct_graph g;
        ct_graph_init(&g, dev, 0);
        ct_alloc_fail_at(n);
        fits = step_fits(&g, loss);
        ct_alloc_fail_at(-1);
        ct_graph_free(&g);
    }
    ck_assert_int_gt(n, 2);
    ct_device_free(dev);
}
END_TEST

START_TEST(a_nan_is_not_hidden)
{
    const ct_loss *loss = loss_number(_i);
    for (int where = 0; where < 12; where++) {
        batch_random(&x, 4, 3, 0.1, 2);
        (where % 2 == 0 ? x.a : x.b)[where] = (ct_real)NAN;
        ck_assert(isnan(loss_of(loss->apply, &x)));
    }
    batch_random(&x, 4, 3, 0.1, 2);
    x.log_scale = (ct_real)NAN;
    ck_assert(!isnan(loss_of(loss->apply, &x)) == !loss->learns_scale);
}
END_TEST

/* ---- gradients where they are wanted ---- */

/* Bits: 1 a, 2 b, 4 log_scale are leaves, the others constants. */
START_TEST(constants_get_no_gradient_and_change_no_other)
{
    const ct_loss *loss = loss_number(_i);
    batch_random(&x, 8, 5, 0.2, 6);
    run_loss(loss->apply, &x, &y);
    for (int leaves = 0; leaves < 8; leaves++) {
        ct_graph g;
        open_graph(&g);
        ct_tensor *a = leaves & 1 ? ct_leaf(&g, 8, 5, x.a) : ct_constant(&g, 8, 5, x.a);
        ct_tensor *b = leaves & 2 ? ct_leaf(&g, 8, 5, x.b) : ct_constant(&g, 8, 5, x.b);
        ct_tensor *s = leaves & 4 ? ct_leaf(&g, 1, 1, &x.log_scale)
                                  : ct_constant(&g, 1, 1, &x.log_scale);
        ct_tensor *l = loss->apply(&g, a, b, &(ct_loss_inputs){.log_scale = s});
        ck_assert_ptr_nonnull(l);
        ck_assert(same_bits(l->x, &y.value, 1));
        ct_backward(&g, l, NULL);
        ck_assert(leaves & 1 ? same_bits(a->dx, y.da, 40) : a->dx == NULL);
        ck_assert(leaves & 2 ? same_bits(b->dx, y.db, 40) : b->dx == NULL);
        ck_assert(leaves & 4 && loss->learns_scale ? same_bits(s->dx, &y.dlog_scale, 1)
                                                   : s->dx == NULL);
        close_graph(&g);
    }
}
END_TEST

/* One tensor on both sides gets both gradients; a seed multiplies them; and a
 * second loss of the same tensors adds its own. */
START_TEST(gradients_add_up)
{
    const ct_loss *loss = loss_number(_i);
    ct_graph g;
    batch_random(&x, 8, 5, 0.2, 6);
    memcpy(x.b, x.a, sizeof x.a);
    run_loss(loss->apply, &x, &y);
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 8, 5, x.a), *log_scale = ct_leaf(&g, 1, 1, &x.log_scale);
    const ct_loss_inputs in = {.log_scale = log_scale};
    ct_tensor *twice = ct_add(&g, loss->apply(&g, a, a, &in), loss->apply(&g, a, a, &in));
    ct_backward(&g, twice, (ct_real[]){-3});
    for (int i = 0; i < 40; i++)
        ck_close(a->dx[i], -6 * ((double)y.da[i] + (double)y.db[i]), 1e3 * (double)REAL_EPS);
    if (loss->learns_scale)
        ck_close(log_scale->dx[0], -6 * (double)y.dlog_scale, 1e3 * (double)REAL_EPS);
    close_graph(&g);
}
END_TEST

/* ---- the same bits ---- */

START_TEST(what_memory_held_before_does_not_matter)
{
    ct_graph g;
    batch_random(&x, 20, 9, 0.1, 4);
    x.grouped = true;
    open_graph(&g);
    run_loss_on(&g, loss_number(_i)->apply, &x, &y);
    ct_graph_reset(&g);
    const size_t bytes = g.arena.used + (1 << 20);
    for (int round = 0; round < 2; round++) { /* bytes 0xff are NaN */
        void *p = ct_arena_alloc(&g.arena, bytes);
        ck_assert_ptr_nonnull(p);
        memset(p, 0xff, bytes);
        ct_graph_reset(&g);
    }
    run_loss_on(&g, loss_number(_i)->apply, &x, &z);
    check_same_bits(&x, &z, &y);
    close_graph(&g);
}
END_TEST

START_TEST(every_device_gives_the_same_bits)
{
    static const int SHAPES[][2] = {{1, 1},
                                    {7, 19},
                                    {33, 16},
                                    {200, 12}}; /* 200^2: enough for threads */
    const ct_loss *loss = loss_number(_i);
    ct_device *dev[MAX_DEVICES];
    const int n_devices = open_devices(dev);
    for (int s = 0; s < COUNT(SHAPES); s++) {
        batch_random(&x, SHAPES[s][0], SHAPES[s][1], 0.07, (unsigned)s);
        x.grouped = true;
        for (int i = 0; i < x.n; i++)
            x.group[i] = i % 5;
        for (int k = 0; k < n_devices; k++) {
            ct_graph g;
            ct_graph_init(&g, dev[k], 0);
            run_loss_on(&g, loss->apply, &x, k == 0 ? &y : &z);
            ct_graph_free(&g);
            if (k == 0)
                continue;
            ck_same_on(dev[k], &z.value, &y.value, 1);
            ck_same_on(dev[k], &z.dlog_scale, &y.dlog_scale, 1);
            ck_same_on(dev[k], z.da, y.da, (size_t)(x.n * x.d));
            ck_same_on(dev[k], z.db, y.db, (size_t)(x.n * x.d));
        }
    }
    close_devices(dev, n_devices);
}
END_TEST

TCase *loss_contract_case(void)
{
    TCase *tc = tcase_create("loss_contract");
    int n;
    ct_loss_all(&n);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, different_shapes_are_an_error, 0, n);
    tcase_add_loop_test(tc, a_scale_that_is_no_scalar_is_an_error, 0, n);
    tcase_add_loop_test(tc, null_passes_through, 0, n);
    tcase_add_loop_test(tc, the_first_error_is_kept, 0, n);
    tcase_add_loop_test(tc, a_full_arena_is_reported, 0, n);
    tcase_add_loop_test(tc, every_failed_allocation_is_reported, 0, n);
    tcase_add_loop_test(tc, a_nan_is_not_hidden, 0, n);
    tcase_add_loop_test(tc, constants_get_no_gradient_and_change_no_other, 0, n);
    tcase_add_loop_test(tc, gradients_add_up, 0, n);
    tcase_add_loop_test(tc, what_memory_held_before_does_not_matter, 0, n);
    tcase_add_loop_test(tc, every_device_gives_the_same_bits, 0, n);
    return tc;
}
