/* symmetry.c -- one direction of the softmax, or both.
 *
 * Layer: experiment. */
#include "experiment/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"

#define SEEDS 16
#define ROWS  32

static const ct_variant VARIANT[] = {{"one direction", "loss.name=infonce"}, {"both", "loss.name=clip"}};

/* A constant added to every cosine of a row changes nothing for the loss over that row's
 * softmax, and something for the other direction: shown on numbers, with a loss that is
 * the row part and one that is the column part of logits s + c_i. */
static double part_of_loss(const double *s, const double *c, bool rows)
{
    double loss = 0;
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < ROWS; j++) {
            const double other = rows ? s[i * ROWS + j] + c[i] : s[j * ROWS + i] + c[j];
            sum += ct_scalar_exp(other - s[i * ROWS + i] - c[i]);
        }
        loss += ct_scalar_log(sum) / ROWS;
    }
    return loss;
}

static void calibration(ct_lesson_run *run)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 5);
    double    s[ROWS * ROWS], none[ROWS] = {0}, some[ROWS];
    for (int i = 0; i < ROWS * ROWS; i++)
        s[i] = ct_random_normal(&r) + (i % (ROWS + 1) == 0 ? 3 : 0);
    for (int i = 0; i < ROWS; i++)
        some[i] = 2 * ct_random_normal(&r);
    ct_lesson_exact(run, part_of_loss(s, some, true) - part_of_loss(s, none, true), 0, 1e-12, "a constant on each row of S: change of the loss over rows");
    double change = part_of_loss(s, some, false) - part_of_loss(s, none, false);
    ct_lesson_show(run, &change, 1, "... change of the loss over columns");
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static ct_trial trial[2 * SEEDS];
    double          recall[2][2][SEEDS];
    calibration(run);
    const ct_status status = ct_lesson_trials(run, "latent", "data.n_test=1000 train.batch=64 train.steps=400 loss.temperature=0.1 "
                                                             "loss.learn_temperature=false", VARIANT, 2, SEEDS, trial, err);
    if (status != CT_OK)
        return status;
    for (int v = 0; v < 2; v++)
        for (int way = 0; way < 2; way++) {
            for (int s = 0; s < SEEDS; s++)
                recall[v][way][s] = trial[v * SEEDS + s].test.recall[way].at1;
            ct_lesson_show(run, recall[v][way], SEEDS, "%s: recall@1, %s", VARIANT[v].name, way == 0 ? "a to b (the trained way)" : "b to a");
        }
    ct_lesson_below(run, recall[0][1], recall[1][1], SEEDS, "recall b to a: one direction below both");
    ct_lesson_below(run, recall[0][0], recall[1][0], SEEDS, "recall a to b: one direction below both");
    return CT_OK;
}

const ct_lesson CT_LESSON_SYMMETRY = {
    .name = "symmetry",
    .title = "One direction of the softmax leaves the other free; how much that matters is small",
    .text = "Adding a constant to a row of S changes nothing for the softmax over that row: trained in one direction,\n"
            "rows need not be comparable with each other, and the other direction compares just them. The symmetric\n"
            "loss removes that freedom. With cosines of towers there is little of it to use: measured on vector pairs.",
    .source = "arithmetic; claims about recall are this lesson's own and may well be inconclusive",
    .rule = "equal within 1e-12; claims over 16 seeds: pass if the ranges do not touch or Mann and Whitney's z is above 3",
    .command = "contrast sweep latent loss.name=infonce,clip seed=1..16",
    .measure = measure,
};
