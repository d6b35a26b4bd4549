/* page.c -- what every page begins and ends with; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include "show/svg.h"

#include <string.h>

void ct_page_cells(ct_writer *s, const char *tag, const char *const *text)
{
    ct_put_raw(s, "<tr>");
    for (; *text != NULL; text++)
        ct_put_element(s, tag, *text);
    ct_put_raw(s, "</tr>\n");
}

static const char STYLE[] =
#include "src/show/page.css.h"
    ;

static const char SCRIPT[] =
#include "src/show/page.js.h"
    ;

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action "
    "'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

ct_status ct_page_open(ct_page *p, const char *path, const char *title, ct_error *err)
{
    if (ct_writer_open(p, path, CT_REPLACE, err) != CT_OK)
        return err->status;
    ct_put_raw(p, HEAD);
    ct_put_element(p, "title", title);
    ct_put_raw(p, "<style>\n");
    ct_put_raw(p, ct_svg_css);
    ct_put_raw(p, STYLE);
    ct_put_raw(p, "</style>\n</head>\n<body>\n<button id=\"theme\" type=\"button\" data-script "
                  "hidden>Light or dark</button>\n");
    ct_put_element(p, "h1", title);
    return CT_OK;
}

ct_status ct_page_close(ct_page *p, ct_status so_far)
{
    ct_put_raw(p, "<script>\n");
    ct_put_raw(p, SCRIPT);
    ct_put_raw(p, "</script>\n</body>\n</html>\n");
    if (so_far == CT_OK)
        return ct_writer_commit(p);
    ct_writer_abandon(p);
    return so_far;
}
