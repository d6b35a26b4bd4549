/* record.c -- see record.h.
 *
 * Layer: show. Needs formats (json). */
#include "show/record.h"

#include "contrast/scalar.h"
#include "formats/base64.h"
#include "formats/json.h"
#include "platform/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    const char *path;
    int line;
    ct_json_reader json;
    ct_arena *arena;
    ct_record *out;
    ct_error *err;
} reading;

static ct_status refuse(const reading *r, const char *expected)
{
    return CT_FAIL(r->err, CT_ERR_FORMAT, "%s:%d: expected %s", r->path, r->line, expected);
}

/* ---- values ---- */

/* The numbers of the array that was just opened, in ten-thousandths; -1 unless they are at most
 * cap. */
static int read_numbers(reading *r, double *out, int cap)
{
    int n = 0;
    for (ct_json_type t; (t = ct_json_next(&r->json)) != CT_JSON_CLOSE; n++) {
        if (t != CT_JSON_NUMBER || n == cap)
            return -1;
        out[n] = r->json.number / 1e4;
    }
    return n;
}

/* Base64 of `size` bytes, decoded into the arena; NULL if it is not that. */
static uint8_t *read_bytes(reading *r, const char *text, size_t size)
{
    uint8_t *out = ct_arena_alloc(r->arena, size + 2);
    return out != NULL && ct_base64_get(text, out, size) ? out : NULL;
}

/* Skip what was opened and is of no interest. */
static void skip(reading *r, ct_json_type t)
{
    for (int depth = t == CT_JSON_OBJECT || t == CT_JSON_ARRAY; depth > 0;) {
        t = ct_json_next(&r->json);
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return;
        depth += t == CT_JSON_CLOSE ? -1 : t == CT_JSON_OBJECT || t == CT_JSON_ARRAY;
    }
}

/* The next member of the object: its type, and its key copied; CT_JSON_CLOSE at the end. */
static ct_json_type next_member(reading *r, char key[32])
{
    const ct_json_type t = ct_json_next(&r->json);
    snprintf(key, 32, "%s", r->json.key != NULL && t != CT_JSON_CLOSE ? r->json.key : "");
    return t;
}

/* ---- lines ---- */

/* An array of n with room for one more: it moves when n is a power of two. So memory follows what a
 * file holds, and not how long it is. NULL without memory. */
static void *make_room(reading *r, void *array, int n, size_t size)
{
    if (n != 0 && (n < 16 || (n & (n - 1)) != 0))
        return array;
    void *larger = ct_arena_zeroed(r->arena, n == 0 ? 16 : 2 * (size_t)n, size);
    if (larger != NULL && n > 0)
        memcpy(larger, array, (size_t)n * size);
    if (larger == NULL)
        CT_FAIL(r->err, CT_ERR_NOMEM, "%s: no memory for its lines", r->path);
    return larger;
}

/* A line of training. */
static ct_status add_line(reading *r, double step, double loss, double temperature)
{
    ct_record *o = r->out;
    o->step = make_room(r, o->step, o->n_lines, sizeof step);
    o->loss = make_room(r, o->loss, o->n_lines, sizeof loss);
    o->temperature = make_room(r, o->temperature, o->n_lines, sizeof temperature);
    if (o->step == NULL || o->loss == NULL || o->temperature == NULL)
        return CT_ERR_NOMEM;
    o->step[o->n_lines] = step;
    o->loss[o->n_lines] = loss;
    o->temperature[o->n_lines++] = temperature;
    return CT_OK;
}

static ct_status read_recall(reading *r, double *out)
{
    char key[32];
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE;) {
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "an object of recalls");
        if (t == CT_JSON_NUMBER && strcmp(key, "recall_at_1") == 0)
            *out = r->json.number;
        skip(r, t);
    }
    return CT_OK;
}

/* One of the objects of "layers". */
static ct_status read_layer(reading *r, ct_layers *l)
{
    char key[32];
    int side = -1;
    double cosine = (double)NAN, gradient = (double)NAN;
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE;) {
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "an object about a layer");
        if (t == CT_JSON_STRING && strcmp(key, "weight") == 0)
            side = strncmp(r->json.text, "text.", 5) == 0;
        cosine = t == CT_JSON_NUMBER && strcmp(key, "mean_cosine") == 0 ? r->json.number : cosine;
        gradient = t == CT_JSON_NUMBER && strcmp(key, "gradient_norm") == 0 ? r->json.number
                                                                            : gradient;
        skip(r, t);
    }
    if (side < 0 || l->n[side] == CT_RECORD_LAYERS)
        return refuse(r, "at most 16 layers a side, each with its weight");
    l->cosine[side][l->n[side]] = cosine;
    l->gradient[side][l->n[side]++] = gradient > 0 ? ct_scalar_log(gradient) / ct_scalar_log(10)
                                                   : (double)NAN;
    return CT_OK;
}

static ct_status read_layers(reading *r, ct_layers *l)
{
    ct_status status = CT_OK;
    for (ct_json_type t; (t = ct_json_next(&r->json)) != CT_JSON_CLOSE && status == CT_OK;)
        status = t == CT_JSON_OBJECT ? read_layer(r, l) : refuse(r, "objects about layers");
    return status;
}

static ct_status read_metrics(reading *r)
{
    ct_record *o = r->out;
    ct_mark m = {0};
    ct_layers layers = {0};
    char key[32];
    double step = -1, loss = (double)NAN, tau = (double)NAN;
    ct_status status = CT_OK;
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE && status == CT_OK;) {
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "an object of numbers");
        if (t == CT_JSON_NUMBER) {
            step = strcmp(key, "step") == 0 ? r->json.number : step;
            loss = strcmp(key, "loss") == 0 ? r->json.number : loss;
            tau = strcmp(key, "temperature") == 0 ? r->json.number : tau;
            m.n = strcmp(key, "n") == 0 && r->json.number < 1e9 ? (int)r->json.number : m.n;
        } else if (t == CT_JSON_STRING && strcmp(key, "split") == 0) {
            snprintf(m.split, sizeof m.split, "%.15s", r->json.text);
        } else if (t == CT_JSON_OBJECT &&
                   (strcmp(key, "image_to_text") == 0 || strcmp(key, "text_to_image") == 0)) {
            status = read_recall(r, &m.recall[key[0] == 't']);
        } else if (t == CT_JSON_ARRAY && strcmp(key, "layers") == 0) {
            status = read_layers(r, &layers);
        } else {
            skip(r, t);
        }
    }
    if (status != CT_OK || !(step >= 0) || step > 1e15)
        return status != CT_OK ? status : refuse(r, "a line with a step");
    m.step = layers.step = (long)step;
    if (layers.n[0] + layers.n[1] > 0) {
        if ((o->layers = make_room(r, o->layers, o->n_layers, sizeof layers)) == NULL)
            return CT_ERR_NOMEM;
        o->layers[o->n_layers++] = layers;
    } else if (m.split[0] != '\0') {
        if ((o->mark = make_room(r, o->mark, o->n_marks, sizeof m)) == NULL)
            return CT_ERR_NOMEM;
        o->mark[o->n_marks++] = m;
    } else if (isfinite(tau)) {
        return add_line(r, step, loss, tau);
    }
    return CT_OK;
}

static ct_status read_picture(reading *r)
{
    ct_record *o = r->out;
    char key[32], *text = NULL;
    int size[3] = {0, 0, 0};
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE;) {
        static const char *const NAME[3] = {"width", "height", "channels"};
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "a picture");
        for (int k = 0; k < 3; k++)
            if (t == CT_JSON_NUMBER && strcmp(key, NAME[k]) == 0 && r->json.number >= 1 &&
                r->json.number <= 64)
                size[k] = (int)r->json.number;
        if (t == CT_JSON_STRING && strcmp(key, "pixels") == 0)
            text = (char *)r->json.text;
    }
    o->width = size[0];
    o->height = size[1];
    o->channels = size[2];
    o->pixels = text != NULL ? read_bytes(r, text, (size_t)(o->n * size[0] * size[1] * size[2]))
                             : NULL;
    return o->pixels != NULL && (size[2] == 1 || size[2] == 3)
               ? CT_OK
               : refuse(r, "pictures of 1 or 3 channels in base64");
}

static ct_status read_probe(reading *r)
{
    ct_record *o = r->out;
    char key[32];
    int n = 0;
    ct_status status = CT_OK;
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE && status == CT_OK;) {
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "an object about the probe");
        if (t == CT_JSON_NUMBER && strcmp(key, "pairs") == 0 && r->json.number >= 2 &&
            r->json.number <= CT_RECORD_PAIRS) {
            o->n = (int)r->json.number;
        } else if (t == CT_JSON_ARRAY && strcmp(key, "captions") == 0 && o->n > 0) {
            o->caption = ct_arena_zeroed(r->arena, (size_t)o->n, sizeof *o->caption);
            if (o->caption == NULL)
                return CT_FAIL(r->err, CT_ERR_NOMEM, "%s: no memory", r->path);
            for (n = 0; (t = ct_json_next(&r->json)) == CT_JSON_STRING && n < o->n; n++)
                o->caption[n] = (char *)r->json.text;
            if (t != CT_JSON_CLOSE || n != o->n)
                return refuse(r, "a caption a pair");
        } else if (t == CT_JSON_OBJECT && strcmp(key, "picture") == 0 && o->n > 0) {
            status = read_picture(r);
        } else {
            skip(r, t);
        }
    }
    return status == CT_OK && o->n == 0 ? refuse(r, "2 to 64 pairs") : status;
}

static ct_status read_moment(reading *r)
{
    ct_record *o = r->out;
    double plane[4 * CT_RECORD_PAIRS];
    char key[32];
    int seen = 0;
    if ((o->moment = make_room(r, o->moment, o->n_moments, sizeof *o->moment)) == NULL)
        return CT_ERR_NOMEM;
    ct_moment *m = &o->moment[o->n_moments];
    for (ct_json_type t; (t = next_member(r, key)) != CT_JSON_CLOSE;) {
        int got = 0, want = 0;
        if (t == CT_JSON_BAD || t == CT_JSON_END)
            return refuse(r, "an object about a snapshot");
        if (t == CT_JSON_NUMBER && strcmp(key, "step") == 0 && r->json.number >= 0 &&
            r->json.number < 1e15) {
            m->step = (long)r->json.number;
        } else if (t == CT_JSON_STRING && strcmp(key, "cosines") == 0) {
            m->cosine_text = (char *)r->json.text;
            m->cosine = read_bytes(r, r->json.text, (size_t)(o->n * o->n));
        } else if (t == CT_JSON_ARRAY) {
            if (strcmp(key, "positive") == 0 || strcmp(key, "negative") == 0)
                got = read_numbers(r, m->bin[key[0] == 'n'], want = CT_RECORD_BINS);
            else if (strcmp(key, "image_spectrum") == 0 || strcmp(key, "text_spectrum") == 0)
                got = want = m->n_sigma = read_numbers(r, m->sigma[key[0] == 't'], CT_RECORD_PAIRS);
            else if (strcmp(key, "plane") == 0)
                got = read_numbers(r, plane, want = 4 * o->n);
            else if (strcmp(key, "plane_share") == 0)
                got = read_numbers(r, &m->share, want = 1);
            else if (strcmp(key, "alignment") == 0)
                got = read_numbers(r, &m->alignment, want = 1);
            else if (strcmp(key, "uniformity") == 0)
                got = read_numbers(r, m->uniformity, want = 2);
            else
                skip(r, t);
            if (got < 0 || got != want)
                return refuse(r, key);
            seen += want > 0;
        } else {
            skip(r, t);
        }
    }
    if (m->cosine == NULL || seen != 8)
        return refuse(r, "a whole snapshot");
    for (int i = 0; i < 4 * o->n; i++)
        m->plane[i / (2 * o->n)][i / 2 % o->n][i % 2] = plane[i];
    o->n_moments++;
    return CT_OK;
}

/* ---- the plane ---- */

/* Turn and mirror m's plane so that its points lie as near as may be to those of `to`:
 * of all rotations, then of all reflections, the one of largest sum of products. */
static void turn_towards(ct_moment *m, const ct_moment *to, int n)
{
    double p[2][2] = {{0, 0}, {0, 0}};
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 4; k++)
                p[k / 2][k % 2] += to->plane[side][i][k / 2] * m->plane[side][i][k % 2];
    const double turn = sqrt((p[0][0] + p[1][1]) * (p[0][0] + p[1][1]) +
                             (p[1][0] - p[0][1]) * (p[1][0] - p[0][1]));
    const double flip = sqrt((p[0][0] - p[1][1]) * (p[0][0] - p[1][1]) +
                             (p[1][0] + p[0][1]) * (p[1][0] + p[0][1]));
    const double sign = flip > turn ? -1 : 1, length = flip > turn ? flip : turn;
    if (!(length > 0))
        return;
    const double c = (p[0][0] + sign * p[1][1]) / length, s = (p[1][0] - sign * p[0][1]) / length;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < n; i++) {
            const double x = m->plane[side][i][0], y = m->plane[side][i][1];
            m->plane[side][i][0] = c * x - sign * s * y;
            m->plane[side][i][1] = s * x + sign * c * y;
        }
}

/* ---- files ---- */

static ct_status read_text(const char *folder, const char *name, ct_arena *arena, char *path,
                           char **text, ct_error *err)
{
    size_t size;
    if (snprintf(path, CT_PATH_BYTES, "%s/%s", folder, name) >= CT_PATH_BYTES)
        return CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", folder);
    return ct_file_read(path, (size_t)256 << 20, arena, text, &size, err);
}

/* `read` each line; the first by `first`, if there is one. */
static ct_status read_lines(reading *r, char *text, ct_status (*first)(reading *),
                            ct_status (*read)(reading *))
{
    ct_status status = CT_OK;
    r->line = 0;
    for (char *end; (end = strchr(text, '\n')) != NULL && status == CT_OK; text = end + 1) {
        *end = '\0';
        r->line++;
        ct_json_reader_init(&r->json, text);
        if (ct_json_next(&r->json) != CT_JSON_OBJECT)
            return refuse(r, "a JSON object");
        status = (r->line == 1 && first != NULL ? first : read)(r);
    }
    return status;
}

ct_status ct_record_read(const char *folder, ct_arena *arena, ct_record *out, ct_error *err)
{
    char path[CT_PATH_BYTES], *text;
    reading r = {.path = path, .arena = arena, .out = out, .err = err};
    ct_status status = read_text(folder, "recipe.ini", arena, path, &text, err);
    *out = (ct_record){.folder = folder,
                       .recipe = text,
                       .all_equal = (double)NAN,
                       .floor = (double)NAN};
    if (status == CT_OK)
        status = read_text(folder, "metrics.jsonl", arena, path, &text, err);
    if (status != CT_OK)
        return status;
    status = read_lines(&r, text, NULL, read_metrics);
    if (status == CT_OK)
        status = read_text(folder, "snapshots.jsonl", arena, path, &text, err);
    if (status != CT_OK)
        return status;
    status = read_lines(&r, text, read_probe, read_moment);
    if (status == CT_OK && (out->n_moments == 0 || out->n_lines == 0))
        status = CT_FAIL(
            err, CT_ERR_FORMAT,
            "%s: no snapshot and step yet; train first, with monitor.snapshots above 0", folder);
    for (int k = out->n_moments - 2; k >= 0 && status == CT_OK; k--)
        turn_towards(&out->moment[k], &out->moment[k + 1], out->n);
    return status;
}

int ct_record_nearest(const ct_record *r, long step)
{
    int best = 0;
    for (int k = 1; k < r->n_moments; k++)
        if (labs(r->moment[k].step - step) < labs(r->moment[best].step - step))
            best = k;
    return best;
}

const ct_layers *ct_record_layers(const ct_record *r, long step)
{
    int best = 0;
    for (int k = 1; k < r->n_layers; k++)
        if (labs(r->layers[k].step - step) < labs(r->layers[best].step - step))
            best = k;
    return r->n_layers > 0 ? &r->layers[best] : NULL;
}

double ct_record_cosine(const ct_record *r, const ct_moment *m, int i, int j)
{
    return (m->cosine[i * r->n + j] - 128) / 127.0;
}
