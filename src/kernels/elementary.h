/* elementary.h -- fma, exp, log, tanh and erf of one float. Private to kernels/.
 *
 * IEEE operations in a written order, no table, no branch, and fma only where it is asked
 * for: a compiler turns a loop of them into vector code, and every machine gives the same bits.
 * Errors below 2 ulp (tests/unit/kernels/test_k_vector.c). Polynomials were
 * fitted by weighted least squares with Lawson's reweighting, coefficients
 * rounded to float one at a time from the lowest.
 *
 * The double build exists for tests of gradients alone and takes libm's.
 */
#ifndef KERNELS_ELEMENTARY_H
#define KERNELS_ELEMENTARY_H

#include "contrast/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef CT_REAL_DOUBLE
#define exp_real                   exp
#define log_real                   log
#define tanh_real                  tanh
#define erf_real                   erf
#define sqrt_real                  sqrt
#define abs_real                   fabs
#define fma_real                   fma
#define FAINTEST                   0
#define rank_real(x)               ((void)(x), 0u)
#define unless_real(is_dropped, x) ((void)(is_dropped), (x))
#define decay_real(b, x, y)        ((b) * (x) + (y))
#else
#define sqrt_real __builtin_sqrtf
#define abs_real  __builtin_fabsf

/* a b + c with one rounding. With the instruction it is the instruction. Without: the
 * product of two floats is exact in double (48 bits); the sum in double is rounded to odd,
 * that is, if it was inexact its last bit is set; then rounding to float cannot
 * meet a false tie, since double has more than two bits to spare (Boldo and
 * Melquiond, "Emulation of a FMA and correctly rounded sums", 2008). */
#if defined(__FMA__) || defined(__aarch64__) || defined(FP_FAST_FMAF)
#define fma_real __builtin_fmaf
#else
static inline float fma_real(float a, float b, float c)
{
    double product = (double)a * (double)b, s = product + (double)c;
    double back = s - product, lost = (product - (s - back)) + ((double)c - back); /* 2Sum: exact */
    int64_t bits;
    memcpy(&bits, &s, sizeof bits);
    /* NaN and infinity leave lost a NaN, which is neither above nor below 0 */
    int inexact = (lost > 0) | (lost < 0);
    int64_t away = (lost > 0) == (s > 0) ? 1 : -1; /* does the exact sum lie farther from 0? */
    /* an even last bit becomes odd, on the exact side */
    bits += inexact & ~(int)bits & 1 ? away : 0;
    memcpy(&s, &bits, sizeof s);
    return (float)s;
}
#endif

/* Bits are unsigned: what a NaN or a negative argument makes of them may wrap. */
static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* c[0] x^(n-1) + ... + c[n-1]. Unrolled, so that a loop around it can become vector code. */
static inline __attribute__((always_inline)) float polynomial(float x, int n, const float *c)
{
    float y = c[0];
#pragma GCC unroll 8
    for (int i = 1; i < n; i++)
        y = y * x + c[i];
    return y;
}
#define COUNT_OF(...)      (int)(sizeof((float[]){__VA_ARGS__}) / sizeof(float))
#define POLYNOMIAL(x, ...) polynomial((x), COUNT_OF(__VA_ARGS__), (const float[]){__VA_ARGS__})

/* e^x = 2^k e^r, k = round(x / ln 2), |r| <= ln(2)/2. Adding 1.5 * 2^23 rounds
 * to an integer and leaves it in the low bits. 2^k is applied as two factors,
 * so that results beyond the normal range come out right. */
static inline float exp_real(float x)
{
    float c = x > 89.0f ? 89.0f : x; /* beyond: infinity and 0; a NaN passes both */
    c = c < -104.0f ? -104.0f : c;
    float shifted = c * 0x1.715476p+0f + 0x1.8p23f, k = shifted - 0x1.8p23f;
    float r = (c - k * 0x1.62e400p-1f) - k * 0x1.7f7d1cp-20f;
    float q = POLYNOMIAL(r, 0x1.6d7ee8p-10f, 0x1.123b18p-7f, 0x1.5554bcp-5f, 0x1.555490p-3f, 0.5f);
    float y = 1.0f + (r + r * r * q);
    int32_t n = (int32_t)(bits_of(shifted) - bits_of(0x1.8p23f)), half = n >> 1;
    return y * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(n - half + 127) << 23);
}

/* log x = k ln 2 + log m, m in [sqrt(1/2), sqrt 2); with f = m - 1, s = f / (2 + f):
 * log m = 2 atanh(s) = f - s (f - s^2 t(s^2)). */
static inline float log_real(float x)
{
    int tiny = x < 0x1p-126f;
    uint32_t u = bits_of(tiny ? x * 0x1p23f : x) - bits_of(0x1.6a09e6p-1f) + bits_of(1.0f);
    float k = (float)((int32_t)(u >> 23) - 127 - (tiny ? 23 : 0));
    float f = float_of((u & 0x7fffff) + bits_of(0x1.6a09e6p-1f)) - 1.0f;
    float s = f / (2.0f + f), z = s * s;
    float t = POLYNOMIAL(z, 0x1.f1308ep-3f, 0x1.23d3fep-2f, 0x1.999c26p-2f, 0x1.555554p-1f);
    float y = k * 0x1.62e400p-1f + (f - (s * (f - z * t) - k * 0x1.7f7d1cp-20f));
    y = x > 0x1.fffffep127f ? x : y;
    y = x == 0.0f ? -(float)INFINITY : y;
    return x >= 0.0f ? y : (float)NAN;
}

/* Small |x|: odd polynomial. Else 1 - 2 / (e^2|x| + 1), with the sign of x. */
static inline float tanh_real(float x)
{
    float a = abs_real(x), z = x * x;
    float p = POLYNOMIAL(z, 0x1.1ace3ep-9f, -0x1.0c895ep-7f, 0x1.63ad18p-6f, -0x1.b9f220p-5f,
                         0x1.11107cp-3f, -0x1.555554p-2f);
    float small = x + x * (z * p);
    float large = 1.0f - 2.0f / (exp_real(2.0f * a) + 1.0f);
    return a < 0.625f ? small : x < 0.0f ? -large : large;
}

/* |x| < 1: x + x p(x^2). Else 1 - e^q(|x|), q fitted to ln erfc on [1, 4]; from
 * 4 on erf rounds to 1. */
static inline float erf_real(float x)
{
    float a = abs_real(x), z = x * x;
    float p = POLYNOMIAL(z, 0x1.4c344ep-14f, -0x1.a50b0ep-11f, 0x1.542e10p-8f, -0x1.b7fe90p-6f,
                         0x1.ce2d50p-4f, -0x1.812740p-2f, 0x1.06eba8p-3f);
    float small = x + x * p;
    float u = (a > 4.0f ? 4.0f : a) - 2.0f;
    float q = POLYNOMIAL(u, -0x1.260966p-17f, 0x1.600d18p-13f, -0x1.77ca98p-11f, 0x1.d200d6p-9f,
                         -0x1.0e016ep-6f, -0x1.d8f624p-1f, -0x1.1ac322p+2f, -0x1.575b32p+2f);
    float large = 1.0f - exp_real(q);
    return a < 1.0f ? small : x < 0.0f ? -large : large;
}

/* Many processors take a hundred times as long where an operand or a result is subnormal. Faint is
 * what is near that and is not 0: what has a low rank, by its bits. */
#define FAINTEST           0x1p-100f
static inline uint32_t rank_real(float x)
{
    return 2 * bits_of(x) - 1; /* of 0 it wraps, and is the highest */
}

/* x, or 0 of its sign. Not by ?:, of which a compiler may make a choice between two products. */
static inline float unless_real(uint32_t is_dropped, float x)
{
    return float_of(bits_of(x) & (0x80000000u | (is_dropped - 1)));
}

/* b x + y, 0 <= b < 1. If x is subnormal and y 0, in whole numbers: x counts steps of 2^-149, and
 * so does the result. Adding 2^52 rounds to a whole step, half to even, as the product would. */
static inline float decay_real(float b, float x, float y)
{
    uint32_t size = bits_of(x) & 0x7fffffff, alone = (size < 0x800000) & (y == 0);
    double steps = (double)(int32_t)size * (double)b + 0x1p52;
    uint32_t whole = (uint32_t)(int32_t)(steps - 0x1p52);
    float sum = b * unless_real(alone, x) + y;
    return (alone & (whole > 0)) != 0 ? float_of((bits_of(x) - size) | whole) : sum;
}

#endif

static inline ct_real sigmoid_real(ct_real x)
{
    return 1 / (1 + exp_real(-x));
}

/* Phi(x) = (1 + erf(x / sqrt 2)) / 2, phi(x) = e^(-x^2/2) / sqrt(2 pi). */
static inline ct_real normal_cdf_real(ct_real x)
{
    return (ct_real)0.5 * (1 + erf_real(x * (ct_real)0.70710678118654752440));
}

static inline ct_real normal_density_real(ct_real x)
{
    return (ct_real)0.39894228040143267794 * exp_real((ct_real)-0.5 * x * x);
}

#endif
