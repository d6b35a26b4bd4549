/* sweep.c -- running a grid, one run to a thread, and keeping what was done.
 *
 * Runs end in any order on any thread; a line is written under a lock as soon as its run
 * has ended, so whoever is interrupted loses the runs in flight and nothing else.
 * No result depends on the threads.
 *
 * Layer: lab. Needs formats (json). */
#include "lab/sweep.h"

#include "formats/json.h"
#include "formats/text.h"
#include "platform/file.h"
#include "platform/memory.h"
#include "platform/pool.h"
#include "train/autopsy.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* ---- lines of runs.jsonl ---- */

static void number_pair(ct_json *j, const char *key, const double x[2])
{
    ct_json_open(j, key, '[');
    ct_json_number(j, NULL, x[0]);
    ct_json_number(j, NULL, x[1]);
    ct_json_close(j);
}

/* The k-th run as a line, its newline in place of the NUL. */
static void run_line(ct_json *j, const ct_sweep *s, int k, const ct_sweep_run *r)
{
    char settings[512];
    ct_sweep_settings(s, k / s->n_seeds, settings, sizeof settings);
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "run", k);
    ct_json_string(j, "settings", settings);
    ct_json_integer(j, "seed", s->first_seed + k % s->n_seeds);
    ct_json_string(j, "state", r->diverged ? "diverged" : ct_state_describe(r->state)->name);
    ct_json_number(j, "loss", r->loss);
    ct_json_number(j, "all_equal", r->all_equal);
    ct_json_integer(j, "escape_step", r->escape); /* 0: never */
    number_pair(j, "recall_at_1", r->recall);
    number_pair(j, "mean_cosine", r->cosine);
    number_pair(j, "effective_rank_centred", r->rank);
    ct_json_number(j, "modality_gap", r->gap);
    ct_json_close(j);
}

static void head_line(ct_json *j, const ct_sweep *s)
{
    char text[8192];
    ct_sweep_describe(s, text, sizeof text);
    ct_json_open(j, NULL, '{');
    ct_json_string(j, "sweep", text);
    ct_json_close(j);
}

static void end_line(ct_json *j, ct_writer *w)
{
    if (!j->failed) {
        j->text[j->used++] = '\n';
        ct_writer_bytes(w, j->text, j->used);
    }
    ct_json_reset(j);
}

static void set_state(ct_sweep_run *r, const char *name)
{
    r->diverged = strcmp(name, "diverged") == 0;
    r->state = CT_UNCERTAIN;
    for (int s = 0; s < CT_N_STATES; s++)
        if (strcmp(name, ct_state_describe((ct_state)s)->name) == 0)
            r->state = (ct_state)s;
}

/* A line back into its run; false if it is not whole, as the last one may be. */
static bool read_line(char *line, int n_runs, ct_sweep_run *run)
{
    ct_json_reader r;
    ct_sweep_run got = {.loss = (double)NAN};
    int k = -1, place = 0;
    char key[32] = "";
    ct_json_reader_init(&r, line);
    for (;;) {
        const ct_json_type type = ct_json_next(&r);
        if (type == CT_JSON_BAD)
            return false;
        if (type == CT_JSON_END)
            break;
        if (r.key != NULL)
            snprintf(key, sizeof key, "%s", r.key);
        if (type == CT_JSON_ARRAY)
            place = 0;
        if (type == CT_JSON_STRING && strcmp(key, "state") == 0)
            set_state(&got, r.text);
        if (type != CT_JSON_NUMBER)
            continue;
        if (strcmp(key, "run") == 0)
            k = r.number >= 0 && r.number < n_runs ? (int)r.number : -1;
        else if (strcmp(key, "loss") == 0)
            got.loss = r.number;
        else if (strcmp(key, "all_equal") == 0)
            got.all_equal = r.number;
        else if (strcmp(key, "escape_step") == 0)
            got.escape = (long)r.number;
        else if (strcmp(key, "modality_gap") == 0)
            got.gap = r.number;
        else if (strcmp(key, "recall_at_1") == 0 && place < 2)
            got.recall[place++] = r.number;
        else if (strcmp(key, "mean_cosine") == 0 && place < 2)
            got.cosine[place++] = r.number;
        else if (strcmp(key, "effective_rank_centred") == 0 && place < 2)
            got.rank[place++] = r.number;
    }
    if (k < 0)
        return false;
    got.done = true;
    run[k] = got;
    return true;
}

/* What is there already, and how many bytes of it are good. */
static ct_status read_done(const ct_sweep *s, const char *path, ct_sweep_run *run, uint64_t *keep,
                           ct_error *err)
{
    ct_arena arena;
    char *text;
    size_t size;
    ct_json head = {0};
    head_line(&head, s);
    ct_arena_init(&arena, 0);
    ct_status status = ct_file_read(path, 0, &arena, &text, &size, err);
    if (status == CT_OK && head.failed)
        status = CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its first line", path);
    else if (status == CT_OK && (size <= head.used || memcmp(text, head.text, head.used) != 0 ||
                                 text[head.used] != '\n'))
        status = CT_FAIL(err, CT_ERR_CONFIG, "%s: holds another sweep, or none; give another -o",
                         path);
    for (size_t at = head.used + 1; status == CT_OK && at < size;) {
        char *end = memchr(text + at, '\n', size - at);
        *keep = at;
        if (end == NULL)
            break;
        *end = '\0';
        if (!read_line(text + at, s->n_points * s->n_seeds, run))
            break;
        at = (size_t)(end - text) + 1;
        *keep = at;
    }
    if (status == CT_OK && *keep == 0)
        *keep = head.used + 1;
    ct_json_free(&head);
    ct_arena_free(&arena);
    return status;
}

/* ---- running ---- */

typedef struct job {
    const ct_sweep *sweep;
    const ct_pairs *pairs; /* of all runs; NULL: each makes its own */
    const ct_sweep_watch *watch;
    ct_sweep_run *run;
    ct_writer *writer; /* or NULL */
    ct_json json;
    int done;
    atomic_flag lock;
    ct_error error; /* the first */
} job;

static ct_status recipe_of(const ct_sweep *s, int k, ct_recipe *r, ct_error *err)
{
    char settings[512];
    *r = s->base;
    ct_sweep_settings(s, k / s->n_seeds, settings, sizeof settings);
    r->train.seed = s->first_seed + k % s->n_seeds;
    return ct_variant_apply(r, settings, err);
}

static ct_status measure(ct_trainer *t, ct_sweep_run *out, ct_autopsy *a, ct_error *err)
{
    ct_trial trial;
    ct_status status = ct_trial_train(t, &trial, err);
    out->diverged = trial.diverged;
    out->loss = trial.loss;
    out->all_equal = trial.all_equal;
    out->escape = trial.escape;
    out->state = CT_UNCERTAIN;
    if (status == CT_OK)
        status = ct_autopsy_run(t, CT_TEST, 0, a, err);
    if (status != CT_OK)
        return status;
    out->state = a->diagnosis.state;
    out->gap = a->findings.gap;
    for (int i = 0; i < 2; i++) {
        out->recall[i] = a->findings.recall[i].at1;
        out->cosine[i] = a->findings.side[i].mean_cosine;
        out->rank[i] = a->findings.side[i].rank_centred;
    }
    return CT_OK;
}

static ct_status run_one(const job *j, int k, ct_sweep_run *out, ct_error *err)
{
    ct_recipe recipe;
    ct_trainer t;
    ct_status status = recipe_of(j->sweep, k, &recipe, err);
    if (status != CT_OK)
        return status;
    ct_autopsy *a = ct_alloc(1, sizeof *a);
    ct_device *device = ct_device_new(1, NULL, err);
    ct_pairs *own = j->pairs == NULL && device != NULL ? ct_recipe_data(&recipe, err) : NULL;
    const ct_pairs *pairs = j->pairs != NULL ? j->pairs : own;
    if (a == NULL)
        status = CT_FAIL(err, CT_ERR_NOMEM, "sweep: out of memory");
    else if (device == NULL || pairs == NULL)
        status = err->status;
    else {
        status = ct_trainer_init(&t, &recipe, pairs, device, err);
        if (status == CT_OK)
            status = measure(&t, out, a, err);
        ct_trainer_free(&t);
    }
    ct_pairs_free(own);
    ct_device_free(device);
    ct_free(a);
    return out->diverged ? CT_OK : status;
}

static void run_block(void *ctx, int k)
{
    job *j = ctx;
    ct_sweep_run *r = &j->run[k];
    ct_error err = {0};
    if (r->done || (j->watch->stop != NULL && *j->watch->stop != 0))
        return;
    ct_sweep_run got = {.done = true};
    const ct_status status = run_one(j, k, &got, &err);
    while (atomic_flag_test_and_set(&j->lock)) /* held for microseconds */
        ;
    if (status != CT_OK) {
        char settings[512];
        ct_sweep_settings(j->sweep, k / j->sweep->n_seeds, settings, sizeof settings);
        CT_FAIL(&j->error, status, "%s seed=%ld: %s", settings,
                j->sweep->first_seed + k % j->sweep->n_seeds, err.msg);
    } else {
        *r = got;
        j->done++;
        if (j->writer != NULL) {
            run_line(&j->json, j->sweep, k, r);
            end_line(&j->json, j->writer);
            ct_writer_flush(j->writer);
        }
        if (j->watch->on_run != NULL)
            j->watch->on_run(j->watch->ctx, j->done, j->sweep->n_points * j->sweep->n_seeds);
    }
    atomic_flag_clear(&j->lock);
}

/* Does any key of the grid change the data? */
static bool shares_data(const ct_sweep *s)
{
    for (int k = 0; k < s->n_axes; k++)
        if (strncmp(s->axis[k].key, "data.", 5) == 0)
            return false;
    return true;
}

static ct_status run_missing(const ct_sweep *s, ct_writer *w, int threads,
                             const ct_sweep_watch *watch, ct_sweep_run *run, ct_error *err)
{
    const int n = s->n_points * s->n_seeds;
    job j = {.sweep = s, .watch = watch, .run = run, .writer = w, .lock = ATOMIC_FLAG_INIT};
    ct_pairs *pairs = shares_data(s) ? ct_recipe_data(&s->base, err) : NULL;
    ct_pool *pool = ct_pool_new(threads, err);
    ct_status status = err->status;
    for (int k = 0; k < n; k++)
        j.done += run[k].done;
    j.pairs = pairs;
    if (status == CT_OK) {
        ct_pool_run(pool, n, run_block, &j);
        if (j.error.status == CT_OK && j.json.failed)
            CT_FAIL(&j.error, CT_ERR_NOMEM, "sweep: no memory for a line");
        if (j.error.status != CT_OK)
            status = CT_FAIL(err, j.error.status, "%s", j.error.msg);
    }
    ct_json_free(&j.json);
    ct_pool_free(pool);
    ct_pairs_free(pairs);
    return status;
}

/* All runs in the order of the grid, in place of the order in which they ended. */
static ct_status write_sorted(const ct_sweep *s, const ct_sweep_run *run, const char *path,
                              ct_error *err)
{
    ct_writer w;
    ct_json j = {0};
    ct_status status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    head_line(&j, s);
    end_line(&j, &w);
    for (int k = 0; k < s->n_points * s->n_seeds; k++) {
        run_line(&j, s, k, &run[k]);
        end_line(&j, &w);
    }
    const bool failed = j.failed;
    ct_json_free(&j);
    if (failed) {
        ct_writer_abandon(&w);
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for a line", path);
    }
    return ct_writer_commit(&w);
}

static ct_status open_log(const ct_sweep *s, const char *folder, const char *path,
                          ct_sweep_run *run, ct_writer *w, ct_error *err)
{
    uint64_t keep = 0;
    ct_json head = {0};
    ct_status status = ct_folder_make(folder, err);
    if (status == CT_OK && ct_file_exists(path)) {
        status = read_done(s, path, run, &keep, err);
        return status == CT_OK ? ct_writer_reopen(w, path, keep, err) : status;
    }
    if (status == CT_OK)
        status = ct_writer_open(w, path, CT_LOG, err);
    if (status != CT_OK)
        return status;
    head_line(&head, s);
    end_line(&head, w);
    ct_json_free(&head);
    return ct_writer_flush(w);
}

ct_status ct_sweep_run_all(const ct_sweep *s, const char *folder, int threads,
                           const ct_sweep_watch *watch, ct_sweep_run *run, ct_error *err)
{
    ct_recipe probe;
    char path[CT_PATH_BYTES];
    ct_writer w;
    ct_status status = CT_OK;
    for (int p = 0; p < s->n_points && status == CT_OK; p++) /* before hours of work */
        status = recipe_of(s, p * s->n_seeds, &probe, err);
    if (status != CT_OK || folder == NULL)
        return status != CT_OK ? status : run_missing(s, NULL, threads, watch, run, err);
    if (snprintf(path, sizeof path, "%s/runs.jsonl", folder) >= (int)sizeof path)
        return CT_FAIL(err, CT_ERR_IO, "%s: the path is too long", folder);
    status = open_log(s, folder, path, run, &w, err);
    if (status != CT_OK)
        return status;
    status = run_missing(s, &w, threads, watch, run, err);
    const ct_status closed = ct_writer_commit(&w);
    status = status == CT_OK ? closed : status;
    bool whole = true;
    for (int k = 0; k < s->n_points * s->n_seeds; k++)
        whole = whole && run[k].done;
    return status == CT_OK && whole ? write_sorted(s, run, path, err) : status;
}
