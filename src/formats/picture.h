/* picture.h -- pictures as files: PGM and PPM, read, and BMP, written. Private.
 *
 * PGM and PPM: "P5" or "P6", width, height, largest value, one white space, then the values, row by
 * row, two bytes (highest first) each if the largest is above 255. BMP is the plainest format that
 * every browser shows. */
#ifndef FORMATS_PICTURE_H
#define FORMATS_PICTURE_H

#include "contrast/arena.h"

#include <stddef.h>
#include <stdint.h>

typedef struct ct_pnm {
    int width, height;  /* 1 to 65535 */
    int channels;       /* 1 grey, 3 red, green, blue */
    int largest, bytes; /* of a value */
    const uint8_t *data;
} ct_pnm;

/* Errors  CT_ERR_FORMAT "path: ...": no PGM or PPM, its length is not that of one
 *         picture, a value above the largest */
ct_status ct_pnm_parse(const char *path, const uint8_t *data, size_t size, ct_pnm *out,
                       ct_error *err);

/* The picture with `width` x `height` pixels of bytes 0..255, channels last, into
 * out: each pixel is the mean of the area that it covers. */
void ct_pnm_resize(const ct_pnm *p, int width, int height, uint8_t *out);

/* The bytes of a BMP file, owned by the arena; NULL if it has no memory. pixels (height, width,
 * channels), 1 channel grey or 3 red, green, blue. */
uint8_t *ct_bmp_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size);

#endif
