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

/* The IEEE number of these bits, 2, 4 or 8 bytes wide. Of two bytes 5 bits are the exponent, 10 the
 * fraction: where a float has them they are 2^112 too small. */
static inline double ct_bytes_real(uint64_t bits, int width)
{
    const bool half = width == 2, finite = (bits & 0x7C00) != 0x7C00;
    const uint64_t spread = (bits & 0x8000) << 16 | (bits & 0x7FFF) << 13;
    const uint32_t low = (uint32_t)(half ? spread | (finite ? 0 : 0x7F800000) : bits);
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    if (width == 8)
        return wide;
    return half && finite ? 0x1p112 * (double)narrow : (double)narrow;
}

/* The number at p: 'f' as above, 'B' bfloat16, 'i' with a sign, anything else without. One beyond
 * 2^53 is rounded. */
static inline double ct_bytes_number(const unsigned char *p, char kind, int width, bool big)
{
    const uint64_t bits = ct_bytes_get(p, width, big);
    const int spare = 64 - 8 * width; /* of an 'i': move its sign to the top and back */
    if (kind == 'f')
        return ct_bytes_real(bits, width);
    if (kind == 'B')
        return ct_bytes_real(bits << 16, 4);
    return kind == 'i' ? (double)((int64_t)(bits << spare) / ((int64_t)1 << spare)) : (double)bits;
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
