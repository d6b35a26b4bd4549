/* field.c -- see field.h.
 *
 * Whatever a member's kind, it is loaded into a `value` and stored from one; text and JSON know
 * only values.
 *
 * Layer: formats. */
#include "formats/field.h"

#include "formats/text.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS 256 /* of one table, for "did you mean" */
#define KEY_BYTES 64

/* ---- values ---- */

typedef struct value {
    enum { NOTHING, WHOLE, NUMBER, TRUTH, WORD } type;
    long whole; /* and TRUTH: 0 or 1 */
    double number;
    const char *word; /* `length` bytes */
    int length;
} value;

static bool is_array(const ct_field *f)
{
    return f->used > 0 || f->count > 0;
}

static int n_values(const ct_field *f, const void *object)
{
    if (f->used > 0)
        return *(const int *)((const char *)object + f->used - 1);
    return f->count > 0 ? f->count : 1;
}

static size_t value_bytes(const ct_field *f)
{
    return f->count > 0 ? f->size / (size_t)f->count : f->size;
}

static const void *value_at(const ct_field *f, const void *object, int i)
{
    return (const char *)object + f->offset + (size_t)i * value_bytes(f);
}

static value word_value(const char *word)
{
    return (value){.type = word != NULL ? WORD : NOTHING,
                   .word = word,
                   .length = word != NULL ? (int)strlen(word) : 0};
}

static value number_value(double x)
{
    return (value){.type = isnan(x) ? NOTHING : NUMBER, .number = x};
}

static value load(const ct_field *f, const void *at)
{
    const char *word = f->choices;
    switch (f->kind) {
    case CT_INT: return (value){.type = WHOLE, .whole = *(const int *)at};
    case CT_LONG: return (value){.type = WHOLE, .whole = *(const long *)at};
    case CT_BOOL: return (value){.type = TRUTH, .whole = *(const bool *)at};
    case CT_REAL:
    case CT_SINGLE: return number_value(*(const double *)at);
    case CT_SPREAD: return number_value(((const ct_spread *)at)->median);
    case CT_TEXT: return word_value(at);
    case CT_STRING: return word_value(*(const char *const *)at);
    case CT_CHOICE:
        for (int i = *(const int *)at; i > 0; i--)
            word += strcspn(word, " ") + 1;
        return (value){.type = WORD, .word = word, .length = (int)strcspn(word, " ")};
    case CT_GROUP: break;
    }
    return (value){.type = NOTHING};
}

/* The place of a word among words with spaces between, or -1. */
static int choice_of(const char *choices, const char *word)
{
    const size_t length = strlen(word);
    int index = 0;
    for (const char *c = choices; *c != '\0'; index++) {
        const size_t here = strcspn(c, " ");
        if (here == length && strncmp(c, word, length) == 0)
            return index;
        c += here + (c[here] == ' ');
    }
    return -1;
}

/* False if the member cannot hold that value. Limits are those of the row where it has some. */
static bool store(const ct_field *f, void *at, value v)
{
    const bool limited = f->least < f->most;
    const double x = v.type == WHOLE ? (double)v.whole : v.number;
    const bool whole = v.type == WHOLE && (!limited || (x >= f->least && x <= f->most));
    switch (f->kind) {
    case CT_INT:
        if (whole && v.whole >= INT_MIN && v.whole <= INT_MAX) {
            *(int *)at = (int)v.whole;
            return true;
        }
        return false;
    case CT_LONG:
        if (whole)
            *(long *)at = v.whole;
        return whole;
    case CT_REAL:
    case CT_SINGLE:
        if (v.type != NOTHING && v.type != WHOLE && v.type != NUMBER)
            return false;
        *(double *)at = v.type == NOTHING ? (double)NAN : x;
        return v.type == NOTHING || !limited || (x >= f->least && x <= f->most);
    case CT_BOOL: *(bool *)at = v.whole != 0; return v.type == TRUTH;
    case CT_CHOICE:
        *(int *)at = v.type == WORD ? choice_of(f->choices, v.word) : -1;
        return *(int *)at >= 0;
    case CT_TEXT:
        if (v.type != WORD || (size_t)v.length >= value_bytes(f))
            return false;
        memcpy(at, v.word, (size_t)v.length + 1);
        return true;
    case CT_STRING: *(const char **)at = v.word; return v.type == WORD || v.type == NOTHING;
    case CT_SPREAD:
    case CT_GROUP: break;
    }
    return false;
}

/* ---- text ---- */

static void value_text(const ct_field *f, const void *at, char *out, size_t size)
{
    const value v = load(f, at);
    char number[CT_NUMBER_BYTES] = "";
    if (v.type == NUMBER && isfinite(v.number))
        ct_number_put(number, v.number, f->kind == CT_SINGLE);
    else if (v.type == NUMBER)
        snprintf(number, sizeof number, "%g", v.number);
    if (v.type == WHOLE)
        snprintf(out, size, "%ld", v.whole);
    else if (v.type == TRUTH)
        snprintf(out, size, "%s", v.whole != 0 ? "true" : "false");
    else if (v.type == WORD)
        snprintf(out, size, "%.*s", v.length, v.word);
    else
        snprintf(out, size, "%s", number);
}

static void show_number(const ct_field *f, double x, char *out, size_t size)
{
    if (isfinite(x))
        snprintf(out, size, f->format != NULL ? f->format : "%.4g", x);
    else
        snprintf(out, size, "%s", isnan(x) ? "-" : "never"); /* infinite: a step never reached */
}

static void show_value(const ct_field *f, const void *at, char *out, size_t size)
{
    char median[32], least[32], most[32];
    if (f->kind == CT_SPREAD) {
        const ct_spread *s = at;
        show_number(f, s->median, median, sizeof median);
        show_number(f, s->least, least, sizeof least);
        show_number(f, s->most, most, sizeof most);
        if (s->least == s->most || isnan(s->median))
            snprintf(out, size, "%s", median);
        else
            snprintf(out, size, "%s [%s, %s]", median, least, most);
    } else if (f->kind == CT_REAL || f->kind == CT_SINGLE) {
        show_number(f, *(const double *)at, out, size);
    } else {
        value_text(f, at, out, size);
    }
}

static void join_values(const ct_field *f, const void *object, const char *between, bool show,
                        char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < n_values(f, object) && length + 1 < size; i++) {
        snprintf(out + length, size - length, "%s", i == 0 ? "" : between);
        length += strlen(out + length);
        (show ? show_value : value_text)(f, value_at(f, object, i), out + length, size - length);
        length += strlen(out + length);
    }
}

void ct_field_text(const ct_field *f, const void *object, char *out, size_t size)
{
    join_values(f, object, ",", false, out, size);
}

void ct_field_show(const ct_field *f, const void *object, char *out, size_t size)
{
    join_values(f, object, ", ", true, out, size);
}

/* One value, all of `text`. */
static bool parse_value(const ct_field *f, void *at, const char *text)
{
    char *end;
    value v = word_value(text);
    if (f->kind == CT_INT || f->kind == CT_LONG) {
        errno = 0;
        v = (value){.type = WHOLE, .whole = strtol(text, &end, 10)};
        if (end == text || *end != '\0' || errno != 0)
            return false;
    } else if (f->kind == CT_REAL || f->kind == CT_SINGLE) {
        v.type = NUMBER;
        if (ct_number_get(text, &v.number) != (size_t)v.length || v.length == 0)
            return false;
    } else if (f->kind == CT_BOOL) {
        v = (value){.type = TRUTH, .whole = choice_of("false true", text)};
        if (v.whole < 0)
            return false;
    }
    return store(f, at, v);
}

/* "512, 256,64" */
static bool parse_field(const ct_field *f, void *object, const char *text)
{
    char *at = (char *)object + f->offset;
    char one[KEY_BYTES];
    int n = 0;
    if (!is_array(f))
        return parse_value(f, at, text);
    for (bool more = true; more; n++) {
        const size_t length = strcspn(text, ", \t");
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        if (n == f->count || length >= sizeof one ||
            !parse_value(f, at + (size_t)n * value_bytes(f), one))
            return false;
        text += length + strspn(text + length, " \t");
        more = *text == ',';
        text += more ? 1 + strspn(text + 1, " \t") : 0;
    }
    if (*text != '\0' || (f->used == 0 && n != f->count))
        return false;
    if (f->used > 0)
        *(int *)((char *)object + f->used - 1) = n;
    return true;
}

static void say_expected(const ct_field *f, char *out, size_t size)
{
    const char *whole = f->kind == CT_INT || f->kind == CT_LONG ? "whole " : "";
    char range[96], values[64] = "a";
    snprintf(range, sizeof range, *whole != '\0' ? "from %.0f to %.0f" : "from %g to %g", f->least,
             f->most);
    if (is_array(f))
        snprintf(values, sizeof values, "1 to %d values with commas between, each a", f->count);
    if (f->kind == CT_BOOL || f->kind == CT_CHOICE)
        snprintf(out, size, "one of: %s", f->kind == CT_BOOL ? "true false" : f->choices);
    else if (f->kind == CT_TEXT)
        snprintf(out, size, "at most %zu bytes", value_bytes(f) - 1);
    else
        snprintf(out, size, "%s %snumber %s", values, whole, range);
}

/* ---- keys ---- */

const ct_field *ct_fields_find(const ct_fields *fields, const char *key, const void **object)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        const void *member = value_at(f, *object, 0);
        const size_t length = f->key != NULL ? strlen(f->key) : 0;
        if (f->key != NULL && strcmp(key, f->key) == 0)
            return f;
        if (f->kind != CT_GROUP || is_array(f) ||
            strncmp(key, f->key != NULL ? f->key : "", length) != 0)
            continue;
        if (f->key != NULL && key[length] != '.')
            continue;
        f = ct_fields_find(f->members, key + length + (f->key != NULL), &member);
        if (f != NULL) {
            *object = member;
            return f;
        }
    }
    return NULL;
}

/* All keys, "group.member", from name[n] on; the answer is how many there are then. */
static int list_keys(const ct_fields *fields, const char *prefix, char name[MOST_KEYS][KEY_BYTES],
                     int n)
{
    for (int i = 0; i < fields->n && n < MOST_KEYS; i++) {
        const ct_field *f = &fields->row[i];
        char full[KEY_BYTES];
        snprintf(full, sizeof full, "%s%s%s", prefix, f->key != NULL ? f->key : "",
                 f->kind == CT_GROUP && f->key != NULL ? "." : "");
        if (f->kind == CT_GROUP)
            n = list_keys(f->members, full, name, n);
        else
            memcpy(name[n++], full, sizeof full);
    }
    return n;
}

static ct_status unknown_key(const ct_fields *fields, const char *key, const char *place,
                             ct_error *err)
{
    char name[MOST_KEYS][KEY_BYTES];
    const char *pointer[MOST_KEYS];
    const int n = list_keys(fields, "", name, 0);
    for (int i = 0; i < n; i++)
        pointer[i] = name[i];
    const char *near = ct_nearest_name(key, pointer, n, sizeof *pointer);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s%s: there is no such key; %s%s", place, key,
                   near != NULL ? "did you mean " : "`contrast help recipe` lists them",
                   near != NULL ? near : "");
}

ct_status ct_fields_set(const ct_fields *fields, void *object, const char *key, const char *text,
                        const char *place, ct_error *err)
{
    char expected[320];
    unsigned char before[4096];
    const void *holder = object;
    if (err->status != CT_OK)
        return err->status;
    const ct_field *f = ct_fields_find(fields, key, &holder);
    if (f == NULL || f->kind == CT_GROUP)
        return unknown_key(fields, key, place, err);
    /* The same address without `const`: the holder is a part of `object`. */
    char *writable = (char *)object + ((const char *)holder - (const char *)object);
    CT_ASSERT(f->size <= sizeof before);
    memcpy(before, writable + f->offset, f->size);
    if (parse_field(f, writable, text))
        return CT_OK;
    memcpy(writable + f->offset, before, f->size);
    say_expected(f, expected, sizeof expected);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s%s = %s: expected %s", place, key, text, expected);
}

/* As snprintf at out + used; what does not fit is only counted. */
static size_t append(char *out, size_t size, size_t used, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static size_t append(char *out, size_t size, size_t used, const char *fmt, ...)
{
    const size_t at = used < size ? used : size;
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(out != NULL ? out + at : NULL, size - at, fmt, args);
    va_end(args);
    return used + (size_t)n;
}

static size_t ini_lines(const ct_fields *fields, const void *object, bool help, char *out,
                        size_t size, size_t used)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        const char *choices = f->choices != NULL ? f->choices : "";
        char text[1024];
        if (f->kind == CT_GROUP && f->key != NULL)
            used = append(out, size, used, "%s[%s]\n", used > 0 ? "\n" : "", f->key);
        if (f->kind == CT_GROUP) {
            used = ini_lines(f->members, value_at(f, object, 0), help, out, size, used);
            continue;
        }
        ct_field_text(f, object, text, sizeof text);
        if (help)
            used = append(out, size, used, "%-17s = %-14s # %s%s%s\n", f->key, text, f->help,
                          f->choices != NULL ? ": " : "", choices);
        else
            used = append(out, size, used, "%s = %s\n", f->key, text);
    }
    return used;
}

size_t ct_fields_ini(const ct_fields *fields, const void *object, bool help, char *out, size_t size)
{
    return ini_lines(fields, object, help, out, size, 0);
}

/* ---- JSON ---- */

/* A spread is an object of its own. */
static const ct_field SPREAD_ROWS[] = {
    {.key = "median", .kind = CT_REAL, CT_AT(ct_spread, median)},
    {.key = "least", .kind = CT_REAL, CT_AT(ct_spread, least)},
    {.key = "most", .kind = CT_REAL, CT_AT(ct_spread, most)},
    {.key = "mean", .kind = CT_REAL, CT_AT(ct_spread, mean)},
    {.key = "standard_error", .kind = CT_REAL, CT_AT(ct_spread, error)},
    {.key = "n", .kind = CT_INT, CT_AT(ct_spread, n)},
};
const ct_fields ct_spread_fields = CT_FIELDS(SPREAD_ROWS);

static void put_value(ct_json *j, const ct_field *f, const char *key, const void *at)
{
    const value v = load(f, at);
    char word[KEY_BYTES];
    if (f->kind == CT_GROUP || f->kind == CT_SPREAD) {
        ct_json_open(j, key, '{');
        ct_fields_json(j, f->kind == CT_GROUP ? f->members : &ct_spread_fields, at);
        ct_json_close(j);
    } else if (v.type == WHOLE) {
        ct_json_integer(j, key, v.whole);
    } else if (v.type == TRUTH) {
        ct_json_bool(j, key, v.whole != 0);
    } else if (f->kind == CT_CHOICE) {
        snprintf(word, sizeof word, "%.*s", v.length, v.word);
        ct_json_string(j, key, word);
    } else if (v.type == WORD) {
        ct_json_string(j, key, v.word);
    } else if (f->kind == CT_SINGLE) {
        ct_json_float(j, key, v.type == NUMBER ? (float)v.number : (float)NAN);
    } else {
        ct_json_number(j, key, v.type == NUMBER ? v.number : (double)NAN);
    }
}

/* Is there anything to say? Of an array the first value decides. */
static bool is_there(const ct_field *f, const void *object)
{
    if (n_values(f, object) == 0)
        return false;
    return f->kind == CT_GROUP || load(f, value_at(f, object, 0)).type != NOTHING;
}

void ct_fields_json(ct_json *j, const ct_fields *fields, const void *object)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        if (f->kind == CT_GROUP && f->key == NULL) {
            ct_fields_json(j, f->members, value_at(f, object, 0));
        } else if (f->optional && !is_there(f, object)) {
            continue;
        } else if (is_array(f)) {
            ct_json_open(j, f->key, '[');
            for (int k = 0; k < n_values(f, object); k++)
                put_value(j, f, NULL, value_at(f, object, k));
            ct_json_close(j);
        } else {
            put_value(j, f, f->key, value_at(f, object, 0));
        }
    }
}

bool ct_json_skip(ct_json_reader *r, ct_json_type type)
{
    for (int depth = 0; type != CT_JSON_BAD && type != CT_JSON_END; type = ct_json_next(r)) {
        depth += type == CT_JSON_OBJECT || type == CT_JSON_ARRAY;
        depth -= type == CT_JSON_CLOSE;
        if (depth == 0)
            return true;
    }
    return false;
}

static bool get_value(ct_json_reader *r, ct_json_type type, const ct_field *f, void *at)
{
    value v = {.type = NOTHING};
    if (f->kind == CT_GROUP)
        return type == CT_JSON_OBJECT && ct_fields_read(r, f->members, at, NULL);
    if (type == CT_JSON_STRING)
        v = word_value(r->text);
    else if (type == CT_JSON_BOOL)
        v = (value){.type = TRUTH, .whole = r->truth};
    else if (type == CT_JSON_NUMBER && fabs(r->number) <= 1e15 && floor(r->number) == r->number)
        v = (value){.type = WHOLE, .whole = (long)r->number};
    else if (type == CT_JSON_NUMBER)
        v = number_value(r->number);
    else if (type != CT_JSON_NULL)
        return false;
    return store(f, at, v);
}

static bool get_field(ct_json_reader *r, ct_json_type type, const ct_field *f, void *object)
{
    char *at = (char *)object + f->offset;
    int n = 0;
    if (!is_array(f))
        return get_value(r, type, f, at);
    if (type != CT_JSON_ARRAY)
        return false;
    for (; (type = ct_json_next(r)) != CT_JSON_CLOSE; n++)
        if (n == f->count || !get_value(r, type, f, at + (size_t)n * value_bytes(f)))
            return false;
    if (f->used > 0)
        *(int *)((char *)object + f->used - 1) = n;
    return f->used > 0 || n == f->count;
}

bool ct_fields_read(ct_json_reader *r, const ct_fields *fields, void *object, bool *seen)
{
    for (ct_json_type type; (type = ct_json_next(r)) != CT_JSON_CLOSE;) {
        const void *holder = object;
        if (type == CT_JSON_BAD || type == CT_JSON_END)
            return false;
        const ct_field *f = ct_fields_find(fields, r->key, &holder);
        char *writable = (char *)object + ((const char *)holder - (const char *)object);
        if (f == NULL ? !ct_json_skip(r, type) : !get_field(r, type, f, writable)) {
            if (r->problem == NULL)
                r->problem = f != NULL ? f->key : "a value";
            return false;
        }
        for (int i = 0; i < fields->n && seen != NULL; i++)
            seen[i] = seen[i] || f == &fields->row[i];
    }
    return true;
}

/* ---- several seeds ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

ct_spread ct_spread_of(double *x, int n)
{
    double mean = 0, squares = 0;
    qsort(x, (size_t)n, sizeof *x, compare);
    for (int i = 0; i < n; i++)
        mean += x[i] / n;
    for (int i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return (ct_spread){.median = n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2,
                       .least = x[0],
                       .most = x[n - 1],
                       .mean = mean,
                       .error = n > 1 ? sqrt(squares / (n - 1) / n) : (double)NAN,
                       .n = n};
}
