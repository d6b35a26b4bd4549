/* bytes.h -- numbers as bytes of a file, whatever the machine's own order. Private. */
#ifndef FORMATS_BYTES_H
#define FORMATS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The n <= 8 bytes at p as a number, highest byte first if `big`. */
static inline uint64_t ct_bytes_get(const unsigned char *p, int n, bool big)
{
    uint64_t bits = 0;
    for (int k = 0; k < n; k++)
        bits = bits << 8 | p[big ? k : n - 1 - k];
    return bits;
}

/* Lowest byte first. */
static inline void ct_bytes_put(unsigned char *p, int n, uint64_t bits)
{
    for (int k = 0; k < n; k++)
        p[k] = (unsigned char)(bits >> 8 * k);
}

/* The IEEE number of these bits, 4 or 8 bytes wide. */
static inline double ct_bytes_real(uint64_t bits, int width)
{
    const uint32_t low = (uint32_t)bits;
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    return width == 8 ? wide : (double)narrow;
}

/* The same the other way: x as 4 or 8 bytes, lowest first. */
static inline void ct_bytes_put_real(unsigned char *p, int width, double x)
{
    const float narrow = (float)x;
    uint64_t bits = 0;
    uint32_t low;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&low, &narrow, sizeof low);
    ct_bytes_put(p, width, width == 8 ? bits : low);
}

/* FNV-1a, 64 bits, of what went before (CT_BYTES_HASH: nothing) and n more bytes.
 * Every change of a single byte changes it: each round is a bijection. */
#define CT_BYTES_HASH 0xCBF29CE484222325u
static inline uint64_t ct_bytes_hash(uint64_t hash, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * 0x100000001B3u;
    return hash;
}

#endif
