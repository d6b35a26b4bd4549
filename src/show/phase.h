/* phase.h -- what becomes of runs over two settings, as a phase diagram. Private. */
#ifndef SHOW_PHASE_H
#define SHOW_PHASE_H

#include "formats/field.h"
#include "show/svg.h"
#include "show/terminal.h"

/* A point of the grid, over its seeds. */
typedef struct ct_phase_point {
    const char *settings;
    int runs; /* 0: nothing is known */
    int state,
        in_state; /* the most frequent ct_state, or CT_N_STATES, diverged; runs that are so */
    ct_spread escape, recall; /* step that leaves ln N, infinite where it never did; recall@1 */
} ct_phase_point;

typedef struct ct_phase {
    const char *key[2];          /* rows, the largest value on top; columns */
    const char *const *value[2]; /* (n[0]), (n[1]) */
    int n[2], steps;             /* steps: of a run */
    const ct_phase_point *point; /* (n[0], n[1]) */
} ct_phase;

/* One letter for each point: its state. */
void ct_phase_draw(const ct_terminal *t, const ct_phase *p);

/* Three maps side by side, state, escape step and recall@1 (medians over
 * seeds); in a page, or as a file. Errors  CT_ERR_IO */
void ct_phase_figure(ct_writer *page, const ct_phase *p);
ct_status ct_phase_save(const ct_phase *p, const char *path, ct_error *err);

#endif
