/* check.h -- does a recipe deserve to be started? Private.
 *
 * Four questions, each answered by a run of seconds: can the model learn one batch by
 * heart; does it learn from pairs what it does not learn from shuffled ones; are its
 * gradients right; what will the whole run need.
 */
#ifndef LAB_CHECK_H
#define LAB_CHECK_H

#include "contrast/diagnose.h"
#include "train/recipe.h"

#define CT_CHECK_STEPS 300 /* of each short training, or the recipe's if it has fewer */

typedef struct ct_check {
    int pairs, captions; /* of the data; distinct ones, 0 if the second side has none */

    /* one batch, again and again */
    double batch_loss;
    ct_landmarks landmarks; /* of that batch */
    int short_steps;
    bool learns_batch; /* nine tenths of the way from all equal to the higher floor */

    /* the pair-shuffle control, on test pairs: share of wrong items ahead (0.5: chance) */
    double ahead, ahead_shuffled, recall, recall_shuffled;
    const char *state, *state_shuffled;
    bool has_signal; /* better than shuffled by 5 standard deviations of chance */

    /* gradients: worst over the parameters of |numeric - |g|| / |g| along g */
    double gradient_error;
    char worst[48];        /* that parameter */
    int n_checked, n_flat; /* too flat for float to tell */
    bool gradients_right;

    int steps;                          /* of the whole run                                 */
    double seconds_per_step, seconds;   /* of training; the whole run                       */
    double parameter_bytes, step_bytes; /* values, gradients, moments; one step's tensors   */
    size_t n_parameters;
} ct_check;

/* Errors  those of a trainer; a run that diverges is one (CT_ERR_NUMERIC) */
ct_status ct_check_run(const ct_recipe *r, ct_device *device, ct_check *out, ct_error *err);

#endif
