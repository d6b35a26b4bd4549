/* sweep.c -- keeping what was done of a sweep.
 *
 * A line is written as soon as its run has ended, so whoever is interrupted loses the runs in
 * flight and nothing else. */
#include "lab/sweep.h"

#include "platform/file.h"

#include <string.h>

/* The first line, without its end, by which a sweep is recognised: the hash (FNV-1a) of what is the
 * same for every run, and the grid. Data is where the sweep's folder sees it. */
static void describe(ct_json *j, const ct_sweep *s, const char *path, ct_error *err)
{
    char text[CT_RECIPE_BYTES];
    uint32_t hash = 2166136261u;
    ct_recipe_text(&s->base, path, text, err);
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

/* What is done, in the order of the grid in place of the order in which it ended. */
static void write_done(const ct_runs *r, const char *path, const char *first, ct_error *err)
{
    ct_writer *w = &r->log->writer;
    ct_writer_open(w, path, err);
    ct_writer_bytes(w, first, strlen(first));
    ct_writer_bytes(w, "\n", 1);
    for (int k = 0; k < r->n_variants * r->n_seeds; k++)
        if (r->run[k].done)
            ct_runs_put(r, k);
    ct_writer_commit(w);
}

/* What is there already, up to a line that is not whole. */
static void read_done(ct_runs *r, const char *path, const char *first, ct_error *err)
{
    const size_t length = strlen(first);
    const int n = r->n_variants * r->n_seeds;
    ct_arena arena;
    ct_run_line line;
    char *text = NULL;
    size_t size = 0;
    ct_arena_open(&arena, path, 0, err);
    ct_file_read(path, 0, &arena, &text, &size, err);
    if (err->status == CT_OK &&
        (size <= length || memcmp(text, first, length) != 0 || text[length] != '\n'))
        CT_FAIL(err, CT_ERR_CONFIG, "%s: holds another sweep, or none; give another -o", path);
    if (err->status == CT_OK)
        text += length + 1;
    while (err->status == CT_OK) {
        memset(&line, 0xff, sizeof line); /* what it leaves out is not known: NaN, -1 */
        if (!ct_log_next(&text, &ct_run_line_fields, &line) || line.run < 0 || line.run >= n ||
            line.outcome.state < 0)
            break; /* not whole, or of no run */
        r->run[line.run] = line.outcome;
        r->run[line.run].done = true;
    }
    ct_arena_free(&arena);
}

ct_status ct_sweep_make(const ct_sweep *s, ct_runs *r, const char *folder, int threads,
                        ct_error *err)
{
    char path[CT_PATH_BYTES];
    int lock;
    ct_json first = {0};
    ct_log log = {.line = {0}};
    if (folder == NULL)
        return ct_runs_make(r, threads, err);
    ct_folder_make(folder, err);
    ct_folder_lock(folder, &lock, err);
    ct_folder_path(path, folder, "runs.jsonl", err);
    describe(&first, s, path, err);
    if (first.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "sweep: no memory for the line that says what it is");
    if (err->status == CT_OK && ct_file_exists(path))
        read_done(r, path, first.text, err);
    if (err->status == CT_OK) {
        r->log = &log;
        write_done(r, path, first.text, err);
        ct_writer_reopen(&log.writer, path, log.writer.size, err);
        ct_runs_make(r, threads, err);
        ct_writer_commit(&log.writer);
        if (r->n_done == r->n_variants * r->n_seeds)
            write_done(r, path, first.text, err);
        r->log = NULL;
        if (err->status == CT_ERR_CONFIG && r->n_done == 0) /* refused: nothing was written */
            ct_file_remove(path, CT_IGNORE_ERROR);
    }
    ct_folder_unlock(lock);
    ct_json_free(&log.line);
    ct_json_free(&first);
    return err->status;
}
