/* test_queue.c -- negatives beyond the batch against sums in double, differences, and what must
 * hold whatever the numbers are. */
#include "batch.h"
#include "gradcheck.h"
#include "platform/memory.h"
#include "suites.h"

#include <math.h>
#include <string.h>

enum { MOST = 130 };

typedef struct queued {
    ct_real rows[2][MOST * 40];
    int n;
    bool in_modal;
    loss_fn loss;
} queued;

static queued past;
static batch x;

static const struct {
    const char *name;
    loss_fn loss;
    bool symmetric, decoupled;
} LOSSES[] = {{"question", ct_loss_question, false, false},
              {"infonce", ct_loss_infonce, false, false},
              {"clip", ct_loss_clip, true, false},
              {"dcl", ct_loss_dcl, true, true}};

/* More anchors than are taken at a time, fewer; queues longer and shorter than the batch; one pair
 * alone. */
static const struct {
    int n, q, d;
    double temperature;
} SHAPES[] = {{5, 3, 4, 1},   {3, 17, 6, 0.2},  {70, 130, 9, 0.07},
              {1, 4, 3, 0.5}, {64, 1, 2, 0.01}, {6, 8, 40, 0.005}};

static void draw_case(int shape, int loss)
{
    batch_random(&x, SHAPES[shape].n, SHAPES[shape].d,
                 strcmp(LOSSES[loss].name, "question") == 0 ? 1 : SHAPES[shape].temperature,
                 40u + (unsigned)shape);
    past.n = SHAPES[shape].q;
    past.loss = LOSSES[loss].loss;
    past.in_modal = false;
    for (int side = 0; side < 2; side++)
        gradcheck_fill(past.rows[side], past.n * x.d, 7u + (unsigned)side);
}

static double cosine(const ct_real *u, const ct_real *v, int d)
{
    double uv = 0, uu = 0, vv = 0;
    for (int k = 0; k < d; k++) {
        uv += (double)u[k] * (double)v[k];
        uu += (double)u[k] * (double)u[k];
        vv += (double)v[k] * (double)v[k];
    }
    return uv / sqrt(uu * vv);
}

/* The mean over anchors of own of ln(sum e^z over other and past) - z_ii; e^(z - z_ii) never
 * overflows double here. */
static double plain(const ct_real *own, const ct_real *other, const ct_real *old, double scale,
                    bool decoupled)
{
    double loss = 0;
    for (int i = 0; i < x.n; i++) {
        const ct_real *u = own + i * x.d;
        const double z = scale * cosine(u, other + i * x.d, x.d);
        double sum = 0;
        for (int j = 0; j < x.n; j++)
            sum += decoupled && j == i ? 0 : exp(scale * cosine(u, other + j * x.d, x.d) - z);
        for (int j = 0; j < past.n; j++)
            sum += exp(scale * cosine(u, old + j * x.d, x.d) - z);
        loss += log(sum) / x.n;
    }
    return loss;
}

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *ctx)
{
    const queued *q = ctx;
    const ct_queue queue = {{q->rows[0], q->rows[1]}, q->n};
    static ct_loss_options o; /* lives as long as the graph */
    o = ct_loss_defaults();
    o.in_modal = q->in_modal;
    ct_tensor *y = q->loss(g, in[0], in[1],
                           &(ct_loss_inputs){.log_scale = in[2], .options = &o, .queue = &queue});
    return y;
}

START_TEST(values_are_those_of_plain_sums)
{
    for (int shape = 0; shape < (int)COUNT(SHAPES); shape++) {
        draw_case(shape, _i);
        const double scale = batch_scale(&x),
                     a = plain(x.a, x.b, past.rows[1], scale, LOSSES[_i].decoupled);
        const double want = LOSSES[_i].symmetric
                                ? (a + plain(x.b, x.a, past.rows[0], scale, LOSSES[_i].decoupled)) /
                                      2
                                : a;
        ct_graph g;
        open_graph(&g);
        ct_tensor *in[] = {ct_constant(&g, x.n, x.d, x.a), ct_constant(&g, x.n, x.d, x.b),
                           ct_leaf(&g, 1, 1, &x.log_scale)};
        const double got = (double)op(&g, in, &past)->x[0],
                     allowed = sizeof(ct_real) == 4 ? 2e-5 : 1e-11;
        if (!(fabs(got - want) <= allowed * (1 + fabs(want))))
            ck_abort_msg("%s, shape %d: %.9g, expected %.9g", LOSSES[_i].name, shape, got, want);
        close_graph(&g);
    }
}
END_TEST

START_TEST(backward_matches_difference)
{
    for (int shape = 0; shape < 4; shape++) { /* the others are too sharp for differences */
        draw_case(shape, _i);
        past.in_modal = LOSSES[_i].decoupled && shape % 2 == 1;
        gradcheck_input in[] = {{x.n, x.d, x.a}, {x.n, x.d, x.b}, {1, 1, &x.log_scale}};
        if (x.n < 20 && _i > 0)
            ck_gradcheck(op, &past, in, 3);
        else if (x.n < 20)
            ck_gradcheck(op, &past, in, 2); /* the question has no temperature */
    }
}
END_TEST

/* With everything equal the loss is ln of how many there are to choose from, and nothing pulls. */
START_TEST(all_equal_is_ln_of_batch_and_queue)
{
    ct_graph g;
    batch_all_equal(&x, 6, 5, 0.1, 1);
    past.n = 10;
    past.loss = ct_loss_clip;
    for (int side = 0; side < 2; side++)
        for (int j = 0; j < past.n; j++)
            memcpy(past.rows[side] + j * x.d, x.a, (size_t)x.d * sizeof *x.a);
    open_graph(&g);
    ct_tensor *in[] = {ct_leaf(&g, x.n, x.d, x.a), ct_leaf(&g, x.n, x.d, x.b),
                       ct_leaf(&g, 1, 1, &x.log_scale)};
    ct_tensor *loss = op(&g, in, &past);
    ck_close(loss->x[0], log(16), 1e-6);
    ct_backward(&g, loss, NULL);
    for (int i = 0; i < x.n * x.d; i++)
        if (!(fabs((double)in[0]->dx[i]) < 1e-5))
            ck_abort_msg("da[%d] = %g", i, (double)in[0]->dx[i]);
    close_graph(&g);
}
END_TEST

START_TEST(a_failed_allocation_is_an_error_of_the_graph)
{
    ct_tensor *y = NULL;
    int failures = 0;
    draw_case(2, 2);
    for (; y == NULL && failures < 30; failures++) {
        ct_graph g;
        open_graph(&g);
        ct_tensor *in[] = {ct_constant(&g, x.n, x.d, x.a), ct_constant(&g, x.n, x.d, x.b),
                           ct_leaf(&g, 1, 1, &x.log_scale)};
        ct_alloc_fail_at(failures);
        y = op(&g, in, &past);
        ct_alloc_fail_at(-1);
        if (y == NULL)
            ck_assert_int_eq(ct_graph_error(&g)->status, CT_ERR_NOMEM);
        close_graph(&g);
    }
    ck_assert(y != NULL && failures > 1);
}
END_TEST

/* The losses that say they use a queue are those that do. */
START_TEST(the_table_says_who_looks)
{
    int n;
    const ct_loss *loss = ct_loss_all(&n);
    draw_case(1, 2);
    for (int k = 0; k < n; k++) {
        double value[2];
        for (int with = 0; with < 2; with++) {
            const ct_queue queue = {{past.rows[0], past.rows[1]}, past.n};
            ct_graph g;
            open_graph(&g);
            const ct_tensor *y = loss[k].apply(&g, ct_constant(&g, x.n, x.d, x.a),
                                               ct_constant(&g, x.n, x.d, x.b),
                                               &(ct_loss_inputs){.log_scale = ct_leaf(&g, 1, 1,
                                                                                      &x.log_scale),
                                                                 .queue = with ? &queue : NULL});
            value[with] = (double)y->x[0];
            close_graph(&g);
        }
        ck_assert_msg((value[0] != value[1]) == loss[k].uses_queue, "%s", loss[k].name);
    }
}
END_TEST

TCase *queue_case(void)
{
    TCase *tc = tcase_create("queue");
    tcase_add_loop_test(tc, values_are_those_of_plain_sums, 0, (int)COUNT(LOSSES));
    tcase_add_loop_test(tc, backward_matches_difference, 0, (int)COUNT(LOSSES));
    add_tests(tc, the_table_says_who_looks, all_equal_is_ln_of_batch_and_queue,
              a_failed_allocation_is_an_error_of_the_graph);
    return tc;
}
