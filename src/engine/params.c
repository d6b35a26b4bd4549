/* params.c -- parameters: declared one by one, allocated together.
 *
 * A model announces what it needs; build lays all of it out in two flat arrays,
 * so that an optimiser, a norm or a checkpoint is one loop.
 *
 * Three things are easy to get wrong:
 *
 *  - Decayed parameters come first, in whatever order they were declared:
 *    weight decay is then a matter of the first n_decay values.
 *  - Each parameter begins at a multiple of PAD values. The gaps hold zeros and
 *    keep them: a zero with a zero gradient is moved by no update, and adds
 *    nothing to a norm.
 *  - Random numbers go with the parameter's number, not with its place, so the
 *    first values of one do not depend on the sizes of the others.
 *
 * Layer: engine. Needs platform (memory, random). Used by models and experiment. */
#include "contrast/nn.h"
#include "engine/init.h"
#include "platform/memory.h"

#include <string.h>

#define PAD 16 /* values: a cache line of float, and one round of partial sums */

void ct_params_init(ct_params *p)
{
    *p = (ct_params){0};
}

void ct_params_free(ct_params *p)
{
    ct_free(p->x);
    ct_free(p->dx);
    ct_params_init(p);
}

int ct_params_declare(ct_params *p, const char *name, int rows, int cols, ct_init init, int fan_in,
                      bool decay)
{
    CT_ASSERT(p->x == NULL && p->n < CT_MAX_PARAMS);
    CT_ASSERT(rows > 0 && cols > 0 && fan_in > 0);
    CT_ASSERT(strlen(name) < sizeof p->list->name && ct_params_find(p, name) == NULL);
    ct_param *q = &p->list[p->n];
    *q = (ct_param){.rows = rows, .cols = cols, .init = init, .fan_in = fan_in, .decay = decay};
    memcpy(q->name, name, strlen(name));
    return p->n++;
}

/* Size of q with its padding, added to *size; an overflow stays at SIZE_MAX,
 * which no allocation can serve. */
static void add_padded(size_t *size, const ct_param *q)
{
    size_t n;
    if (!ct_size_mul((size_t)q->rows, (size_t)q->cols, &n) || !ct_size_add(n, PAD - 1, &n) ||
        !ct_size_add(*size, n / PAD * PAD, size))
        *size = SIZE_MAX;
}

/* Fill begin[k], where parameter k starts: the decayed ones, then the rest. */
static void lay_out(ct_params *p, size_t *begin)
{
    for (int rest = 0; rest < 2; rest++) {
        for (int k = 0; k < p->n; k++)
            if (p->list[k].decay == (rest == 0)) {
                begin[k] = p->size;
                add_padded(&p->size, &p->list[k]);
            }
        if (rest == 0)
            p->n_decay = p->size;
    }
}

ct_status ct_params_build(ct_params *p, uint64_t seed, ct_error *err)
{
    size_t begin[CT_MAX_PARAMS];
    CT_ASSERT(p->x == NULL);
    lay_out(p, begin);
    p->x = ct_alloc_zeroed(p->size, sizeof *p->x);
    p->dx = ct_alloc_zeroed(p->size, sizeof *p->dx);
    if (p->x == NULL || p->dx == NULL) {
        const size_t size = p->size;
        ct_params_free(p);
        return CT_FAIL(
            err, CT_ERR_NOMEM,
            "parameters: no memory for %zu values and their gradients; use smaller widths", size);
    }
    for (int k = 0; k < p->n; k++) {
        ct_param *q = &p->list[k];
        q->x = p->x + begin[k];
        q->dx = p->dx + begin[k];
        nn_draw(q, ct_random_make(seed, CT_STREAM_INIT, (uint64_t)k));
    }
    return CT_OK;
}

void ct_params_zero_grad(ct_params *p)
{
    for (int k = 0; k < p->n; k++)
        p->list[k].fresh = true;
}

const ct_real *ct_params_gradients(ct_params *p)
{
    for (int k = 0; k < p->n; k++) {
        ct_param *q = &p->list[k];
        if (q->fresh)
            memset(q->dx, 0, (size_t)q->rows * (size_t)q->cols * sizeof *q->dx);
        q->fresh = false;
    }
    return p->dx;
}

ct_tensor *ct_params_tensor(ct_graph *g, ct_params *p, int index)
{
    CT_ASSERT(p->x != NULL && index >= 0 && index < p->n);
    ct_param *q = &p->list[index];
    ct_tensor *t = ct_variable(g, q->name, q->rows, q->cols, q->x, q->dx);
    if (t != NULL)
        t->fresh = &q->fresh;
    return t;
}

ct_param *ct_params_find(ct_params *p, const char *name)
{
    for (int k = 0; k < p->n; k++)
        if (strcmp(p->list[k].name, name) == 0)
            return &p->list[k];
    return NULL;
}
