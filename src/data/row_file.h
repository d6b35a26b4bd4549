/* row_file.h -- rows that stay in their file, if it holds them as they are. Private. */
#ifndef DATA_ROW_FILE_H
#define DATA_ROW_FILE_H

#include "contrast/data.h"
#include "formats/array.h"
#include "platform/file.h"

struct ct_row_file {
    ct_source source;
    ct_npy array;
};

/* Rows of any file of numbers (formats/array.h), in the arena; data_row_file_close
 * accepts NULL. Errors  CT_ERR_IO, CT_ERR_FORMAT, CT_ERR_NOMEM */
ct_status data_row_file_open(const char *path, ct_arena *arena, ct_row_file **out, ct_error *err);
void data_row_file_close(ct_row_file *f);

bool data_are_bytes(const ct_npy *a); /* 0..255, one byte each */

/* Values from..from+n of an item of a numeric side, wherever they are; n at most
 * DATA_PIECE. Errors  CT_ERR_IO; CT_ERR_FORMAT (a number that is not finite) */
#define DATA_PIECE 2048
ct_status data_values(const ct_side *s, int item, int from, int n, double *out, ct_error *err);

#endif
