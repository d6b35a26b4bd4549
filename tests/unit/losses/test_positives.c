/* test_positives.c -- ct_loss_positives: by hand, by composition, by differences,
 * and the reason why it is no loss to train with: collapse is an optimum. */
#include "batch.h"
#include "gradcheck.h"
#include "suites.h"

#include <string.h>

static batch x;
static outcome y, z;

START_TEST(by_hand) /* cosines 3/5 and -1: mean of 2/5 and 2 */
{
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 2, (ct_real[]){3, 4, 0, 2});
    ct_tensor *b = ct_leaf(&g, 2, 2, (ct_real[]){1, 0, 0, -7});
    ct_tensor *loss = ct_loss_positives(&g, a, b, &(ct_loss_inputs){0});
    ck_values(loss, 1, 1, 1.2);
    ct_backward(&g, loss, (ct_real[]){10});
    /* -10/n (b - <a,b> a) / |a| with a = (.6, .8): -5 (1 - .36, -.48) / 5 */
    ck_grads(a, -0.64, 0.48, 0, 0);
    ck_grads(b, 0, -4, 0, 0);
    close_graph(&g);
}
END_TEST

START_TEST(equals_the_plain_composition)
{
    uint64_t dice = 3;
    for (int k = 0; k < 60; k++) {
        const int n = 1 + (int)(next_bits(&dice) % 40),
                  d = k < 6 ? 1 : 1 + (int)(next_bits(&dice) % 40);
        batch_random(&x, n, d, 1, (unsigned)k);
        if (k % 4 == 0) /* a zero row has cosine 0 with anything */
            memset(x.a, 0, (size_t)d * sizeof *x.a);
        run_loss(ct_loss_positives, &x, &y);
        run_loss(plain_positives, &x, &z);
        check_outcome(&x, &y, &z);
    }
}
END_TEST

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *ctx)
{
    (void)ctx;
    return ct_loss_positives(g, in[0], in[1], &(ct_loss_inputs){0});
}

START_TEST(backward_matches_difference)
{
    static const int SHAPES[][2] = {{1, 2}, {2, 3}, {7, 5}, {4, 17}};
    batch_random(&x, SHAPES[_i][0], SHAPES[_i][1], 1, 60u + (unsigned)_i);
    gradcheck_input in[] = {{x.n, x.d, x.a}, {x.n, x.d, x.b}};
    ck_gradcheck(op, NULL, in, 2);
}
END_TEST

START_TEST(any_aligned_batch_is_an_optimum_and_so_is_collapse)
{
    for (int n = 1; n <= 64; n += 21) {
        batch_random(&x, n, 8, 1, (unsigned)n);
        memcpy(x.b, x.a, sizeof x.a);
        run_loss(ct_loss_positives, &x, &y); /* aligned and spread */
        ck_close(y.value, 0, 8 * (double)REAL_EPS);
        check_stationary(&x, &y);
        batch_all_equal(&x, n, 8, 1, 1);
        run_loss(ct_loss_positives, &x, &y);
        ck_close(y.value, 0, 8 * (double)REAL_EPS);
        check_stationary(&x, &y);
        batch_all_equal(&x, n, 8, 1, -1); /* opposite: the worst there is */
        ck_close(loss_of(ct_loss_positives, &x), 2, 8 * (double)REAL_EPS);
    }
}
END_TEST

/* Free embeddings follow the gradient to loss 0 although all pairs are different. */
START_TEST(descent_aligns_each_pair)
{
    batch_random(&x, 7, 4, 1, 5);
    for (int step = 0; step < 300; step++) {
        run_loss(ct_loss_positives, &x, &y);
        for (int i = 0; i < x.n * x.d; i++) {
            x.a[i] -= y.da[i];
            x.b[i] -= y.db[i];
        }
    }
    ck_close(loss_of(ct_loss_positives, &x), 0, 1e-6);
}
END_TEST

TCase *positives_case(void)
{
    TCase *tc = tcase_create("positives");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, by_hand);
    tcase_add_test(tc, equals_the_plain_composition);
    tcase_add_loop_test(tc, backward_matches_difference, 0, 4);
    tcase_add_test(tc, any_aligned_batch_is_an_optimum_and_so_is_collapse);
    tcase_add_test(tc, descent_aligns_each_pair);
    return tc;
}
