/* svg.c -- see svg.h.
 *
 * Layer: show. */
#include "show/svg.h"

#include "formats/png.h"
#include "formats/text.h"
#include "show/raster.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ct_svg_put(ct_svg *s, const char *fmt, ...)
{
    char text[2048]; /* %.3f of a damaged file's 1e300 has 300 digits */
    va_list args;
    if (s->w == NULL)
        return;
    va_start(args, fmt);
    const int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CT_ASSERT(length >= 0 && (size_t)length < sizeof text);
    ct_writer_bytes(s->w, text, (size_t)length);
}
#define put ct_svg_put

/* What XML would read as markup; control characters but the end of a line become spaces, and
 * what is not UTF-8 a question mark. */
void ct_svg_escaped(ct_svg *s, const char *text)
{
    for (uint32_t code; s->w != NULL && *text != '\0';) {
        const int n = ct_utf8_get(text, &code);
        const char *as = *text == '&'                                 ? "&amp;"
                         : *text == '<'                               ? "&lt;"
                         : *text == '>'                               ? "&gt;"
                         : *text == '"'                               ? "&quot;"
                         : *text == '\''                              ? "&#39;"
                         : n == 0 || code == 0xfffe || code == 0xffff ? "?"
                         : (code < 32 && code != '\n') || code == 127 ? " "
                                                                      : NULL;
        if (as != NULL)
            ct_writer_bytes(s->w, as, strlen(as));
        else
            ct_writer_bytes(s->w, text, (size_t)n);
        text += n > 0 ? n : 1;
    }
}

static void raw(ct_svg *s, const char *markup)
{
    if (s->w != NULL)
        ct_writer_bytes(s->w, markup, strlen(markup));
}

/* ---- beginning and end ---- */

static bool is_png(const char *path)
{
    const size_t n = strlen(path);
    return n >= 4 && path[n - 4] == '.' && (path[n - 3] | 32) == 'p' && (path[n - 2] | 32) == 'n' &&
           (path[n - 1] | 32) == 'g';
}

ct_status ct_svg_create(ct_svg *s, const char *path, double width, double height, ct_error *err)
{
    s->path = path;
    s->err = err;
    ct_arena_init(&s->arena, 0);
    if (!is_png(path)) {
        s->w = &s->file;
        return ct_writer_open(&s->file, path, CT_REPLACE, err);
    }
    s->w = NULL;
    s->pixels = ct_arena_alloc(&s->arena, sizeof *s->pixels);
    ct_status status = s->pixels == NULL ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path)
                                         : ct_raster_init(s->pixels, width, height, &s->arena, err);
    if (status != CT_OK)
        ct_arena_free(&s->arena);
    return status;
}

static void begin(ct_svg *s, double width, double height)
{
    put(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.2f %.2f\" ", width, height);
}

ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, ct_error *err)
{
    const ct_status status = ct_svg_create(s, path, width, height, err);
    if (status == CT_OK) {
        begin(s, width, height);
        put(s, "width=\"%.2f\" height=\"%.2f\" font-family=\"sans-serif\">\n", width, height);
    }
    return status;
}

void ct_svg_begin(ct_svg *s, ct_writer *w, double width, double height, const char *attributes,
                  const char *title, const char *description)
{
    s->w = w;
    begin(s, width, height);
    raw(s, attributes);
    put(s, " role=\"img\"><title>");
    ct_svg_escaped(s, title);
    put(s, "</title><desc>");
    ct_svg_escaped(s, description);
    put(s, "</desc>\n");
}

void ct_svg_end(ct_svg *s)
{
    put(s, "</svg>\n");
}

ct_status ct_svg_close(ct_svg *s)
{
    ct_svg_end(s);
    if (s->w != NULL)
        return ct_writer_commit(s->w);
    const ct_status status = ct_png_write(s->path, s->pixels->rgb, s->pixels->width,
                                          s->pixels->height, 3, s->err);
    ct_arena_free(&s->arena);
    return status;
}

/* ---- shapes ---- */

void ct_svg_from(ct_svg *s, const char *class, double x, double y)
{
    put(s, "<path class=\"%s\" d=\"M%.1f %.1f", class, x, y);
    if (s->w == NULL)
        ct_raster_from(s->pixels, class, x, y);
    s->x = x;
    s->y = y;
}

void ct_svg_to(ct_svg *s, double x, double y)
{
    if (x == s->x)
        put(s, "V%.1f", y);
    else if (y == s->y)
        put(s, "H%.1f", x);
    else
        put(s, "L%.1f %.1f", x, y);
    if (s->w == NULL)
        ct_raster_to(s->pixels, x, y);
    s->x = x;
    s->y = y;
}

void ct_svg_done(ct_svg *s)
{
    put(s, "\"/>");
    if (s->w == NULL)
        ct_raster_end(s->pixels);
}

/* The end of a tag, with what is shown when the pointer rests on its shape. */
static void end_tag(ct_svg *s, const char *tag, const char *title)
{
    if (title == NULL) {
        put(s, "/>");
        return;
    }
    put(s, "><title>");
    ct_svg_escaped(s, title);
    put(s, "</title></%s>\n", tag);
}

/* Between pixels: cells that touch would show a seam where both cover half a pixel. */
static double crisp(double x)
{
    return floor(x * CT_RASTER_SCALE + 0.5) / CT_RASTER_SCALE;
}

static void rect_pixels(ct_raster *r, const char *look, double x0, double y0, double x1, double y1)
{
    if (ct_style_find(look).stroke == NULL)
        x0 = crisp(x0), y0 = crisp(y0), x1 = crisp(x1), y1 = crisp(y1);
    ct_raster_from(r, look, x0, y0);
    ct_raster_to(r, x1, y0);
    ct_raster_to(r, x1, y1);
    ct_raster_to(r, x0, y1);
    ct_raster_to(r, x0, y0);
    ct_raster_end(r);
}

void ct_svg_rect(ct_svg *s, const char *look, double x, double y, double width, double height,
                 const char *title)
{
    put(s, "<rect %s=\"%s\" x=\"%.5g\" y=\"%.5g\" width=\"%.5g\" height=\"%.5g\"",
        *look == '#' ? "fill" : "class", look, x, y, width, height);
    end_tag(s, "rect", title);
    if (s->w == NULL)
        rect_pixels(s->pixels, look, x, y, x + width, y + height);
}

void ct_svg_disc(ct_svg *s, const char *class, double x, double y, double radius, const char *title)
{
    put(s, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%g\"", class, x, y, radius);
    end_tag(s, "circle", title);
    if (s->w == NULL)
        ct_raster_disc(s->pixels, class, x, y, radius);
}

/* As SVG the cells are short: a unit each, moved and scaled as a group. */
void ct_svg_map(ct_svg *s, double x, double y, double cell, const uint8_t *heat, int rows, int cols)
{
    put(s, "<g transform=\"translate(%.1f %.1f) scale(%.3f)\" shape-rendering=\"crispEdges\">\n", x,
        y, cell);
    for (int k = 0; k <= CT_HOTTEST; k++) { /* one path for all cells of a heat: soon redrawn */
        char look[8];
        snprintf(look, sizeof look, "c h%d", k);
        put(s, "<path class=\"%s\" d=\"", look);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < cols; j++) {
                if (heat[i * cols + j] != k)
                    continue;
                put(s, "M%d %dh1v1h-1z", j, i);
                if (s->w == NULL)
                    rect_pixels(s->pixels, look, x + cell * j, y + cell * i, x + cell * (j + 1),
                                y + cell * (i + 1));
            }
        put(s, "\"/>\n");
    }
    put(s, "</g>");
}

void ct_svg_text(ct_svg *s, double x, double y, double size, ct_svg_anchor anchor, double turn,
                 const char *text)
{
    static const char *const ANCHOR[] = {"start", "middle", "end"};
    put(s, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" text-anchor=\"%s\"", x, y, size,
        ANCHOR[anchor]);
    if (turn != 0)
        put(s, " transform=\"rotate(%.2f %.2f %.2f)\"", turn, x, y);
    put(s, ">");
    ct_svg_escaped(s, text);
    put(s, "</text>\n");
    if (s->w == NULL)
        ct_raster_text(s->pixels, x, y, size, anchor, turn, text);
}
