/* run_log.h -- what a run writes down: log.jsonl, and timing.jsonl. Private to train/.
 *
 *     {"kind":"probe",...}        the pairs that snapshots are about: first, if there are any
 *     {"kind":"snapshot",...}     see snapshot.h
 *     {"kind":"step",...}         loss, temperature, rate and gradient norm
 *     {"kind":"evaluation",...}   of a split
 *     {"kind":"monitor",...}      see monitor.h
 *
 * All but the first have their step next. There is nothing of the machine in the log, so that a run
 * done twice, or killed and resumed, leaves the same bytes; its clock is in timing.jsonl.
 */
#ifndef TRAIN_RUN_LOG_H
#define TRAIN_RUN_LOG_H

#include "formats/json.h"
#include "platform/file.h"
#include "train/monitor.h"

typedef struct ct_run_log {
    ct_writer log, timing;
    ct_json json;
    double began; /* the clock when the run began; resumed, as if it had never stopped */
} ct_run_log;

/* Continue after the first log_bytes of log.jsonl and the lines of timing.jsonl up to `step`; 0 and
 * 0 begin both anew. Close also after an error. */
ct_status ct_run_log_open(ct_run_log *l, const char *folder, uint64_t log_bytes, long step,
                          ct_error *err);
ct_status ct_run_log_close(ct_run_log *l, ct_error *err);

/* Members of one line go between these two; step -1: it has none. A line is written whole or not at
 * all; errors wait for sync or close. */
ct_json *ct_run_log_begin(ct_run_log *l, const char *kind, long step);
void ct_run_log_end(ct_run_log *l);

void ct_run_log_step(ct_run_log *l, const ct_trainer *t, const ct_step *s);
void ct_run_log_monitor(ct_run_log *l, long step, const ct_monitor *m);
void ct_run_log_evaluation(ct_run_log *l, long step, const ct_evaluation *e);

/* All lines so far are on the disk. */
ct_status ct_run_log_sync(ct_run_log *l);

/* "FOLDER/NAME". Errors  CT_ERR_IO: too long */
ct_status ct_run_path(char out[CT_PATH_BYTES], const char *folder, const char *name, ct_error *err);

#endif
