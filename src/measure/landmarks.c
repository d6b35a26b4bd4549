/* landmarks.c -- the value of each loss when all embeddings are equal, and its floor.
 *
 * A loss that stays exactly at a landmark says why.
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
 * Layer: measure. Needs losses (their options and scalars). */
#include "contrast/landmarks.h"

#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <math.h>
#include <string.h>

#define OPTIONS(s) const ct_loss_options *o = loss_options((s)->options)

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

static double npair_all_equal(const ct_loss_setting *s) /* of unit length, say */
{
    OPTIONS(s);
    return ct_scalar_log(s->n) + o->penalty / 2;
}

static double ntxent_all_equal(const ct_loss_setting *s)
{
    return ct_scalar_log(2 * s->n - 1);
}

static double dcl_negatives(const ct_loss_setting *s)
{
    OPTIONS(s);
    return s->n > 1 ? ct_scalar_log((o->in_modal ? 2 : 1) * (s->n - 1)) : 0;
}

static double hard_negative_all_equal(const ct_loss_setting *s)
{
    return ct_scalar_log1p(2 * s->n - 2);
}

/* Its value where every s_ii is alpha and every other s_ij beta. */
static double siglip_at(const ct_loss_setting *s, double alpha, double beta)
{
    return op_softplus(-(alpha / s->temperature + s->bias)) +
           (s->n - 1) * op_softplus(beta / s->temperature + s->bias);
}

static double siglip_all_equal(const ct_loss_setting *s)
{
    return siglip_at(s, 1, 1);
}

static double margin(const ct_loss_setting *s)
{
    OPTIONS(s);
    return s->n > 1 ? o->margin : 0;
}

static double spectral_all_equal(const ct_loss_setting *s)
{
    OPTIONS(s);
    return -2 * o->mu + (s->n > 1 ? o->mu * o->mu : 0);
}

static double width(const ct_loss_setting *s)
{
    return s->d;
}

static double vicreg_all_equal(const ct_loss_setting *s) /* a root of 1e-4 in every column */
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
        const double slope = 2 * op_sigmoid(-(alpha / s->temperature + s->bias)) -
                             (s->n - 2) * op_sigmoid(beta / s->temperature + s->bias);
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

typedef double formula(const ct_loss_setting *s);

static const struct landmark_row {
    const char *loss;
    formula *all_equal, *floor;
    bool softmax; /* over N candidates of which one is right: ln N at equal rows, and a bound */
    const char *floor_is;
} ROWS[] = {
    {"question", log_n, question_floor, true, SIMPLEX},
    {"npair", npair_all_equal, npair_floor, false,
     "a simplex of the length at which the penalty holds it"},
    {"infonce", log_n, simplex_floor, true, SIMPLEX},
    {"clip", log_n, simplex_floor, true, SIMPLEX},
    {"ntxent", ntxent_all_equal, ntxent_floor, false, SIMPLEX},
    {"siglip", siglip_all_equal, siglip_floor, false,
     "between a simplex and two opposite points, as temperature and bias have it"},
    {"dcl", dcl_negatives, dcl_floor, false, SIMPLEX},
    {"unicl", log_n, simplex_floor, true, SIMPLEX},
    {"triplet", margin, triplet_floor, false, "every negative farther than the margin"},
    {"hard-negative", hard_negative_all_equal, hard_negative_floor, false,
     "a bound: each negative at cosine -1; for small n a simplex"},
    {"align-uniform", zero, align_uniform_floor, false, SIMPLEX},
    {"spectral", spectral_all_equal, spectral_floor, false,
     "aligned pairs, orthogonal if the dimensions allow, else a tight frame"},
    {"barlow", width, zero, false, "columns that agree between the sides and are uncorrelated"},
    {"vicreg", vicreg_all_equal, zero, false,
     "equal sides, columns of variance 1 and uncorrelated"},
    {"positives", zero, zero, false, "aligned pairs, whether apart or all equal"},
};

static const struct landmark_row *row_of(const ct_loss *loss)
{
    size_t k = 0;
    while (strcmp(ROWS[k].loss, loss->name) != 0) {
        k++;
        CT_ASSERT(k < sizeof ROWS / sizeof *ROWS); /* a loss without its row here */
    }
    return &ROWS[k];
}

/* (1/n) sum_i ln n_i, n_i the rows of i's group: nothing can tell them apart. */
static double duplicate_floor(int n, const int *group)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int j = 0; j < n; j++)
            same += group[j] == group[i];
        sum += ct_scalar_log(same);
    }
    return sum / n;
}

ct_landmarks ct_landmarks_of(const ct_loss *loss, const ct_loss_setting *at, const int *group)
{
    const struct landmark_row *row = row_of(loss);
    ct_landmarks l = {.loss = loss, .at = *at, .random = (double)NAN, .floor_is = row->floor_is};
    const double n = at->n, d = at->d;
    OPTIONS(at);
    l.at.temperature = loss->learns_scale ? at->temperature : 1;
    l.all_equal = row->all_equal(&l.at);
    l.floor = row->floor(&l.at);
    if (row->softmax && n > 1 && d > 0)
        l.random = ct_scalar_log(n) + 1 / (2 * d * l.at.temperature * l.at.temperature);
    if (row->softmax && group != NULL)
        l.duplicates = duplicate_floor(at->n, group);
    /* Several right answers, or fewer candidates than N, and the bound is lost. */
    l.bounds_information = row->softmax &&
                           !(group != NULL && (loss->uses_groups || o->mask_groups));
    return l;
}

double ct_landmarks_information(const ct_landmarks *l, double loss)
{
    return l->bounds_information ? ct_scalar_log(l->at.n) - loss : (double)NAN;
}

bool ct_landmarks_want_collapse(const ct_landmarks *l)
{
    return !(l->all_equal > l->floor);
}
