/* sweep.h -- one recipe over a grid of settings and seeds. Private.
 *
 * Every point of the grid is trained from every seed, one small run to a thread.
 *
 *     DIR/runs.jsonl  a line saying which sweep this is, then a line a run: while it goes
 *                     on, in the order in which they end; when all are there, in
 *                     the order of the grid. What it holds is not run again.
 *     DIR/sweep.csv   a row a point: states, and over the seeds median, range, mean and its
 * standard error
 */
#ifndef EXPERIMENT_SWEEP_H
#define EXPERIMENT_SWEEP_H

#include "contrast/diagnose.h"
#include "lab/trials.h"

#include <signal.h>

#define CT_SWEEP_AXES   6
#define CT_SWEEP_VALUES 128
#define CT_SWEEP_SEEDS  64

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

typedef struct ct_sweep_run {
    bool done, diverged;
    ct_state state;         /* uncertain if it diverged */
    double loss, all_equal; /* as in ct_trial */
    long escape;
    double recall[2], cosine[2], rank[2], gap;
} ct_sweep_run;

/* Over the seeds of a point. */
typedef struct ct_sweep_point {
    int n, n_diverged, n_state[CT_N_STATES];
    ct_state state;                             /* the most frequent, the first of equals */
    ct_spread loss, escape, recall[2], rank[2]; /* escape: infinity for a run that never left */
} ct_sweep_point;

/* Add a setting to a sweep whose base is read. "section.key=a,b,c" and
 * "section.key=a|b|c" are lists ("|" where values have commas), "lo..hi:n" is n evenly
 * spaced values, "lo..hi:n(log)" evenly spaced logarithms, "seed=1..8" or "seed=3" the
 * seeds; any other value is a setting of all runs.
 * Errors  CT_ERR_CONFIG */
ct_status ct_sweep_add(ct_sweep *s, const char *setting, ct_error *err);

/* The settings of a point, "a.b=c d.e=f"; text of the whole sweep, to recognise it by. */
void ct_sweep_settings(const ct_sweep *s, int point, char *out, size_t size);
void ct_sweep_describe(const ct_sweep *s, char *out, size_t size);

typedef struct ct_sweep_watch {
    void *ctx;
    void (*on_run)(void *ctx, int done, int of); /* one call at a time */
    const volatile sig_atomic_t *stop;           /* not 0: finish the runs in flight and return */
} ct_sweep_watch;

/* Run what is missing; run[point * n_seeds + i], all zero at first, is what was done.
 * folder NULL: nothing is written.
 * Errors  CT_ERR_CONFIG (a setting; the folder holds another sweep), CT_ERR_IO, CT_ERR_FORMAT,
 * CT_ERR_NOMEM */
ct_status ct_sweep_run_all(const ct_sweep *s, const char *folder, int threads,
                           const ct_sweep_watch *watch, ct_sweep_run *run, ct_error *err);

/* Over the runs of a point that are done (n of them). */
ct_sweep_point ct_sweep_summary(const ct_sweep *s, const ct_sweep_run *run, int point);

/* DIR/sweep.csv. Errors  CT_ERR_IO */
ct_status ct_sweep_write_csv(const ct_sweep *s, const ct_sweep_run *run, const char *folder,
                             ct_error *err);

#endif
