/* svg.c -- see svg.h.
 *
 * Layer: report. */
#include "report/svg.h"

#include "formats/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIGHT "--bg:#fff;--ink:#1b1f24;--dim:#57606a;--grid:#e3e6ea;--code:#f4f5f7;--a:#0072b2;--b:#c44e00;--hi:#000;"
#define DARK  "--bg:#14171c;--ink:#e6e8eb;--dim:#a0a8b2;--grid:#2c323a;--code:#1f242b;--a:#56b4e9;--b:#f0a030;--hi:#fff;"

const char ct_svg_style[] =
    ":root{" LIGHT "}@media(prefers-color-scheme:dark){:root{" DARK "}}"
    ":root[data-theme=light]{" LIGHT "color-scheme:light}:root[data-theme=dark]{" DARK "color-scheme:dark}"
    "svg{font-family:system-ui,sans-serif}svg text{fill:var(--ink)}svg text.look{fill:var(--dim)}"
    ".bg{fill:var(--bg)}.grid{stroke:var(--grid);fill:none}.frame{stroke:var(--dim);fill:none}"
    ".a{stroke:var(--a);fill:none;stroke-width:1.8}.b{stroke:var(--b);fill:none;stroke-width:1.8;stroke-dasharray:6 3}"
    ".fa{fill:var(--a);fill-opacity:.55;stroke:var(--a)}.fb{fill:var(--b);fill-opacity:.25;stroke:var(--b);stroke-width:1.6;"
    "stroke-dasharray:6 3}.da{fill:var(--a)}.db{fill:none;stroke:var(--b);stroke-width:1.6}"
    ".equal{stroke:var(--ink);stroke-dasharray:7 4;fill:none}.floor{stroke:var(--ink);stroke-dasharray:2 3;fill:none}"
    ".join{stroke:var(--dim);stroke-opacity:.55}.now{stroke:var(--hi);fill:none;stroke-width:1.4}";

void ct_svg_put(ct_svg *s, const char *fmt, ...)
{
    char    text[256];
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
        const int   n = ct_utf8_get(text, &code);
        const char *as = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '"' ? "&quot;" :
                         *text == '\'' ? "&#39;" : n == 0 || code == 0xfffe || code == 0xffff ? "?" :
                         (code < 32 && code != '\n') || code == 127 ? " " : NULL;
        if (as != NULL)
            ct_writer_bytes(s->w, as, strlen(as));
        else
            ct_writer_bytes(s->w, text, (size_t)n);
        text += n > 0 ? n : 1;
    }
}

static void begin(ct_svg *s, double width, double height)
{
    put(s, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.2f %.2f\" ", width, height);
}

ct_status ct_svg_open(ct_svg *s, const char *path, double width, double height, ct_error *err)
{
    const ct_status status = ct_writer_open(&s->file, path, CT_REPLACE, err);
    s->w = &s->file;
    if (status == CT_OK) {
        begin(s, width, height);
        put(s, "width=\"%.2f\" height=\"%.2f\" font-family=\"sans-serif\">\n", width, height);
    }
    return status;
}

ct_status ct_svg_close(ct_svg *s)
{
    put(s, "</svg>\n");
    return ct_writer_commit(s->w);
}

void ct_svg_begin(ct_svg *s, ct_writer *w, double width, double height, const char *attributes, const char *title,
                  const char *description)
{
    s->w = w;
    begin(s, width, height);
    ct_writer_bytes(w, attributes, strlen(attributes));
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

void ct_svg_rect(ct_svg *s, double x, double y, double width, double height, const char *fill, const char *title)
{
    put(s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\">", x, y, width, height, fill);
    if (title != NULL) {
        put(s, "<title>");
        ct_svg_escaped(s, title);
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
    ct_svg_escaped(s, text);
    put(s, "</text>\n");
}
