/* landmarks.c -- the losses by name, and what each is worth when all embeddings
 * are equal and at best. A loss that sits exactly at a landmark says why.
 *
 * Floors rest on one inequality. Let alpha be the mean of s_ii and beta that of the
 * rest. For unit vectors with the means u and v of the two sides,
 *
 *     alpha + (n-1) beta = n u.v         alpha <= u.v + sqrt((1 - |u|^2) (1 - |v|^2))
 *
 * so alpha - beta <= n / (n-1), reached by a regular simplex of aligned pairs, and a
 * loss convex in the s_ij is least where all s_ii are alpha and the rest beta (Wang
 * and Isola 2020; Graf et al. 2021; Lee et al. 2024).
 *
 * Layer: losses. */
#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <string.h>

#define OPTIONS(s) const ct_loss_options *o = loss_options((s)->options)

static const ct_loss_options DEFAULTS = {.in_modal = true,
                                         .penalty = 0.002,
                                         .margin = 0.2,
                                         .mining = CT_MINE_ALL,
                                         .beta = 1,
                                         .tau_plus = 0.1,
                                         .align_power = 2,
                                         .uniform_t = 2,
                                         .uniform = 1,
                                         .mu = 1,
                                         .lambda = 0.0051,
                                         .invariance = 25,
                                         .variance = 25,
                                         .covariance = 1};

ct_loss_options ct_loss_defaults(void)
{
    return DEFAULTS;
}

const ct_loss_options *loss_options(const ct_loss_options *options)
{
    return options != NULL ? options : &DEFAULTS;
}

double ct_loss_bias(int n)
{
    return n > 1 ? -ct_scalar_log(n - 1) : 0;
}

/* ---- all equal ---- */

static double zero(const ct_loss_setting *s)
{
    (void)s;
    return 0;
}

static double log_n(const ct_loss_setting *s) /* every p is 1/n */
{
    return ct_scalar_log(s->n);
}

static double npair_collapsed(const ct_loss_setting *s) /* of unit length, say */
{
    OPTIONS(s);
    return ct_scalar_log(s->n) + o->penalty / 2;
}

static double ntxent_collapsed(const ct_loss_setting *s)
{
    return ct_scalar_log(2 * s->n - 1);
}

static double dcl_negatives(const ct_loss_setting *s)
{
    OPTIONS(s);
    return s->n > 1 ? ct_scalar_log((o->in_modal ? 2 : 1) * (s->n - 1)) : 0;
}

static double hard_negative_collapsed(const ct_loss_setting *s)
{
    return ct_scalar_log1p(2 * s->n - 2);
}

/* Its value where every s_ii is alpha and every other s_ij beta. */
static double siglip_at(const ct_loss_setting *s, double alpha, double beta)
{
    return loss_softplus(-(alpha / s->temperature + s->bias)) +
           (s->n - 1) * loss_softplus(beta / s->temperature + s->bias);
}

static double siglip_collapsed(const ct_loss_setting *s)
{
    return siglip_at(s, 1, 1);
}

static double margin(const ct_loss_setting *s)
{
    OPTIONS(s);
    return s->n > 1 ? o->margin : 0;
}

static double spectral_collapsed(const ct_loss_setting *s)
{
    OPTIONS(s);
    return -2 * o->mu + (s->n > 1 ? o->mu * o->mu : 0);
}

static double width(const ct_loss_setting *s)
{
    return s->d;
}

static double vicreg_collapsed(const ct_loss_setting *s) /* a root of 1e-4 in every column */
{
    OPTIONS(s);
    return o->variance * 0.99;
}

/* ---- at best ---- */

double ct_simplex_floor(int n, double temperature)
{
    if (n < 2)
        return 0;
    return ct_scalar_log1p((n - 1) * ct_scalar_exp(-n / ((n - 1) * temperature)));
}

static double gap(const ct_loss_setting *s) /* largest alpha - beta */
{
    return s->n > 1 ? s->n / (s->n - 1.0) : 0;
}

static double simplex_floor(const ct_loss_setting *s)
{
    return ct_simplex_floor(s->n, s->temperature);
}

static double question_floor(const ct_loss_setting *s)
{
    return ct_simplex_floor(s->n, 1);
}

/* ln(1 + (n-1) e^(-c q)) + penalty/2 q over the squared length q, c = n / (n-1): least
 * where its slope -c w + penalty/2 is 0, w = 1 - 1/(1 + (n-1) e^(-c q)). */
static double npair_floor(const ct_loss_setting *s)
{
    OPTIONS(s);
    const double w = s->n > 1 ? o->penalty / 2 / gap(s) : 0;
    if (!(w > 0))
        return 0; /* as lengths grow */
    if (w >= 1 - 1.0 / s->n)
        return ct_scalar_log(s->n);
    const double q = ct_scalar_log((s->n - 1) * (1 - w) / w) / gap(s);
    return -ct_scalar_log1p(-w) + o->penalty / 2 * q;
}

static double ntxent_floor(const ct_loss_setting *s)
{
    return s->n > 1 ? ct_scalar_log1p(2 * (s->n - 1) * ct_scalar_exp(-gap(s) / s->temperature)) : 0;
}

static double dcl_floor(const ct_loss_setting *s)
{
    return dcl_negatives(s) - gap(s) / s->temperature;
}

static double hard_negative_floor(const ct_loss_setting *s)
{
    OPTIONS(s);
    const double m = 2.0 * s->n - 2, least = m * ct_scalar_exp(-2 / s->temperature);
    const double r = m * (ct_scalar_exp(-gap(s) / s->temperature) - o->tau_plus) /
                     (1 - o->tau_plus);
    const bool convex = o->tau_plus * m <=
                        1 - o->tau_plus; /* else only the bound of each term is certain */
    return ct_scalar_log1p(convex && r > least ? r : least);
}

/* From the simplex (q = 0) to two opposite points (q = 1), q = |u|^2 = |v|^2, v = -u:
 * alpha = 1 - 2q, beta = -q - (1 - q) / (n-1). Convex in q: halve on its slope. */
static double siglip_floor(const ct_loss_setting *s)
{
    if (s->n < 2)
        return siglip_at(s, 1, 0);
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        const double q = (low + high) / 2, alpha = 1 - 2 * q, beta = -q - (1 - q) / (s->n - 1);
        const double slope = 2 * loss_sigmoid(-(alpha / s->temperature + s->bias)) -
                             (s->n - 2) * loss_sigmoid(beta / s->temperature + s->bias);
        if (slope > 0)
            high = q;
        else
            low = q;
    }
    return siglip_at(s, 1 - 2 * low, -low - (1 - low) / (s->n - 1));
}

static double triplet_floor(const ct_loss_setting *s)
{
    const double left = margin(s) - 2 * gap(s);
    return left > 0 ? left : 0;
}

static double align_uniform_floor(const ct_loss_setting *s) /* |x_i - x_j|^2 = 2 n / (n-1) */
{
    OPTIONS(s);
    return -o->uniform * o->uniform_t * 2 * gap(s);
}

/* The rest of the s_ij has the mean square (n-d) / (d (n-1)) at least (Welch 1974). */
static double spectral_floor(const ct_loss_setting *s)
{
    OPTIONS(s);
    const double rest = s->n > s->d ? (double)(s->n - s->d) / s->d / (s->n - 1) : 0;
    return -2 * o->mu + o->mu * o->mu * rest;
}

/* ---- the table ---- */

#define SIMPLEX \
    "a regular simplex of aligned pairs (cosines 1 and -1/(n-1)), in n - 1 dimensions or more"

static const ct_loss LOSSES[] = {
    {"question", "cross-entropy over the rows of the cosine matrix, temperature 1", false, false,
     false, true, ct_loss_question, log_n, question_floor, SIMPLEX},
    {"npair", "the same of products, with a penalty on lengths", false, false, false, false,
     ct_loss_npair, npair_collapsed, npair_floor,
     "a simplex of the length at which the penalty holds it"},
    {"infonce", "InfoNCE, one direction, with a temperature", true, false, false, true,
     ct_loss_infonce, log_n, simplex_floor, SIMPLEX},
    {"clip", "InfoNCE in both directions (symmetric)", true, false, false, true, ct_loss_clip,
     log_n, simplex_floor, SIMPLEX},
    {"ntxent", "symmetric, negatives from both sides (SimCLR)", true, false, false, false,
     ct_loss_ntxent, ntxent_collapsed, ntxent_floor, SIMPLEX},
    {"siglip", "each pair of rows is a yes-or-no question, with a bias", true, false, true, false,
     ct_loss_siglip, siglip_collapsed, siglip_floor,
     "between a simplex and two opposite points, as temperature and bias have it"},
    {"dcl", "symmetric, the positive left out of the sum (decoupled)", true, false, false, true,
     ct_loss_dcl, dcl_negatives, dcl_floor, SIMPLEX},
    {"unicl", "symmetric, pairs of equal group are positives too", true, true, false, false,
     ct_loss_unicl, log_n, simplex_floor, SIMPLEX},
    {"triplet", "hinge on a positive and a negative (all, semi-hard, hardest)", false, false, false,
     false, ct_loss_triplet, margin, triplet_floor, "every negative farther than the margin"},
    {"hard-negative", "NT-Xent with hard negatives weighing more, debiased", true, false, false,
     false, ct_loss_hard_negative, hard_negative_collapsed, hard_negative_floor,
     "a bound: each negative at cosine -1; for small n a simplex"},
    {"align-uniform", "pairs close, each side spread over the sphere", false, false, false, false,
     ct_loss_align_uniform, zero, align_uniform_floor, SIMPLEX},
    {"spectral", "-2 s of pairs and the squares of all others", false, false, false, false,
     ct_loss_spectral, spectral_collapsed, spectral_floor,
     "aligned pairs, orthogonal if the dimensions allow, else a tight frame"},
    {"barlow", "columns: correlated between sides, not with each other", false, false, false, false,
     ct_loss_barlow, width, zero, "columns that agree between the sides and are uncorrelated"},
    {"vicreg", "columns: equal, varying, and not correlated", false, false, false, false,
     ct_loss_vicreg, vicreg_collapsed, zero, "equal sides, columns of variance 1 and uncorrelated"},
    {"positives", "1 - cosine of the pairs, no negatives: collapses", false, false, false, false,
     ct_loss_positives, zero, zero, "aligned pairs, whether apart or all equal"},
};

const ct_loss *ct_loss_all(int *n)
{
    *n = (int)(sizeof LOSSES / sizeof *LOSSES);
    return LOSSES;
}

const ct_loss *ct_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof LOSSES / sizeof *LOSSES; i++)
        if (strcmp(name, LOSSES[i].name) == 0)
            return &LOSSES[i];
    return NULL;
}
