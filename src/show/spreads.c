/* spreads.c -- medians and ranges over seeds, one line each, on a common axis; see doc.h.
 *
 * A row of the table is a line of the picture. Rows that say "label: quantity" are a picture for
 * each quantity; "... quantity" has the label of the row above.
 *
 * Layer: show. */
#include "show/doc.h"

#include "show/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST        40 /* lines of one picture; a table of more rows has none */
#define LONGEST     48 /* characters of a label: a longer one would run into what is at the right */
#define LABEL_BYTES 256
#define HEIGHT      30.0 /* of a line: its label, and below it the range */

typedef struct line {
    char label[LABEL_BYTES], quantity[LABEL_BYTES]; /* "": that of the column */
    ct_spread measured; /* an infinite median: half of the runs or more never got there; NaN: they
                           diverged */
    double expected;    /* NaN: nothing is expected */
} line;

/* ---- lines ---- */

/* The words that a row begins with. */
static void label_of(const ct_table *t, int i, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < t->columns->n && used < size; k++) {
        const ct_field *f = &t->columns->row[k];
        char text[128];
        if (f->kind != CT_STRING && f->kind != CT_TEXT)
            return;
        ct_field_show(f, ct_table_row(t, i), text, sizeof text);
        if (!f->detail)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", text);
    }
}

/* The row as a line; false if it has nothing to draw. `label` is that of the rows so far. */
static bool read_line(const ct_table *t, const ct_field *spread, int i, char label[LABEL_BYTES],
                      line *out)
{
    char text[LABEL_BYTES];
    const void *object = ct_table_row(t, i), *holder = object;
    const ct_field *expected = ct_fields_find(t->columns, "expected", &holder);
    label_of(t, i, text, sizeof text);
    char *colon = strstr(text, ": ");
    const bool same = strncmp(text, "... ", 4) == 0;
    *out = (line){.expected = (double)NAN};
    memcpy(&out->measured, (const char *)object + spread->offset, sizeof out->measured);
    if (expected != NULL)
        memcpy(&out->expected, (const char *)holder + expected->offset, sizeof out->expected);
    if (same) {
        strcpy(out->quantity, text + 4);
    } else {
        strcpy(out->quantity, colon != NULL ? colon + 2 : "");
        if (colon != NULL)
            *colon = '\0';
        strcpy(label, text);
    }
    strcpy(out->label, label);
    if (strlen(label) > LONGEST)
        snprintf(out->label, sizeof out->label, "row %d of the table", i + 1);
    return out->measured.n > 0;
}

/* ---- a picture ---- */

/* Around all that is finite, with a margin; 0 belongs to it if it is near. */
static ct_axes axes_of(const line *l, int n)
{
    ct_axes a = ct_chart_axes((double)INFINITY, -(double)INFINITY, 0, 1);
    for (int i = 0; i < n; i++) {
        const double x[4] = {l[i].measured.least, l[i].measured.median, l[i].measured.most,
                             l[i].expected};
        for (int k = 0; k < 4; k++)
            ct_hold(&a.x0, &a.x1, x[k]);
    }
    if (!(a.x0 <= a.x1))
        a.x0 = a.x1 = 0;
    if (a.x0 > 0 && a.x0 < 0.5 * a.x1)
        a.x0 = 0;
    const bool all_same = a.x1 - a.x0 <= 1e-6 * fabs(a.x1);
    const double margin = all_same ? 0.1 * fabs(a.x1) + (a.x1 == 0) : 0.04 * (a.x1 - a.x0);
    a.x0 -= margin;
    a.x1 += margin;
    a.left = 14;
    a.bottom = 34 + HEIGHT * n;
    return a;
}

static void draw(ct_writer *w, const ct_axes *a, double top, const line *l)
{
    char title[96];
    const ct_spread m = l->measured;
    const double y = top + 20, most = isfinite(m.most) ? m.most : a->x1;
    const ct_field field = {.kind = CT_SPREAD, .size = sizeof m};
    ct_field_show(&field, &m, title, sizeof title);
    ct_svg_text(w, a->left + 4, top + 11, 11, CT_SVG_START, 0, l->label);
    if (!isfinite(m.median))
        ct_svg_text(w, a->right, top + 11, 11, CT_SVG_END, 0, title);
    if (isfinite(l->expected))
        ct_svg_rect(w, "db", ct_axes_x(a, l->expected) - 4.5, y - 4.5, 9, 9, "expected");
    if (isfinite(m.least))
        ct_svg_segment(w, "a", ct_axes_x(a, m.least), y, ct_axes_x(a, most), y);
    if (isfinite(m.median))
        ct_svg_disc(w, "da", ct_axes_x(a, m.median), y, 3.5, title);
}

static void figure(ct_writer *w, const char *name, const line *l, int n)
{
    const ct_axes a = axes_of(l, n);
    bool expected = false;
    for (int i = 0; i < n; i++)
        expected = expected || isfinite(l[i].expected);
    ct_figure_begin(w, "spreads", a.bottom + 40, name, "");
    ct_axes_draw(w, &a, name, NULL);
    for (int i = 0; i < n; i++)
        draw(w, &a, 32 + HEIGHT * i, &l[i]);
    const double next = ct_key_draw(w, a.left, 18, CT_DISCS, "da", "median and range");
    if (expected)
        ct_key_draw(w, next, 18, CT_SQUARES, "db", "expected");
    ct_figure_end(w);
}

/* One picture for each quantity that two lines or more have. */
static void figures(ct_writer *w, const char *column, const line *l, int n)
{
    for (int i = 0; i < n; i++) {
        line same[MOST];
        int n_same = 0, first = 0;
        while (strcmp(l[first].quantity, l[i].quantity) != 0)
            first++;
        for (int k = i; k < n && first == i; k++)
            if (strcmp(l[k].quantity, l[i].quantity) == 0)
                same[n_same++] = l[k];
        if (n_same > 1)
            figure(w, *l[i].quantity != '\0' ? l[i].quantity : column, same, n_same);
    }
}

void ct_doc_spreads(const ct_doc *d, const ct_table *t)
{
    for (int c = 0; c < t->columns->n && d->page != NULL && t->n <= MOST; c++) {
        const ct_field *f = &t->columns->row[c];
        char label[LABEL_BYTES] = "";
        line l[MOST];
        int n = 0;
        for (int i = 0; i < t->n && f->kind == CT_SPREAD && !f->detail; i++)
            n += read_line(t, f, i, label, &l[n]);
        figures(d->page, ct_table_label(f), l, n);
    }
}
