/* test_plain.c -- every loss with a plain twin (plain.h) against it: values and gradients over
 * shapes, temperatures, and batches that are duplicated, collapsed, opposite or zero. And the
 * twins themselves, which know nothing of the losses: by hand and by differences. */
#include "batch.h"
#include "gradcheck.h"
#include "suites.h"

#include "contrast/plain.h"

#include <string.h>

static ct_tensor *question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    (void)in;
    return ct_plain_question(g, a, b);
}

static ct_tensor *infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_plain_infonce(g, a, b, in->log_scale);
}

static ct_tensor *clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_plain_clip(g, a, b, in->log_scale);
}

static ct_tensor *ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_plain_ntxent(g, a, b, in->log_scale);
}

static ct_tensor *siglip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_plain_siglip(g, a, b, in->log_scale, in->bias);
}

static ct_tensor *positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    (void)in;
    return ct_plain_positives(g, a, b);
}

static const struct twin {
    loss_fn fast, plain;
    int n_inputs;       /* a, b, log_scale, bias */
    double orthonormal; /* of two orthonormal pairs at temperature 1, bias -1, by hand */
} TWINS[] = {
    {ct_loss_question, question, 2, 0.31326168751822286}, /* ln(1 + 1/e) */
    {ct_loss_infonce, infonce, 3, 0.31326168751822286},
    {ct_loss_clip, clip, 3, 0.31326168751822286},
    {ct_loss_ntxent, ntxent, 3, 0.55144471393205108}, /* ln(e + 2) - 1 */
    /* ln 2, and ln(1 + 1/e) of the other cell */
    {ct_loss_siglip, siglip, 4, 0.69314718055994531 + 0.31326168751822286},
    {ct_loss_positives, positives, 2, 0},
};

static const double TEMPERATURES[] = {0.005, 0.05, 0.07, 0.2, 1, 10};

static batch x;
static outcome fast, plain;

static void with_bias(batch *p)
{
    p->biased = true;
    p->bias = (ct_real)-1.5;
}

static void check(const struct twin *t)
{
    with_bias(&x);
    run_loss(t->fast, &x, &fast);
    run_loss(t->plain, &x, &plain);
    check_outcome(&x, &fast, &plain);
}

START_TEST(each_loss_equals_its_twin)
{
    uint64_t dice = 1;
    for (int k = 0; k < 90; k++) {
        const uint64_t r = next_bits(&dice);
        const bool small = k < 12; /* all of n 1..3, d 1..4 */
        const int n = 1 + (small ? k % 3 : (int)(r % 40)),
                  d = 1 + (small ? k / 3 : (int)(r / 64 % 40));
        batch_random(&x, n, d, TEMPERATURES[k % COUNT(TEMPERATURES)], (unsigned)k);
        check(&TWINS[_i]);
    }
}
END_TEST

/* Several strips, chunks and tiles; long rows. */
START_TEST(each_loss_equals_its_twin_on_large_batches)
{
    static const int SHAPES[][2] = {{150, 5}, {17, 300}, {300, 40}, {24, 512}};
    for (int s = 0; s < COUNT(SHAPES); s++) {
        batch_random(&x, SHAPES[s][0], SHAPES[s][1], s % 2 ? 0.07 : 0.5, (unsigned)s);
        check(&TWINS[_i]);
    }
}
END_TEST

START_TEST(each_loss_equals_its_twin_on_degenerate_batches)
{
    enum { N = 9, D = 4 };
    for (int t = 0; t < COUNT(TEMPERATURES); t++) {
        batch_random(&x, N, D, TEMPERATURES[t], (unsigned)t);
        memcpy(x.a + D, x.a, D * sizeof *x.a); /* rows twice, and a zero row on either side */
        memcpy(x.b + 3 * D, x.b + 2 * D, D * sizeof *x.b);
        memset(x.a + 5 * D, 0, D * sizeof *x.a);
        memset(x.b + 7 * D, 0, D * sizeof *x.b);
        check(&TWINS[_i]);
        for (int sign = -1; sign <= 1; sign += 2) {
            batch_all_equal(&x, N, D, TEMPERATURES[t], sign);
            check(&TWINS[_i]);
        }
        batch_zero(&x, N, D, TEMPERATURES[t]);
        check(&TWINS[_i]);
    }
}
END_TEST

typedef struct with_inputs {
    loss_fn loss;
    int n_inputs;
} with_inputs;

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *ctx)
{
    const with_inputs *w = ctx;
    const ct_loss_inputs inputs = {.log_scale = w->n_inputs > 2 ? in[2] : NULL,
                                   .bias = w->n_inputs > 3 ? in[3] : NULL};
    return w->loss(g, in[0], in[1], &inputs);
}

/* Shapes and temperatures at which a sharp softmax does not make gradients too small for
 * differences to see. */
START_TEST(backward_matches_difference)
{
    static const struct {
        int n, d;
        double temperature;
    } SHAPES[] = {{2, 2, 1}, {3, 5, 0.5}, {7, 4, 1}, {5, 9, 0.5}, {4, 17, 2}};
    const struct twin *t = &TWINS[_i / 2];
    const with_inputs which = {_i % 2 == 0 ? t->fast : t->plain, t->n_inputs};
    for (int s = 0; s < COUNT(SHAPES); s++) {
        batch_random(&x, SHAPES[s].n, SHAPES[s].d, SHAPES[s].temperature, 30u + (unsigned)s);
        with_bias(&x);
        gradcheck_input in[] = {{x.n, x.d, x.a},
                                {x.n, x.d, x.b},
                                {1, 1, &x.log_scale},
                                {1, 1, &x.bias}};
        ck_gradcheck(op, &which, in, t->n_inputs);
    }
}
END_TEST

/* Cosines 1 and 0. */
START_TEST(orthonormal_pairs_by_hand)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 2, (ct_real[]){1, 0, 0, 1});
    ct_tensor *b = ct_leaf(&g, 2, 2, (ct_real[]){2, 0, 0, 2});
    ct_tensor *log_scale = ct_leaf(&g, 1, 1, NULL), *bias = ct_leaf(&g, 1, 1, (ct_real[]){-1});
    const ct_loss_inputs in = {.log_scale = log_scale, .bias = bias};
    for (int k = 0; k < COUNT(TWINS); k++)
        ck_values(TWINS[k].plain(&g, a, b, &in), 1, 1, TWINS[k].orthonormal);
    close_graph(&g);
}
END_TEST

START_TEST(null_and_errors_pass_through)
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 3, 4, NULL), *one = ct_leaf(&g, 1, 1, NULL);
    const ct_loss_inputs in = {.log_scale = one, .bias = one};
    ck_assert_ptr_null(TWINS[_i].plain(&g, NULL, a, &in));
    ck_assert_ptr_null(TWINS[_i].plain(&g, a, NULL, &in));
    ck_assert_ptr_null(ct_graph_error(&g));
    ck_assert_ptr_null(TWINS[_i].plain(&g, a, ct_leaf(&g, 2, 5, NULL), &in));
    ck_graph_fails(&g, CT_ERR_SHAPE, "", "(3, 4)", "(2, 5)");
    close_graph(&g);
}
END_TEST

TCase *plain_case(void)
{
    TCase *tc = tcase_create("plain");
    const int n = COUNT(TWINS);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, each_loss_equals_its_twin, 0, n);
    tcase_add_loop_test(tc, each_loss_equals_its_twin_on_large_batches, 0, n);
    tcase_add_loop_test(tc, each_loss_equals_its_twin_on_degenerate_batches, 0, n);
    tcase_add_loop_test(tc, backward_matches_difference, 0, 2 * n);
    tcase_add_test(tc, orthonormal_pairs_by_hand);
    tcase_add_loop_test(tc, null_and_errors_pass_through, 0, n);
    return tc;
}
