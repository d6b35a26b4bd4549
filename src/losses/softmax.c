/* softmax.c -- the losses that ask: among all columns, which is mine? question, infonce, clip,
 * unicl, npair, ntxent, supcon and dcl. Their plain twins are in engine/plain.c.
 *
 * Write z = scale s for the logits, and for row i
 *
 *     u_i = ln sum_{j != i} e^(z_ij - z_ii)      log-odds of not finding the pair
 *     -ln p_ii = ln(1 + e^(u_i))                 its loss
 *     1 - p_ii = sigmoid(u_i) = w_i              its share of the gradient
 *     p_ij     = w_i e^(z_ij) / sum_{l != i} e^(z_il)      for j != i
 *
 * Leaving the diagonal out of the sum is the whole trick: at a temperature of 0.07 a perfect batch
 * has p_ii = 1 - 3e-7, and 1 - p_ii computed from p_ii in float would be noise. It also makes n = 1
 * right: the sum is empty, u = -inf, loss and gradient are 0. Columns are the same with i and j
 * exchanged. The losses differ in who is opposite an anchor, in how many directions are summed, and
 * in what an anchor pays for its u. */
#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <math.h>

/* What an anchor pays for u, and the derivative. */
typedef struct price {
    double loss, slope;
} price;

static price cross_entropy(double u)
{
    return (price){op_softplus(u), op_sigmoid(u)};
}

/* The positive is not among what it is compared with; without negatives there is nothing to pay. */
static price decoupled(double u)
{
    return u <= -(double)INFINITY ? (price){0, 0} : (price){u, 1};
}

/* `part` times the price of anchor i of a side, and what it asks of the gradient: the weights of
 * the sums and ds. */
static void weigh_anchor(loss_pairs *p, int side, int i, double part, price (*of)(double))
{
    const k_sums *s = &p->sums[side];
    /* The difference of logits is taken first: it is exact where they are close. */
    const double z = (double)(p->scale * p->s[i]), origin = (double)s->origin[i] - z;
    const price c = of(ct_scalar_log(s->total[i]) + origin);
    const double pull = part * c.slope;
    loss_add(&p->loss, part * c.loss);
    p->ds[i] -= p->scale * (ct_real)pull;
    s->weight[i] = s->total[i] <= 0 ? 0 : (ct_real)(pull / s->total[i]); /* a NaN goes on */
}

/* The mean price of the anchors of side a, or of both sides; NULL after an error. */
static ct_tensor *softmax(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b,
                          const ct_loss_inputs *in, unsigned what, int sides, price (*of)(double))
{
    loss_pairs *p = loss_pairs_new(g, name, a, b, in, what);
    for (int side = 0; p != NULL && side < sides; side++)
        loss_pairs_sum(g, p, K_EXP, side, (double)p->scale);
    if (p == NULL || !loss_pairs_gather(g, p))
        return NULL;
    for (int side = 0; side < sides; side++)
        for (int i = 0; i < p->n; i++)
            weigh_anchor(p, side, i, 1.0 / sides / p->n, of);
    return loss_pairs_done(p);
}

ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax(g, "question", a, b, in, LOSS_QUEUE, 1, cross_entropy);
}

ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax(g, "infonce", a, b, in, LOSS_SCALED | LOSS_QUEUE, 1, cross_entropy);
}

ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax(g, "clip", a, b, in, LOSS_SCALED | LOSS_QUEUE, 2, cross_entropy);
}

ct_tensor *ct_loss_ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax(g, "ntxent", a, b, in, LOSS_SCALED | LOSS_IN_MODAL, 2, cross_entropy);
}

ct_tensor *ct_loss_dcl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const unsigned negatives = loss_options(in->options)->in_modal ? LOSS_IN_MODAL : 0;
    return softmax(g, "dcl", a, b, in, LOSS_SCALED | LOSS_QUEUE | negatives, 2, decoupled);
}

/* ---- unicl and supcon --------------------------------------------------------
 * Where row i has P(i) instead of i alone, its loss changes from -ln p_ii to the mean of -ln p_ij
 * over P(i), and the target from [i=j] to [j in P(i)] / |P(i)|: that adds z_ii - mean z_ij, of both
 * directions together. The mean over the pairs of a group is symmetric, so for unicl one direction
 * says it for both; supcon, whose positives are on both sides, has one for each.
 */
static ct_tensor *spread_positives(ct_graph *g, loss_pairs *p, int anchors)
{
    ct_real *mean = op_scratch(g, (size_t)p->n, sizeof *mean);
    const int sides = p->what & LOSS_IN_MODAL ? 2 : 1;
    p->shared = p->scale / (ct_real)anchors;
    for (int side = 0; side < sides; side++) {
        if (mean == NULL || !loss_groups_mean(g, p, side, mean))
            return NULL;
        for (int i = 0; i < p->n; i++)
            loss_add(&p->loss,
                     (double)p->scale * ((double)p->s[i] - (double)mean[i]) / anchors / sides);
    }
    for (int m = 0; m < p->groups->start[p->groups->n_groups]; m++)
        p->ds[p->groups->row[m]] += p->shared;
    return loss_pairs_done(p);
}

/* y is the loss without groups. */
static ct_tensor *add_groups(ct_graph *g, ct_tensor *y, const int *group)
{
    if (y == NULL || group == NULL)
        return y;
    loss_pairs *p = y->saved;
    p->groups = loss_groups_new(g, p->n, group);
    return p->groups != NULL ? spread_positives(g, p, p->n) : NULL;
}

ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    ct_tensor *clip = softmax(g, "unicl", a, b, in, LOSS_SCALED, 2, cross_entropy);
    return add_groups(g, clip, in->group);
}

ct_tensor *ct_loss_supcon(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const unsigned what = LOSS_SCALED | LOSS_IN_MODAL;
    ct_tensor *ntxent = softmax(g, "supcon", a, b, in, what, 2, cross_entropy);
    return add_groups(g, ntxent, in->group);
}

/* Row i belongs to itself, as pairs do, so that the price without a positive and z_ii - mean z_ij
 * come to ln sum e^z - mean z_ij. */
ct_tensor *ct_loss_supcon_one(ct_graph *g, ct_tensor *x, const ct_loss_inputs *in)
{
    loss_pairs *p = loss_pairs_new(g, "supcon", x, x, in,
                                   LOSS_SCALED | LOSS_IN_MODAL | LOSS_NO_CROSS);
    if (p == NULL || loss_pairs_sum(g, p, K_EXP, 0, (double)p->scale) == NULL)
        return NULL;
    p->groups = loss_groups_new(g, p->n, in->group);
    if (p->groups == NULL || !loss_pairs_gather(g, p))
        return NULL;
    const int anchors = p->groups->start[p->groups->n_groups];
    for (int m = 0; m < anchors; m++)
        weigh_anchor(p, 0, p->groups->row[m], 1.0 / anchors, decoupled);
    return anchors > 0 ? spread_positives(g, p, anchors) : loss_pairs_done(p);
}

/* ---- npair: and penalty/4 mean (|a_i|^2 + |b_i|^2), which pulls a by penalty/2n a ---- */

ct_tensor *ct_loss_npair(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    ct_tensor *y = softmax(g, "npair", a, b, in, LOSS_DOT, 1, cross_entropy);
    if (y == NULL)
        return NULL;
    loss_pairs *p = y->saved;
    const size_t size = (size_t)p->n * (size_t)p->d;
    const double squares = (double)k_dot(g->device, size, p->x[0], p->x[0]) +
                           (double)k_dot(g->device, size, p->x[1], p->x[1]);
    p->pull = (ct_real)(p->options->penalty / 2 / p->n);
    y->x[0] += (ct_real)(p->options->penalty / 4 * squares / p->n);
    return y;
}
