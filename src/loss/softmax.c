/* softmax.c -- InfoNCE in one direction or both, with one positive a row or
 * several: the losses infonce, clip, unicl and question.
 *
 * Each row asks: among all columns, which is mine? Write z = scale s for the
 * logits, and for row i
 *
 *     u_i = ln sum_{j != i} e^(z_ij - z_ii)      log-odds of not finding the pair
 *     -ln p_ii = ln(1 + e^(u_i))                 its loss
 *     1 - p_ii = sigmoid(u_i) = w_i              its share of the gradient
 *     p_ij     = w_i e^(z_ij) / sum_{l != i} e^(z_il)      for j != i
 *
 * Leaving the diagonal out of the sum is the whole trick: at a temperature of
 * 0.07 a perfect batch has p_ii = 1 - 3e-7, and 1 - p_ii computed from p_ii in
 * float would be noise. It also makes n = 1 right: the sum is empty, u = -inf,
 * loss and gradient are 0. Columns are the same with i and j exchanged.
 *
 * Layer: loss. Needs autodiff (op.h) and kernels (walk.h). */
#include "contrast/scalar.h"
#include "loss/pairs.h"

/* ln(1 + e^u), for any u. */
static double softplus(double u)
{
    return u > 0 ? u + ct_scalar_log1p(ct_scalar_exp(-u)) : ct_scalar_log1p(ct_scalar_exp(u));
}

/* `part` times the loss of each anchor, rows or columns, and what it asks of the gradient. */
static void weigh_anchors(loss_pairs *p, const k_sums *s, double part, loss_total *loss)
{
    for (int i = 0; i < p->n; i++) {
        const double above = (double)s->origin[i] - (double)(p->scale * p->s[i]); /* exact where they are close */
        const double u = ct_scalar_log(s->total[i]) + above;
        const double w = 1 / (1 + ct_scalar_exp(-u));
        loss_add(loss, part * softplus(u));
        s->weight[i] = s->total[i] > 0 ? (ct_real)(part * w / s->total[i]) : 0;
        p->ds[i] -= (ct_real)(part * w);
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
        p->ds[p->groups->row[m]] += 1 / (ct_real)p->n;
    return true;
}

static ct_tensor *softmax_loss(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale,
                               bool symmetric, const int *group)
{
    ct_tensor *y = loss_pairs_new(g, name, a, b, log_scale);
    if (y == NULL)
        return NULL;
    loss_pairs   *p = y->saved;
    const k_sums *rows = loss_pairs_sum(g, p, K_EXP, false), *columns = NULL;
    if (rows == NULL || (symmetric && (columns = loss_pairs_sum(g, p, K_EXP, true)) == NULL) || !loss_pairs_gather(g, p))
        return NULL;
    const double each = (symmetric ? 0.5 : 1) / p->n;
    loss_total   loss = {0};
    weigh_anchors(p, rows, each, &loss);
    if (symmetric)
        weigh_anchors(p, columns, each, &loss);
    if (group != NULL && !spread_positives(g, p, group, &loss))
        return NULL;
    y->x[0] = (ct_real)loss.sum;
    return y;
}

ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, "infonce", a, b, in->log_scale, false, NULL);
}

ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, "clip", a, b, in->log_scale, true, NULL);
}

ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return softmax_loss(g, "unicl", a, b, in->log_scale, true, in->group);
}

ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    static const ct_real zero = 0; /* log of temperature 1 */
    (void)in;
    return softmax_loss(g, "question", a, b, ct_constant(g, 1, 1, &zero), false, NULL);
}
