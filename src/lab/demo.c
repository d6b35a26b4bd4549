/* demo.c -- which trainings the demo runs.
 *
 * Layer: lab. */
#include "lab/demo.h"

#include "lab/descent.h"
#include "platform/clock.h"

#define SHOWN "loss all_equal escape_step recall_at_1 mean_cosine effective_rank"

const ct_study CT_DEMO_POSITIVES = {
    .recipe = "shapes",
    .common = "train.batch=64 train.steps=300 data.n_train=4096 data.n_test=200",
    .seeds = 4,
    .variant = {{.name = "pull pairs only", .settings = "loss.name=positives"},
                {.name = "with negatives", .settings = ""}},
    .shown = SHOWN,
};

/* The control belongs to the temperature: near the saddle a small tau acts as a
 * large step, so the same eta / tau at tau = 1 must be shown too. */
const ct_study CT_DEMO_FIXES = {
    .recipe = "collapse",
    .common = "",
    .seeds = 8,
    .variant = {{.name = "as in the question", .settings = ""},
                {.name = "temperature 0.07", .settings = "loss.name=infonce loss.temperature=0.07"},
                {.name = "control: step / 0.07", .settings = "optim.rate=14.3"},
                {.name = "Adam", .settings = "optim.name=adamw optim.rate=0.001"},
                {.name = "64 pairs, not 7", .settings = "train.batch=64"},
                {.name = "symmetric", .settings = "loss.name=clip loss.temperature=1"},
                {.name = "all together",
                 .settings = "loss.name=clip loss.temperature=0.07 optim.name=adamw "
                             "optim.rate=0.001 train.batch=64"}},
    .shown = SHOWN,
};

const char *const CT_DEMO_CAPTION[CT_DEMO_CAPTIONS] = {
    "a small red heart at the top left",
    "a large yellow star in the centre",
    "a blue circle above a green square",
};

static const ct_run_watch NOBODY = {0};

/* Cosines of the first test pairs, and the pictures nearest to typed captions. */
static void ask(ct_trainer *t, ct_healthy *f, ct_error *err)
{
    ct_search s;
    ct_search_init(&s, t, CT_TEST, err);
    for (int k = 0; k < CT_DEMO_SHOWN * CT_DEMO_SHOWN && err->status == CT_OK; k++) {
        const int i = k / CT_DEMO_SHOWN, j = k % CT_DEMO_SHOWN;
        f->similarity[k] = ct_cosine(s.unit[0] + i * s.d, s.unit[1] + j * s.d, s.d);
    }
    for (int c = 0; c < CT_DEMO_CAPTIONS && err->status == CT_OK; c++)
        ct_search_text(&s, CT_DEMO_CAPTION[c], 0, CT_DEMO_FOUND, f->found[c], err);
    ct_search_free(&s);
}

ct_status ct_demo_healthy_init(ct_trainer *t, ct_device *device, ct_healthy *out, ct_pairs **pairs,
                               ct_error *err)
{
    *t = (ct_trainer){0};
    out->recipe = ct_study_recipe("shapes", CT_DEMO_HEALTHY, err);
    *pairs = err->status == CT_OK ? ct_recipe_data(&out->recipe, err) : NULL;
    return *pairs != NULL ? ct_trainer_init(t, &out->recipe, *pairs, device, err) : err->status;
}

ct_status ct_demo_healthy(ct_trainer *t, const char *folder, const ct_run_watch *watch,
                          ct_healthy *out, ct_error *err)
{
    const double began = ct_clock_s();
    watch = watch != NULL ? watch : &NOBODY;
    if (folder != NULL)
        ct_run_train(t, folder, NULL, watch, err);
    while (t->step < t->recipe->train.steps && err->status == CT_OK) {
        ct_step s;
        if (ct_trainer_step(t, &s, err) == CT_OK && watch->on_step != NULL)
            watch->on_step(watch->ctx, t, &s, ct_clock_s() - began);
    }
    out->seconds = ct_clock_s() - began;
    for (int i = 0; i < 2 && err->status == CT_OK; i++)
        ct_trainer_evaluate(t, i == 0 ? CT_TEST : CT_COMPOSITION, 0, &out->evaluation[i], err);
    if (err->status == CT_OK)
        ask(t, out, err);
    return err->status;
}

ct_status ct_demo_stuck(ct_device *device, const char *folder, ct_error *err)
{
    const ct_recipe recipe = ct_study_recipe(CT_DEMO_FIXES.recipe, CT_DEMO_FIXES.common, err);
    ct_run run;
    if (ct_run_open(&run, &recipe, NULL, device, err) == CT_OK)
        ct_run_train(&run.trainer, folder, NULL, &NOBODY, err);
    ct_run_close(&run);
    return err->status;
}
