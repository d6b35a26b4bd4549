/* doc.h -- words, tables and pictures, said once: on a terminal, in a page, or in both. Private.
 *
 * A command says its results through this; whether they are read on a screen or in a browser is
 * not its concern.
 */
#ifndef SHOW_DOC_H
#define SHOW_DOC_H

#include "show/chart.h"
#include "show/table.h"
#include "show/terminal.h"

typedef struct ct_doc {
    const ct_terminal *screen; /* NULL: none */
    ct_writer *page;           /* NULL: none */
} ct_doc;

/* ---- words; all are printf's ---- */

#define CT_SAYS __attribute__((format(printf, 2, 3)))
void ct_doc_title(const ct_doc *d, const char *fmt, ...) CT_SAYS;
void ct_doc_text(const ct_doc *d, const char *fmt, ...) CT_SAYS; /* a paragraph */
void ct_doc_item(const ct_doc *d, const char *fmt, ...) CT_SAYS; /* of a list */
void ct_doc_code(const ct_doc *d, const char *fmt, ...) CT_SAYS; /* to be typed */
/* A paragraph that begins with `word`: "try first: ..." */
void ct_doc_about(const ct_doc *d, const char *word, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- numbers ---- */

void ct_doc_table(const ct_doc *d, const ct_table *t);
void ct_doc_members(const ct_doc *d, const ct_fields *columns, const void *row); /* one struct */

/* ---- pictures ---- */

/* On a screen bars are a line of characters, lines some of their values. `least` as for
 * ct_chart_margin. */
void ct_doc_chart(const ct_doc *d, const char *title, const char *reading, const ct_chart *c,
                  const ct_axes *least);

/* Cosines (n, n). */
void ct_doc_matrix(const ct_doc *d, const char *title, const double *cosine, int n,
                   const char *rows, const char *columns);

/* Medians and ranges of the table's spreads, a picture for each column; only in a page. */
void ct_doc_spreads(const ct_doc *d, const ct_table *t);

/* n pictures of the data, side by side, width x height x 3 bytes each. */
void ct_doc_pictures(const ct_doc *d, const uint8_t *const *picture, int n, int width, int height);

#endif
