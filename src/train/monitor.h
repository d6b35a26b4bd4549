/* monitor.h -- what is looked at while a run goes on. Private.
 *
 * The batch that comes next goes forward and backward once more, without an update, and
 * the validation pairs are diagnosed: where in the towers the embeddings become
 * equal, whether units are dead, what pulls a run away from ln N. Nothing of it changes
 * a bit of the run.
 */
#ifndef TRAIN_MONITOR_H
#define TRAIN_MONITOR_H

#include "formats/json.h"
#include "train/trainer.h"

/* A dense layer, in the next batch. */
typedef struct ct_layer_view {
    const char *name;     /* of its weight: "image.0.weight"                       */
    double gradient_norm; /* of the weight                                         */
    double mean_cosine;   /* of the outputs of different rows                      */
    double dead;          /* share of units that are 0 for every row (ReLU)        */
    double saturated;     /* share of outputs within 0.01 of an end (sigmoid, tanh) */
} ct_layer_view;

typedef struct ct_monitor {
    ct_layer_view layer[2 * CT_MAX_LAYERS];
    int n_layers;
    double loss;            /* of that batch                                           */
    ct_landmarks landmarks; /* ... and its constants, duplicates included              */
    double escape;          /* trace of the cross-covariance of the sides, over tau: the
                               loss is ln N minus this near the saddle                 */
    ct_state state;         /* of the validation pairs                                 */
    char evidence[200];
    double rank[2]; /* effective rank, centred                                 */
} ct_monitor;

/* `limit`: at most so many validation pairs, 0 all.
 * Errors  CT_ERR_NOMEM, those of the graph; CT_ERR_CONFIG without a validation split */
ct_status ct_monitor_look(ct_trainer *t, int limit, ct_monitor *out, ct_error *err);

void ct_monitor_json(ct_json *j, const ct_monitor *m); /* members of an open object */

/* Words for a loss that has stayed at its value for equal embeddings, or NULL. `mean` is
 * over the last steps. */
const char *ct_monitor_words(double mean, double all_equal);

#endif
