/* arrays.h -- embeddings that a command is given as files. Private to cli/. */
#ifndef CLI_ARRAYS_H
#define CLI_ARRAYS_H

#include "contrast/arena.h"
#include "contrast/real.h"
#include "contrast/status.h"

typedef struct cli_arrays {
    ct_real *x[2]; /* (n, d) each; x[1] NULL: one side only */
    int     *group; /* (n), or NULL                          */
    int      n, d;
} cli_arrays;

/* One or two .npy matrices, row i of one paired with row i of the other, and a .npy
 * of integers (NULL: none), into the arena.
 * Errors  those of ct_npy_read_matrix and ct_npy_read_ints; CT_ERR_SHAPE */
ct_status cli_read_arrays(char **path, int n_paths, const char *groups, ct_arena *arena, cli_arrays *out, ct_error *err);

#endif
