/* json_write.c -- JSON, written a value at a time into memory that grows.
 *
 * The same values give the same bytes everywhere: the order is the caller's and
 * numbers are those of number.c. A warm writer never reaches malloc.
 *
 * Layer: formats. */
#include "formats/json.h"

#include "contrast/status.h"
#include "formats/text.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 32 /* bits of `objects` */

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
    const bool in_object = j->depth > 0 && (j->objects >> (j->depth - 1) & 1) != 0;
    CT_ASSERT((key != NULL) == in_object && (j->depth > 0 || j->used == 0));
    if (j->used > 0 && strchr("{[", j->text[j->used - 1]) == NULL)
        append_text(j, ",");
    if (key != NULL) {
        append_quoted(j, key);
        append_text(j, ":");
    }
}

static void put_value(ct_json *j, const char *key, const char *text)
{
    begin_value(j, key);
    append_text(j, text);
}

void ct_json_open(ct_json *j, const char *key, char bracket)
{
    CT_ASSERT(j->depth < MAX_DEPTH && (bracket == '{' || bracket == '['));
    put_value(j, key, bracket == '{' ? "{" : "[");
    const unsigned bit = 1U << j->depth++;
    j->objects = bracket == '{' ? j->objects | bit : j->objects & ~bit;
}

void ct_json_close(ct_json *j)
{
    CT_ASSERT(j->depth > 0);
    append_text(j, j->objects >> --j->depth & 1 ? "}" : "]");
}

void ct_json_string(ct_json *j, const char *key, const char *s)
{
    begin_value(j, key);
    append_quoted(j, s);
}

void ct_json_integer(ct_json *j, const char *key, long long x)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", x);
    put_value(j, key, number);
}

void ct_json_bool(ct_json *j, const char *key, bool x)
{
    put_value(j, key, x ? "true" : "false");
}

static void put_number(ct_json *j, const char *key, double x, bool single)
{
    char number[CT_NUMBER_BYTES] = "null"; /* JSON has no word for what is not finite */
    if (isfinite(x))
        ct_number_put(number, x, single);
    put_value(j, key, number);
}

void ct_json_number(ct_json *j, const char *key, double x)
{
    put_number(j, key, x, false);
}

void ct_json_float(ct_json *j, const char *key, float x)
{
    put_number(j, key, (double)x, true);
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
