/* monitor.c -- see snapshot.h. */
#include "train/snapshot.h"

#include "platform/memory.h"

#include <math.h>
#include <string.h>

#define AT_END 0.01 /* so near to an end is saturated */

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
