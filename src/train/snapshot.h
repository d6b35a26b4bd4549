/* snapshot.h -- what is looked at while a run trains. Private. Nothing of it changes a bit of the
 * run.
 *
 * A snapshot shows what a few fixed pairs look like. The probe is the first CT_PROBE pairs of
 * validation (of training if there are fewer than 2), seen at step 0, at the end, and in between at
 * steps that lie denser at the start, where towers leave the plateau. No clock and no state: what
 * is seen is a function of the weights.
 *
 * The monitor: the batch that comes next goes forward and backward once more, without an update,
 * and the validation pairs are diagnosed: where in the towers the embeddings become equal, whether
 * units are dead, what pulls a run away from ln N.
 */
#ifndef TRAIN_SNAPSHOT_H
#define TRAIN_SNAPSHOT_H

#include "formats/log.h"
#include "train/trainer.h"

/* The moment has its cosines here, so it must not be moved. */
typedef struct ct_snapshot {
    ct_moment moment;
    int n;                         /* pairs of the probe */
    double s[CT_PROBE * CT_PROBE]; /* (n, n) cosines: image i, text j */
    uint8_t byte[CT_PROBE * CT_PROBE];
} ct_snapshot;

/* Is one due after so many steps? `count` snapshots of a run of `steps`: i = 0 .. count - 1 at
 * steps i^2 / (count - 1)^2, rounded down; several may fall together. */
bool ct_snapshot_due(long step, long steps, int count);

/* Errors  CT_ERR_NOMEM; CT_ERR_NUMERIC (embeddings that are not finite) */
ct_status ct_snapshot_take(ct_trainer *t, ct_snapshot *out, ct_error *err);

/* Pairs of the probe; fewer than 2 are none. */
int ct_probe_size(const ct_pairs *p);

/* A picture of the first side, every k-th pixel of it, as bytes of so many channels: its own or 3.
 * One whose largest number is 1 or less is in shares of 255. What is needed for it is the arena's.
 * Errors  CT_ERR_NOMEM, those of ct_pairs_rows */
ct_status ct_picture_bytes(const ct_pairs *p, int item, int k, int channels, ct_arena *arena,
                           uint8_t *out, ct_error *err);

/* The probe, with small pictures in the arena. Errors  CT_ERR_NOMEM, those of ct_pairs_rows */
ct_probe ct_probe_of(const ct_pairs *p, ct_arena *arena, ct_error *err);

/* ---- the monitor ---- */

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
