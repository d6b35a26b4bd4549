/* table.h -- results as columns and rows, in four voices. Private.
 *
 * A column is a field (formats/field.h), a row is a struct; whoever has results describes them
 * once, and they are printed, written as JSON and CSV and set in a page by the same rows.
 *
 *     ct_table_print(&CT_TABLE(&ct_evaluation_fields, e, 2), stdout, 2);
 */
#ifndef SHOW_TABLE_H
#define SHOW_TABLE_H

#include "formats/field.h"
#include "platform/file.h"

#include <stdio.h>

typedef struct ct_table {
    const ct_fields *columns; /* groups stand for their members */
    const void *row;          /* n structs, each `stride` bytes after the last */
    int n;
    size_t stride;
} ct_table;

/* Of n items that lie one after the other. */
#define CT_TABLE(fields, items, n) ((ct_table){(fields), (items), (n), sizeof *(items)})

const void *ct_table_row(const ct_table *t, int i);
const char *ct_table_label(const ct_field *f); /* its label, or its key */

/* Columns as wide as their cells, numbers to the right, words to the left; what is detail is left
 * out. Each line is indented by `indent`. */
void ct_table_print(const ct_table *t, FILE *out, int indent);

/* <table>; cells of numbers have the class n. Where a row expects something (columns
 * expected and allowed_error), its spread is drawn too, over the band that is allowed. */
void ct_table_html(const ct_table *t, ct_writer *w);

/* One struct: a line for each member, its label and its value; or few lines, "label value  label
 * value", at most 100 columns wide. What is optional and not there is left out. */
void ct_table_print_members(const ct_fields *columns, const void *row, FILE *out, int indent);
void ct_table_print_lines(const ct_fields *columns, const void *row, FILE *out, int indent);
void ct_table_line(const ct_fields *columns, const void *row, char *out, size_t size); /* in one */
void ct_table_html_members(const ct_fields *columns, const void *row, ct_writer *w);

/* An array of objects. `key` as for ct_json_open. */
void ct_table_json(const ct_table *t, ct_json *j, const char *key);

/* A line of keys, then a line for each row; a spread is six columns, of which the median has its
 * key, an array one for each value (key_1, key_2). */
void ct_table_csv(const ct_table *t, ct_writer *w);

#endif
