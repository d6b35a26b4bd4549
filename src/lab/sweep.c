/* sweep.c -- the settings of a sweep: lists, ranges, seeds, and what a point is; and keeping what
 * was done of it.
 *
 * A line is written as soon as its run has ended, so whoever is interrupted loses the runs in
 * flight and nothing else. */
#include "lab/sweep.h"

#include "contrast/scalar.h"
#include "formats/text.h"
#include "platform/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The base with "key=value"; the recipe's own words for what it does not take. */
static ct_status try_setting(const ct_sweep *s, const char *key, const char *value, ct_error *err)
{
    ct_recipe r = s->base;
    char setting[CT_RECIPE_TEXT + 64];
    snprintf(setting, sizeof setting, "%s=%s", key, value);
    return ct_recipe_override(&r, setting, err);
}

static bool is_same(const char *a, const char *b)
{
    double x, y;
    return strcmp(a, b) == 0 ||
           (ct_number_get(a, &x) == strlen(a) && ct_number_get(b, &y) == strlen(b) && x == y);
}

static void put(const ct_sweep *s, ct_axis *a, const char *value, size_t length, ct_error *err)
{
    if (a->n == CT_SWEEP_VALUES)
        CT_FAIL(err, CT_ERR_CONFIG, "%s: more than %d values", a->key, CT_SWEEP_VALUES);
    else if (length == 0 || length >= sizeof a->value[0])
        CT_FAIL(err, CT_ERR_CONFIG, "%s: value %d has %zu characters: expected 1 to %zu", a->key,
                a->n + 1, length, sizeof a->value[0] - 1);
    if (err->status != CT_OK)
        return;
    snprintf(a->value[a->n], sizeof a->value[0], "%.*s", (int)length, value);
    for (int k = 0; k < a->n; k++)
        if (is_same(a->value[k], a->value[a->n]))
            CT_FAIL(err, CT_ERR_CONFIG, "%s: the value %s is there twice", a->key, a->value[k]);
    try_setting(s, a->key, a->value[a->n++], err);
}

/* "lo..hi:n" or "lo..hi:n(log)" as values; false if it is not of that form. */
static bool put_range(const ct_sweep *s, ct_axis *a, const char *text, ct_error *err)
{
    double lo, hi;
    char low[48], *end;
    const char *dots = strstr(text, "..");
    if (dots == NULL || dots - text >= (ptrdiff_t)sizeof low)
        return false;
    snprintf(low, sizeof low, "%.*s", (int)(dots - text), text);
    if (*low == '\0' || ct_number_get(low, &lo) != strlen(low))
        return false;
    const size_t used = ct_number_get(dots + 2, &hi);
    const char *colon = dots + 2 + used;
    const long n = *colon == ':' ? strtol(colon + 1, &end, 10) : 0;
    if (used == 0 || *colon != ':' || end == colon + 1)
        return false;
    const bool is_log = strcmp(end, "(log)") == 0;
    if (*end != '\0' && !is_log)
        return false;
    if (n < 2 || n > CT_SWEEP_VALUES || (is_log && !(lo > 0 && hi > 0)))
        CT_FAIL(err, CT_ERR_CONFIG, "%s: expected 2 to %d values%s", a->key, CT_SWEEP_VALUES,
                is_log ? " between positive ends" : "");
    for (long k = 0; k < n && err->status == CT_OK; k++) {
        const double t = (double)k / (double)(n - 1);
        const double x = is_log ? ct_scalar_exp((1 - t) * ct_scalar_log(lo) + t * ct_scalar_log(hi))
                                : lo + t * (hi - lo);
        char value[48];
        snprintf(value, sizeof value, "%.4g", x);
        if (try_setting(s, a->key, value, CT_IGNORE_ERROR) != CT_OK) /* a key of whole numbers */
            snprintf(value, sizeof value, "%.0f", floor(x + 0.5));
        put(s, a, value, strlen(value), err);
    }
    return true;
}

static ct_status add_seeds(ct_sweep *s, const char *text, ct_error *err)
{
    char *end;
    const long first = strtol(text, &end, 10);
    const bool is_range = end != text && strncmp(end, "..", 2) == 0;
    const char *from = is_range ? end + 2 : text;
    const long last = strtol(from, &end, 10);
    if (end == from || *end != '\0' || first < 0 || last < first || last - first >= CT_SWEEP_SEEDS)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "seed=%s: expected seed=3 or seed=1..8, at most %d seeds", text,
                       CT_SWEEP_SEEDS);
    s->first_seed = first;
    s->n_seeds = (int)(last - first) + 1;
    return CT_OK;
}

static ct_status add_axis(ct_sweep *s, const char *key, const char *values, ct_error *err)
{
    if (s->n_axes == CT_SWEEP_AXES)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: more than %d keys with several values", key,
                       CT_SWEEP_AXES);
    ct_axis *a = &s->axis[s->n_axes++];
    *a = (ct_axis){.n = 0};
    snprintf(a->key, sizeof a->key, "%s", key);
    if (!put_range(s, a, values, err)) {
        const char *mark = strchr(values, '|') != NULL ? "|" : ",";
        for (bool more = true; more && err->status == CT_OK;) {
            const size_t length = strcspn(values, mark);
            put(s, a, values, length, err);
            more = values[length] != '\0';
            values += length + more;
        }
    }
    if ((long)s->n_points * a->n > 1000000)
        CT_FAIL(err, CT_ERR_CONFIG, "%s: more than a million points", key);
    s->n_points *= a->n;
    return err->status;
}

ct_status ct_sweep_add(ct_sweep *s, const char *setting, ct_error *err)
{
    const char *equals = strchr(setting, '=');
    char key[64];
    if (equals == NULL || equals - setting >= (ptrdiff_t)sizeof key)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "%s: expected section.key=values, e.g. optim.rate=0.1,1 or seed=1..4",
                       setting);
    snprintf(key, sizeof key, "%.*s", (int)(equals - setting), setting);
    if (s->n_points == 0) {
        s->n_points = s->n_seeds = 1;
        s->first_seed = s->base.train.seed;
    }
    if (strcmp(key, "seed") == 0)
        return add_seeds(s, equals + 1, err);
    const bool one = strpbrk(equals, ",|:") == NULL; /* which may be a wrong one */
    if (one ||
        (strchr(equals, '|') == NULL && try_setting(s, key, equals + 1, CT_IGNORE_ERROR) == CT_OK))
        return ct_recipe_override(&s->base, setting, err);
    return add_axis(s, key, equals + 1, err);
}

ct_status ct_sweep_runs(const ct_sweep *s, ct_arena *arena, ct_runs *out, ct_error *err)
{
    const size_t n = (size_t)s->n_points;
    ct_variant *variant = ct_arena_zeroed(arena, n, sizeof *variant);
    *out = (ct_runs){.base = s->base,
                     .variant = variant,
                     .n_variants = s->n_points,
                     .n_seeds = s->n_seeds,
                     .first_seed = s->first_seed,
                     .run = ct_arena_zeroed(arena, n * (size_t)s->n_seeds, sizeof *out->run)};
    for (int k = 0; k < s->n_axes; k++)
        out->head[k] = s->axis[k].key;
    for (int p = 0; p < s->n_points && err->status == CT_OK; p++) {
        char text[CT_SWEEP_AXES * (64 + 48 + 2)] = "";
        int rest = p, used = 0;
        for (int k = s->n_axes - 1; k >= 0; rest /= s->axis[k--].n)
            variant[p].cell[k] = s->axis[k].value[rest % s->axis[k].n];
        for (int k = 0; k < s->n_axes; k++)
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s=%s", k > 0 ? " " : "",
                             s->axis[k].key, variant[p].cell[k]);
        variant[p].settings = ct_arena_strdup(arena, text);
        variant[p].name = variant[p].settings;
        if (variant[p].name != NULL)
            ct_runs_recipe(out, p * s->n_seeds, err);
    }
    return err->status;
}

/* ---- its folder ---- */

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
