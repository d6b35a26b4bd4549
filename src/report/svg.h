/* svg.h -- a picture of rectangles and text as an SVG file. Private.
 *
 * Text is escaped; no scripts; numbers have the same digits everywhere. Start with
 * ct_svg_open, end with ct_svg_close, which tells of any failure in between.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "platform/file.h"

typedef struct ct_svg {
    ct_writer w;
} ct_svg;

/* Errors  CT_ERR_IO */
ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, ct_error *err);
ct_status ct_svg_close(ct_svg *s);

/* fill: "#rrggbb". `title` (or NULL) is shown when the pointer rests on it. */
void ct_svg_rect(ct_svg *s, double x, double y, double width, double height, const char *fill, const char *title);

typedef enum ct_svg_anchor { CT_SVG_START, CT_SVG_MIDDLE, CT_SVG_END } ct_svg_anchor;

/* The baseline of the text at (x, y); `turn` degrees clockwise about that point. */
void ct_svg_text(ct_svg *s, double x, double y, double size, ct_svg_anchor anchor, double turn, const char *text);

#endif
