/* chart.c -- see chart.h. */
#include "show/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define KEY 18 /* its baseline, above the frame */

/* Where x of x0..x1 is between two sides, or at most so far away: a damaged file may hold 1e300.
 * NaN is far away too. */
static double between(double from, double to, double x, double x0, double x1)
{
    return fmax(-1e5, fmin(1e5, from + (x - x0) / (x1 - x0) * (to - from)));
}

double ct_axes_x(const ct_axes *a, double x)
{
    return between(a->left, a->right, x, a->x0, a->x1);
}

double ct_axes_y(const ct_axes *a, double y)
{
    return between(a->bottom, a->top, y, a->y0, a->y1);
}

/* ---- axes ---- */

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

/* Frame, grid, numbers and the names of both axes. */
static void draw_axes(ct_writer *w, const ct_axes *a, const char *x_name, const char *y_name)
{
    char text[32];
    const double dx = tick_step(a->x1 - a->x0, 5), dy = tick_step(a->y1 - a->y0, 6);
    for (double k = ceil(a->x0 / dx - 1e-9); k * dx <= a->x1 + dx * 1e-6; k++) {
        const double x = ct_axes_x(a, k * dx);
        ct_svg_segment(w, "grid", x, a->top, x, a->bottom);
        snprintf(text, sizeof text, "%.9g", k * dx + 0.0); /* no -0 */
        ct_svg_text(w, x, a->bottom + 15, 11, CT_SVG_MIDDLE, 0, text);
    }
    for (double k = ceil(a->y0 / dy - 1e-9); k * dy <= a->y1 + dy * 1e-6; k++) {
        const double y = ct_axes_y(a, k * dy);
        ct_svg_segment(w, "grid", a->left, y, a->right, y);
        snprintf(text, sizeof text, "%.9g", k * dy + 0.0);
        ct_svg_text(w, a->left - 5, y + 4, 11, CT_SVG_END, 0, text);
    }
    ct_put(w, "<path class=\"frame\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", a->left, a->top, a->bottom,
           a->right);
    ct_svg_text(w, (a->left + a->right) / 2, a->bottom + 32, 12, CT_SVG_MIDDLE, 0, x_name);
    ct_svg_text(w, 13, (a->top + a->bottom) / 2, 12, CT_SVG_MIDDLE, -90, y_name);
}

/* ---- series ---- */

void ct_chart_add(ct_chart *c, ct_series s)
{
    CT_ASSERT(c->n < (int)(sizeof c->series / sizeof *c->series));
    if (s.as != CT_LEVEL || (s.n > 0 && isfinite(*s.y))) /* one that is not known is none */
        c->series[c->n++] = s;
}

/* The i-th value of an array of a series; without an array it is i + 1. */
static double value(const ct_series *s, const double *of, int i)
{
    const size_t stride = s->stride != 0 ? s->stride : sizeof *of;
    return of != NULL ? *(const double *)(const void *)((const char *)of + (size_t)i * stride)
                      : i + 1;
}

ct_axes ct_chart_axes(double x0, double x1, double y0, double y1)
{
    return (ct_axes){58, 30, CT_CHART_WIDTH - 14, CT_CHART_HEIGHT - 42, x0, x1, y0, y1};
}

/* Unless x is not finite. */
static void hold(double *least, double *most, double x)
{
    if (isfinite(x)) {
        *least = fmin(*least, x);
        *most = fmax(*most, x);
    }
}

void ct_chart_widen(const ct_chart *c, ct_axes *a)
{
    for (int k = 0; k < c->n; k++) {
        const ct_series *s = &c->series[k];
        for (int i = 0; i < s->n && s->as != CT_MOMENT; i++) {
            if (!isfinite(value(s, s->y, i)))
                continue;
            if (s->as != CT_BARS && s->as != CT_LEVEL)
                hold(&a->x0, &a->x1, value(s, s->x, i));
            hold(&a->y0, &a->y1, value(s, s->y, i));
        }
    }
}

void ct_chart_margin(ct_axes *a, const ct_axes *least)
{
    if (!(a->y0 < a->y1)) { /* nothing, or all the same */
        a->y0 = isfinite(a->y0) ? a->y0 - 0.5 : 0;
        a->y1 = a->y0 + 1;
    }
    const double x = 0.05 * (a->x1 - a->x0), y = 0.05 * (a->y1 - a->y0);
    a->x0 -= a->x0 < least->x0 ? x : 0; /* to the right all is shown up to its end */
    a->y0 -= a->y0 < least->y0 ? y : 0;
    a->y1 += a->y1 > least->y1 ? y : 0;
}

static void draw_line(ct_writer *w, const ct_axes *a, const ct_series *s)
{
    const double top = fmin(a->top, a->bottom), bottom = fmax(a->top, a->bottom);
    int drawn = 0;
    ct_put(w, "<path class=\"%s\" d=\"", s->look);
    for (int i = 0; i < s->n; i++) {
        const double x = ct_axes_x(a, value(s, s->x, i)), y = ct_axes_y(a, value(s, s->y, i));
        if (isfinite(value(s, s->y, i)))
            ct_put(w, "%c%.1f %.1f", drawn++ == 0 ? 'M' : 'L', x, fmax(top, fmin(bottom, y)));
    }
    if (drawn == 1) /* a point alone would not show */
        ct_put_raw(w, "h6");
    ct_put_raw(w, "\"/>\n");
}

static void draw_bars(ct_writer *w, const ct_axes *a, const ct_series *s)
{
    const double width = (a->right - a->left) / s->n;
    ct_put(w, "<path class=\"%s\" d=\"M%.1f %.1f", s->look, a->left, a->bottom);
    for (int i = 0; i < s->n; i++)
        ct_put(w, "V%.1fH%.1f", ct_axes_y(a, value(s, s->y, i)), a->left + width * (i + 1));
    ct_put(w, "V%.1f\"/>\n", a->bottom);
}

static void draw_marks(ct_writer *w, const ct_axes *a, const ct_series *s)
{
    char told[64];
    const char *title = s->step != NULL ? told : NULL;
    const double size = s->size > 0 ? s->size : 4;
    for (int i = 0; i < s->n; i++) {
        const double x = ct_axes_x(a, value(s, s->x, i)), y = ct_axes_y(a, value(s, s->y, i));
        if (!isfinite(value(s, s->y, i)))
            continue;
        if (s->step != NULL)
            snprintf(told, sizeof told, "step %.0f: %.3g", value(s, s->step, i), value(s, s->y, i));
        if (s->as == CT_DISCS)
            ct_svg_disc(w, s->look, x, y, size, title);
        else
            ct_svg_rect(w, s->look, x - size, y - size, 2 * size, 2 * size, title);
    }
}

/* A line across the frame, or up through it. */
static void draw_across(ct_writer *w, const ct_axes *a, const ct_series *s)
{
    const double at = s->as == CT_LEVEL ? ct_axes_y(a, *s->y) : ct_axes_x(a, *s->x);
    if (s->as == CT_LEVEL)
        ct_svg_segment(w, s->look, a->left, at, a->right, at);
    else
        ct_svg_segment(w, s->look, at, a->top, at, a->bottom);
}

static void (*const DRAW[])(ct_writer *, const ct_axes *, const ct_series *) = {
    [CT_LINE] = draw_line,     [CT_BARS] = draw_bars,    [CT_DISCS] = draw_marks,
    [CT_SQUARES] = draw_marks, [CT_LEVEL] = draw_across, [CT_MOMENT] = draw_across,
};

/* Above the frame a sample of each look, and its name. What a row of runs has in common a page
 * shows once, and hides what has the class key in the other pictures; a level has its own value in
 * each. */
static void draw_key(ct_writer *w, const ct_chart *c, double x)
{
    for (int k = 0; k < c->n; k++) {
        char name[64];
        const ct_series *s = &c->series[k];
        if (s->name == NULL)
            continue;
        ct_put_raw(w, s->as == CT_LEVEL ? "<g>" : "<g class=\"key\">");
        if (s->as == CT_DISCS)
            ct_svg_disc(w, s->look, x + 11, KEY - 4, 4, NULL);
        else if (s->as == CT_SQUARES || s->as == CT_BARS)
            ct_svg_rect(w, s->look, x + 7, KEY - 8, 8, 8, NULL);
        else
            ct_svg_segment(w, s->look, x, KEY - 4, x + 22, KEY - 4);
        snprintf(name, sizeof name, "%s", s->name);
        if (s->as == CT_LEVEL)
            snprintf(name, sizeof name, "%s: %.4g", s->name, *s->y);
        ct_svg_text(w, x + 27, KEY, 11, CT_SVG_START, 0, name);
        ct_put_raw(w, "</g>\n");
        x += 38 + 6 * (double)strlen(name);
    }
}

void ct_chart_draw(ct_writer *w, const ct_chart *c, const ct_axes *a)
{
    draw_axes(w, a, c->x_name, c->y_name);
    for (int k = 0; k < c->n; k++)
        if (c->series[k].as != CT_UNSEEN)
            DRAW[c->series[k].as](w, a, &c->series[k]);
    draw_key(w, c, a->left);
    if (c->note[0] != '\0') {
        ct_put_raw(w, "<g class=\"seen\">");
        if (c->series[0].n > 0)
            ct_svg_text(w, a->right, KEY, 11, CT_SVG_END, 0, c->note);
        else /* there is room for more words */
            ct_svg_text(w, (a->left + a->right) / 2, (a->top + a->bottom) / 2, 11, CT_SVG_MIDDLE, 0,
                        c->note);
        ct_put_raw(w, "</g>\n");
    }
}
