/* utf8.c -- characters: reading, writing and refusing them.
 *
 * Easy to get wrong: of a code point only the shortest form is valid, or a name
 * could be written in two ways and pass a comparison in one of them.
 *
 * Layer: formats. */
#include "formats/text.h"

int ct_utf8_get(const char *s, uint32_t *code)
{
    static const uint32_t LEAST[] = {0, 1, 0x80, 0x800, 0x10000}; /* for n bytes */
    const unsigned char *b = (const unsigned char *)s;
    const int n = b[0] < 0x80       ? 1
                  : b[0] >> 5 == 6  ? 2
                  : b[0] >> 4 == 14 ? 3
                  : b[0] >> 3 == 30 ? 4
                                    : 0;
    uint32_t c = n == 1 ? b[0] : b[0] & (0x7FU >> n);
    for (int i = 1; i < n; i++) {
        if (b[i] >> 6 != 2) /* the final NUL too */
            return 0;
        c = c << 6 | (b[i] & 0x3F);
    }
    *code = c;
    return c < LEAST[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : n;
}

int ct_utf8_put(char *out, uint32_t code)
{
    const int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(n == 1 ? code : (0xF00U >> n & 0xFF) | code);
    return n;
}

const char *ct_text_unprintable(const char *s)
{
    uint32_t code;
    int n;
    while ((n = ct_utf8_get(s, &code)) > 0 && code >= 0x20 && (code < 0x7F || code >= 0xA0))
        s += n;
    return s;
}
