/* raster.c -- see raster.h.
 *
 * A pixel is covered by its distance to the shape: fully half a pixel inside, not at all
 * half a pixel outside. That is exact for edges along the pixels and close for others.
 *
 * Layer: show. */
#include "show/raster.h"

#include <math.h>
#include <string.h>

ct_status ct_raster_init(ct_raster *r, double width, double height, ct_arena *arena, ct_error *err)
{
    *r = (ct_raster){.width = (int)ceil(width * CT_RASTER_SCALE),
                     .height = (int)ceil(height * CT_RASTER_SCALE)};
    const size_t n = (size_t)r->width * (size_t)r->height;
    r->rgb = ct_arena_alloc(arena, 3 * n);
    for (int part = 0; part < CT_RASTER_PARTS; part++)
        if ((r->cover[part] = ct_arena_zeroed(arena, n, sizeof(float))) == NULL)
            r->rgb = NULL;
    if (r->rgb == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "picture: no memory for %d x %d pixels", r->width,
                       r->height);
    memset(r->rgb, 255, 3 * n);
    return CT_OK;
}

/* ---- coverage ---- */

typedef ct_raster_box box;

/* fmax and fmin, unlike ?:, also bring NaN within bounds. */
static int bound(double v, int most)
{
    return (int)fmin(fmax(v, 0), most);
}

/* The pixels of this rectangle, in pixels, which the part will have touched. */
static box touch(ct_raster *r, ct_raster_part part, double x0, double y0, double x1, double y1)
{
    box *t = &r->touched[part];
    const box b = {bound(floor(x0), r->width), bound(floor(y0), r->height),
                   bound(ceil(x1), r->width), bound(ceil(y1), r->height)};
    const bool first = t->x1 == 0;
    t->x0 = first || b.x0 < t->x0 ? b.x0 : t->x0;
    t->y0 = first || b.y0 < t->y0 ? b.y0 : t->y0;
    t->x1 = b.x1 > t->x1 ? b.x1 : t->x1;
    t->y1 = b.y1 > t->y1 ? b.y1 : t->y1;
    return b;
}

/* Where a line from x on is between two shares of its way dx; a level line has no such shares: all
 * of it. */
static void columns(double x, double dx, double t0, double t1, double *from, double *to)
{
    const bool level = !isfinite(t0) || !isfinite(t1);
    const double a = x + dx * (level ? 0 : fmax(0, fmin(1, t0))),
                 b = x + dx * (level ? 1 : fmax(0, fmin(1, t1)));
    *from = fmin(a, b);
    *to = fmax(a, b);
}

void ct_raster_stroke(ct_raster *r, ct_raster_part part, double x0, double y0, double x1, double y1,
                      double radius, double width)
{
    const double s = CT_RASTER_SCALE, dx = s * (x1 - x0), dy = s * (y1 - y0),
                 square = dx * dx + dy * dy;
    const double edge = s * width / 2 + 0.5, reach = s * radius + edge;
    const box b = touch(r, part, s * fmin(x0, x1) - reach, s * fmin(y0, y1) - reach,
                        s * fmax(x0, x1) + reach, s * fmax(y0, y1) + reach);
    for (int y = b.y0; y < b.y1; y++) {
        double from, to; /* columns: of a long slanted line, only those near it */
        columns(s * x0, dx, (y - reach - s * y0) / dy, (y + 1 + reach - s * y0) / dy, &from, &to);
        const int end = bound(ceil(to + reach), b.x1);
        for (int x = bound(fmax(floor(from - reach), b.x0), b.x1); x < end; x++) {
            const double px = x + 0.5 - s * x0, py = y + 0.5 - s * y0;
            const double t = square > 0 ? fmax(0, fmin(1, (px * dx + py * dy) / square)) : 0;
            const double qx = px - t * dx, qy = py - t * dy,
                         covered = edge - fabs(sqrt(qx * qx + qy * qy) - s * radius);
            float *cover = &r->cover[part][(size_t)y * (size_t)r->width + (size_t)x];
            if (covered > (double)*cover)
                *cover = covered < 1 ? (float)covered : 1;
        }
    }
}

/* How much of the pixel at x lies between a and b. */
static double overlap(int x, double a, double b)
{
    return fmax(0, fmin(x + 1, b) - fmax(x, a));
}

void ct_raster_rect(ct_raster *r, ct_raster_part part, double x0, double y0, double x1, double y1)
{
    const double s = CT_RASTER_SCALE, left = s * fmin(x0, x1), right = s * fmax(x0, x1),
                 top = s * fmin(y0, y1), bottom = s * fmax(y0, y1);
    const box b = touch(r, part, left, top, right, bottom);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++)
            r->cover[part][(size_t)y * (size_t)r->width + (size_t)x] += (float)(overlap(x, left,
                                                                                        right) *
                                                                                overlap(y, top,
                                                                                        bottom));
}

void ct_raster_ink(ct_raster *r, ct_raster_part part, const char *colour, double opacity)
{
    uint8_t ink[3] = {0};
    box *t = &r->touched[part];
    const box b = *t;
    if (colour != NULL)
        ct_style_colour(colour, ink);
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++) {
            const size_t at = (size_t)y * (size_t)r->width + (size_t)x;
            const double share = colour == NULL ? 0 : fmin(1, (double)r->cover[part][at]) * opacity;
            uint8_t *to = r->rgb + 3 * at;
            if (r->cover[part][at] <= 0)
                continue; /* most of a slanted line's box */
            for (int c = 0; c < 3; c++)
                to[c] = (uint8_t)(to[c] + share * (ink[c] - to[c]) + 0.5);
            r->cover[part][at] = 0;
        }
    *t = (box){0};
}

/* ---- shapes ---- */

static double or_one(double x)
{
    return x > 0 ? x : 1;
}

void ct_raster_from(ct_raster *r, const char *look, double x, double y)
{
    r->style = ct_style_find(look);
    CT_ASSERT(r->style.name != NULL);
    r->x = ct_svg_near(x);
    r->y = r->base = ct_svg_near(y);
    r->walked = 0;
}

/* From the last point on, as far as the dashes go. The round ends lie within the dash, as SVG's
 * square ones do. */
static void dashes(ct_raster *r, double x, double y)
{
    const double dx = x - r->x, dy = y - r->y, length = sqrt(dx * dx + dy * dy),
                 width = or_one(r->style.width);
    const double on = r->style.on, off = r->style.off;
    double t = 0;
    while (t < length) {
        const double phase = fmod(r->walked + t, on + off),
                     end = (phase < on ? on : on + off) - phase;
        const double step = fmax(fmin(end, length - t), 1e-6), a = t + fmax(0, width / 2 - phase),
                     b = t + fmin(step, end - width / 2);
        if (phase < on && a <= b)
            ct_raster_stroke(r, CT_RASTER_STROKE, r->x + dx * a / length, r->y + dy * a / length,
                             r->x + dx * b / length, r->y + dy * b / length, 0, width);
        t += step;
    }
    r->walked += length;
}

void ct_raster_to(ct_raster *r, double to_x, double to_y)
{
    const double x = ct_svg_near(to_x), y = ct_svg_near(to_y);
    if (r->style.fill != NULL && y == r->y)
        ct_raster_rect(r, CT_RASTER_FILL, r->x, r->base, x, y);
    if (r->style.on > 0)
        dashes(r, x, y);
    else
        ct_raster_stroke(r, CT_RASTER_STROKE, r->x, r->y, x, y, 0, or_one(r->style.width));
    r->x = x;
    r->y = y;
}

void ct_raster_end(ct_raster *r)
{
    ct_raster_ink(r, CT_RASTER_FILL, r->style.fill, or_one(r->style.fill_opacity));
    ct_raster_ink(r, CT_RASTER_STROKE, r->style.stroke, or_one(r->style.stroke_opacity));
}

void ct_raster_disc(ct_raster *r, const char *look, double x, double y, double radius)
{
    ct_raster_from(r, look, x, y);
    ct_raster_stroke(r, CT_RASTER_FILL, x, y, x, y, 0, 2 * radius);
    ct_raster_stroke(r, CT_RASTER_STROKE, x, y, x, y, radius, or_one(r->style.width));
    ct_raster_end(r);
}
