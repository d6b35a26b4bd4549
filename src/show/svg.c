/* svg.c -- see svg.h. */
#include "show/svg.h"

#include "formats/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- markup ---- */

void ct_put_raw(ct_writer *w, const char *markup)
{
    ct_writer_bytes(w, markup, strlen(markup));
}

/* What stands for a character, NULL for itself: control characters but the end of a line become
 * spaces, and what is not UTF-8 a question mark. */
static const char *entity(const char *at, int n, uint32_t code)
{
    switch (*at) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    }
    if (n == 0 || code == 0xfffe || code == 0xffff)
        return "?";
    return (code < 32 && code != '\n') || code == 127 ? " " : NULL;
}

/* What XML cannot hold is replaced. */
static void put_text(ct_writer *w, const char *text)
{
    for (uint32_t code; *text != '\0';) {
        const int n = ct_utf8_get(text, &code);
        const char *as = entity(text, n, code);
        if (as != NULL)
            ct_put_raw(w, as);
        else
            ct_writer_bytes(w, text, (size_t)n);
        text += n > 0 ? n : 1;
    }
}

/* The value of a conversion, as text that needs no escape. */
static void put_number(ct_writer *w, const char *spec, va_list *args)
{
    char text[512] = ""; /* %.3f of a damaged file's 1e300 has 300 digits */
    const char kind = spec[strlen(spec) - 1];
    if (kind == 'd' || kind == 'c')
        snprintf(text, sizeof text, spec, va_arg(*args, int));
    else
        snprintf(text, sizeof text, spec, va_arg(*args, double));
    ct_put_raw(w, text);
}

void ct_put(ct_writer *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    for (size_t plain; fmt[plain = strcspn(fmt, "%")] != '\0';) {
        char spec[16];
        ct_writer_bytes(w, fmt, plain);
        fmt += plain;
        const int length = (int)strcspn(fmt, "dcsefg") + 1;
        snprintf(spec, sizeof spec, "%.*s", length, fmt);
        if (strcmp(spec, "%s") == 0)
            put_text(w, va_arg(args, const char *));
        else
            put_number(w, spec, &args);
        fmt += length;
    }
    va_end(args);
    ct_put_raw(w, fmt);
}

/* ---- pictures ---- */

const char ct_svg_css[] =
#include "src/show/picture.css.h"
    ;

ct_status ct_svg_open(ct_writer *w, const char *path, double width, double height,
                      const char *title, const char *description, ct_error *err)
{
    char size[64];
    if (ct_writer_open(w, path, err) != CT_OK)
        return err->status;
    snprintf(size, sizeof size, "width=\"%.0f\" height=\"%.0f\"", width, height);
    ct_svg_begin(w, width, height, size, title, description);
    ct_put_raw(w, "<style>");
    ct_put_raw(w, ct_svg_css); /* no markup, and no text */
    ct_put_raw(w, "</style>");
    ct_svg_rect(w, "bg", 0, 0, width, height, NULL);
    ct_put_raw(w, "\n");
    return CT_OK;
}

void ct_svg_begin(ct_writer *w, double width, double height, const char *attributes,
                  const char *title, const char *description)
{
    ct_put(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.2f %.2f\" ", width,
           height);
    ct_put_raw(w, attributes);
    ct_put(w, " role=\"img\"><title>%s</title>\n<desc>%s</desc>\n", title, description);
}

void ct_svg_end(ct_writer *w)
{
    ct_put_raw(w, "</svg>\n");
}

void ct_svg_segment(ct_writer *w, const char *look, double x0, double y0, double x1, double y1)
{
    ct_put(w, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>", look, x0, y0, x1, y1);
}

/* The end of a tag, with what is shown when the pointer rests on its shape. */
static void end_tag(ct_writer *w, const char *tag, const char *title)
{
    if (title == NULL)
        ct_put_raw(w, "/>");
    else
        ct_put(w, "><title>%s</title></%s>\n", title, tag);
}

void ct_svg_rect(ct_writer *w, const char *look, double x, double y, double width, double height,
                 const char *title)
{
    ct_put(w, "<rect class=\"%s\" x=\"%.5g\" y=\"%.5g\" width=\"%.5g\" height=\"%.5g\"", look, x, y,
           width, height);
    end_tag(w, "rect", title);
}

void ct_svg_disc(ct_writer *w, const char *look, double x, double y, double radius,
                 const char *title)
{
    ct_put(w, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%g\"", look, x, y, radius);
    end_tag(w, "circle", title);
}

/* The cells are short: a unit each, moved and scaled as a group. One path for all cells of a heat
 * is soon redrawn. */
void ct_svg_map(ct_writer *w, double x, double y, double cell, const double *value, int rows,
                int cols)
{
    ct_put(w, "<g transform=\"translate(%.1f %.1f) scale(%.3f)\" shape-rendering=\"crispEdges\">\n",
           x, y, cell);
    for (int k = 0; k <= CT_HOTTEST; k++) {
        ct_put(w, "<path class=\"c h%d\" d=\"", k);
        for (int i = 0; i < rows * cols; i++)
            if (!isnan(value[i]) && (int)floor(fmax(-1, fmin(1, value[i])) * 10 + 10.5) == k)
                ct_put(w, "M%d %dh1v1h-1z", i % cols, i / cols);
        ct_put_raw(w, "\"/>\n");
    }
    ct_put_raw(w, "</g>\n");
}

void ct_svg_text(ct_writer *w, double x, double y, double size, ct_svg_anchor anchor, double turn,
                 const char *text)
{
    static const char *const ANCHOR[] = {"start", "middle", "end"};
    ct_put(w, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" text-anchor=\"%s\"", x, y, size,
           ANCHOR[anchor]);
    if (turn != 0)
        ct_put(w, " transform=\"rotate(%.2f %.2f %.2f)\"", turn, x, y);
    ct_put(w, ">%s</text>\n", text);
}
