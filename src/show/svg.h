/* svg.h -- markup, and pictures of rectangles, paths and text, in a page or as a file of their own.
 * Private.
 *
 * Text is escaped; no scripts; numbers have the same digits everywhere. A look is classes
 * of picture.css, which has a light and a dark set of colours. Failures to write wait for the
 * writer's commit.
 */
#ifndef SHOW_SVG_H
#define SHOW_SVG_H

#include "platform/file.h"

/* ---- markup ---- */

/* Markup as it is, and markup with values of %d, %c, %s and what doubles have: a string is put in
 * as text that should be read, in an element or an attribute, so what it says is never markup. */
void ct_put_raw(ct_writer *w, const char *markup);
void ct_put(ct_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- pictures ---- */

extern const char ct_svg_css[]; /* picture.css */

/* A file, begun on a ground of its own; end it with ct_svg_end and ct_writer_commit.
 * Errors  CT_ERR_IO */
ct_status ct_svg_open(ct_writer *w, const char *path, double width, double height,
                      const char *title, const char *description, ct_error *err);

/* In a page. `attributes` go into the tag as they are; title and description are for screen
 * readers. */
void ct_svg_begin(ct_writer *w, double width, double height, const char *attributes,
                  const char *title, const char *description);
void ct_svg_end(ct_writer *w);

void ct_svg_segment(ct_writer *w, const char *look, double x0, double y0, double x1, double y1);

/* `title` (or NULL) is shown when the pointer rests on it. */
void ct_svg_rect(ct_writer *w, const char *look, double x, double y, double width, double height,
                 const char *title);
void ct_svg_disc(ct_writer *w, const char *look, double x, double y, double radius,
                 const char *title);

/* A map of square cells, from -1 to 1: one path for each heat, classes "c h0" to "c h20"; NaN has
 * none. */
#define CT_HOTTEST 20
void ct_svg_map(ct_writer *w, double x, double y, double cell, const double *value, int rows,
                int cols);

typedef enum ct_svg_anchor { CT_SVG_START, CT_SVG_MIDDLE, CT_SVG_END } ct_svg_anchor;

/* The baseline of the text at (x, y); `turn` degrees clockwise about that point. */
void ct_svg_text(ct_writer *w, double x, double y, double size, ct_svg_anchor anchor, double turn,
                 const char *text);

#endif
