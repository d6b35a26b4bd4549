/* landmarks.h -- values of a loss that are known before anything is trained.
 *
 * A loss alone says little. Held against its value when all embeddings are equal, against its
 * floor and against what rows scattered at random would give, it says where a run is. This is the
 * one place that knows those values; whoever shows one asks here.
 *
 * Tested    tests/unit/measure/test_landmarks.c, test_landmark_ways.c: batches that reach them
 */
#ifndef CT_LANDMARKS_H
#define CT_LANDMARKS_H

#include "contrast/loss.h"

#include <stdbool.h>

CT_C_BEGIN

/* Where a landmark is asked for. */
typedef struct ct_loss_setting {
    int n, d; /* pairs of a batch, and dimensions of the embeddings (0: unknown) */
    double temperature;
    double bias;                    /* siglip; see ct_loss_bias */
    const ct_loss_options *options; /* NULL: defaults */
    bool quick;                     /* leave out `random`, which may take a millisecond */
    int queue;                      /* past pairs that are negatives too; losses that use_queue */
    int rows; /* there are groups of so many, batches of n one after the other: landmarks are means
                 over them; 0: a batch */
} ct_loss_setting;

typedef struct ct_landmarks {
    const ct_loss *loss;  /* NULL: nothing is known of a loss */
    ct_loss_setting at;   /* temperature 1 and queue 0 where the loss has none */
    double all_equal;     /* all embeddings equal (of unit length, where that matters) */
    double random;        /* unit rows scattered at random, unaligned: the mean; NaN: not known */
    double floor;         /* no embeddings go below this; NaN: there is none. Groups count where the
                             loss looks at them */
    double duplicates;    /* ... nor below this if pairs of equal group are equal: (1/n) sum_i ln
                             (rows of i's group) of a softmax loss, at small temperatures; NaN where
                             that is the floor */
    const char *equal_is; /* all_equal as a formula, without groups and queue */
    const char *floor_is; /* where the floor is reached */
    bool bounds_information; /* ln N - loss is a lower bound on the information that pairs share */
} ct_landmarks;

/* group (n) or NULL: rows that mean the same. */
ct_landmarks ct_landmarks_of(const ct_loss *loss, const ct_loss_setting *at, const int *group);

/* ln N - loss in nats, at most what the two sides share (van den Oord et al. 2018, section 2.3;
 * Poole et al. 2019); NaN for a loss that is no such bound. */
double ct_landmarks_information(const ct_landmarks *l, double loss);

/* Equal embeddings are at the floor: nothing in the loss keeps rows apart. */
bool ct_landmarks_want_collapse(const ct_landmarks *l);

/* ln(1 + (n-1) e^(-n / ((n-1) tau))): the floor of the softmax losses, reached
 * by a regular simplex of perfectly aligned pairs (d >= n - 1; a smaller d has a
 * higher floor); 0 for n = 1. */
double ct_simplex_floor(int n, double temperature);

CT_C_END
#endif
