/* run.c -- the loop over steps, and what it leaves in the run's folder.
 *
 * The order of writing is what makes a run go on after any kind of death: first
 * the lines of metrics.jsonl are on the disk, then the checkpoint that knows how
 * many of their bytes are its own, then `latest` names it, then old checkpoints
 * go. A step's evaluation comes after its checkpoint and not before: a signal
 * while it measures may then end the program at once.
 *
 * Layer: train. */
#include "train/run.h"

#include "contrast/contrast.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/file.h"
#include "train/run_log.h"
#include "train/snapshot.h"

#include <stdlib.h>
#include <string.h>

typedef struct run {
    ct_trainer *t;
    const char *folder;
    const ct_run_watch *watch;
    ct_run_log log;
    ct_snapshots snapshots;
    ct_progress progress;
    long saved; /* step of the last checkpoint; -1: none */
    ct_error *err;
} run;

/* ---- files of the folder ---- */

bool ct_run_exists(const char *folder)
{
    char path[CT_PATH_BYTES];
    return ct_run_path(path, folder, "recipe.ini", CT_IGNORE_ERROR) == CT_OK &&
           ct_file_exists(path);
}

ct_status ct_run_recipe(const char *folder, ct_recipe *out, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_status status = ct_run_path(path, folder, "recipe.ini", err);
    *out = ct_recipe_defaults();
    if (status == CT_OK)
        status = ct_recipe_read(out, path, err);
    return status == CT_OK ? ct_recipe_check(out, err) : status;
}

static ct_status save_text(const char *folder, const char *name, const char *text, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_writer w;
    ct_status status = ct_run_path(path, folder, name, err);
    if (status == CT_OK)
        status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    ct_writer_bytes(&w, text, strlen(text));
    return ct_writer_commit(&w);
}

static ct_status remove_file(const char *folder, const char *name, ct_error *err)
{
    char path[CT_PATH_BYTES];
    const ct_status status = ct_run_path(path, folder, name, err);
    return status == CT_OK ? ct_file_remove(path, err) : status;
}

static ct_status save_recipe(const ct_recipe *r, const char *folder, ct_error *err)
{
    char text[16384];
    const size_t size = ct_fields_ini(&ct_recipe_fields, r, false, text, sizeof text);
    CT_ASSERT(size < sizeof text);
    return save_text(folder, "recipe.ini", text, err);
}

/* Where it runs: for people; no number of the run depends on it. */
static ct_status save_environment(const run *r)
{
    ct_json j = {0};
    ct_status status;
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "version", CT_VERSION);
    ct_json_string(&j, "compiler", __VERSION__);
    ct_json_string(&j, "instruction_set", ct_device_isa(r->t->device));
    ct_json_integer(&j, "threads", ct_device_threads(r->t->device));
    ct_json_integer(&j, "processors", ct_cpu_count());
    ct_json_integer(&j, "from_step", r->t->step);
    ct_json_close(&j);
    status = j.failed ? CT_FAIL(r->err, CT_ERR_NOMEM, "run: no memory for environment.json")
                      : save_text(r->folder, "environment.json", j.text, r->err);
    ct_json_free(&j);
    return status;
}

/* ---- checkpoints ---- */

#define CHECKPOINT "checkpoints/step-%06ld.safetensors"

/* The step in "step-000040.safetensors", or -1. */
static long step_of(const char *name)
{
    char *end;
    const long step = strncmp(name, "step-", 5) == 0 ? strtol(name + 5, &end, 10) : -1;
    return step >= 0 && end > name + 5 && strcmp(end, ".safetensors") == 0 ? step : -1;
}

static ct_status step_path(char path[CT_PATH_BYTES], const char *folder, long step, ct_error *err)
{
    char name[64];
    snprintf(name, sizeof name, CHECKPOINT, step);
    return ct_run_path(path, folder, name, err);
}

/* The checkpoint that the pointer file `which` ("latest", "best") names; or
 * CT_ERR_IO if there is none. */
static ct_status read_pointer(const char *folder, const char *which, char path[CT_PATH_BYTES],
                              ct_error *err)
{
    char *text;
    size_t size;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ct_status status = ct_run_path(path, folder, which, err);
    if (status == CT_OK)
        status = ct_file_read(path, 256, &arena, &text, &size, err);
    if (status == CT_OK) {
        text[strcspn(text, "\n")] = '\0';
        if (strncmp(text, "checkpoints/", 12) != 0 || step_of(text + 12) < 0)
            status = CT_FAIL(err, CT_ERR_FORMAT, "%s: expected " CHECKPOINT, path, 40L);
        else
            status = ct_run_path(path, folder, text, err);
    }
    ct_arena_free(&arena);
    return status;
}

ct_status ct_run_checkpoint(const char *folder, const char *which, char path[CT_PATH_BYTES],
                            ct_error *err)
{
    char *end;
    if (which == NULL || strcmp(which, "latest") == 0 || strcmp(which, "best") == 0)
        return read_pointer(folder, which == NULL ? "latest" : which, path, err);
    const long step = strtol(which, &end, 10);
    if (end == which || *end != '\0' || step < 0)
        return CT_FAIL(err, CT_ERR_CONFIG, "checkpoint %.40s: expected latest, best or a step",
                       which);
    return step_path(path, folder, step, err);
}

static int compare_steps(const void *a, const void *b)
{
    const long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Remove checkpoints: those of steps after `newest`, and of the others all but the
 * last `keep` and the best one. What a killed save left goes too. */
static ct_status prune(const run *r, long newest, int keep)
{
    char path[CT_PATH_BYTES], name[64], **file;
    int n = 0, n_steps = 0;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ct_status status = ct_run_path(path, r->folder, "checkpoints", r->err);
    if (status == CT_OK)
        status = ct_folder_list(path, &arena, &file, &n, r->err);
    long *step = status == CT_OK ? ct_arena_zeroed(&arena, (size_t)n + 1, sizeof *step) : NULL;
    if (status == CT_OK && step == NULL)
        status = CT_FAIL(r->err, CT_ERR_NOMEM, "%s: no memory for its list", path);
    for (int i = 0; i < n && status == CT_OK; i++) {
        const size_t length = strlen(file[i]);
        if (step_of(file[i]) >= 0)
            step[n_steps++] = step_of(file[i]);
        else if (length > 4 && strcmp(file[i] + length - 4, ".tmp") == 0)
            status = remove_file(path, file[i], r->err);
    }
    if (n_steps > 0)
        qsort(step, (size_t)n_steps, sizeof *step, compare_steps);
    while (n_steps > 0 && status == CT_OK && step[n_steps - 1] > newest) {
        snprintf(name, sizeof name, CHECKPOINT, step[--n_steps]);
        status = remove_file(r->folder, name, r->err);
    }
    for (int i = 0; i < n_steps - keep && status == CT_OK; i++) {
        snprintf(name, sizeof name, CHECKPOINT, step[i]);
        if (step[i] != r->progress.best_step || keep == 0)
            status = remove_file(r->folder, name, r->err);
    }
    ct_arena_free(&arena);
    return status;
}

static ct_status save(run *r)
{
    const long step = r->t->step;
    char name[64], path[CT_PATH_BYTES];
    if (r->saved == step)
        return CT_OK;
    snprintf(name, sizeof name, CHECKPOINT "\n", step);
    ct_status status = ct_run_log_sync(&r->log);
    if (status == CT_OK && r->snapshots.w.fd >= 0)
        status = ct_writer_sync(&r->snapshots.w);
    r->progress.metrics_bytes = r->log.metrics.size;
    if (status == CT_OK)
        status = step_path(path, r->folder, step, r->err);
    if (status == CT_OK)
        status = ct_checkpoint_save(r->t, &r->progress, path, r->err);
    if (status == CT_OK)
        status = save_text(r->folder, "latest", name, r->err);
    if (status == CT_OK)
        status = prune(r, step, r->t->recipe->train.keep_last);
    r->saved = status == CT_OK ? step : r->saved;
    return status;
}

/* ---- the loop ---- */

static bool is_due(long step, int every)
{
    return every > 0 && step % every == 0;
}

/* The monitors; a collapse ends the run if the recipe says so. */
static ct_status look(run *r, int limit)
{
    ct_monitor m;
    const ct_status status = ct_monitor_look(r->t, limit, &m, r->err);
    if (status != CT_OK)
        return status;
    ct_run_log_monitor(&r->log, r->t->step, &m);
    if (r->watch->on_monitor != NULL)
        r->watch->on_monitor(r->watch->ctx, r->t, &m);
    if (!r->t->recipe->monitor.stop_on_collapse ||
        (m.state != CT_COLLAPSED && m.state != CT_DIMENSIONAL_COLLAPSE))
        return CT_OK;
    return CT_FAIL(r->err, CT_ERR_NUMERIC, "step %ld: %s: %s (monitor.stop_on_collapse)",
                   r->t->step, ct_state_describe(m.state)->name, m.evidence);
}

/* Measure a split; the best checkpoint is the one whose validation is best. */
static ct_status evaluate(run *r, ct_split split, int limit)
{
    ct_evaluation e;
    ct_status status = ct_trainer_evaluate(r->t, split, limit, &e, r->err);
    if (status != CT_OK)
        return status;
    ct_run_log_evaluation(&r->log, r->t->step, &e);
    if (r->watch->on_evaluation != NULL)
        r->watch->on_evaluation(r->watch->ctx, r->t, &e);
    status = split == CT_VALIDATION ? look(r, limit) : CT_OK;
    if (status != CT_OK)
        return status;
    const double recall = (e.recall[0].at1 + e.recall[1].at1) / 2;
    if (split != CT_VALIDATION || !r->t->recipe->train.keep_best ||
        (r->progress.best_step > 0 && recall <= r->progress.best))
        return CT_OK;
    char name[64];
    snprintf(name, sizeof name, CHECKPOINT "\n", r->t->step);
    r->progress.best_step = r->t->step;
    r->progress.best = recall;
    return save_text(r->folder, "best", name, r->err);
}

static void set_safe(const run *r, bool safe)
{
    if (r->watch->safe != NULL)
        *r->watch->safe = safe;
}

static bool stopped(const run *r)
{
    return r->watch->stop != NULL && *r->watch->stop != 0;
}

static ct_status run_steps(run *r)
{
    const ct_recipe *recipe = r->t->recipe;
    const int steps = recipe->train.steps;
    ct_status status = r->t->step == 0 ? ct_snapshots_step(&r->snapshots, r->t, r->err) : CT_OK;
    while (status == CT_OK) {
        const bool evaluates = r->t->step > 0 && r->t->step < steps &&
                               is_due(r->t->step, recipe->monitor.evaluate_every);
        ct_step s;
        if (r->t->step > 0 && (evaluates || r->t->step == steps || stopped(r) ||
                               is_due(r->t->step, recipe->train.checkpoint_every)))
            status = save(r);
        if (status != CT_OK || r->t->step == steps || stopped(r))
            break;
        set_safe(r, true);
        if (evaluates)
            status = evaluate(r, CT_VALIDATION, recipe->monitor.pairs);
        set_safe(r, false);
        if (status == CT_OK)
            status = ct_trainer_step(r->t, &s, r->err);
        if (status != CT_OK)
            break;
        status = ct_snapshots_step(&r->snapshots, r->t, r->err);
        if (s.step == 1 || s.step == steps || is_due(s.step, recipe->monitor.log_every))
            ct_run_log_step(&r->log, r->t, &s);
        if (r->watch->on_step != NULL)
            r->watch->on_step(r->watch->ctx, r->t, &s, ct_clock_s() - r->log.began);
    }
    return status;
}

static ct_status run_to_end(run *r)
{
    ct_status status = run_steps(r);
    if (status != CT_OK ||
        r->t->step < r->t->recipe->train.steps) /* stopped: not worth a verdict */
        return status;
    set_safe(r, true);
    status = evaluate(r, CT_TEST, 0);
    if (status == CT_OK && r->t->pairs->count[CT_COMPOSITION] > 0)
        status = evaluate(r, CT_COMPOSITION, 0);
    return status;
}

static ct_status run_logged(run *r)
{
    ct_status status = ct_run_log_open(&r->log, r->folder, r->progress.metrics_bytes, r->t->step,
                                       r->err);
    if (status == CT_OK)
        status = ct_snapshots_open(&r->snapshots, r->folder, r->t, r->err);
    if (status == CT_OK)
        status = save_environment(r);
    if (status == CT_OK)
        status = run_to_end(r);
    const ct_status closed = ct_snapshots_close(&r->snapshots, r->err);
    const ct_status ended = ct_run_log_close(&r->log, r->err);
    return status != CT_OK ? status : closed != CT_OK ? closed : ended;
}

/* The folder of a new run; what an older one left there goes, its pointers first. */
static ct_status clear_folder(const run *r)
{
    char path[CT_PATH_BYTES];
    ct_status status = remove_file(r->folder, "latest", r->err);
    if (status == CT_OK)
        status = remove_file(r->folder, "best", r->err);
    if (status == CT_OK)
        status = ct_run_path(path, r->folder, "checkpoints", r->err);
    if (status == CT_OK)
        status = ct_folder_make(path, r->err);
    if (status == CT_OK)
        status = prune(r, -1, 0);
    return status == CT_OK ? save_recipe(r->t->recipe, r->folder, r->err) : status;
}

ct_status ct_run_train(ct_trainer *t, const char *folder, const ct_run_watch *watch, ct_error *err)
{
    run r = {
        .t = t, .folder = folder, .watch = watch, .saved = -1, .snapshots.w.fd = -1, .err = err};
    int lock = -1;
    ct_status status = ct_folder_make(folder, err);
    if (status == CT_OK)
        status = ct_folder_lock(folder, &lock, err);
    if (status == CT_OK)
        status = clear_folder(&r);
    if (status == CT_OK)
        status = run_logged(&r);
    ct_folder_unlock(lock);
    return status;
}

ct_status ct_run_import(ct_trainer *t, const char *weights, const char *folder, ct_error *err)
{
    const ct_run_watch nobody = {0};
    run r = {.t = t, .folder = folder, .watch = &nobody, .saved = -1, .err = err};
    int lock = -1;
    r.log.metrics.fd = r.log.timing.fd = -1;
    ct_status status = ct_weights_load(t, weights, err);
    if (status == CT_OK)
        status = ct_folder_make(folder, err);
    if (status == CT_OK)
        status = ct_folder_lock(folder, &lock, err);
    if (status == CT_OK)
        status = clear_folder(&r);
    if (status == CT_OK)
        status = ct_run_log_open(&r.log, folder, 0, 0, err);
    if (status == CT_OK)
        status = save(&r);
    const ct_status closed = ct_run_log_close(&r.log, err);
    ct_folder_unlock(lock);
    return status == CT_OK ? closed : status;
}

/* State as of the checkpoint; without one, as of the beginning. What was written
 * after it goes: it will be written again. */
static ct_status rewind_to(run *r, const char *which)
{
    char path[CT_PATH_BYTES], latest[CT_PATH_BYTES];
    ct_status status = ct_run_path(latest, r->folder, "latest", r->err);
    if (status != CT_OK)
        return status;
    if (which != NULL || ct_file_exists(latest)) {
        status = ct_run_checkpoint(r->folder, which, path, r->err);
        if (status == CT_OK)
            status = ct_checkpoint_load(r->t, &r->progress, path, r->err);
        if (status == CT_OK)
            r->saved = r->t->step;
    } else if ((status = ct_run_path(path, r->folder, "checkpoints", r->err)) == CT_OK) {
        status = ct_folder_make(path, r->err);
    }
    if (status == CT_OK && r->saved >= 0) {
        char name[64];
        snprintf(name, sizeof name, CHECKPOINT "\n", r->t->step);
        status = save_text(r->folder, "latest", name, r->err);
        snprintf(name, sizeof name, CHECKPOINT "\n", r->progress.best_step);
        if (status == CT_OK)
            status = r->progress.best_step > 0 ? save_text(r->folder, "best", name, r->err)
                                               : remove_file(r->folder, "best", r->err);
    }
    return status == CT_OK ? prune(r, r->t->step, r->t->recipe->train.keep_last) : status;
}

ct_status ct_run_resume(ct_trainer *t, const char *folder, const char *which,
                        const ct_run_watch *watch, ct_error *err)
{
    run r = {
        .t = t, .folder = folder, .watch = watch, .saved = -1, .snapshots.w.fd = -1, .err = err};
    int lock = -1;
    ct_status status = ct_folder_lock(folder, &lock, err);
    if (status == CT_OK)
        status = rewind_to(&r, which);
    if (status == CT_OK)
        status = run_logged(&r);
    ct_folder_unlock(lock);
    return status;
}

ct_status ct_run_load_weights(ct_trainer *t, const char *folder, const char *which, ct_error *err)
{
    char path[CT_PATH_BYTES];
    const ct_status status = ct_run_checkpoint(folder, which, path, err);
    return status == CT_OK ? ct_checkpoint_load(t, NULL, path, err) : status;
}
