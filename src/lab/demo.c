/* demo.c -- which trainings the demo runs, and their figures over seeds.
 *
 * Layer: lab. */
#include "lab/demo.h"

#include "platform/clock.h"
#include "platform/memory.h"

#include <math.h>

static const ct_variant POSITIVES[] = {
    {"pull pairs only", "loss.name=positives"},
    {"with negatives", ""},
};

const ct_demo_table CT_DEMO_POSITIVES = {
    "shapes", "train.batch=64 train.steps=300 data.n_train=4096 data.n_test=200", POSITIVES, 2, 4};

/* The control belongs to the temperature: near the saddle a small tau acts as a
 * large step, so the same eta / tau at tau = 1 must stand beside it. */
static const ct_variant FIXES[] = {
    {"as in the question", ""},
    {"temperature 0.07", "loss.name=infonce loss.temperature=0.07"},
    {"control: step / 0.07", "optim.rate=14.3"},
    {"Adam", "optim.name=adamw optim.rate=0.001"},
    {"64 pairs, not 7", "train.batch=64"},
    {"symmetric", "loss.name=clip loss.temperature=1"},
    {"all together",
     "loss.name=clip loss.temperature=0.07 optim.name=adamw optim.rate=0.001 train.batch=64"},
};

const ct_demo_table CT_DEMO_FIXES = {"collapse", "", FIXES, 7, CT_DEMO_SEEDS};

static ct_status load_recipe(ct_recipe *r, const char *name, const char *settings, ct_error *err)
{
    *r = ct_recipe_defaults();
    const char *text = ct_recipe_builtin(name);
    CT_ASSERT(text != NULL);
    const ct_status status = ct_recipe_parse(r, name, text, err);
    return status == CT_OK ? ct_variant_apply(r, settings, err) : status;
}

static ct_demo_row summarise(const ct_trial *t, int n)
{
    ct_demo_row row = {.n_seeds = n, .all_equal = t[0].all_equal};
    double loss[CT_DEMO_SEEDS], escape[CT_DEMO_SEEDS], recall[CT_DEMO_SEEDS], cosine[CT_DEMO_SEEDS],
        rank[CT_DEMO_SEEDS];
    for (int i = 0; i < n; i++) {
        const double lost = t[i].diverged ? (double)NAN : 0; /* spoils what was not measured */
        loss[i] = t[i].loss + lost;
        escape[i] = t[i].escape > 0 ? (double)t[i].escape : (double)INFINITY;
        recall[i] = t[i].test.recall[0].at1 + lost;
        cosine[i] = t[i].test.geometry.mean_cosine[0] + lost;
        rank[i] = t[i].test.geometry.rank[0] + lost;
        row.n_diverged += t[i].diverged;
        row.n_escaped += t[i].escape > 0;
    }
    row.loss = ct_spread_of(loss, n);
    row.escape = ct_spread_of(escape, n);
    row.recall = ct_spread_of(recall, n);
    row.cosine = ct_spread_of(cosine, n);
    row.rank = ct_spread_of(rank, n);
    return row;
}

ct_status ct_demo_run(const ct_demo_table *table, int threads, ct_demo_row *out, ct_error *err)
{
    const int n_seeds = table->n_seeds;
    ct_recipe recipe;
    ct_status status = load_recipe(&recipe, table->recipe, table->common, err);
    ct_pairs *pairs = status == CT_OK ? ct_recipe_data(&recipe, err) : NULL;
    ct_trial *trial = ct_alloc((size_t)(table->n_variants * n_seeds), sizeof *trial);
    if (trial == NULL || pairs == NULL)
        status = CT_FAIL(err, CT_ERR_NOMEM, "demo: out of memory");
    else
        status = ct_trials_run(&recipe, pairs, table->variant, table->n_variants, n_seeds, threads,
                               NULL, trial, err);
    for (int v = 0; v < table->n_variants && status == CT_OK; v++) {
        ct_recipe varied = recipe;
        status = ct_variant_apply(&varied, table->variant[v].settings, err);
        out[v] = summarise(trial + v * n_seeds, n_seeds);
        out[v].variant = table->variant[v];
        out[v].recipe = table->recipe;
        out[v].batch = varied.train.batch;
        out[v].steps = varied.train.steps;
    }
    ct_free(trial);
    ct_pairs_free(pairs);
    return status;
}

/* ---- the healthy run ---- */

const char *const CT_DEMO_CAPTION[CT_DEMO_CAPTIONS] = {
    "a small red heart at the top left",
    "a large yellow star in the centre",
    "a blue circle above a green square",
};

static const ct_run_watch NOBODY = {0};

/* Step by step, without a record. */
static ct_status train(ct_trainer *t, const ct_run_watch *watch, double began, ct_error *err)
{
    ct_status status = CT_OK;
    ct_step s;
    while (status == CT_OK && t->step < t->recipe->train.steps) {
        status = ct_trainer_step(t, &s, err);
        if (status == CT_OK && watch->on_step != NULL)
            watch->on_step(watch->ctx, t, &s, ct_clock_s() - began);
    }
    return status;
}

static double cosine(const ct_real *a, const ct_real *b, int d)
{
    double ab = 0, aa = 0, bb = 0;
    for (int j = 0; j < d; j++) {
        ab += (double)a[j] * (double)b[j];
        aa += (double)a[j] * (double)a[j];
        bb += (double)b[j] * (double)b[j];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* Keep the CT_DEMO_FOUND best of a row of scores, best first. */
static void keep_best(int item, double score, int *found, double *best)
{
    if (score <= best[CT_DEMO_FOUND - 1])
        return;
    int k = CT_DEMO_FOUND - 1;
    for (; k > 0 && score > best[k - 1]; k--) {
        best[k] = best[k - 1];
        found[k] = found[k - 1];
    }
    best[k] = score;
    found[k] = item;
}

/* Cosines of the first test pairs, and the pictures nearest to typed captions. */
static ct_status ask(ct_trainer *t, ct_healthy *f, ct_error *err)
{
    const int d = ct_trainer_width(t), n = t->pairs->count[CT_TEST];
    const int *items = t->pairs->index[CT_TEST];
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ct_real *image = ct_arena_zeroed(&arena, (size_t)n * (size_t)d, sizeof *image);
    ct_real *text = ct_arena_zeroed(&arena, (size_t)(CT_DEMO_SHOWN + CT_DEMO_CAPTIONS) * (size_t)d,
                                    sizeof *text);
    ct_status status = image == NULL || text == NULL
                           ? CT_FAIL(err, CT_ERR_NOMEM, "demo: out of memory")
                           : CT_OK;
    if (status == CT_OK)
        status = ct_trainer_embed(t, 0, items, n, image, err);
    if (status == CT_OK)
        status = ct_trainer_embed(t, 1, items, CT_DEMO_SHOWN, text, err);
    if (status == CT_OK)
        status = ct_trainer_embed_texts(t, 1, CT_DEMO_CAPTION, CT_DEMO_CAPTIONS,
                                        text + CT_DEMO_SHOWN * d, err);
    for (int i = 0; i < CT_DEMO_SHOWN * CT_DEMO_SHOWN && status == CT_OK; i++)
        f->similarity[i] = cosine(image + i / CT_DEMO_SHOWN * d, text + i % CT_DEMO_SHOWN * d, d);
    for (int c = 0; c < CT_DEMO_CAPTIONS && status == CT_OK; c++) {
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            f->score[c][k] = -2;
        for (int i = 0; i < n; i++)
            keep_best(items[i],
                      cosine(image + (size_t)i * (size_t)d, text + (CT_DEMO_SHOWN + c) * d, d),
                      f->found[c], f->score[c]);
    }
    ct_arena_free(&arena);
    return status;
}

ct_status ct_demo_healthy_init(ct_trainer *t, ct_device *device, ct_healthy *out, ct_pairs **pairs,
                               ct_error *err)
{
    *t = (ct_trainer){0};
    *pairs = NULL;
    const ct_status status = load_recipe(&out->recipe, "shapes", CT_DEMO_HEALTHY, err);
    if (status != CT_OK)
        return status;
    if ((*pairs = ct_recipe_data(&out->recipe, err)) == NULL)
        return CT_ERR_NOMEM;
    return ct_trainer_init(t, &out->recipe, *pairs, device, err);
}

ct_status ct_demo_healthy(ct_trainer *t, const char *folder, const ct_run_watch *watch,
                          ct_healthy *out, ct_error *err)
{
    const double began = ct_clock_s();
    watch = watch != NULL ? watch : &NOBODY;
    ct_status status = folder != NULL ? ct_run_train(t, folder, NULL, watch, err)
                                      : train(t, watch, began, err);
    out->seconds = ct_clock_s() - began;
    for (int i = 0; i < 2 && status == CT_OK; i++)
        status = ct_trainer_evaluate(t, i == 0 ? CT_TEST : CT_COMPOSITION, 0, &out->evaluation[i],
                                     err);
    return status == CT_OK ? ask(t, out, err) : status;
}

ct_status ct_demo_stuck(ct_device *device, const char *folder, ct_error *err)
{
    ct_recipe recipe;
    ct_trainer t = {0};
    ct_status status = load_recipe(&recipe, CT_DEMO_FIXES.recipe, CT_DEMO_FIXES.common, err);
    ct_pairs *pairs = status == CT_OK ? ct_recipe_data(&recipe, err) : NULL;
    if (pairs == NULL)
        return err->status;
    status = ct_trainer_init(&t, &recipe, pairs, device, err);
    if (status == CT_OK)
        status = ct_run_train(&t, folder, NULL, &NOBODY, err);
    ct_trainer_free(&t);
    ct_pairs_free(pairs);
    return status;
}
