/* philox.h -- Philox4x32-10 (Salmon et al. 2011): four random words from a counter
 * and a key. Private. In a header, so that loops over counters become vector code.
 *
 * Ten rounds of two 32x32 -> 64 bit products; no state beyond the counter.
 */
#ifndef PLATFORM_PHILOX_H
#define PLATFORM_PHILOX_H

#include <stdint.h>

#define PHILOX_ROUNDS 10

/* Keys of the next round. */
static inline void philox_bump(uint32_t key[2])
{
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
}

static inline void philox_round(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3,
                                const uint32_t key[2])
{
    const uint64_t a = (uint64_t)0xD2511F53u * *c0, b = (uint64_t)0xCD9E8D57u * *c2;
    *c0 = (uint32_t)(b >> 32) ^ *c1 ^ key[0];
    *c1 = (uint32_t)b;
    *c2 = (uint32_t)(a >> 32) ^ *c3 ^ key[1];
    *c3 = (uint32_t)a;
}

#endif
