/* nn.c -- parameters, how they start, and the layer made of two of them.
 *
 * A model declares one parameter after the other; build lays all of them out in two
 * flat arrays, so that an optimiser, a norm or a checkpoint is one loop.
 *
 * Four things are easy to get wrong:
 *
 *  - Decayed parameters come first, in whatever order they were declared:
 *    weight decay is then a matter of the first n_decay values.
 *  - Each parameter begins at a multiple of PAD values. The gaps hold zeros and
 *    keep them: a zero with a zero gradient is moved by no update, and adds
 *    nothing to a norm.
 *  - Random numbers go with the parameter's number, not with its place, so the
 *    first values of one do not depend on the sizes of the others.
 *  - C leaves open in which order the arguments of a call or the parts of an
 *    initialiser are computed, and both numbers and places in the graph go by
 *    order; so each has a statement of its own. */
#include "contrast/nn.h"

#include "contrast/random.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
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

/* ---- first values ----
 *
 * Their spread decides what depth does to a signal: HE keeps its size through ReLU layers,
 * GLOROT and LECUN through linear and tanh ones; CONE draws biases too, and deep towers then
 * begin with all embeddings in one narrow cone. Drawn in double and rounded once: the float
 * build starts where the double build does, to the last place.
 */

static double draw(ct_random *r, const ct_param *q)
{
    switch (q->init) {
    case CT_INIT_ZERO: return 0;
    case CT_INIT_HE: return sqrt(2.0 / q->fan_in) * ct_random_normal(r);
    case CT_INIT_GLOROT:
        return sqrt(6.0 / ((double)q->fan_in + q->rows)) * (2 * ct_random_uniform(r) - 1);
    case CT_INIT_LECUN:
    case CT_INIT_CONE: return sqrt(1.0 / q->fan_in) * ct_random_normal(r);
    case CT_INIT_NORMAL: return ct_random_normal(r);
    }
    return 0;
}

/* Element i, row-major, takes number i of r. */
static void fill(ct_param *q, ct_random r)
{
    const size_t n = (size_t)q->rows * (size_t)q->cols;
    for (size_t i = 0; i < n; i++)
        q->x[i] = (ct_real)(q->value + draw(&r, q));
}

ct_status ct_params_build(ct_params *p, uint64_t seed, ct_error *err)
{
    size_t begin[CT_MAX_PARAMS];
    CT_ASSERT(p->x == NULL);
    if (err->status != CT_OK)
        return err->status;
    lay_out(p, begin);
    p->x = ct_alloc_zeroed(p->size, sizeof *p->x);
    p->dx = ct_alloc_zeroed(p->size, sizeof *p->dx);
    if (p->x == NULL || p->dx == NULL) {
        const size_t size = p->size;
        ct_params_free(p);
        return CT_FAIL(err, CT_ERR_NOMEM,
                       "parameters: no memory for %zu values and their gradients; "
                       "use smaller widths",
                       size);
    }
    for (int k = 0; k < p->n; k++) {
        ct_param *q = &p->list[k];
        q->x = p->x + begin[k];
        q->dx = p->dx + begin[k];
        fill(q, ct_random_make(seed, CT_STREAM_INIT, (uint64_t)k));
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

/* ---- a dense layer ---- */

/* Parameter NAME.PART. A name that is too long is cut here and then refused by
 * ct_params_declare, whose limit is lower. */
static int declare_part(ct_params *p, const char *name, const char *part, int rows, int cols,
                        ct_init init, int fan_in, bool decay)
{
    char full[sizeof p->list->name + 1];
    snprintf(full, sizeof full, "%s.%s", name, part);
    return ct_params_declare(p, full, rows, cols, init, fan_in, decay);
}

/* Weight decay is for weights: it limits how steep a layer is, and a bias has no part in that. */
ct_linear_layer ct_linear_declare(ct_params *p, const char *name, int in, int out, ct_activation f,
                                  ct_init init)
{
    const ct_init bias_init = init == CT_INIT_CONE ? init : CT_INIT_ZERO;
    ct_linear_layer l = {.f = f};
    l.weight = declare_part(p, name, "weight", out, in, init, in, true);
    l.bias = declare_part(p, name, "bias", 1, out, bias_init, in, false);
    return l;
}

ct_tensor *ct_linear_apply(ct_graph *g, ct_params *p, ct_linear_layer l, ct_tensor *x)
{
    ct_tensor *w = ct_params_tensor(g, p, l.weight);
    ct_tensor *b = ct_params_tensor(g, p, l.bias);
    return ct_linear(g, x, w, b, l.f);
}
