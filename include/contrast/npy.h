/* npy.h -- matrices as files. Code in src/formats/. */
#ifndef CT_NPY_H
#define CT_NPY_H

#include "contrast/arena.h"
#include "contrast/real.h"

CT_C_BEGIN

/* Write a matrix as .npy of float32, replacing the file whole or not at all. Errors  CT_ERR_IO */
ct_status ct_npy_write_matrix(const char *path, const ct_real *x, int rows, int cols,
                              ct_error *err);

/* Read one from a file of numbers: .npy, FILE.npz:NAME, FILE.safetensors:NAME, IDX, text; gzip of
 * them. Memory is the arena's. After an error there is nothing to use.
 * Errors  CT_ERR_IO; CT_ERR_FORMAT; CT_ERR_NOMEM */
ct_status ct_array_read_matrix(const char *path, ct_arena *arena, ct_real **x, int *rows, int *cols,
                               ct_error *err);

CT_C_END
#endif
