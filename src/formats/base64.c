/* base64.c -- see base64.h.
 *
 * Layer: formats. */
#include "formats/base64.h"

#include <string.h>

static const char DIGIT[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ct_base64_put(char *out, const uint8_t *x, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        const unsigned b = (unsigned)x[i] << 16 | (i + 1 < n ? (unsigned)x[i + 1] << 8 : 0) |
                           (i + 2 < n ? x[i + 2] : 0);
        *out++ = DIGIT[b >> 18];
        *out++ = DIGIT[b >> 12 & 63];
        *out++ = i + 1 < n ? DIGIT[b >> 6 & 63] : '=';
        *out++ = i + 2 < n ? DIGIT[b & 63] : '=';
    }
    *out = '\0';
}

bool ct_base64_get(const char *text, uint8_t *out, size_t n)
{
    const size_t length = CT_BASE64_BYTES(n) - 1, padding = (3 - n % 3) % 3;
    if (strlen(text) != length)
        return false;
    for (size_t i = 0; i < length; i += 4) {
        unsigned b = 0;
        for (size_t k = i; k < i + 4; k++) {
            const bool pad = k >= length - padding;
            const char *digit = pad ? DIGIT : strchr(DIGIT, text[k]);
            if (digit == NULL || (pad && text[k] != '='))
                return false;
            b = b << 6 | (unsigned)(digit - DIGIT);
        }
        *out++ = (uint8_t)(b >> 16);
        *out++ = (uint8_t)(b >> 8);
        *out++ = (uint8_t)b;
    }
    return true;
}
