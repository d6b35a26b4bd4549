/* svg.c -- see svg.h.
 *
 * Layer: show. */
#include "show/svg.h"

#include "formats/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char ct_svg_css[] =
#include "src/show/picture.css.h"
    ;

void ct_svg_put(ct_svg *s, const char *fmt, ...)
{
    char text[2048]; /* %.3f of a damaged file's 1e300 has 300 digits */
    va_list args;
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
    for (uint32_t code; *text != '\0';) {
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
    ct_writer_bytes(s->w, markup, strlen(markup));
}

/* ---- beginning and end ---- */

ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, const char *title,
                      const char *description, ct_error *err)
{
    char size[64];
    ct_writer_open(&s->file, path, CT_REPLACE, err);
    if (err->status != CT_OK)
        return err->status;
    snprintf(size, sizeof size, "width=\"%.0f\" height=\"%.0f\"", width, height);
    ct_svg_begin(s, &s->file, width, height, size, title, description);
    raw(s, "<style>");
    raw(s, ct_svg_css);
    raw(s, "</style>");
    ct_svg_rect(s, "bg", 0, 0, width, height, NULL);
    return CT_OK;
}

void ct_svg_begin(ct_svg *s, ct_writer *w, double width, double height, const char *attributes,
                  const char *title, const char *description)
{
    s->w = w;
    put(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.2f %.2f\" ", width, height);
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
    return ct_writer_commit(s->w);
}

/* ---- shapes ---- */

void ct_svg_from(ct_svg *s, const char *class, double x, double y)
{
    put(s, "<path class=\"%s\" d=\"M%.1f %.1f", class, x, y);
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
    s->x = x;
    s->y = y;
}

void ct_svg_done(ct_svg *s)
{
    put(s, "\"/>");
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

void ct_svg_rect(ct_svg *s, const char *look, double x, double y, double width, double height,
                 const char *title)
{
    put(s, "<rect %s=\"%s\" x=\"%.5g\" y=\"%.5g\" width=\"%.5g\" height=\"%.5g\"",
        *look == '#' ? "fill" : "class", look, x, y, width, height);
    end_tag(s, "rect", title);
}

void ct_svg_disc(ct_svg *s, const char *class, double x, double y, double radius, const char *title)
{
    put(s, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%g\"", class, x, y, radius);
    end_tag(s, "circle", title);
}

static int heat_of(double value)
{
    return isnan(value) ? -1 : (int)floor(fmax(-1, fmin(1, value)) * 10 + 10.5);
}

/* The cells are short: a unit each, moved and scaled as a group. One path for all cells of a heat
 * is soon redrawn. */
void ct_svg_map(ct_svg *s, double x, double y, double cell, const double *value, int rows, int cols)
{
    put(s, "<g transform=\"translate(%.1f %.1f) scale(%.3f)\" shape-rendering=\"crispEdges\">\n", x,
        y, cell);
    for (int k = 0; k <= CT_HOTTEST; k++) {
        put(s, "<path class=\"c h%d\" d=\"", k);
        for (int i = 0; i < rows * cols; i++)
            if (heat_of(value[i]) == k)
                put(s, "M%d %dh1v1h-1z", i % cols, i / cols);
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
}
