/* phase.h -- a table over two keys as a phase diagram. Private.
 *
 * The first two columns of the table hold the values of the keys, in the order of a grid: the first
 * key goes up, the second to the right. Of its other columns those are drawn whose keys begin with
 * `state` (a choice), `escape_step` and `recall_at_1` (spreads).
 */
#ifndef SHOW_PHASE_H
#define SHOW_PHASE_H

#include "show/doc.h"

/* On a screen one letter for each point; in a page three maps: state, escape step and recall. */
void ct_doc_phase(const ct_doc *d, const ct_table *t);

/* The maps as a file. Errors  CT_ERR_IO */
ct_status ct_phase_save(const ct_table *t, const char *path, ct_error *err);

#endif
