/* page.c -- what every page begins and ends with; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include <string.h>

#define put ct_svg_put

void ct_page_raw(ct_svg *s, const char *text)
{
    ct_writer_bytes(s->w, text, strlen(text));
}

void ct_page_element(ct_svg *s, const char *tag, const char *text)
{
    put(s, "<%s>", tag);
    ct_svg_escaped(s, text);
    put(s, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

void ct_page_cells(ct_svg *s, const char *tag, const char *const *text)
{
    ct_page_raw(s, "<tr>");
    for (; *text != NULL; text++)
        ct_page_element(s, tag, *text);
    ct_page_raw(s, "</tr>\n");
}

static const char STYLE[] =
#include "src/show/page.css.h"
    ;

static const char SCRIPT[] =
#include "src/show/page.js.h"
    ;

ct_status ct_page_open(ct_page *p, const char *path, const char *title, ct_error *err)
{
    ct_svg *s = &p->s;
    const ct_status status = ct_writer_open(&p->w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    *s = (ct_svg){.w = &p->w};
    ct_page_raw(
        s, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'; "
           "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    ct_page_element(s, "title", title);
    ct_page_raw(s, "<style>\n");
    ct_page_raw(s, ct_svg_css);
    ct_page_raw(s, STYLE);
    ct_page_raw(s, "</style>\n</head>\n<body>\n<button id=\"theme\" type=\"button\" data-script "
                   "hidden>Light or "
                   "dark</button>\n");
    ct_page_element(s, "h1", title);
    return CT_OK;
}

ct_status ct_page_close(ct_page *p, ct_status so_far)
{
    ct_page_raw(&p->s, "<script>\n");
    ct_page_raw(&p->s, SCRIPT);
    ct_page_raw(&p->s, "</script>\n</body>\n</html>\n");
    if (so_far == CT_OK)
        return ct_writer_commit(&p->w);
    ct_writer_abandon(&p->w);
    return so_far;
}
