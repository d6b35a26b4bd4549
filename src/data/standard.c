/* standard.c -- one mean and one spread for a whole side, and rows made with them.
 *
 * For the trainer: towers expect inputs of mean 0 and spread 1. What is easy to
 * get wrong: if all values are equal, a mean that is off by one rounding gives a
 * spread of 1e-17 and blows the side up. Floats have 24 bits, so a double adds up
 * 2^29 equal ones without rounding.
 *
 * Layer: data. */
#include "contrast/data.h"

#include <math.h>

static double value_at(const ct_side *s, int item, int k)
{
    size_t at = (size_t)item * (size_t)s->dim + (size_t)k;
    return s->u8 != NULL ? s->u8[at] : (double)s->f32[at];
}

/* Mean of (x - centre)^power, power 1 or 2, over the training split: one chain,
 * items in order. */
static double mean_power(const ct_pairs *p, const ct_side *s, double centre, int power)
{
    double sum = 0;
    for (int i = 0; i < p->count[CT_TRAIN]; i++)
        for (int k = 0; k < s->dim; k++) {
            double x = value_at(s, p->index[CT_TRAIN][i], k) - centre;
            sum += power == 1 ? x : x * x;
        }
    return sum / ((double)p->count[CT_TRAIN] * s->dim);
}

ct_standard ct_standard_fit(const ct_pairs *p, int side)
{
    const ct_side *s = &p->side[side];
    if (s->dim == 0 || p->count[CT_TRAIN] == 0)
        return (ct_standard){.mean = 0, .spread = 1};
    double mean = mean_power(p, s, 0, 1);
    double spread = sqrt(mean_power(p, s, mean, 2));
    return spread > 0 ? (ct_standard){mean, spread} : (ct_standard){.mean = 0, .spread = 1};
}

void ct_pairs_rows(const ct_pairs *p, int side, const ct_standard *st, const int *items, int n, ct_real *out)
{
    const ct_side *s = &p->side[side];
    const size_t   dim = (size_t)s->dim;
    if (s->u8 != NULL) { /* a byte has 256 values: divide once for each */
        ct_real of[256];
        for (int v = 0; v < 256; v++)
            of[v] = (ct_real)((v - st->mean) / st->spread);
        for (int i = 0; i < n; i++)
            for (size_t k = 0; k < dim; k++)
                *out++ = of[s->u8[(size_t)items[i] * dim + k]];
        return;
    }
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < dim; k++)
            *out++ = (ct_real)(((double)s->f32[(size_t)items[i] * dim + k] - st->mean) / st->spread);
}
