/* array.h -- any file of numbers as an array, by what is in it. Private.
 *
 *   .npy            values of float16 to 64, integers and bool; either order of bytes
 *   IDX             bytes
 *   gzip            of one of these two
 *   .npz            FILE:MEMBER, or its only array
 *   safetensors     FILE:NAME, or its only tensor; bfloat16 too
 *   text            numbers between commas, tabs, semicolons or spaces, a row a line; nan and inf;
 *                   lines that begin with #, and a first line of names, are passed over
 *
 * What is stored as it is stays in its file. What must be unpacked or read as text is in memory: as
 * much as the file promises, which is held against its length first (inflate.h); for text at most
 * four times its length. */
#ifndef FORMATS_ARRAY_H
#define FORMATS_ARRAY_H

#include "formats/npy.h"

/* Is the file an array? A text is if its second line (or the only one) is two numbers or more that
 * are not divided by spaces alone: other lines may be captions. Errors  CT_ERR_IO, CT_ERR_NOMEM */
bool ct_array_begins(const char *path, ct_error *err);

/* Open one. What is anything else is refused by the name of its kind. Close the source,
 * also after an error. Here and below the arena fails into `err`.
 * Errors  CT_ERR_IO; CT_ERR_FORMAT; CT_ERR_NOMEM */
ct_status ct_array_open(ct_source *source, const char *path, ct_arena *arena, ct_npy *out,
                        ct_error *err);

/* The same of an open source; `member`: its NAME, or NULL. */
ct_status ct_array_parse(ct_source *source, const char *member, ct_arena *arena, ct_npy *out,
                         ct_error *err);

/* Open one that is rows and columns: (n), (n, d), or with further dimensions of 1; others are
 * refused. Errors as above. */
ct_status ct_matrix_open(ct_source *source, const char *path, ct_arena *arena, ct_npy *out,
                         ct_error *err);

/* Its rows first .. first + n - 1, as (n, cols). Errors  CT_ERR_IO */
void ct_array_rows(const ct_source *source, const ct_npy *a, int first, int n, ct_real *out,
                   ct_error *err);

/* Read whole numbers of any type, (n) or (n, 1), e.g. the group of each pair. Errors as above, also
 * for what is not whole or does not fit an int. */
ct_status ct_array_read_ints(const char *path, ct_arena *arena, int **x, int *n, ct_error *err);

#endif
