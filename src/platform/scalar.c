/* scalar.c -- exp, log, cos in double, built of IEEE operations alone.
 *
 * Not tuned: bookkeeping calls these a few thousand times a run. What is easy
 * to get wrong is the argument reduction: ln 2 and pi/2 are split into a head
 * with trailing zeros, so that k * head is exact, and a tail.
 *
 * Series are Taylor's, cut where the next term is below half an ulp on the
 * reduced interval; no fitted constants to trust. */
#include "contrast/scalar.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* In this one file, for the whole library: nothing of a wider type between two operations. The
 * Makefile gives these flags where the compiler names such a machine. */
#if FLT_EVAL_METHOD != 0
#error "other bits: compile with -msse2 -mfpmath=sse (x86), -fexcess-precision=fast (s390)"
#endif

#define LN2_HEAD  0x1.62e42fefa3800p-1 /* 42 bits: k * head is exact for |k| < 2^11 */
#define LN2_TAIL  0x1.ef35793c76730p-45
#define PIO2_HEAD 0x1.921fb544p+0  /* 33 bits */
#define PIO2_MID  0x1.0b4611a6p-34 /* the next 33 */
#define PIO2_TAIL 0x1.3198a2e037073p-69

static double from_bits(uint64_t u)
{
    double d;
    memcpy(&d, &u, sizeof d);
    return d;
}

static uint64_t to_bits(double d)
{
    uint64_t u;
    memcpy(&u, &d, sizeof u);
    return u;
}

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int k)
{
    return from_bits((uint64_t)(k + 1023) << 52);
}

/* e^x = 2^k e^r,  k = round(x / ln 2),  |r| <= 0.35,  e^r by its series. */
double ct_scalar_exp(double x)
{
    if (!(x < 710))
        return x > 0 ? (double)INFINITY : x; /* overflow, or NaN */
    if (x < -746)
        return 0;
    int k = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double hi = x - k * LN2_HEAD, lo = k * LN2_TAIL, r = hi - lo;
    double term = 1, tail = 0, series[16];
    int n = 0;
    for (n = 0; n < 16; n++) { /* r^2/2! ... r^17/17!, added from the small end */
        term = n == 0 ? r * r / 2 : term * r / (n + 2);
        series[n] = term;
    }
    while (n-- > 0)
        tail += series[n];
    double y = 1 + (hi + (tail - lo));
    return y * power_of_two(k / 2) * power_of_two(k - k / 2); /* two steps: 2^1024, subnormals */
}

/* log x = k ln 2 + log m, m in [sqrt(1/2), sqrt 2), log m = 2 atanh(s), s = (m-1)/(m+1)
 *       = k ln 2 + 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172. With f = m - 1,
 * 2s = f - s f, which keeps the digits of a small f. */
static double log_of(double x, double correction)
{
    int k = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k = -54;
    }
    uint64_t u = to_bits(x) -
                 (to_bits(0x1.6a09e667f3bcdp-1) - to_bits(1.0)); /* carry sqrt(1/2) to 1 */
    k += (int)((int64_t)(u >> 52)) - 1023;
    double m = from_bits(to_bits(x) - ((u >> 52) << 52) + ((uint64_t)1023 << 52));
    double f = m - 1, s = f / (2 + f), z = s * s, tail = 0;
    for (int i = 23; i >= 3; i -= 2) /* 2 (1/3 + z/5 + ... + z^10/23) */
        tail = tail * z + 2.0 / i;
    return k * LN2_HEAD + (f - (s * (f - z * tail) - (k * LN2_TAIL + correction)));
}

double ct_scalar_log(double x)
{
    if (!(x > 0))
        return x == 0 ? -(double)INFINITY : (double)NAN;
    return x <= 1.7976931348623157e308 ? log_of(x, 0) : x;
}

/* log(1 + x): the bits of x that the sum u = 1 + x loses come back as (x - (u - 1)) / u. */
double ct_scalar_log1p(double x)
{
    if (!(x > -1))
        return x == -1 ? -(double)INFINITY : (double)NAN;
    if (fabs(x) < 0x1p-54 || x > 1e300)
        return x > 1e300 ? ct_scalar_log(x) : x;
    double u = 1 + x, lost = x >= 1 ? 1 - (u - x) : x - (u - 1);
    return log_of(u, lost / u);
}

/* Series of sin (odd = 1) and cos (odd = 0) for |r| <= pi/4, r = hi + lo. */
static double circular_series(double hi, double lo, int odd)
{
    double z = hi * hi, sum = 0, term = odd ? hi : 1, terms[10];
    for (int i = 0; i < 10; i++) {
        int k = 2 * i + odd;
        term = -term * z / ((k + 1) * (k + 2));
        terms[i] = term;
    }
    for (int i = 9; i >= 0; i--)
        sum += terms[i];
    return odd ? hi + (sum + lo * (1 - z / 2)) : 1 + (sum - hi * lo);
}

/* x = k pi/2 + r; the quadrant picks the series and its sign. */
double ct_scalar_cos(double x)
{
    if (!(fabs(x) <= 1e5))
        return (double)NAN;
    double q = x * 0.63661977236758134 + (x < 0 ? -0.5 : 0.5);
    int k = (int)q;
    double a = x - k * PIO2_HEAD, b = k * PIO2_MID, hi = a - b;
    double lo = ((a - hi) - b) - k * PIO2_TAIL;
    double y = circular_series(hi, lo, k & 1);
    return (k + 1) & 2 ? -y : y;
}
