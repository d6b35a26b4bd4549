/* lanes.h -- the widest vector of the instruction set that this file is
 * compiled for. Private to kernels/; only the product tile uses it, since
 * compilers vectorise the other loops well by themselves.
 *
 * LANES values a vector; TILE_ROWS x (TILE_VECS * LANES) is the register tile:
 * as many accumulators as hide the latency of fma and still fit the registers.
 */
#ifndef KERNELS_LANES_H
#define KERNELS_LANES_H

#include "kernels/fma.h"

#if defined(CT_REAL_DOUBLE)
#define LANES_PLAIN 1
#elif defined(__AVX512F__)
#include <immintrin.h>
#define LANES     16
#define TILE_ROWS 8
#define TILE_VECS 2
typedef __m512 lanes;
static inline lanes lanes_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void  lanes_store(float *p, lanes v) { _mm512_storeu_ps(p, v); }
static inline lanes lanes_all(float x) { return _mm512_set1_ps(x); }
static inline lanes lanes_fma(lanes a, lanes b, lanes c) { return _mm512_fmadd_ps(a, b, c); }
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES     8
#define TILE_ROWS 6
#define TILE_VECS 2
typedef __m256 lanes;
static inline lanes lanes_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void  lanes_store(float *p, lanes v) { _mm256_storeu_ps(p, v); }
static inline lanes lanes_all(float x) { return _mm256_set1_ps(x); }
static inline lanes lanes_fma(lanes a, lanes b, lanes c) { return _mm256_fmadd_ps(a, b, c); }
#elif defined(__aarch64__)
#include <arm_neon.h>
#define LANES     4
#define TILE_ROWS 8
#define TILE_VECS 2
typedef float32x4_t lanes;
static inline lanes lanes_load(const float *p) { return vld1q_f32(p); }
static inline void  lanes_store(float *p, lanes v) { vst1q_f32(p, v); }
static inline lanes lanes_all(float x) { return vdupq_n_f32(x); }
static inline lanes lanes_fma(lanes a, lanes b, lanes c) { return vfmaq_f32(c, a, b); }
#else
#define LANES_PLAIN 1
#endif

#ifdef LANES_PLAIN
#define LANES     4
#define TILE_ROWS 4
#define TILE_VECS 1
typedef struct lanes { ct_real x[LANES]; } lanes;
static inline lanes lanes_load(const ct_real *p)
{
    lanes v;
    memcpy(v.x, p, sizeof v.x);
    return v;
}
static inline void lanes_store(ct_real *p, lanes v)
{
    memcpy(p, v.x, sizeof v.x);
}
static inline lanes lanes_all(ct_real x)
{
    lanes v;
    for (int l = 0; l < LANES; l++)
        v.x[l] = x;
    return v;
}
static inline lanes lanes_fma(lanes a, lanes b, lanes c)
{
    for (int l = 0; l < LANES; l++)
        c.x[l] = fma_real(a.x[l], b.x[l], c.x[l]);
    return c;
}
#endif

#define TILE_COLS (TILE_VECS * LANES)

#endif
