/* monitor.c -- see monitor.h.
 *
 * Layer: train. */
#include "train/monitor.h"

#include "contrast/scalar.h"
#include "platform/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT_END 0.01

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

static double dead_share(const ct_tensor *y)
{
    int dead = 0;
    for (int k = 0; k < y->cols; k++) {
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
    for (ptrdiff_t i = 0; i < n; i++)
        count += (double)y->x[i] < low + AT_END || (double)y->x[i] > 1 - AT_END;
    return (double)count / (double)n;
}

/* "image.3.weight": layer 3 of the image tower. */
static ct_activation activation_of(const ct_recipe *r, const char *name)
{
    const ct_mlp_config *tower = &r->tower[strncmp(name, "text", 4) == 0].model.mlp;
    const int k = atoi(strchr(name, '.') + 1);
    return (ct_activation)(k == tower->n_layers - 1 ? tower->last_activation : tower->activation);
}

static bool is_layer(const ct_tensor *y)
{
    const ct_tensor *w = y->in[1];
    const size_t length = w != NULL && w->op == NULL && w->name != NULL ? strlen(w->name) : 0;
    return length > 7 && strcmp(w->name + length - 7, ".weight") == 0 && w->rows == y->cols;
}

static ct_status look_at_layers(ct_trainer *t, ct_monitor *out, ct_error *err)
{
    const ct_params *p = &t->model.params;
    int widest = 1;
    for (const ct_tensor *y = t->graph.oldest; y != NULL; y = y->newer)
        widest = is_layer(y) && y->cols > widest ? y->cols : widest;
    double *sum = ct_alloc((size_t)widest, sizeof *sum);
    if (sum == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "monitor: out of memory");
    for (const ct_tensor *y = t->graph.oldest; y != NULL && out->n_layers < 2 * CT_MAX_LAYERS;
         y = y->newer) {
        if (!is_layer(y))
            continue;
        const ct_tensor *w = y->in[1];
        const ct_activation f = activation_of(t->recipe, w->name);
        ct_layer_view *v = &out->layer[out->n_layers++];
        *v = (ct_layer_view){.mean_cosine = mean_cosine(y, sum)};
        v->dead = f == CT_ACT_RELU ? dead_share(y) : 0;
        v->saturated = f == CT_ACT_SIGMOID || f == CT_ACT_TANH ? saturated_share(y, f) : 0;
        for (int k = 0; k < p->n;
             k++) /* the tensor's name dies with the graph, the parameter's does not */
            if (p->list[k].x == w->x) {
                v->name = p->list[k].name;
                v->gradient_norm = ct_grad_norm(t->device, p->list[k].dx,
                                                (size_t)w->rows * (size_t)w->cols);
            }
    }
    ct_free(sum);
    return CT_OK;
}

/* The next batch, forward and backward; gradients are zeroed by the next step anyway. Of a batch in
 * chunks the layers show the last. */
static ct_status look_at_batch(ct_trainer *t, ct_monitor *out, ct_error *err)
{
    t->graph.training = false;
    const ct_status status = ct_trainer_gradients(t, ct_sampler_batch(&t->sampler, t->step),
                                                  &out->loss, err);
    if (status != CT_OK)
        return status;
    const ct_loss_setting at = ct_trainer_setting(t, t->recipe->train.batch);
    out->landmarks = ct_landmarks_of(t->loss, &at, t->pairs->group != NULL ? t->group : NULL);
    return look_at_layers(t, out, err);
}

ct_status ct_monitor_look(ct_trainer *t, int limit, ct_monitor *out, ct_error *err)
{
    *out = (ct_monitor){.n_layers = 0};
    ct_diagnosis *d = ct_alloc(1, sizeof *d);
    if (d == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "monitor: out of memory");
    look_at_batch(t, out, err);
    ct_trainer_diagnose(t, CT_VALIDATION, limit, d, err);
    if (err->status == CT_OK) {
        out->state = d->state;
        memcpy(out->evidence, d->evidence[0], sizeof out->evidence);
        out->escape = d->measures.cross_covariance / out->landmarks.at.temperature;
        for (int s = 0; s < 2; s++)
            out->rank[s] = d->measures.effective_rank_centred[s];
    }
    ct_free(d);
    return err->status;
}

void ct_monitor_json(ct_json *j, const ct_monitor *m)
{
    ct_json_string(j, "state", ct_state_describe(m->state)->name);
    ct_json_number(j, "escape_meter", m->escape);
    ct_json_open(j, "effective_rank_centred", '[');
    ct_json_number(j, NULL, m->rank[0]);
    ct_json_number(j, NULL, m->rank[1]);
    ct_json_close(j);
    ct_json_number(j, "batch_loss", m->loss);
    ct_json_number(j, "all_equal", m->landmarks.all_equal);
    ct_json_number(j, "floor", m->landmarks.floor);
    ct_json_number(j, "floor_by_duplicates", m->landmarks.duplicates);
    ct_json_open(j, "layers", '[');
    for (int k = 0; k < m->n_layers; k++) {
        const ct_layer_view *v = &m->layer[k];
        ct_json_open(j, NULL, '{');
        ct_json_string(j, "weight", v->name);
        ct_json_number(j, "gradient_norm", v->gradient_norm);
        ct_json_number(j, "mean_cosine", v->mean_cosine);
        ct_json_number(j, "dead", v->dead);
        ct_json_number(j, "saturated", v->saturated);
        ct_json_close(j);
    }
    ct_json_close(j);
}

const char *ct_monitor_words(double mean, double all_equal)
{
    if (!(all_equal > 0) || !(fabs(mean / all_equal - 1) <= 0.005))
        return NULL;
    return "at the value of equal embeddings: try Adam, a larger rate or a smaller temperature";
}
