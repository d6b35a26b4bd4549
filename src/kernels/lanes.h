/* lanes.h -- the widest vector of the instruction set that this file is
 * compiled for. Private to kernels/; only the product tile uses it, since
 * compilers vectorise the other loops well by themselves.
 *
 * LANES values a vector; TILE_ROWS x (TILE_VECS * LANES) is the register tile:
 * as many accumulators as hide the latency of fma and still fit the registers.
 * lanes_fma(a, b, c) is a b + c with one rounding.
 */
#ifndef KERNELS_LANES_H
#define KERNELS_LANES_H

#include "kernels/elementary.h"

#if defined(CT_REAL_DOUBLE)
#define LANES_PLAIN 1
#elif defined(__AVX512F__)
#include <immintrin.h>
#define LANES       16
#define TILE_ROWS   8
#define TILE_VECS   2
#define lanes       __m512
#define lanes_load  _mm512_loadu_ps
#define lanes_store _mm512_storeu_ps
#define lanes_all   _mm512_set1_ps
#define lanes_fma   _mm512_fmadd_ps
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LANES       8
#define TILE_ROWS   6
#define TILE_VECS   2
#define lanes       __m256
#define lanes_load  _mm256_loadu_ps
#define lanes_store _mm256_storeu_ps
#define lanes_all   _mm256_set1_ps
#define lanes_fma   _mm256_fmadd_ps
#elif defined(__aarch64__)
#include <arm_neon.h>
#define LANES              4
#define TILE_ROWS          8
#define TILE_VECS          2
#define lanes              float32x4_t
#define lanes_load         vld1q_f32
#define lanes_store        vst1q_f32
#define lanes_all          vdupq_n_f32
#define lanes_fma(a, b, c) vfmaq_f32(c, a, b)
#else
#define LANES_PLAIN 1
#endif

#ifdef LANES_PLAIN
#define LANES     4
#define TILE_ROWS 4
#define TILE_VECS 2
typedef struct lanes {
    ct_real x[LANES];
} lanes;
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
_Static_assert(TILE_COLS % 8 == 0, "panels of b are transposed eight columns at a time");

/* y[c * y_row + r] = x[r][k + c] for 8 x 8 values, c rising. */
#if defined(__AVX2__) && !defined(CT_REAL_DOUBLE)
static inline void transpose_8x8(const float *const x[8], ptrdiff_t k, float *y, ptrdiff_t y_row)
{
    __m256 in[8], pair[8], quad[8];
    for (int r = 0; r < 4; r++) { /* halves of rows r and r + 4 side by side */
        const float *lower = x[r] + k, *upper = x[r + 4] + k;
        in[r] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(lower)),
                                     _mm_loadu_ps(upper), 1);
        in[r + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(lower + 4)),
                                         _mm_loadu_ps(upper + 4), 1);
    }
    for (int h = 0; h < 8; h += 4)
        for (int r = 0; r < 4; r += 2) {
            pair[h + r] = _mm256_unpacklo_ps(in[h + r], in[h + r + 1]);
            pair[h + r + 1] = _mm256_unpackhi_ps(in[h + r], in[h + r + 1]);
        }
    for (int h = 0; h < 8; h += 4)
        for (int r = 0; r < 2; r++) {
            quad[h + 2 * r] = _mm256_shuffle_ps(pair[h + r], pair[h + r + 2], 0x44);
            quad[h + 2 * r + 1] = _mm256_shuffle_ps(pair[h + r], pair[h + r + 2], 0xee);
        }
    for (int c = 0; c < 8; c++)
        _mm256_storeu_ps(y + c * y_row, quad[c]);
}
#else
static inline void transpose_8x8(const ct_real *const x[8], ptrdiff_t k, ct_real *y,
                                 ptrdiff_t y_row)
{
    ct_real block[8][8];
    for (int r = 0; r < 8; r++)
        for (int c = 0; c < 8; c++)
            block[c][r] = x[r][k + c];
    for (int c = 0; c < 8; c++)
        memcpy(y + c * y_row, block[c], sizeof block[c]);
}
#endif

#endif
