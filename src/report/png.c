/* png.c -- see png.h. The deflate stream is made of stored blocks: larger than a
 * compressed one, and a page long.
 *
 * Layer: report. */
#include "report/png.h"

#include <string.h>

#define STORED 65535 /* most bytes of a stored block */

static uint32_t crc_of(const uint8_t *x, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= x[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint8_t *put_u32(uint8_t *to, uint32_t x) /* big endian */
{
    for (int k = 0; k < 4; k++)
        to[k] = (uint8_t)(x >> (24 - 8 * k));
    return to + 4;
}

/* length, name, data, crc of name and data; the data is in its place already. */
static uint8_t *end_chunk(uint8_t *at, const char *name, size_t size)
{
    put_u32(at, (uint32_t)size);
    memcpy(at + 4, name, 4);
    return put_u32(at + 8 + size, crc_of(at + 4, size + 4));
}

/* Rows with a filter byte (0: none) in front, in stored blocks, then Adler-32 of them. */
static size_t put_zlib(uint8_t *to, const uint8_t *pixels, size_t row, int height)
{
    const size_t   total = (row + 1) * (size_t)height;
    const uint8_t *began = to;
    uint32_t       a = 1, b = 0;
    *to++ = 0x78;
    *to++ = 0x01;
    for (size_t i = 0; i < total; i++) {
        if (i % STORED == 0) {
            const size_t here = total - i < STORED ? total - i : STORED;
            *to++ = i + here == total; /* the last one */
            for (int k = 0; k < 2; k++) {
                to[k] = (uint8_t)(here >> 8 * k);
                to[k + 2] = (uint8_t)~(here >> 8 * k);
            }
            to += 4;
        }
        *to = i % (row + 1) == 0 ? 0 : pixels[i / (row + 1) * row + i % (row + 1) - 1];
        a = (a + *to++) % 65521;
        b = (b + a) % 65521;
    }
    return (size_t)(put_u32(to, b << 16 | a) - began);
}

uint8_t *ct_png_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena, size_t *size)
{
    const size_t row = (size_t)width * (size_t)channels, total = (row + 1) * (size_t)height;
    uint8_t     *out = ct_arena_alloc(arena, total + 5 * (total / STORED + 1) + 128), *at = out;
    if (out == NULL)
        return NULL;
    memcpy(at, "\x89PNG\r\n\x1a\n", 8);
    at += 8;
    put_u32(put_u32(at + 8, (uint32_t)width), (uint32_t)height);
    memcpy(at + 16, (uint8_t[]){8, channels == 1 ? 0 : 2, 0, 0, 0}, 5); /* depth, colour, deflate, filter, whole */
    at = end_chunk(at, "IHDR", 13);
    at = end_chunk(at, "IDAT", put_zlib(at + 8, pixels, row, height));
    at = end_chunk(at, "IEND", 0);
    *size = (size_t)(at - out);
    return out;
}
