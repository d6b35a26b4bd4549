/* bmp.h -- pictures for a page: BMP, the plainest format that every browser shows. Private. */
#ifndef FORMATS_BMP_H
#define FORMATS_BMP_H

#include "contrast/arena.h"

#include <stdint.h>

/* The bytes of a file, owned by the arena; NULL if it has no memory. pixels (height, width,
 * channels), 1 channel grey or 3 red, green, blue. */
uint8_t *ct_bmp_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size);

#endif
