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

/* Where a loss is looked at, all as double. */
typedef struct place {
    double n, d, t, bias;
    double gap; /* largest alpha - beta, n / (n-1); 0 for a single pair */
    const ct_loss_options *o;
} place;

double ct_simplex_floor(int n, double temperature)
{
    if (n < 2)
        return 0;
    return ct_scalar_log1p((n - 1) * ct_scalar_exp(-n / ((n - 1) * temperature)));
}

/* ---- a loss: its value when all embeddings are equal, and at best; 0 if not set ---- */

/* Over N candidates of which one is right: when all are equal every p is 1/N. */
static void softmax(const place *p, ct_landmarks *l)
{
    l->all_equal = ct_scalar_log(p->n);
    l->floor = ct_simplex_floor((int)p->n, p->t);
}

/* All equal: of unit length, say. At best ln(1 + (n-1) e^(-c q)) + penalty/2 q over the squared
 * length q, c = n / (n-1): least where its slope -c w + penalty/2 is 0, w = 1 - 1/(1 + (n-1)
 * e^(-c q)). Without a penalty it tends to 0 as lengths grow. */
static void npair(const place *p, ct_landmarks *l)
{
    const double half = p->o->penalty / 2, w = p->n > 1 ? half / p->gap : 0;
    l->all_equal = ct_scalar_log(p->n) + half;
    if (w > 0 && w >= 1 - 1 / p->n)
        l->floor = ct_scalar_log(p->n);
    else if (w > 0)
        l->floor = -ct_scalar_log1p(-w) + half * (ct_scalar_log((p->n - 1) * (1 - w) / w) / p->gap);
}

static void ntxent(const place *p, ct_landmarks *l)
{
    l->all_equal = ct_scalar_log(2 * p->n - 1);
    l->floor = ct_scalar_log1p(2 * (p->n - 1) * ct_scalar_exp(-p->gap / p->t));
}

static void dcl(const place *p, ct_landmarks *l)
{
    l->all_equal = p->n > 1 ? ct_scalar_log((p->o->in_modal ? 2 : 1) * (p->n - 1)) : 0;
    l->floor = l->all_equal - p->gap / p->t;
}

/* Where debiasing leaves a function that is not convex only the bound of each term is certain. */
static void hard_negative(const place *p, ct_landmarks *l)
{
    const double m = 2 * p->n - 2, tau_plus = p->o->tau_plus;
    const double least = m * ct_scalar_exp(-2 / p->t);
    const double simplex = m * (ct_scalar_exp(-p->gap / p->t) - tau_plus) / (1 - tau_plus);
    const bool convex = tau_plus * m <= 1 - tau_plus;
    l->all_equal = ct_scalar_log1p(m);
    l->floor = ct_scalar_log1p(convex && simplex > least ? simplex : least);
}

/* Its value where every s_ii is alpha and every other s_ij beta. */
static double siglip_at(const place *p, double alpha, double beta)
{
    return op_softplus(-(alpha / p->t + p->bias)) + (p->n - 1) * op_softplus(beta / p->t + p->bias);
}

/* At best between the simplex (q = 0) and two opposite points (q = 1), q = |u|^2 = |v|^2, v = -u:
 * alpha = 1 - 2q, beta = -q - (1 - q) / (n-1). Convex in q: halve on its slope. */
static void siglip(const place *p, ct_landmarks *l)
{
    double low = 0, high = 1;
    l->all_equal = siglip_at(p, 1, 1);
    l->floor = siglip_at(p, 1, 0); /* of a single pair */
    for (int i = 0; i < 60 && p->n > 1; i++) {
        const double q = (low + high) / 2, alpha = 1 - 2 * q, beta = -q - (1 - q) / (p->n - 1);
        const double slope = 2 * op_sigmoid(-(alpha / p->t + p->bias)) -
                             (p->n - 2) * op_sigmoid(beta / p->t + p->bias);
        if (slope > 0)
            high = q;
        else
            low = q;
    }
    if (p->n > 1)
        l->floor = siglip_at(p, 1 - 2 * low, -low - (1 - low) / (p->n - 1));
}

static void triplet(const place *p, ct_landmarks *l)
{
    l->all_equal = p->n > 1 ? p->o->margin : 0;
    l->floor = fmax(0, l->all_equal - 2 * p->gap);
}

static void align_uniform(const place *p, ct_landmarks *l) /* |x_i - x_j|^2 = 2 n / (n-1) */
{
    l->floor = -p->o->uniform * p->o->uniform_t * 2 * p->gap;
}

/* At best the rest of the s_ij has the mean square (n-d) / (d (n-1)) at least (Welch 1974). */
static void spectral(const place *p, ct_landmarks *l)
{
    const double mu = p->o->mu, rest = p->n > p->d ? (p->n - p->d) / p->d / (p->n - 1) : 0;
    l->all_equal = -2 * mu + (p->n > 1 ? mu * mu : 0);
    l->floor = -2 * mu + mu * mu * rest;
}

static void barlow(const place *p, ct_landmarks *l)
{
    l->all_equal = p->d;
}

static void vicreg(const place *p, ct_landmarks *l) /* a root of 1e-4 in every column */
{
    l->all_equal = p->o->variance * 0.99;
}

static void positives(const place *p, ct_landmarks *l)
{
    (void)p;
    l->all_equal = 0;
}

/* ---- the table ---- */

#define SIMPLEX \
    "a regular simplex of aligned pairs (cosines 1 and -1/(n-1)), in n - 1 dimensions or more"

static const struct landmark_row {
    const char *loss;
    void (*values)(const place *p, ct_landmarks *l);
    const char *floor_is;
} ROWS[] = {
    {"question", softmax, SIMPLEX},
    {"infonce", softmax, SIMPLEX},
    {"clip", softmax, SIMPLEX},
    {"unicl", softmax, SIMPLEX},
    {"ntxent", ntxent, SIMPLEX},
    {"supcon", ntxent, SIMPLEX},
    {"dcl", dcl, SIMPLEX},
    {"align-uniform", align_uniform, SIMPLEX},
    {"npair", npair, "a simplex of the length at which the penalty holds it"},
    {"siglip", siglip,
     "between a simplex and two opposite points, as temperature and bias have it"},
    {"triplet", triplet, "every negative farther than the margin"},
    {"hard-negative", hard_negative, "a bound: each negative at cosine -1; for small n a simplex"},
    {"spectral", spectral, "aligned pairs, orthogonal if the dimensions allow, else a tight frame"},
    {"barlow", barlow, "columns that agree between the sides and are uncorrelated"},
    {"vicreg", vicreg, "equal sides, columns of variance 1 and uncorrelated"},
    {"positives", positives, "aligned pairs, whether apart or all equal"},
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
    l.at.temperature = loss->learns_scale ? at->temperature : 1;
    const place p = {.n = at->n,
                     .d = at->d,
                     .t = l.at.temperature,
                     .bias = at->bias,
                     .gap = at->n > 1 ? at->n / (at->n - 1.0) : 0,
                     .o = loss_options(at->options)};
    const bool bound = row->values == softmax;
    row->values(&p, &l);
    if (bound && p.n > 1 && p.d > 0)
        l.random = ct_scalar_log(p.n) + 1 / (2 * p.d * p.t * p.t);
    if (bound && group != NULL)
        l.duplicates = duplicate_floor(at->n, group);
    /* Several right answers, or fewer candidates than N, and the bound is lost. */
    const bool several = group != NULL && (loss->uses_groups || p.o->mask_groups);
    l.bounds_information = bound && !several;
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
