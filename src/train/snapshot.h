/* snapshot.h -- what a few fixed pairs look like through a training. Private.
 *
 * The probe is the first CT_PROBE pairs of validation (of training if there is none), seen at step
 * 0, at the end, and in between at steps that lie denser at the start, where towers leave the
 * plateau. In the log, the line about the probe has its captions and small pictures; one about a
 * snapshot the matrix of cosines, histograms, spectra, alignment and uniformity, and both sides on
 * the plane of their two principal components, all in ten-thousandths. No clock and no state: a
 * line is a function of the weights.
 */
#ifndef TRAIN_SNAPSHOT_H
#define TRAIN_SNAPSHOT_H

#include "formats/json.h"
#include "train/trainer.h"

#define CT_PROBE      32
#define CT_PROBE_BINS 20 /* of cosines in [-1, 1] */

typedef struct ct_snapshot {
    long step;
    int n;                         /* pairs of the probe                                 */
    double s[CT_PROBE * CT_PROBE]; /* (n, n) cosines: image i, text j                    */
    double plane[2][CT_PROBE][2];  /* side, pair: coordinates on the two principal
                                      components of all 2 n unit rows; signs are free    */
    double share;                  /* of the variance that the plane shows               */
    double bin[2][CT_PROBE_BINS];  /* shares: cosines of pairs; of others, where pairs of
                                      equal group are neither                            */
    int n_sigma;
    double sigma[2][CT_PROBE];       /* singular values of the centred unit rows           */
    double alignment, uniformity[2]; /* as in contrast/measures.h                         */
} ct_snapshot;

/* Is one due after so many steps? `count` snapshots of a run of `steps`: i = 0 ..
 * count - 1 at steps i^2 / (count - 1)^2, rounded down; several may fall together. */
bool ct_snapshot_due(long step, long steps, int count);

/* Errors  CT_ERR_NOMEM; CT_ERR_NUMERIC (embeddings that are not finite) */
ct_status ct_snapshot_take(ct_trainer *t, ct_snapshot *out, ct_error *err);

/* Pairs of the probe; fewer than 2 are none. */
int ct_probe_size(const ct_pairs *p);

/* Members of an open object. Errors  as ct_pairs_rows */
void ct_probe_json(ct_json *j, const ct_pairs *p, ct_error *err);
void ct_snapshot_json(ct_json *j, const ct_snapshot *s); /* all but the step */

#endif
