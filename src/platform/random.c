/* random.c -- the distributions drawn from Philox4x32-10. The known-answer vectors
 * of its authors' Random123 are in the test. */
#include "contrast/random.h"

#include "contrast/scalar.h"
#include "platform/philox.h"

#include <math.h>

ct_random ct_random_make(uint64_t seed, ct_stream stream, uint64_t step)
{
    return (ct_random){.seed = seed, .step = step, .stream = stream};
}

uint32_t ct_random_bits(ct_random *r)
{
    const uint64_t block = r->at / 4;
    if (r->drawn != block + 1) {
        philox(r, (uint32_t)block, 1, r->word);
        r->drawn = block + 1;
    }
    return r->word[r->at++ % 4];
}

double ct_random_uniform(ct_random *r)
{
    return (ct_random_bits(r) >> 8) * 0x1p-24;
}

/* Inverse of the normal distribution function by P. J. Acklam's rational
 * approximation (2003; relative error below 1.15e-9, less than float resolves):
 * central part in (u - 1/2)^2, tails in sqrt(-2 ln u). */
static double normal_quantile(double u)
{
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    double tail = u < 0.5 ? u : 1 - u;
    if (tail > 0.02425) {
        double q = u - 0.5, z = q * q;
        return (((((a[0] * z + a[1]) * z + a[2]) * z + a[3]) * z + a[4]) * z + a[5]) * q /
               (((((b[0] * z + b[1]) * z + b[2]) * z + b[3]) * z + b[4]) * z + 1);
    }
    double q = sqrt(-2 * ct_scalar_log(tail));
    double x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    return u < 0.5 ? x : -x;
}

double ct_random_normal(ct_random *r)
{
    return normal_quantile(((double)ct_random_bits(r) + 0.5) * 0x1p-32); /* never 0 or 1 */
}

uint32_t ct_random_below(ct_random *r, uint32_t n)
{
    return (uint32_t)(((uint64_t)ct_random_bits(r) * n) >> 32);
}

void ct_random_shuffle(ct_random *r, int *items, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)ct_random_below(r, (uint32_t)i + 1);
        int t = items[i];
        items[i] = items[j];
        items[j] = t;
    }
}
