/* open.h -- what a command begins with: a recipe and its settings, a run, or arrays. Private. */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include "cli/cli.h"
#include "contrast/arena.h"
#include "train/open.h"
#include "train/run.h"

/* The recipe that argument `first` names, changed as the arguments after it say, and checked. */
ct_status cli_recipe(const cli_line *in, int first, ct_recipe *out, ct_error *err);

typedef ct_run cli_run;

/* Of r->recipe, as a run begins; or of a run in a folder, with the weights of --checkpoint. Close
 * also after an error. */
ct_status cli_begin(cli_run *r, const cli_line *in, ct_error *err);
ct_status cli_open(cli_run *r, const cli_line *in, const char *folder, ct_error *err);
void cli_close(cli_run *r);

/* Embeddings from files. */
typedef struct cli_arrays {
    ct_real *x[2]; /* (n, d) each; x[1] NULL: one side only */
    int *group;    /* (n), or NULL                          */
    int n, d;
} cli_arrays;

/* The first arguments as .npy matrices, one or two, row i of one paired with row i of the other,
 * and --groups (a .npy of integers), into the arena.
 * Errors  those of ct_npy_read_matrix and ct_npy_read_ints; CT_ERR_SHAPE */
ct_status cli_read_arrays(const cli_line *in, int n_paths, ct_arena *arena, cli_arrays *out,
                          ct_error *err);

/* The loss of that name; NULL after an error. */
const ct_loss *cli_loss(const char *name, ct_error *err);

#endif
