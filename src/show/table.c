/* table.c -- see table.h.
 *
 * All four voices walk the same way: over the columns, groups opened, of each row. */
#include "show/table.h"

#include "show/chart.h"

#include <math.h>
#include <string.h>

#define MOST_COLUMNS 192
#define CELL_BYTES   512
#define CELL_WIDTH   32 /* three to a line */
#define LINE_WIDTH   100
#define DRAWN_WIDTH  96 /* pixels, of a spread */

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

const void *ct_table_row(const ct_table *t, int i)
{
    return (const char *)t->row + (size_t)i * t->stride;
}

const char *ct_table_label(const ct_field *f)
{
    return f->label != NULL ? f->label : f->key;
}

/* The struct that holds a column's value. */
static const void *row_at(const ct_table *t, int row, const column *c)
{
    return (const char *)ct_table_row(t, row) + c->offset;
}

static bool is_word(const ct_field *f)
{
    return f->kind == CT_TEXT || f->kind == CT_STRING || f->kind == CT_CHOICE || f->kind == CT_BOOL;
}

/* ---- for people ---- */

/* The text of a cell; row -1: the head. */
static void show_cell(const ct_table *t, int row, const column *c, char text[CELL_BYTES])
{
    if (row < 0)
        snprintf(text, CELL_BYTES, "%s", ct_table_label(c->field));
    else
        ct_field_show(c->field, row_at(t, row, c), text, CELL_BYTES);
}

/* Columns without labels have no head. */
static int first_line(const column *c, int n)
{
    for (int k = 0; k < n; k++)
        if (*ct_table_label(c[k].field) != '\0')
            return -1;
    return 0;
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
    const int n = open_columns(t->columns, 0, true, c, 0), first = first_line(c, n);
    for (int i = first; i < t->n; i++)
        for (int k = 0; k < n; k++) {
            show_cell(t, i, &c[k], text);
            width[k] = width_of(text) > width[k] ? width_of(text) : width[k];
        }
    for (int i = first; i < t->n; i++) {
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

/* ---- how far a cell is from what was expected ---- */

/* A number of the row by the key of its column; NaN if there is none. */
static double number_of(const ct_table *t, int row, const char *key)
{
    double x = (double)NAN;
    const void *object = ct_table_row(t, row);
    const ct_field *f = ct_fields_find(t->columns, key, &object);
    if (f != NULL)
        memcpy(&x, (const char *)object + f->offset, sizeof x);
    return x;
}

/* Range and median on a line around what was expected, with the error that is allowed as a band:
 * twice as wide as that at least, or what passes by a hair's breadth would look like a failure. */
static void draw_error(ct_writer *w, const ct_table *t, int row, const column *c)
{
    ct_spread s;
    memcpy(&s, (const char *)row_at(t, row, c) + c->field->offset, sizeof s);
    const double expected = number_of(t, row, "expected");
    const double allowed = number_of(t, row, "allowed_error");
    const double off = fmax(fabs(s.least - expected), fabs(s.most - expected));
    const double reach = fmax(2 * allowed, off);
    const ct_axes a = {.right = DRAWN_WIDTH, .x0 = expected - reach, .x1 = expected + reach};
    if (!(reach > 0) || !isfinite(off) || !isfinite(allowed))
        return;
    const double left = ct_axes_x(&a, expected - allowed);
    ct_put(w,
           "\n<svg class=\"spread\" role=\"img\" viewBox=\"-6 0 %d 12\"><title>%.4g to %.4g; the "
           "band: %.4g +- %.2g</title>",
           DRAWN_WIDTH + 12, a.x0, a.x1, expected, allowed);
    ct_svg_rect(w, "allowed", left, 0, ct_axes_x(&a, expected + allowed) - left, 12, NULL);
    ct_svg_segment(w, "frame", a.left, 6, a.right, 6);
    ct_svg_segment(w, "a", ct_axes_x(&a, s.least), 6, ct_axes_x(&a, s.most), 6);
    ct_svg_disc(w, "da", ct_axes_x(&a, s.median), 6, 3.5, NULL);
    ct_svg_end(w);
}

void ct_table_html(const ct_table *t, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_columns(t->columns, 0, true, c, 0);
    ct_put_raw(w, "<div class=\"scroll\"><table>\n");
    for (int i = first_line(c, n); i < t->n; i++) {
        const char *tag = i < 0 ? "th" : "td";
        ct_put_raw(w, "<tr>");
        for (int k = 0; k < n; k++) {
            show_cell(t, i, &c[k], text);
            ct_put(w, "<%s%s>%s", tag, is_word(c[k].field) ? "" : " class=n", text);
            if (i >= 0 && c[k].field->kind == CT_SPREAD)
                draw_error(w, t, i, &c[k]);
            ct_put(w, "</%s>", tag);
        }
        ct_put_raw(w, "</tr>\n");
    }
    ct_put_raw(w, "</table></div>\n");
}

/* ---- one struct: its members are rows ---- */

typedef struct member {
    const char *label;
    char text[CELL_BYTES];
} member;

static const ct_field MEMBER[] = {
    {CT_ROW("label", CT_STRING, member, label), .label = ""},
    {CT_ROW("value", CT_TEXT, member, text), .label = ""},
};
static const ct_fields MEMBERS = CT_FIELDS(MEMBER);

static ct_table members_of(const ct_fields *columns, const void *row, member out[MOST_COLUMNS])
{
    column c[MOST_COLUMNS];
    const int all = open_columns(columns, 0, true, c, 0);
    int n = 0;
    for (int k = 0; k < all; k++) {
        char *text = out[n].text;
        out[n].label = ct_table_label(c[k].field);
        ct_field_show(c[k].field, (const char *)row + c[k].offset, text, CELL_BYTES);
        n += !c[k].field->optional || (strcmp(text, "-") != 0 && strncmp(text, "-, ", 3) != 0);
    }
    return (ct_table){&MEMBERS, out, n, sizeof *out};
}

void ct_table_print_members(const ct_fields *columns, const void *row, FILE *out, int indent)
{
    member m[MOST_COLUMNS];
    const ct_table t = members_of(columns, row, m);
    ct_table_print(&t, out, indent);
}

void ct_table_html_members(const ct_fields *columns, const void *row, ct_writer *w)
{
    member m[MOST_COLUMNS];
    const ct_table t = members_of(columns, row, m);
    ct_table_html(&t, w);
}

/* In columns: a cell begins where one of the line before does. */
void ct_table_print_lines(const ct_fields *columns, const void *row, FILE *out, int indent)
{
    member m[MOST_COLUMNS];
    const int n = members_of(columns, row, m).n;
    int used = 0; /* of the line */
    for (int k = 0; k < n; k++) {
        const int width = width_of(m[k].label) + 1 + width_of(m[k].text);
        const int past = used - indent + 2; /* two spaces at least, then to the next column */
        int before = used > 0 ? (past + CELL_WIDTH - 1) / CELL_WIDTH * CELL_WIDTH - past + 2
                              : indent;
        if (used > 0 && used + before + width > LINE_WIDTH) {
            fputc('\n', out);
            used = 0;
            before = indent;
        }
        fprintf(out, "%*s%s %s", before, "", m[k].label, m[k].text);
        used += before + width;
    }
    fputc('\n', out);
}

void ct_table_line(const ct_fields *columns, const void *row, char *out, size_t size)
{
    member m[MOST_COLUMNS];
    const int n = members_of(columns, row, m).n;
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < n && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s %s", k > 0 ? ", " : "", m[k].label,
                                 m[k].text);
}

/* ---- for programs ---- */

void ct_table_json(const ct_table *t, ct_json *j, const char *key)
{
    ct_json_open(j, key, '[');
    for (int i = 0; i < t->n; i++) {
        ct_json_open(j, NULL, '{');
        ct_fields_json(j, t->columns, ct_table_row(t, i));
        ct_json_close(j);
    }
    ct_json_close(j);
}

/* CSV is RFC 4180. */
static void put_csv_cell(ct_writer *w, const char *text)
{
    const bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';
    ct_put_raw(w, quoted ? "\"" : "");
    for (; *text != '\0'; text++) {
        ct_writer_bytes(w, text, 1);
        if (*text == '"')
            ct_writer_bytes(w, text, 1);
    }
    ct_put_raw(w, quoted ? "\"" : "");
}

/* Part p of value v of a column: its key in the head (row -1), else its text. A spread has parts,
 * of which the first has the column's key. */
static void csv_text(const ct_table *t, int row, const column *c, int v, int p,
                     char text[CELL_BYTES])
{
    const ct_field *f = c->field;
    const size_t size = f->size / (size_t)(f->count > 0 ? f->count : 1);
    ct_field one = f->kind == CT_SPREAD ? ct_spread_fields.row[p] : *f;
    one.offset = f->kind == CT_SPREAD ? f->offset + one.offset : f->offset + (size_t)v * size;
    one.count = 0; /* this value alone */
    one.used = 0;
    if (row >= 0)
        ct_field_text(&one, row_at(t, row, c), text, CELL_BYTES);
    else if (f->count > 0)
        snprintf(text, CELL_BYTES, "%s_%d", f->key, v + 1);
    else
        snprintf(text, CELL_BYTES, p > 0 ? "%s_%s" : "%s", f->key, one.key);
}

void ct_table_csv(const ct_table *t, ct_writer *w)
{
    column c[MOST_COLUMNS];
    char text[CELL_BYTES];
    const int n = open_columns(t->columns, 0, false, c, 0);
    for (int i = -1; i < t->n; i++) {
        for (int k = 0; k < n; k++) {
            const int parts = c[k].field->kind == CT_SPREAD ? ct_spread_fields.n : 1;
            const int values = c[k].field->count > 0 ? c[k].field->count : 1;
            for (int v = 0; v < values * parts; v++) {
                csv_text(t, i, &c[k], v / parts, v % parts, text);
                ct_put_raw(w, k > 0 || v > 0 ? "," : "");
                put_csv_cell(w, text);
            }
        }
        ct_put_raw(w, "\n");
    }
}
