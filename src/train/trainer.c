/* trainer.c -- building a run from its recipe. */
#include "train/trainer.h"

#include "contrast/scalar.h"

/* What the recipe says of a tower, and what the data does: its input, and whether it has a table.
 */
static ct_tower_config tower_config(const ct_tower_recipe *r, const ct_side *side)
{
    ct_tower_config c = r->model;
    c.buckets = side->text != NULL ? r->text.buckets : 0;
    c.mlp.in = side->text != NULL ? c.bag_dim : side->dim;
    return c;
}

int ct_trainer_width(const ct_trainer *t)
{
    return ct_recipe_width(&t->recipe, 0);
}

int ct_trainer_chunk(const ct_trainer *t)
{
    const ct_train_recipe *r = &t->recipe.train;
    return r->chunk > 0 && r->chunk < r->batch ? r->chunk : r->batch;
}

/* What outlives a graph: a queue has the embeddings of the past; a batch in chunks has all of its
 * own, and their gradients. */
static void make_room(ct_trainer *t)
{
    const ct_recipe *r = &t->recipe;
    const size_t row = (size_t)ct_trainer_width(t) * sizeof(ct_real);
    const size_t batch = (size_t)r->train.batch, past = (size_t)r->loss.queue;
    t->group = ct_arena_zeroed(&t->arena, batch, sizeof *t->group);
    for (int side = 0; side < 2; side++) {
        if (past > 0)
            t->queue[side] = ct_arena_zeroed(&t->arena, past, row);
        if (ct_trainer_chunk(t) == r->train.batch)
            continue;
        t->pair[side] = ct_arena_zeroed(&t->arena, batch, row);
        t->dpair[side] = ct_arena_zeroed(&t->arena, batch, row);
    }
}

ct_status ct_trainer_init(ct_trainer *t, const ct_recipe *r, const ct_pairs *pairs,
                          ct_device *device, ct_error *err)
{
    *t = (ct_trainer){.recipe = *r, .device = device, .loss = ct_loss_find(r->loss.name)};
    t->recipe.optim.schedule.steps = r->train.steps;
    if (err->status == CT_OK && pairs == NULL) {
        t->own = ct_recipe_data(r, err);
        pairs = t->own;
    }
    t->pairs = pairs;
    if (err->status != CT_OK)
        return err->status;
    const int n_train = pairs->count[CT_TRAIN];
    ct_arena_open(&t->arena, "trainer", 0, err);
    ct_graph_init(&t->graph, device, 0);
    if (r->train.batch > n_train)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "train.batch = %d: at most %d (all training pairs); try train.batch=%d",
                       r->train.batch, n_train, n_train < 64 ? (n_train + 1) / 2 : 32);
    if (r->loss.queue > n_train)
        return CT_FAIL(err, CT_ERR_CONFIG, "loss.queue = %d: at most %d (all training pairs)",
                       r->loss.queue, n_train);
    ct_two_tower_config c = {.temperature = t->loss->learns_scale ? r->loss.temperature : 1,
                             .learn_scale = r->loss.learn_temperature && t->loss->learns_scale,
                             .has_bias = t->loss->uses_bias,
                             .bias = r->loss.bias != 0 ? r->loss.bias
                                                       : ct_loss_bias(r->train.batch)};
    const int chunk = ct_trainer_chunk(t), rows = chunk > CT_EMBED_ROWS ? chunk : CT_EMBED_ROWS;
    make_room(t);
    for (int side = 0; side < 2; side++) {
        c.side[side] = tower_config(&r->tower[side], &pairs->side[side]);
        ct_standard_fit(pairs, side, &t->standard[side], err);
        t->fitted[side] = t->standard[side];
        ct_gather_open(&t->gather[side], pairs, side, &r->tower[side].text, &t->standard[side],
                       rows, &t->arena, err);
    }
    ct_two_tower_init(&t->model, &c, (uint64_t)r->train.seed, err);
    ct_optim_init(&t->optim, &r->optim.config, t->model.params.size, err);
    ct_sampler_init(&t->sampler, pairs->index[CT_TRAIN], n_train, r->train.batch,
                    r->train.no_duplicates ? pairs->group : NULL, (uint64_t)r->train.seed,
                    &t->arena, err);
    t->arena.err = NULL; /* the trainer outlives it */
    return err->status;
}

void ct_trainer_free(ct_trainer *t)
{
    ct_two_tower_free(&t->model);
    ct_optim_free(&t->optim);
    ct_graph_free(&t->graph);
    ct_arena_free(&t->arena);
    ct_pairs_free(t->own);
}

ct_loss_setting ct_trainer_setting(const ct_trainer *t, int n)
{
    const ct_param *p = t->model.params.list;
    const int bias = t->model.bias;
    return (ct_loss_setting){.n = n,
                             .d = ct_trainer_width(t),
                             .temperature = ct_scalar_exp(-(double)p[t->model.log_scale].x[0]),
                             .bias = bias >= 0 ? (double)p[bias].x[0] : 0,
                             .options = &t->recipe.loss.options};
}

ct_landmarks ct_trainer_landmarks(const ct_trainer *t, const ct_step *s)
{
    return ct_landmarks_of(t->loss, &s->at, t->pairs->group != NULL ? t->group : NULL);
}

int ct_trainer_past(const ct_trainer *t)
{
    const long past = t->step * t->recipe.train.batch, room = t->recipe.loss.queue;
    return (int)(past < room ? past : room);
}

void ct_trainer_graph_error(const ct_trainer *t, ct_error *err)
{
    const ct_error *e = ct_graph_error(&t->graph);
    if (e != NULL)
        CT_FAIL(err, e->status, "%s", e->msg);
}
