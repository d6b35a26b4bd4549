/* page.h -- what was measured, as one HTML file. Private.
 *
 * No network, no other file; readable with scripts off. A page is opened, gets its
 * parts, and is closed with its one script; failures to write wait for the close. All text is
 * escaped.
 */
#ifndef SHOW_PAGE_H
#define SHOW_PAGE_H

#include "contrast/diagnose.h"
#include "lab/demo.h"
#include "show/markup.h"
#include "show/record.h"
#include "show/spreads.h"
#include "show/table.h"

typedef ct_writer ct_page;

/* Errors  CT_ERR_IO */
ct_status ct_page_open(ct_page *p, const char *path, const char *title, ct_error *err);
/* Keep it if `so_far` is CT_OK, else leave no trace. Errors  CT_ERR_IO; so_far */
ct_status ct_page_close(ct_page *p, ct_status so_far);

/* Runs on the same axes, with the numbers by which the page's script moves the pictures through
 * their snapshots. Errors  CT_ERR_NOMEM */
ct_status ct_page_runs(ct_page *p, const ct_record *r, int n, ct_error *err);

/* The state, its evidence, the figures behind it; `side` names the two sides. */
void ct_page_diagnosis(ct_page *p, const ct_diagnosis *d, const char *const side[2]);

/* A table, and before it a picture of each of its spreads, if it has at most CT_SPREADS rows. */
void ct_page_table(ct_page *p, const ct_table *t);

/* Lines that say "label: quantity", or "... quantity" for the label of the one above: a picture for
 * each quantity that has two or more. */
void ct_page_spreads(ct_page *p, const ct_spread_line *line, int n);

/* The demo as the terminal tells it, and its tables as pictures. Errors  CT_ERR_NOMEM */
ct_status ct_page_demo(ct_page *p, const ct_demo *f, const ct_pairs *pairs, ct_error *err);

/* ---- for the parts ---- */

/* <tr>, a cell of `tag` for each text. */
#define ct_page_row(s, tag, ...) ct_page_cells(s, tag, (const char *const[]){__VA_ARGS__, NULL})
void ct_page_cells(ct_writer *s, const char *tag, const char *const *text);

#endif
