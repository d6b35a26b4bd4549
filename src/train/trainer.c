/* trainer.c -- building a run from its recipe, and one step of it.
 *
 * Layer: train. */
#include "train/trainer.h"

#include "contrast/datasets.h"
#include "contrast/scalar.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#define CHUNK    512 /* rows embedded at once when nothing is trained */
#define GATHERED 64  /* rows that a thread copies at a time           */

ct_pairs *ct_recipe_data(const ct_recipe *r, ct_error *err)
{
    const ct_data_recipe *d = &r->data;
    const uint64_t seed = (uint64_t)d->seed;
    switch ((ct_data_kind)d->kind) {
    case CT_DATA_SHAPES:
        return ct_shapes(&(ct_shapes_options){.size = d->size,
                                              .n_train = d->n_train,
                                              .n_validation = d->n_validation,
                                              .n_test = d->n_test,
                                              .n_composition = d->n_composition,
                                              .noise = d->noise,
                                              .first_object = d->first_object,
                                              .seed = seed},
                         err);
    case CT_DATA_LATENT:
        return ct_latent(&(ct_latent_options){.dim = d->dim,
                                              .shared = d->shared,
                                              .rho = d->rho,
                                              .n_train = d->n_train,
                                              .n_validation = d->n_validation,
                                              .n_test = d->n_test,
                                              .seed = seed},
                         err);
    case CT_DATA_PAIRS:
        return ct_pairs_from_files(&(ct_files_options){.image = d->image,
                                                       .text = d->text,
                                                       .groups = d->groups,
                                                       .split = d->split,
                                                       .validation = d->validation,
                                                       .test = d->test,
                                                       .seed = seed,
                                                       .resize = d->resize},
                                   err);
    case CT_DATA_FASHION_MNIST:
        return ct_fashion_mnist(&(ct_fashion_options){.dir = d->dir,
                                                      .n_validation = d->n_validation,
                                                      .seed = seed},
                                err);
    }
    return NULL; /* a recipe holds no other kind */
}

static bool is_text(const ct_pairs *p, int side)
{
    return p->side[side].text != NULL;
}

/* What the recipe says of a tower, and what the data does: its input, and whether it has a table.
 */
static ct_tower_config tower_config(const ct_tower_recipe *r, const ct_side *side)
{
    ct_tower_config c = r->model;
    c.buckets = side->text != NULL ? r->text.buckets : 0;
    c.mlp.in = side->text != NULL ? c.bag_dim : side->dim;
    return c;
}

int ct_trainer_room(const ct_trainer *t)
{
    const ct_train_recipe *r = &t->recipe->train;
    const int n = r->chunk > 0 && r->chunk < r->batch ? r->chunk : r->batch;
    return n > CHUNK ? n : CHUNK;
}

static ct_status no_room(const ct_trainer *t, ct_error *err)
{
    return CT_FAIL(err, CT_ERR_NOMEM, "trainer: no memory for batches of %d",
                   t->recipe->train.batch);
}

/* Arrays for a batch of `rows` items. */
static bool make_room(ct_trainer *t, int side, int rows)
{
    ct_side_room *room = &t->room[side];
    const size_t n = (size_t)rows;
    if (!is_text(t->pairs, side)) {
        room->x = ct_arena_zeroed(&t->arena, n * (size_t)t->pairs->side[side].dim, sizeof *room->x);
        return room->x != NULL;
    }
    room->offset = ct_arena_zeroed(&t->arena, n + 1, sizeof(int));
    room->id = ct_arena_zeroed(&t->arena, n * (size_t)t->tokens[side].longest + 1, sizeof(int));
    room->which = ct_arena_zeroed(&t->arena, n, sizeof(int));
    return room->offset != NULL && room->id != NULL && room->which != NULL;
}

static ct_status prepare_side(ct_trainer *t, int side, ct_error *err)
{
    const ct_tower_recipe *r = &t->recipe->tower[side];
    const ct_side *s = &t->pairs->side[side];
    const ct_status status = ct_standard_fit(t->pairs, side, &t->standard[side], err);
    if (status != CT_OK)
        return status;
    if (s->text != NULL &&
        ct_tokens_init(&t->tokens[side], s->text, s->n_texts, &r->text, err) != CT_OK)
        return CT_ERR_NOMEM;
    return make_room(t, side, ct_trainer_room(t)) ? CT_OK : no_room(t, err);
}

/* Embeddings beyond a graph: a batch in chunks has all of its own, and their gradients; a queue
 * those of the past. */
static bool make_cache(ct_trainer *t)
{
    const size_t n = (size_t)t->recipe->train.batch * (size_t)ct_trainer_width(t);
    const size_t past = (size_t)t->recipe->loss.queue * (size_t)ct_trainer_width(t);
    bool ok = true;
    for (int side = 0; side < 2 && past > 0; side++)
        ok = ok && (t->queue[side] = ct_arena_zeroed(&t->arena, past, sizeof(ct_real))) != NULL;
    for (int side = 0; side < 2 && t->recipe->train.chunk > 0; side++) {
        t->pair[side] = ct_arena_zeroed(&t->arena, n, sizeof(ct_real));
        t->dpair[side] = ct_arena_zeroed(&t->arena, n, sizeof(ct_real));
        ok = ok && t->pair[side] != NULL && t->dpair[side] != NULL;
    }
    return ok;
}

ct_status ct_trainer_init(ct_trainer *t, const ct_recipe *r, const ct_pairs *pairs,
                          ct_device *device, ct_error *err)
{
    *t = (ct_trainer){.recipe = r,
                      .pairs = pairs,
                      .device = device,
                      .loss = ct_loss_find(r->loss.name)};
    ct_arena_init(&t->arena, 0);
    ct_graph_init(&t->graph, device, 0);
    if (r->train.batch > pairs->count[CT_TRAIN])
        return CT_FAIL(err, CT_ERR_CONFIG, "train.batch = %d: there are %d training pairs",
                       r->train.batch, pairs->count[CT_TRAIN]);
    t->schedule = r->optim.schedule;
    t->schedule.steps = r->train.steps;
    t->group = ct_arena_zeroed(&t->arena, (size_t)r->train.batch, sizeof(int));
    if (t->group == NULL || !make_cache(t))
        return no_room(t, err);
    ct_two_tower_config c = {.temperature = r->loss.temperature,
                             .learn_scale = r->loss.learn_temperature && t->loss->learns_scale,
                             .has_bias = t->loss->uses_bias,
                             .bias = ct_recipe_setting(r).bias};
    ct_status status = CT_OK;
    for (int side = 0; side < 2 && status == CT_OK; side++) {
        c.side[side] = tower_config(&r->tower[side], &pairs->side[side]);
        status = prepare_side(t, side, err);
    }
    if (status == CT_OK)
        status = ct_two_tower_init(&t->model, &c, (uint64_t)r->train.seed, err);
    if (status == CT_OK)
        status = ct_optim_init(&t->optim, &r->optim.config, t->model.params.size, err);
    if (status == CT_OK)
        status = ct_sampler_init(&t->sampler, pairs->index[CT_TRAIN], pairs->count[CT_TRAIN],
                                 r->train.batch, r->train.no_duplicates ? pairs->group : NULL,
                                 (uint64_t)r->train.seed, err);
    return status;
}

void ct_trainer_free(ct_trainer *t)
{
    ct_two_tower_free(&t->model);
    ct_optim_free(&t->optim);
    ct_sampler_free(&t->sampler);
    ct_tokens_free(&t->tokens[0]);
    ct_tokens_free(&t->tokens[1]);
    ct_graph_free(&t->graph);
    ct_arena_free(&t->arena);
}

int ct_trainer_width(const ct_trainer *t)
{
    return ct_recipe_width(t->recipe);
}

ct_loss_setting ct_trainer_setting(const ct_trainer *t, int n)
{
    const ct_param *p = t->model.params.list;
    const int bias = t->model.bias;
    return (ct_loss_setting){.n = n,
                             .d = ct_trainer_width(t),
                             .temperature = ct_scalar_exp(-(double)p[t->model.log_scale].x[0]),
                             .bias = bias >= 0 ? (double)p[bias].x[0] : 0,
                             .options = &t->recipe->loss.options};
}

/* ---- a step ---- */

typedef struct rows_job {
    const ct_trainer *t;
    int side, n;
    const int *items;
} rows_job;

static void gather_rows(void *ctx, int block)
{
    const rows_job *j = ctx;
    const int from = block * GATHERED, n = j->n - from < GATHERED ? j->n - from : GATHERED;
    const size_t dim = (size_t)j->t->pairs->side[j->side].dim;
    ct_pairs_rows(j->t->pairs, j->side, &j->t->standard[j->side], j->items + from, n,
                  j->t->room[j->side].x + (size_t)from * dim, CT_IGNORE_ERROR);
}

ct_batch_side ct_trainer_gather(ct_trainer *t, int side, const int *items, int n)
{
    const ct_side *s = &t->pairs->side[side];
    ct_side_room *room = &t->room[side];
    if (s->text == NULL) {
        rows_job job = {t, side, n, items};
        if (s->file == NULL) /* values in memory: nothing can fail */
            k_parallel(t->device, (n + GATHERED - 1) / GATHERED, gather_rows, &job);
        else
            ct_pairs_rows(t->pairs, side, &t->standard[side], items, n, room->x, &t->graph.error);
        return (ct_batch_side){.n = n, .x = room->x};
    }
    for (int i = 0; i < n; i++)
        room->which[i] = s->text_of[items[i]];
    ct_tokens_gather(&t->tokens[side], room->which, n, room->offset, room->id);
    return (ct_batch_side){.n = n, .offset = room->offset, .id = room->id};
}

ct_tensor *ct_trainer_loss_tensor(ct_trainer *t, ct_tensor *a, ct_tensor *b, const int *items,
                                  int n)
{
    ct_graph *g = &t->graph;
    for (int i = 0; t->pairs->group != NULL && i < n; i++)
        t->group[i] = t->pairs->group[items[i]];
    const long past = t->step * t->recipe->train.batch, room = t->recipe->loss.queue;
    const ct_queue queue = {{t->queue[0], t->queue[1]}, (int)(past < room ? past : room)};
    const ct_loss_inputs in = {ct_two_tower_log_scale(g, &t->model),
                               t->pairs->group != NULL ? t->group : NULL,
                               ct_two_tower_bias(g, &t->model), &t->recipe->loss.options,
                               g->training && queue.n > 0 ? &queue : NULL};
    return t->loss->apply(g, a, b, &in);
}

ct_status ct_trainer_bad(const ct_trainer *t, double value, const char *what, bool gradients,
                         ct_error *err)
{
    const ct_tensor *bad = ct_graph_first_bad(&t->graph, gradients);
    const char *of = "", *parameter = "";
    if (bad != NULL && bad->in[1] != NULL && bad->in[1]->op == NULL) {
        of = " of ";
        parameter = bad->in[1]->name;
    }
    return CT_FAIL(
        err, CT_ERR_NUMERIC,
        "step %ld: the %s is %g; first bad tensor: %s (%d, %d)%s%s; try a smaller optim.rate",
        t->step + 1, what, value, bad != NULL ? bad->name : what, bad != NULL ? bad->rows : 1,
        bad != NULL ? bad->cols : 1, of, parameter);
}

ct_status ct_trainer_status(const ct_trainer *t, ct_error *err)
{
    const ct_error *e = ct_graph_error(&t->graph);
    return e == NULL ? CT_OK : CT_FAIL(err, e->status, "%s", e->msg);
}

/* The batch takes the place of the oldest in the queue. */
static void remember(ct_trainer *t)
{
    const ct_recipe *r = t->recipe;
    const size_t size = (size_t)r->train.batch * (size_t)ct_trainer_width(t);
    for (int side = 0; side < 2 && r->loss.queue > 0; side++)
        memcpy(t->queue[side] + (size_t)(t->step % (r->loss.queue / r->train.batch)) * size,
               t->last[side], size * sizeof(ct_real));
}

ct_status ct_trainer_step(ct_trainer *t, ct_step *out, ct_error *err)
{
    const ct_recipe *r = t->recipe;
    ct_graph *g = &t->graph;
    ct_params *p = &t->model.params;
    double loss;
    g->training = true;
    g->seed = (uint64_t)r->train.seed;
    g->step = (uint64_t)t->step;
    const ct_status status = ct_trainer_gradients(t, ct_sampler_batch(&t->sampler, t->step), &loss,
                                                  err);
    if (status != CT_OK)
        return status;
    const double norm = ct_grad_norm(t->device, ct_params_gradients(p), p->size);
    if (!isfinite(norm))
        return ct_trainer_bad(t, norm, "gradient", true, err);

    const ct_real log_scale = p->list[t->model.log_scale].x[0];
    *out = (ct_step){.step = t->step + 1,
                     .loss = loss,
                     .temperature = ct_scalar_exp(-(double)log_scale),
                     .rate = ct_schedule_rate(&t->schedule, t->step),
                     .gradient_norm = norm};
    ct_grad_clip(t->device, p->dx, p->size, norm, r->optim.clip);
    ct_optim_step(&t->optim, t->device, p->x, p->dx, p->n_decay, out->rate);
    ct_two_tower_clamp(&t->model);
    remember(t);
    t->step++;
    return CT_OK;
}

/* ---- embeddings ---- */

static ct_status embed_batch(ct_trainer *t, int side, const ct_batch_side *in, ct_real *out,
                             ct_error *err)
{
    t->graph.training = false;
    const ct_tensor *z = NULL;
    if (ct_graph_error(&t->graph) == NULL)
        z = ct_two_tower_embed(&t->graph, &t->model, side, in);
    if (z != NULL)
        memcpy(out, z->x, (size_t)z->rows * (size_t)z->cols * sizeof *out);
    return ct_trainer_status(t, err);
}

ct_status ct_trainer_embed(ct_trainer *t, int side, const int *items, int n, ct_real *out,
                           ct_error *err)
{
    ct_status status = CT_OK;
    for (int i = 0; i < n && status == CT_OK; i += CHUNK) {
        ct_graph_reset(&t->graph);
        const ct_batch_side in = ct_trainer_gather(t, side, items + i,
                                                   n - i < CHUNK ? n - i : CHUNK);
        status = embed_batch(t, side, &in, out + (size_t)i * (size_t)ct_trainer_width(t), err);
    }
    return status;
}

ct_status ct_trainer_embed_texts(ct_trainer *t, int side, const char *const *text, int n,
                                 ct_real *out, ct_error *err)
{
    ct_tokens tokens = {0};
    int offset[CHUNK + 1], which[CHUNK];
    ct_status status = ct_tokens_init(&tokens, text, n, &t->recipe->tower[side].text, err);
    for (int i = 0; i < n && status == CT_OK; i += CHUNK) {
        const int here = n - i < CHUNK ? n - i : CHUNK;
        ct_arena arena; /* typed texts may be longer than any caption */
        ct_arena_init(&arena, 0);
        int *id = ct_arena_zeroed(&arena, (size_t)here * (size_t)tokens.longest + 1, sizeof *id);
        for (int k = 0; k < here; k++)
            which[k] = i + k;
        if (id == NULL) {
            status = CT_FAIL(err, CT_ERR_NOMEM, "trainer: no memory for %d texts", n);
        } else {
            ct_graph_reset(&t->graph);
            ct_tokens_gather(&tokens, which, here, offset, id);
            const ct_batch_side in = {.n = here, .offset = offset, .id = id};
            status = embed_batch(t, side, &in, out + (size_t)i * (size_t)ct_trainer_width(t), err);
        }
        ct_arena_free(&arena);
    }
    ct_tokens_free(&tokens);
    return status;
}
