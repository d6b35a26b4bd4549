/* table.c -- see table.h.
 *
 * All four voices walk the same way: over the columns, groups opened, of each row.
 *
 * Layer: show. */
#include "show/table.h"

#include "formats/text.h"

#include <math.h>
#include <string.h>

#define MOST_COLUMNS 64
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

static const char *head_of(const ct_field *f)
{
    return f->label != NULL ? f->label : f->key;
}

static bool is_word(const ct_field *f)
{
    return f->kind == CT_TEXT || f->kind == CT_STRING || f->kind == CT_CHOICE || f->kind == CT_BOOL;
}

/* Characters, not bytes: what follows a first byte of UTF-8 takes no room. */
static int width_of(const char *s)
{
    int width = 0;
    for (; *s != '\0'; s++)
        width += ((unsigned char)*s & 0xC0) != 0x80;
    return width;
}

static void pad(FILE *out, int n)
{
    fprintf(out, "%*s", n > 0 ? n : 0, "");
}

/* A cell in its column: words to the left, numbers to the right; nothing after the last words. */
static void put_cell(FILE *out, const char *text, int width, bool words, bool last)
{
    if (!words)
        pad(out, width - width_of(text));
    fputs(text, out);
    if (words && !last)
        pad(out, width - width_of(text));
}

void ct_table_print(const ct_table *t, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    int width[MOST_COLUMNS];
    char cell[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    for (int k = 0; k < n; k++) {
        width[k] = width_of(head_of(c[k].field));
        for (int i = 0; i < t->n; i++) {
            ct_field_show(c[k].field, row_at(t, i, &c[k]), cell, sizeof cell);
            width[k] = width_of(cell) > width[k] ? width_of(cell) : width[k];
        }
    }
    for (int i = -1; i < t->n; i++) { /* -1: the head */
        pad(out, indent);
        for (int k = 0; k < n; k++) {
            if (i < 0)
                snprintf(cell, sizeof cell, "%s", head_of(c[k].field));
            else
                ct_field_show(c[k].field, row_at(t, i, &c[k]), cell, sizeof cell);
            put_cell(out, cell, width[k], is_word(c[k].field), k == n - 1);
            fputs(k == n - 1 ? "\n" : "  ", out);
        }
    }
}

void ct_table_print_members(const ct_table *t, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    char cell[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    int head = 0, width = 0;
    for (int k = 0; k < n; k++) {
        head = width_of(head_of(c[k].field)) > head ? width_of(head_of(c[k].field)) : head;
        for (int i = 0; i < t->n; i++) {
            ct_field_show(c[k].field, row_at(t, i, &c[k]), cell, sizeof cell);
            width = width_of(cell) > width ? width_of(cell) : width;
        }
    }
    for (int k = 0; k < n; k++) {
        pad(out, indent);
        put_cell(out, head_of(c[k].field), head, true, false);
        for (int i = 0; i < t->n; i++) {
            fputs("  ", out);
            ct_field_show(c[k].field, row_at(t, i, &c[k]), cell, sizeof cell);
            put_cell(out, cell, width, true, i == t->n - 1);
        }
        fputc('\n', out);
    }
}

void ct_table_print_lines(const ct_fields *columns, const void *row, FILE *out, int indent)
{
    column c[MOST_COLUMNS];
    char cell[CELL_BYTES];
    const int n = open_columns(columns, 0, true, c, 0);
    int used = 0; /* of the line */
    for (int k = 0; k < n; k++) {
        const ct_field *f = c[k].field;
        ct_field_show(f, (const char *)row + c[k].offset, cell, sizeof cell);
        if (f->optional && (strcmp(cell, "-") == 0 || strncmp(cell, "-, ", 3) == 0))
            continue;
        const int width = width_of(head_of(f)) + 1 + width_of(cell);
        if (used > 0 && used + 2 + width > LINE_WIDTH) {
            fputc('\n', out);
            used = 0;
        }
        pad(out, used > 0 ? 2 : indent);
        fprintf(out, "%s %s", head_of(f), cell);
        used += (used > 0 ? 2 : indent) + width;
    }
    fputc('\n', out);
}

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

static void put(ct_writer *w, const char *text)
{
    ct_writer_bytes(w, text, strlen(text));
}

/* ---- CSV (RFC 4180) ---- */

static void put_csv_cell(ct_writer *w, const char *text, bool first)
{
    if (!first)
        put(w, ",");
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        put(w, text);
        return;
    }
    put(w, "\"");
    for (; *text != '\0'; text++) {
        ct_writer_bytes(w, text, 1);
        if (*text == '"')
            put(w, "\"");
    }
    put(w, "\"");
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
        put(w, "\n");
    }
}

/* ---- HTML ---- */

void ct_put_escaped(ct_writer *w, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&': put(w, "&amp;"); break;
        case '<': put(w, "&lt;"); break;
        case '>': put(w, "&gt;"); break;
        case '"': put(w, "&quot;"); break;
        default: ct_writer_bytes(w, text, 1);
        }
}

void ct_table_html(const ct_table *t, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char cell[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    put(w, "<table>\n");
    for (int i = -1; i < t->n; i++) { /* -1: the head */
        put(w, "<tr>");
        for (int k = 0; k < n; k++) {
            const char *tag = i < 0 ? "th" : "td";
            snprintf(cell, sizeof cell, "<%s%s>", tag, is_word(c[k].field) ? "" : " class=n");
            put(w, cell);
            if (i < 0)
                snprintf(cell, sizeof cell, "%s", head_of(c[k].field));
            else
                ct_field_show(c[k].field, row_at(t, i, &c[k]), cell, sizeof cell);
            ct_put_escaped(w, cell);
            snprintf(cell, sizeof cell, "</%s>", tag);
            put(w, cell);
        }
        put(w, "</tr>\n");
    }
    put(w, "</table>\n");
}
