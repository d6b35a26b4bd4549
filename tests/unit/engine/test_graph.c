/* test_graph.c -- the graph itself: what leaves, constants and variables own,
 * errors that stay, memory that runs out, and the order of backward. */
#include "gradcheck.h"
#include "testing.h"

#include "contrast/ops.h"
#include "platform/memory.h"

#include <limits.h>
#include <string.h>

START_TEST(leaf_copies_and_constant_borrows)
{
    ct_graph g;
    ct_real x[] = {1, 2};
    open_graph(&g);
    ct_tensor *leaf = ct_leaf(&g, 1, 2, x), *zeros = ct_leaf(&g, 2, 1, NULL);
    ct_tensor *fixed = ct_constant(&g, 2, 1, x);
    x[0] = 9;
    ck_values(leaf, 1, 2, 1, 2);
    ck_values(zeros, 2, 1, 0, 0);
    ck_values(fixed, 2, 1, 9, 2);
    ck_assert_ptr_eq(fixed->x, x);
    ck_assert(leaf->needs_grad && !fixed->needs_grad);
    ck_assert_ptr_null(leaf->dx);
    ck_assert_ptr_null(leaf->op);
    close_graph(&g);
}
END_TEST

START_TEST(leaf_is_zero_in_used_memory)
{
    ct_graph g;
    open_graph(&g);
    for (int round = 0; round < 3; round++) {
        ct_tensor *t = ct_leaf(&g, 30, 40, NULL);
        for (int i = 0; i < 1200; i++) {
            ck_assert(t->x[i] == 0);
            t->x[i] = 5;
        }
        ct_graph_reset(&g);
    }
    close_graph(&g);
}
END_TEST

START_TEST(variable_borrows_both_and_keeps_adding)
{
    ct_graph g;
    ct_real x[] = {2, 3}, dx[] = {100, 200};
    open_graph(&g);
    for (int step = 1; step <= 3; step++) {
        ct_tensor *v = ct_variable(&g, "weight", 1, 2, x, dx);
        ck_assert_ptr_eq(v->x, x);
        ck_assert_str_eq(v->name, "weight");
        ct_backward(&g, ct_row_dots(&g, v, v), NULL);
        ck_assert_ptr_eq(v->dx, dx);
        ck_close(dx[0], 100 + 4 * step, 0);
        ck_close(dx[1], 200 + 6 * step, 0);
        ct_graph_reset(&g);
    }
    close_graph(&g);
}
END_TEST

START_TEST(tensors_are_listed_oldest_first)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 1, NULL), *b = ct_exp(&g, a), *c = ct_add(&g, a, b);
    ck_assert_ptr_eq(g.oldest, a);
    ck_assert_ptr_eq(a->newer, b);
    ck_assert_ptr_eq(b->newer, c);
    ck_assert_ptr_null(c->newer);
    ck_assert_ptr_eq(g.newest, c);
    ck_assert_ptr_eq(c->older, b);
    ck_assert_ptr_null(a->older);
    ck_assert_ptr_eq(c->graph, &g);
    ck_assert(c->in[0] == a && c->in[1] == b && c->in[2] == NULL);
    close_graph(&g);
}
END_TEST

START_TEST(seed_is_ones_unless_given)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 3, NULL);
    ct_backward(&g, ct_scale(&g, a, 2), NULL);
    ck_grads(a, 2, 2, 2);
    ct_graph_reset(&g);
    a = ct_leaf(&g, 1, 3, NULL);
    ct_backward(&g, ct_scale(&g, a, 2), (ct_real[]){1, 0, -3});
    ck_grads(a, 2, 0, -6);
    close_graph(&g);
}
END_TEST

START_TEST(diamonds_add_up) /* a feeds b and c, which meet again, 20 levels deep */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 1, (ct_real[]){1}), *y = a;
    for (int i = 0; i < 20; i++)
        y = ct_add(&g, ct_scale(&g, y, 1), y);
    ck_values(y, 1, 1, 1 << 20);
    ct_backward(&g, y, NULL);
    ck_grads(a, 1 << 20);
    close_graph(&g);
}
END_TEST

START_TEST(only_what_y_was_made_from_gets_a_gradient)
{
    ct_graph g;
    ct_real dx[] = {5};
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 1, (ct_real[]){3});
    ct_tensor *other = ct_variable(&g, "other", 1, 1, (ct_real[]){4}, dx);
    ct_tensor *before = ct_add(&g, a, other), *y = ct_scale(&g, a, 2);
    ct_tensor *after = ct_exp(&g, ct_add(&g, y, other));
    ct_backward(&g, y, NULL);
    ck_grads(a, 2);
    ck_close(dx[0], 5, 0);
    ck_assert(before->dx == NULL || before->dx[0] == 0);
    ck_assert(after->dx == NULL || after->dx[0] == 0);
    close_graph(&g);
}
END_TEST

START_TEST(constants_alone_need_no_gradient)
{
    ct_graph g;
    const ct_real x[] = {1, 2};
    open_graph(&g);
    ct_tensor *c = ct_constant(&g, 1, 2, x), *y = ct_exp(&g, ct_add(&g, c, c));
    ck_assert(!y->needs_grad);
    ck_assert(ct_add(&g, c, ct_leaf(&g, 1, 2, x))->needs_grad);
    ct_backward(&g, y, NULL);
    ck_assert_ptr_null(c->dx);
    ck_assert_ptr_null(ct_graph_error(&g));
    close_graph(&g);
}
END_TEST

START_TEST(first_error_stays_until_reset)
{
    ct_graph g;
    char first[sizeof g.error.msg];
    open_graph(&g);
    ck_assert_ptr_null(ct_graph_error(&g));
    ct_tensor *a = ct_leaf(&g, 2, 3, NULL), *b = ct_leaf(&g, 4, 5, NULL);
    ck_assert_ptr_null(ct_matmul_nt(&g, a, b));
    strcpy(first, ct_graph_error(&g)->msg);
    ck_assert_ptr_null(ct_add(&g, a, b));
    ck_assert_str_eq(ct_graph_error(&g)->msg, first);
    ck_assert_ptr_eq(ct_graph_error(&g), &g.error);
    ct_graph_reset(&g);
    ck_assert_ptr_null(ct_graph_error(&g));
    ck_assert(g.oldest == NULL && g.newest == NULL && g.n_drops == 0);
    ck_values(ct_leaf(&g, 1, 1, (ct_real[]){4}), 1, 1, 4);
    close_graph(&g);
}
END_TEST

START_TEST(backward_after_an_error_does_nothing)
{
    ct_graph g;
    ct_real dx[] = {5};
    open_graph(&g);
    ct_tensor *a = ct_variable(&g, "a", 1, 1, (ct_real[]){2}, dx), *y = ct_exp(&g, a);
    ct_tensor *bad = ct_add(&g, y, ct_leaf(&g, 1, 2, NULL));
    ct_backward(&g, bad, NULL);
    ct_backward(&g, y, NULL);
    ck_close(dx[0], 5, 0);
    ck_graph_fails(&g, CT_ERR_SHAPE, "add: ", "(1, 1)", "(1, 2)");
    close_graph(&g);
}
END_TEST

START_TEST(null_passes_through_every_operation)
{
    static const int offset[] = {0, 1}, id[] = {0};
    ct_graph g;
    open_graph(&g);
    g.training = true;
    ct_tensor *a = ct_leaf(&g, 1, 1, NULL);
    ct_tensor *const results[] = {
        ct_matmul_nt(&g, NULL, a),
        ct_matmul_nt(&g, a, NULL),
        ct_linear(&g, NULL, a, a, CT_ACT_NONE),
        ct_linear(&g, a, NULL, a, CT_ACT_NONE),
        ct_activate(&g, NULL, CT_ACT_GELU),
        ct_add(&g, NULL, a),
        ct_add(&g, a, NULL),
        ct_sub(&g, NULL, a),
        ct_sub(&g, a, NULL),
        ct_scale(&g, NULL, 2),
        ct_scale_by(&g, NULL, a),
        ct_scale_by(&g, a, NULL),
        ct_exp(&g, NULL),
        ct_mean(&g, NULL),
        ct_row_dots(&g, NULL, a),
        ct_row_dots(&g, a, NULL),
        ct_lse_rows(&g, NULL),
        ct_softplus(&g, NULL),
        ct_stack_rows(&g, NULL, a),
        ct_stack_rows(&g, a, NULL),
        ct_softmax_rows(&g, NULL),
        ct_normalize_rows(&g, NULL, 1),
        ct_embedding_bag(&g, NULL, 1, offset, id),
        ct_dropout(&g, NULL, 0.5),
    };
    for (int i = 0; i < COUNT(results); i++)
        ck_assert_msg(results[i] == NULL, "operation %d", i);
    ck_assert_ptr_eq(g.newest, a);
    g.training = false;
    ck_assert_ptr_null(ct_dropout(&g, NULL, 0.5));
    close_graph(&g);
}
END_TEST

START_TEST(full_arena_is_reported_once)
{
    ct_graph g;
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ct_graph_init(&g, dev, 1 << 16);
    ct_tensor *small = ct_leaf(&g, 4, 4, NULL), *big = ct_leaf(&g, 512, 512, NULL);
    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_null(ct_normalize_rows(&g, big, 1));
    ck_graph_fails(&g, CT_ERR_NOMEM, "graph: ", "memory", "262144");
    ct_graph_reset(&g);
    ck_assert_ptr_nonnull(ct_leaf(&g, 4, 4, NULL));
    ct_graph_free(&g);
    ct_device_free(dev);
}
END_TEST

START_TEST(sizes_beyond_all_memory_are_refused)
{
    static const int side[] = {INT_MAX, 1 << 30,
                               1 << 16}; /* 65536^2 floats are 0 bytes in 32 bits */
    ct_graph g;
    open_graph(&g);
    g.arena.limit = 1 << 20;
    ck_assert_ptr_null(ct_leaf(&g, side[_i], side[_i], NULL));
    ck_assert_int_eq(ct_graph_error(&g)->status, CT_ERR_NOMEM);
    close_graph(&g);
}
END_TEST

START_TEST(empty_shapes_are_refused)
{
    static const int SHAPE[][2] = {{0, 3}, {3, 0}, {-1, 2}};
    ct_graph g;
    open_graph(&g);
    for (int k = 0; k < 3; k++) {
        ct_graph_reset(&g);
        ck_assert_ptr_null(ct_leaf(&g, SHAPE[k][0], SHAPE[k][1], NULL));
        ck_graph_fails(&g, CT_ERR_SHAPE, "leaf: ", "is empty");
    }
    close_graph(&g);
}
END_TEST

START_TEST(backward_that_finds_no_memory_says_so)
{
    const size_t matrix = 100 * 100 * sizeof(ct_real);
    ct_graph g;
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ct_graph_init(&g, dev, 3 * matrix); /* x, y and dy, but not dx */
    ct_tensor *x = ct_leaf(&g, 100, 100, NULL), *y = ct_exp(&g, x);
    ck_assert_ptr_nonnull(y);
    ct_backward(&g, y, NULL);
    ck_graph_fails(&g, CT_ERR_NOMEM, "graph: ", "memory");
    ct_graph_free(&g);
    ct_device_free(dev);
}
END_TEST

START_TEST(first_bad_is_the_oldest_value_and_the_newest_gradient)
{
    const ct_real inf = (ct_real)HUGE_VAL;
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 1, 2, (ct_real[]){1, 2}), *b = ct_exp(&g, a);
    ck_assert_ptr_null(ct_graph_first_bad(&g, false));
    ck_assert_ptr_null(ct_graph_first_bad(&g, true));
    ct_tensor *c = ct_scale(&g, b, inf), *d = ct_scale(&g, c, 0); /* inf, then NaN */
    ck_assert(isinf(c->x[1]) && isnan(d->x[0]));
    ck_assert_ptr_eq(ct_graph_first_bad(&g, false), c);
    ct_backward(&g, ct_scale(&g, d, 2), NULL); /* dd = 2, dc = 0, db = NaN */
    ck_assert_ptr_eq(ct_graph_first_bad(&g, true), b);
    ct_graph_reset(&g);
    a = ct_leaf(&g, 1, 2, (ct_real[]){1, (ct_real)NAN}), ct_exp(&g, a);
    ck_assert_ptr_eq(ct_graph_first_bad(&g, false), a);
    close_graph(&g);
}
END_TEST

/* ---- one training step that uses every operation ---- */

enum { B = 24, V = 9, D = 33 };

typedef struct parameters {
    ct_real w[D * D], dw[D * D], b[D], db[D], table[V * D], dtable[V * D], s[1], ds[1];
} parameters;

static void fill_parameters(parameters *p)
{
    memset(p, 0, sizeof *p);
    fill(p->w, D * D, 1, -0.5, 0.5);
    fill(p->b, D, 2, -0.5, 0.5);
    fill(p->table, V * D, 3, -1, 1);
    p->s[0] = 2;
}

/* Two towers and a contrastive loss; returns the loss, or NULL. No expression makes two
 * tensors: C leaves their order open, gradients are added in that order, and gcc and
 * clang would differ in the last bit. */
static ct_tensor *train_one_step(ct_graph *g, parameters *p)
{
    static int offset[B + 1], id[2 * B];
    for (int i = 0; i <= B; i++)
        offset[i] = 2 * i;
    for (int k = 0; k < 2 * B; k++)
        id[k] = k * k % V;
    ct_tensor *w = ct_variable(g, "w", D, D, p->w, p->dw),
              *b = ct_variable(g, "b", 1, D, p->b, p->db);
    ct_tensor *table = ct_variable(g, "table", V, D, p->table, p->dtable);
    ct_tensor *x = ct_embedding_bag(g, table, B, offset, id);
    ct_tensor *one = ct_dropout(g, x, 0.1);
    one = ct_linear(g, one, w, b, CT_ACT_GELU);
    one = ct_normalize_rows(g, one, CT_NORM_EPS);
    ct_tensor *two = ct_activate(g, x, CT_ACT_TANH);
    two = ct_linear(g, two, w, b, CT_ACT_SIGMOID);
    two = ct_normalize_rows(g, two, CT_NORM_EPS);
    ct_tensor *s = ct_exp(g, ct_variable(g, "s", 1, 1, p->s, p->ds));
    ct_tensor *logits = ct_scale_by(g, ct_matmul_nt(g, one, two), s);
    ct_tensor *pull = ct_scale(g, ct_row_dots(g, one, two), -1);
    ct_tensor *rows = ct_softmax_rows(g, logits);
    ct_tensor *terms = ct_sub(g, pull, ct_row_dots(g, rows, ct_softplus(g, logits)));
    terms = ct_mean(g, ct_add(g, terms, ct_lse_rows(g, logits)));
    ct_tensor *loss = ct_add(g, terms, ct_mean(g, ct_stack_rows(g, rows, logits)));
    if (loss != NULL && ct_graph_error(g) == NULL)
        ct_backward(g, loss, NULL);
    return loss;
}

START_TEST(warm_step_allocates_nothing)
{
    static parameters p;
    ct_graph g;
    long before = 0;
    open_graph(&g);
    g.training = true;
    fill_parameters(&p);
    for (int step = 0; step < 6; step++) {
        if (step == 2)
            before = ct_alloc_count();
        ck_assert_ptr_nonnull(train_one_step(&g, &p));
        ck_assert_ptr_null(ct_graph_error(&g));
        ct_graph_reset(&g);
    }
    ck_assert_int_eq(ct_alloc_count(), before);
    close_graph(&g);
}
END_TEST

START_TEST(step_survives_every_failed_allocation)
{
    static parameters p;
    ct_graph g;
    bool done = false;
    int failures = 0;
    fill_parameters(&p);
    for (long n = 0; !done; n++) {
        ct_device *dev;
        ct_alloc_fail_at(n);
        dev = ct_device_new(2, NULL, CT_IGNORE_ERROR);
        if (dev != NULL) {
            ct_graph_init(&g, dev, 0);
            g.training = true;
            const ct_tensor *loss = train_one_step(&g, &p);
            const ct_error *e = ct_graph_error(&g);
            done = loss != NULL && e == NULL;
            ck_assert(done || (e != NULL && e->status == CT_ERR_NOMEM && e->msg[0] != '\0'));
            ct_graph_free(&g);
            ct_device_free(dev);
        }
        ct_alloc_fail_at(-1);
        failures += !done;
    }
    ck_assert_int_ge(failures, 2); /* the device's memory and the arena's */
}
END_TEST

/* Forward and backward of every operation in one number, the same on every machine. If
 * it changed although no order of operations was meant to change, that is a bug. */
START_TEST(step_has_golden_bits)
{
#ifndef CT_REAL_DOUBLE
    static parameters p;
    ct_graph g;
    open_graph(&g);
    g.training = true;
    fill_parameters(&p);
    ck_assert_ptr_nonnull(train_one_step(&g, &p));
    ck_assert_uint_eq(hash_bits(&p, sizeof p), UINT64_C(11003114920092949725));
    close_graph(&g);
#endif
}
END_TEST

START_TEST(step_has_the_same_bits_on_every_device)
{
    static parameters want, got;
    ct_device *dev[MAX_DEVICES];
    const int n = open_devices(dev);
    ct_real loss = 0;
    for (int i = 0; i < n; i++) {
        parameters *p = i == 0 ? &want : &got;
        ct_graph g;
        ct_graph_init(&g, dev[i], 0);
        g.training = true;
        fill_parameters(p);
        const ct_tensor *l = train_one_step(&g, p);
        ck_assert_ptr_nonnull(l);
        if (i == 0)
            loss = l->x[0];
        ck_same_on(dev[i], l->x, &loss, 1);
        ck_same_on(dev[i], p->dw, want.dw, D * D);
        ck_same_on(dev[i], p->db, want.db, D);
        ck_same_on(dev[i], p->dtable, want.dtable, V * D);
        ck_same_on(dev[i], p->ds, want.ds, 1);
        ct_graph_free(&g);
    }
    ck_assert(isfinite(loss) && want.ds[0] != 0);
    close_devices(dev, n);
}
END_TEST

typedef struct halves {
    ct_graph *g;
    ct_tensor *z[2];
} halves;

static void grow_half(void *ctx, int k)
{
    halves *h = ctx;
    for (int i = 0; i < 20; i++)
        h->z[k] = ct_activate(&h->g->branch[k], h->z[k], CT_ACT_TANH);
}

/* Wherever it ends, in both at once too: of the thread sanitizer as much as of this test. */
START_TEST(two_branches_may_run_out_of_memory)
{
    enum { N = 64 };
    ct_error err = {0};
    ct_device *two = ct_device_new(2, NULL, &err);
    int failed = 0;
    for (size_t limit = 100000; limit < 1600000; limit += 20011) {
        ct_graph g;
        ct_graph_init(&g, two, limit);
        halves h = {&g, {ct_leaf(&g, N, N, NULL), ct_leaf(&g, N, N, NULL)}};
        ct_graph_fork(&g, grow_half, &h);
        ct_backward(&g, ct_add(&g, h.z[0], h.z[1]), NULL);
        const ct_error *e = ct_graph_error(&g);
        ck_assert(e == NULL || (e->status == CT_ERR_NOMEM && strstr(e->msg, "no memory") != NULL));
        failed += e != NULL;
        ct_graph_free(&g);
    }
    ck_assert_int_gt(failed, 20);
    ct_device_free(two);
}
END_TEST

TCase *graph_case(void)
{
    TCase *tc = tcase_create("graph");
    add_tests(tc, leaf_copies_and_constant_borrows, leaf_is_zero_in_used_memory,
              variable_borrows_both_and_keeps_adding, tensors_are_listed_oldest_first,
              seed_is_ones_unless_given, diamonds_add_up, only_what_y_was_made_from_gets_a_gradient,
              constants_alone_need_no_gradient, first_error_stays_until_reset,
              backward_after_an_error_does_nothing, null_passes_through_every_operation,
              full_arena_is_reported_once);
    tcase_add_loop_test(tc, sizes_beyond_all_memory_are_refused, 0, 3);
    add_tests(tc, empty_shapes_are_refused, backward_that_finds_no_memory_says_so,
              two_branches_may_run_out_of_memory,
              first_bad_is_the_oldest_value_and_the_newest_gradient, warm_step_allocates_nothing,
              step_survives_every_failed_allocation, step_has_golden_bits,
              step_has_the_same_bits_on_every_device);
    return tc;
}
