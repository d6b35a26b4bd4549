/* inside.h -- what the files of this layer share. Private to it and to what writes data out. */
#ifndef DATA_INSIDE_H
#define DATA_INSIDE_H

#include "contrast/data.h"
#include "formats/array.h"
#include "platform/file.h"

/* Rows that stay in their file, if it holds them as they are, so it may be larger than memory: they
 * are read when a batch wants them, and the system's cache keeps what fits. Not mapped: a file that
 * is cut while it is mapped ends the program, one that is read is an error. */
struct ct_row_file {
    ct_source source;
    ct_npy array;
};

/* A data set that is not yet known how large it is, and then is. Errors as ct_pairs_new. */
ct_pairs *data_pairs_open(const char *name, ct_error *err);
void data_pairs_split(ct_pairs *p, const int count[CT_N_SPLITS], ct_error *err);

bool data_are_bytes(const ct_npy *a); /* 0..255, one byte each */

/* The values of an item of a numeric side from `from` on, wherever they are: how many there are in
 * `out`, at most DATA_PIECE; 0 at its end, and after an error.
 * Errors  CT_ERR_IO; CT_ERR_FORMAT (a number that is not finite) */
#define DATA_PIECE 2048
int data_values(const ct_side *s, int item, int from, double *out, ct_error *err);

/* Just enough of Unicode to split and compare words (letters.c): simple lower case for Latin, Greek
 * and Cyrillic; the one letter that a small letter and a combining mark are, 0 if there is none;
 * letters and digits, beyond ASCII all but the usual spaces and punctuation. */
uint32_t data_lower_case(uint32_t c);
uint32_t data_compose(uint32_t c, uint32_t mark);
bool data_is_letter(uint32_t c);

#endif
