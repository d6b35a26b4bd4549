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
    const char *path; /* of runs.jsonl; NULL: nothing is written */
    ct_writer writer;
    ct_json head, line; /* the first line of the file, and the one that is being written */
    int n, done;
} job;

/* The hash of what is the same for every run (FNV-1a), and the grid: to recognise the sweep by. */
static void describe(ct_json *j, const ct_sweep *s)
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

/* One call hands over a whole line: its newline takes the place of the NUL. */
static void put_line(job *j, const ct_json *json)
{
    if (json->failed) {
        CT_FAIL(j->writer.err, CT_ERR_NOMEM, "%s: no memory for a line", j->path);
        return;
    }
    json->text[json->used] = '\n';
    ct_writer_bytes(&j->writer, json->text, json->used + 1);
    json->text[json->used] = '\0';
}

static void put_run(job *j, int k)
{
    const ct_runs *r = j->runs;
    const run_line line = {.run = k,
                           .settings = r->variant[k / r->n_seeds].settings,
                           .seed = r->first_seed + k % r->n_seeds,
                           .outcome = r->run[k]};
    ct_json_reset(&j->line);
    ct_json_open(&j->line, NULL, '{');
    ct_fields_json(&j->line, &LINE_FIELDS, &line);
    ct_json_close(&j->line);
    put_line(j, &j->line);
}

/* What is done, in the order of the grid in place of the order in which it ended. */
static void write_done(job *j, ct_error *err)
{
    ct_writer_open(&j->writer, j->path, CT_REPLACE, err);
    put_line(j, &j->head);
    for (int k = 0; k < j->n; k++)
        if (j->runs->run[k].done)
            put_run(j, k);
    ct_writer_commit(&j->writer);
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

/* What is there already, up to a line that is not whole. */
static void read_done(job *j, ct_error *err)
{
    ct_arena arena;
    char *text = NULL, *end;
    size_t size = 0;
    ct_arena_open(&arena, j->path, 0, err);
    ct_file_read(j->path, 0, &arena, &text, &size, err);
    if (err->status == CT_OK &&
        (size <= j->head.used || memcmp(text, j->head.text, j->head.used) != 0 ||
         text[j->head.used] != '\n'))
        CT_FAIL(err, CT_ERR_CONFIG, "%s: holds another sweep, or none; give another -o", j->path);
    if (err->status == CT_OK) {
        for (text += j->head.used + 1; (end = strchr(text, '\n')) != NULL; text = end + 1) {
            *end = '\0';
            if (!read_run(text, j->runs))
                break;
        }
    }
    ct_arena_free(&arena);
}

static void on_run(void *ctx, int k)
{
    job *j = ctx;
    j->done++;
    if (j->path != NULL) {
        put_run(j, k);
        ct_writer_flush(&j->writer);
    }
    if (j->watch->on_run != NULL)
        j->watch->on_run(j->watch->ctx, j->done, j->n);
}

ct_status ct_sweep_make(const ct_sweep *s, ct_runs *runs, const char *folder, int threads,
                        const ct_sweep_watch *watch, ct_error *err)
{
    char path[CT_PATH_BYTES];
    job j = {.runs = runs, .watch = watch, .n = runs->n_variants * runs->n_seeds};
    if (folder != NULL)
        ct_folder_path(path, folder, "runs.jsonl", err);
    if (err->status != CT_OK)
        return err->status;
    runs->on_run = on_run;
    runs->ctx = &j;
    runs->stop = watch->stop;
    if (folder != NULL) {
        j.path = path;
        describe(&j.head, s);
        ct_folder_make(folder, err);
        if (ct_file_exists(path))
            read_done(&j, err);
        write_done(&j, err);
        ct_writer_reopen(&j.writer, path, j.writer.size, err);
    }
    for (int k = 0; k < j.n; k++)
        j.done += runs->run[k].done;
    ct_runs_make(runs, threads, err);
    if (folder != NULL) {
        ct_writer_commit(&j.writer);
        if (j.done == j.n)
            write_done(&j, err);
    }
    ct_json_free(&j.head);
    ct_json_free(&j.line);
    runs->ctx = NULL;
    return err->status;
}
