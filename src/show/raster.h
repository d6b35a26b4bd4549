/* raster.h -- lines, discs, rectangles and text as pixels, with smooth edges. Private.
 *
 * Places and lengths are those of the SVG; a unit is CT_RASTER_SCALE pixels long. How much
 * of a pixel a shape covers is gathered first and coloured once, so that neither joints nor
 * crossings within a shape are darker than the rest. The same pixels on every machine.
 */
#ifndef REPORT_RASTER_H
#define REPORT_RASTER_H

#include "show/style.h"

#define CT_RASTER_SCALE 2

/* A shape is gathered in two parts, so that a path is filled and drawn in one walk. */
typedef enum ct_raster_part { CT_RASTER_FILL, CT_RASTER_STROKE, CT_RASTER_PARTS } ct_raster_part;

/* Pixels from (x0, y0) on, before (x1, y1). */
typedef struct ct_raster_box {
    int x0, y0, x1, y1;
} ct_raster_box;

typedef struct ct_raster {
    int width, height; /* in pixels */
    uint8_t *rgb;
    float *cover[CT_RASTER_PARTS];          /* (height, width), 0 between shapes */
    ct_raster_box touched[CT_RASTER_PARTS]; /* where it may not be 0 */
    ct_style
        style; /* of the path being drawn; its last point, the height of its first, its length */
    double x, y, base, walked;
} ct_raster;

/* White, in the arena. Errors  CT_ERR_NOMEM */
ct_status ct_raster_init(ct_raster *r, double width, double height, ct_arena *arena, ct_error *err);

/* ---- coverage ---- */

/* What is within width/2 of the line that lies `radius` around a segment: radius 0 is a
 * segment with round ends, a segment without length a disc or, with a radius, a ring. */
void ct_raster_stroke(ct_raster *r, ct_raster_part part, double x0, double y0, double x1, double y1,
                      double radius, double width);

/* Rectangles of one shape, which do not overlap: where they touch they are seamless. */
void ct_raster_rect(ct_raster *r, ct_raster_part part, double x0, double y0, double x1, double y1);

/* Colour what has been covered and begin a new shape. */
void ct_raster_ink(ct_raster *r, ct_raster_part part, const char *colour, double opacity);

/* ---- shapes ---- */

/* A path; filled is what lies between its level pieces and the height where it began. */
void ct_raster_from(ct_raster *r, const char *look, double x, double y);
void ct_raster_to(ct_raster *r, double x, double y);
void ct_raster_end(ct_raster *r);

void ct_raster_disc(ct_raster *r, const char *look, double x, double y, double radius);
void ct_raster_text(ct_raster *r, double x, double y, double size, ct_svg_anchor anchor,
                    double turn, const char *text);

#endif
