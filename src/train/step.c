/* step.c -- one training step: gather, forward, loss and backward, update.
 *
 * A contrastive loss needs all embeddings of a batch at once, but not all activations. With
 * train.chunk the towers see so many pairs at a time (gradient caching: Gao et al. 2021, "Scaling
 * Deep Contrastive Learning Batch Size under Memory Limited Setup", section 3):
 *
 *     forward     embed the batch a chunk at a time, and keep the embeddings only
 *     loss        of all of them, and back to them
 *     backward    embed each chunk again, and back from the gradients of its embeddings
 *
 * The activations in memory are those of a chunk; the towers run forward twice. The gradients have
 * the bits of the whole batch: those of a parameter are one chain of sums over the rows in order,
 * which each chunk continues, and dropout counts from the chunk's first row. */
#include "train/trainer.h"

#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

static const ct_field STEP[] = {
    {.key = "step", .kind = CT_LONG, CT_AT(ct_step_line, step.step)},
    {.key = "loss", .kind = CT_SINGLE, CT_AT(ct_step_line, step.loss)},
    {.key = "all_equal", .kind = CT_SINGLE, CT_AT(ct_step_line, landmarks.all_equal)},
    {.key = "floor", .kind = CT_SINGLE, CT_AT(ct_step_line, landmarks.floor)},
    {.key = "temperature", .kind = CT_SINGLE, CT_AT(ct_step_line, step.at.temperature)},
    {.key = "rate", .kind = CT_SINGLE, CT_AT(ct_step_line, step.rate)},
    {.key = "gradient_norm", .kind = CT_SINGLE, CT_AT(ct_step_line, step.gradient_norm)},
};
const ct_fields ct_step_fields = CT_FIELDS(STEP);

/* "step 12: the loss is nan; first bad tensor: linear (128, 64) of image.1.weight" */
static void say_bad(const ct_trainer *t, double value, const char *what, ct_error *err)
{
    const ct_tensor *bad = ct_graph_first_bad(&t->graph, strcmp(what, "gradient") == 0);
    char where[160];
    snprintf(where, sizeof where, "%s (1, 1)", what);
    if (bad != NULL) {
        const bool has_parameter = bad->in[1] != NULL && bad->in[1]->op == NULL;
        snprintf(where, sizeof where, "%s (%d, %d)%s%s", bad->name, bad->rows, bad->cols,
                 has_parameter ? " of " : "", has_parameter ? bad->in[1]->name : "");
    }
    CT_FAIL(err, CT_ERR_NUMERIC,
            "step %ld: the %s is %g; first bad tensor: %s; try a smaller optim.rate", t->step + 1,
            what, isnan(value) ? (double)NAN : value, where); /* the sign of a NaN is no number */
}

/* Each side of `n` items becomes embeddings on its own, in a graph that holds nothing else. */
static void embed(ct_trainer *t, const int *items, int from, int n, ct_tensor *z[2], ct_error *err)
{
    ct_graph_reset(&t->graph);
    t->graph.first_row = from;
    ct_batch_side in[2];
    for (int side = 0; side < 2; side++)
        in[side] = ct_gather_items(&t->gather[side], items + from, n, err);
    if (err->status == CT_OK && n == t->recipe.train.batch)
        ct_two_tower_embed_both(&t->graph, &t->model, in, z);
    else
        for (int side = 0; side < 2 && err->status == CT_OK; side++)
            z[side] = ct_two_tower_embed(&t->graph, &t->model, side, &in[side]);
    ct_trainer_graph_error(t, err);
}

static ct_tensor *loss_of(ct_trainer *t, ct_tensor *a, ct_tensor *b, const int *items, int n)
{
    ct_graph *g = &t->graph;
    const bool grouped = t->pairs->group != NULL;
    for (int i = 0; grouped && i < n; i++)
        t->group[i] = t->pairs->group[items[i]];
    const ct_queue queue = {{t->queue[0], t->queue[1]}, ct_trainer_past(t)};
    const ct_loss_inputs in = {.log_scale = ct_two_tower_log_scale(g, &t->model),
                               .group = grouped ? t->group : NULL,
                               .bias = ct_two_tower_bias(g, &t->model),
                               .options = &t->recipe.loss.options,
                               .queue = g->training && queue.n > 0 ? &queue : NULL};
    return t->loss->apply(g, a, b, &in);
}

/* Here the sides meet: each pair is compared with all others of the batch. Then back to what the
 * embeddings came from; the loss is the answer. */
static double loss_and_backward(ct_trainer *t, const int *items, ct_tensor *z[2], ct_error *err)
{
    if (err->status != CT_OK)
        return (double)NAN;
    ct_tensor *l = loss_of(t, z[0], z[1], items, t->recipe.train.batch);
    const double loss = l != NULL ? (double)l->x[0] : (double)NAN;
    for (int side = 0; side < 2 && l != NULL; side++)
        t->last[side] = z[side]->x;
    if (l != NULL && !isfinite(loss))
        say_bad(t, loss, "loss", err);
    else
        ct_backward(&t->graph, l, NULL);
    ct_trainer_graph_error(t, err);
    return loss;
}

/* ---- a batch in chunks ---- */

static int chunk_at(const ct_trainer *t, int from)
{
    const int batch = t->recipe.train.batch, chunk = ct_trainer_chunk(t);
    return batch - from < chunk ? batch - from : chunk;
}

/* The embeddings outlive the graphs that made them, and are variables of the next. */
static void embed_chunks(ct_trainer *t, const int *items, ct_tensor *z[2], ct_error *err)
{
    const int batch = t->recipe.train.batch, d = ct_trainer_width(t);
    const size_t row = sizeof(ct_real) * (size_t)d;
    for (int i = 0; i < batch && err->status == CT_OK; i += chunk_at(t, i)) {
        embed(t, items, i, chunk_at(t, i), z, err);
        for (int side = 0; side < 2 && err->status == CT_OK; side++)
            memcpy(t->pair[side] + (ptrdiff_t)i * d, z[side]->x, (size_t)chunk_at(t, i) * row);
    }
    ct_graph_reset(&t->graph);
    for (int side = 0; side < 2; side++) {
        memset(t->dpair[side], 0, (size_t)batch * row);
        z[side] = ct_variable(&t->graph, "embeddings", batch, d, t->pair[side], t->dpair[side]);
    }
}

static void backward_chunks(ct_trainer *t, const int *items, ct_error *err)
{
    const ptrdiff_t d = ct_trainer_width(t);
    ct_tensor *z[2];
    for (int i = 0; i < t->recipe.train.batch && err->status == CT_OK; i += chunk_at(t, i)) {
        embed(t, items, i, chunk_at(t, i), z, err);
        for (int side = 1; side >= 0; side--) /* the newer first: going back passes older tensors */
            ct_backward(&t->graph, z[side], t->dpair[side] + i * d);
        ct_trainer_graph_error(t, err);
    }
}

ct_status ct_trainer_gradients(ct_trainer *t, const int *items, double *loss, ct_error *err)
{
    const int batch = t->recipe.train.batch;
    const bool whole = ct_trainer_chunk(t) == batch;
    ct_tensor *z[2];
    ct_params_zero_grad(&t->model.params);
    if (whole)
        embed(t, items, 0, batch, z, err);
    else
        embed_chunks(t, items, z, err);
    *loss = loss_and_backward(t, items, z, err);
    if (!whole)
        backward_chunks(t, items, err);
    return err->status;
}

/* ---- a step ---- */

/* The batch takes the place of the oldest in the queue. */
static void remember(ct_trainer *t)
{
    const int batch = t->recipe.train.batch, queue = t->recipe.loss.queue;
    const size_t size = (size_t)batch * (size_t)ct_trainer_width(t);
    for (int side = 0; side < 2 && queue > 0; side++)
        memcpy(t->queue[side] + (size_t)(t->step % (queue / batch)) * size, t->last[side],
               size * sizeof(ct_real));
}

/* Every parameter moves a little against its gradient. */
static void update(ct_trainer *t, double loss, ct_step *out, ct_error *err)
{
    ct_params *p = &t->model.params;
    if (err->status != CT_OK)
        return;
    const double norm = ct_grad_norm(t->device, ct_params_gradients(p), p->size);
    if (!isfinite(norm)) {
        say_bad(t, norm, "gradient", err);
        return;
    }
    *out = (ct_step){.step = t->step + 1,
                     .loss = loss,
                     .rate = ct_schedule_rate(&t->recipe.optim.schedule, t->step),
                     .gradient_norm = norm,
                     .at = ct_trainer_setting(t, t->recipe.train.batch)};
    out->at.queue = ct_trainer_past(t);
    out->at.quick = true;
    ct_grad_clip(t->device, p->dx, p->size, norm, t->recipe.optim.clip);
    ct_optim_step(&t->optim, t->device, p->x, p->dx, p->n_decay, out->rate);
    ct_two_tower_clamp(&t->model);
    remember(t);
    t->step++;
}

ct_status ct_trainer_step(ct_trainer *t, ct_step *out, ct_error *err)
{
    double loss;
    if (err->status != CT_OK)
        return err->status;
    t->graph.training = true;
    t->graph.seed = (uint64_t)t->recipe.train.seed;
    t->graph.step = (uint64_t)t->step;
    ct_trainer_gradients(t, ct_sampler_batch(&t->sampler, t->step), &loss, err);
    update(t, loss, out, err);
    return err->status;
}
