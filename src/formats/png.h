/* png.h -- pictures for other programs: PNG, written, never read. Private. */
#ifndef FORMATS_PNG_H
#define FORMATS_PNG_H

#include "contrast/status.h"

#include <stdint.h>

/* Write width x height pixels of red, green, blue. Not compressed.
 * Errors  CT_ERR_IO */
ct_status ct_png_write(const char *path, const uint8_t *rgb, int width, int height, ct_error *err);

#endif
