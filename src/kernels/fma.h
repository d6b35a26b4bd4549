/* fma.h -- a b + c with one rounding, on every machine. Private to kernels/.
 *
 * With the instruction it is the instruction. Without, in float: the product of
 * two floats is exact in double (48 bits); the sum in double is rounded to odd,
 * that is, if it was inexact its last bit is set; then rounding to float cannot
 * meet a false tie, since double has more than two bits to spare (Boldo and
 * Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
 */
#ifndef KERNELS_FMA_H
#define KERNELS_FMA_H

#include "contrast/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef CT_REAL_DOUBLE
#define fma_real fma
#elif defined(__FMA__) || defined(__aarch64__) || defined(FP_FAST_FMAF)
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

#endif
