/* doc.h -- words, tables and pictures, said once: on a terminal, in a page, as JSON. Private.
 *
 * A command says its results through this; whether they are read on a screen, in a browser or by a
 * program is not its concern.
 */
#ifndef SHOW_DOC_H
#define SHOW_DOC_H

#include "show/chart.h"
#include "show/table.h"
#include "show/terminal.h"

typedef struct ct_doc {
    const ct_terminal *screen; /* NULL: none */
    ct_writer *page;           /* NULL: none */
    ct_json *json;             /* NULL: none; an object or array that is open, for numbers */
} ct_doc;

/* ---- words ---- */

typedef enum ct_doc_kind {
    CT_DOC_TITLE,
    CT_DOC_TEXT,  /* a paragraph */
    CT_DOC_ITEM,  /* of a list */
    CT_DOC_CODE,  /* to be typed */
    CT_DOC_ABOUT, /* a paragraph that begins with what it is about: "try first: ..." */
} ct_doc_kind;

void ct_doc_say(const ct_doc *d, ct_doc_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define ct_doc_title(d, ...) ct_doc_say((d), CT_DOC_TITLE, __VA_ARGS__)
#define ct_doc_text(d, ...)  ct_doc_say((d), CT_DOC_TEXT, __VA_ARGS__)
#define ct_doc_item(d, ...)  ct_doc_say((d), CT_DOC_ITEM, __VA_ARGS__)
#define ct_doc_code(d, ...)  ct_doc_say((d), CT_DOC_CODE, __VA_ARGS__)
#define ct_doc_about(d, ...) ct_doc_say((d), CT_DOC_ABOUT, __VA_ARGS__)

/* ---- numbers ---- */

/* `key` as for ct_json_open. People are not shown a table without rows. */
void ct_doc_table(const ct_doc *d, const char *key, const ct_table *t);
void ct_doc_members(const ct_doc *d, const ct_fields *columns, const void *row); /* one struct */

/* ---- pictures ---- */

/* On a screen bars are a line of characters, lines some of their values. `least` as for
 * ct_chart_margin. */
void ct_doc_chart(const ct_doc *d, const char *title, const char *reading, const ct_chart *c,
                  const ct_axes *least);

/* Cosines (n, n). */
void ct_doc_matrix(const ct_doc *d, const char *title, const double *cosine, int n,
                   const char *rows, const char *columns);

/* A table over two keys as a phase diagram. Its first two columns hold the values of the keys, in
 * the order of a grid: the first key goes up, the second to the right. Of its other columns those
 * are drawn whose keys begin with `state` (a choice), `escape_step` and `recall_at_1` (spreads): on
 * a screen one letter for each point; in a page a map of each. */
void ct_doc_phase(const ct_doc *d, const ct_table *t);

/* The maps as a file. Errors  CT_ERR_IO */
ct_status ct_phase_save(const ct_table *t, const char *path, ct_error *err);

/* n pictures of the data, side by side, width x height x 3 bytes each. */
void ct_doc_pictures(const ct_doc *d, const uint8_t *const *picture, int n, int width, int height);

#endif
