/* arrays.h -- embeddings that a command is given as files. Private to cli/. */
#ifndef CLI_ARRAYS_H
#define CLI_ARRAYS_H

#include "cli/cli.h"
#include "contrast/arena.h"
#include "contrast/landmarks.h"
#include "contrast/real.h"
#include "contrast/status.h"

typedef struct cli_arrays {
    ct_real *x[2]; /* (n, d) each; x[1] NULL: one side only */
    int *group;    /* (n), or NULL                          */
    int n, d;
} cli_arrays;

/* The arguments as .npy matrices, one or two, row i of one paired with row i of the other, and
 * --groups (a .npy of integers), into the arena.
 * Errors  those of ct_npy_read_matrix and ct_npy_read_ints; CT_ERR_SHAPE */
ct_status cli_read_arrays(const cli_line *in, int n_paths, ct_arena *arena, cli_arrays *out,
                          ct_error *err);

/* The loss of that name; NULL after an error. */
const ct_loss *cli_loss(const char *name, ct_error *err);

/* Of rows in double: sum of products, length (1 of a zero row), cosine. */
double cli_product(const ct_real *x, const ct_real *y, int d);
double cli_length(const ct_real *x, int d);
double cli_cosine(const ct_real *x, const ct_real *y, int d);

/* What --explain works out: n rows of d on two sides, and groups or NULL. */
typedef struct cli_explained {
    const ct_loss_setting *at;
    const ct_real *a, *b;
    const int *group;
} cli_explained;

bool cli_can_explain(const char *loss);
/* Print the loss anchor by anchor, and their mean. */
void cli_explain(const cli_explained *e, const char *loss);

#endif
