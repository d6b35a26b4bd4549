/* text.h -- what text is made of: characters, numbers, names; and what is no text. Private.
 * Every text ends with a NUL. */
#ifndef FORMATS_TEXT_H
#define FORMATS_TEXT_H

#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the UTF-8 character at s, 1 to 4, and its code point; 0 at the end or if
 * it is not valid (cut off, overlong, surrogate, beyond U+10FFFF). */
int ct_utf8_get(const char *s, uint32_t *code);

/* Write a code point as UTF-8: 1 to 4 bytes. */
int ct_utf8_put(char *out, uint32_t code);

/* The first byte that is not UTF-8 or begins a control character, which could
 * change what a terminal shows of a message; the end if there is none. */
const char *ct_text_unprintable(const char *s);

bool ct_text_ends(const char *s, const char *end); /* with `end`? */

/* A word as it is typed in a shell, in quotes where it needs them, and '...' after one that is cut.
 * The answer is `out`. */
#define CT_WORD_BYTES 1100
const char *ct_text_word(char out[CT_WORD_BYTES], const char *word);

/* The number that s begins with, as people write it: -12.5e-3, .07, +1, 007. Answers how many bytes
 * it has, 0 if there is none or it is beyond double or 64 digits. Rounded to the nearest double,
 * whatever the locale. */
size_t ct_number_get(const char *s, double *x);

/* The shortest number that reads back as x, which is finite; as (float)x if
 * `single`. The same characters with every libc and locale. */
#define CT_NUMBER_BYTES 40
void ct_number_put(char out[CT_NUMBER_BYTES], double x, bool single);

/* For "did you mean", one name after the other: begin with *nearness 0. Is `name` nearer to `word`
 * than those before it? Then *nearness is its own. At most a third of the word's bytes (rounded up)
 * may have to be changed; or its key is the end of that of `name`. */
bool ct_name_nearer(const char *word, const char *name, size_t *nearness);

/* The nearest of n names, `stride` bytes from one to the next; NULL: none is near. */
const char *ct_name_nearest(const char *word, const char *const *name, int n, size_t stride);

/* Bytes as characters that JSON and HTML leave alone (RFC 4648). */
#define CT_BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1) /* characters for n bytes, with the NUL */

void ct_base64_put(char *out, const uint8_t *x, size_t n);

/* Back, into `out`, which may be `text`: how many bytes, 0 if it is not that. */
size_t ct_base64_get(const char *text, uint8_t *out);

#define CT_PYTORCH "a PyTorch file: in Python: np.save('x.npy', torch.load('x.pt').numpy())"

/* Fail if a file that begins with these bytes is known to be something else, naming what, and the
 * line that converts it. Errors  CT_ERR_FORMAT "path: is WHAT: HOW" */
ct_status ct_foreign_refuse(const char *path, const void *head, size_t size, ct_error *err);

#endif
