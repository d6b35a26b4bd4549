/* axes.c -- the parts of a chart; see svg.h.
 *
 * Layer: show. */
#include "show/svg.h"

#include <math.h>
#include <stdio.h>

double ct_svg_near(double x)
{
    return fmax(-1e5, fmin(1e5, x));
}

double ct_axes_x(const ct_axes *a, double x)
{
    return ct_svg_near(a->left + (x - a->x0) / (a->x1 - a->x0) * (a->right - a->left));
}

double ct_axes_y(const ct_axes *a, double y)
{
    return ct_svg_near(a->bottom - (y - a->y0) / (a->y1 - a->y0) * (a->bottom - a->top));
}

/* 1, 2 or 5 times a power of ten: the least that makes at most `most` steps of the range. */
static double tick_step(double range, int most)
{
    static const double FACTOR[] = {2, 2.5, 2}; /* 1 -> 2 -> 5 -> 10 */
    double step = 1;
    while (step * most > range && step > 1e-12)
        step /= 10;
    for (int k = 0; step * most < range; k = (k + 1) % 3)
        step *= FACTOR[k];
    return step;
}

/* With as many decimals as the step has. */
static void tick_text(double value, double step, char out[32])
{
    int digits = 0;
    for (double s = step; digits < 9 && fabs(s - floor(s + 0.5)) > 1e-6 * s; s *= 10)
        digits++;
    snprintf(out, 32, "%.*f", digits, fabs(value) < step / 1e6 ? 0 : value);
}

void ct_svg_segment(ct_svg *s, const char *class, double x0, double y0, double x1, double y1)
{
    ct_svg_from(s, class, x0, y0);
    ct_svg_to(s, x1, y1);
    ct_svg_done(s);
}

void ct_svg_axes(ct_svg *s, const ct_axes *a, const char *x_name, const char *y_name)
{
    char text[32];
    const double dx = tick_step(a->x1 - a->x0, 5), dy = tick_step(a->y1 - a->y0, 6);
    for (double k = ceil(a->x0 / dx - 1e-9); k * dx <= a->x1 + dx * 1e-6; k++) {
        const double x = ct_axes_x(a, k * dx);
        ct_svg_segment(s, "grid", x, a->top, x, a->bottom);
        tick_text(k * dx, dx, text);
        ct_svg_text(s, x, a->bottom + 15, 11, CT_SVG_MIDDLE, 0, text);
    }
    for (double k = ceil(a->y0 / dy - 1e-9); y_name != NULL && k * dy <= a->y1 + dy * 1e-6; k++) {
        const double y = ct_axes_y(a, k * dy);
        ct_svg_segment(s, "grid", a->left, y, a->right, y);
        tick_text(k * dy, dy, text);
        ct_svg_text(s, a->left - 5, y + 4, 11, CT_SVG_END, 0, text);
    }
    ct_svg_from(s, "frame", a->left, a->top);
    ct_svg_to(s, a->left, a->bottom);
    ct_svg_to(s, a->right, a->bottom);
    ct_svg_done(s);
    ct_svg_put(s, "\n");
    ct_svg_text(s, (a->left + a->right) / 2, a->bottom + 32, 12, CT_SVG_MIDDLE, 0, x_name);
    if (y_name != NULL)
        ct_svg_text(s, 13, (a->top + a->bottom) / 2, 12, CT_SVG_MIDDLE, -90, y_name);
}

static double inside(double v, double a, double b)
{
    return fmax(a < b ? a : b, fmin(a < b ? b : a, v));
}

void ct_svg_line(ct_svg *s, const ct_axes *a, const char *class, const double *x, const double *y,
                 int n)
{
    int drawn = 0;
    for (int i = 0; i < n; i++) {
        const double u = ct_axes_x(a, x[i]), v = inside(ct_axes_y(a, y[i]), a->top, a->bottom);
        if (isfinite(y[i]) && drawn++ == 0)
            ct_svg_from(s, class, u, v);
        else if (isfinite(y[i]))
            ct_svg_to(s, u, v);
    }
    if (drawn == 1) /* a point alone would not show */
        ct_svg_to(s, s->x + 6, s->y);
    if (drawn == 0) /* a path all the same, for the page's script */
        ct_svg_from(s, class, a->left, a->bottom);
    ct_svg_done(s);
    ct_svg_put(s, "\n");
}

void ct_svg_steps(ct_svg *s, const ct_axes *a, const char *class, const double *y, int n)
{
    const double width = (a->right - a->left) / n;
    ct_svg_from(s, class, a->left, a->bottom);
    for (int i = 0; i < n; i++) {
        ct_svg_to(s, s->x, ct_axes_y(a, y[i]));
        ct_svg_to(s, a->left + width * (i + 1), s->y);
    }
    ct_svg_to(s, s->x, a->bottom);
    ct_svg_done(s);
    ct_svg_put(s, "\n");
}

void ct_svg_level(ct_svg *s, const ct_axes *a, const char *class, double y)
{
    ct_svg_segment(s, class, a->left, ct_axes_y(a, y), a->right, ct_axes_y(a, y));
}

void ct_svg_key(ct_svg *s, double x, double y, char mark, const char *class, const char *name)
{
    if (mark == 'l')
        ct_svg_segment(s, class, x, y - 4, x + 22, y - 4);
    else if (mark == 'o')
        ct_svg_disc(s, class, x + 11, y - 4, 4, NULL);
    else
        ct_svg_rect(s, class, x + 7, y - 8, 8, 8, NULL);
    ct_svg_text(s, x + 27, y, 11, CT_SVG_START, 0, name);
}
