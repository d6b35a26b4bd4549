/* temperature.c -- how hard the hard negatives are.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/datasets.h"
#include "platform/memory.h"

#include <math.h>

#define SEEDS 8

static const ct_variant VARIANT[] = {
    {"0.02", "loss.temperature=0.02"}, {"0.07", "loss.temperature=0.07"},
    {"0.2", "loss.temperature=0.2"},   {"0.5", "loss.temperature=0.5"},
    {"1", "loss.temperature=1"},
};
static const double TAU[] = {0.02, 0.07, 0.2, 0.5, 1};
#define N ((int)(sizeof VARIANT / sizeof *VARIANT))

typedef struct data_set {
    const char *recipe, *common;
    int seeds;
    const char *score;  /* of test pairs                                                      */
    const char *within; /* tolerance of pictures with the same ..., or NULL                   */
} data_set;

static const data_set DATA[] = {
    {"shapes",
     "data.n_train=4096 data.n_test=500 train.batch=64 train.steps=400 text.buckets=1024 "
     "loss.learn_temperature=false",
     SEEDS, "recall@1 of 500 test pairs", "first object"},
    {"fashion-mnist",
     "image.layers=128,64 train.batch=128 train.steps=400 loss.name=clip "
     "loss.learn_temperature=false",
     4, "class by prompts, 2,000 test pictures", "class"},
    {"unifont", "train.steps=300", 4, "recall@1 of 363 test pairs", NULL},
};
#define MOST ((int)(sizeof DATA / sizeof *DATA))

/* Classification where there are classes, else retrieval. */
static double score_of(const ct_evaluation *e)
{
    return isnan(e->prompt_accuracy) ? e->recall[0].at1 : e->prompt_accuracy;
}

/* more[0]: the score on the validation split; more[1]: tolerance of the test pictures. No two test
 * pictures of shapes mean the same, so there the first object is what they may have in common. */
static ct_status probe(ct_trainer *t, ct_trial *out, ct_error *err)
{
    ct_evaluation validation;
    ct_status status = ct_trainer_evaluate(t, CT_VALIDATION, 0, &validation, err);
    const int n = out->test.n, d = ct_trainer_width(t), *items = t->pairs->index[CT_TEST];
    out->more[0] = score_of(&validation);
    out->more[1] = out->test.tolerance[0];
    if (status != CT_OK || t->recipe->data.kind != CT_DATA_SHAPES)
        return status;
    ct_real *x = ct_alloc((size_t)n * (size_t)d, sizeof *x);
    int *kind = ct_alloc((size_t)n, sizeof *kind);
    status = x != NULL && kind != NULL ? ct_trainer_embed(t, 0, items, n, x, err)
                                       : CT_FAIL(err, CT_ERR_NOMEM, "temperature: out of memory");
    for (int i = 0; i < n && status == CT_OK; i++)
        kind[i] = t->pairs->group[items[i]] % CT_SHAPES_KINDS;
    if (status == CT_OK)
        status = ct_tolerance_measure(t->device, x, n, d, kind, &out->more[1], err);
    ct_free(kind);
    ct_free(x);
    return status;
}

/* Each seed takes the temperature that is best on validation: its score on test, and the best on
 * test. */
static void choose(ct_lesson_run *run, const data_set *data, const ct_trial *trial)
{
    double taken[SEEDS], tau[SEEDS], best[SEEDS];
    for (int s = 0; s < data->seeds; s++) {
        int chosen = 0, most = 0;
        for (int v = 1; v < N; v++) {
            chosen = trial[v * data->seeds + s].more[0] > trial[chosen * data->seeds + s].more[0]
                         ? v
                         : chosen;
            most = score_of(&trial[v * data->seeds + s].test) >
                           score_of(&trial[most * data->seeds + s].test)
                       ? v
                       : most;
        }
        tau[s] = TAU[chosen];
        taken[s] = score_of(&trial[chosen * data->seeds + s].test);
        best[s] = score_of(&trial[most * data->seeds + s].test);
    }
    ct_lesson_show(run, tau, data->seeds, "%s: tau that is best on validation", data->recipe);
    ct_lesson_show(run, taken, data->seeds, "... %s at it", data->score);
    ct_lesson_show(run, best, data->seeds, "... at the tau that is best on test");
}

static ct_status of_data(ct_lesson_run *run, const data_set *data, ct_error *err)
{
    static ct_trial trial[N * SEEDS];
    double score[N][SEEDS], uniformity[N][SEEDS], tolerance[N][SEEDS], aligned[SEEDS];
    const int seeds = data->seeds;
    const ct_status status = ct_lesson_trials(run, data->recipe, data->common, VARIANT, N, seeds,
                                              trial, err);
    if (status != CT_OK)
        return status;
    for (int v = 0; v < N; v++) {
        for (int s = 0; s < seeds; s++) {
            const ct_trial *t = &trial[v * seeds + s];
            score[v][s] = score_of(&t->test);
            uniformity[v][s] = t->test.geometry.uniformity[0];
            tolerance[v][s] = t->more[1];
            aligned[s] = t->test.geometry.diagonal_mean;
        }
        ct_lesson_show(run, score[v], seeds, "%s, tau = %s: %s", data->recipe, VARIANT[v].name,
                       data->score);
        ct_lesson_show(run, uniformity[v], seeds, "... uniformity of images");
        if (data->within != NULL)
            ct_lesson_show(run, tolerance[v], seeds, "... tolerance of images: same %s",
                           data->within);
        ct_lesson_show(run, aligned, seeds, "... mean cosine of pairs");
    }
    choose(run, data, trial);
    ct_lesson_below(run, score[0], score[1], seeds, "%s, score: tau = 0.02 below 0.07",
                    data->recipe);
    ct_lesson_below(run, score[4], score[1], seeds, "... tau = 1 below 0.07");
    ct_lesson_below(run, uniformity[1], uniformity[4], seeds,
                    "... uniformity: 0.07 below (more uniform than) 1");
    if (data->within != NULL)
        ct_lesson_below(run, tolerance[1], tolerance[4], seeds, "... tolerance: 0.07 below 1");
    return CT_OK;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    ct_status status = CT_OK;
    run->probe = probe;
    for (int k = 0; k < MOST && status == CT_OK; k++)
        if (ct_lesson_has_data(run, DATA[k].recipe))
            status = of_data(run, &DATA[k], err);
    return status;
}

const ct_lesson CT_LESSON_TEMPERATURE = {
    .name = "temperature",
    .title = "Temperature says how much the nearest negatives count",
    .text = "A negative's share of the gradient is its softmax at s / tau: a small temperature "
            "pushes the nearest ones\n"
            "away and spreads embeddings evenly, a large one pushes all alike and pulls pairs "
            "closer. Wang and Liu find,\n"
            "on CIFAR10 from 0.07 to 1, uniformity 3.86 falling to 2.96 (signs turned), tolerance "
            "of one class rising\n"
            "from 0.04 to 0.37, and the best accuracy in between. Here each seed takes the "
            "temperature that is best on\n"
            "validation; the best lies in between on all three data sets. Wang and Liu's "
            "comparison of 0.07 with 1 is not\n"
            "found everywhere: on shapes tolerance, of pictures with the same first object, falls "
            "instead, so that row\n"
            "differs, and on Fashion-MNIST 0.07 is no more uniform than 1. There 0.2 is the most "
            "uniform, and tolerance\n"
            "rises on both sides of it: in these short runs a small temperature spreads embeddings "
            "less again.",
    .source = "Wang and Liu 2021, table 1 and eq. 11 (the direction of the effects; data and "
              "training are not theirs)",
    .rule = "claims over 8 seeds (shapes) or 4: pass if the ranges do not touch or Mann and "
            "Whitney's z is above 3",
    .command = "contrast sweep shapes loss.temperature=0.02,0.07,0.2,0.5,1 "
               "loss.learn_temperature=false seed=1..8",
    .measure = measure,
};
