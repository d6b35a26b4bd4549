/* axes.c -- the parts of a chart; see svg.h.
 *
 * Layer: report. */
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double ct_axes_x(const ct_axes *a, double x)
{
    return a->left + (x - a->x0) / (a->x1 - a->x0) * (a->right - a->left);
}

double ct_axes_y(const ct_axes *a, double y)
{
    return a->bottom - (y - a->y0) / (a->y1 - a->y0) * (a->bottom - a->top);
}

/* 1, 2 or 5 times a power of ten: the least that makes at most `most` steps of the range. */
static double tick_step(double range, int most)
{
    static const double FACTOR[] = {2, 2.5, 2}; /* 1 -> 2 -> 5 -> 10 */
    double              step = 1;
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

void ct_svg_axes(ct_svg *s, const ct_axes *a, const char *x_name, const char *y_name)
{
    char         text[32];
    const double dx = tick_step(a->x1 - a->x0, 5), dy = tick_step(a->y1 - a->y0, 6);
    for (double k = ceil(a->x0 / dx - 1e-9); k * dx <= a->x1 + dx * 1e-6; k++) {
        const double x = ct_axes_x(a, k * dx);
        ct_svg_put(s, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", x, a->top, a->bottom);
        tick_text(k * dx, dx, text);
        ct_svg_text(s, x, a->bottom + 15, 11, CT_SVG_MIDDLE, 0, text);
    }
    for (double k = ceil(a->y0 / dy - 1e-9); y_name != NULL && k * dy <= a->y1 + dy * 1e-6; k++) {
        const double y = ct_axes_y(a, k * dy);
        ct_svg_put(s, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", a->left, y, a->right);
        tick_text(k * dy, dy, text);
        ct_svg_text(s, a->left - 5, y + 4, 11, CT_SVG_END, 0, text);
    }
    ct_svg_put(s, "<path class=\"frame\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", a->left, a->top, a->bottom, a->right);
    ct_svg_text(s, (a->left + a->right) / 2, a->bottom + 32, 12, CT_SVG_MIDDLE, 0, x_name);
    if (y_name != NULL)
        ct_svg_text(s, 13, (a->top + a->bottom) / 2, 12, CT_SVG_MIDDLE, -90, y_name);
}

static double inside(double v, double a, double b)
{
    return fmax(a < b ? a : b, fmin(a < b ? b : a, v));
}

void ct_svg_line(ct_svg *s, const ct_axes *a, const char *class, const double *x, const double *y, int n)
{
    ct_svg_put(s, "<path class=\"%s\" d=\"", class);
    for (int i = 0; i < n; i++)
        if (isfinite(y[i]))
            ct_svg_put(s, "%c%.1f %.1f", i == 0 ? 'M' : 'L', ct_axes_x(a, x[i]), inside(ct_axes_y(a, y[i]), a->top, a->bottom));
    ct_svg_put(s, "\"/>\n");
}

void ct_svg_steps(ct_svg *s, const ct_axes *a, const char *class, const double *y, int n)
{
    const double width = (a->right - a->left) / n;
    ct_svg_put(s, "<path class=\"%s\" d=\"M%.1f %.1f", class, a->left, a->bottom);
    for (int i = 0; i < n; i++)
        ct_svg_put(s, "V%.1fH%.1f", ct_axes_y(a, y[i]), a->left + width * (i + 1));
    ct_svg_put(s, "V%.1f\"/>\n", a->bottom);
}

void ct_svg_level(ct_svg *s, const ct_axes *a, const char *class, double y)
{
    ct_svg_put(s, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", class, a->left, ct_axes_y(a, y), a->right);
}

void ct_svg_key(ct_svg *s, double x, double y, char mark, const char *class, const char *name)
{
    if (mark == 'l')
        ct_svg_put(s, "<path class=\"%s\" d=\"M%.1f %.1fh22\"/>", class, x, y - 4);
    else if (mark == 'o')
        ct_svg_put(s, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", class, x + 11, y - 4);
    else
        ct_svg_put(s, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\"/>", class, x + 7, y - 8);
    ct_svg_text(s, x + 27, y, 11, CT_SVG_START, 0, name);
}
