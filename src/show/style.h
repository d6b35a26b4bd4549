/* style.h -- what the classes of pictures look like: as CSS for SVG and pages, which have
 * a light and a dark theme, and as values for pixels, which are light. Private. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include "show/svg.h"

/* Colours by name, "#rrggbb" or NULL: none. Where a number is 0, SVG's default holds:
 * width 1, not dashed, opaque. */
typedef struct ct_style {
    const char *name, *stroke, *fill;
    double width, on, off, stroke_opacity, fill_opacity;
} ct_style;

/* The look of "class", of the first of "several classes" that has one, or of a rectangle
 * filled with "#rrggbb". Its name is NULL if there is none. */
ct_style ct_style_find(const char *look);

/* A colour of a style in the light theme. */
void ct_style_colour(const char *name, uint8_t rgb[3]);

/* Rules of all classes, without their <style> tags. */
void ct_style_css(ct_svg *s);

#endif
