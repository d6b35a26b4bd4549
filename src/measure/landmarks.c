/* landmarks.c -- the value of each loss when all embeddings are equal, at random, and its floor.
 *
 * A loss that stays exactly at a landmark says why.
 *
 * Floors rest on one inequality. Row i has g_i rows in its group, itself among them, and M_i = n -
 * g_i negatives, which lie g_i' = s_ii - (mean s_ij of its negatives) below it. For unit vectors,
 * summed over pairs of different groups and both orders,
 *
 *     sum_i M_i g_i' = 1/2 sum_ij (a_i - a_j).(b_i - b_j) <= n^2 - max(0, 2 max_i g_i - n)^2
 *
 * reached where a = b, each group is one point and the points, weighted by their rows, have mean 0:
 * for groups of one size a regular simplex, where g' = K/(K-1), K groups. A loss convex in the s_ij
 * is then least where all g' are alike (Wang and Isola 2020; Graf et al. 2021; Lee et al. 2024);
 * for groups of several sizes the least of a sum of convex functions under that one constraint is a
 * bound that nothing passes, and the dual of that problem is what is computed.
 *
 * A queue counts as pairs of the same set as the batch: embeddings that stay as they are. */
#include "contrast/landmarks.h"

#include "contrast/scalar.h"
#include "losses/pairs.h"
#include "measure/measure.h"

#include <math.h>
#include <string.h>

#define KINDS 256 /* sizes of groups told apart: enough for 32,000 rows */

/* Anchors of a batch that are alike. */
typedef struct anchors {
    double rows, same, rest; /* negatives that are the same point; the others, of one side */
} anchors;

/* Where a loss is looked at, all as double. */
typedef struct place {
    double n, d, t, bias, queue;
    double own;              /* 1: the pair itself is in the sum of its anchor; 0: it is not */
    double sides;            /* from which negatives come: 1 or 2 */
    double largest, squares; /* rows of the largest group; sum of the squares of groups' rows */
    double same, rest;       /* sums over all anchors */
    double equal;            /* the value when all embeddings are, once that is known */
    const ct_loss_options *o;
    int n_kinds;
    anchors kind[KINDS];
} place;

double ct_simplex_floor(int n, double temperature)
{
    if (n < 2)
        return 0;
    return ct_scalar_log1p((n - 1) * ct_scalar_exp(-n / ((n - 1) * temperature)));
}

/* ---- the anchors of a batch ---- */

/* `count` anchors, in groups of so many rows, which are no negatives of each other if masked, else
 * the same point. */
static void add_anchors(place *p, double count, int rows, bool masked)
{
    const anchors x = {count, masked ? 0 : rows - 1, p->n - rows};
    int k = 0;
    while (k < p->n_kinds && p->kind[k].rest != x.rest && k < KINDS - 1)
        k++;
    if (k == p->n_kinds)
        p->kind[p->n_kinds++] = (anchors){0, x.same, x.rest};
    p->kind[k].rows += count;
    p->largest = fmax(p->largest, rows);
    p->squares += count * rows;
    p->same += count * x.same;
    p->rest += count * x.rest;
}

/* group NULL: each row is one. */
static void look(place *p, const int *group, bool masked)
{
    const int n = (int)p->n;
    p->n_kinds = 0;
    p->largest = p->squares = p->same = p->rest = 0;
    if (group == NULL)
        add_anchors(p, n, 1, masked);
    for (int i = 0; i < n && group != NULL; i++) {
        int rows = 0;
        for (int j = 0; j < n; j++)
            rows += group[j] == group[i];
        add_anchors(p, 1, rows, masked);
    }
}

/* ---- the least mean of a cost under the inequality ---- */

/* The mean of g' that the inequality allows. */
static double gap(const place *p)
{
    const double over = fmax(0, 2 * p->largest - p->n);
    const double reach = p->sides * (p->n * p->n - over * over) + p->n * p->queue;
    const double negatives = p->sides * p->rest + p->n * p->queue;
    return negatives > 0 ? fmin(2, reach / negatives) : 0;
}

/* Of an anchor whose `rest` lies x temperatures below it: ln(own + same + rest e^-x). */
static double cost(double own, double same, double rest, double x)
{
    if (own > 0)
        return ct_scalar_log1p(same + rest * ct_scalar_exp(-x));
    if (same > 0)
        return ct_scalar_log(same + rest * ct_scalar_exp(-x));
    return rest > 0 ? ct_scalar_log(rest) - x : 0;
}

static double all_equal(const place *p)
{
    double sum = 0;
    for (int k = 0; k < p->n_kinds; k++) {
        const anchors *a = &p->kind[k];
        sum += a->rows * cost(p->own, p->sides * a->same, p->sides * a->rest + p->queue, 0);
    }
    return sum / p->n;
}

/* The least mean of that. If all anchors are alike each is at the gap. If not, by duality: whatever
 * lambda is, nothing is below the mean of min_x (cost + lambda rest x) - lambda reach; the lambda
 * that is right for the mean anchor is taken. */
static double best(const place *p)
{
    const double x = gap(p) / p->t, same = p->sides * p->same / p->n,
                 rest = p->sides * p->rest / p->n + p->queue;
    if (p->n_kinds == 1 || !(rest > 0))
        return cost(p->own, same, rest, x);
    const double y = rest * ct_scalar_exp(-x), lambda = y / (p->own + same + y) / rest;
    double sum = -lambda * rest * x;
    for (int k = 0; k < p->n_kinds; k++) {
        const double s = p->sides * p->kind[k].same, r = p->sides * p->kind[k].rest + p->queue;
        const double w = lambda * r;
        /* The slope is 0 where y / (own + s + y) = w, y = r e^-x. */
        const double at = w < 1 ? ct_scalar_log(r * (1 - w) / w / (p->own + s)) : -(double)INFINITY;
        const double bound = r > 0 ? fmax(-2 / p->t, fmin(2 / p->t, at)) : 0;
        sum += p->kind[k].rows / p->n * (cost(p->own, s, r, bound) + w * bound);
    }
    return sum;
}

/* The least value of a convex function between low and high (golden section). */
static double least(const place *p, double (*f)(const place *p, double x), double low, double high)
{
    const double part = 0.61803398874989485;
    for (int i = 0; i < 100; i++) {
        const double a = high - part * (high - low), b = low + part * (high - low);
        if (f(p, a) < f(p, b))
            high = b;
        else
            low = a;
    }
    return fmin(f(p, low), f(p, high));
}

/* ---- a loss: its value when all embeddings are equal, and at best; 0 if not set ---- */

static void softmax(const place *p, ct_landmarks *l)
{
    l->all_equal = all_equal(p);
    l->floor = best(p);
}

static double npair_at(const place *p, double square)
{
    place q = *p;
    q.t = 1 / square;
    return best(&q) + p->o->penalty / 2 * square;
}

/* All equal: of unit length, say. At best over the squared length, which is a scale; without a
 * penalty lengths grow for ever. */
static void npair(const place *p, ct_landmarks *l)
{
    l->all_equal = all_equal(p) + p->o->penalty / 2;
    l->floor = least(p, npair_at, 1e-9, 1e3);
}

/* Where debiasing leaves a function that is not convex only the bound of each term is certain. */
static void hard_negative(const place *p, ct_landmarks *l)
{
    const double tau_plus = p->o->tau_plus;
    l->all_equal = all_equal(p);
    for (int k = 0; k < p->n_kinds; k++) {
        const double same = 2 * p->kind[k].same, rest = 2 * p->kind[k].rest, m = same + rest;
        const bool convex = p->n_kinds == 1 && tau_plus * m <= 1 - tau_plus;
        const double far = ct_scalar_exp(-(convex ? gap(p) : 2) / p->t);
        const double mean = (same + rest * far - tau_plus * m) / (1 - tau_plus);
        l->floor += p->kind[k].rows / p->n *
                    ct_scalar_log1p(fmax(mean, m * ct_scalar_exp(-2 / p->t)));
    }
}

/* Its value where every s_ii is alpha, and so is what is the same, and the rest beta. */
static double siglip_at(const place *p, double alpha, double beta)
{
    const double near = alpha / p->t + p->bias;
    return op_softplus(-near) + p->same / p->n * op_softplus(near) +
           p->rest / p->n * op_softplus(beta / p->t + p->bias);
}

/* Between a simplex (q = 0) and two opposite points (q = 1), q = |u|^2 = |v|^2, v = -u, u and v the
 * means of the sides: the matrix of a linear combination of alpha and beta has just their two
 * extreme eigenvalues, for groups of several sizes no worse ones than for all of the largest. */
static double siglip_between(const place *p, double q)
{
    const double corner = p->rest > 0 ? fmax(-1, -p->n * p->largest / p->rest) : 0;
    return siglip_at(p, 1 - 2 * q, corner * (1 - q) - q);
}

static void siglip(const place *p, ct_landmarks *l)
{
    l->all_equal = siglip_at(p, 1, 1);
    l->floor = least(p, siglip_between, 0, 1);
}

/* Over all triplets the mean is one over the pairs of the inequality; a mined negative may be the
 * only one that is far. */
static void triplet(const place *p, ct_landmarks *l)
{
    const bool mean = p->o->mining == CT_MINE_ALL, hardest = p->o->mining == CT_MINE_HARDEST;
    const bool even = mean || (hardest && p->n_kinds == 1);
    const double margin = p->o->margin, far = fmax(0, margin - 2 * (even ? gap(p) : 2));
    double sum = 0, total = 0;
    for (int k = 0; k < p->n_kinds; k++) {
        const anchors *a = &p->kind[k];
        const double all = a->same + a->rest, weight = a->rows * (mean ? all : all > 0);
        const double mined = a->rest > 0 && !(hardest && a->same > 0) ? far : margin;
        total += weight;
        if (all > 0)
            sum += weight * (mean ? (a->same * margin + a->rest * far) / all : mined);
    }
    l->all_equal = total > 0 ? margin : 0;
    l->floor = total > 0 ? sum / total : 0;
}

static void align_uniform(const place *p, ct_landmarks *l) /* |x_i - x_j|^2 = 2 g' */
{
    const double far = p->o->uniform_t * 2 * gap(p), all = p->same + p->rest;
    double spread = -far;
    if (p->same > 0)
        spread = ct_scalar_log((p->same + p->rest * ct_scalar_exp(-far)) / all);
    l->floor = p->o->uniform * spread;
}

/* Every s_ii and what is the same alpha: S has the rank d, so its squares sum to (trace S)^2 / d at
 * least, of which those within groups are no negatives (Welch 1974). */
static double spectral_at(const place *p, double alpha)
{
    const double mu = p->o->mu, square = alpha * alpha, all = p->same + p->rest;
    const double whole = p->d > 0 ? p->n * p->n * square / p->d : 0;
    const double rest = p->same * square + fmax(0, whole - p->squares);
    return -2 * mu * alpha + (all > 0 ? mu * mu * rest / all : 0);
}

static void spectral(const place *p, ct_landmarks *l)
{
    const double mu = p->o->mu;
    l->all_equal = -2 * mu + (p->same + p->rest > 0 ? mu * mu : 0);
    l->floor = least(p, spectral_at, 0, 1);
}

static void barlow(const place *p, ct_landmarks *l)
{
    l->all_equal = p->d;
}

static void vicreg(const place *p, ct_landmarks *l) /* a root of 1e-4 in every column */
{
    l->all_equal = p->o->variance * 0.99;
}

/* ---- its mean over random rows, not aligned ---- */

/* The mean over anchors of E ln(sum) hardly differs from that at the mean ln of their number. */
static double random_sum(const place *p)
{
    return p->equal == 0 ? 0 : measure_log_sum(ct_scalar_exp(p->equal), p->d, p->t);
}

static double random_npair(const place *p) /* of unit length */
{
    const double half = p->o->penalty / 2;
    return measure_log_sum(ct_scalar_exp(p->equal - half), p->d, 1) + half;
}

static double siglip_cell(double s, const void *at)
{
    const place *p = at;
    const double x = s / p->t + p->bias;
    return op_softplus(-x) + (p->same + p->rest) / p->n * op_softplus(x);
}

static double random_siglip(const place *p)
{
    return measure_over_cosines(p->d, p->t / 2, siglip_cell, p);
}

static double random_spectral(const place *p)
{
    return p->same + p->rest > 0 ? p->o->mu * p->o->mu / p->d : 0;
}

/* Correlations of independent columns have the mean square 1/(n-1). */
static double random_barlow(const place *p)
{
    return p->n > 1 ? p->d + (p->d + p->o->lambda * p->d * (p->d - 1)) / (p->n - 1) : (double)NAN;
}

static double random_positives(const place *p)
{
    return p->equal + 1;
}

/* ---- the table ---- */

#define SIMPLEX \
    "a regular simplex of aligned pairs (cosines 1 and -1/(n-1)), in n - 1 dimensions or more"

/* clang-format off */
static const struct landmark_row {
    const char *loss;
    void (*values)(const place *p, ct_landmarks *l); /* NULL: both are 0 */
    /* NULL: not known in closed form, or lengths decide */
    double (*random)(const place *p);
    const char *equal_is, *floor_is; /* the first as a formula */
    bool both, decoupled;            /* negatives from both sides; own is 0 */
    bool cosines;                    /* has no floor where products take their place */
} ROWS[] = {
    {"question", softmax, random_sum, "ln N", SIMPLEX, .both = false},
    {"infonce", softmax, random_sum, "ln N", SIMPLEX, .both = false},
    {"clip", softmax, random_sum, "ln N", SIMPLEX, .both = false},
    {"unicl", softmax, random_sum, "ln N", SIMPLEX, .both = false},
    {"ntxent", softmax, random_sum, "ln(2N-1)", SIMPLEX, .both = true},
    {"supcon", softmax, random_sum, "ln(2N-1)", SIMPLEX, .both = true},
    {"dcl", softmax, random_sum, "ln(2N-2)",
     SIMPLEX, .both = true, .decoupled = true, .cosines = true},
    {"align-uniform", align_uniform, NULL, "0", SIMPLEX, .cosines = true},
    {"npair", npair, random_npair, "ln N + penalty/2",
     "a simplex of the length at which the penalty holds it", .both = false},
    {"siglip", siglip, random_siglip, "every cell at cosine 1",
     "between a simplex and two opposite points, as temperature and bias have it", .both = false},
    {"triplet", triplet, NULL, "the margin",
     "every negative farther than the margin", .cosines = true},
    {"hard-negative", hard_negative, NULL, "ln(2N-1)",
     "a bound: each negative at cosine -1; for small n a simplex", .both = true},
    {"spectral", spectral, random_spectral, "mu^2 - 2 mu",
     "aligned pairs, orthogonal if the dimensions allow, else a tight frame", .cosines = true},
    {"barlow", barlow, random_barlow, "the dimensions",
     "columns that agree between the sides and are uncorrelated", .both = false},
    {"vicreg", vicreg, NULL, "0.99 x the weight of the variance",
     "equal sides, columns of variance 1 and uncorrelated", .both = false},
    {"positives", NULL, random_positives, "0",
     "aligned pairs, whether apart or all equal", .cosines = true},
};
/* clang-format on */

static const struct landmark_row *row_of(const ct_loss *loss)
{
    size_t k = 0;
    while (strcmp(ROWS[k].loss, loss->name) != 0) {
        k++;
        CT_ASSERT(k < sizeof ROWS / sizeof *ROWS); /* a loss without its row here */
    }
    return &ROWS[k];
}

static ct_landmarks values_at(const struct landmark_row *row, const place *p)
{
    ct_landmarks l = {.floor = 0}, unbound = l;
    place q = *p;
    q.t = 1e-200; /* rows may be as long as they like */
    if (row->values != NULL)
        row->values(p, &l);
    if (row->values != NULL && p->o->dot)
        row->values(&q, &unbound);
    if (p->o->dot)
        l.floor = row->cosines ? (double)NAN : unbound.floor;
    return l;
}

/* One batch, whose share of all is `part`. */
static void add_batch(const struct landmark_row *row, place *p, const int *group, double part,
                      ct_landmarks *sum)
{
    const bool masked = group != NULL && p->o->mask_groups;
    look(p, masked ? group : NULL, masked);
    const ct_landmarks l = values_at(row, p);
    double floor = l.floor, repeated = floor;
    if (group != NULL && !masked) {
        place q = *p;
        look(&q, group, false);
        repeated = values_at(row, &q).floor;
    }
    if (sum->loss->uses_groups)
        floor = repeated;
    if (sum->loss->uses_groups && masked) /* what is masked may attract more than the partner */
        for (int k = 0; k < p->n_kinds; k++)
            floor -= p->kind[k].rest < p->n - 1 ? p->kind[k].rows / p->n / p->t : 0;
    sum->all_equal += part * l.all_equal;
    sum->floor += part * floor;
    sum->duplicates += part * repeated;
}

ct_landmarks ct_landmarks_of(const ct_loss *loss, const ct_loss_setting *at, const int *group)
{
    const struct landmark_row *row = row_of(loss);
    const int batches = at->rows > at->n && group != NULL ? at->rows / at->n : 1;
    ct_landmarks l = {.loss = loss,
                      .at = *at,
                      .random = (double)NAN,
                      .equal_is = row->equal_is,
                      .floor_is = row->floor_is};
    l.at.temperature = loss->learns_scale ? at->temperature : 1;
    l.at.queue = loss->uses_queue ? at->queue : 0;
    place p = {.n = at->n,
               .d = at->d,
               .t = l.at.temperature,
               .bias = at->bias,
               .queue = l.at.queue,
               .own = row->decoupled ? 0 : 1,
               .sides = 1,
               .o = loss_options(at->options)};
    if (row->both && (!row->decoupled || p.o->in_modal))
        p.sides = 2;
    const bool masked = group != NULL && p.o->mask_groups, several = loss->uses_groups || masked;
    for (int k = 0; k < batches; k++)
        add_batch(row, &p, group != NULL ? group + (ptrdiff_t)k * at->n : NULL, 1.0 / batches, &l);
    if (masked || !(l.duplicates > l.floor)) /* no groups, or none that is not in the floor */
        l.duplicates = (double)NAN;
    if (group != NULL && several)
        l.floor_is =
            "each group at a corner of a regular simplex; a bound where their sizes differ";
    p.equal = l.all_equal;
    if (row->random != NULL && !at->quick && p.d >= 2 && !p.o->dot)
        l.random = row->random(&p);
    /* Several right answers, or fewer candidates than N, and the bound is lost. */
    l.bounds_information = row->values == softmax && !row->both && !(group != NULL && several);
    return l;
}

double ct_landmarks_information(const ct_landmarks *l, double loss)
{
    return l->bounds_information ? ct_scalar_log(l->at.n + l->at.queue) - loss : (double)NAN;
}

bool ct_landmarks_want_collapse(const ct_landmarks *l)
{
    return l->all_equal <= l->floor;
}
