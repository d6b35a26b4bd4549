/* free_embeddings.c -- no encoder at all: every item's embedding is a parameter.
 *
 * What a loss does to embeddings that nothing holds back. A collapse that
 * happens here is the loss's doing; one that does not is the encoder's.
 *
 * Layer: models. Needs nn. Used by experiment. */
#include "contrast/models.h"

ct_status ct_free_embeddings_init(ct_free_embeddings *m, int n, int d, uint64_t seed, ct_error *err)
{
    *m = (ct_free_embeddings){0};
    if (n < 1 || d < 1)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "free embeddings: %d rows of width %d, expected 1 or more", n, d);
    ct_params_init(&m->params);
    m->a = ct_params_declare(&m->params, "a", n, d, CT_INIT_NORMAL, d, true);
    m->b = ct_params_declare(&m->params, "b", n, d, CT_INIT_NORMAL, d, true);
    return ct_params_build(&m->params, seed, err);
}

void ct_free_embeddings_free(ct_free_embeddings *m)
{
    ct_params_free(&m->params);
}
