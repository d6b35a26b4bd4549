/* philox.h -- Philox4x32-10 (Salmon et al. 2011): four random words from a counter
 * and a key. Private. In a header, so that loops over counters become vector code. */
#ifndef PLATFORM_PHILOX_H
#define PLATFORM_PHILOX_H

#include "contrast/random.h"

/* Blocks first .. first + n - 1 of r: word w of block b is word[w * n + b]. Ten rounds of two
 * 32 x 32 -> 64 bit products; no state beyond the counter. */
static inline __attribute__((always_inline)) void philox(const ct_random *r, uint32_t first, int n,
                                                         uint32_t *word)
{
    uint32_t *c0 = word, *c1 = c0 + n, *c2 = c1 + n, *c3 = c2 + n;
    uint32_t key0 = (uint32_t)r->seed, key1 = (uint32_t)(r->seed >> 32);
    for (int b = 0; b < n; b++) {
        c0[b] = first + (uint32_t)b;
        c1[b] = (uint32_t)r->step;
        c2[b] = (uint32_t)(r->step >> 32);
        c3[b] = (uint32_t)r->stream;
    }
    for (int round = 0; round < 10; round++, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u)
        for (int b = 0; b < n; b++) {
            const uint64_t p = (uint64_t)0xD2511F53u * c0[b], q = (uint64_t)0xCD9E8D57u * c2[b];
            c0[b] = (uint32_t)(q >> 32) ^ c1[b] ^ key0;
            c1[b] = (uint32_t)q;
            c2[b] = (uint32_t)(p >> 32) ^ c3[b] ^ key1;
            c3[b] = (uint32_t)p;
        }
}

#endif
