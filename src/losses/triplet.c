/* triplet.c -- an anchor, its positive and a negative: triplet and soft-triplet.
 *
 * On the unit sphere D = 2 - 2s, so a triplet's D_ip - D_ij is 2 s_ij - 2 s_ii =
 * z_ij - z_ii with z = 2s, and both directions of the matrix are anchors in turn.
 *
 *     all        sum over j of f(z_ij - z_ii + margin), f the hinge or ln(1 + e^x)
 *     hardest    f of the largest z_ij, as often as it is there
 *     semi-hard  f of the largest z_ij below z_ii; if none is, of the smallest
 *
 * Layer: losses. Needs pairs.h. */
#include "losses/pairs.h"

#include <math.h>

#define SCALE 2 /* z = 2s */

typedef struct shape {
    k_cell cell;
    double margin;
} shape;

static double value_of(const shape *f, double x)
{
    return f->cell == K_SOFTPLUS ? loss_softplus(x) : x > 0 ? x : x <= 0 ? 0 : x;
}

static double slope_of(const shape *f, double x)
{
    return f->cell == K_SOFTPLUS ? loss_sigmoid(x) : x > 0;
}

static bool all_triplets(ct_graph *g, loss_pairs *p, const shape *f, loss_total *loss)
{
    k_sums *s[2] = {loss_pairs_sum(g, p, f->cell, 0, SCALE),
                    loss_pairs_sum(g, p, f->cell, 1, SCALE)};
    if (g->error.status != CT_OK)
        return false;
    const double each = p->n > 1 ? 0.5 / p->n / (p->n - 1) : 0;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < p->n; i++) {
            s[side]->origin[i] = SCALE * p->s[i] - (ct_real)f->margin;
            s[side]->weight[i] = (ct_real)each;
        }
    if (!loss_pairs_gather(g, p))
        return false;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < p->n; i++) {
            loss_add(loss, each * s[side]->total[i]);
            p->ds[i] -= SCALE * (ct_real)(each * s[side]->slope[i]);
        }
    return true;
}

/* Whether any negative was found. */
static bool found(const k_sums *s, int i)
{
    return !(s->total[i] <= 0) || isnan(s->origin[i]);
}

/* One negative an anchor: the peak of s, else the lowest of `easiest`, whose scale is -2. */
static void mined_anchors(loss_pairs *p, k_sums *s, k_sums *easiest, const shape *f, double part,
                          loss_total *loss)
{
    for (int i = 0; i < p->n; i++) {
        k_sums *from = found(s, i) ? s : easiest;
        const double sign = from == s ? 1 : -1;
        if (from == NULL || !found(from, i))
            continue; /* no negative at all */
        const double x = sign * (double)from->origin[i] - SCALE * (double)p->s[i] + f->margin;
        const double slope = part * slope_of(f, x);
        loss_add(loss, part * value_of(f, x));
        from->weight[i] = (ct_real)(sign * slope / (from->total[i] > 0 ? from->total[i] : 1));
        p->ds[i] -= SCALE * (ct_real)slope;
    }
}

static bool mined_triplets(ct_graph *g, loss_pairs *p, const shape *f, bool semi_hard,
                           loss_total *loss)
{
    k_sums *s[2], *easiest[2] = {NULL, NULL};
    for (int side = 0; side < 2; side++) {
        s[side] = loss_pairs_sum(g, p, K_PEAK, side, SCALE);
        if (semi_hard)
            easiest[side] = loss_pairs_sum(g, p, K_PEAK, side, -SCALE);
    }
    if (g->error.status != CT_OK)
        return false;
    for (int side = 0; side < 2 && semi_hard; side++)
        for (int i = 0; i < p->n; i++)
            s[side]->limit[i] = SCALE * p->s[i];
    if (!loss_pairs_gather(g, p))
        return false;
    for (int side = 0; side < 2; side++)
        mined_anchors(p, s[side], easiest[side], f, 0.5 / p->n, loss);
    return true;
}

static ct_tensor *triplet_loss(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b,
                               const ct_loss_inputs *in, k_cell cell)
{
    const ct_loss_options *o = loss_options(in->options);
    loss_pairs *p = loss_pairs_new(g, name, a, b, in, 0);
    if (p == NULL)
        return NULL;
    const shape f = {cell, cell == K_HINGE ? o->margin : 0};
    loss_total loss = {0};
    if (!(o->mining == CT_MINE_ALL
              ? all_triplets(g, p, &f, &loss)
              : mined_triplets(g, p, &f, o->mining == CT_MINE_SEMI_HARD, &loss)))
        return NULL;
    p->y->x[0] = (ct_real)loss.sum;
    return p->y;
}

ct_tensor *ct_loss_triplet(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return triplet_loss(g, "triplet", a, b, in, K_HINGE);
}

ct_tensor *ct_loss_soft_triplet(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return triplet_loss(g, "soft-triplet", a, b, in, K_SOFTPLUS);
}
