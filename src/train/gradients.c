/* gradients.c -- the gradients of a batch, in one piece or in chunks.
 *
 * A contrastive loss needs all embeddings of a batch at once, but not all activations
 * (gradient caching: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under
 * Memory Limited Setup", section 3):
 *
 *     1. embed the batch a chunk at a time, and keep the embeddings only
 *     2. the loss of all of them, and back to them
 *     3. embed each chunk again, and back from the gradients of its embeddings
 *
 * The activations in memory are those of a chunk; the towers run forward twice. The
 * gradients have the bits of the whole batch: those of a parameter are one chain of sums over
 * the rows in order, which each chunk goes on with, and dropout counts from the chunk's first row.
 *
 * Layer: train. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* Embeddings of both sides, tensors of the graph, which holds nothing else. */
static void embed(ct_trainer *t, const int *items, int from, int n, ct_tensor *z[2])
{
    ct_batch_side in[2];
    ct_graph_reset(&t->graph);
    t->graph.first_row = from;
    for (int side = 0; side < 2; side++)
        in[side] = ct_trainer_gather(t, side, items + from, n);
    for (int side = 0; side < 2; side++)
        z[side] = ct_graph_error(&t->graph) == NULL
                      ? ct_two_tower_embed(&t->graph, &t->model, side, &in[side])
                      : NULL;
}

/* The loss, and back from it. */
static ct_status back_from_loss(ct_trainer *t, ct_tensor *a, ct_tensor *b, const int *items,
                                double *loss, ct_error *err)
{
    ct_tensor *l = ct_trainer_loss_tensor(t, a, b, items, t->recipe->train.batch);
    if (l != NULL && !isfinite(l->x[0]))
        return ct_trainer_bad(t, (double)l->x[0], "loss", false, err);
    ct_backward(&t->graph, l, NULL);
    *loss = l != NULL ? (double)l->x[0] : (double)NAN;
    return ct_trainer_status(t, err);
}

static ct_status in_chunks(ct_trainer *t, const int *items, double *loss, ct_error *err)
{
    const int batch = t->recipe->train.batch, chunk = t->recipe->train.chunk,
              d = ct_trainer_width(t);
    const size_t size = sizeof(ct_real) * (size_t)d;
    ct_tensor *z[2];
    for (int i = 0; i < batch; i += chunk) {
        const int n = batch - i < chunk ? batch - i : chunk;
        embed(t, items, i, n, z);
        if (ct_graph_error(&t->graph) != NULL)
            return ct_trainer_status(t, err);
        for (int side = 0; side < 2; side++)
            memcpy(t->pair[side] + (size_t)i * (size_t)d, z[side]->x, (size_t)n * size);
    }
    ct_graph_reset(&t->graph);
    for (int side = 0; side < 2; side++) {
        memset(t->dpair[side], 0, (size_t)batch * size);
        z[side] = ct_variable(&t->graph, "embeddings", batch, d, t->pair[side], t->dpair[side]);
        t->last[side] = t->pair[side];
    }
    ct_status status = back_from_loss(t, z[0], z[1], items, loss, err);
    for (int i = 0; i < batch && status == CT_OK; i += chunk) {
        embed(t, items, i, batch - i < chunk ? batch - i : chunk, z);
        for (int side = 1; side >= 0;
             side--) /* the newer first: going back passes over older tensors */
            ct_backward(&t->graph, z[side], t->dpair[side] + (size_t)i * (size_t)d);
        status = ct_trainer_status(t, err);
    }
    return status;
}

ct_status ct_trainer_gradients(ct_trainer *t, const int *items, double *loss, ct_error *err)
{
    ct_params_zero_grad(&t->model.params);
    if (t->recipe->train.chunk > 0 && t->recipe->train.chunk < t->recipe->train.batch)
        return in_chunks(t, items, loss, err);
    ct_tensor *z[2];
    embed(t, items, 0, t->recipe->train.batch, z);
    for (int side = 0; side < 2; side++)
        t->last[side] = z[side] != NULL ? z[side]->x : NULL;
    return back_from_loss(t, z[0], z[1], items, loss, err);
}

ct_status ct_trainer_loss(ct_trainer *t, const ct_real *a, const ct_real *b, const int *items,
                          int n, double *loss, ct_error *err)
{
    const int d = ct_trainer_width(t);
    ct_graph *g = &t->graph;
    ct_graph_reset(g);
    g->training = false;
    const ct_tensor *l = ct_trainer_loss_tensor(t, ct_constant(g, n, d, a), ct_constant(g, n, d, b),
                                                items, n);
    *loss = l != NULL ? (double)l->x[0] : (double)NAN;
    return ct_trainer_status(t, err);
}
