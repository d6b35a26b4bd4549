/* softmax.c -- the losses that ask: among all columns, which is mine? InfoNCE in
 * one direction or both, with one positive a row or several, over one side's rows
 * or both's, and with the positive left out: infonce, clip, unicl, question, npair,
 * ntxent, dcl.
 *
 * Write z = scale s for the logits, and for row i
 *
 *     u_i = ln sum_{j != i} e^(z_ij - z_ii)      log-odds of not finding the pair
 *     -ln p_ii = ln(1 + e^(u_i))                 its loss
 *     1 - p_ii = sigmoid(u_i) = w_i              its share of the gradient
 *     p_ij     = w_i e^(z_ij) / sum_{l != i} e^(z_il)      for j != i
 *
 * Leaving the diagonal out of the sum is the whole trick: at a temperature of
 * 0.07 a perfect batch has p_ii = 1 - 3e-7, and 1 - p_ii computed from p_ii in
 * float would be noise. It also makes n = 1 right: the sum is empty, u = -inf,
 * loss and gradient are 0. Columns are the same with i and j exchanged. The
 * decoupled loss is u_i itself: w_i = 1.
 *
 * Layer: losses. Needs engine (op.h) and kernels (walk.h). */
#include "contrast/scalar.h"
#include "losses/pairs.h"

typedef struct kind {
    const char *name;
    unsigned what; /* of loss_pairs_new */
    bool symmetric, decoupled, grouped, queued;
} kind;

/* `part` times the loss of each anchor of a side, and what it asks of the gradient. */
static void weigh_anchors(loss_pairs *p, const k_sums *s, double part, bool decoupled,
                          loss_total *loss)
{
    const loss_queue *q = p->queue[s->columns];
    for (int i = 0; i < p->n; i++) {
        const double z = (double)(p->scale * p->s[i]), origin = (double)s->origin[i];
        const bool any = !(s->total[i] <= 0);
        double u = ct_scalar_log(s->total[i]) +
                   (origin - z); /* the difference is exact where they are close */
        double share = 0;
        if (q !=
            NULL) { /* ln of both sums: with the queue's each has its own origin, far apart maybe */
            const double past = ct_scalar_log((double)q->total[i]) + ((double)q->peak[i] - z);
            const double top = any && u > past ? u : past;
            u = top + ct_scalar_log((any ? ct_scalar_exp(u - top) : 0) + ct_scalar_exp(past - top));
            share = ct_scalar_exp(origin - z - u); /* 1/total, of the sum with the queue's */
        }
        const double w = !decoupled ? op_sigmoid(u) : any || q != NULL ? 1 : 0;
        loss_add(loss, part * (!decoupled ? op_softplus(u) : any || q != NULL ? u : 0));
        s->weight[i] = !any ? 0 : (ct_real)(q == NULL ? part * w / s->total[i] : part * w * share);
        if (q != NULL)
            q->weight[i] = (ct_real)(part * w * ct_scalar_exp((double)q->peak[i] - z - u));
        p->ds[i] -= p->scale * (ct_real)(part * w);
    }
}

/* Several positives: where row i has P(i) instead of i alone, its loss changes from
 * -ln p_ii to the mean of -ln p_ij over P(i), and the target from [i=j] to
 * [j in P(i)] / |P(i)|; for columns likewise, so that rows and columns together
 * get z_ii - mean z_ij. */
static bool spread_positives(ct_graph *g, loss_pairs *p, const int *group, loss_total *loss)
{
    ct_real *mean = op_scratch(g, (size_t)p->n, sizeof *mean);
    p->groups = loss_groups_new(g, p->n, group);
    if (p->groups == NULL || mean == NULL || !loss_groups_mean(g, p, mean))
        return false;
    for (int i = 0; i < p->n; i++)
        loss_add(loss, (double)p->scale * ((double)p->s[i] - (double)mean[i]) / p->n);
    for (int m = 0; m < p->groups->start[p->groups->n_groups]; m++)
        p->ds[p->groups->row[m]] += p->scale / (ct_real)p->n;
    return true;
}

static loss_pairs *softmax_loss(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in,
                                const kind *k)
{
    loss_pairs *p = loss_pairs_new(g, k->name, a, b, in, k->what);
    if (p == NULL)
        return NULL;
    const k_sums *s[2] = {loss_pairs_sum(g, p, K_EXP, 0, (double)p->scale), NULL};
    if (k->symmetric)
        s[1] = loss_pairs_sum(g, p, K_EXP, 1, (double)p->scale);
    if (g->error.status != CT_OK || !loss_pairs_gather(g, p))
        return NULL;
    for (int side = 0; side < 2 && in->queue != NULL && k->queued; side++)
        if (s[side] != NULL && !loss_queue_sum(g, p, in->queue, side))
            return NULL;
    const double each = (k->symmetric ? 0.5 : 1) / p->n;
    loss_total loss = {0};
    for (int i = 0; i < 2 && s[i] != NULL; i++)
        weigh_anchors(p, s[i], each, k->decoupled, &loss);
    if (k->grouped && in->group != NULL && !spread_positives(g, p, in->group, &loss))
        return NULL;
    p->y->x[0] = (ct_real)loss.sum;
    return p;
}

static ct_tensor *apply(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in,
                        const kind *k)
{
    loss_pairs *p = softmax_loss(g, a, b, in, k);
    return p != NULL ? p->y : NULL;
}

ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return apply(g, a, b, in, &(kind){.name = "infonce", .what = LOSS_SCALED, .queued = true});
}

ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return apply(g, a, b, in,
                 &(kind){.name = "clip", .what = LOSS_SCALED, .symmetric = true, .queued = true});
}

ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return apply(g, a, b, in,
                 &(kind){.name = "unicl", .what = LOSS_SCALED, .symmetric = true, .grouped = true});
}

ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return apply(g, a, b, in, &(kind){.name = "question", .queued = true});
}

ct_tensor *ct_loss_ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return apply(g, a, b, in,
                 &(kind){.name = "ntxent", .what = LOSS_SCALED | LOSS_IN_MODAL, .symmetric = true});
}

ct_tensor *ct_loss_dcl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    const unsigned negatives = loss_options(in->options)->in_modal ? LOSS_IN_MODAL : 0;
    return apply(g, a, b, in,
                 &(kind){.name = "dcl",
                         .what = LOSS_SCALED | negatives,
                         .symmetric = true,
                         .decoupled = true,
                         .queued = true});
}

/* ---- npair: and penalty/4 mean (|a_i|^2 + |b_i|^2), which pulls a by penalty/2n a ---- */

ct_tensor *ct_loss_npair(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    loss_pairs *p = softmax_loss(g, a, b, in, &(kind){.name = "npair", .what = LOSS_DOT});
    if (p == NULL)
        return NULL;
    const size_t size = (size_t)p->n * (size_t)p->d;
    const double squares = (double)k_dot(g->device, size, p->x[0], p->x[0]) +
                           (double)k_dot(g->device, size, p->x[1], p->x[1]);
    p->pull = (ct_real)(p->options->penalty / 2 / p->n);
    p->y->x[0] += (ct_real)(p->options->penalty / 4 * squares / p->n);
    return p->y;
}
