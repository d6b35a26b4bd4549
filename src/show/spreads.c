/* spreads.c -- see spreads.h.
 *
 * Layer: show. */
#include "show/spreads.h"

#include <math.h>
#include <stdio.h>

void ct_spread_text(char *out, size_t size, ct_spread x)
{
    if (isnan(x.median))
        snprintf(out, size, "diverged");
    else if (isfinite(x.median) && x.least == x.most)
        snprintf(out, size, "%.4g", x.median);
    else if (isfinite(x.most))
        snprintf(out, size, "%.4g [%.4g, %.4g]", x.median, x.least, x.most);
    else if (isfinite(x.median))
        snprintf(out, size, "%.4g [%.4g, never]", x.median, x.least);
    else if (isfinite(x.least))
        snprintf(out, size, "half or more never [%.4g, never]", x.least);
    else
        snprintf(out, size, "never");
}

#define LINE 30.0 /* pixels of a line: its label, and below it the range */

static void widen(ct_axes *a, double x)
{
    if (isfinite(x)) {
        a->x0 = fmin(a->x0, x);
        a->x1 = fmax(a->x1, x);
    }
}

/* Around all that is finite, with a margin; 0 belongs to it if it is near. */
static ct_axes axes_of(const ct_spread_line *line, int n)
{
    ct_axes a = {14, 30, 386, 34 + LINE * n, (double)INFINITY, -(double)INFINITY, 0, 1};
    for (int i = 0; i < n; i++) {
        widen(&a, line[i].measured.least);
        widen(&a, line[i].measured.median);
        widen(&a, line[i].measured.most);
        widen(&a, line[i].expected);
    }
    if (!(a.x0 <= a.x1))
        a.x0 = 0, a.x1 = 1;
    if (a.x0 > 0 && a.x0 < 0.5 * a.x1)
        a.x0 = 0;
    if (a.x1 - a.x0 <= 1e-6 * fabs(a.x1)) { /* all the same */
        a.x1 += a.x1 != 0 ? 0.1 * fabs(a.x1) : 1;
        a.x0 -= 0.1 * fabs(a.x0);
    }
    const double margin = 0.04 * (a.x1 - a.x0);
    a.x0 -= margin;
    a.x1 += margin;
    return a;
}

static void draw(ct_writer *s, const ct_axes *a, double top, const ct_spread_line *l)
{
    char title[96];
    const ct_spread m = l->measured;
    const double y = top + 20, most = isfinite(m.most) ? m.most : a->x1;
    ct_svg_text(s, a->left + 4, top + 11, 11, CT_SVG_START, 0, l->label);
    if (!isfinite(m.median))
        ct_svg_text(s, a->right, top + 11, 11, CT_SVG_END, 0,
                    isnan(m.median)     ? "diverged"
                    : isfinite(m.least) ? "half or more never"
                                        : "never");
    if (isfinite(l->expected)) {
        snprintf(title, sizeof title, "expected %.6g", l->expected);
        ct_svg_rect(s, "db", ct_axes_x(a, l->expected) - 4.5, y - 4.5, 9, 9, title);
    }
    if (isfinite(m.least))
        ct_svg_segment(s, "a", ct_axes_x(a, m.least), y, ct_axes_x(a, most), y);
    if (isfinite(m.median)) {
        ct_spread_text(title, sizeof title, m);
        ct_svg_disc(s, "da", ct_axes_x(a, m.median), y, 3.5, title);
    }
}

void ct_spreads_figure(ct_writer *page, const char *name, const ct_spread_line *line, int n)
{
    const ct_axes a = axes_of(line, n);
    bool expected = false;
    for (int i = 0; i < n; i++)
        expected = expected || isfinite(line[i].expected);
    ct_put(page, "<figure>");
    ct_svg_begin(page, 400, a.bottom + 40, "data-kind=\"spreads\"", name,
                 "Median and range over the seeds, a line each.");
    ct_axes_draw(page, &a, name, NULL);
    for (int i = 0; i < n; i++)
        draw(page, &a, 32 + LINE * i, &line[i]);
    double next = ct_key_draw(page, a.left, 18, CT_DISCS, "da", "measured, with its range");
    if (expected)
        ct_key_draw(page, next, 18, CT_SQUARES, "db", "expected");
    ct_svg_end(page);
    ct_put(page, "</figure>\n");
}
