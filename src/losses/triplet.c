/* triplet.c -- an anchor, its positive and a negative.
 *
 * On the unit sphere D = 2 - 2s, so a triplet's D_ip - D_ij is 2 s_ij - 2 s_ii =
 * z_ij - z_ii with z = 2s, and both directions of the matrix are anchors in turn.
 *
 *     all        sum over j of max(0, z_ij - z_ii + margin)
 *     hardest    the same of the largest z_ij alone, as often as it is there
 *     semi-hard  of the largest z_ij below z_ii; if none is, of the smallest */
#include "losses/pairs.h"

#include <math.h>

#define SCALE 2 /* z = 2s */

/* Every negative of every anchor: sums of hinges, whose origin is the positive less the margin. */
static ct_tensor *all_triplets(ct_graph *g, loss_pairs *p)
{
    k_sums *s[2];
    for (int side = 0; side < 2; side++) {
        s[side] = loss_pairs_sum(g, p, K_HINGE, side, SCALE);
        for (int i = 0; s[side] != NULL && i < p->n; i++)
            s[side]->origin[i] = SCALE * p->s[i] - (ct_real)p->options->margin;
    }
    if (!loss_pairs_gather(g, p))
        return NULL;
    const double each = p->mean_negatives > 0 ? 0.5 / p->n / p->mean_negatives : 0;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < p->n; i++) {
            s[side]->weight[i] = (ct_real)each;
            loss_add(&p->loss, each * s[side]->total[i]);
            p->ds[i] -= SCALE * (ct_real)(each * s[side]->slope[i]);
        }
    return loss_pairs_done(p);
}

/* Whether any negative was found. */
static bool found(const k_sums *s, int i)
{
    return !(s->total[i] <= 0) || isnan(s->origin[i]);
}

/* One negative per anchor: the peak of s, else the lowest of `easiest`, whose scale is -2. */
static void mined_anchors(loss_pairs *p, k_sums *s, k_sums *easiest, double part)
{
    for (int i = 0; i < p->n; i++) {
        k_sums *from = found(s, i) ? s : easiest;
        const double sign = from == s ? 1 : -1;
        if (from == NULL || !found(from, i))
            continue; /* no negative at all */
        const double x = sign * (double)from->origin[i] - SCALE * (double)p->s[i] +
                         p->options->margin;
        const double slope = x > 0 ? part : 0;
        loss_add(&p->loss, x <= 0 ? 0 : part * x); /* a NaN stays one */
        from->weight[i] = (ct_real)(sign * slope / (from->total[i] > 0 ? from->total[i] : 1));
        p->ds[i] -= SCALE * (ct_real)slope;
    }
}

static ct_tensor *mined_triplets(ct_graph *g, loss_pairs *p, bool semi_hard)
{
    k_sums *s[2], *easiest[2] = {NULL, NULL};
    for (int side = 0; side < 2; side++) {
        s[side] = loss_pairs_sum(g, p, K_PEAK, side, SCALE);
        if (semi_hard)
            easiest[side] = loss_pairs_sum(g, p, K_PEAK, side, -SCALE);
        /* farther than the positive: z_ii as the walk has it, or a negative that equals it were not
         */
        for (ptrdiff_t i = 0; semi_hard && s[side] != NULL && i < p->n; i++) {
            k_matmul_nt(g->device, 1, 1, p->d, p->x[0] + i * p->d, p->x[1] + i * p->d,
                        &s[side]->limit[i], false);
            s[side]->limit[i] *= SCALE;
        }
    }
    if (!loss_pairs_gather(g, p))
        return NULL;
    int anchors = 0;
    for (int i = 0; i < p->n; i++)
        anchors += p->negatives[i] > 0;
    for (int side = 0; side < 2; side++)
        mined_anchors(p, s[side], easiest[side], 0.5 / anchors);
    return loss_pairs_done(p);
}

ct_tensor *ct_loss_triplet(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "triplet", a, b, in, 0);
    if (p == NULL)
        return NULL;
    const int mining = p->options->mining;
    return mining == CT_MINE_ALL ? all_triplets(g, p)
                                 : mined_triplets(g, p, mining == CT_MINE_SEMI_HARD);
}
