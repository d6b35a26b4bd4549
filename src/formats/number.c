/* number.c -- numbers as text, the same text with every libc and locale.
 *
 * strtod and printf round correctly in every libc that matters, but both use the
 * locale's decimal point. So 12.5e-3 is handed to strtod as 125e-4, which has
 * none, and in what printf made it is replaced by a dot.
 *
 * Layer: formats. Used by JSON and recipes. */
#include "formats/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DIGITS[] = "0123456789";

/* -? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)? */
size_t ct_number_get(const char *s, double *x)
{
    const char *whole = s + (*s == '-');
    const size_t n_whole = strspn(whole, DIGITS);
    const bool has_point = whole[n_whole] == '.';
    const char *fraction = whole + n_whole + has_point;
    const size_t n_fraction = has_point ? strspn(fraction, DIGITS) : 0;
    if (n_whole == 0 || (n_whole > 1 && *whole == '0') || (has_point && n_fraction == 0))
        return 0;

    const char *end = fraction + n_fraction;
    long exponent = 0;
    if (*end == 'e' || *end == 'E') {
        exponent = strtol(end + 1, NULL, 10);
        end += 1 + (end[1] == '+' || end[1] == '-');
        if (strspn(end, DIGITS) == 0)
            return 0;
        end += strspn(end, DIGITS);
    }
    if (n_whole + n_fraction > 64)
        return 0;
    exponent = exponent > 9999    ? 9999
               : exponent < -9999 ? -9999
                                  : exponent; /* zero or infinite anyway */
    char plain[80];
    const int n_signed = (int)(whole - s) + (int)n_whole;
    snprintf(plain, sizeof plain, "%.*s%.*se%ld", n_signed, s, (int)n_fraction, fraction,
             exponent - (long)n_fraction);
    *x = strtod(plain, NULL);
    return isfinite(*x) ? (size_t)(end - s) : 0;
}

/* The locale's decimal point, of one byte or more, becomes a dot. */
static void put_dot(char *out)
{
    char *point = out + strspn(out, "-0123456789");
    size_t bytes = strcspn(point, "0123456789e");
    if (bytes > 0) {
        memmove(point + 1, point + bytes, strlen(point + bytes) + 1);
        *point = '.';
    }
}

void ct_number_put(char out[CT_NUMBER_BYTES], double x, bool single)
{
    int low = 1, high = single ? 9 : 17; /* so many digits always suffice */
    double y = 0;
    while (low < high) {
        const int digits = (low + high) / 2;
        snprintf(out, CT_NUMBER_BYTES, "%.*e", digits - 1, x);
        put_dot(out);
        ct_number_get(out, &y);
        if (single ? (float)y == (float)x : y == x)
            high = digits;
        else
            low = digits + 1;
    }
    snprintf(out, CT_NUMBER_BYTES, "%.*e", low - 1, x);
    const int exponent = atoi(strchr(out, 'e') + 1);
    if (exponent >= -5 &&
        exponent < (single ? 7 : 15)) /* up to there %f adds no digits of its own */
        snprintf(out, CT_NUMBER_BYTES, "%.*f", low - 1 > exponent ? low - 1 - exponent : 0, x);
    put_dot(out);
}
