/* information.c -- ln K - loss bounds the information from below, and saturates. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

enum { DIM = 20, WIDTH = DIM + 1, MOST_K = 256, SEEDS = 4 };

/* k pairs, x normal, y = rho x + sqrt(rest) normal, rest = 1 - rho^2, as rows whose products are
 * the optimal critic, ln p(y|x) - ln p(y). Of that the part of x alone cancels in the softmax:
 *     rho / rest <x, y>  +  (1 - 1/rest) / 2 |y|^2 */
static void draw(ct_random *r, int k, double rest, ct_real *a, ct_real *b)
{
    const double rho = sqrt(1 - rest);
    for (int i = 0; i < k; i++, a += WIDTH, b += WIDTH) {
        double square = 0;
        for (int e = 0; e < DIM; e++) {
            const double x = ct_random_normal(r), y = rho * x + sqrt(rest) * ct_random_normal(r);
            a[e] = (ct_real)(rho / rest * x);
            b[e] = (ct_real)y;
            square += y * y;
        }
        a[DIM] = 1;
        b[DIM] = (ct_real)((1 - 1 / rest) / 2 * square);
    }
}

/* ln k - InfoNCE of 16,384 pairs in batches of k, -DIM/2 ln(rest) = mi. */
static double bound(ct_graph *g, int k, double mi, int seed, ct_error *err)
{
    const ct_loss_options dot = {.dot = true};
    const ct_real zero = 0;
    const int batches = 64 * MOST_K / k;
    double sum = 0;
    ct_real a[MOST_K * WIDTH], b[MOST_K * WIDTH];
    for (int i = 0; i < batches && err->status == CT_OK; i++) {
        ct_random r = ct_random_make((uint64_t)seed, CT_STREAM_PROBE, (uint64_t)i);
        draw(&r, k, ct_scalar_exp(-2 * mi / DIM), a, b);
        ct_graph_reset(g);
        const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &zero), .options = &dot};
        const ct_tensor *loss = ct_loss_infonce(g, ct_constant(g, k, WIDTH, a),
                                                ct_constant(g, k, WIDTH, b), &in);
        if (loss == NULL)
            CT_FAIL(err, CT_ERR_NOMEM, "information: out of memory");
        else
            sum += (double)loss->x[0] / batches;
    }
    return ct_scalar_log(k) - sum;
}

void ct_lesson_information(ct_lesson_run *run, ct_error *err)
{
    static const int K[] = {16, 64, MOST_K};
    static const double MI[] = {2, 4, 6, 8, 10};
    static const double TABLE[3][5] = {{1.526, 2.304, 2.621, 2.737, 2.763},
                                       {1.823, 3.068, 3.748, 4.020, 4.122},
                                       {1.953, 3.533, 4.613, 5.197, 5.432}};
    double shown[SEEDS];
    ct_graph g;
    ct_graph_init(&g, run->device, 0);
    for (int k = 0; k < 3; k++)
        for (int m = 0; m < 5; m++) {
            for (int seed = 0; seed < SEEDS; seed++)
                shown[seed] = bound(&g, K[k], MI[m], seed, err);
            ct_row_near(ct_lesson_add(run, "K = %d (ln K = %.3f), I = %g nats", K[k],
                                      ct_scalar_log(K[k]), MI[m]),
                        shown, SEEDS, TABLE[k][m], 0.02);
        }
    ct_graph_free(&g);
}
