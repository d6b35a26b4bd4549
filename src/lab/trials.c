/* trials.c -- many small runs, one to a thread.
 *
 * Each run has a device of one thread of its own, so runs share nothing but the
 * data, which they only read.
 *
 * Layer: lab. */
#include "lab/trials.h"

#include "platform/memory.h"
#include "platform/pool.h"

#include <math.h>
#include <string.h>

ct_status ct_variant_apply(ct_recipe *r, const char *settings, ct_error *err)
{
    ct_status status = CT_OK;
    while (status == CT_OK && *settings != '\0') {
        char one[CT_RECIPE_TEXT];
        const size_t length = strcspn(settings, " ");
        CT_ASSERT(length < sizeof one);
        memcpy(one, settings, length);
        one[length] = '\0';
        status = ct_recipe_override(r, one, err);
        settings += length + (settings[length] == ' ');
    }
    return status == CT_OK ? ct_recipe_check(r, err) : status;
}

/* The last CT_TRIAL_WINDOW losses, whose mean tells a plateau from noise. */
typedef struct window {
    double loss[CT_TRIAL_WINDOW];
    long seen;
} window;

static double window_mean(const window *w)
{
    const int n = w->seen < CT_TRIAL_WINDOW ? (int)w->seen : CT_TRIAL_WINDOW;
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += w->loss[i];
    return sum / n;
}

ct_status ct_trial_train(ct_trainer *t, ct_trial *out, ct_error *err)
{
    window w = {.seen = 0};
    ct_step s = {0};
    ct_status status = CT_OK;
    const ct_loss_setting setting = ct_recipe_setting(t->recipe);
    *out = (ct_trial){.all_equal = ct_landmarks_of(t->loss, &setting, NULL).all_equal};
    while (status == CT_OK && t->step < t->recipe->train.steps) {
        status = ct_trainer_step(t, &s, err);
        w.loss[w.seen++ % CT_TRIAL_WINDOW] = s.loss;
        if (out->escape == 0 && w.seen >= CT_TRIAL_WINDOW &&
            window_mean(&w) < CT_TRIAL_ESCAPED * out->all_equal)
            out->escape = s.step;
    }
    out->loss = window_mean(&w);
    out->temperature = s.temperature;
    out->diverged = status == CT_ERR_NUMERIC;
    return status;
}

static ct_status run_trial(ct_trainer *t, ct_trial_probe *probe, ct_trial *out, ct_error *err)
{
    ct_status status = ct_trial_train(t, out, err);
    if (status == CT_OK)
        status = ct_trainer_evaluate(t, CT_TEST, 0, &out->test, err);
    if (status == CT_OK && probe != NULL)
        status = probe(t, out, err);
    out->diverged = status == CT_ERR_NUMERIC;
    return out->diverged ? CT_OK : status;
}

typedef struct trials_job {
    const ct_recipe *recipe; /* one a variant */
    const ct_pairs *pairs;
    int n_seeds;
    ct_trial_probe *probe;
    ct_trial *out;
    ct_error *error; /* one a trial */
} trials_job;

static void run_block(void *ctx, int k)
{
    const trials_job *job = ctx;
    ct_error *err = &job->error[k], bad = {0};
    ct_recipe recipe = job->recipe[k / job->n_seeds];
    ct_trainer t;
    recipe.train.seed = k % job->n_seeds + 1;
    job->out[k] = (ct_trial){0};
    ct_device *device = ct_device_new(1, NULL, err);
    if (device == NULL)
        return;
    ct_status status = ct_trainer_init(&t, &recipe, job->pairs, device, err);
    if (status == CT_OK && run_trial(&t, job->probe, &job->out[k], &bad) != CT_OK)
        *err = bad;
    ct_trainer_free(&t);
    ct_device_free(device);
}

ct_status ct_trials_run(const ct_recipe *base, const ct_pairs *pairs, const ct_variant *variant,
                        int n_variants, int n_seeds, int threads, ct_trial_probe *probe,
                        ct_trial *out, ct_error *err)
{
    const int n = n_variants * n_seeds;
    ct_recipe *recipe = ct_alloc((size_t)n_variants, sizeof *recipe);
    ct_error *error = ct_alloc_zeroed((size_t)n, sizeof *error);
    ct_pool *pool = ct_pool_new(threads, err);
    ct_status status = CT_OK;
    if (recipe == NULL || error == NULL || pool == NULL)
        status = CT_FAIL(err, CT_ERR_NOMEM, "trials: no memory for %d runs", n);
    for (int v = 0; v < n_variants && status == CT_OK; v++) {
        recipe[v] = *base;
        status = ct_variant_apply(&recipe[v], variant[v].settings, err);
    }
    if (status == CT_OK) {
        trials_job job = {recipe, pairs, n_seeds, probe, out, error};
        ct_pool_run(pool, n, run_block, &job);
    }
    for (int k = 0; k < n && status == CT_OK; k++)
        if (error[k].status != CT_OK)
            status = CT_FAIL(err, error[k].status, "%s, seed %d: %s", variant[k / n_seeds].name,
                             k % n_seeds + 1, error[k].msg);
    ct_pool_free(pool);
    ct_free(error);
    ct_free(recipe);
    return status;
}
