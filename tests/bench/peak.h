/* peak.h -- the multiply-adds that this machine could do: as many independent chains of fma in
 * registers as the product's tile has, which wait for nothing but the units that do them. From 0,
 * x = x a + b stays finite. Included by bench.c alone. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include "kernels/elementary.h"

#include <string.h>

/* One function for each instruction set; its answer is the operations of a round, a multiply-add
 * counting as two. */
#define PEAK_OF(name, attributes, lanes, all, fma, chains)                                  \
    attributes static int name(int rounds)                                                  \
    {                                                                                       \
        lanes chain[chains], a = all(0.5f), b = all(1.0f);                                  \
        _Pragma("GCC unroll 16") for (int i = 0; i < chains; i++) chain[i] = all((float)i); \
        for (int k = 0; k < rounds; k++) {                                                  \
            _Pragma("GCC unroll 16") for (int i = 0; i < chains; i++)                       \
                chain[i] = fma(chain[i], a, b);                                             \
        }                                                                                   \
        _Pragma("GCC unroll 16") for (int i = 1; i < chains; i++)                           \
            chain[0] = fma(chain[i], a, chain[0]);                                          \
        lanes out = chain[0];                                                               \
        __asm__ volatile("" : : "r"(&out) : "memory"); /* the results count as used */      \
        return 2 * chains * (int)(sizeof(lanes) / sizeof(ct_real));                         \
    }

typedef struct plain {
    ct_real x[4];
} plain;

static inline plain plain_all(float x)
{
    return (plain){{(ct_real)x, (ct_real)x, (ct_real)x, (ct_real)x}};
}

static inline plain plain_fma(plain a, plain b, plain c)
{
    for (int i = 0; i < 4; i++)
        c.x[i] = fma_real(a.x[i], b.x[i], c.x[i]);
    return c;
}

PEAK_OF(peak_portable, , plain, plain_all, plain_fma, 8)
#ifdef __x86_64__
#include <immintrin.h>
#define FOR(features) __attribute__((target(features)))
PEAK_OF(peak_avx2, FOR("avx2,fma"), __m256, _mm256_set1_ps, _mm256_fmadd_ps, 12)
PEAK_OF(peak_avx512, FOR("avx512f"), __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
#endif

/* On the calling thread; how many operations that was. */
static double peak_rounds(const char *isa, int rounds)
{
#ifdef __x86_64__
    if (strcmp(isa, "avx512") == 0)
        return (double)peak_avx512(rounds) * rounds;
    if (strcmp(isa, "avx2") == 0)
        return (double)peak_avx2(rounds) * rounds;
#endif
    return (double)peak_portable(rounds) * rounds;
}

#endif
