/* spread.c -- alignment of pairs and spread of everything else: align-uniform,
 * spectral, and positives, which has no spread. */
#include "contrast/scalar.h"
#include "losses/pairs.h"

/* ---- align-uniform -------------------------------------------------------
 * A = mean |a_i - b_i|^alpha           dA/ds_ii = -alpha |a_i - b_i|^(alpha - 2) / n
 * U = ln mean_{i != j} e^(-t |x_i - x_j|^2), with |x_i - x_j|^2 = 2 - 2 s_ij
 *   = ln sum_i T_i - 2t - ln(n (n-1)), T_i = sum_j e^(2t s_ij), j != i; the mean is over what
 *     is not masked. A row of zeros is at 1 from a unit row and at 0 from another one of zeros: the
 *     e^0 that T has of them should be e^t or e^2t.
 */

/* |a_i - b_i|^2: from the difference, since 2 - 2 s_ii would lose the digits of a good pair. */
static double squared_distance(const loss_pairs *p, int i)
{
    const ct_real *a = p->x[0] + (ptrdiff_t)i * p->d, *b = p->x[1] + (ptrdiff_t)i * p->d;
    double sum = 0;
    for (int k = 0; k < p->d; k++)
        sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    return sum;
}

static void align(loss_pairs *p)
{
    const double alpha = p->options->align_power;
    for (int i = 0; i < p->n; i++) {
        const double square = squared_distance(p, i);
        const double power = square > 0 ? ct_scalar_exp(alpha / 2 * ct_scalar_log(square))
                                        : square; /* 0 or NaN */
        loss_add(&p->loss, power / p->n);
        if (square > 0)
            p->ds[i] = (ct_real)(-alpha * power / square / p->n);
        else if (alpha == 2) /* else the slope at 0 is 0, or infinite and left out */
            p->ds[i] = -2 / (ct_real)p->n;
    }
}

static bool is_zero(const loss_pairs *p, int side, int i)
{
    return p->r[side] != NULL && p->r[side][i] <= CT_NORM_EPS;
}

/* What rows of zeros are short of in sum_i T_i, in parts of e^peak. */
static double missing_of_zeros(const loss_pairs *p, int side, double peak)
{
    const double t = p->options->uniform_t, now = ct_scalar_exp(-peak);
    const double one = ct_scalar_exp(t - peak) - now, both = ct_scalar_exp(2 * t - peak) - now;
    double sum = 0;
    for (int i = 0; i < p->n; i++)
        for (int j = 0; is_zero(p, side, i) && j < p->n; j++)
            if (j != i && (p->group == NULL || p->group[i] != p->group[j]))
                sum += is_zero(p, side, j) ? both : 2 * one;
    return sum;
}

/* U of one side; its weights are dL/dT. */
static double uniform(const loss_pairs *p, k_sums *s, int side, double negatives, double weight)
{
    double peak = (double)s->origin[0];
    loss_total total = {0};
    for (int i = 1; i < p->n; i++)
        peak = (double)s->origin[i] > peak ? (double)s->origin[i] : peak;
    for (int i = 0; i < p->n; i++)
        loss_add(&total, s->total[i] * ct_scalar_exp((double)s->origin[i] - peak));
    loss_add(&total, missing_of_zeros(p, side, peak));
    for (int i = 0; i < p->n; i++) { /* of zeros for both ways of a pair, the other counts 1 */
        const double zero = is_zero(p, side, i) ? 2 * ct_scalar_exp(p->options->uniform_t) - 1 : 1;
        s->weight[i] = (ct_real)(zero * weight * ct_scalar_exp((double)s->origin[i] - peak) /
                                 total.sum);
    }
    return ct_scalar_log(total.sum) + peak - 2 * p->options->uniform_t - ct_scalar_log(negatives);
}

ct_tensor *ct_loss_align_uniform(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "align-uniform", a, b, in, LOSS_IN_MODAL | LOSS_NO_CROSS);
    if (p == NULL)
        return NULL;
    const double t = p->options->uniform_t, weight = p->options->uniform / 2;
    k_sums *s[2] = {loss_pairs_sum(g, p, K_EXP, 0, 2 * t), loss_pairs_sum(g, p, K_EXP, 1, 2 * t)};
    const double mean = p->mean_negatives;
    if (!loss_pairs_gather(g, p))
        return NULL;
    align(p);
    for (int side = 0; side < 2 && mean > 0; side++)
        loss_add(&p->loss, weight * uniform(p, s[side], side, mean * p->n, weight));
    return loss_pairs_done(p);
}

/* ---- spectral: x = mu s in the sum of squares ---- */

ct_tensor *ct_loss_spectral(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "spectral", a, b, in, 0);
    const double mu = p != NULL ? p->options->mu : 0;
    k_sums *s = p != NULL ? loss_pairs_sum(g, p, K_SQUARE, 0, mu) : NULL;
    if (s == NULL || !loss_pairs_gather(g, p))
        return NULL;
    const double each = p->mean_negatives > 0 ? 1.0 / p->n / p->mean_negatives : 0;
    for (int i = 0; i < p->n; i++) {
        s->weight[i] = (ct_real)each;
        p->ds[i] = (ct_real)(-2 * mu / p->n);
        loss_add(&p->loss, each * s->total[i] - 2 * mu * (double)p->s[i] / p->n);
    }
    return loss_pairs_done(p);
}

/* ---- positives: every pair is pulled together and nothing is pushed apart ---- */

ct_tensor *ct_loss_positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "positives", a, b, in, LOSS_NO_CROSS);
    if (p == NULL || !loss_pairs_gather(g, p))
        return NULL;
    for (int i = 0; i < p->n; i++) {
        loss_add(&p->loss, (double)p->s[i]);
        p->ds[i] = -1 / (ct_real)p->n;
    }
    p->y->x[0] = 1 - (ct_real)(p->loss.sum / p->n);
    return p->y;
}
