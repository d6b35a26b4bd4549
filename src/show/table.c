/* table.c -- see table.h.
 *
 * All four voices walk the same way: over the columns, groups opened, of each row.
 *
 * Layer: show. */
#include "show/table.h"

#include "show/markup.h"

#include <string.h>

#define MOST_COLUMNS 192
#define CELL_BYTES   512
#define LINE_WIDTH   100

/* A column, and where its struct lies in a row. */
typedef struct column {
    const ct_field *field;
    size_t offset;
} column;

static int open_columns(const ct_fields *fields, size_t offset, bool screen, column *out, int n)
{
    for (int i = 0; i < fields->n && n < MOST_COLUMNS; i++) {
        const ct_field *f = &fields->row[i];
        if (screen && f->detail)
            continue;
        if (f->kind == CT_GROUP)
            n = open_columns(f->members, offset + f->offset, screen, out, n);
        else
            out[n++] = (column){f, offset};
    }
    return n;
}

static const void *row_at(const ct_table *t, int row, const column *c)
{
    return (const char *)t->row + (size_t)row * t->stride + c->offset;
}

static bool is_word(const ct_field *f)
{
    return f->kind == CT_TEXT || f->kind == CT_STRING || f->kind == CT_CHOICE || f->kind == CT_BOOL;
}

/* ---- for people ---- */

static const char *label_of(const column *c)
{
    return c->field->label != NULL ? c->field->label : c->field->key;
}

/* The text of a cell; row -1: the head. */
static void show_cell(const ct_table *t, int row, const column *c, char text[CELL_BYTES])
{
    if (row < 0)
        snprintf(text, CELL_BYTES, "%s", label_of(c));
    else
        ct_field_show(c->field, row_at(t, row, c), text, CELL_BYTES);
}

/* Characters, not bytes: what follows a first byte of UTF-8 takes no room. */
static int width_of(const char *s)
{
    int width = 0;
    for (; *s != '\0'; s++)
        width += ((unsigned char)*s & 0xC0) != 0x80;
    return width;
}

void ct_table_print(const ct_table *t, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    int width[MOST_COLUMNS] = {0};
    char text[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    for (int i = -1; i < t->n; i++)
        for (int k = 0; k < n; k++) {
            show_cell(t, i, &c[k], text);
            width[k] = width_of(text) > width[k] ? width_of(text) : width[k];
        }
    for (int i = -1; i < t->n; i++) {
        fprintf(out, "%*s", indent, "");
        for (int k = 0; k < n; k++) {
            show_cell(t, i, &c[k], text);
            const bool word = is_word(c[k].field), last = k == n - 1;
            const int room = width[k] - width_of(text); /* none after the last words */
            fprintf(out, "%*s%s%*s%s", word ? 0 : room, "", text, word && !last ? room : 0, "",
                    last ? "\n" : "  ");
        }
    }
}

void ct_table_html(const ct_table *t, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    ct_put_raw(w, "<div class=\"scroll\"><table>\n");
    for (int i = -1; i < t->n; i++) {
        const char *tag = i < 0 ? "th" : "td";
        ct_put_raw(w, "<tr>");
        for (int k = 0; k < n; k++) {
            show_cell(t, i, &c[k], text);
            ct_put(w, "<%s%s>", tag, is_word(c[k].field) ? "" : " class=n");
            ct_put_text(w, text);
            ct_put(w, "</%s>", tag);
        }
        ct_put_raw(w, "</tr>\n");
    }
    ct_put_raw(w, "</table></div>\n");
}

/* ---- one struct ---- */

/* The columns that are not left out. */
static int open_members(const ct_fields *columns, const void *row, column *out)
{
    char text[CELL_BYTES];
    int n = 0;
    const int all = open_columns(columns, 0, true, out, 0);
    for (int k = 0; k < all; k++) {
        ct_field_show(out[k].field, (const char *)row + out[k].offset, text, sizeof text);
        if (!out[k].field->optional || (strcmp(text, "-") != 0 && strncmp(text, "-, ", 3) != 0))
            out[n++] = out[k];
    }
    return n;
}

void ct_table_print_members(const ct_fields *columns, const void *row, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_members(columns, row, c);
    int width = 0;
    for (int k = 0; k < n; k++)
        width = width_of(label_of(&c[k])) > width ? width_of(label_of(&c[k])) : width;
    for (int k = 0; k < n; k++) {
        ct_field_show(c[k].field, (const char *)row + c[k].offset, text, sizeof text);
        fprintf(out, "%*s%s%*s  %s\n", indent, "", label_of(&c[k]),
                width - width_of(label_of(&c[k])), "", text);
    }
}

void ct_table_print_lines(const ct_fields *columns, const void *row, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_members(columns, row, c);
    int used = 0; /* of the line */
    for (int k = 0; k < n; k++) {
        ct_field_show(c[k].field, (const char *)row + c[k].offset, text, sizeof text);
        const int width = width_of(label_of(&c[k])) + 1 + width_of(text);
        if (used > 0 && used + 2 + width > LINE_WIDTH) {
            fputc('\n', out);
            used = 0;
        }
        const int before = used > 0 ? 2 : indent;
        fprintf(out, "%*s%s %s", before, "", label_of(&c[k]), text);
        used += before + width;
    }
    fputc('\n', out);
}

void ct_table_html_members(const ct_fields *columns, const void *row, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_members(columns, row, c);
    ct_put_raw(w, "<table>\n");
    for (int k = 0; k < n; k++) {
        ct_field_show(c[k].field, (const char *)row + c[k].offset, text, sizeof text);
        ct_put_raw(w, "<tr><th>");
        ct_put_text(w, label_of(&c[k]));
        ct_put_raw(w, "</th><td>");
        ct_put_text(w, text);
        ct_put_raw(w, "</td></tr>\n");
    }
    ct_put_raw(w, "</table>\n");
}

/* ---- for programs ---- */

void ct_table_json(const ct_table *t, ct_json *j, const char *key)
{
    ct_json_open(j, key, '[');
    for (int i = 0; i < t->n; i++) {
        ct_json_open(j, NULL, '{');
        ct_fields_json(j, t->columns, (const char *)t->row + (size_t)i * t->stride);
        ct_json_close(j);
    }
    ct_json_close(j);
}

/* CSV is RFC 4180. */
static void put_csv_cell(ct_writer *w, const char *text, bool first)
{
    if (!first)
        ct_put_raw(w, ",");
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        ct_put_raw(w, text);
        return;
    }
    ct_put_raw(w, "\"");
    for (; *text != '\0'; text++) {
        ct_writer_bytes(w, text, 1);
        if (*text == '"')
            ct_put_raw(w, "\"");
    }
    ct_put_raw(w, "\"");
}

/* The cells of one value, or their heads: one, or those of a spread. */
static void put_csv_value(ct_writer *w, const ct_field *f, const void *at, const char *key,
                          bool first)
{
    char text[CELL_BYTES];
    if (f->kind != CT_SPREAD) {
        ct_field alone = *f; /* the value at `at`, not one of an array */
        alone.offset = 0;
        alone.count = 0;
        alone.used = 0;
        if (at != NULL)
            ct_field_text(&alone, at, text, sizeof text);
        put_csv_cell(w, at != NULL ? text : key, first);
        return;
    }
    for (int k = 0; k < ct_spread_fields.n; k++) {
        const ct_field *part = &ct_spread_fields.row[k];
        snprintf(text, sizeof text, k == 0 ? "%s" : "%s_%s", key, part->key); /* the median */
        put_csv_value(w, part, at != NULL ? (const char *)at + part->offset : NULL, text,
                      first && k == 0);
    }
}

void ct_table_csv(const ct_table *t, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char key[64];
    const int n = open_columns(t->columns, 0, false, c, 0);
    for (int i = -1; i < t->n; i++) { /* -1: the head */
        for (int k = 0; k < n; k++) {
            const ct_field *f = c[k].field;
            const int values = f->count > 0 ? f->count : 1;
            for (int v = 0; v < values; v++) {
                const char *at = i < 0 ? NULL : row_at(t, i, &c[k]);
                snprintf(key, sizeof key, f->count > 0 ? "%s_%d" : "%s", f->key, v + 1);
                if (at != NULL)
                    at += f->offset + (size_t)v * (f->size / (size_t)values);
                put_csv_value(w, f, at, key, k == 0 && v == 0);
            }
        }
        ct_put_raw(w, "\n");
    }
}
