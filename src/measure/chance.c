/* chance.c -- what losses of rows drawn at random come to, from the distribution of one cosine.
 *
 * Seen from a row, cosines with others drawn uniformly on the sphere are independent, and s = sin f
 * where f has the density cos^(d-2) f on (-pi/2, pi/2). Means over it are sums at equal steps of f:
 * the functions are analytic, so the error of such a sum falls exponentially with the step.
 *
 * The softmax losses need E ln X, X the sum of N terms e^(s/tau). Its cumulants do not help when
 * 1/(d tau^2) is large: then the largest term is most of X. But for an exponential variable E,
 * V = ln(E/X) has P(V > v) = E e^(-X e^v) = L(v)^N, L(v) = mean of exp(-e^(v + s/tau)), and
 *
 *     E ln X = E ln E - E V = -0.5772... + int_{-inf}^0 (1 - L^N) dv - int_0^inf L^N dv
 *
 * for any N, d and tau, without approximation. Against simulations of 2e5 draws it is right to
 * their noise (4e-3) from tau 0.001 to 1, d 2 to 768, N 1 to 4096; against E ln X at N = 1, which
 * is 0, to 1e-8.
 *
 * Layer: measure. */
#include "measure/landmarks.h"

#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <math.h>

#define PI    3.14159265358979323846
#define EULER 0.57721566490153286 /* -E ln E */

static double over_cosines(double d, double finest, double (*f)(double s, const void *ctx),
                           const void *ctx)
{
    const double width = fmin(PI / 2, 9 / sqrt(d)); /* beyond it the density is e^-40 */
    const int half = 1 + (int)(width / fmin(finest, 0.25 / sqrt(d)));
    double sum = 0, total = 0;
    for (int k = -half; k < half; k++) {
        const double angle = (k + 0.5) * width / half, s = ct_scalar_cos(angle - PI / 2),
                     weight = ct_scalar_exp((d - 2) * ct_scalar_log(ct_scalar_cos(angle)));
        total += weight;
        sum += weight * f(s, ctx);
    }
    return sum / total;
}

typedef struct at_v {
    double v, scale;
} at_v;

static double missed(double s, const void *ctx) /* 1 - L: L is near 1 where it matters */
{
    const at_v *x = ctx;
    return 1 - ct_scalar_exp(-ct_scalar_exp(x->v + s * x->scale));
}

/* P(V > v). */
static double beyond(double v, double n, double d, double scale)
{
    const double p = over_cosines(d, 0.5 / scale, missed, &(at_v){v, scale});
    return p < 1 ? ct_scalar_exp(n * ct_scalar_log1p(-p)) : 0;
}

/* Equal steps of 1/2: V is at least as smooth as ln E, for which they are right to 1e-8. */
double measure_log_sum(double n, double d, double temperature)
{
    const double step = 0.5, scale = 1 / temperature;
    double sum = -EULER;
    /* From the middle of the steps about 0 outwards, until nothing is left to add. Where V is
     * far from 0 on one side, its steps there are all 1. */
    for (int sign = -1; sign <= 1; sign += 2)
        for (double v = sign * step / 2, part = 1; part > 1e-10; v += sign * step) {
            const double p = beyond(v, n, d, scale);
            part = sign < 0 ? 1 - p : p;
            sum -= sign * part * step;
        }
    return sum;
}

/* ---- each loss ---- */

/* The mean over anchors of E ln(sum) hardly differs from that at the mean ln of their number. */
double measure_random_sum(const measure_place *p, double equal)
{
    return measure_log_sum(ct_scalar_exp(equal), p->d, p->t);
}

double measure_random_npair(const measure_place *p, double equal) /* of unit length */
{
    const double half = p->o->penalty / 2;
    return measure_log_sum(ct_scalar_exp(equal - half), p->d, 1) + half;
}

typedef struct hard_cell {
    double log_ratio, m, t, tau_plus;
} hard_cell;

static double hard_anchor(double s, const void *at)
{
    const hard_cell *h = at;
    const double x = h->log_ratio - s / h->t, scale = 1 - h->tau_plus;
    if (x > 300) /* e^x alone is left */
        return x - ct_scalar_log(scale);
    return ct_scalar_log1p(fmax((ct_scalar_exp(x) - h->tau_plus * h->m) / scale,
                                h->m * ct_scalar_exp(-(1 + s) / h->t)));
}

/* The ratio of two sums at its mean logarithm. */
double measure_random_hard(const measure_place *p, double equal)
{
    const double m = ct_scalar_exp(equal) - 1, log_m = ct_scalar_log(m), beta = p->o->beta;
    const double easy = beta > 0 ? measure_log_sum(m, p->d, p->t / beta) : log_m;
    const hard_cell h = {measure_log_sum(m, p->d, p->t / (1 + beta)) - easy + log_m, m, p->t,
                         p->o->tau_plus};
    return m > 0 ? over_cosines(p->d, p->t / 2, hard_anchor, &h) : 0;
}

static double siglip_cell(double s, const void *at)
{
    const measure_place *p = at;
    const double x = s / p->t + p->bias;
    return op_softplus(-x) + (p->same + p->rest) / p->n * op_softplus(x);
}

double measure_random_siglip(const measure_place *p, double equal)
{
    (void)equal;
    return over_cosines(p->d, p->t / 2, siglip_cell, p);
}

typedef struct triplet_cell {
    double d, above; /* what is added to 2 s_ij - 2 s_ii, for a mean over s_ij too */
    bool more;
} triplet_cell;

static double hinge(double s, const void *at)
{
    const triplet_cell *c = at;
    const triplet_cell inner = {c->d, c->above - 2 * s, false};
    if (c->more) /* s: of the positive */
        return over_cosines(c->d, 1, hinge, &inner);
    return fmax(0, c->above + 2 * s);
}

/* The hardest of m at its mean, which is that of temperature x ln(sum) at a temperature near 0. */
double measure_random_triplet(const measure_place *p, double equal)
{
    const double m = p->n > 0 ? (p->same + p->rest) / p->n : 0, cold = 0.05 / sqrt(p->d);
    if (p->o->mining == CT_MINE_ALL)
        return m > 0 ? over_cosines(p->d, 1, hinge, &(triplet_cell){p->d, equal, true}) : 0;
    if (p->o->mining == CT_MINE_SEMI_HARD || !(m > 0))
        return m > 0 ? (double)NAN : 0;
    const double most = cold * measure_log_sum(m, p->d, cold);
    return over_cosines(p->d, 1, hinge, &(triplet_cell){p->d, equal + 2 * most, false});
}

static double align_cell(double s, const void *at)
{
    const measure_place *p = at;
    return ct_scalar_exp(p->o->align_power / 2 * ct_scalar_log(2 - 2 * s));
}

static double spread_cell(double s, const void *at)
{
    const measure_place *p = at;
    return ct_scalar_exp(-p->o->uniform_t * (2 - 2 * s));
}

double measure_random_spread(const measure_place *p, double equal)
{
    const double finest = 0.25 / p->o->uniform_t;
    (void)equal;
    return over_cosines(p->d, 0.1, align_cell, p) +
           (p->same + p->rest > 0
                ? p->o->uniform * ct_scalar_log(over_cosines(p->d, finest, spread_cell, p))
                : 0);
}

double measure_random_spectral(const measure_place *p, double equal)
{
    (void)equal;
    return p->same + p->rest > 0 ? p->o->mu * p->o->mu / p->d : 0;
}

/* Correlations of independent columns have the mean square 1/(n-1). */
double measure_random_barlow(const measure_place *p, double equal)
{
    (void)equal;
    return p->n > 1 ? p->d + (p->d + p->o->lambda * p->d * (p->d - 1)) / (p->n - 1) : (double)NAN;
}

double measure_random_positives(const measure_place *p, double equal)
{
    (void)p;
    return equal + 1;
}
