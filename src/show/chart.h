/* chart.h -- series of numbers in a frame with axes. Private. */
#ifndef SHOW_CHART_H
#define SHOW_CHART_H

#include "show/svg.h"

#define CT_CHART_WIDTH  400
#define CT_CHART_HEIGHT 300

/* A frame in pixels and what its sides stand for. */
typedef struct ct_axes {
    double left, top, right, bottom;
    double x0, x1, y0, y1;
} ct_axes;

double ct_axes_x(const ct_axes *a, double x);
double ct_axes_y(const ct_axes *a, double y);

typedef enum ct_drawing {
    CT_UNSEEN, /* the axes hold it, that is all */
    CT_LINE,
    CT_BARS, /* of equal width, over the whole axis */
    CT_DISCS,
    CT_SQUARES,
    CT_LEVEL,  /* a line across the frame, at y[0] */
    CT_MOMENT, /* ... and up through it, at x[0] */
} ct_drawing;

typedef struct ct_series {
    ct_drawing as;
    const char *look;    /* classes of picture.css */
    const char *name;    /* in the key, a level with its value; NULL for none */
    const double *x, *y; /* (n); x NULL: 1, 2, 3, ...; what is not finite is left out */
    int n;
    size_t stride;      /* bytes from one value to the next; 0: one double */
    const double *step; /* of a mark, told when the pointer rests on it, or NULL */
    double size;        /* half the width of a mark; 0: 4 */
} ct_series;

typedef struct ct_chart {
    const char *x_name, *y_name; /* y_name NULL: no y axis */
    char note[64];               /* at the right, above the frame; in an empty one, within */
    ct_series series[8];
    int n;
} ct_chart;

void ct_chart_add(ct_chart *c, ct_series s);

/* A frame for a picture of CT_CHART_WIDTH x CT_CHART_HEIGHT that shows at least this. */
ct_axes ct_chart_axes(double x0, double x1, double y0, double y1);

/* Make the axes hold a chart; once they hold all, leave a margin where they had to grow from
 * `least`. */
void ct_chart_widen(const ct_chart *c, ct_axes *a);
void ct_chart_margin(ct_axes *a, const ct_axes *least);

void ct_chart_draw(ct_writer *w, const ct_chart *c, const ct_axes *a);

#endif
