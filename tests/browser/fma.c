/* fma.c -- is the fused multiply-add of WebAssembly's kernels rounded once? playground.py compiles
 * it for wasm32 and runs it in node; the numbers are drawn as in test_k_matmul.c: cancellation,
 * sticky bits far below, ties, subnormal results and overflow. */
#include "kernels/elementary.h"
#include "kernels/kernels.h"

enum { M = 8, N = 200 };

static uint64_t next_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static float drawn(uint64_t *s, int shift)
{
    const double f = (double)(next_bits(s) >> 11) * 0x1p-53 + 1;
    return (float)ldexp(next_bits(s) & 1 ? f : -f, (int)(next_bits(s) % 60) - 30 + shift);
}

static float addend(uint64_t *s, float ab)
{
    const int down = (int)(next_bits(s) % 56) - 4;
    switch (next_bits(s) % 4) {
    case 0: return -ab;                                     /* what rounding lost */
    case 1: return (float)ldexp((double)ab, 24 - down / 2); /* the product is the tail */
    case 2: return next_bits(s) & 1 ? 0x1p-149f : -0x1p-149f;
    default: return (float)ldexp((double)ab, -down);
    }
}

/* How many of M N differ from fma_real: of the kernels, or of double arithmetic rounded at its end,
 * which shows that the numbers are hard enough. */
int wrong(int seed, int naive)
{
    float a[M], b[N], c[M * N], want[M * N];
    uint64_t s = (uint64_t)seed;
    int count = 0;
    ct_error err = {.status = CT_OK};
    ct_device *device = ct_device_new(1, NULL, &err);
    for (int i = 0; i < M; i++)
        a[i] = drawn(&s, 0);
    for (int j = 0; j < N; j++) {
        b[j] = drawn(&s, (seed % 4 - 2) * 48);
        if (j % 5 == 0) /* few bits: products that fall on or near a tie */
            b[j] = (float)ldexp((double)(1 + 2 * (next_bits(&s) % 8)), -(int)(next_bits(&s) % 20));
    }
    for (int i = 0; i < M && seed % 4 == 3; i++)
        a[i] = ldexpf(1 + (float)(i + 1) * 0x1p-23f, -75);
    for (int j = 0; j < N && seed % 4 == 3; j++)
        b[j] = ldexpf(1 - (float)(j + 1) * 0x1p-23f, -75);
    for (int k = 0; k < M * N; k++) {
        const float x = a[k / N], y = b[k % N];
        c[k] = addend(&s, x * y);
        if (seed % 4 == 3) /* just below half of the least float, which doubles cannot tell */
            c[k] = 0x1p-149f * (float)(next_bits(&s) % (1 << 22));
        want[k] = fma_real(x, y, c[k]);
        if (naive)
            c[k] = (float)((double)x * (double)y + (double)c[k]);
    }
    if (!naive)
        k_matmul(device, M, N, 1, (k_matrix){a, 1, 1}, (k_matrix){b, N, 1}, c, N, true);
    for (int k = 0; k < M * N; k++)
        count += memcmp(&c[k], &want[k], sizeof *c) != 0 && !(isnan(c[k]) && isnan(want[k]));
    ct_device_free(device);
    return count;
}
