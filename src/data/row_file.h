/* row_file.h -- rows that stay in their file, if it holds them as they are, so it may be larger
 * than memory: they are read when a batch wants them, and the system's cache keeps what fits. Not
 * mapped: a file that is cut while it is mapped ends the program, one that is read is an error.
 * Private. */
#ifndef DATA_ROW_FILE_H
#define DATA_ROW_FILE_H

#include "contrast/data.h"
#include "formats/array.h"
#include "platform/file.h"

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

#endif
