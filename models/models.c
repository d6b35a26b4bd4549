/* models.c -- what turns the two sides of a pair into embeddings.
 *
 *     image tower    rows of numbers ---------------------------> MLP --> (n, d)
 *     text tower     bags of token ids -> mean of table rows ---> MLP --> (n, d)
 *
 * A two-tower model is both, with a logit scale between them. Free embeddings are the opposite:
 * no encoder at all, every item's embedding is a parameter. */
#include "contrast/models.h"
#include "contrast/scalar.h"

#include <math.h>
#include <stdio.h>

/* ---- MLP: linear -> f -> dropout -> ... -> linear -> last f ---- */

ct_mlp ct_mlp_declare(ct_params *p, const char *name, const ct_mlp_config *c)
{
    CT_ASSERT(c->n_layers >= 0 && c->n_layers <= CT_MAX_LAYERS);
    CT_ASSERT(c->dropout >= 0 && c->dropout < 1);
    ct_mlp m = {.n_layers = c->n_layers, .dropout = c->dropout};
    for (int i = 0; i < c->n_layers; i++) {
        const int in = i == 0 ? c->in : c->widths[i - 1];
        const ct_activation f = i == c->n_layers - 1 ? c->last_activation : c->activation;
        char layer[64];
        snprintf(layer, sizeof layer, "%s.%d", name, i);
        m.layer[i] = ct_linear_declare(p, layer, in, c->widths[i], f, c->init);
    }
    return m;
}

static ct_tensor *apply_layers(ct_graph *g, ct_params *p, const ct_mlp *m, int from, int to,
                               ct_tensor *x)
{
    for (int i = from; i < to && i < m->n_layers; i++) {
        x = ct_linear_apply(g, p, m->layer[i], x);
        if (i < m->n_layers - 1) /* an embedding with random holes has a random direction */
            x = ct_dropout(g, x, m->dropout);
    }
    return x;
}

ct_tensor *ct_mlp_apply(ct_graph *g, ct_params *p, const ct_mlp *m, ct_tensor *x)
{
    return apply_layers(g, p, m, 0, m->n_layers, x);
}

/* ---- tower ---- */

ct_tower ct_tower_declare(ct_params *p, const char *name, const ct_tower_config *c)
{
    ct_tower t = {.table = -1, .in = c->mlp.in};
    CT_ASSERT(c->mlp.in > 0 && (c->buckets <= 0 || c->mlp.in == c->bag_dim));
    if (c->buckets > 0) {
        char table[64];
        snprintf(table, sizeof table, "%s.embedding.weight", name);
        t.table = ct_params_declare(p, table, c->buckets, c->bag_dim, CT_INIT_NORMAL, c->bag_dim,
                                    true);
        t.in = 0;
    }
    t.mlp = ct_mlp_declare(p, name, &c->mlp);
    return t;
}

static ct_tensor *tower_input(ct_graph *g, ct_params *p, const ct_tower *t, const ct_batch_side *in)
{
    const bool bags = t->table >= 0;
    if (bags != (in->x == NULL)) {
        CT_FAIL(&g->error, CT_ERR_SHAPE, "tower: the batch holds %s",
                bags ? "rows of numbers, expected bags of ids"
                     : "bags of ids, expected rows of numbers");
        return NULL;
    }
    if (bags)
        return ct_embedding_bag(g, ct_params_tensor(g, p, t->table), in->n, in->offset, in->id);
    return ct_constant(g, in->n, t->in, in->x);
}

ct_tensor *ct_tower_apply(ct_graph *g, ct_params *p, const ct_tower *t, const ct_batch_side *in)
{
    return ct_mlp_apply(g, p, &t->mlp, tower_input(g, p, t, in));
}

/* ---- two towers ---- */

static int declare_scalar(ct_params *p, const char *name, double value)
{
    const int index = ct_params_declare(p, name, 1, 1, CT_INIT_ZERO, 1, false);
    p->list[index].value = value;
    return index;
}

/* The scale 1/temperature is kept as its logarithm, so that equal steps are equal ratios and it
 * cannot become negative. */
ct_status ct_two_tower_init(ct_two_tower *m, const ct_two_tower_config *c, uint64_t seed,
                            ct_error *err)
{
    CT_ASSERT(c->temperature > 0 && isfinite(c->temperature));
    *m = (ct_two_tower){.learn_scale = c->learn_scale, .bias = -1};
    ct_params_init(&m->params);
    m->side[0] = ct_tower_declare(&m->params, "image", &c->side[0]);
    m->side[1] = ct_tower_declare(&m->params, "text", &c->side[1]);
    m->log_scale = declare_scalar(&m->params, "logit_scale", -ct_scalar_log(c->temperature));
    if (c->has_bias)
        m->bias = declare_scalar(&m->params, "logit_bias", c->bias);
    return ct_params_build(&m->params, seed, err);
}

void ct_two_tower_free(ct_two_tower *m)
{
    ct_params_free(&m->params);
}

ct_tensor *ct_two_tower_embed(ct_graph *g, ct_two_tower *m, int side, const ct_batch_side *in)
{
    CT_ASSERT(side == 0 || side == 1);
    return ct_tower_apply(g, &m->params, &m->side[side], in);
}

/* Multiply-adds that a row costs in both directions: a first layer's input wants no gradient. */
static double cost_of(const ct_params *p, const ct_mlp *m)
{
    double cost = 0;
    for (int i = 0; i < m->n_layers; i++) {
        const ct_param *w = &p->list[m->layer[i].weight];
        cost += (i == 0 ? 2.0 : 3.0) * w->rows * w->cols;
    }
    return cost;
}

typedef struct both {
    ct_graph *g;
    ct_two_tower *m;
    ct_tensor **z;
    int n_first; /* layers before the fork */
} both;

/* Layers from .. to - 1 of a side; dropouts are counted as if one side came after the other. */
static void apply_side(const both *b, ct_graph *g, int side, int from, int to)
{
    const ct_mlp *image = &b->m->side[0].mlp, *m = &b->m->side[side].mlp;
    const int before = side == 1 && image->dropout > 0 && image->n_layers > 0 ? image->n_layers - 1
                                                                              : 0;
    g->n_drops = (uint32_t)(before + (m->dropout > 0 ? from : 0));
    b->z[side] = apply_layers(g, &b->m->params, m, from, to, b->z[side]);
}

static void apply_rest(void *ctx, int side)
{
    const both *b = ctx;
    apply_side(b, &b->g->branch[side], side, b->n_first, b->m->side[side].mlp.n_layers);
}

/* A thread for each tower has no barriers in it. Where one is much larger their first layers, which
 * differ most, are still shared; and many threads share what is large. */
void ct_two_tower_embed_both(ct_graph *g, ct_two_tower *m, const ct_batch_side in[2],
                             ct_tensor *z[2])
{
    const double image = cost_of(&m->params, &m->side[0].mlp),
                 text = cost_of(&m->params, &m->side[1].mlp);
    both b = {g, m, z, image > 1.25 * text || text > 1.25 * image ? 1 : 0};
    const int layers[2] = {m->side[0].mlp.n_layers, m->side[1].mlp.n_layers};
    const bool forked = layers[0] > b.n_first && layers[1] > b.n_first &&
                        (ct_device_threads(g->device) <= 2 || in->n * (image + text) < 0x1p23);
    for (int side = 0; side < 2; side++) {
        z[side] = tower_input(g, &m->params, &m->side[side], &in[side]);
        apply_side(&b, g, side, 0, forked ? b.n_first : layers[side]);
    }
    if (forked && z[0] != NULL && z[1] != NULL)
        ct_graph_fork(g, apply_rest, &b);
}

/* Learned, a scalar is a parameter like others. Fixed, it enters the graph as a constant: it gets
 * no gradient, and as it does not decay either, no update moves it. */
static ct_tensor *scalar(ct_graph *g, ct_two_tower *m, int index)
{
    if (m->learn_scale)
        return ct_params_tensor(g, &m->params, index);
    return ct_constant(g, 1, 1, m->params.list[index].x);
}

ct_tensor *ct_two_tower_log_scale(ct_graph *g, ct_two_tower *m)
{
    return scalar(g, m, m->log_scale);
}

ct_tensor *ct_two_tower_bias(ct_graph *g, ct_two_tower *m)
{
    return m->bias >= 0 ? scalar(g, m, m->bias) : NULL;
}

void ct_two_tower_clamp(ct_two_tower *m)
{
    ct_real *s = m->params.list[m->log_scale].x;
    if (m->learn_scale && *s < (ct_real)CT_LOG_SCALE_MIN)
        *s = (ct_real)CT_LOG_SCALE_MIN;
    if (m->learn_scale && *s > (ct_real)CT_LOG_SCALE_MAX)
        *s = (ct_real)CT_LOG_SCALE_MAX;
}

/* ---- free embeddings ----
 *
 * What a loss does to embeddings that nothing holds back. A collapse that happens here is the
 * loss's doing; one that does not is the encoder's. */

ct_status ct_free_embeddings_init(ct_free_embeddings *m, int n, int d, uint64_t seed, ct_error *err)
{
    ct_params_init(&m->params);
    m->a = ct_params_declare(&m->params, "a", n, d, CT_INIT_NORMAL, d, true);
    m->b = ct_params_declare(&m->params, "b", n, d, CT_INIT_NORMAL, d, true);
    return ct_params_build(&m->params, seed, err);
}

void ct_free_embeddings_free(ct_free_embeddings *m)
{
    ct_params_free(&m->params);
}
