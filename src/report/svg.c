/* svg.c -- see svg.h.
 *
 * Layer: report. */
#include "report/svg.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void put(ct_svg *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(ct_svg *s, const char *fmt, ...)
{
    char    text[256];
    va_list args;
    va_start(args, fmt);
    const int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    ct_writer_bytes(&s->w, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* What XML would read as markup; control characters, which it forbids, become spaces. */
static void put_escaped(ct_svg *s, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *as = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '"' ? "&quot;" : NULL;
        if (as != NULL)
            ct_writer_bytes(&s->w, as, strlen(as));
        else
            ct_writer_bytes(&s->w, (unsigned char)*text < 32 ? " " : text, 1);
    }
}

ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, ct_error *err)
{
    const ct_status status = ct_writer_open(&s->w, path, CT_REPLACE, err);
    if (status == CT_OK)
        put(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.2f %.2f\" width=\"%.2f\" height=\"%.2f\" "
               "font-family=\"sans-serif\">\n", width, height, width, height);
    return status;
}

ct_status ct_svg_close(ct_svg *s)
{
    put(s, "</svg>\n");
    return ct_writer_commit(&s->w);
}

void ct_svg_rect(ct_svg *s, double x, double y, double width, double height, const char *fill, const char *title)
{
    put(s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\">", x, y, width, height, fill);
    if (title != NULL) {
        put(s, "<title>");
        put_escaped(s, title);
        put(s, "</title>");
    }
    put(s, "</rect>\n");
}

void ct_svg_text(ct_svg *s, double x, double y, double size, ct_svg_anchor anchor, double turn, const char *text)
{
    static const char *const ANCHOR[] = {"start", "middle", "end"};
    put(s, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" text-anchor=\"%s\"", x, y, size, ANCHOR[anchor]);
    if (turn != 0)
        put(s, " transform=\"rotate(%.2f %.2f %.2f)\"", turn, x, y);
    put(s, ">");
    put_escaped(s, text);
    put(s, "</text>\n");
}
