/* autopsy.h -- what a diagnosis needs beyond the arrays: where they come from and what
 * their loss should be compared with. Private.
 */
#ifndef EXPERIMENT_AUTOPSY_H
#define EXPERIMENT_AUTOPSY_H

#include "contrast/diagnose.h"
#include "contrast/landmarks.h"
#include "formats/json.h"
#include "train/trainer.h"

ct_loss_reading ct_landmarks_read(const ct_landmarks *l, double value);

/* Mean loss of the pairs of a (n, d), b (n, d) in batches of l->at.n, in their order.
 * Errors  CT_ERR_NOMEM, CT_ERR_SHAPE */
ct_status ct_landmarks_measure(const ct_landmarks *l, ct_device *device, const ct_real *a,
                               const ct_real *b, int n, int d, const int *group, double *out,
                               ct_error *err);

/* Everything about one pair of arrays. */
typedef struct ct_autopsy {
    ct_findings findings;
    ct_landmarks landmarks; /* .loss NULL: nothing is known of a loss */
    double loss;            /* given or measured; NaN                 */
    bool loss_measured;
    ct_diagnosis diagnosis;
} ct_autopsy;

/* A run's split, or arrays (the caller sets landmarks and loss before). Of a
 * split at most `limit` pairs, 0: all.
 * Errors  those of the parts */
ct_status ct_autopsy_run(ct_trainer *t, ct_split split, int limit, ct_autopsy *out, ct_error *err);
ct_status ct_autopsy_arrays(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                            const int *group, ct_autopsy *out, ct_error *err);

void ct_autopsy_json(ct_json *j, const ct_autopsy *a);

#endif
