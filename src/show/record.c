/* record.c -- see record.h.
 *
 * Layer: show. Needs formats (json, fields, base64). */
#include "show/record.h"

#include "contrast/scalar.h"
#include "formats/base64.h"
#include "platform/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what lines hold ---- */

/* clang-format off: a row for each member */
#define NUMBER(name, type, member)                            \
    {                                                         \
        .key = (name), .kind = CT_SINGLE, CT_AT(type, member) \
    }
#define NUMBERS(name, type, member, most)                                      \
    {                                                                          \
        .key = (name), .kind = CT_SINGLE, CT_AT(type, member), .count = (most) \
    }
#define SOME(name, type, member, most, n)                                                        \
    {                                                                                            \
        .key = (name), .kind = CT_SINGLE, CT_AT(type, member), .count = (most), CT_USED(type, n) \
    }
/* clang-format on */

static const ct_field LINE[] = {NUMBER("step", ct_line, step), NUMBER("loss", ct_line, loss)};
const ct_fields ct_line_fields = CT_FIELDS(LINE);

static const ct_field LAYER[] = {
    {.key = "weight", .kind = CT_STRING, CT_AT(ct_layer, weight)},
    NUMBER("mean_cosine", ct_layer, cosine),
    NUMBER("gradient_norm", ct_layer, gradient),
};
static const ct_fields LAYER_FIELDS = CT_FIELDS(LAYER);

static const ct_field LAYERS[] = {
    NUMBER("step", ct_layers, step),
    {.key = "layers",
     .kind = CT_GROUP,
     CT_AT(ct_layers, layer),
     .count = 2 * CT_RECORD_LAYERS,
     CT_USED(ct_layers, n),
     .members = &LAYER_FIELDS},
};
const ct_fields ct_layers_fields = CT_FIELDS(LAYERS);

static const ct_field MOMENT[] = {
    NUMBER("step", ct_moment, step),
    {.key = "cosines", .kind = CT_STRING, CT_AT(ct_moment, cosines)},
    NUMBERS("positive", ct_moment, bin[0], CT_RECORD_BINS),
    NUMBERS("negative", ct_moment, bin[1], CT_RECORD_BINS),
    SOME("image_spectrum", ct_moment, spectrum[0], CT_RECORD_PAIRS, n_spectrum[0]),
    SOME("text_spectrum", ct_moment, spectrum[1], CT_RECORD_PAIRS, n_spectrum[1]),
    SOME("plane", ct_moment, plane, 4 * CT_RECORD_PAIRS, n_plane),
    NUMBERS("plane_share", ct_moment, share, 1),
    NUMBERS("alignment", ct_moment, alignment, 1),
    NUMBERS("uniformity", ct_moment, uniformity, 2),
};
const ct_fields ct_moment_fields = CT_FIELDS(MOMENT);

static const ct_field PICTURE[] = {
    {.key = "width", .kind = CT_INT, CT_AT(ct_probe, width)},
    {.key = "height", .kind = CT_INT, CT_AT(ct_probe, height)},
    {.key = "channels", .kind = CT_INT, CT_AT(ct_probe, channels)},
    {.key = "pixels", .kind = CT_STRING, CT_AT(ct_probe, pixels_text)},
};
static const ct_fields PICTURE_FIELDS = CT_FIELDS(PICTURE);

static const ct_field PROBE[] = {
    {.key = "pairs", .kind = CT_INT, CT_AT(ct_probe, n)},
    {.key = "captions",
     .kind = CT_STRING,
     CT_AT(ct_probe, caption),
     .count = CT_RECORD_PAIRS,
     CT_USED(ct_probe, n_captions)},
    {.key = "picture", .kind = CT_GROUP, .size = sizeof(ct_probe), .members = &PICTURE_FIELDS},
};
static const ct_fields PROBE_FIELDS = CT_FIELDS(PROBE);

/* A line of another kind is about a step, an evaluation or the layers: it says of which. */
typedef struct metrics {
    ct_line line;
    const char *split;
    int n;
    double recall[2];
    ct_layers layers;
} metrics;

static const ct_field METRICS[] = {
    NUMBER("loss", metrics, line.loss),
    NUMBER("temperature", metrics, line.temperature),
    {.key = "split", .kind = CT_STRING, CT_AT(metrics, split)},
    {.key = "rows", .kind = CT_INT, CT_AT(metrics, n)},
    {.key = "recall_at_1", .kind = CT_REAL, CT_AT(metrics, recall), .count = 2},
    {.kind = CT_GROUP, CT_AT(metrics, layers), .members = &ct_layers_fields},
};
static const ct_fields METRICS_FIELDS = CT_FIELDS(METRICS);

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

/* The members of the line's object; with `seen`, all of them must be there. */
static bool get(reading *r, const ct_fields *fields, void *out, bool *seen)
{
    char expected[96];
    if (!ct_fields_read(&r->json, fields, out, seen)) {
        snprintf(expected, sizeof expected, "members as a run writes them: %.60s",
                 r->json.problem != NULL ? r->json.problem : "the object ends too soon");
        refuse(r, expected);
        return false;
    }
    for (int i = 0; seen != NULL && i < fields->n; i++)
        if (!seen[i]) {
            snprintf(expected, sizeof expected, "a whole snapshot, with %s", fields->row[i].key);
            refuse(r, expected);
            return false;
        }
    return true;
}

/* Base64 of `size` bytes, decoded into the arena; NULL if it is not that. */
static uint8_t *bytes_of(reading *r, const char *text, size_t size)
{
    uint8_t *out = ct_arena_alloc(r->arena, size + 2);
    return out != NULL && text != NULL && ct_base64_get(text, out, size) ? out : NULL;
}

/* Room for one more item of an array of n, which moves when n is a power of two: so memory follows
 * what a file holds, and not how long it is. NULL without memory. */
static void *append(reading *r, void **array, int *n, const void *item, size_t size)
{
    if (*n == 0 || (*n >= 16 && (*n & (*n - 1)) == 0)) {
        void *larger = ct_arena_zeroed(r->arena, *n == 0 ? 16 : 2 * (size_t)*n, size);
        if (larger == NULL) {
            CT_FAIL(r->err, CT_ERR_NOMEM, "%s: no memory for its lines", r->path);
            return NULL;
        }
        if (*n > 0)
            memcpy(larger, *array, (size_t)*n * size);
        *array = larger;
    }
    return memcpy((char *)*array + (size_t)(*n)++ * size, item, size);
}
#define APPEND(r, array, n, item) append(r, (void **)&(array), &(n), &(item), sizeof(item))

/* Gradients as logarithms, and how many of the layers are the images'. */
static void add_layers(reading *r, ct_layers *l)
{
    for (int k = 0; k < l->n; k++) {
        ct_layer *layer = &l->layer[k];
        if (layer->weight == NULL)
            refuse(r, "layers, each with its weight");
        else if (strncmp(layer->weight, "text.", 5) != 0)
            l->n_images = k + 1;
        layer->gradient = layer->gradient > 0 ? ct_scalar_log(layer->gradient) / ct_scalar_log(10)
                                              : (double)NAN;
    }
    APPEND(r, r->out->layers, r->out->n_layers, *l);
}

static void read_metrics(reading *r)
{
    ct_record *o = r->out;
    metrics m = {.layers.step = -1, .line = {-1, (double)NAN, (double)NAN}};
    if (!get(r, &METRICS_FIELDS, &m, NULL))
        return;
    m.line.step = m.layers.step;
    if (!(m.line.step >= 0 && m.line.step <= 1e15)) {
        refuse(r, "a line with a step");
    } else if (m.layers.n > 0) {
        add_layers(r, &m.layers);
    } else if (m.split != NULL) {
        const ct_mark mark = {m.line.step, m.n, {m.recall[0], m.recall[1]}};
        const int i = strcmp(m.split, "test") == 0;
        if (i == 1 || strcmp(m.split, "validation") == 0)
            APPEND(r, o->mark[i], o->n_marks[i], mark);
    } else if (isfinite(m.line.temperature)) {
        APPEND(r, o->line, o->n_lines, m.line);
    }
}

static void read_probe(reading *r)
{
    ct_probe *p = &r->out->probe;
    if (!get(r, &PROBE_FIELDS, p, NULL))
        return;
    if (p->n < 2 || p->n > CT_RECORD_PAIRS) {
        refuse(r, "2 to 64 pairs");
        return;
    }
    if (p->n_captions != 0 && p->n_captions != p->n)
        refuse(r, "one caption per pair");
    if (p->pixels_text == NULL)
        return;
    const bool is_size = p->width >= 1 && p->width <= 64 && p->height >= 1 && p->height <= 64 &&
                         (p->channels == 1 || p->channels == 3);
    if (is_size)
        p->pixels = bytes_of(r, p->pixels_text,
                             (size_t)(p->n * p->width * p->height * p->channels));
    if (p->pixels == NULL)
        refuse(r, "pictures of 1 or 3 channels in base64");
}

/* Numbers are ten-thousandths. */
static void scale(double *x, size_t size)
{
    for (size_t i = 0; i < size / sizeof *x; i++)
        x[i] /= 1e4;
}

static void read_moment(reading *r)
{
    bool seen[sizeof MOMENT / sizeof *MOMENT] = {false};
    const int n = r->out->probe.n;
    ct_moment m = {.step = -1};
    if (!get(r, &ct_moment_fields, &m, seen))
        return;
    for (int side = 0; side < 2; side++)
        for (int k = m.n_spectrum[side]; k < CT_RECORD_PAIRS; k++)
            m.spectrum[side][k] = (double)NAN; /* there is none */
    scale(m.bin[0], sizeof m.bin);
    scale(m.spectrum[0], sizeof m.spectrum);
    scale(m.plane, sizeof m.plane);
    scale(&m.share, sizeof m.share);
    scale(&m.alignment, sizeof m.alignment);
    scale(m.uniformity, sizeof m.uniformity);
    m.spread = (m.uniformity[0] + m.uniformity[1]) / 2;
    m.cosine = bytes_of(r, m.cosines, (size_t)(n * n));
    if (m.cosine == NULL || m.n_plane != 4 * n || !(m.step >= 0 && m.step < 1e15))
        refuse(r, "a whole snapshot");
    else
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
    if (snprintf(path, CT_PATH_BYTES, "%s/%s", r->out->folder, name) >= CT_PATH_BYTES)
        CT_FAIL(r->err, CT_ERR_IO, "%.60s...: the path is too long", r->out->folder);
    if (r->err->status == CT_OK)
        ct_file_read(path, (size_t)256 << 20, r->arena, &text, &size, r->err);
    return text;
}

/* A line says first of what kind it is. A last line that was cut off is not there. */
static void read_lines(reading *r, char path[CT_PATH_BYTES])
{
    char *text = read_text(r, path, "log.jsonl");
    r->path = path;
    for (char *end; r->err->status == CT_OK && (end = strchr(text, '\n')) != NULL; text = end + 1) {
        *end = '\0';
        r->line++;
        ct_json_reader_init(&r->json, text);
        if (ct_json_next(&r->json) != CT_JSON_OBJECT || ct_json_next(&r->json) != CT_JSON_STRING ||
            strcmp(r->json.key, "kind") != 0)
            refuse(r, "a JSON object that begins with its kind");
        else if (strcmp(r->json.text, "probe") == 0)
            read_probe(r);
        else if (strcmp(r->json.text, "snapshot") == 0)
            read_moment(r);
        else
            read_metrics(r);
    }
}

ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err)
{
    char path[CT_PATH_BYTES];
    reading r = {.arena = arena, .out = out, .err = err};
    *out = (ct_record){.folder = folder, .all_equal = (double)NAN, .floor = (double)NAN};
    out->recipe = read_text(&r, path, "recipe.ini");
    read_lines(&r, path);
    if (err->status == CT_OK && (out->n_moments == 0 || out->n_lines == 0))
        CT_FAIL(err, CT_ERR_FORMAT,
                "%s: no snapshot and step yet; train first, with monitor.snapshots above 0",
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
