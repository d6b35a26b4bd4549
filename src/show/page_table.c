/* page_table.c -- tables of runs on a page, with pictures of their spreads; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 48 /* characters of a label beside "half or more never" */

/* A line says "label: quantity", or only a label; "... quantity" has the label of the one above. */
static const char *quantity_of(const char *what)
{
    const char *colon = strstr(what, ": ");
    return strncmp(what, "... ", 4) == 0 ? what + 4 : colon != NULL ? colon + 2 : "measured";
}

static void label_of(const ct_spread_line *line, int i, char *out, size_t size)
{
    while (i > 0 && strncmp(line[i].label, "...", 3) == 0)
        i--;
    const char *what = line[i].label, *colon = strstr(what, ": ");
    snprintf(out, size, "%.*s", (int)(colon != NULL ? (size_t)(colon - what) : strlen(what)), what);
}

void ct_page_spreads(ct_page *p, const ct_spread_line *line, int n)
{
    bool drawn[CT_SPREADS * 3] = {false};
    CT_ASSERT(n <= CT_SPREADS * 3);
    ct_put_raw(p, "<div class=\"kinds\">\n");
    for (int i = 0; i < n; i++) {
        const char *quantity = quantity_of(line[i].label);
        ct_spread_line same[CT_SPREADS];
        char label[CT_SPREADS][96];
        int m = 0;
        for (int k = i; k < n && m < CT_SPREADS; k++) {
            if (drawn[k] || strcmp(quantity_of(line[k].label), quantity) != 0)
                continue;
            label_of(line, k, label[m], sizeof label[m]);
            same[m] = line[k];
            same[m].label = label[m];
            drawn[k] = true;
            m++;
        }
        if (m > 1)
            ct_spreads_figure(p, quantity, same, m);
    }
    ct_put_raw(p, "</div>\n");
}

/* What heads a row: its first columns that are words, with their keys if these have no label. */
static void head_of(const ct_table *t, const char *row, char *out, size_t size)
{
    const ct_field *f = t->columns->row;
    out[0] = '\0';
    for (int k = 0; k < t->columns->n && f[k].kind == CT_STRING && !f[k].detail; k++) {
        char value[64];
        const size_t used = strlen(out);
        ct_field_show(&f[k], row, value, sizeof value);
        snprintf(out + used, size - used, "%s%s%s%s", k > 0 ? " " : "",
                 f[k].label == NULL ? f[k].key : "", f[k].label == NULL ? "=" : "", value);
    }
}

/* A picture of a column. */
static void draw_column(ct_page *p, const ct_table *t, const ct_field *f)
{
    ct_spread_line line[CT_SPREADS];
    char label[CT_SPREADS][256];
    int n = 0;
    for (int i = 0; i < t->n && n < CT_SPREADS; i++) {
        const char *row = (const char *)t->row + (size_t)i * t->stride;
        const ct_spread *s = (const ct_spread *)(const void *)(row + f->offset);
        if (isnan(s->median))
            continue;
        char head[256];
        head_of(t, row, head, sizeof head);
        if (strlen(head) <= LONGEST)
            snprintf(label[n], sizeof label[n], "%s", head);
        else /* it would run into what stands at the right */
            snprintf(label[n], sizeof label[n], "row %d of the table", i + 1);
        line[n] = (ct_spread_line){label[n], *s, (double)NAN};
        n++;
    }
    if (n > 1)
        ct_spreads_figure(p, f->label != NULL ? f->label : f->key, line, n);
}

void ct_page_table(ct_page *p, const ct_table *t)
{
    if (t->n <= CT_SPREADS) {
        ct_put_raw(p, "<div class=\"kinds\">\n");
        for (int k = 0; k < t->columns->n; k++)
            if (t->columns->row[k].kind == CT_SPREAD && !t->columns->row[k].detail)
                draw_column(p, t, &t->columns->row[k]);
        ct_put_raw(p, "</div>\n");
    }
    ct_put_raw(p, "<div class=\"scroll\">");
    ct_table_html(t, p);
    ct_put_raw(p, "</div>\n");
}
