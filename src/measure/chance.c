/* chance.c -- means over rows drawn at random, from the distribution of one cosine.
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
 * is 0, to 1e-8. */
#include "measure/measure.h"

#include "contrast/scalar.h"

#include <math.h>

#define PI    3.14159265358979323846
#define EULER 0.57721566490153286 /* -E ln E */
#define MOST  6400                /* cosines: d = 2 in steps of half of the least temperature */

typedef struct cosines {
    int n;
    double s[MOST], weight[MOST], total;
} cosines;

static void place(cosines *x, double d, double finest)
{
    const double width = fmin(PI / 2, 9 / sqrt(d)); /* beyond it the density is e^-40 */
    const int half = 1 + (int)(width / fmin(finest, 0.25 / sqrt(d)));
    x->n = half < MOST / 2 ? 2 * half : MOST;
    x->total = 0;
    for (int k = 0; k < x->n; k++) {
        const double angle = (k - x->n / 2 + 0.5) * width / (x->n / 2);
        x->s[k] = ct_scalar_cos(angle - PI / 2);
        x->weight[k] = ct_scalar_exp((d - 2) * ct_scalar_log(ct_scalar_cos(angle)));
        x->total += x->weight[k];
    }
}

double measure_over_cosines(double d, double finest, double (*f)(double s, const void *ctx),
                            const void *ctx)
{
    cosines x;
    double sum = 0;
    place(&x, d, finest);
    for (int k = 0; k < x.n; k++)
        sum += x.weight[k] * f(x.s[k], ctx);
    return sum / x.total;
}

/* P(V > v). It is summed up as 1 - L, since L is near 1 where it matters; where e^(v + s/tau) is
 * below 2^-53 or above 38 rounding leaves 0 or 1 of it, and most are there. */
static double beyond(const cosines *x, double v, double n, double scale)
{
    double p = 0;
    for (int k = 0; k < x->n; k++) {
        const double z = v + x->s[k] * scale;
        if (z > -38)
            p += x->weight[k] * (z < 4 ? 1 - ct_scalar_exp(-ct_scalar_exp(z)) : 1);
    }
    p /= x->total;
    return p < 1 ? ct_scalar_exp(n * ct_scalar_log1p(-p)) : 0;
}

/* Equal steps of 1/2: V is at least as smooth as ln E, for which they are right to 1e-8. */
double measure_log_sum(double n, double d, double temperature)
{
    const double step = 0.5, scale = 1 / temperature;
    double sum = -EULER;
    cosines x;
    place(&x, d, 0.5 / scale);
    /* From the middle of the steps about 0 outwards, until nothing is left to add. Where V is
     * far from 0 on one side, its steps there are all 1. */
    for (int sign = -1; sign <= 1; sign += 2)
        for (double v = sign * step / 2, part = 1; part > 1e-10; v += sign * step) {
            const double p = beyond(&x, v, n, scale);
            part = sign < 0 ? 1 - p : p;
            sum -= sign * part * step;
        }
    return sum;
}
