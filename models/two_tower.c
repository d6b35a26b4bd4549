/* two_tower.c -- the model that contrastive learning trains: a tower for each
 * side of a pair, ending in the same width, and a logit scale between them.
 *
 * The scale 1/temperature is kept as its logarithm, so that equal steps are
 * equal ratios and it cannot become negative. Learned, it is a parameter like
 * others, clamped after each update. Fixed, it enters the graph as a constant:
 * it gets no gradient, and being undecayed it is never moved by an update.
 *
 * Layer: models. Needs nn, scalar (log). Used by experiment. */
#include "contrast/models.h"
#include "contrast/scalar.h"

#include <math.h>

static const char *const SIDE[2] = {"image", "text"};

/* What a recipe can get wrong about one tower. */
static ct_status check_tower(const char *name, const ct_tower_config *c, ct_error *err)
{
    const ct_mlp_config *m = &c->mlp;
    if (m->n_layers < 0 || m->n_layers > CT_MAX_LAYERS)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s tower: %d layers, expected 0 to %d", name,
                       m->n_layers, CT_MAX_LAYERS);
    if (m->in < 1)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s tower: input width %d, expected at least 1", name,
                       m->in);
    for (int i = 0; i < m->n_layers; i++)
        if (m->widths[i] < 1)
            return CT_FAIL(err, CT_ERR_CONFIG,
                           "%s tower: width %d of layer %d, expected at least 1", name,
                           m->widths[i], i);
    if (c->buckets < 0)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s tower: %d buckets, expected 0 or more", name,
                       c->buckets);
    if (c->buckets > 0 && c->bag_dim != m->in)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "%s tower: table of width %d, input width %d: must be equal", name,
                       c->bag_dim, m->in);
    if (!(m->dropout >= 0 && m->dropout < 1))
        return CT_FAIL(err, CT_ERR_CONFIG, "%s tower: dropout %g, expected at least 0 and below 1",
                       name, m->dropout);
    return CT_OK;
}

/* Columns of a tower's embeddings. */
static int width_of(const ct_tower_config *c)
{
    return c->mlp.n_layers > 0 ? c->mlp.widths[c->mlp.n_layers - 1] : c->mlp.in;
}

static ct_status check_config(const ct_two_tower_config *c, ct_error *err)
{
    for (int i = 0; i < 2; i++) {
        const ct_status s = check_tower(SIDE[i], &c->side[i], err);
        if (s != CT_OK)
            return s;
    }
    const int d0 = width_of(&c->side[0]), d1 = width_of(&c->side[1]);
    if (d0 != d1)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "two towers: last widths %d (image), %d (text): must be equal", d0, d1);
    if (!(c->temperature > 0 && isfinite(c->temperature)))
        return CT_FAIL(err, CT_ERR_CONFIG, "two towers: temperature %g, expected a positive number",
                       c->temperature);
    return CT_OK;
}

ct_status ct_two_tower_init(ct_two_tower *m, const ct_two_tower_config *c, uint64_t seed,
                            ct_error *err)
{
    *m = (ct_two_tower){.learn_scale = c->learn_scale, .bias = -1};
    const ct_status s = check_config(c, err);
    if (s != CT_OK)
        return s;
    ct_params_init(&m->params);
    for (int i = 0; i < 2; i++)
        m->side[i] = ct_tower_declare(&m->params, SIDE[i], &c->side[i]);
    m->log_scale = ct_params_declare(&m->params, "logit_scale", 1, 1, CT_INIT_ZERO, 1, false);
    m->params.list[m->log_scale].value = -ct_scalar_log(c->temperature);
    if (c->has_bias) {
        m->bias = ct_params_declare(&m->params, "logit_bias", 1, 1, CT_INIT_ZERO, 1, false);
        m->params.list[m->bias].value = c->bias;
    }
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
