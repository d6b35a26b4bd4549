/* snapshot.c -- see snapshot.h. */
#include "train/snapshot.h"

#include "platform/memory.h"

#include <math.h>
#include <string.h>

#define ROUNDS 12   /* of the iteration towards the principal plane */
#define AT_END 0.01 /* so near to an end is saturated */

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

/* ---- the monitor ---- */

static const ct_field MONITOR[] = {
    {CT_ROW("step", CT_REAL, ct_monitor, seen.step)},
    {CT_ROW("state", CT_STRING, ct_monitor, diagnosis.text.name)},
    {CT_ROW("escape_meter", CT_REAL, ct_monitor, escape)},
    {CT_ROW("effective_rank_centred", CT_REAL, ct_monitor,
            diagnosis.measures.effective_rank_centred),
     .count = 2},
    {CT_ROW("batch_loss", CT_REAL, ct_monitor, loss)},
    {CT_ROW("all_equal", CT_REAL, ct_monitor, landmarks.all_equal)},
    {CT_ROW("floor", CT_REAL, ct_monitor, landmarks.floor)},
    {CT_ROW("floor_by_duplicates", CT_REAL, ct_monitor, landmarks.duplicates)},
    {CT_ROWS("layers", CT_GROUP, ct_monitor, seen.layer, seen.n), .members = &ct_layer_fields},
};
const ct_fields ct_monitor_fields = CT_FIELDS(MONITOR);

_Static_assert(CT_LOG_LAYERS == 2 * CT_MAX_LAYERS, "the log has room for both towers");

/* Mean cosine of different rows of y; rows without a length count as 0. */
static double mean_cosine(const ct_tensor *y, double *sum)
{
    double square = 0, own = 0;
    memset(sum, 0, (size_t)y->cols * sizeof *sum);
    for (int i = 0; i < y->rows; i++) {
        const ct_real *row = y->x + (ptrdiff_t)i * y->cols;
        double length = 0;
        for (int k = 0; k < y->cols; k++)
            length += (double)row[k] * (double)row[k];
        length = sqrt(length);
        for (int k = 0; k < y->cols && length > 0; k++)
            sum[k] += (double)row[k] / length;
        own += length > 0;
    }
    for (int k = 0; k < y->cols; k++)
        square += sum[k] * sum[k];
    return y->rows > 1 ? (square - own) / ((double)y->rows * (y->rows - 1)) : 0;
}

static double dead_share(const ct_tensor *y, ct_activation f)
{
    int dead = 0;
    for (int k = 0; k < y->cols && f == CT_ACT_RELU; k++) {
        int live = 0;
        for (int i = 0; i < y->rows; i++)
            live += y->x[(ptrdiff_t)i * y->cols + k] != 0;
        dead += live == 0;
    }
    return (double)dead / y->cols;
}

static double saturated_share(const ct_tensor *y, ct_activation f)
{
    const double low = f == CT_ACT_TANH ? -1 : 0;
    ptrdiff_t count = 0, n = (ptrdiff_t)y->rows * y->cols;
    if (f != CT_ACT_SIGMOID && f != CT_ACT_TANH)
        return 0;
    for (ptrdiff_t i = 0; i < n; i++)
        count += (double)y->x[i] < low + AT_END || (double)y->x[i] > 1 - AT_END;
    return (double)count / (double)n;
}

/* The layer that made y, and its weight: the tensor's names die with the graph, the parameter's do
 * not. NULL if no layer did. */
static const ct_linear_layer *layer_of(const ct_two_tower *m, const ct_tensor *y,
                                       const ct_param **weight)
{
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < m->side[side].mlp.n_layers; k++) {
            const ct_linear_layer *layer = &m->side[side].mlp.layer[k];
            *weight = &m->params.list[layer->weight];
            if (y->in[1] != NULL && y->in[1]->x == (*weight)->x)
                return layer;
        }
    return NULL;
}

/* The next batch, forward and backward; gradients are zeroed by the next step anyway. Of a batch in
 * chunks the layers show the last. */
static void look_at_batch(ct_trainer *t, ct_monitor *m, ct_error *err)
{
    int widest = 1;
    t->graph.training = false;
    if (ct_trainer_gradients(t, ct_sampler_batch(&t->sampler, t->step), &m->loss, err) != CT_OK)
        return;
    for (const ct_tensor *y = t->graph.oldest; y != NULL; y = y->newer)
        widest = y->cols > widest ? y->cols : widest;
    double *sum = ct_alloc_for("monitor", (size_t)widest, sizeof *sum, err);
    for (const ct_tensor *y = t->graph.oldest; y != NULL && sum != NULL; y = y->newer) {
        const ct_param *w;
        const ct_linear_layer *layer = layer_of(&t->model, y, &w);
        if (layer != NULL)
            m->seen.layer[m->seen.n++] = (ct_layer){
                .weight = w->name,
                .gradient = ct_grad_norm(t->device, w->dx, (size_t)w->rows * (size_t)w->cols),
                .cosine = mean_cosine(y, sum),
                .dead = dead_share(y, layer->f),
                .saturated = saturated_share(y, layer->f)};
    }
    ct_free(sum);
}

ct_status ct_monitor_look(ct_trainer *t, ct_monitor *m, ct_error *err)
{
    const ct_loss_setting at = ct_trainer_setting(t, t->recipe.train.batch);
    m->seen = (ct_layers){.step = (double)t->step};
    look_at_batch(t, m, err);
    m->landmarks = ct_landmarks_of(t->loss, &at, t->pairs->group != NULL ? t->group : NULL);
    m->escape = ct_escape_meter(&m->diagnosis.measures, m->landmarks.at.temperature);
    return err->status;
}
