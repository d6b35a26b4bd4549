/* picture.h -- pictures as files: PNG, PGM and PPM, read, and BMP, written. Private.
 *
 * PGM and PPM: "P5" or "P6", width, height, largest value, one white space, then the values, row by
 * row, two bytes (highest first) each if the largest is above 255; or "P2" or "P3" and the values
 * as decimal numbers. PNG: every depth and kind of colour, what is transparent over white, 16 bits
 * rounded to 8; not interlaced. BMP is the plainest format that every browser shows. */
#ifndef FORMATS_PICTURE_H
#define FORMATS_PICTURE_H

#include "contrast/arena.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ct_picture {
    int width, height;  /* 1 to 65535 */
    int channels;       /* 1 grey, 3 red, green, blue */
    int largest, bytes; /* of a value */
    const uint8_t *data;
} ct_picture;

/* The picture in these bytes, which change, and, of a PNG, in the arena: at most 2^28 values, once
 * deflate can make as many of the bytes that there are.
 * Errors  CT_ERR_FORMAT "path: ...": no picture, its length is not that of one picture, a value
 * above the largest, a wrong checksum; CT_ERR_NOMEM, by the arena */
ct_status ct_picture_parse(const char *path, uint8_t *data, size_t size, ct_arena *arena,
                           ct_picture *out, ct_error *err);

/* The picture with `width` x `height` pixels of bytes 0..255, channels last, into
 * out: each pixel is the mean of the area that it covers. */
void ct_picture_resize(const ct_picture *p, int width, int height, uint8_t *out);

/* The bytes of a BMP file, owned by the arena; NULL if it has no memory. pixels (height, width,
 * channels), 1 channel grey or 3 red, green, blue. */
uint8_t *ct_bmp_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size);

#endif
