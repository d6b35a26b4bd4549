/* snapshot.c -- see snapshot.h.
 *
 * Layer: train. Needs formats (json). */
#include "train/snapshot.h"

#include "contrast/scalar.h"
#include "formats/base64.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define THUMB  32 /* most pixels a side of a recorded picture */
#define ROUNDS 12 /* of the iteration towards the principal plane */

bool ct_snapshot_due(long step, long steps, int count)
{
    const long long most = count - 1;
    if (count == 1)
        return step == steps;
    for (long long i = 0; i < count; i++)
        if ((long long)steps * i * i / (most * most) == step)
            return true;
    return false;
}

static ct_split probe_split(const ct_pairs *p)
{
    return p->count[CT_VALIDATION] > 0 ? CT_VALIDATION : CT_TRAIN;
}

int ct_probe_size(const ct_pairs *p)
{
    const int n = p->count[probe_split(p)];
    return n < CT_PROBE ? n : CT_PROBE;
}

/* ---- taking one ---- */

static double dot(const double *x, const double *y, int d)
{
    double sum = 0;
    for (int j = 0; j < d; j++)
        sum += x[j] * y[j];
    return sum;
}

static void scale_to_unit(double *x, int d)
{
    const double length = sqrt(dot(x, x, d));
    for (int j = 0; j < d && length > 0; j++)
        x[j] /= length;
}

/* Rows of x (m, d) centred, then their coordinates on the plane of the two directions
 * of largest variance: V <- orthonormal(X^T X V), a few times. The share of the
 * variance that it shows is returned. */
static double project(double *x, int m, int d, double *work, double out[][2])
{
    double *mean = work, *v[2] = {work + d, work + 2 * d}, *next = work + 3 * d, total = 0,
           kept = 0;
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int i = 0; i < m * d; i++)
        mean[i % d] += x[i] / m;
    for (int i = 0; i < m * d; i++)
        x[i] -= mean[i % d];
    for (int j = 0; j < d; j++) { /* any start that is not orthogonal to the plane will do */
        v[0][j] = x[j] + 1e-3 * (j + 1);
        v[1][j] = x[(m - 1) * d + j] - 1e-3 * (j % 3);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < 2; k++) {
            memset(next, 0, (size_t)d * sizeof *next);
            for (int i = 0; i < m; i++) {
                const double c = dot(x + i * d, v[k], d);
                for (int j = 0; j < d; j++)
                    next[j] += c * x[i * d + j];
            }
            const double along = k == 1 ? dot(next, v[0], d) : 0;
            for (int j = 0; j < d; j++)
                v[k][j] = next[j] - along * v[0][j];
            scale_to_unit(v[k], d);
        }
    for (int i = 0; i < m; i++) {
        total += dot(x + i * d, x + i * d, d);
        for (int k = 0; k < 2; k++) {
            out[i][k] = dot(x + i * d, v[k], d);
            kept += out[i][k] * out[i][k];
        }
    }
    return total > 0 ? kept / total : 0;
}

/* Cosines and their histograms. */
static void measure_cosines(ct_snapshot *out, const double *unit, int n, int d, const int *group)
{
    int count[2] = {0, 0};
    memset(out->bin, 0, sizeof out->bin);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double c = out->s[i * n + j] = dot(unit + i * d, unit + (n + j) * d, d);
            const int b = (int)floor((c + 1) / 2 * CT_PROBE_BINS), other = i != j;
            if (other && group[i] == group[j])
                continue;
            out->bin[other][b < 0 ? 0 : b >= CT_PROBE_BINS ? CT_PROBE_BINS - 1 : b]++;
            count[other]++;
        }
    for (int k = 0; k < 2 * CT_PROBE_BINS; k++)
        out->bin[k / CT_PROBE_BINS][k % CT_PROBE_BINS] /= count[k / CT_PROBE_BINS] > 0
                                                              ? count[k / CT_PROBE_BINS]
                                                              : 1;
}

static ct_status take(ct_trainer *t, ct_snapshot *out, ct_arena *arena, ct_error *err)
{
    const ct_pairs *p = t->pairs;
    const int *items = p->index[probe_split(p)], n = ct_probe_size(p), d = ct_trainer_width(t);
    ct_real *raw = ct_arena_alloc(arena, (size_t)(2 * n * d) * sizeof *raw);
    double *unit = ct_arena_alloc(arena, (size_t)(2 * n * d) * sizeof *unit);
    double *work = ct_arena_alloc(arena, (size_t)(4 * d) * sizeof *work);
    ct_distributions *shape = ct_arena_alloc(arena, sizeof *shape);
    ct_measures m;
    int group[CT_PROBE];
    if (raw == NULL || unit == NULL || work == NULL || shape == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "snapshot: no memory for %d pairs", n);
    for (int i = 0; i < n; i++)
        group[i] = p->group != NULL ? p->group[items[i]] : i;
    ct_status status = ct_trainer_embed(t, 0, items, n, raw, err);
    if (status == CT_OK)
        status = ct_trainer_embed(t, 1, items, n, raw + n * d, err);
    const ct_embedded e = {.a = raw, .b = raw + n * d, .n = n, .d = d, .device = t->device};
    if (status == CT_OK)
        status = ct_measure(&e, &m, shape, err);
    for (int i = 0; i < 2 * n * d && status == CT_OK; i++) {
        unit[i] = (double)raw[i];
        if (!isfinite(unit[i]))
            status = CT_FAIL(err, CT_ERR_NUMERIC,
                             "snapshot at step %ld: embeddings that are not finite", t->step);
    }
    if (status != CT_OK)
        return status;
    for (int i = 0; i < 2 * n; i++)
        scale_to_unit(unit + i * d, d);
    out->step = t->step;
    out->n = n;
    measure_cosines(out, unit, n, d, group);
    out->alignment = m.alignment;
    out->n_sigma = shape->n_singular[0];
    for (int side = 0; side < 2; side++) {
        out->uniformity[side] = m.uniformity[side];
        memcpy(out->sigma[side], shape->singular[side], sizeof out->sigma[side]);
    }
    double at[2 * CT_PROBE][2];
    out->share = project(unit, 2 * n, d, work, at);
    for (int i = 0; i < 2 * n; i++)
        memcpy(out->plane[i / n][i % n], at[i], sizeof at[i]);
    return status;
}

ct_status ct_snapshot_take(ct_trainer *t, ct_snapshot *out, ct_error *err)
{
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const ct_status status = take(t, out, &arena, err);
    ct_arena_free(&arena);
    return status;
}

/* ---- writing it down ---- */

/* In ten-thousandths: more than a picture shows, and soon written. */
static void numbers(ct_json *j, const char *key, const double *x, int n)
{
    ct_json_open(j, key, '[');
    for (int i = 0; i < n; i++)
        ct_json_integer(j, NULL, (long long)floor(x[i] * 1e4 + 0.5));
    ct_json_close(j);
}

void ct_snapshot_json(ct_json *j, const ct_snapshot *s)
{
    uint8_t byte[CT_PROBE * CT_PROBE];
    char text[CT_BASE64_BYTES(CT_PROBE * CT_PROBE)];
    double plane[4 * CT_PROBE];
    for (int i = 0; i < s->n * s->n; i++)
        byte[i] = (uint8_t)floor(fmax(-1, fmin(1, s->s[i])) * 127 + 128.5);
    ct_base64_put(text, byte, (size_t)(s->n * s->n));
    ct_json_string(j, "cosines", text); /* bytes, row by row: 1 is -1, 128 is 0, 255 is 1 */
    numbers(j, "positive", s->bin[0], CT_PROBE_BINS);
    numbers(j, "negative", s->bin[1], CT_PROBE_BINS);
    numbers(j, "image_spectrum", s->sigma[0], s->n_sigma);
    numbers(j, "text_spectrum", s->sigma[1], s->n_sigma);
    for (int i = 0; i < 4 * s->n; i++)
        plane[i] = s->plane[i / (2 * s->n)][i / 2 % s->n][i % 2];
    numbers(j, "plane", plane, 4 * s->n); /* x, y of each image, then of each text */
    numbers(j, "plane_share", &s->share, 1);
    numbers(j, "alignment", &s->alignment, 1);
    numbers(j, "uniformity", s->uniformity, 2);
}

/* Pictures of the probe, every k-th pixel so that no side is above THUMB. */
static void put_pictures(ct_json *j, const ct_pairs *p, const int *items, int n, ct_error *err)
{
    const ct_side *side = &p->side[0];
    const int most = side->width > side->height ? side->width : side->height;
    const int k = (most + THUMB - 1) / THUMB, channels = side->channels;
    const int width = side->width / k, height = side->height / k;
    const size_t size = (size_t)(n * width * height * channels);
    ct_arena arena;
    ct_arena_open(&arena, "snapshot", 0, err);
    ct_real *x = ct_arena_alloc(&arena, (size_t)n * (size_t)side->dim * sizeof *x);
    uint8_t *byte = ct_arena_alloc(&arena, size);
    char *text = ct_arena_alloc(&arena, CT_BASE64_BYTES(size));
    if (err->status == CT_OK &&
        ct_pairs_rows(p, 0, &(ct_standard){0, 1}, items, n, x, err) == CT_OK) {
        for (size_t at = 0; at < size; at++) { /* item, row, column, channel: the last is fastest */
            const int h = (int)(at % (size_t)channels), pixel = (int)(at / (size_t)channels);
            const int c = pixel % width, r = pixel / width % height, i = pixel / width / height;
            const double v = (double)
                x[i * side->dim + (r * k * side->width + c * k) * channels + h];
            byte[at] = (uint8_t)fmax(0, fmin(255, floor(v + 0.5)));
        }
        ct_base64_put(text, byte, size);
        ct_json_open(j, "picture", '{');
        ct_json_integer(j, "width", width);
        ct_json_integer(j, "height", height);
        ct_json_integer(j, "channels", channels);
        ct_json_string(j, "pixels", text);
        ct_json_close(j);
    }
    ct_arena_free(&arena);
}

void ct_probe_json(ct_json *j, const ct_pairs *p, ct_error *err)
{
    const int *items = p->index[probe_split(p)], n = ct_probe_size(p);
    ct_json_integer(j, "pairs", n);
    ct_json_string(j, "split", ct_split_name(probe_split(p)));
    if (p->side[1].text != NULL) {
        ct_json_open(j, "captions", '[');
        for (int i = 0; i < n; i++)
            ct_json_string(j, NULL, p->side[1].text[p->side[1].text_of[items[i]]]);
        ct_json_close(j);
    }
    if (p->side[0].width > 0 && (p->side[0].channels == 1 || p->side[0].channels == 3))
        put_pictures(j, p, items, n, err);
}
