/* snapshot.c -- see snapshot.h. */
#include "train/snapshot.h"

#include <math.h>
#include <string.h>

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

/* One pair is no picture of pairs and others. */
static ct_split split_of(const ct_pairs *p)
{
    const ct_split split = ct_pairs_split(p, CT_VALIDATION);
    return p->count[split] > 1 ? split : CT_TRAIN;
}

int ct_probe_size(const ct_pairs *p)
{
    const int n = p->count[split_of(p)];
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
static double project(double *x, int m, int d, double *work, double *out)
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
            out[2 * i + k] = dot(x + i * d, v[k], d);
            kept += out[2 * i + k] * out[2 * i + k];
        }
    }
    return total > 0 ? kept / total : 0;
}

/* Cosines, as numbers and as the log has them, and their histograms. */
static void measure_cosines(ct_snapshot *out, const double *unit, int n, int d, const int *group)
{
    int count[2] = {0, 0};
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double c = dot(unit + i * d, unit + (n + j) * d, d);
            const double at = floor((c + 1) / 2 * CT_PROBE_BINS);
            const int b = (int)fmax(0, fmin(CT_PROBE_BINS - 1, at)), other = i != j;
            out->s[i * n + j] = c;
            out->byte[i * n + j] = (uint8_t)floor(fmax(-1, fmin(1, c)) * 127 + 128.5);
            if (other && group != NULL && group[i] == group[j])
                continue;
            out->moment.bin[other][b]++;
            count[other]++;
        }
    for (int other = 0; other < 2; other++)
        for (int b = 0; b < CT_PROBE_BINS; b++)
            out->moment.bin[other][b] /= count[other] > 0 ? count[other] : 1;
}

/* What the arrays of measures hold of it. */
static void measure_sides(ct_moment *out, const ct_embedded *e, ct_distributions *shape,
                          ct_error *err)
{
    ct_measures m = {.n_sides = 0};
    ct_measure(e, &m, shape, err);
    if (ct_measures_finite(&m, err) != CT_OK)
        return;
    out->alignment = m.alignment;
    for (int side = 0; side < 2; side++) {
        out->uniformity[side] = m.uniformity[side];
        out->n_spectrum[side] = shape->n_singular[side];
        memcpy(out->spectrum[side], shape->singular[side], sizeof out->spectrum[side]);
    }
}

ct_status ct_snapshot_take(ct_trainer *t, ct_snapshot *out, ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "snapshot", 0, err);
    const ct_embedded e = ct_trainer_embedded(t, split_of(t->pairs), CT_PROBE, &arena, err);
    const int n = e.n, d = e.d;
    double *unit = ct_arena_zeroed(&arena, (size_t)(2 * n * d), sizeof *unit);
    double *work = ct_arena_zeroed(&arena, (size_t)(4 * d), sizeof *work);
    ct_distributions *shape = ct_arena_zeroed(&arena, 1, sizeof *shape);
    *out = (ct_snapshot){.n = n};
    out->moment = (ct_moment){.step = (double)t->step,
                              .cosine = out->byte,
                              .n_cosines = n * n,
                              .n_plane = 4 * n};
    if (err->status == CT_OK)
        measure_sides(&out->moment, &e, shape, err);
    if (err->status == CT_OK) {
        for (int i = 0; i < 2 * n * d; i++)
            unit[i] = (double)(i < n * d ? e.a[i] : e.b[i - n * d]);
        for (int i = 0; i < 2 * n; i++)
            scale_to_unit(unit + i * d, d);
        measure_cosines(out, unit, n, d, e.group);
        out->moment.share = project(unit, 2 * n, d, work, out->moment.plane);
    }
    ct_arena_free(&arena);
    return err->status;
}

/* ---- the probe ---- */

ct_status ct_picture_bytes(const ct_pairs *p, int item, int k, int channels, ct_arena *arena,
                           uint8_t *out, ct_error *err)
{
    const ct_side *s = &p->side[0];
    ct_real *x = ct_arena_zeroed(arena, (size_t)s->dim, sizeof *x), most = 0;
    if (x == NULL || ct_pairs_rows(p, 0, &(ct_standard){0, 1}, &item, 1, x, err) != CT_OK)
        return CT_FAIL(err, CT_ERR_NOMEM, "no memory for a picture");
    for (int i = 0; i < s->dim; i++)
        most = x[i] > most ? x[i] : most;
    for (int row = 0; row < s->height / k; row++)
        for (int column = 0; column < s->width / k; column++)
            for (int c = 0; c < channels; c++) {
                const int at = (row * s->width + column) * k * s->channels;
                const double v = (double)x[at + c % s->channels] * (most <= 1 ? 255 : 1);
                *out++ = (uint8_t)fmax(0, fmin(255, floor(v + 0.5)));
            }
    return err->status;
}

/* Pictures of the probe, small enough that no side is above CT_PROBE_SIDE. */
static void add_pictures(ct_probe *out, const ct_pairs *p, const int *items, ct_arena *arena,
                         ct_error *err)
{
    const ct_side *side = &p->side[0];
    const int most = side->width > side->height ? side->width : side->height;
    const int k = (most + CT_PROBE_SIDE - 1) / CT_PROBE_SIDE;
    const int size = side->width / k * (side->height / k) * side->channels;
    uint8_t *byte = ct_arena_alloc(arena, (size_t)out->n * (size_t)size);
    for (int i = 0; i < out->n && byte != NULL; i++)
        ct_picture_bytes(p, items[i], k, side->channels, arena, byte + (ptrdiff_t)i * size, err);
    out->width = side->width / k;
    out->height = side->height / k;
    out->channels = side->channels;
    out->n_pixels = byte != NULL ? out->n * size : 0;
    out->pixels = byte;
}

ct_probe ct_probe_of(const ct_pairs *p, ct_arena *arena, ct_error *err)
{
    const int *items = p->index[split_of(p)];
    const ct_side *image = &p->side[0], *text = &p->side[1];
    ct_probe out = {.n = ct_probe_size(p), .split = ct_split_name(split_of(p))};
    out.n_captions = text->text != NULL ? out.n : 0;
    for (int i = 0; i < out.n_captions; i++)
        out.caption[i] = text->text[text->text_of[items[i]]];
    if (image->width > 0 && (image->channels == 1 || image->channels == 3))
        add_pictures(&out, p, items, arena, err);
    return out;
}
