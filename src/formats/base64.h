/* base64.h -- bytes as characters that JSON and HTML leave alone (RFC 4648). Private. */
#ifndef FORMATS_BASE64_H
#define FORMATS_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CT_BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1) /* characters for n bytes, with the NUL */

void ct_base64_put(char *out, const uint8_t *x, size_t n);

/* Exactly n bytes out of text, into out, which has room for n + 2; false if it is not that. */
bool ct_base64_get(const char *text, uint8_t *out, size_t n);

#endif
