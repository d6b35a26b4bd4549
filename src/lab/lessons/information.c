/* information.c -- ln K - loss bounds the information from below, and saturates.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/pool.h"

#include <math.h>

#define DIM    20
#define MOST_K 256
#define SEEDS  4
#define POINTS 15
#define N_MI   5

static const int K[] = {16, 64, MOST_K};
static const double MI[N_MI] = {2, 4, 6, 8, 10};

/* Batch number `batch` of k pairs: x normal, y = rho x + sqrt(1 - rho^2) normal, DIM coordinates
 * with -DIM/2 ln(1 - rho^2) = mi. */
static void draw(int k, double mi, uint64_t seed, uint64_t batch, double *x, double *y)
{
    const double rest = ct_scalar_exp(-2 * mi / DIM), rho = sqrt(1 - rest), scale = sqrt(rest);
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, batch);
    for (int i = 0; i < k * DIM; i++) {
        x[i] = ct_random_normal(&r);
        y[i] = rho * x[i] + scale * ct_random_normal(&r);
    }
}

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int e = 0; e < DIM; e++)
        sum += a[e] * b[e];
    return sum;
}

/* ln K - InfoNCE of a batch with the optimal critic, ln p(y|x) - ln p(y); of that the part of x
 * alone cancels in the softmax. */
static double optimal(int k, double mi, const double *x, const double *y)
{
    const double rest = ct_scalar_exp(-2 * mi / DIM), rho = sqrt(1 - rest);
    double loss = 0, own[MOST_K], critic[MOST_K];
    for (int j = 0; j < k; j++)
        own[j] = dot(y + j * DIM, y + j * DIM) * (1 - 1 / rest) / 2;
    for (int i = 0; i < k; i++) {
        double most = -(double)INFINITY, sum = 0;
        for (int j = 0; j < k; j++) {
            critic[j] = own[j] + rho / rest * dot(x + i * DIM, y + j * DIM);
            most = fmax(most, critic[j]);
        }
        for (int j = 0; j < k; j++)
            sum += ct_scalar_exp(critic[j] - most);
        loss += (most + ct_scalar_log(sum) - critic[i]) / k;
    }
    return ct_scalar_log(k) - loss;
}

/* One point of the table from one seed, 16,384 pairs. */
static void run_block(void *ctx, int block)
{
    double *bound = ctx, x[MOST_K * DIM], y[MOST_K * DIM];
    const int k = K[block / SEEDS / N_MI], batches = 64 * MOST_K / k;
    const double mi = MI[block / SEEDS % N_MI];
    bound[block] = 0;
    for (int b = 0; b < batches; b++) {
        draw(k, mi, (uint64_t)(block % SEEDS), (uint64_t)b, x, y);
        bound[block] += optimal(k, mi, x, y) / batches;
    }
}

void ct_lesson_information(ct_lesson_run *run, ct_error *err)
{
    static const double TABLE[POINTS] = {1.526, 2.304, 2.621, 2.737, 2.763, 1.823, 3.068, 3.748,
                                         4.020, 4.122, 1.953, 3.533, 4.613, 5.197, 5.432};
    double bound[POINTS * SEEDS];
    ct_pool *pool = ct_pool_new(run->threads, err);
    if (pool == NULL)
        return;
    ct_pool_run(pool, POINTS * SEEDS, run_block, bound);
    ct_pool_free(pool);
    for (int p = 0; p < POINTS; p++)
        ct_row_near(ct_lesson_add(run, "K = %d (ln K = %.3f), I = %g nats", K[p / N_MI],
                                  ct_scalar_log(K[p / N_MI]), MI[p % N_MI]),
                    bound + p * SEEDS, SEEDS, TABLE[p], 0.02);
}
