/* negatives.c -- what more negatives buy.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/scalar.h"

#define SEEDS 8

/* Equal samples seen: N steps times pairs is 32,768. */
static const ct_variant VARIANT[] = {
    {"8", "train.batch=8 train.steps=4096"},
    {"32", "train.batch=32 train.steps=1024"},
    {"128", "train.batch=128 train.steps=256"},
    {"512", "train.batch=512 train.steps=64"},
    {"8, 256 steps", "train.batch=8 train.steps=256"},
    {"8 and a queue of 120", "train.batch=8 train.steps=4096 loss.queue=120"},
    {"8 and the queue, 256 steps", "train.batch=8 train.steps=256 loss.queue=120"},
    {"128, both sides", "train.batch=128 train.steps=256 loss.name=ntxent"},
    {"128, hard ones weigh more",
     "train.batch=128 train.steps=256 loss.name=hard-negative loss.tau_plus=0.001"},
};
enum { EQUAL_STEPS = 4, QUEUE, QUEUE_EQUAL_STEPS, BOTH_SIDES, HARD, N };
static const int BATCH[] = {8, 32, 128, 512, 8}; /* of those whose ln N - loss is a bound */

/* Equal samples as on CIFAR10: many of them (four passes over 65,536 pairs), a rate that falls, and
 * for each batch the rate that is best on validation, so that the small batch's many updates are no
 * longer what counts. */
enum { RATES = 3, TUNING_SEEDS = 4, TUNED_SEEDS = 16 };
static const ct_variant TUNED[2 * RATES] = {
    {"0.003", "train.batch=8 train.steps=32768 optim.rate=0.003"},
    {"0.01", "train.batch=8 train.steps=32768 optim.rate=0.01"},
    {"0.03", "train.batch=8 train.steps=32768 optim.rate=0.03"},
    {"0.003", "train.batch=128 train.steps=2048 optim.rate=0.003"},
    {"0.01", "train.batch=128 train.steps=2048 optim.rate=0.01"},
    {"0.03", "train.batch=128 train.steps=2048 optim.rate=0.03"},
};
#define LONG                                                                           \
    "data.n_train=65536 data.n_validation=1000 data.n_test=1000 loss.temperature=0.1 " \
    "loss.learn_temperature=false optim.schedule=cosine"

static ct_status probe(ct_trainer *t, ct_trial *out, ct_error *err)
{
    ct_evaluation validation;
    const ct_status status = ct_trainer_evaluate(t, CT_VALIDATION, 0, &validation, err);
    out->more[0] = status == CT_OK ? validation.recall[0].at1 : 0;
    return status;
}

/* Which of RATES variants has the best median recall on validation. */
static int best_rate(const ct_trial *trial)
{
    double median[RATES], recall[TUNING_SEEDS];
    int best = 0;
    for (int k = 0; k < RATES; k++) {
        for (int s = 0; s < TUNING_SEEDS; s++)
            recall[s] = trial[k * TUNING_SEEDS + s].more[0];
        median[k] = ct_spread_of(recall, TUNING_SEEDS).median;
        best = median[k] > median[best] ? k : best;
    }
    return best;
}

static ct_status tuned(ct_lesson_run *run, ct_error *err)
{
    static ct_trial trial[2 * TUNED_SEEDS];
    double recall[2][TUNED_SEEDS];
    _Static_assert(RATES * TUNING_SEEDS <= TUNED_SEEDS, "both fit into trial");
    run->probe = probe;
    ct_status status = ct_lesson_trials(run, "latent", LONG, TUNED, 2 * RATES, TUNING_SEEDS, trial,
                                        err);
    if (status != CT_OK)
        return status;
    const ct_variant chosen[2] = {TUNED[best_rate(trial)],
                                  TUNED[RATES + best_rate(trial + RATES * TUNING_SEEDS)]};
    status = ct_lesson_trials(run, "latent", LONG, chosen, 2, TUNED_SEEDS, trial, err);
    for (int v = 0; v < 2 && status == CT_OK; v++) {
        for (int s = 0; s < TUNED_SEEDS; s++)
            recall[v][s] = trial[v * TUNED_SEEDS + s].test.recall[0].at1;
        ct_lesson_show(run, recall[v], TUNED_SEEDS,
                       "N = %s, 262,144 samples, rate %s (by validation): recall@1",
                       v == 0 ? "8" : "128", chosen[v].name);
    }
    if (status == CT_OK)
        ct_lesson_below(run, recall[0], recall[1], TUNED_SEEDS,
                        "recall, equal samples, each its rate: N = 8 below 128");
    return status;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static ct_trial trial[N * SEEDS];
    double recall[N][SEEDS], information[N][SEEDS], rank[N][SEEDS];
    const ct_status status = ct_lesson_trials(
        run, "latent", "data.n_test=1000 loss.temperature=0.1 loss.learn_temperature=false",
        VARIANT, N, SEEDS, trial, err);
    if (status != CT_OK)
        return status;
    for (int v = 0; v < N; v++) {
        for (int s = 0; s < SEEDS; s++) {
            recall[v][s] = trial[v * SEEDS + s].test.recall[0].at1;
            information[v][s] = trial[v * SEEDS + s].test.information;
            rank[v][s] = trial[v * SEEDS + s].test.geometry.rank_centred[0];
        }
        ct_lesson_show(run, recall[v], SEEDS, "N = %s: recall@1 of 1,000 test pairs",
                       VARIANT[v].name);
        ct_lesson_show(run, rank[v], SEEDS, "N = %s: effective rank (centred) of one side",
                       VARIANT[v].name);
        if (v <= EQUAL_STEPS)
            ct_lesson_show(run, information[v], SEEDS,
                           "N = %s: ln N - loss on test pairs (ln N = %.3f)", VARIANT[v].name,
                           ct_scalar_log(BATCH[v]));
    }
    ct_lesson_below(run, information[0], information[1], SEEDS,
                    "information shown: N = 8 below 32");
    ct_lesson_below(run, information[1], information[2], SEEDS,
                    "information shown: N = 32 below 128");
    ct_lesson_below(run, recall[EQUAL_STEPS], recall[2], SEEDS,
                    "recall, equal steps: N = 8 below 128");
    ct_lesson_below(run, recall[0], recall[QUEUE], SEEDS,
                    "recall: N = 8 below N = 8 with a queue of 120");
    ct_lesson_below(run, recall[QUEUE_EQUAL_STEPS], recall[EQUAL_STEPS], SEEDS,
                    "... after 256 steps the queue is still a hindrance");
    ct_lesson_below(run, recall[HARD], recall[BOTH_SIDES], SEEDS,
                    "recall: hard negatives (beta 1) below the same with beta 0");
    ct_lesson_below(run, recall[2], recall[0], SEEDS,
                    "recall, equal samples but few, one rate: N = 128 below 8");
    return tuned(run, err);
}

const ct_lesson CT_LESSON_NEGATIVES = {
    .name = "negatives",
    .title = "More negatives show more information; with equal samples they also mean fewer steps",
    .text = "ln N - loss is at most ln N, so a batch of 8 can never show more than 2.08 nats of "
            "what pairs share (here\n"
            "6.64: vectors of 32 with 8 shared coordinates of correlation 0.9). With as many "
            "samples seen, a large batch\n"
            "has fewer updates: of 32,768 samples with one rate the small batch learns more. On "
            "CIFAR10 the large one\n"
            "wins after equal samples (SimCLR: 78.3 % with 32, 83.3 % with 256), but there "
            "training is long. Here too:\n"
            "after 262,144 samples, with the rate that is best on validation for each batch and "
            "falls to 0, 128 is ahead\n"
            "(and with data.seed = 2 and 3). Nothing collapses at any N: the effective rank falls "
            "as training goes on,\n"
            "towards the 8 coordinates that pairs share.\n"
            "A queue of past embeddings lends a batch of 8 the negatives of 128: after 4,096 steps "
            "it has helped, after\n"
            "256 it is a hindrance, since what it holds is from towers that still change fast. "
            "Weighing hard negatives\n"
            "more does not pay here.",
    .source = "van den Oord et al. 2018 (the bound); raminnakhli/Decoupled-Contrastive-Learning, "
              "README (CIFAR10)",
    .rule = "claims over 8 seeds, the last one 16: pass if the ranges do not touch or Mann and "
            "Whitney's z is above 3",
    .command = "contrast sweep latent train.batch=8,32,128,512 seed=1..8",
    .measure = measure,
};
