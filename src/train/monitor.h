/* monitor.h -- what is looked at while a run trains. Private.
 *
 * The batch that comes next goes forward and backward once more, without an update, and
 * the validation pairs are diagnosed: where in the towers the embeddings become
 * equal, whether units are dead, what pulls a run away from ln N. Nothing of it changes
 * a bit of the run.
 */
#ifndef TRAIN_MONITOR_H
#define TRAIN_MONITOR_H

#include "formats/log.h"
#include "train/trainer.h"

typedef struct ct_monitor {
    ct_layers seen;         /* in the next batch */
    double loss;            /* of that batch */
    ct_landmarks landmarks; /* ... and its constants, duplicates included */
    double escape;          /* trace of the cross-covariance of the sides, over tau: the
                               loss is ln N minus this near the saddle */
    ct_diagnosis diagnosis; /* of the validation pairs */
} ct_monitor;

extern const ct_fields ct_monitor_fields;

/* All but the diagnosis, which an evaluation after the same step has set.
 * Errors  CT_ERR_NOMEM, those of the graph */
ct_status ct_monitor_look(ct_trainer *t, ct_monitor *m, ct_error *err);

#endif
