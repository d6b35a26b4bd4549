/* png.h -- pictures for other programs: PNG, written, never read. Private. */
#ifndef FORMATS_PNG_H
#define FORMATS_PNG_H

#include "contrast/arena.h"

#include <stdint.h>

/* pixels (height, width, channels), 1 channel grey or 3 red, green, blue. */

/* As a file. Errors  CT_ERR_IO */
ct_status ct_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels,
                       ct_error *err);

/* The bytes of the file, owned by the arena; NULL if it has no memory. */
uint8_t *ct_png_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size);

#endif
