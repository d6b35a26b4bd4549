/* hard_negative.c -- negatives reweighted by how hard they are, less the positives
 * expected among them.
 *
 * With M negatives of an anchor, from both sides, what is masked left out, and everything divided
 * by e^(z_ii), so that nothing overflows:
 *
 *     R = M T1 / T0          T1 = sum e^((1 + beta) z - z_ii), T0 = sum e^(beta z)
 *     r = max((R - tau_plus M) / (1 - tau_plus), M e^(-scale - z_ii))
 *     l = ln(1 + r)
 *     dl/dT1 = q / T1        dl/dT0 = -q / T0        dl/dz_ii = -q
 *     with q = R / ((1 - tau_plus) (1 + r)); where the bound M e^(-scale - z_ii)
 *     holds, sums do not matter: dl/dz_ii = dl/dscale = -r / (1 + r) */
#include "contrast/scalar.h"
#include "losses/pairs.h"

/* ln of a sum that follows its peak. */
static double log_of(const k_sums *s, int i)
{
    return ct_scalar_log(s->total[i]) + (double)s->origin[i];
}

static void weigh_anchors(loss_pairs *p, k_sums *hard, k_sums *importance, double part)
{
    const double tau_plus = p->options->tau_plus, scale = (double)p->scale;
    for (int i = 0; i < p->n; i++) {
        const double negatives = 2.0 * p->negatives[i];
        if (p->negatives[i] == 0)
            continue; /* all are masked */
        const double z = scale * (double)p->s[i], log_m = ct_scalar_log(negatives);
        const double mean = importance != NULL ? log_of(importance, i) - log_m : 0;
        const double log_ratio = log_of(hard, i) - mean - z;
        /* of a ratio beyond e^600 nothing else is left in 1 + r: what is above comes back as it is
         */
        const double above = log_ratio > 600 ? log_ratio - 600 : 0;
        const double ratio = ct_scalar_exp(log_ratio - above);
        const double debiased = (ratio - tau_plus * negatives) / (1 - tau_plus);
        const double least = ct_scalar_exp(log_m - scale - z);
        const bool bound = debiased < least;
        const double r = bound ? least : debiased,
                     q = bound ? 0 : part * ratio / ((1 - tau_plus) * (1 + r));
        const double pull = bound ? part * r / (1 + r) : q;
        loss_add(&p->loss, part * (ct_scalar_log1p(r) + above));
        hard->weight[i] = q > 0 ? (ct_real)(q / hard->total[i]) : 0;
        if (importance != NULL)
            importance->weight[i] = q > 0 ? (ct_real)(-q / importance->total[i]) : 0;
        p->ds[i] -= (ct_real)(scale * pull);
        p->dlog_scale -= bound ? scale * pull : 0;
    }
}

ct_tensor *ct_loss_hard_negative(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "hard-negative", a, b, in, LOSS_SCALED | LOSS_IN_MODAL);
    if (p == NULL)
        return NULL;
    const double beta = p->options->beta, scale = (double)p->scale;
    k_sums *hard[2], *importance[2] = {NULL, NULL};
    for (int side = 0; side < 2; side++) {
        hard[side] = loss_pairs_sum(g, p, K_EXP, side, (1 + beta) * scale);
        if (beta > 0) /* else all weigh the same */
            importance[side] = loss_pairs_sum(g, p, K_EXP, side, beta * scale);
    }
    if (!loss_pairs_gather(g, p))
        return NULL;
    for (int side = 0; side < 2; side++)
        weigh_anchors(p, hard[side], importance[side], 0.5 / p->n);
    ct_tensor *y = loss_pairs_done(p);
    if (p->n == 1)
        y->x[0] = 0 * p->s[0] * p->scale; /* a NaN stays one */
    return y;
}
