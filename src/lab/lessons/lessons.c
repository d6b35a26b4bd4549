/* lessons.c -- the gallery, and the rules by which rows pass.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/scalar.h"
#include "platform/file.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static const ct_lesson *const LESSONS[] = {
    &CT_LESSON_ESCAPE,      &CT_LESSON_FLOOR,
    &CT_LESSON_CONE,        &CT_LESSON_GAP,
    &CT_LESSON_DIMENSIONAL, &CT_LESSON_INFORMATION,
    &CT_LESSON_TEMPERATURE, &CT_LESSON_NEGATIVES,
    &CT_LESSON_SYMMETRY,    &CT_LESSON_FALSE_NEGATIVES,
    &CT_LESSON_MASKS,       &CT_LESSON_BROKEN,
};
#define N_LESSONS ((int)(sizeof LESSONS / sizeof *LESSONS))

const ct_lesson *ct_lessons(int *n)
{
    static ct_lesson all[sizeof LESSONS / sizeof *LESSONS];
    for (int i = 0; i < N_LESSONS; i++)
        all[i] = *LESSONS[i];
    *n = N_LESSONS;
    return all;
}

const ct_lesson *ct_lesson_find(const char *name)
{
    for (int i = 0; i < N_LESSONS; i++)
        if (strcmp(name, LESSONS[i]->name) == 0)
            return LESSONS[i];
    return NULL;
}

const char *ct_verdict_name(ct_verdict v)
{
    return (const char *[]){"pass", "differs", "inconclusive", ""}[v];
}

ct_verdict ct_lesson_verdict(const ct_lesson_run *run)
{
    ct_verdict worst = CT_PASSES;
    for (int i = 0; i < run->n_rows; i++) {
        const ct_verdict v = run->row[i].verdict;
        if (v == CT_DIFFERS || (v == CT_INCONCLUSIVE && worst == CT_PASSES))
            worst = v;
    }
    return worst;
}

/* ---- rows ---- */

static ct_lesson_row *new_row(ct_lesson_run *run, const char *fmt, va_list args)
{
    CT_ASSERT(run->n_rows < CT_LESSON_ROWS);
    ct_lesson_row *r = &run->row[run->n_rows++];
    *r = (ct_lesson_row){.expected = (double)NAN, .tolerance = (double)NAN, .n = 1};
    vsnprintf(r->what, sizeof r->what, fmt, args);
    return r;
}

void ct_lesson_exact(ct_lesson_run *run, double measured, double expected, double tolerance,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ct_lesson_row *r = new_row(run, fmt, args);
    va_end(args);
    r->measured = (ct_spread){.median = measured,
                              .least = measured,
                              .most = measured,
                              .mean = measured,
                              .error = (double)NAN};
    r->expected = expected;
    r->tolerance = tolerance;
    r->verdict = fabs(measured - expected) <= tolerance ? CT_PASSES : CT_DIFFERS; /* NaN differs */
}

void ct_lesson_seeds(ct_lesson_run *run, double *x, int n, double expected, double tolerance,
                     const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ct_lesson_row *r = new_row(run, fmt, args);
    va_end(args);
    r->measured = ct_spread_of(x, n);
    r->expected = expected;
    r->tolerance = tolerance;
    r->n = n;
    const bool reaches = r->measured.least <= expected + tolerance &&
                         r->measured.most >= expected - tolerance;
    r->verdict = fabs(r->measured.median - expected) <= tolerance ? CT_PASSES
                 : reaches                                        ? CT_INCONCLUSIVE
                                                                  : CT_DIFFERS;
}

/* Of all pairs, in how many is low below high (a tie is a half): in standard deviations
 * from a half of them. Ties only make the true deviation smaller. */
static double mann_whitney(const double *low, const double *high, int n)
{
    double wins = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            wins += low[i] < high[j] ? 1 : low[i] == high[j] ? 0.5 : 0;
    return (wins - n * n / 2.0) / sqrt(n * n * (2.0 * n + 1) / 12);
}

void ct_lesson_below(ct_lesson_run *run, double *low, double *high, int n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ct_lesson_row *r = new_row(run, fmt, args);
    va_end(args);
    const ct_spread h = ct_spread_of(high, n);
    r->measured = ct_spread_of(low, n);
    r->n = n;
    const double z = mann_whitney(low, high, n);
    r->verdict = r->measured.most < h.least || z > 3 ? CT_PASSES
                 : z < -3                            ? CT_DIFFERS
                                                     : CT_INCONCLUSIVE;
}

void ct_lesson_show(ct_lesson_run *run, double *x, int n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ct_lesson_row *r = new_row(run, fmt, args);
    va_end(args);
    r->measured = ct_spread_of(x, n);
    r->n = n;
    r->verdict = CT_SHOWN;
}

void ct_lesson_note(ct_lesson_run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ct_lesson_row *r = new_row(run, fmt, args);
    va_end(args);
    r->measured = (ct_spread){.median = (double)NAN, .least = (double)NAN, .most = (double)NAN};
    r->n = 0;
    r->verdict = CT_SHOWN;
}

void ct_lesson_row_text(const ct_lesson_row *r, char measured[64], char expected[32])
{
    const ct_spread m = r->measured;
    *measured = *expected = '\0';
    if (r->n > 1)
        snprintf(measured, 64, "%.5g [%.5g, %.5g]", m.median, m.least, m.most);
    else if (r->n == 1)
        snprintf(measured, 64, "%.6g", m.median);
    if (!isnan(r->expected))
        snprintf(expected, 32, "%.6g", r->expected);
}

/* ---- trials of recipes ---- */

bool ct_lesson_has_data(ct_lesson_run *run, const char *recipe)
{
    ct_recipe r = ct_recipe_defaults();
    char path[2 * CT_RECIPE_TEXT];
    if (ct_recipe_load(&r, recipe, CT_IGNORE_ERROR) != CT_OK)
        return false;
    if (r.data.kind == CT_DATA_FASHION_MNIST)
        snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", r.data.dir);
    else
        snprintf(path, sizeof path, "%s", r.data.image);
    const bool there = r.data.kind == CT_DATA_SHAPES || r.data.kind == CT_DATA_LATENT ||
                       ct_file_exists(path);
    if (!there)
        ct_lesson_note(run, "%s: left out; bring it with sh datasets/%s.sh", recipe, recipe);
    return there;
}

ct_status ct_lesson_trials(ct_lesson_run *run, const char *recipe, const char *common,
                           const ct_variant *variant, int n_variants, int seeds, ct_trial *out,
                           ct_error *err)
{
    ct_recipe r = ct_recipe_defaults();
    ct_status status = ct_recipe_load(&r, recipe, err);
    if (status == CT_OK)
        status = ct_variant_apply(&r, common, err);
    ct_pairs *pairs = status == CT_OK ? ct_recipe_data(&r, err) : NULL;
    for (int split = CT_VALIDATION; split < CT_N_SPLITS && pairs != NULL; split++)
        if (pairs->count[split] > CT_LESSON_PAIRS)
            pairs->count[split] = CT_LESSON_PAIRS;
    if (pairs != NULL)
        ct_trials_run(&r, pairs, variant, n_variants, seeds, run->threads, run->probe, out, err);
    ct_pairs_free(pairs);
    return err->status;
}

/* ---- free embeddings ---- */

ct_status ct_lesson_descend(ct_device *device, const ct_free_descent *f, double *loss,
                            ct_error *err)
{
    const ct_schedule schedule = {CT_COSINE, f->rate, 0, f->steps};
    const ct_optim_config config = ct_optim_defaults(CT_ADAMW);
    const ct_loss *kind = ct_loss_find(f->loss);
    ct_free_embeddings m;
    ct_optim optim = {0};
    ct_graph g;
    ct_real log_scale;
    int offset[1024];
    CT_ASSERT(f->n < 1024);
    for (int i = 0; i <= f->n; i++)
        offset[i] = i; /* bags of one row */
    ct_graph_init(&g, device, 0);
    ct_status status = ct_free_embeddings_init(&m, f->n, f->d, f->seed, err);
    if (status == CT_OK)
        status = ct_optim_init(&optim, &config, m.params.size, err);
    for (int step = 0; step <= f->steps && status == CT_OK; step++) {
        const double cooled = 2.0 * step < f->steps ? 2.0 * step / f->steps : 1,
                     from = f->from > 0 ? f->from : f->temperature;
        log_scale = (ct_real) -
                    ((1 - cooled) * ct_scalar_log(from) + cooled * ct_scalar_log(f->temperature));
        ct_graph_reset(&g);
        ct_params_zero_grad(&m.params);
        ct_tensor *a = ct_params_tensor(&g, &m.params, m.a),
                  *b = ct_params_tensor(&g, &m.params, m.b);
        if (f->row_of != NULL)
            b = ct_embedding_bag(&g, b, f->n, offset, f->row_of);
        if (f->map != CT_ACT_NONE)
            a = ct_activate(&g, a, f->map), b = ct_activate(&g, b, f->map);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale)};
        ct_tensor *l = kind->apply(&g, a, b, &in);
        ct_backward(&g, l, NULL);
        if (ct_graph_error(&g) != NULL) {
            status = CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
            break;
        }
        *loss = (double)l->x[0];
        if (step < f->steps)
            ct_optim_step(&optim, device, m.params.x, m.params.dx, m.params.n_decay,
                          ct_schedule_rate(&schedule, step));
    }
    ct_optim_free(&optim);
    ct_free_embeddings_free(&m);
    ct_graph_free(&g);
    return status;
}
