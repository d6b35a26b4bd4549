/* lanes.h -- the widest vector of the instruction set that this file is
 * compiled for. Private to kernels/; only the product tile uses it, since
 * compilers vectorise the other loops well by themselves.
 *
 * LANES values a vector; TILE_ROWS x (TILE_VECS * LANES) is the register tile: as many accumulators
 * as hide the latency of fma and still fit. lanes_fma(a, b, c) is a b + c with one rounding. */
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
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define LANES     4
#define TILE_ROWS 2
#define TILE_VECS 2
/* WebAssembly has no fma that is always the same: four floats as two vectors of doubles, in which a
 * product is exact. Rounding the double sum to float is right but where it lies halfway between two
 * floats, or is so small that a float has fewer digits: there fma_real decides. */
typedef struct lanes {
    v128_t low, high;
} lanes;
static inline lanes lanes_of(v128_t x)
{
    return (lanes){wasm_f64x2_promote_low_f32x4(x),
                   wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(x, x, 2, 3, 0, 1))};
}
static inline lanes lanes_load(const float *p)
{
    return lanes_of(wasm_v128_load(p));
}
static inline v128_t lanes_floats(lanes v)
{
    return wasm_i32x4_shuffle(wasm_f32x4_demote_f64x2_zero(v.low),
                              wasm_f32x4_demote_f64x2_zero(v.high), 0, 1, 4, 5);
}
static inline void lanes_store(float *p, lanes v)
{
    wasm_v128_store(p, lanes_floats(v));
}
static inline lanes lanes_all(float x)
{
    return (lanes){wasm_f64x2_splat((double)x), wasm_f64x2_splat((double)x)};
}
static inline v128_t lanes_rounded(v128_t x)
{
    return wasm_f64x2_promote_low_f32x4(wasm_f32x4_demote_f64x2_zero(x));
}
static __attribute__((noinline)) lanes lanes_repaired(lanes a, lanes b, lanes c)
{
    float x[3][LANES];
    lanes_store(x[0], a);
    lanes_store(x[1], b);
    lanes_store(x[2], c);
    for (int l = 0; l < LANES; l++)
        x[2][l] = fma_real(x[0][l], x[1][l], x[2][l]);
    return lanes_load(x[2]);
}
static inline lanes lanes_fma(lanes a, lanes b, lanes c)
{
    const v128_t low = wasm_f64x2_add(wasm_f64x2_mul(a.low, b.low), c.low);
    const v128_t high = wasm_f64x2_add(wasm_f64x2_mul(a.high, b.high), c.high);
    const v128_t less = wasm_i32x4_shuffle(low, high, 0, 2, 4, 6); /* halves of the four doubles */
    const v128_t more = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
    const v128_t halfway = wasm_i32x4_eq(wasm_v128_and(less, wasm_i32x4_const_splat(0x1fffffff)),
                                         wasm_i32x4_const_splat(0x10000000));
    /* below 2^-126, and not 0, which wraps */
    const v128_t small = wasm_u32x4_lt(wasm_i32x4_sub(wasm_v128_and(more, wasm_i32x4_const_splat(
                                                                              0x7fffffff)),
                                                      wasm_i32x4_const_splat(1)),
                                       wasm_i32x4_const_splat(0x380fffff));
    if (wasm_v128_any_true(wasm_v128_or(halfway, small)))
        return lanes_repaired(a, b, c);
    return (lanes){lanes_rounded(low), lanes_rounded(high)};
}
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
