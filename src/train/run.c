/* run.c -- the loop over steps, and what it leaves in the run's folder.
 *
 * The order of writing is what lets a run continue after any kind of death: first the lines of
 * log.jsonl are on the disk, then the checkpoint that knows how many of their bytes are its
 * own takes the place of the last one. A step's evaluation comes after its checkpoint and not
 * before: a signal while it measures may then end the program at once. */
#include "train/run.h"

#include "platform/machine.h"
#include "train/snapshot.h"

#include <limits.h>
#include <string.h>

typedef struct run {
    ct_trainer *t;
    const char *folder;
    const ct_run_watch *watch;
    ct_log log, timing;
    double began; /* the clock when the run began; resumed, as if it had never stopped */
    int lock;
    bool imported; /* at a step that this folder has no lines of */
    ct_error *err;
} run;

/* ---- files of the folder ---- */

bool ct_run_exists(const char *folder)
{
    char path[CT_PATH_BYTES];
    return ct_file_exists(ct_folder_path(path, folder, "recipe.ini", CT_IGNORE_ERROR));
}

/* That data has moved is said with the key and the way out. */
static void find_data(ct_data_recipe *d, const char *recipe, ct_error *err)
{
    const char *key;
    for (int i = 0; i < CT_RECIPE_PATHS; i++) {
        const char *path = ct_recipe_path(d, i, &key);
        if (path != NULL && ct_file_stamp(path) == 0 && !ct_file_exists(path))
            CT_FAIL(err, CT_ERR_IO,
                    "%s: data.%s = %s: no such file here; if it moved, add data.%s=PATH", recipe,
                    key, path, key);
    }
}

ct_status ct_run_recipe(const char *folder, const char *const *settings, ct_recipe *out,
                        ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_folder_path(path, folder, "recipe.ini", err);
    if (!ct_run_exists(folder))
        CT_FAIL(err, CT_ERR_IO, "%s: is no run: there is no recipe.ini in it", folder);
    *out = ct_recipe_defaults();
    ct_recipe_read(out, path, NULL, err);
    for (; *settings != NULL && err->status == CT_OK; settings++)
        ct_recipe_override(out, *settings, err);
    find_data(&out->data, path, err);
    return ct_recipe_check(out, err);
}

ct_status ct_run_checkpoint(const char *folder, const char *which, char path[CT_PATH_BYTES],
                            ct_error *err)
{
    char name[32];
    if (which == NULL)
        which = "latest";
    if (strcmp(which, "latest") != 0 && strcmp(which, "best") != 0)
        return CT_FAIL(err, CT_ERR_CONFIG, "checkpoint %.40s: expected latest or best", which);
    snprintf(name, sizeof name, "%s.safetensors", which);
    ct_folder_path(path, folder, name, err);
    return err->status;
}

static void save_text(const run *r, const char *path, const char *text)
{
    ct_writer w;
    ct_writer_open(&w, path, r->err);
    ct_writer_bytes(&w, text, strlen(text));
    ct_writer_commit(&w);
}

static void save_recipe(const run *r)
{
    char text[CT_RECIPE_BYTES], path[CT_PATH_BYTES];
    ct_folder_path(path, r->folder, "recipe.ini", r->err);
    ct_recipe_text(&r->t->recipe, path, text, r->err);
    save_text(r, path, text);
}

/* Where it runs: for people; no number of the run depends on it. */
static void save_environment(const run *r)
{
    ct_json j = {0};
    char path[CT_PATH_BYTES];
    ct_folder_path(path, r->folder, "environment.json", r->err);
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "version", CT_VERSION);
    ct_json_string(&j, "compiler", __VERSION__);
    ct_json_string(&j, "instruction_set", ct_device_isa(r->t->device));
    ct_json_integer(&j, "threads", ct_device_threads(r->t->device));
    ct_json_integer(&j, "processors", ct_cpu_count());
    ct_json_integer(&j, "from_step", r->t->step);
    ct_json_close(&j);
    if (j.failed)
        CT_FAIL(r->err, CT_ERR_NOMEM, "run: no memory for environment.json");
    else
        save_text(r, path, j.text);
    ct_json_free(&j);
}

ct_status ct_run_open(ct_trainer *t, const char *folder, const char *const *settings,
                      const char *checkpoint, ct_device *device, bool *changed, ct_error *err)
{
    ct_recipe recipe;
    char path[CT_PATH_BYTES];
    ct_run_recipe(folder, settings, &recipe, err);
    ct_trainer_init(t, &recipe, NULL, device, err);
    ct_run_checkpoint(folder, checkpoint, path, err);
    return ct_checkpoint_load(t, false, path, changed, err);
}

/* ---- lines ---- */

typedef struct timing {
    long step;
    double seconds, pairs_per_second;
} timing;

static const ct_field TIMING[] = {
    {.key = "step", .kind = CT_LONG, CT_AT(timing, step)},
    {.key = "seconds", .kind = CT_SINGLE, CT_AT(timing, seconds)},
    {.key = "pairs_per_second", .kind = CT_SINGLE, CT_AT(timing, pairs_per_second)},
};
static const ct_fields TIMING_FIELDS = CT_FIELDS(TIMING);

static void put_step(run *r, const ct_step *s)
{
    const double seconds = ct_clock_s() - r->began,
                 pairs = (double)s->step * r->t->recipe.train.batch;
    const timing now = {s->step, seconds, pairs / (seconds > 0 ? seconds : 1e-9)};
    const ct_step_line line = {*s, ct_trainer_landmarks(r->t, s)};
    ct_log_put(&r->log, "step", &ct_step_fields, &line);
    ct_log_put(&r->timing, NULL, &TIMING_FIELDS, &now);
}

/* From this step on it is other data. */
static const ct_field DATA[] = {{.key = "step", .kind = CT_LONG, CT_AT(ct_trainer, step)}};
static const ct_fields DATA_FIELDS = CT_FIELDS(DATA);

static bool has_probe(const run *r)
{
    return r->t->recipe.monitor.snapshots > 0 && ct_probe_size(r->t->pairs) >= 2;
}

/* The first line of a log: the pairs that snapshots are about. */
static void put_probe(run *r)
{
    ct_arena arena;
    ct_arena_open(&arena, "snapshot", 0, r->err);
    const ct_probe probe = ct_probe_of(r->t->pairs, &arena, r->err);
    if (r->err->status == CT_OK)
        ct_log_put(&r->log, "probe", &ct_probe_fields, &probe);
    ct_arena_free(&arena);
}

/* How many bytes of timing.jsonl are about steps up to `step`, and the seconds that
 * the last of them names. What is there and cannot be read must not be cut off. */
static uint64_t kept_timing(const char *path, long step, double *seconds, ct_error *err)
{
    timing t = {.step = LONG_MAX};
    ct_arena arena;
    char *text;
    size_t size;
    uint64_t keep = 0;
    ct_arena_open(&arena, path, 0, err);
    if (step > 0 && ct_file_exists(path) &&
        ct_file_read(path, 0, &arena, &text, &size, err) == CT_OK) {
        char *line = text;
        while (ct_log_next(&line, &TIMING_FIELDS, &t) && t.step <= step) {
            keep = (uint64_t)(line - text);
            *seconds = t.seconds;
            t.step = LONG_MAX;
        }
    }
    ct_arena_free(&arena);
    return keep;
}

/* Both continue after the lines that the checkpoint knows. */
static void open_log(run *r)
{
    char path[CT_PATH_BYTES];
    double seconds = 0;
    ct_folder_path(path, r->folder, "timing.jsonl", r->err);
    ct_writer_reopen(&r->timing.writer, path, kept_timing(path, r->t->step, &seconds, r->err),
                     r->err);
    ct_folder_path(path, r->folder, "log.jsonl", r->err);
    ct_writer_reopen(&r->log.writer, path, (uint64_t)r->t->progress.log_bytes, r->err);
    r->began = ct_clock_s() - (seconds > 0 ? seconds : 0);
    if (r->log.writer.size == 0 && has_probe(r))
        put_probe(r);
    if (r->watch->changed != NULL && *r->watch->changed)
        ct_log_put(&r->log, "data_changed", &DATA_FIELDS, r->t);
}

/* ---- checkpoints ---- */

static void save_checkpoint(run *r, const char *which)
{
    char path[CT_PATH_BYTES];
    ct_run_checkpoint(r->folder, which, path, r->err);
    ct_checkpoint_save(r->t, path, r->err);
}

/* The lines first, then the checkpoint that counts on them. */
static void save(run *r)
{
    ct_writer_sync(&r->log.writer);
    ct_writer_flush(&r->timing.writer);
    r->t->progress.log_bytes = (long)r->log.writer.size;
    save_checkpoint(r, "latest");
}

/* This step's checkpoint, once more: as it was saved before the evaluation that found it the best,
 * so that a run that continues from it evaluates again. */
static void keep_best(run *r, const ct_evaluation *e)
{
    const double recall = (e->measures.recall_at_1[0] + e->measures.recall_at_1[1]) / 2;
    if (!r->t->recipe.train.keep_best ||
        (r->t->progress.best_step > 0 && recall <= r->t->progress.best))
        return;
    save_checkpoint(r, "best");
    r->t->progress.best_step = r->t->step;
    r->t->progress.best = recall;
}

/* ---- the loop ---- */

/* The monitors; a collapse ends the run if the recipe says so. */
static void look(run *r, ct_monitor *m)
{
    const ct_diagnosis *d = &m->diagnosis;
    if (ct_monitor_look(r->t, m, r->err) != CT_OK)
        return;
    ct_log_put(&r->log, "monitor", &ct_monitor_fields, m);
    if (r->watch->on_monitor != NULL)
        r->watch->on_monitor(r->watch->ctx, r->t, m);
    if (r->t->recipe.monitor.stop_on_collapse &&
        (d->state == CT_COLLAPSED || d->state == CT_DIMENSIONAL_COLLAPSE))
        CT_FAIL(r->err, CT_ERR_NUMERIC, "step %ld: %s: %s (monitor.stop_on_collapse)", r->t->step,
                d->text.name, d->evidence[0]);
}

static void set_safe(const run *r, bool safe)
{
    if (r->watch->safe != NULL)
        *r->watch->safe = safe;
}

/* Measure a split, or what there is in its place. All that counts is on the disk by now: a signal
 * need not wait for the end. */
static void evaluate(run *r, ct_split split, int limit)
{
    ct_evaluation e;
    ct_monitor m;
    const bool at_end = r->t->step == r->t->recipe.train.steps;
    if (r->err->status != CT_OK)
        return;
    set_safe(r, true);
    split = ct_pairs_split(r->t->pairs, split);
    if (ct_trainer_evaluate(r->t, split, limit, &e, &m.diagnosis, r->err) == CT_OK) {
        ct_log_put(&r->log, "evaluation", &ct_evaluation_fields, &e);
        if (r->watch->on_evaluation != NULL)
            r->watch->on_evaluation(r->watch->ctx, r->t, &e);
        if (!at_end)
            look(r, &m);
    }
    set_safe(r, false);
    if (!at_end && r->err->status == CT_OK)
        keep_best(r, &e);
}

static bool is_due(long step, int every)
{
    return every > 0 && step > 0 && step % every == 0;
}

/* A picture of where the embeddings are, if one is due or an imported run has none yet. That they
 * are not finite, the next step says with a name. */
static void take_snapshot(run *r)
{
    const ct_recipe *recipe = &r->t->recipe;
    ct_snapshot s;
    ct_error why = {0};
    if (r->err->status != CT_OK || !has_probe(r) ||
        (!r->imported &&
         !ct_snapshot_due(r->t->step, recipe->train.steps, recipe->monitor.snapshots)))
        return;
    r->imported = false;
    if (ct_snapshot_take(r->t, &s, &why) == CT_OK)
        ct_log_put(&r->log, "snapshot", &ct_moment_fields, &s.moment);
    else if (why.status != CT_ERR_NUMERIC)
        *r->err = why;
}

static void make_step(run *r)
{
    const ct_recipe *recipe = &r->t->recipe;
    ct_step s;
    if (r->err->status != CT_OK || ct_trainer_step(r->t, &s, r->err) != CT_OK)
        return;
    take_snapshot(r);
    if (s.step == 1 || s.step == recipe->train.steps || is_due(s.step, recipe->monitor.log_every))
        put_step(r, &s);
    if (r->watch->on_step != NULL)
        r->watch->on_step(r->watch->ctx, r->t, &s, ct_clock_s() - r->began);
}

/* Between one step and the next: save, then end or evaluate. */
static void run_to_end(run *r)
{
    const ct_recipe *recipe = &r->t->recipe;
    bool end = false;
    set_safe(r, false);
    if (r->t->step == 0 || r->imported)
        take_snapshot(r);
    while (r->err->status == CT_OK && !end) {
        const long step = r->t->step;
        const bool stopped = r->watch->stop != NULL && *r->watch->stop != 0;
        const bool validate = is_due(step, recipe->monitor.evaluate_every);
        end = step == recipe->train.steps || stopped;
        if (step > 0 && (end || validate || is_due(step, recipe->train.checkpoint_every)))
            save(r);
        if (!end && validate)
            evaluate(r, CT_VALIDATION, recipe->monitor.pairs);
        if (!end)
            make_step(r);
    }
    if (r->t->step < recipe->train.steps) /* stopped: too early to judge */
        return;
    evaluate(r, CT_TEST, 0);
    if (r->t->pairs->count[CT_COMPOSITION] > 0)
        evaluate(r, CT_COMPOSITION, 0);
}

/* ---- from beginning to end ---- */

static ct_status run_logged(run *r)
{
    open_log(r);
    save_environment(r);
    if (r->err->status == CT_OK)
        run_to_end(r);
    ct_log_close(&r->log);
    ct_log_close(&r->timing);
    ct_folder_unlock(r->lock);
    return r->err->status;
}

/* The folder of a new run. What an older one left there goes, its checkpoints first; given weights
 * are there before the recipe makes it a run, for a killed run continues without asking for them.
 */
static void clear_folder(run *r, bool keep_weights)
{
    static const char *const OLD[] = {"best.safetensors", "latest.safetensors", "log.jsonl",
                                      "timing.jsonl"};
    char path[CT_PATH_BYTES];
    for (int i = 0; i < 4; i++)
        ct_file_remove(ct_folder_path(path, r->folder, OLD[i], r->err), r->err);
    if (keep_weights)
        save_checkpoint(r, "latest");
    save_recipe(r);
}

ct_status ct_run_train(ct_trainer *t, const char *folder, const char *weights,
                       const ct_run_watch *watch, ct_error *err)
{
    run r = {.t = t, .folder = folder, .watch = watch, .err = err};
    if (weights != NULL)
        ct_weights_load(&t->model.params, weights, t->unused, err);
    ct_folder_make(folder, err);
    ct_folder_lock(folder, &r.lock, err);
    r.imported = t->step > 0;
    t->progress = (ct_progress){.best = 0}; /* of this folder */
    clear_folder(&r, weights != NULL || r.imported);
    return run_logged(&r);
}

/* State as of the checkpoint; without one, as of the beginning. An older one becomes the latest
 * before the log loses the lines that the latest counts on. */
static void rewind_to(run *r, const char *which)
{
    char path[CT_PATH_BYTES];
    ct_run_checkpoint(r->folder, which, path, r->err);
    if (which == NULL && !ct_file_exists(path))
        return;
    ct_checkpoint_load(r->t, true, path, r->watch->changed, r->err);
    if (which != NULL)
        save_checkpoint(r, "latest");
}

ct_status ct_run_resume(ct_trainer *t, const char *folder, const char *which,
                        const ct_run_watch *watch, ct_error *err)
{
    run r = {.t = t, .folder = folder, .watch = watch, .err = err};
    ct_folder_lock(folder, &r.lock, err);
    rewind_to(&r, which);
    return run_logged(&r);
}
