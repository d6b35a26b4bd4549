/* information.c -- ln K - loss bounds the information from below, and saturates.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/models.h"
#include "contrast/optim.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/memory.h"
#include "platform/pool.h"

#include <math.h>

#define DIM    20
#define SEEDS  4
#define POINTS 15
#define N_MI   5

static const int K[] = {16, 64, 256};
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

/* ln K - InfoNCE of a batch with the optimal critic, ln p(y|x) - ln p(y). */
static double optimal(int k, double mi, const double *x, const double *y, double *s, double *own)
{
    const double rest = ct_scalar_exp(-2 * mi / DIM), rho = sqrt(1 - rest);
    double loss = 0;
    for (int j = 0; j < k;
         j++) { /* of 2 ln p(y|x)/p(y) the part of y alone; that of x cancels in the softmax */
        own[j] = 0;
        for (int e = 0; e < DIM; e++)
            own[j] += y[j * DIM + e] * y[j * DIM + e] * (1 - 1 / rest) / 2;
    }
    for (int i = 0; i < k; i++) {
        double most = -(double)INFINITY, sum = 0;
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
    double *bound = ctx;
    const int point = block / SEEDS, k = K[point / N_MI], batches = 64 * 256 / k;
    double *x = ct_alloc((size_t)(2 * k * DIM + 2 * k), sizeof *x), *y = x + k * DIM,
           *s = y + k * DIM;
    bound[block] = x != NULL ? 0 : (double)NAN;
    for (int b = 0; b < batches && x != NULL; b++) {
        draw(k, MI[point % N_MI], (uint64_t)(block % SEEDS), (uint64_t)b, x, y);
        bound[block] += optimal(k, MI[point % N_MI], x, y, s, s + k) / batches;
    }
    ct_free(x);
}

/* ---- a critic that has to be learned ---- */

enum { TRAINED_K = 64, STEPS = 2000, FRESH = 256 };

/* Towers of one hidden layer; the critic is the product of their outputs as they are. */
static const ct_two_tower_config CRITIC = {
    .side = {{.mlp = {DIM, {256, 32}, 2, CT_ACT_RELU, CT_ACT_NONE, CT_INIT_GLOROT, 0}},
             {.mlp = {DIM, {256, 32}, 2, CT_ACT_RELU, CT_ACT_NONE, CT_INIT_GLOROT, 0}}},
    .temperature = 1,
};

typedef struct critic {
    ct_two_tower model;
    ct_loss_options options;
    ct_graph graph;
    double x[2 * TRAINED_K * DIM]; /* a batch as it is drawn; y behind x */
    ct_real row[2 * TRAINED_K * DIM];
} critic;

/* InfoNCE of batch number `batch`, as the last tensor of the graph. */
static ct_tensor *critic_loss(critic *c, double mi, uint64_t seed, uint64_t batch)
{
    ct_tensor *side[2];
    draw(TRAINED_K, mi, seed, batch, c->x, c->x + TRAINED_K * DIM);
    for (int i = 0; i < 2 * TRAINED_K * DIM; i++)
        c->row[i] = (ct_real)c->x[i];
    ct_graph_reset(&c->graph);
    for (int s = 0; s < 2; s++)
        side[s] = ct_two_tower_embed(&c->graph, &c->model, s,
                                     &(ct_batch_side){TRAINED_K, c->row + s * TRAINED_K * DIM, NULL,
                                                      NULL});
    const ct_loss_inputs in = {.log_scale = ct_two_tower_log_scale(&c->graph, &c->model),
                               .options = &c->options};
    return ct_loss_infonce(&c->graph, side[0], side[1], &in);
}

/* Train on new batches every step, then what the critic shows of FRESH others; NaN if it failed. */
static double trained(critic *c, ct_device *device, double mi, uint64_t seed)
{
    const ct_schedule schedule = {CT_COSINE, 2e-3, 100, STEPS};
    const ct_optim_config config = ct_optim_defaults(CT_ADAMW);
    ct_params *p = &c->model.params;
    ct_optim optim;
    double bound = ct_optim_init(&optim, &config, p->size, CT_IGNORE_ERROR) == CT_OK ? 0
                                                                                     : (double)NAN;
    for (int step = 0; step < STEPS && !isnan(bound); step++) {
        ct_params_zero_grad(p);
        ct_backward(&c->graph, critic_loss(c, mi, seed + SEEDS, (uint64_t)step),
                    NULL); /* no seed of run_block's */
        ct_optim_step(&optim, device, p->x, p->dx, p->n_decay, ct_schedule_rate(&schedule, step));
    }
    for (int b = 0; b < FRESH; b++) {
        const ct_tensor *l = critic_loss(c, mi, seed, (uint64_t)b);
        bound += l != NULL ? (ct_scalar_log(TRAINED_K) - (double)l->x[0]) / FRESH : (double)NAN;
    }
    ct_optim_free(&optim);
    return bound;
}

static void train_block(void *ctx, int block)
{
    double *bound = ctx;
    const uint64_t seed = (uint64_t)(block % SEEDS);
    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    critic *c = ct_alloc_zeroed(1, sizeof *c);
    bound[block] = (double)NAN;
    if (device != NULL && c != NULL &&
        ct_two_tower_init(&c->model, &CRITIC, seed + 1, CT_IGNORE_ERROR) == CT_OK) {
        ct_graph_init(&c->graph, device, 0);
        c->options = ct_loss_defaults();
        c->options.dot = true;
        bound[block] = trained(c, device, MI[block / SEEDS], seed);
        ct_graph_free(&c->graph);
        ct_two_tower_free(&c->model);
    }
    ct_free(c);
    ct_device_free(device);
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static const double TABLE[POINTS] = {1.526, 2.304, 2.621, 2.737, 2.763, 1.823, 3.068, 3.748,
                                         4.020, 4.122, 1.953, 3.533, 4.613, 5.197, 5.432};
    double bound[POINTS * SEEDS], learned[N_MI * SEEDS];
    ct_pool *pool = ct_pool_new(run->threads, err);
    if (pool == NULL)
        return err->status;
    ct_pool_run(pool, POINTS * SEEDS, run_block, bound);
    ct_pool_run(pool, N_MI * SEEDS, train_block, learned);
    ct_pool_free(pool);
    for (int p = 0; p < POINTS; p++)
        ct_lesson_seeds(run, bound + p * SEEDS, SEEDS, TABLE[p], 0.02,
                        "K = %d (ln K = %.3f), I = %g nats", K[p / 5], ct_scalar_log(K[p / 5]),
                        MI[p % 5]);
    for (int m = 0; m < N_MI; m++) { /* both of the same batches, K[1] a batch */
        double *few = learned + m * SEEDS;
        ct_lesson_seeds(run, few, SEEDS, TABLE[N_MI + m], 0.1,
                        "trained critic, K = %d, I = %g nats", TRAINED_K, MI[m]);
        ct_lesson_below(run, few, bound + (N_MI + m) * SEEDS, SEEDS,
                        "... below the optimal critic");
    }
    return CT_OK;
}

const ct_lesson CT_LESSON_INFORMATION = {
    .name = "information",
    .title =
        "ln N - loss is a lower bound on the information that pairs share, and never above ln N",
    .text = "Even the best critic there is, the true log-ratio of densities, cannot show more than "
            "ln K nats with K\n"
            "pairs a batch. Correlated normal vectors of 20 coordinates, information 2 to 10 nats, "
            "batches of 16 to\n"
            "256: what the loss shows of it. No training, so nothing but K stands in the way. Then "
            "a critic that has to\n"
            "learn the ratio: the product of two towers 20-256-32 as they are (loss.dot), 2,000 "
            "steps of Adam on new\n"
            "pairs every step, measured on pairs that it never saw. What it lacks is small beside "
            "what K takes.",
    .source = "van den Oord et al. 2018; the toy of Poole et al. 2019; table: Monte Carlo with the "
              "optimal critic",
    .rule = "median of 4 seeds (16,384 pairs each) within 0.02 nats, trained 0.1; below: the "
            "ranges do not touch",
    .command = "contrast train latent",
    .measure = measure,
};
