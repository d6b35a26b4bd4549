/* field.c -- see field.h.
 *
 * Each kind of value is written in one place, value_text, and read in two, set_number and
 * set_word. INI, CSV and command lines are these texts; JSON is the same with words in quotes. */
#include "formats/field.h"

#include "formats/text.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEY_BYTES = 64, VALUE_BYTES = 128 };

/* ---- one value ---- */

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

static bool is_whole(const ct_field *f)
{
    return f->kind == CT_INT || f->kind == CT_LONG;
}

static bool is_real(const ct_field *f)
{
    return f->kind == CT_REAL || f->kind == CT_SINGLE;
}

static bool is_word(const ct_field *f)
{
    return f->kind == CT_TEXT || f->kind == CT_STRING || f->kind == CT_CHOICE;
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

/* As a file has it, or as a screen shows it; NULL in a file if there is none. */
static const char *number_text(const ct_field *f, double x, bool show, char out[VALUE_BYTES])
{
    if (show && !isfinite(x))
        return isnan(x) ? "-" : "never"; /* infinite: a step never reached */
    if (show)
        snprintf(out, VALUE_BYTES, f->format != NULL ? f->format : "%.4g", x);
    else if (f->parts > 0 && isfinite(x))
        snprintf(out, VALUE_BYTES, "%.0f", floor(x * f->parts + 0.5));
    else if (isfinite(x))
        ct_number_put(out, x, f->kind == CT_SINGLE);
    else
        snprintf(out, VALUE_BYTES, "%g", x);
    return isnan(x) ? NULL : out;
}

static const char *spread_text(const ct_field *f, const ct_spread *s, char out[VALUE_BYTES])
{
    char median[VALUE_BYTES], least[VALUE_BYTES], most[VALUE_BYTES];
    const char *m = number_text(f, s->median, true, median);
    if (s->least == s->most || isnan(s->median))
        snprintf(out, VALUE_BYTES, "%s", m);
    else
        snprintf(out, VALUE_BYTES, "%.32s [%.32s, %.32s]", m, number_text(f, s->least, true, least),
                 number_text(f, s->most, true, most));
    return out;
}

/* A value's text, made in `out` or where it stands; NULL if there is none. */
static const char *value_text(const ct_field *f, const void *at, bool show, char out[VALUE_BYTES])
{
    const char *word = f->choices;
    switch (f->kind) {
    case CT_INT: snprintf(out, VALUE_BYTES, "%d", *(const int *)at); return out;
    case CT_LONG: snprintf(out, VALUE_BYTES, "%ld", *(const long *)at); return out;
    case CT_BOOL: return *(const bool *)at ? "true" : "false";
    case CT_REAL:
    case CT_SINGLE: return number_text(f, *(const double *)at, show, out);
    case CT_SPREAD:
        return show ? spread_text(f, at, out)
                    : number_text(f, ((const ct_spread *)at)->median, false, out);
    case CT_TEXT: return at;
    case CT_STRING: return *(const char *const *)at;
    case CT_CHOICE:
        for (int i = *(const int *)at; i > 0; i--)
            word += strcspn(word, " ") + 1;
        snprintf(out, VALUE_BYTES, "%.*s", (int)strcspn(word, " "), word);
        return out;
    case CT_BYTES:
    case CT_GROUP: break;
    }
    return NULL;
}

/* False if the row does not allow this number; `whole`: it is written without '.' and 'e'. */
static bool set_number(const ct_field *f, void *at, double x, bool whole)
{
    /* A double counts exactly to 2^53. */
    const double most = f->kind == CT_INT || sizeof(long) < 8 ? INT_MAX : 1e15;
    if (f->least < f->most && !(x >= f->least && x <= f->most))
        return false;
    if (is_real(f))
        *(double *)at = f->parts > 0 ? x / f->parts : x;
    else if (!is_whole(f) || !whole || fabs(x) > most)
        return false;
    else if (f->kind == CT_INT)
        *(int *)at = (int)x;
    else
        *(long *)at = (long)x;
    return true;
}

static bool set_word(const ct_field *f, void *at, const char *word)
{
    const size_t size = strlen(word) + 1;
    if (f->kind == CT_STRING)
        *(const char **)at = word;
    else if (f->kind == CT_TEXT && size <= value_bytes(f))
        memcpy(at, word, size);
    else if (f->kind == CT_CHOICE && choice_of(f->choices, word) >= 0)
        *(int *)at = choice_of(f->choices, word);
    else
        return false;
    return true;
}

static bool set_text(const ct_field *f, void *at, const char *text)
{
    double x;
    if (f->kind == CT_BOOL && choice_of("false true", text) >= 0) {
        *(bool *)at = text[0] == 't';
        return true;
    }
    if (!is_whole(f) && !is_real(f))
        return set_word(f, at, text);
    const size_t n = ct_number_get(text, &x);
    return n > 0 && text[n] == '\0' && set_number(f, at, x, strcspn(text, ".eE") == n);
}

/* ---- text ---- */

/* As snprintf at out + used; what does not fit is only counted. */
static size_t append(char *out, size_t size, size_t used, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static size_t append(char *out, size_t size, size_t used, const char *fmt, ...)
{
    const size_t at = used < size ? used : size;
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(out + at, size - at, fmt, args);
    va_end(args);
    return used + (size_t)n;
}

static void join_values(const ct_field *f, const void *object, const char *between, bool show,
                        char *out, size_t size)
{
    char buffer[VALUE_BYTES];
    size_t used = append(out, size, 0, "%s", "");
    for (int i = 0; i < n_values(f, object) && used < size; i++) {
        const char *text = value_text(f, value_at(f, object, i), show, buffer);
        used = append(out, size, used, "%s%s", i > 0 ? between : "", text != NULL ? text : "");
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

/* "512, 256,64" */
static bool parse_field(const ct_field *f, void *object, const char *text)
{
    char *at = (char *)object + f->offset;
    char one[VALUE_BYTES];
    int n = 0;
    if (!is_array(f))
        return set_text(f, at, text);
    for (bool more = true; more; n++) {
        const size_t length = strcspn(text, ", \t");
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        if (n == f->count || length >= sizeof one ||
            !set_text(f, at + (size_t)n * value_bytes(f), one))
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
    char values[64] = "a";
    if (is_array(f))
        snprintf(values, sizeof values, "1 to %d values with commas between, each a", f->count);
    if (f->kind == CT_BOOL || f->kind == CT_CHOICE)
        snprintf(out, size, "one of: %s", f->kind == CT_BOOL ? "true false" : f->choices);
    else if (f->kind == CT_TEXT)
        snprintf(out, size, "at most %zu bytes", value_bytes(f) - 1);
    else if (is_whole(f))
        snprintf(out, size, "%s whole number from %.0f to %.0f", values, f->least, f->most);
    else
        snprintf(out, size, "%s number from %g to %g", values, f->least, f->most);
}

/* ---- keys ---- */

const ct_field *ct_fields_find(const ct_fields *fields, const char *key, const void **object)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i], *member;
        const size_t length = f->key != NULL ? strlen(f->key) : 0;
        const void *inner = (const char *)*object + f->offset;
        if (f->key != NULL && strcmp(key, f->key) == 0)
            return f;
        if (f->kind != CT_GROUP || is_array(f))
            continue;
        if (f->key != NULL && (strncmp(key, f->key, length) != 0 || key[length] != '.'))
            continue;
        member = ct_fields_find(f->members, key + length + (f->key != NULL), &inner);
        if (member != NULL) {
            *object = inner;
            return member;
        }
    }
    return NULL;
}

/* Of all keys, "group.member", the one nearest to `word`; see ct_name_nearer. */
static void nearest_key(const ct_fields *fields, const char *prefix, const char *word,
                        char nearest[KEY_BYTES], size_t *nearness)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        char full[KEY_BYTES];
        snprintf(full, sizeof full, "%s%s%s", prefix, f->key != NULL ? f->key : "",
                 f->kind == CT_GROUP && f->key != NULL ? "." : "");
        if (f->kind == CT_GROUP)
            nearest_key(f->members, full, word, nearest, nearness);
        else if (ct_name_nearer(word, full, nearness))
            memcpy(nearest, full, sizeof full);
    }
}

static ct_status unknown_key(const ct_fields *fields, const char *key, const char *place,
                             ct_error *err)
{
    char near[KEY_BYTES] = "";
    size_t nearness = 0;
    nearest_key(fields, "", key, near, &nearness);
    if (near[0] == '\0')
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "%s%s: there is no such key; `contrast help recipe` lists them", place, key);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s%s: there is no such key; did you mean \"%s\"?", place,
                   key, near);
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
    CT_ASSERT(f->size <= sizeof before);
    void *value = (char *)holder + f->offset;
    memcpy(before, value, f->size);
    if (parse_field(f, (void *)holder, text))
        return CT_OK;
    memcpy(value, before, f->size);
    say_expected(f, expected, sizeof expected);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s%s = %s: expected %s", place, key, text, expected);
}

static size_t ini_lines(const ct_fields *fields, const void *object, bool help, char *out,
                        size_t size, size_t used)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
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
                          f->choices != NULL ? ": " : "", f->choices != NULL ? f->choices : "");
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

static void put_value(ct_json *j, const ct_field *f, const char *key, const void *at)
{
    char buffer[VALUE_BYTES];
    const char *text = value_text(f, at, false, buffer);
    const bool none = text == NULL || (is_real(f) && !isfinite(*(const double *)at));
    if (f->kind == CT_GROUP || f->kind == CT_SPREAD) {
        ct_json_open(j, key, '{');
        ct_fields_json(j, f->kind == CT_GROUP ? f->members : &ct_spread_fields, at);
        ct_json_close(j);
    } else if (is_word(f) && !none) {
        ct_json_string(j, key, text);
    } else {
        ct_json_literal(j, key, none ? "null" : text);
    }
}

/* Is there anything to say? Of an array the first value decides, of a group the last member. */
static bool is_there(const ct_field *f, const void *object)
{
    char buffer[VALUE_BYTES];
    if (f->kind == CT_GROUP && !is_array(f))
        return is_there(&f->members->row[f->members->n - 1], value_at(f, object, 0));
    return n_values(f, object) > 0 &&
           (f->kind == CT_GROUP || f->kind == CT_BYTES ||
            value_text(f, value_at(f, object, 0), false, buffer) != NULL);
}

void ct_fields_json(ct_json *j, const ct_fields *fields, const void *object)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        if (f->kind == CT_GROUP && f->key == NULL) {
            ct_fields_json(j, f->members, value_at(f, object, 0));
        } else if (f->optional && !is_there(f, object)) {
            continue;
        } else if (f->kind == CT_BYTES) {
            ct_json_bytes(j, f->key, *(const uint8_t *const *)value_at(f, object, 0),
                          (size_t)n_values(f, object));
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

/* Pass over the rest of a value whose first token is `type`. */
static bool skip_value(ct_json_reader *r, ct_json_type type)
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
    if (type == CT_JSON_OBJECT)
        return f->kind == CT_GROUP && ct_fields_read(r, f->members, at, NULL);
    if (type == CT_JSON_STRING)
        return set_word(f, at, r->text);
    if (type == CT_JSON_NUMBER)
        return set_number(f, at, r->number, r->whole);
    if (type == CT_JSON_BOOL && f->kind == CT_BOOL)
        *(bool *)at = r->truth;
    else if (type == CT_JSON_NULL && is_real(f))
        *(double *)at = (double)NAN;
    else if (type == CT_JSON_NULL && f->kind == CT_STRING)
        *(const char **)at = NULL;
    else
        return false;
    return true;
}

/* Decoded where the characters stand, of which there are more. */
static bool get_bytes(ct_json_reader *r, ct_json_type type, const ct_field *f, void *object)
{
    if (type != CT_JSON_STRING)
        return false;
    uint8_t *bytes = (uint8_t *)r->start + (r->text - r->start);
    const size_t n = ct_base64_get(r->text, bytes);
    if (n == 0 || n > INT_MAX)
        return false;
    *(const uint8_t **)((char *)object + f->offset) = bytes;
    *(int *)((char *)object + f->used - 1) = (int)n;
    return true;
}

static bool get_field(ct_json_reader *r, ct_json_type type, const ct_field *f, void *object)
{
    char *at = (char *)object + f->offset;
    int n = 0;
    if (f->kind == CT_BYTES)
        return get_bytes(r, type, f, object);
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
        int row = 0; /* its own, if it is not in a group */
        while (row < fields->n && f != &fields->row[row])
            row++;
        bool ok = !r->strict || (row < fields->n && !seen[row]);
        if (f == NULL)
            ok = ok && skip_value(r, type);
        else
            ok = ok && get_field(r, type, f, (void *)holder);
        if (!ok) {
            r->key = f != NULL ? f->key : "a value";
            r->problem = r->problem == NULL ? r->key : r->problem;
            return false;
        }
        if (seen != NULL && row < fields->n)
            seen[row] = true;
    }
    return true;
}
