/* svg.h -- pictures of rectangles, paths and text, in a page or as a file of their own. Private.
 *
 * Text is escaped; no scripts; numbers have the same digits everywhere. Looks are "#rrggbb" or
 * classes of picture.css, which has a light and a dark set of colours. A file: ct_svg_open ...
 * ct_svg_close; in a page: ct_svg_begin on the page's writer ... ct_svg_end. Failures to write
 * wait for the close.
 */
#ifndef SHOW_SVG_H
#define SHOW_SVG_H

#include "platform/file.h"

typedef struct ct_svg {
    ct_writer *w;
    double x, y; /* the last point of a path */
    ct_writer file;
} ct_svg;

extern const char ct_svg_css[]; /* picture.css */

/* A file on a ground of its own; what it is, for screen readers. Errors  CT_ERR_IO */
ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, const char *title,
                      const char *description, ct_error *err);
ct_status ct_svg_close(ct_svg *s);

/* `attributes` go into the tag as they are. */
void ct_svg_begin(ct_svg *s, ct_writer *w, double width, double height, const char *attributes,
                  const char *title, const char *description);
void ct_svg_end(ct_svg *s);

/* Markup as it is, at most 2,047 bytes; text as it should be read, of any length. */
void ct_svg_put(ct_svg *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ct_svg_escaped(ct_svg *s, const char *text);

/* A path from point to point. */
void ct_svg_from(ct_svg *s, const char *class, double x, double y);
void ct_svg_to(ct_svg *s, double x, double y);
void ct_svg_done(ct_svg *s);
void ct_svg_segment(ct_svg *s, const char *class, double x0, double y0, double x1, double y1);

/* `title` (or NULL) is shown when the pointer rests on it. */
void ct_svg_rect(ct_svg *s, const char *look, double x, double y, double width, double height,
                 const char *title);
void ct_svg_disc(ct_svg *s, const char *class, double x, double y, double radius,
                 const char *title);

#define CT_HOTTEST 20

/* A map of square cells, from -1 to 1: one path for each heat, classes "c h0" on; NaN has none. */
void ct_svg_map(ct_svg *s, double x, double y, double cell, const double *value, int rows,
                int cols);

typedef enum ct_svg_anchor { CT_SVG_START, CT_SVG_MIDDLE, CT_SVG_END } ct_svg_anchor;

/* The baseline of the text at (x, y); `turn` whole degrees clockwise about that point. */
void ct_svg_text(ct_svg *s, double x, double y, double size, ct_svg_anchor anchor, double turn,
                 const char *text);

/* ---- a chart ---- */

/* A frame in pixels and what its sides stand for. */
typedef struct ct_axes {
    double left, top, right, bottom;
    double x0, x1, y0, y1;
} ct_axes;

/* A place, or at most so far away: what a damaged file may hold, such as 1e300. NaN is far away
 * too. */
double ct_svg_near(double x);

double ct_axes_x(const ct_axes *a, double x);
double ct_axes_y(const ct_axes *a, double y);

/* Frame, grid, numbers and the names of both axes; y_name NULL: no y axis. */
void ct_svg_axes(ct_svg *s, const ct_axes *a, const char *x_name, const char *y_name);

/* A path through n points, and one over n bars of equal width from x0 to x1. */
void ct_svg_line(ct_svg *s, const ct_axes *a, const char *class, const double *x, const double *y,
                 int n);
void ct_svg_steps(ct_svg *s, const ct_axes *a, const char *class, const double *y, int n);

/* A level across the frame. */
void ct_svg_level(ct_svg *s, const ct_axes *a, const char *class, double y);

/* An entry of a legend: a sample of the class and its name. mark: 'l' line, 'o' disc, 's' square.
 */
void ct_svg_key(ct_svg *s, double x, double y, char mark, const char *class, const char *name);

#endif
