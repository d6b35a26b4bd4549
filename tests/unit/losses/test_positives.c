/* test_positives.c -- ct_loss_positives: by hand, and the reason why it is no loss to
 * train with: collapse is an optimum. */
#include "batch.h"
#include "suites.h"

#include <string.h>

static batch x;
static outcome y;

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
    add_tests(tc, by_hand, any_aligned_batch_is_an_optimum_and_so_is_collapse,
              descent_aligns_each_pair);
    return tc;
}
