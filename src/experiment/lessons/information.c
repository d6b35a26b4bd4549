/* information.c -- ln K - loss bounds the information from below, and saturates.
 *
 * Layer: experiment. */
#include "experiment/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/memory.h"
#include "platform/pool.h"

#include <math.h>

#define DIM    20
#define SEEDS  4
#define POINTS 15

static const int    K[] = {16, 64, 256};
static const double MI[] = {2, 4, 6, 8, 10};

/* ln K - InfoNCE of one batch with the optimal critic, ln p(y|x) - ln p(y): x normal, y = rho x
 * + sqrt(1 - rho^2) normal, DIM coordinates with -DIM/2 ln(1 - rho^2) = mi. */
static double bound_of_batch(int k, double mi, uint64_t seed, uint64_t batch, double *x, double *y, double *s, double *own)
{
    const double rest = ct_scalar_exp(-2 * mi / DIM), rho = sqrt(1 - rest), scale = sqrt(rest);
    ct_random    r = ct_random_make(seed, CT_STREAM_PROBE, batch);
    double       loss = 0;
    for (int i = 0; i < k * DIM; i++) {
        x[i] = ct_random_normal(&r);
        y[i] = rho * x[i] + scale * ct_random_normal(&r);
    }
    for (int j = 0; j < k; j++) { /* of 2 ln p(y|x)/p(y) the part of y alone; that of x cancels in the softmax */
        own[j] = 0;
        for (int e = 0; e < DIM; e++)
            own[j] += y[j * DIM + e] * y[j * DIM + e] * (1 - 1 / rest) / 2;
    }
    for (int i = 0; i < k; i++) {
        double most = -INFINITY, sum = 0;
        for (int j = 0; j < k; j++) {
            double dot = 0;
            for (int e = 0; e < DIM; e++)
                dot += x[i * DIM + e] * y[j * DIM + e];
            s[j] = own[j] + rho / rest * dot;
            most = fmax(most, s[j]);
        }
        for (int j = 0; j < k; j++)
            sum += ct_scalar_exp(s[j] - most);
        loss += (most + ct_scalar_log(sum) - s[i]) / k;
    }
    return ct_scalar_log(k) - loss;
}

static void run_block(void *ctx, int block)
{
    double   *bound = ctx;
    const int point = block / SEEDS, k = K[point / 5], batches = 64 * 256 / k;
    double   *x = ct_alloc((size_t)(2 * k * DIM + 2 * k), sizeof *x);
    bound[block] = x != NULL ? 0 : (double)NAN;
    for (int b = 0; b < batches && x != NULL; b++)
        bound[block] += bound_of_batch(k, MI[point % 5], (uint64_t)(block % SEEDS), (uint64_t)b, x, x + k * DIM, x + 2 * k * DIM, x + 2 * k * DIM + k) / batches;
    ct_free(x);
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const double TABLE[POINTS] = {1.526, 2.304, 2.621, 2.737, 2.763, 1.823, 3.068, 3.748, 4.020, 4.122, 1.953, 3.533, 4.613, 5.197, 5.432};
    double   bound[POINTS * SEEDS];
    ct_pool *pool = ct_pool_new(run->threads);
    if (pool == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "information: out of memory");
    ct_pool_run(pool, POINTS * SEEDS, run_block, bound);
    ct_pool_free(pool);
    for (int p = 0; p < POINTS; p++)
        ct_lesson_seeds(run, bound + p * SEEDS, SEEDS, TABLE[p], 0.02, "K = %d (ln K = %.3f), I = %g nats", K[p / 5],
                        ct_scalar_log(K[p / 5]), MI[p % 5]);
    return CT_OK;
}

const ct_lesson CT_LESSON_INFORMATION = {
    .name = "information",
    .title = "ln N - loss is a lower bound on the information that pairs share, and never above ln N",
    .text = "Even the best critic there is, the true log-ratio of densities, cannot show more than ln K nats with K\n"
            "pairs a batch. Correlated normal vectors of 20 coordinates, information 2 to 10 nats, batches of 16 to\n"
            "256: what the loss shows of it. No training, so nothing but K stands in the way.",
    .source = "van den Oord et al. 2018; the toy of Poole et al. 2019; table: Monte Carlo with the optimal critic",
    .rule = "median of 4 seeds (16,384 pairs each) within 0.02 nats",
    .command = "contrast train latent",
    .measure = measure,
};
