/* symmetry.c -- one direction of the softmax, or both.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/diagnose.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/memory.h"

#define SEEDS  16
#define ROWS   32
#define COMMON "train.batch=64 train.steps=400 loss.temperature=0.1 loss.learn_temperature=false"

static const ct_variant VARIANT[] = {{"one direction", "loss.name=infonce"},
                                     {"both", "loss.name=clip"}};

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

static void constant_on_rows(ct_lesson_run *run)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 5);
    double s[ROWS * ROWS], none[ROWS] = {0}, some[ROWS];
    for (int i = 0; i < ROWS * ROWS; i++)
        s[i] = ct_random_normal(&r) + (i % (ROWS + 1) == 0 ? 3 : 0);
    for (int i = 0; i < ROWS; i++)
        some[i] = 2 * ct_random_normal(&r);
    ct_lesson_exact(run, part_of_loss(s, some, true) - part_of_loss(s, none, true), 0, 1e-12,
                    "a constant on each row of S: change of the loss over rows");
    double change = part_of_loss(s, some, false) - part_of_loss(s, none, false);
    ct_lesson_show(run, &change, 1, "... change of the loss over columns");
}

/* Hubness of b and of a, of the test pairs: what one direction might leave free. */

static ct_status probe(ct_trainer *t, ct_trial *out, ct_error *err)
{
    const int n = out->test.n, d = ct_trainer_width(t), *items = t->pairs->index[CT_TEST];
    ct_real *x = ct_alloc((size_t)(2 * n) * (size_t)d, sizeof *x),
            *y = x != NULL ? x + (size_t)n * (size_t)d : NULL;
    ct_findings *f = ct_alloc(1, sizeof *f);
    ct_status status = x != NULL && f != NULL
                           ? ct_trainer_embed(t, 0, items, n, x, err)
                           : CT_FAIL(err, CT_ERR_NOMEM, "symmetry: out of memory");
    if (status == CT_OK)
        status = ct_trainer_embed(t, 1, items, n, y, err);
    if (status == CT_OK)
        status = ct_findings_measure(t->device, x, y, n, d, NULL, f, err);
    for (int side = 0; side < 2 && status == CT_OK; side++)
        out->more[side] = f->hubness[side];
    ct_free(f);
    ct_free(x);
    return status;
}

static ct_status of_data(ct_lesson_run *run, const char *recipe, const char *common, ct_error *err)
{
    enum { A_TO_B, B_TO_A, FIRST_MORE, N = 4 };
    static const char *const WHAT[N] = {"recall@1, a to b (the trained way)", "recall@1, b to a",
                                        "hubness of b", "hubness of a"};
    static ct_trial trial[2 * SEEDS];
    double x[2][N][SEEDS];
    const ct_status status = ct_lesson_trials(run, recipe, common, VARIANT, 2, SEEDS, trial, err);
    if (status != CT_OK)
        return status;
    for (int k = 0; k < N; k++) {
        for (int v = 0; v < 2; v++)
            for (int s = 0; s < SEEDS; s++) {
                const ct_trial *t = &trial[v * SEEDS + s];
                x[v][k][s] = k < FIRST_MORE ? t->test.recall[k].at1 : t->more[k - FIRST_MORE];
            }
        const int less = k < FIRST_MORE ? 0 : 1; /* one direction: less recall, more hubness */
        ct_lesson_show(run, x[1 - less][k], SEEDS, "%s: %s, %s", recipe, WHAT[k],
                       VARIANT[1 - less].name);
        ct_lesson_below(run, x[less][k], x[1 - less][k], SEEDS, "... %s, below that",
                        VARIANT[less].name);
    }
    return CT_OK;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    constant_on_rows(run);
    run->probe = probe;
    ct_status status = of_data(run, "latent", "data.n_test=1000 " COMMON, err);
    if (status == CT_OK)
        status = of_data(run, "shapes",
                         "data.n_train=4096 data.n_test=500 image.layers=256,64 text.layers=64 "
                         "text.buckets=1024 " COMMON,
                         err);
    return status;
}

const ct_lesson CT_LESSON_SYMMETRY = {
    .name = "symmetry",
    .title = "One direction of the softmax leaves the other free; how much that matters is small",
    .text =
        "Adding a constant to a row of S changes nothing for the softmax over that row: "
        "trained in one direction,\n"
        "rows need not be comparable with each other, and the other direction compares just "
        "them. The symmetric\n"
        "loss removes that freedom. With cosines of towers there is little of it to use: "
        "measured by recall both\n"
        "ways, and by hubness, the skewness of how often an item is among the 10 nearest, nothing "
        "differs beyond chance.",
    .source = "arithmetic; the claims about trained towers are this lesson's own and may well be "
              "inconclusive",
    .rule = "equal within 1e-12; claims over 16 seeds: pass if the ranges do not touch or Mann and "
            "Whitney's z is above 3",
    .command = "contrast sweep latent 'loss.name=infonce|clip' seed=1..16",
    .measure = measure,
};
