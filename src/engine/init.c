/* init.c -- the distributions that first weights are drawn from.
 *
 * Their spread decides what depth does to a signal: HE keeps its size through
 * ReLU layers, GLOROT and LECUN through linear and tanh ones; CONE draws biases
 * too, and deep towers then begin with all embeddings in one narrow cone.
 *
 * Drawn in double and rounded once: the float build starts where the double
 * build does, to the last place.
 *
 * Layer: engine. Needs platform (random). */
#include "engine/init.h"

#include <math.h>

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

void nn_draw(ct_param *q, ct_random r)
{
    const size_t n = (size_t)q->rows * (size_t)q->cols;
    for (size_t i = 0; i < n; i++)
        q->x[i] = (ct_real)(q->value + draw(&r, q));
}
