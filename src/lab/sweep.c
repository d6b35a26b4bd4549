/* sweep.c -- keeping what was done of a sweep.
 *
 * A line is written as soon as its run has ended, so whoever is interrupted loses the runs in
 * flight and nothing else.
 *
 * Layer: lab. */
#include "lab/sweep.h"

#include "platform/file.h"

#include <string.h>

/* A line of runs.jsonl. */
typedef struct run_line {
    int run;
    const char *settings;
    long seed;
    ct_outcome outcome;
} run_line;

static const ct_field LINE[] = {
    {.key = "run", .kind = CT_INT, CT_AT(run_line, run)},
    {.key = "settings", .kind = CT_STRING, CT_AT(run_line, settings)},
    {.key = "seed", .kind = CT_LONG, CT_AT(run_line, seed)},
    {.kind = CT_GROUP, CT_AT(run_line, outcome), .members = &ct_outcome_fields},
};
static const ct_fields LINE_FIELDS = CT_FIELDS(LINE);

typedef struct job {
    ct_runs *runs;
    const ct_sweep_watch *watch;
    ct_writer writer;
    bool writes;
    ct_json json;
    int done;
} job;

/* The JSON as a line, its newline in place of the NUL. */
static void put_line(ct_json *j, ct_writer *w)
{
    if (!j->failed) {
        j->text[j->used++] = '\n';
        ct_writer_bytes(w, j->text, j->used);
    }
}

/* The hash of what is the same for every run (FNV-1a), and the grid: to recognise the sweep by. */
static void head_line(ct_json *j, const ct_sweep *s)
{
    char text[8192];
    uint32_t hash = 2166136261u;
    ct_fields_ini(&ct_recipe_fields, &s->base, false, text, sizeof text);
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    snprintf(text, sizeof text, "recipe %08x", (unsigned)hash);
    ct_json_open(j, NULL, '{');
    ct_json_string(j, "sweep", text);
    for (int k = 0; k < s->n_axes; k++) {
        ct_json_open(j, s->axis[k].key, '[');
        for (int v = 0; v < s->axis[k].n; v++)
            ct_json_string(j, NULL, s->axis[k].value[v]);
        ct_json_close(j);
    }
    ct_json_integer(j, "first_seed", s->first_seed);
    ct_json_integer(j, "seeds", s->n_seeds);
    ct_json_close(j);
}

static void put_run(ct_json *j, const ct_runs *r, int k, ct_writer *w)
{
    const run_line line = {.run = k,
                           .settings = r->variant[k / r->n_seeds].settings,
                           .seed = r->first_seed + k % r->n_seeds,
                           .outcome = r->run[k]};
    ct_json_reset(j);
    ct_json_open(j, NULL, '{');
    ct_fields_json(j, &LINE_FIELDS, &line);
    ct_json_close(j);
    put_line(j, w);
}

/* A line back into its run; false if it is not whole, as the last one may be. */
static bool read_run(char *text, ct_runs *r)
{
    ct_json_reader reader;
    run_line line;
    memset(&line, 0xff, sizeof line); /* what a line leaves out is not known: NaN, -1 */
    ct_json_reader_init(&reader, text);
    if (ct_json_next(&reader) != CT_JSON_OBJECT ||
        !ct_fields_read(&reader, &LINE_FIELDS, &line, NULL))
        return false;
    if (line.run < 0 || line.run >= r->n_variants * r->n_seeds || line.outcome.state < 0)
        return false;
    line.outcome.done = true;
    r->run[line.run] = line.outcome;
    return true;
}

/* What is there already; the answer is how many bytes of it are good. */
static uint64_t read_done(const ct_json *head, const char *path, ct_runs *r, ct_error *err)
{
    ct_arena arena;
    char *text = NULL;
    size_t size = 0, at = head->used + 1;
    ct_arena_open(&arena, path, 0, err);
    ct_file_read(path, 0, &arena, &text, &size, err);
    if (err->status == CT_OK &&
        (size < at || memcmp(text, head->text, at - 1) != 0 || text[at - 1] != '\n'))
        CT_FAIL(err, CT_ERR_CONFIG, "%s: holds another sweep, or none; give another -o", path);
    while (err->status == CT_OK && at < size) {
        char *end = memchr(text + at, '\n', size - at);
        if (end == NULL)
            break;
        *end = '\0';
        if (!read_run(text + at, r))
            break;
        at = (size_t)(end - text) + 1;
    }
    ct_arena_free(&arena);
    return at;
}

static void on_run(void *ctx, int k)
{
    job *j = ctx;
    j->done++;
    if (j->writes) {
        put_run(&j->json, j->runs, k, &j->writer);
        ct_writer_flush(&j->writer);
    }
    if (j->watch->on_run != NULL)
        j->watch->on_run(j->watch->ctx, j->done, j->runs->n_variants * j->runs->n_seeds);
}

/* Open the log behind what was done, or begin one. */
static void open_log(job *j, const ct_sweep *s, const char *path, ct_error *err)
{
    uint64_t keep = 0;
    head_line(&j->json, s);
    if (ct_file_exists(path)) {
        keep = read_done(&j->json, path, j->runs, err);
        ct_writer_reopen(&j->writer, path, keep, err);
    } else {
        ct_writer_open(&j->writer, path, CT_LOG, err);
        put_line(&j->json, &j->writer);
        ct_writer_flush(&j->writer);
    }
}

/* All runs in the order of the grid, in place of the order in which they ended. */
static void write_sorted(job *j, const ct_sweep *s, const char *path, ct_error *err)
{
    ct_writer_open(&j->writer, path, CT_REPLACE, err);
    ct_json_reset(&j->json);
    head_line(&j->json, s);
    put_line(&j->json, &j->writer);
    for (int k = 0; k < j->runs->n_variants * j->runs->n_seeds; k++)
        put_run(&j->json, j->runs, k, &j->writer);
    if (j->json.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for a line", path);
    ct_writer_commit(&j->writer);
}

ct_status ct_sweep_make(const ct_sweep *s, ct_runs *runs, const char *folder, int threads,
                        const ct_sweep_watch *watch, ct_error *err)
{
    const int n = runs->n_variants * runs->n_seeds;
    job j = {.runs = runs, .watch = watch, .writes = folder != NULL};
    char path[CT_PATH_BYTES];
    if (folder != NULL && snprintf(path, sizeof path, "%s/runs.jsonl", folder) >= (int)sizeof path)
        return CT_FAIL(err, CT_ERR_IO, "%s: the path is too long", folder);
    runs->on_run = on_run;
    runs->ctx = &j;
    runs->stop = watch->stop;
    if (folder != NULL) {
        ct_folder_make(folder, err);
        open_log(&j, s, path, err);
    }
    for (int k = 0; k < n; k++)
        j.done += runs->run[k].done;
    ct_runs_make(runs, threads, err);
    if (folder != NULL) {
        ct_writer_commit(&j.writer);
        if (j.done == n && err->status == CT_OK)
            write_sorted(&j, s, path, err);
    }
    ct_json_free(&j.json);
    runs->ctx = NULL;
    return err->status;
}
