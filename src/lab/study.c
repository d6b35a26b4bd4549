/* study.c -- many small runs, one per thread.
 *
 * Each run has a device of one thread of its own, so runs share nothing but the data, which they
 * only read. They end in any order; no result depends on the threads. */
#include "lab/study.h"

#include "contrast/datasets.h"
#include "contrast/random.h"
#include "platform/pool.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* ---- what a run is ---- */

bool ct_next_word(const char **text, char *word, size_t size)
{
    *text += strspn(*text, " ");
    const size_t length = strcspn(*text, " ");
    snprintf(word, size, "%.*s", (int)length, *text);
    *text += length;
    return length > 0;
}

char *ct_text_cut(char *text, const char *mark)
{
    char *at = text != NULL ? strstr(text, mark) : NULL;
    if (at == NULL)
        return NULL;
    *at = '\0';
    at += strlen(mark);
    return at + strspn(at, " ");
}

ct_status ct_variant_apply(ct_recipe *r, const char *settings, ct_error *err)
{
    char one[CT_RECIPE_TEXT];
    ct_recipe whole; /* what has no effect now may have, once more is set */
    while (ct_next_word(&settings, one, sizeof one))
        ct_recipe_override(r, one, err);
    whole = *r;
    return ct_recipe_check(&whole, err);
}

ct_recipe ct_study_recipe(const char *name, const char *settings, ct_error *err)
{
    ct_recipe r = ct_recipe_defaults();
    ct_recipe_load(&r, name, err);
    ct_variant_apply(&r, settings, err);
    return r;
}

ct_recipe ct_runs_recipe(const ct_runs *r, int run, ct_error *err)
{
    ct_recipe recipe = r->base;
    recipe.train.seed = r->first_seed + run % r->n_seeds;
    ct_variant_apply(&recipe, r->variant[run / r->n_seeds].settings, err);
    ct_recipe_check(&recipe, err);
    return recipe;
}

/* The second side in another order, within each split; everything else is shared. Memory is the
 * arena's. */
static void shuffle(const ct_pairs *p, ct_arena *arena, ct_pairs *out, ct_error *err)
{
    ct_side *s = &out->side[1];
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 9);
    int *order = ct_arena_zeroed(arena, (size_t)p->n, sizeof *order);
    int *from = ct_arena_zeroed(arena, (size_t)p->n, sizeof *from); /* item i gets from[i]'s */
    *out = *p;
    out->group = NULL; /* rows no longer mean what they meant */
    out->label = NULL;
    for (int split = 0; split < CT_N_SPLITS; split++) {
        const int count = err->status == CT_OK ? p->count[split] : 0;
        for (int i = 0; i < count; i++)
            order[i] = p->index[split][i];
        ct_random_shuffle(&r, order, count);
        for (int i = 0; i < count; i++)
            from[p->index[split][i]] = order[i];
    }
    const int *of = s->text != NULL ? s->text_of : s->row_of;
    for (int i = 0; i < p->n && of != NULL && err->status == CT_OK; i++)
        from[i] = of[from[i]];
    s->text_of = s->text != NULL ? from : NULL;
    s->row_of = s->text != NULL ? NULL : from;
}

/* ---- one run ---- */

/* Train to the end of the recipe; all but what is measured then is set. */
static void train(ct_trainer *t, int steps, ct_outcome *out, ct_error *err)
{
    double window[CT_STUDY_WINDOW][2]; /* the loss, and its value if all were equal: it moves */
    while (t->step < steps && err->status == CT_OK) {
        ct_step s;
        double sum[2] = {0, 0};
        if (ct_trainer_step(t, &s, err) != CT_OK)
            return;
        window[(s.step - 1) % CT_STUDY_WINDOW][0] = s.loss;
        window[(s.step - 1) % CT_STUDY_WINDOW][1] = ct_trainer_landmarks(t, &s).all_equal;
        const int n = s.step < CT_STUDY_WINDOW ? (int)s.step : CT_STUDY_WINDOW;
        for (int i = 0; i < 2 * n; i++)
            sum[i % 2] += window[i / 2][i % 2];
        out->training_loss = sum[0] / n;
        out->all_equal = sum[1] / n;
        if (out->escape_step == 0 && n == CT_STUDY_WINDOW &&
            out->training_loss < CT_STUDY_ESCAPED * out->all_equal)
            out->escape_step = s.step;
    }
}

/* No two test pictures of shapes mean the same; what they may have in common is the first object.
 */
static void measure_kinds(ct_trainer *t, int limit, ct_outcome *out, ct_arena *arena, ct_error *err)
{
    ct_embedded e = ct_trainer_embedded(t, CT_TEST, limit, arena, err);
    int *kind = ct_arena_zeroed(arena, (size_t)e.n, sizeof *kind);
    ct_measures m = {.tolerance = {0}};
    for (int i = 0; i < e.n && err->status == CT_OK; i++)
        kind[i] = e.group[i] % CT_SHAPES_KINDS;
    e.group = kind;
    if (err->status == CT_OK)
        ct_measure(&e, &m, NULL, err);
    memcpy(out->tolerance_of_kind, m.tolerance, sizeof m.tolerance);
}

static void measure(ct_trainer *t, const ct_runs *r, ct_outcome *out, ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "study", 0, err);
    out->tolerance_of_kind[0] = (double)NAN;
    out->tolerance_of_kind[1] = (double)NAN;
    if (err->status == CT_OK)
        ct_trainer_evaluate(t, ct_pairs_split(t->pairs, CT_TEST), r->limit, &out->test, NULL, err);
    if (err->status == CT_OK && r->validation)
        ct_trainer_evaluate(t, ct_pairs_split(t->pairs, CT_VALIDATION), r->limit, &out->validation,
                            NULL, err);
    out->state = (int)out->test.state;
    if (err->status == CT_OK && t->recipe.data.kind == CT_DATA_SHAPES && t->pairs->group != NULL)
        measure_kinds(t, r->limit, out, &arena, err);
    ct_arena_free(&arena);
}

static void run_one(const ct_runs *r, int run, const ct_pairs *pairs, ct_outcome *out,
                    ct_error *err)
{
    const ct_recipe recipe = ct_runs_recipe(r, run, err);
    ct_device *device = ct_device_new(1, NULL, err);
    ct_error bad = {0}; /* of training: that it diverges is a result */
    ct_trainer t;
    *out = (ct_outcome){.done = true};
    if (ct_trainer_init(&t, &recipe, pairs, device, err) == CT_OK) {
        const int all = recipe.train.steps;
        train(&t, r->steps > 0 && r->steps < all ? r->steps : all, out, &bad);
        measure(&t, r, out, &bad);
    }
    if (bad.status == CT_ERR_NUMERIC) {
        out->state = CT_DIVERGED;
        out->training_loss = (double)NAN;
    } else if (bad.status != CT_OK) {
        *err = bad;
    }
    ct_trainer_free(&t);
    ct_device_free(device);
}

/* ---- all of them ---- */

typedef struct job {
    ct_runs *runs;
    const ct_pairs *pairs; /* of all runs that do not make their own */
    ct_pairs shuffled;
    atomic_flag lock;
    ct_error error; /* the first */
} job;

/* Data of its own, where a setting changes it. */
static bool makes_data(const ct_variant *v)
{
    return strstr(v->settings, "data.") != NULL;
}

static void run_block(void *ctx, int k)
{
    job *j = ctx;
    ct_runs *r = j->runs;
    const ct_variant *v = &r->variant[k / r->n_seeds];
    const ct_pairs *pairs = v->shuffled ? &j->shuffled : j->pairs;
    ct_error err = {0};
    ct_outcome got;
    if (r->run[k].done || (r->stop != NULL && *r->stop != 0))
        return;
    run_one(r, k, makes_data(v) ? NULL : pairs, &got, &err);
    while (atomic_flag_test_and_set(&j->lock)) /* held for microseconds */
        ;
    if (err.status != CT_OK) {
        CT_FAIL(&j->error, err.status, "%s%sseed %ld: %s", v->name, *v->name != '\0' ? ", " : "",
                r->first_seed + k % r->n_seeds, err.msg);
    } else {
        r->run[k] = got;
        r->n_done++;
        if (r->log != NULL) {
            ct_runs_put(r, k);
            ct_writer_flush(&r->log->writer); /* a kill loses the runs in flight alone */
        }
        if (r->on_run != NULL)
            r->on_run(r->ctx, r->n_done, r->n_variants * r->n_seeds);
    }
    atomic_flag_clear(&j->lock);
}

ct_status ct_runs_make(ct_runs *r, int threads, ct_error *err)
{
    job j = {.runs = r, .pairs = r->pairs, .lock = ATOMIC_FLAG_INIT};
    ct_pairs *own = NULL;
    ct_arena arena;
    ct_arena_open(&arena, "study", 0, err);
    ct_pool *pool = ct_pool_new(threads, err);
    r->n_done = 0;
    for (int k = 0; k < r->n_variants * r->n_seeds; k++)
        r->n_done += r->run[k].done;
    for (int v = 0; v < r->n_variants; v++) /* a wrong setting is reported before hours of work */
        ct_runs_recipe(r, v * r->n_seeds, err);
    for (int v = 0; v < r->n_variants && err->status == CT_OK; v++) {
        if (j.pairs == NULL && !makes_data(&r->variant[v])) {
            own = ct_recipe_data(&r->base, err);
            j.pairs = own;
        }
        if (j.shuffled.n == 0 && r->variant[v].shuffled && j.pairs != NULL)
            shuffle(j.pairs, &arena, &j.shuffled, err);
    }
    if (err->status == CT_OK) {
        ct_pool_run(pool, r->n_variants * r->n_seeds, run_block, &j);
        if (j.error.status != CT_OK)
            *err = j.error;
    }
    ct_pool_free(pool);
    ct_pairs_free(own);
    ct_arena_free(&arena);
    return err->status;
}

ct_status ct_study_run(const ct_study *s, int threads, ct_arena *arena, ct_runs *out, ct_error *err)
{
    *out = (ct_runs){.base = ct_study_recipe(s->recipe, s->common, err),
                     .variant = s->variant,
                     .n_variants = s->n_variants,
                     .n_seeds = s->seeds,
                     .first_seed = 1,
                     .limit = CT_STUDY_PAIRS,
                     .validation = strstr(s->shown, "validation.") != NULL};
    out->run = ct_arena_zeroed(arena, (size_t)(out->n_variants * s->seeds), sizeof *out->run);
    return ct_runs_make(out, threads, err);
}
