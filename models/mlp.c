/* mlp.c -- layers one after another: the body of every tower.
 *
 *     x -> linear -> f -> dropout -> ... -> linear -> last f
 *
 * Dropout stands between layers and never after the last: an embedding with
 * random holes would have a random direction.
 *
 * Layer: models. Needs nn (linear), ops (dropout). Used by tower.c. */
#include "contrast/models.h"

#include <stdio.h>

ct_mlp ct_mlp_declare(ct_params *p, const char *name, const ct_mlp_config *c)
{
    CT_ASSERT(c->n_layers >= 0 && c->n_layers <= CT_MAX_LAYERS);
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

ct_tensor *ct_mlp_apply(ct_graph *g, ct_params *p, const ct_mlp *m, ct_tensor *x)
{
    for (int i = 0; i < m->n_layers; i++) {
        x = ct_linear_apply(g, p, m->layer[i], x);
        if (i < m->n_layers - 1)
            x = ct_dropout(g, x, m->dropout);
    }
    return x;
}
