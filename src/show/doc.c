/* doc.c -- see doc.h. */
#include "show/doc.h"

#include "show/page.h"
#include "show/pictures.h"

#include <stdarg.h>
#include <string.h>

#define WORDS_BYTES 4096 /* of one call */

/* ---- words ---- */

/* On a screen: what stands before the first line and before the others; in a page: its element. */
static const struct {
    const char *first, *rest, *element;
} LOOK[] = {
    [CT_DOC_TITLE] = {"\n", "", "<h2>%s</h2>\n"},
    [CT_DOC_TEXT] = {"\n", "", "<p>%s</p>\n"},
    [CT_DOC_ITEM] = {"  - ", "    ", "<p class=\"item\">%s</p>\n"},
    [CT_DOC_CODE] = {"  ", "  ", "<pre>%s</pre>\n"},
    [CT_DOC_ABOUT] = {"", "", "<p><strong>%s</strong>:%s</p>\n"},
};

/* Words filled into lines, of which the first has `used` characters already. */
static void print_wrapped(const ct_terminal *t, const char *rest, int used, const char *text)
{
    const int width = t->redraw && t->width < 100 ? t->width : 100;
    while (*(text += strspn(text, " \n")) != '\0') {
        const int n = (int)strcspn(text, " \n");
        const bool fits = used + n < width, begins = used == (int)strlen(rest);
        if (!fits && !begins) {
            fprintf(t->out, "\n%s", rest);
            used = (int)strlen(rest);
        }
        used += fprintf(t->out, "%s%.*s", used == (int)strlen(rest) ? "" : " ", n, text);
        text += n;
    }
}

/* `bold`: so much of the text is a word of its own. */
static void print(const ct_terminal *t, ct_doc_kind k, const char *text, int bold)
{
    fputs(LOOK[k].first, t->out);
    fprintf(t->out, "%s%.*s%s", t->colour ? "\033[1m" : "", bold, text, t->colour ? "\033[0m" : "");
    if (k == CT_DOC_CODE)
        fputs(text, t->out);
    else
        print_wrapped(t, LOOK[k].rest, bold > 0 ? bold : (int)strlen(LOOK[k].rest), text + bold);
    fputc('\n', t->out);
    fflush(t->out);
}

void ct_doc_say(const ct_doc *d, ct_doc_kind k, const char *fmt, ...)
{
    char text[WORDS_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CT_ASSERT(k != CT_DOC_ABOUT || strchr(text, ':') != NULL);
    const size_t colon = k == CT_DOC_ABOUT ? strcspn(text, ":") + 1 : 0;
    const size_t bold = k == CT_DOC_TITLE ? strlen(text) : colon;
    if (d->screen != NULL)
        print(d->screen, k, text, (int)bold);
    if (colon > 0)
        text[colon - 1] = '\0';
    if (d->page != NULL)
        ct_put(d->page, LOOK[k].element, text, text + colon); /* one %s, or two */
}

/* ---- numbers ---- */

void ct_doc_table(const ct_doc *d, const char *key, const ct_table *t)
{
    if (d->json != NULL)
        ct_table_json(t, d->json, key);
    if (d->screen != NULL && t->n > 0) {
        fputc('\n', d->screen->out);
        ct_table_print(t, d->screen->out, 2);
    }
    if (d->page != NULL && t->n > 0)
        ct_table_html(t, d->page);
}

void ct_doc_members(const ct_doc *d, const ct_fields *columns, const void *row)
{
    if (d->screen != NULL)
        ct_table_print_lines(columns, row, d->screen->out, 2);
    if (d->page != NULL)
        ct_table_html_members(columns, row, d->page);
    if (d->json != NULL)
        ct_fields_json(d->json, columns, row);
}

/* ---- pictures ---- */

/* Bars as characters of eight heights; of a line the values 1, 2, 4, 8, ... */
static void print_series(const ct_terminal *t, const char *title, const ct_series *s,
                         const ct_axes *least)
{
    char bars[256];
    fprintf(t->out, "  %s, %s:", title, s->name);
    if (s->as == CT_BARS && s->n < (int)sizeof bars) {
        ct_bars_text(s->y, s->n, 0, bars);
        fprintf(t->out, " %g|%s|%g", least->x0, bars, least->x1);
    }
    for (int k = 1; s->as == CT_LINE && k <= s->n; k *= 2)
        fprintf(t->out, " %d: %.3g", k, s->y[k - 1]);
    fputc('\n', t->out);
}

void ct_doc_chart(const ct_doc *d, const char *title, const char *reading, const ct_chart *c,
                  const ct_axes *least)
{
    ct_axes a = *least;
    for (int k = 0; k < c->n && d->screen != NULL; k++)
        print_series(d->screen, title, &c->series[k], least);
    if (d->page == NULL)
        return;
    ct_chart_widen(c, &a);
    ct_chart_margin(&a, least);
    ct_figure_begin(d->page, "chart", CT_CHART_HEIGHT, title, reading);
    ct_chart_draw(d->page, c, &a);
    ct_figure_end(d->page);
}

void ct_doc_matrix(const ct_doc *d, const char *title, const double *cosine, int n,
                   const char *rows, const char *columns)
{
    if (d->screen != NULL) {
        fputc('\n', d->screen->out);
        ct_draw_matrix(d->screen, 2, cosine, n, n);
    }
    if (d->page != NULL) {
        ct_figure_begin(d->page, "matrix", CT_CHART_HEIGHT, title, "");
        ct_matrix_draw(d->page, cosine, n, rows, columns);
        ct_figure_end(d->page);
    }
}

void ct_doc_pictures(const ct_doc *d, const uint8_t *const *picture, int n, int width, int height)
{
    if (d->screen != NULL)
        ct_draw_pictures(d->screen, 2, picture, n, width, height);
    for (int i = 0; i < n && d->page != NULL; i++) {
        ct_put_raw(d->page, "<img class=\"pic\" alt=\"\" src=\"");
        ct_put_picture(d->page, picture[i], width, height, 3);
        ct_put_raw(d->page, "\">\n");
    }
}
