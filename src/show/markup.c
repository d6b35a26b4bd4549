/* markup.c -- see markup.h.
 *
 * Layer: show. */
#include "show/markup.h"

#include "formats/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ct_put_raw(ct_writer *w, const char *markup)
{
    ct_writer_bytes(w, markup, strlen(markup));
}

/* What stands for a character, NULL for itself: control characters but the end of a line become
 * spaces, and what is not UTF-8 a question mark. */
static const char *entity(const char *at, int n, uint32_t code)
{
    switch (*at) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    }
    if (n == 0 || code == 0xfffe || code == 0xffff)
        return "?";
    return (code < 32 && code != '\n') || code == 127 ? " " : NULL;
}

void ct_put_text(ct_writer *w, const char *text)
{
    for (uint32_t code; *text != '\0';) {
        const int n = ct_utf8_get(text, &code);
        const char *as = entity(text, n, code);
        if (as != NULL)
            ct_put_raw(w, as);
        else
            ct_writer_bytes(w, text, (size_t)n);
        text += n > 0 ? n : 1;
    }
}

/* The value of a conversion, as text that needs no escape. */
static void put_number(ct_writer *w, const char *spec, va_list *args)
{
    char text[512] = ""; /* %.3f of a damaged file's 1e300 has 300 digits */
    const char kind = spec[strlen(spec) - 1];
    if (kind == 'd' || kind == 'c')
        snprintf(text, sizeof text, spec, va_arg(*args, int));
    else
        snprintf(text, sizeof text, spec, va_arg(*args, double));
    ct_put_raw(w, text);
}

void ct_put(ct_writer *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    for (size_t plain; fmt[plain = strcspn(fmt, "%")] != '\0';) {
        char spec[16];
        ct_writer_bytes(w, fmt, plain);
        fmt += plain;
        const int length = (int)strcspn(fmt, "dcsefg") + 1;
        snprintf(spec, sizeof spec, "%.*s", length, fmt);
        if (strcmp(spec, "%s") == 0)
            ct_put_text(w, va_arg(args, const char *));
        else
            put_number(w, spec, &args);
        fmt += length;
    }
    va_end(args);
    ct_put_raw(w, fmt);
}
