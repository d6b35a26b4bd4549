/* tower.c -- one side of a pair becomes embeddings.
 *
 *     image tower    rows of numbers ---------------------------> MLP
 *     text tower     bags of token ids -> mean of table rows ---> MLP
 *
 * Layer: models. Needs nn, ops (embedding bag). Used by two_tower.c. */
#include "contrast/models.h"

#include <stdio.h>

ct_tower ct_tower_declare(ct_params *p, const char *name, const ct_tower_config *c)
{
    ct_tower t = {.table = -1, .in = c->mlp.in};
    if (c->buckets > 0) {
        CT_ASSERT(c->mlp.in == c->bag_dim);
        char table[64];
        snprintf(table, sizeof table, "%s.embedding.weight", name);
        t.table = ct_params_declare(p, table, c->buckets, c->bag_dim, CT_INIT_NORMAL, c->bag_dim,
                                    true);
        t.in = 0;
    }
    t.mlp = ct_mlp_declare(p, name, &c->mlp);
    return t;
}

ct_tensor *ct_tower_apply(ct_graph *g, ct_params *p, const ct_tower *t, const ct_batch_side *in)
{
    const bool bags = t->table >= 0;
    if (bags != (in->x == NULL)) {
        CT_FAIL(&g->error, CT_ERR_SHAPE, "tower: the batch holds %s",
                bags ? "rows of numbers, expected bags of ids"
                     : "bags of ids, expected rows of numbers");
        return NULL;
    }
    ct_tensor *x;
    if (bags)
        x = ct_embedding_bag(g, ct_params_tensor(g, p, t->table), in->n, in->offset, in->id);
    else
        x = ct_constant(g, in->n, t->in, in->x);
    return ct_mlp_apply(g, p, &t->mlp, x);
}
