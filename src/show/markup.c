/* markup.c -- see markup.h.
 *
 * Layer: show. */
#include "show/markup.h"

#include "formats/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ct_put(ct_writer *w, const char *fmt, ...)
{
    char text[2048]; /* %.3f of a damaged file's 1e300 has 300 digits */
    va_list args;
    va_start(args, fmt);
    const int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CT_ASSERT(length >= 0 && (size_t)length < sizeof text);
    ct_writer_bytes(w, text, (size_t)length);
}

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

void ct_put_element(ct_writer *w, const char *tag, const char *text)
{
    ct_put(w, "<%s>", tag);
    ct_put_text(w, text);
    ct_put(w, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}
