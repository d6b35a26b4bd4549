/* idx.h -- IDX files: the format of MNIST and its kin.
 *
 * 00 00 TT DD, then DD big-endian 32-bit sizes, then the values, C order, big-endian. Bytes only
 * (TT = 08); other types are refused. Memory: the file's length, whatever its sizes claim. */
#ifndef CT_IDX_H
#define CT_IDX_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stddef.h>
#include <stdint.h>

CT_C_BEGIN

typedef struct ct_idx {
    int n_dims;
    int dim[4];
    const uint8_t *data; /* product of dim values, inside the bytes read */
} ct_idx;

/* Read a whole file that must have `n_dims` dimensions (1 to 4), into the arena.
 * Errors  CT_ERR_IO; CT_ERR_NOMEM; CT_ERR_FORMAT (compressed: the message says gunzip first;
 *         another type or number of dimensions, or a length that does not fit) */
ct_status ct_idx_read(const char *path, int n_dims, ct_arena *arena, ct_idx *out, ct_error *err);

CT_C_END
#endif
