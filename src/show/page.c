/* page.c -- what every page begins and ends with; see page.h. */
#include "show/page.h"

#include "formats/picture.h"
#include "formats/text.h"
#include "show/chart.h"

#include <stdio.h>
#include <string.h>

static const char STYLE[] =
#include "src/show/page.css.h"
    ;

static const char SCRIPT[] =
#include "src/show/page.js.h"
    ;

static const char HEAD[] =
#include "src/show/page.html.h"
    ;

ct_status ct_page_open(ct_writer *p, const char *path, const char *title, ct_error *err)
{
    if (ct_writer_open(p, path, err) != CT_OK)
        return err->status;
    ct_put_raw(p, HEAD);
    ct_put(p, "<title>%s</title>\n<style>\n", title);
    ct_put_raw(p, ct_svg_css);
    ct_put_raw(p, STYLE);
    ct_put(
        p,
        "</style>\n</head>\n<body>\n<button id=\"theme\" type=\"button\" data-script hidden>Light "
        "or dark</button>\n<h1>%s</h1>\n",
        title);
    return CT_OK;
}

ct_status ct_page_close(ct_writer *p, ct_status so_far)
{
    ct_put_raw(p, "<script>\n");
    ct_put_raw(p, SCRIPT);
    ct_put_raw(p, "</script>\n</body>\n</html>\n");
    if (so_far == CT_OK)
        return ct_writer_commit(p);
    ct_writer_abandon(p);
    return so_far;
}

/* ---- parts ---- */

void ct_figure_begin(ct_writer *w, const char *kind, double height, const char *title,
                     const char *reading)
{
    char attributes[64];
    snprintf(attributes, sizeof attributes, "data-kind=\"%s\"", kind);
    ct_put(w, "<figure class=\"beside\"><h3>%s</h3>\n<p class=\"dim\">%s</p>\n", title, reading);
    ct_svg_begin(w, CT_CHART_WIDTH, height, attributes, title, *reading != '\0' ? reading : title);
}

void ct_figure_end(ct_writer *w)
{
    ct_svg_end(w);
    ct_put_raw(w, "</figure>\n");
}

void ct_put_picture(ct_writer *w, const uint8_t *pixels, int width, int height, int channels)
{
    size_t size = 0;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const uint8_t *bmp = ct_bmp_encode(pixels, width, height, channels, &arena, &size);
    char *text = bmp != NULL ? ct_arena_alloc(&arena, CT_BASE64_BYTES(size)) : NULL;
    if (text == NULL) {
        w->status = CT_FAIL(w->err, CT_ERR_NOMEM, "%s: no memory for pictures", w->path);
    } else {
        ct_base64_put(text, bmp, size);
        ct_put_raw(w, "data:image/bmp;base64,");
        ct_put_raw(w, text);
    }
    ct_arena_free(&arena);
}
