/* phase.h -- a sweep as a table; over two keys, as a phase diagram. Private. */
#ifndef REPORT_PHASE_H
#define REPORT_PHASE_H

#include "lab/sweep.h"
#include "show/svg.h"
#include "show/terminal.h"

/* A row a point: state, runs in it, escape step, recall@1, loss, centred effective rank. */
void ct_sweep_table(const ct_terminal *t, const ct_sweep *s, const ct_sweep_run *run);

/* Rows: the first key, largest value on top; columns: the second. One letter a point: its
 * most frequent state. Needs n_axes == 2. */
void ct_phase_draw(const ct_terminal *t, const ct_sweep *s, const ct_sweep_run *run);

/* Of a point, as the diagrams show it: its name, and how many of its runs are so. */
const char *ct_phase_name(const ct_sweep_point *p);
int ct_phase_in_state(const ct_sweep_point *p);

/* Three maps side by side, state, escape step and recall@1 (medians over
 * seeds); in a page, or as a file. Errors  CT_ERR_IO */
void ct_phase_figure(ct_writer *page, const ct_sweep *s, const ct_sweep_run *run);
ct_status ct_phase_save(const ct_sweep *s, const ct_sweep_run *run, const char *path,
                        ct_error *err);

#endif
