/* png.h -- a picture as the bytes of a PNG file (RFC 2083), not compressed. Private. */
#ifndef REPORT_PNG_H
#define REPORT_PNG_H

#include "contrast/arena.h"

#include <stddef.h>
#include <stdint.h>

/* pixels (height, width, channels), 1 channel grey or 3 red, green, blue. The bytes are
 * owned by the arena; NULL if it has no memory. */
uint8_t *ct_png_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena, size_t *size);

#endif
