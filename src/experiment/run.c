/* run.c -- the loop over steps, and what it leaves in the run's folder.
 *
 * Layer: experiment. Needs formats (json, safetensors) and the clock, whose
 * readings go to timing.jsonl and to the watcher alone. */
#include "experiment/run.h"

#include "formats/safetensors.h"
#include "formats/text.h"
#include "platform/clock.h"
#include "platform/file.h"

static ct_status join_path(char *out, size_t size, const char *folder, const char *name, ct_error *err)
{
    if (snprintf(out, size, "%s/%s", folder, name) >= (int)size)
        return CT_FAIL(err, CT_ERR_IO, "%s: the path is too long", folder);
    return CT_OK;
}

/* ---- lines ---- */

static void recall_json(ct_json *j, const char *key, const ct_recall *r)
{
    ct_json_open(j, key, '{');
    ct_json_number(j, "recall_at_1", r->at1);
    ct_json_number(j, "recall_at_5", r->at5);
    ct_json_number(j, "recall_at_10", r->at10);
    ct_json_number(j, "median_rank", r->median_rank);
    ct_json_close(j);
}

static void sides_json(ct_json *j, const char *key, const double value[2])
{
    ct_json_open(j, key, '[');
    ct_json_number(j, NULL, value[0]);
    ct_json_number(j, NULL, value[1]);
    ct_json_close(j);
}

void ct_evaluation_json(ct_json *j, const ct_evaluation *e)
{
    const ct_geometry *g = &e->geometry;
    ct_json_string(j, "split", ct_split_name(e->split));
    ct_json_integer(j, "n", e->n);
    ct_json_number(j, "loss", e->loss);
    ct_json_integer(j, "batch", e->batch);
    ct_json_number(j, "information", e->information);
    recall_json(j, "image_to_text", &e->recall[0]);
    recall_json(j, "text_to_image", &e->recall[1]);
    ct_json_number(j, "diagonal_mean", g->diagonal_mean);
    ct_json_number(j, "off_diagonal_mean", g->off_diagonal_mean);
    sides_json(j, "mean_cosine", g->mean_cosine);
    sides_json(j, "effective_rank", g->rank);
    sides_json(j, "effective_rank_centred", g->rank_centred);
    sides_json(j, "std_sqrt_d", g->std_sqrt_d);
    ct_json_number(j, "alignment", g->alignment);
    sides_json(j, "uniformity", g->uniformity);
    ct_json_number(j, "modality_gap", g->gap);
    if (e->prompt_accuracy == e->prompt_accuracy)
        ct_json_number(j, "prompt_accuracy", e->prompt_accuracy);
}

typedef struct run_logs {
    ct_writer metrics, timing;
    ct_json   json;
    double    began;
} run_logs;

static void end_line(run_logs *l, ct_writer *w)
{
    ct_json_close(&l->json);
    if (!l->json.failed) { /* one call: a line is never torn */
        l->json.text[l->json.used++] = '\n'; /* over the NUL */
        ct_writer_bytes(w, l->json.text, l->json.used);
    }
    ct_json_reset(&l->json);
}

static void log_step(run_logs *l, const ct_trainer *t, const ct_step *s)
{
    ct_json *j = &l->json;
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", s->step);
    ct_json_float(j, "loss", (float)s->loss);
    ct_json_float(j, "temperature", (float)s->temperature);
    ct_json_float(j, "rate", (float)s->rate);
    ct_json_float(j, "gradient_norm", (float)s->gradient_norm);
    end_line(l, &l->metrics);

    const double seconds = ct_clock_s() - l->began;
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", s->step);
    ct_json_float(j, "seconds", (float)seconds);
    ct_json_float(j, "pairs_per_second",
                  (float)((double)s->step * t->recipe->train.batch / (seconds > 0 ? seconds : 1e-9)));
    end_line(l, &l->timing);
}

static ct_status log_evaluation(run_logs *l, ct_trainer *t, ct_split split, int limit, const ct_run_watch *watch,
                                ct_error *err)
{
    ct_evaluation e;
    ct_status     status = ct_trainer_evaluate(t, split, limit, &e, err);
    if (status != CT_OK)
        return status;
    ct_json_open(&l->json, NULL, '{');
    ct_json_integer(&l->json, "step", t->step);
    ct_evaluation_json(&l->json, &e);
    end_line(l, &l->metrics);
    if (watch->on_evaluation != NULL)
        watch->on_evaluation(watch->ctx, t, &e);
    return CT_OK;
}

/* ---- weights ---- */

ct_status ct_run_save_weights(const ct_trainer *t, const char *folder, ct_error *err)
{
    const ct_params *p = &t->model.params;
    ct_named_matrix  matrix[CT_MAX_PARAMS];
    char             path[CT_PATH_BYTES], step[24], standard[4][CT_NUMBER_BYTES];
    for (int i = 0; i < p->n; i++)
        matrix[i] = (ct_named_matrix){p->list[i].name, p->list[i].x, p->list[i].rows, p->list[i].cols};
    snprintf(step, sizeof step, "%ld", t->step);
    for (int side = 0; side < 2; side++) {
        ct_number_put(standard[2 * side], t->standard[side].mean, false);
        ct_number_put(standard[2 * side + 1], t->standard[side].spread, false);
    }
    const ct_metadata meta[] = {
        {"contrast.format", "1"},      {"contrast.step", step},    {"image.mean", standard[0]},
        {"image.spread", standard[1]}, {"text.mean", standard[2]}, {"text.spread", standard[3]},
    };
    const ct_status status = join_path(path, sizeof path, folder, "weights.safetensors", err);
    return status != CT_OK ? status : ct_safetensors_write(path, matrix, p->n, meta, 6, err);
}

static ct_status load_parameter(const char *path, const ct_safetensors *file, ct_param *p, ct_error *err)
{
    const ct_safetensor *s = ct_safetensors_find(file, p->name);
    if (s == NULL)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: there is no %s", path, p->name);
    if (s->n_dims != 2 || s->dim[0] != p->rows || s->dim[1] != p->cols)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: %s has %zu values, expected (%d, %d) as the recipe says", path, p->name,
                       s->count, p->rows, p->cols);
    ct_safetensor_values(s, p->x);
    return CT_OK;
}

/* A number from the metadata. */
static ct_status load_number(const char *path, const ct_safetensors *file, const char *key, double *out, ct_error *err)
{
    const char  *text = ct_safetensors_metadata(file, key);
    const size_t length = text != NULL ? ct_number_get(text, out) : 0;
    if (length == 0 || text[length] != '\0')
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: metadata %s: expected a number", path, key);
    return CT_OK;
}

ct_status ct_run_load_weights(ct_trainer *t, const char *folder, ct_error *err)
{
    ct_params     *p = &t->model.params;
    char           path[CT_PATH_BYTES];
    ct_arena       arena;
    ct_safetensors file;
    double         step = 0;
    ct_arena_init(&arena, 0);
    ct_status status = join_path(path, sizeof path, folder, "weights.safetensors", err);
    if (status == CT_OK)
        status = ct_safetensors_read(path, &arena, &file, err);
    for (int i = 0; i < p->n && status == CT_OK; i++)
        status = load_parameter(path, &file, &p->list[i], err);
    if (status == CT_OK)
        status = load_number(path, &file, "contrast.step", &step, err);
    for (int side = 0; side < 2 && status == CT_OK; side++) {
        status = load_number(path, &file, side == 0 ? "image.mean" : "text.mean", &t->standard[side].mean, err);
        if (status == CT_OK)
            status = load_number(path, &file, side == 0 ? "image.spread" : "text.spread", &t->standard[side].spread, err);
    }
    t->step = (long)step;
    ct_arena_free(&arena);
    return status;
}

/* ---- the loop ---- */

bool ct_run_exists(const char *folder)
{
    char path[CT_PATH_BYTES];
    return join_path(path, sizeof path, folder, "recipe.ini", NULL) == CT_OK && ct_file_exists(path);
}

ct_status ct_run_recipe(const char *folder, ct_recipe *out, ct_error *err)
{
    char      path[CT_PATH_BYTES];
    ct_status status = join_path(path, sizeof path, folder, "recipe.ini", err);
    *out = ct_recipe_defaults();
    if (status == CT_OK)
        status = ct_recipe_read(out, path, err);
    return status == CT_OK ? ct_recipe_check(out, err) : status;
}

static ct_status save_recipe(const ct_recipe *r, const char *folder, ct_error *err)
{
    char      path[CT_PATH_BYTES], text[8192];
    ct_writer w;
    ct_status status = join_path(path, sizeof path, folder, "recipe.ini", err);
    if (status == CT_OK)
        status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    const size_t size = ct_recipe_write(r, false, text, sizeof text);
    CT_ASSERT(size < sizeof text);
    ct_writer_bytes(&w, text, size);
    return ct_writer_commit(&w);
}

static bool is_due(long step, int every)
{
    return every > 0 && step % every == 0;
}

static ct_status run_steps(ct_trainer *t, const char *folder, run_logs *l, const ct_run_watch *watch, ct_error *err)
{
    const ct_recipe *r = t->recipe;
    ct_status        status = CT_OK;
    while (status == CT_OK && t->step < r->train.steps && (watch->stop == NULL || *watch->stop == 0)) {
        ct_step s;
        status = ct_trainer_step(t, &s, err);
        if (status != CT_OK)
            return status;
        if (s.step == 1 || s.step == r->train.steps || is_due(s.step, r->monitor.log_every))
            log_step(l, t, &s);
        if (watch->on_step != NULL)
            watch->on_step(watch->ctx, t, &s, ct_clock_s() - l->began);
        if (is_due(s.step, r->monitor.evaluate_every) && s.step < r->train.steps)
            status = log_evaluation(l, t, CT_VALIDATION, r->monitor.pairs, watch, err);
        if (status == CT_OK && is_due(s.step, r->train.checkpoint_every))
            status = ct_run_save_weights(t, folder, err);
    }
    return status;
}

static ct_status run_to_end(ct_trainer *t, const char *folder, run_logs *l, const ct_run_watch *watch, ct_error *err)
{
    ct_status status = run_steps(t, folder, l, watch, err);
    if (status == CT_OK)
        status = ct_run_save_weights(t, folder, err);
    if (t->step < t->recipe->train.steps) /* stopped: not worth a verdict */
        return status;
    if (status == CT_OK)
        status = log_evaluation(l, t, CT_TEST, 0, watch, err);
    if (status == CT_OK && t->pairs->count[CT_COMPOSITION] > 0)
        status = log_evaluation(l, t, CT_COMPOSITION, 0, watch, err);
    return status;
}

ct_status ct_run_train(ct_trainer *t, const char *folder, const ct_run_watch *watch, ct_error *err)
{
    char      metrics[CT_PATH_BYTES], timing[CT_PATH_BYTES];
    ct_status status = join_path(metrics, sizeof metrics, folder, "metrics.jsonl", err);
    if (status == CT_OK)
        status = join_path(timing, sizeof timing, folder, "timing.jsonl", err);
    if (status == CT_OK)
        status = ct_folder_make(folder, err);
    if (status == CT_OK)
        status = save_recipe(t->recipe, folder, err);
    if (status != CT_OK)
        return status;

    run_logs l = {.began = ct_clock_s()};
    status = ct_writer_open(&l.metrics, metrics, CT_LOG, err);
    if (status != CT_OK)
        return status;
    status = ct_writer_open(&l.timing, timing, CT_LOG, err);
    if (status == CT_OK) {
        status = run_to_end(t, folder, &l, watch, err);
        const ct_status closed = ct_writer_commit(&l.timing);
        status = status == CT_OK ? closed : status;
    }
    const ct_status closed = ct_writer_commit(&l.metrics);
    status = status == CT_OK ? closed : status;
    if (status == CT_OK && l.json.failed)
        status = CT_FAIL(err, CT_ERR_NOMEM, "run: no memory for a line of metrics");
    ct_json_free(&l.json);
    return status;
}
