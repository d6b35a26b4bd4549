/* page_lesson.c -- a lesson on a page; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include "show/spreads.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A row says "label: quantity", or only a label; "... quantity" has the label of the rows above. */
static const char *quantity_of(const char *what)
{
    const char *colon = strstr(what, ": ");
    return strncmp(what, "... ", 4) == 0 ? what + 4 : colon != NULL ? colon + 2 : "measured";
}

static void label_of(const ct_lesson_run *run, int i, char *out, size_t size)
{
    int head = i;
    while (head > 0 && strncmp(run->row[head].what, "...", 3) == 0)
        head--;
    const char *what = run->row[head].what, *colon = strstr(what, ": ");
    snprintf(out, size, "%.*s", (int)(colon != NULL ? (size_t)(colon - what) : strlen(what)), what);
}

/* Rows from i on that are of i's quantity, as a picture where there are two or more; claims are
 * about rows that are in another one already, and a row of no runs has nothing to show. */
static void picture(ct_writer *s, const ct_lesson_run *run, int i, bool *drawn)
{
    const char *quantity = quantity_of(run->row[i].what);
    ct_spread_line line[CT_SPREADS];
    char label[CT_SPREADS][sizeof run->row->what];
    int n = 0;
    for (int k = i; k < run->n_rows && n < CT_SPREADS; k++) {
        const ct_lesson_row *r = &run->row[k];
        const bool claim = r->verdict != CT_SHOWN && isnan(r->expected);
        if (drawn[k] || claim || r->n == 0 || strcmp(quantity_of(r->what), quantity) != 0)
            continue;
        label_of(run, k, label[n], sizeof label[n]);
        line[n] = (ct_spread_line){label[n], r->measured, r->expected};
        drawn[k] = true;
        n++;
    }
    if (n > 1)
        ct_spreads_figure(s, quantity, line, n);
}

static void row(ct_writer *s, const ct_lesson_row *r)
{
    char measured[64], expected[32], seeds[16] = "";
    ct_lesson_row_text(r, measured, expected);
    if (r->n > 1)
        snprintf(seeds, sizeof seeds, "%d", r->n);
    ct_page_row(s, "td", r->what, measured, seeds, expected, ct_verdict_name(r->verdict));
}

void ct_page_lesson(ct_page *p, const ct_lesson *l, const ct_lesson_run *run)
{
    ct_writer *s = p;
    bool drawn[CT_LESSON_ROWS] = {false};
    ct_put_raw(s, "<section>\n");
    ct_put_element(s, "h2", l->title);
    ct_put_element(s, "p", l->text);
    ct_put_raw(s, "<div class=\"kinds\">\n");
    for (int i = 0; i < run->n_rows; i++)
        picture(s, run, i, drawn);
    ct_put_raw(s, "</div><div class=\"scroll\"><table><thead>");
    ct_page_row(s, "th", "", "measured: median [range]", "seeds", "expected", "verdict");
    ct_put_raw(s, "</thead><tbody>\n");
    for (int i = 0; i < run->n_rows; i++)
        row(s, &run->row[i]);
    ct_put_raw(s, "</tbody></table></div>\n<p><strong>");
    ct_put_text(s, l->name);
    ct_put_raw(s, ": ");
    ct_put_raw(s, ct_verdict_name(ct_lesson_verdict(run)));
    ct_put_raw(s, "</strong></p>\n");
    ct_put_element(s, "p class=\"dim\"", l->rule);
    ct_put_element(s, "p class=\"dim\"", l->source);
    if (*l->command != '\0')
        ct_put_element(s, "pre", l->command);
    ct_put_raw(s, "</section>\n");
}
