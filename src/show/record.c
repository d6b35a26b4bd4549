/* record.c -- see record.h. */
#include "show/record.h"

#include "contrast/scalar.h"
#include "platform/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what lines hold ---- */

static const ct_field LINE[] = {
    {CT_ROW("step", CT_SINGLE, ct_line, step)},
    {CT_ROW("loss", CT_SINGLE, ct_line, loss)},
    {CT_ROW("temperature", CT_SINGLE, ct_line, temperature)},
    {CT_ROW("all_equal", CT_REAL, ct_line, all_equal), .optional = true},
    {CT_ROW("floor", CT_REAL, ct_line, floor), .optional = true},
};
const ct_fields ct_line_fields = CT_FIELDS(LINE);

static const ct_field MARK[] = {
    {CT_ROW("step", CT_SINGLE, ct_mark, step)},
    {CT_ROW("split", CT_STRING, ct_mark, split)},
    {CT_ROW("rows", CT_INT, ct_mark, n)},
    {CT_ROW("recall_at_1", CT_REAL, ct_mark, recall), .count = 2, .optional = true},
};
static const ct_fields MARK_FIELDS = CT_FIELDS(MARK);

static const ct_field LAYERS[] = {
    {CT_ROW("step", CT_SINGLE, ct_layers, step)},
    {CT_ROWS("layers", CT_GROUP, ct_layers, layer, n), .members = &ct_layer_fields},
};
const ct_fields ct_layers_fields = CT_FIELDS(LAYERS);

/* ---- lines ---- */

typedef struct reading {
    const char *path;
    int line;
    ct_json_reader json;
    ct_arena *arena;
    ct_record *out;
    ct_error *err;
} reading;

static void refuse(const reading *r, const char *expected)
{
    CT_FAIL(r->err, CT_ERR_FORMAT, "%s:%d: expected %s", r->path, r->line, expected);
}

/* The members of the line's object, all but the optional of which must be there. */
static bool get(reading *r, const ct_fields *fields, void *out)
{
    bool seen[16] = {false};
    char expected[96];
    CT_ASSERT(fields->n <= 16);
    if (!ct_fields_read(&r->json, fields, out, seen)) {
        snprintf(expected, sizeof expected, "members as a run writes them: %.60s", r->json.problem);
        refuse(r, expected);
    }
    for (int i = 0; i < fields->n; i++)
        if (!seen[i] && !fields->row[i].optional) {
            snprintf(expected, sizeof expected, "a whole line, with %s", fields->row[i].key);
            refuse(r, expected);
        }
    return r->err->status == CT_OK;
}

/* Room for one more item of an array of n, which moves when n is a power of two: so memory follows
 * what a file holds, and not how long it is. An item begins with its step. */
static void append(reading *r, void **array, int *n, const void *item, size_t size)
{
    const double step = *(const double *)item;
    if (!(step >= 0 && step <= 1e15))
        refuse(r, "a line with a step");
    if (*n == 0 || (*n >= 16 && (*n & (*n - 1)) == 0)) {
        void *larger = ct_arena_zeroed(r->arena, *n == 0 ? 16 : 2 * (size_t)*n, size);
        if (larger == NULL)
            return; /* after an error too */
        if (*n > 0)
            memcpy(larger, *array, (size_t)*n * size);
        *array = larger;
    }
    if (r->err->status == CT_OK)
        memcpy((char *)*array + (size_t)(*n)++ * size, item, size);
}
#define APPEND(r, array, n, item) append(r, (void **)&(array), &(n), &(item), sizeof(item))

static void read_step(reading *r)
{
    ct_line line = {.step = -1, .all_equal = (double)NAN, .floor = (double)NAN};
    if (get(r, &ct_line_fields, &line))
        APPEND(r, r->out->line, r->out->n_lines, line);
}

static void read_evaluation(reading *r)
{
    ct_mark mark = {.step = -1, .recall = {(double)NAN, (double)NAN}};
    if (!get(r, &MARK_FIELDS, &mark) || mark.split == NULL || isnan(mark.recall[0]))
        return; /* one pair, or one group, has no wrong item */
    const int i = strcmp(mark.split, "test") == 0;
    if (i == 1 || strcmp(mark.split, "validation") == 0)
        APPEND(r, r->out->mark[i], r->out->n_marks[i], mark);
}

/* Gradients as logarithms, and how many of the layers are the images'. */
static void read_monitor(reading *r)
{
    ct_layers l = {.step = -1};
    if (!get(r, &ct_layers_fields, &l))
        return;
    for (int k = 0; k < l.n; k++) {
        ct_layer *layer = &l.layer[k];
        if (layer->weight == NULL)
            refuse(r, "layers, each with its weight");
        else if (strncmp(layer->weight, "text.", 5) != 0)
            l.n_images = k + 1;
        layer->gradient = layer->gradient > 0 ? ct_scalar_log(layer->gradient) / ct_scalar_log(10)
                                              : (double)NAN;
    }
    APPEND(r, r->out->layers, r->out->n_layers, l);
}

static void read_probe(reading *r)
{
    ct_probe *p = &r->out->probe;
    if (!get(r, &ct_probe_fields, p))
        return;
    const bool is_picture = p->width >= 1 && p->width <= CT_PROBE_SIDE && p->height >= 1 &&
                            p->height <= CT_PROBE_SIDE && (p->channels == 1 || p->channels == 3);
    if (p->n < 2 || p->n > CT_PROBE)
        refuse(r, "2 to 32 pairs");
    else if (p->n_captions != 0 && p->n_captions != p->n)
        refuse(r, "one caption per pair");
    else if (p->pixels != NULL &&
             (!is_picture || p->n_pixels != p->n * p->width * p->height * p->channels))
        refuse(r, "pictures of 1 or 3 channels in base64");
}

static void read_snapshot(reading *r)
{
    const int n = r->out->probe.n;
    ct_moment m = {.step = -1};
    if (!get(r, &ct_moment_fields, &m))
        return;
    for (int side = 0; side < 2; side++)
        for (int k = m.n_spectrum[side]; k < CT_PROBE; k++)
            m.spectrum[side][k] = (double)NAN; /* there is none */
    m.spread = (m.uniformity[0] + m.uniformity[1]) / 2;
    if (m.n_cosines != n * n || m.n_plane != 4 * n)
        refuse(r, "a snapshot of all pairs");
    APPEND(r, r->out->moment, r->out->n_moments, m);
}

/* ---- the plane ---- */

/* Turn and mirror m's plane so that its points lie as near as may be to those of `to`:
 * of all rotations, then of all reflections, the one of largest sum of products. */
static void turn_towards(ct_moment *m, const ct_moment *to)
{
    double p[2][2] = {{0, 0}, {0, 0}};
    for (int i = 0; i < m->n_plane; i += 2)
        for (int k = 0; k < 4; k++)
            p[k / 2][k % 2] += to->plane[i + k / 2] * m->plane[i + k % 2];
    const double turn = sqrt((p[0][0] + p[1][1]) * (p[0][0] + p[1][1]) +
                             (p[1][0] - p[0][1]) * (p[1][0] - p[0][1]));
    const double flip = sqrt((p[0][0] - p[1][1]) * (p[0][0] - p[1][1]) +
                             (p[1][0] + p[0][1]) * (p[1][0] + p[0][1]));
    const double sign = flip > turn ? -1 : 1, length = flip > turn ? flip : turn;
    if (!(length > 0))
        return;
    const double c = (p[0][0] + sign * p[1][1]) / length, s = (p[1][0] - sign * p[0][1]) / length;
    for (int i = 0; i < m->n_plane; i += 2) {
        const double x = m->plane[i], y = m->plane[i + 1];
        m->plane[i] = floor((c * x - sign * s * y) * 1e4 + 0.5) / 1e4;
        m->plane[i + 1] = floor((s * x + sign * c * y) * 1e4 + 0.5) / 1e4;
    }
}

/* ---- files ---- */

static char *read_text(reading *r, char path[CT_PATH_BYTES], const char *name)
{
    char *text = NULL;
    size_t size;
    ct_folder_path(path, r->out->folder, name, r->err);
    if (r->err->status == CT_OK)
        ct_file_read(path, (size_t)256 << 20, r->arena, &text, &size, r->err);
    return text;
}

/* A line says first of what kind it is. A last line that was cut off is not there. */
static void read_lines(reading *r, char path[CT_PATH_BYTES])
{
    static const struct {
        const char *kind;
        void (*read)(reading *r);
    } KIND[] = {{"step", read_step},
                {"evaluation", read_evaluation},
                {"monitor", read_monitor},
                {"probe", read_probe},
                {"snapshot", read_snapshot}};
    char *text = read_text(r, path, "log.jsonl");
    r->path = path;
    for (char *end; r->err->status == CT_OK && (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        r->line++;
        ct_json_reader_init(&r->json, text);
        if (ct_json_next(&r->json) != CT_JSON_OBJECT || ct_json_next(&r->json) != CT_JSON_STRING ||
            strcmp(r->json.key, "kind") != 0)
            refuse(r, "a JSON object that begins with its kind");
        const char *kind = r->err->status == CT_OK ? r->json.text : "";
        for (size_t k = 0; k < sizeof KIND / sizeof *KIND; k++)
            if (strcmp(kind, KIND[k].kind) == 0)
                KIND[k].read(r);
    }
}

ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err)
{
    char path[CT_PATH_BYTES];
    reading r = {.arena = arena, .out = out, .err = err};
    *out = (ct_record){.folder = folder};
    out->recipe = read_text(&r, path, "recipe.ini");
    read_lines(&r, path);
    if (err->status == CT_OK && out->n_moments == 0)
        CT_FAIL(err, CT_ERR_FORMAT,
                "%s: no snapshot yet; it takes steps, 2 pairs and monitor.snapshots above 0",
                folder);
    for (int k = out->n_moments - 2; k >= 0; k--)
        turn_towards(&out->moment[k], &out->moment[k + 1]);
    return err->status;
}

int ct_record_nearest(const ct_record *r, double step)
{
    int best = 0;
    for (int k = 1; k < r->n_moments; k++)
        if (fabs(r->moment[k].step - step) < fabs(r->moment[best].step - step))
            best = k;
    return best;
}

const ct_layers *ct_record_layers(const ct_record *r, double step)
{
    int best = 0;
    for (int k = 1; k < r->n_layers; k++)
        if (fabs(r->layers[k].step - step) < fabs(r->layers[best].step - step))
            best = k;
    return r->n_layers > 0 ? &r->layers[best] : NULL;
}

double ct_record_cosine(const ct_record *r, const ct_moment *m, int i, int j)
{
    return (m->cosine[i * r->probe.n + j] - 128) / 127.0;
}
