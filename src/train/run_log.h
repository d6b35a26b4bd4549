/* run_log.h -- metrics.jsonl and timing.jsonl. Private to train/. */
#ifndef EXPERIMENT_RUN_LOG_H
#define EXPERIMENT_RUN_LOG_H

#include "formats/json.h"
#include "platform/file.h"
#include "train/monitor.h"

typedef struct ct_run_log {
    ct_writer metrics, timing;
    ct_json json;
    double began; /* the clock when the run began; resumed, as if it had never stopped */
} ct_run_log;

/* Go on behind the first metrics_bytes of metrics.jsonl and the lines of timing.jsonl
 * up to `step`; 0 and 0 begin both anew. Close also after an error. */
ct_status ct_run_log_open(ct_run_log *l, const char *folder, uint64_t metrics_bytes, long step,
                          ct_error *err);
ct_status ct_run_log_close(ct_run_log *l, ct_error *err);

/* A line each, whole or not at all; errors wait for sync or close. */
void ct_run_log_step(ct_run_log *l, const ct_trainer *t, const ct_step *s);
void ct_run_log_monitor(ct_run_log *l, long step, const ct_monitor *m);
void ct_run_log_evaluation(ct_run_log *l, long step, const ct_evaluation *e);

/* All lines so far are on the disk. */
ct_status ct_run_log_sync(ct_run_log *l);

/* "FOLDER/NAME". Errors  CT_ERR_IO: too long */
ct_status ct_run_path(char out[CT_PATH_BYTES], const char *folder, const char *name, ct_error *err);

#endif
