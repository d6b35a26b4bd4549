/* json.c -- JSON, written and read a value at a time.
 *
 * The same values give the same bytes everywhere: the order is the caller's and numbers are those
 * of text.h. A warm writer never reaches malloc.
 *
 * What is read comes from anywhere, so every byte is checked before it is believed, without
 * recursion or memory. Strings are decoded where they stand; a decoded string is never longer than
 * what it was written as, and its NUL falls on the closing quote or before. */
#include "formats/json.h"

#include "contrast/status.h"
#include "formats/text.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void append(ct_json *j, const char *s, size_t n)
{
    if (!j->failed && n >= j->cap - j->used) { /* one byte stays for the NUL */
        const size_t half = j->used + n + 128;
        char *text = ct_alloc(half, 2);
        j->failed = text == NULL;
        if (text != NULL) {
            memcpy(text, j->used > 0 ? j->text : "", j->used);
            ct_free(j->text);
            j->text = text;
            j->cap = 2 * half;
        }
    }
    if (j->failed)
        return;
    memcpy(j->text + j->used, s, n);
    j->used += n;
    j->text[j->used] = '\0';
}

static void append_text(ct_json *j, const char *s)
{
    append(j, s, strlen(s));
}

static void append_quoted(ct_json *j, const char *s)
{
    static const char SPECIAL[] = "\b\f\n\r\t\"\\", LETTER[] = "bfnrt\"\\";
    uint32_t code;
    append_text(j, "\"");
    for (int n; *s != '\0'; s += n > 0 ? n : 1) {
        char escape[8];
        const char *special = strchr(SPECIAL, *s);
        n = ct_utf8_get(s, &code);
        if (n > 0 && code >= 0x20 && special == NULL) {
            append(j, s, (size_t)n);
            continue;
        }
        if (special != NULL)
            snprintf(escape, sizeof escape, "\\%c", LETTER[special - SPECIAL]);
        else
            snprintf(escape, sizeof escape, "\\u%04x", n > 0 ? (unsigned)code & 0x1F : 0xFFFD);
        append_text(j, escape);
    }
    append_text(j, "\"");
}

/* What stands before a value: a comma unless it is the first, and its key. */
static void begin_value(ct_json *j, const char *key)
{
    const bool in_object = j->depth > 0 && j->open[j->depth - 1] == '{';
    CT_ASSERT((key != NULL) == in_object && (j->depth > 0 || j->used == 0));
    if (j->used > 0 && strchr("{[", j->text[j->used - 1]) == NULL)
        append_text(j, ",");
    if (key != NULL) {
        append_quoted(j, key);
        append_text(j, ":");
    }
}

void ct_json_literal(ct_json *j, const char *key, const char *text)
{
    begin_value(j, key);
    append_text(j, text);
}

void ct_json_open(ct_json *j, const char *key, char bracket)
{
    CT_ASSERT(j->depth < (int)sizeof j->open && (bracket == '{' || bracket == '['));
    ct_json_literal(j, key, bracket == '{' ? "{" : "[");
    j->open[j->depth++] = bracket;
}

void ct_json_close(ct_json *j)
{
    CT_ASSERT(j->depth > 0);
    append_text(j, j->open[--j->depth] == '{' ? "}" : "]");
}

void ct_json_string(ct_json *j, const char *key, const char *s)
{
    begin_value(j, key);
    append_quoted(j, s);
}

void ct_json_bytes(ct_json *j, const char *key, const uint8_t *x, size_t n)
{
    enum { PIECE = 96 }; /* a multiple of 3: only the last piece is padded */
    char text[CT_BASE64_BYTES(PIECE)];
    begin_value(j, key);
    append_text(j, "\"");
    for (size_t i = 0; i < n; i += PIECE) {
        ct_base64_put(text, x + i, n - i < PIECE ? n - i : PIECE);
        append_text(j, text);
    }
    append_text(j, "\"");
}

void ct_json_integer(ct_json *j, const char *key, long long x)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", x);
    ct_json_literal(j, key, number);
}

void ct_json_number(ct_json *j, const char *key, double x)
{
    char number[CT_NUMBER_BYTES] = "null"; /* JSON has no word for what is not finite */
    if (isfinite(x))
        ct_number_put(number, x, false);
    ct_json_literal(j, key, number);
}

void ct_json_reset(ct_json *j)
{
    j->used = 0;
    j->depth = 0;
    j->failed = false;
}

void ct_json_free(ct_json *j)
{
    ct_free(j->text);
    *j = (ct_json){0};
}

/* ---- reading ---- */

void ct_json_reader_init(ct_json_reader *r, char *text)
{
    *r = (ct_json_reader){.start = text, .at = text};
}

static ct_json_type fail(ct_json_reader *r, const char *problem)
{
    r->problem = problem;
    return CT_JSON_BAD;
}

/* The next character that is not white space; NUL at the end. */
static char peek(ct_json_reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
    return *r->at;
}

/* Is `word` next? Then pass over it. */
static bool accept(ct_json_reader *r, const char *word)
{
    const size_t n = strlen(word);
    const bool same = strncmp(r->at, word, n) == 0;
    r->at += same ? n : 0;
    return same;
}

/* The number of \uXXXX; -1 if it is not there. */
static long read_hex(ct_json_reader *r)
{
    char digits[5] = "";
    if (!accept(r, "\\u") || strspn(r->at, "0123456789abcdefABCDEF") < 4)
        return -1;
    memcpy(digits, r->at, 4);
    r->at += 4;
    return strtol(digits, NULL, 16);
}

/* Decode the escape at r->at; bytes written, 0 if it is not valid. */
static int read_escape(ct_json_reader *r, char *out)
{
    static const char LETTER[] = "\"\\/bfnrt", MEANS[] = "\"\\/\b\f\n\r\t";
    const char *known = r->at[1] != '\0' ? strchr(LETTER, r->at[1]) : NULL;
    if (known != NULL) {
        r->at += 2;
        *out = MEANS[known - LETTER];
        return 1;
    }
    long code = read_hex(r);
    if (code >= 0xD800 && code < 0xDC00) { /* the first half of a pair */
        const long low = read_hex(r);
        code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
                                             : -1;
    }
    return code <= 0 || (code >= 0xDC00 && code < 0xE000) ? 0 : ct_utf8_put(out, (uint32_t)code);
}

/* The string whose opening quote is at r->at; NULL if it is not valid. */
static const char *read_string(ct_json_reader *r)
{
    char *text = ++r->at, *out = text;
    uint32_t code = 0;
    for (int n; *r->at != '"'; out += n) {
        if (*r->at == '\\') {
            n = read_escape(r, out);
        } else {
            n = ct_utf8_get(r->at, &code);
            n = code < 0x20 ? 0 : n;
            memmove(out, r->at, (size_t)n);
            r->at += n;
        }
        if (n == 0) {
            fail(r, "in a string, expected UTF-8, a known escape or '\"'");
            return NULL;
        }
    }
    r->at++;
    *out = '\0';
    return text;
}

static ct_json_type open_bracket(ct_json_reader *r, char bracket)
{
    if (r->depth == (int)sizeof r->open)
        return fail(r, "brackets nest more than 8 deep");
    r->open[r->depth++] = bracket;
    r->begun = false;
    return bracket == '{' ? CT_JSON_OBJECT : CT_JSON_ARRAY;
}

/* JSON knows no '+', no number without a digit before the point, and no 0 before other digits. */
static size_t read_number(ct_json_reader *r)
{
    const char *first = r->at + (*r->at == '-');
    const size_t digits = strspn(first, "0123456789");
    if (digits == 0 || (digits > 1 && *first == '0'))
        return 0;
    return ct_number_get(r->at, &r->number);
}

static ct_json_type read_value(ct_json_reader *r)
{
    if (peek(r) == '"')
        return (r->text = read_string(r)) != NULL ? CT_JSON_STRING : CT_JSON_BAD;
    if (*r->at == '{' || *r->at == '[')
        return open_bracket(r, *r->at++);
    if (accept(r, "null"))
        return CT_JSON_NULL;
    if ((r->truth = accept(r, "true")) || accept(r, "false"))
        return CT_JSON_BOOL;
    const size_t n = read_number(r);
    if (n == 0)
        return fail(r, "expected a value");
    r->whole = strcspn(r->at, ".eE") >= n;
    r->at += n;
    return CT_JSON_NUMBER;
}

ct_json_type ct_json_next(ct_json_reader *r)
{
    const bool in_object = r->depth > 0 && r->open[r->depth - 1] == '{';
    const char c = peek(r);
    r->key = r->text = NULL;
    if (r->problem != NULL)
        return CT_JSON_BAD;
    if (r->depth == 0 && r->begun)
        return c == '\0' ? CT_JSON_END : fail(r, "expected the end");
    if (r->depth > 0 && c == (in_object ? '}' : ']')) {
        r->at++;
        r->depth--;
        r->begun = true;
        return CT_JSON_CLOSE;
    }
    if (r->begun && !accept(r, ","))
        return fail(r, in_object ? "expected ',' or '}'" : "expected ',' or ']'");
    r->begun = true;
    if (in_object) {
        if (peek(r) != '"')
            return fail(r, "expected '\"' and a key");
        if ((r->key = read_string(r)) == NULL)
            return CT_JSON_BAD;
        if (peek(r) != ':')
            return fail(r, "expected ':'");
        r->at++;
    }
    return read_value(r);
}
