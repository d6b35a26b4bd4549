/* sigmoid.c -- siglip: every pair of rows is a question of its own, does it belong
 * together? No cell knows of another, so the sums are of ln(1 + e^(z + bias)) itself. */
#include "losses/pairs.h"

ct_tensor *ct_loss_siglip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    if (in->bias != NULL && !op_is_scalar(in->bias))
        return op_fail(g, "loss: bias is (%d, %d), expected (1, 1)", in->bias->rows,
                       in->bias->cols);
    loss_pairs *p = loss_pairs_new(g, "siglip", a, b, in, LOSS_SCALED);
    k_sums *s = p != NULL ? loss_pairs_sum(g, p, K_SOFTPLUS, 0, (double)p->scale) : NULL;
    if (s == NULL)
        return NULL;
    const ct_real bias = in->bias != NULL ? in->bias->x[0] : (ct_real)ct_loss_bias(p->n);
    const double each = 1.0 / p->n;
    for (int i = 0; i < p->n; i++) {
        s->origin[i] = -bias;
        s->weight[i] = (ct_real)each;
    }
    if (!loss_pairs_gather(g, p))
        return NULL;
    loss_total slope = {0};
    for (int i = 0; i < p->n; i++) {
        const double x = (double)(p->scale * p->s[i]) + (double)bias, miss = op_sigmoid(-x);
        loss_add(&p->loss, each * (op_softplus(-x) + s->total[i]));
        loss_add(&slope, each * (s->slope[i] - miss));
        p->ds[i] = -p->scale * (ct_real)(each * miss);
    }
    if (in->bias != NULL && in->bias->needs_grad) {
        p->bias = in->bias;
        p->dbias = slope.sum;
        p->y->needs_grad = true;
    }
    return loss_pairs_done(p);
}
