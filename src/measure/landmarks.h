/* landmarks.h -- where a loss is looked at, and its value at random. Private to measure. */
#ifndef MEASURE_LANDMARKS_H
#define MEASURE_LANDMARKS_H

#include "contrast/landmarks.h"

#define MEASURE_KINDS 256 /* sizes of groups told apart: enough for 32,000 rows */

/* Anchors of a batch that are alike. */
typedef struct measure_anchors {
    double rows, same, rest; /* negatives that are the same point; the others, of one side */
} measure_anchors;

/* Where a loss is looked at, all as double. */
typedef struct measure_place {
    double n, d, t, bias, queue;
    double largest, squares; /* rows of the largest group; sum of the squares of groups' rows */
    double same, rest;       /* sums over all anchors */
    const ct_loss_options *o;
    int n_kinds;
    measure_anchors kind[MEASURE_KINDS];
} measure_place;

/* A loss of unit rows drawn at random, unaligned (chance.c): its mean. `equal`: its value when all
 * are equal; d >= 2. */
typedef double measure_chance(const measure_place *p, double equal);
measure_chance measure_random_sum, measure_random_npair, measure_random_siglip,
    measure_random_spectral, measure_random_barlow, measure_random_positives;

/* E ln of the sum of e^(s/temperature), s cosines of a row with n drawn uniformly on the sphere in
 * d >= 2 dimensions; n may be a fraction. */
double measure_log_sum(double n, double d, double temperature);

#endif
