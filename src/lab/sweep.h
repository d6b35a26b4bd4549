/* sweep.h -- a study whose variants are a grid of settings. Private.
 *
 *     DIR/runs.jsonl  a line saying which sweep this is, then one line for each run: while it goes
 *                     on, in the order in which they end; when all are there, in the order of the
 *                     grid. What it holds is not run again.
 */
#ifndef LAB_SWEEP_H
#define LAB_SWEEP_H

#include "lab/study.h"

#define CT_SWEEP_AXES   CT_STUDY_HEADS
#define CT_SWEEP_VALUES 128
#define CT_SWEEP_SEEDS  CT_STUDY_SEEDS

typedef struct ct_axis {
    char key[64]; /* "optim.rate" */
    int n;
    char value[CT_SWEEP_VALUES][48];
} ct_axis;

typedef struct ct_sweep {
    ct_recipe base;
    ct_axis axis[CT_SWEEP_AXES];
    int n_axes, n_seeds, n_points; /* n_points: the product of the lists */
    long first_seed;
} ct_sweep;

/* Add a setting to a sweep whose base is read. "section.key=a,b,c" and
 * "section.key=a|b|c" are lists ("|" where values have commas), "lo..hi:n" is n evenly
 * spaced values, "lo..hi:n(log)" evenly spaced logarithms, "seed=1..8" or "seed=3" the
 * seeds; any other value is a setting of all runs.
 * Errors  CT_ERR_CONFIG */
ct_status ct_sweep_add(ct_sweep *s, const char *setting, ct_error *err);

/* Its runs, none of them made yet: a variant for each point, the last key changing fastest, all of
 * them checked. Memory is the arena's.
 * Errors  CT_ERR_CONFIG (a point that is no recipe), CT_ERR_NOMEM */
ct_status ct_sweep_runs(const ct_sweep *s, ct_arena *arena, ct_runs *out, ct_error *err);

/* Make what is missing, and keep it in the folder, unless that is NULL.
 * Errors  CT_ERR_CONFIG (the folder holds another sweep), CT_ERR_IO (one is at work there),
 * CT_ERR_IO, CT_ERR_FORMAT, CT_ERR_NOMEM */
ct_status ct_sweep_make(const ct_sweep *s, ct_runs *runs, const char *folder, int threads,
                        ct_error *err);

#endif
