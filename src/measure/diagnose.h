/* diagnose.h -- what the files of the diagnosis share. Private. */
#ifndef MEASURE_DIAGNOSE_H
#define MEASURE_DIAGNOSE_H

#include "measure/fields.h"

/* Adds a sentence to the evidence, with the value of each {key} in its place. One that speaks of
 * {side} is said of each of `sides`: 1 the first, 2 the second, 3 both. */
void measure_say(ct_diagnosis *d, int sides, const char *sentence);

/* The loss of these rows in batches of landmarks.at.n, in their order (mistakes.c). NaN: there are
 * fewer rows, or it is not defined.
 * Errors  those of the loss */
double measure_loss(const ct_landmarks *l, const ct_embedded *e, ct_error *err);

/* Which known mistake makes d->loss of these rows, if d->loss_here is not near it. */
void measure_mistake(ct_diagnosis *d, const ct_embedded *e, ct_error *err);

/* e->gradient against the right ones of both sides, the rows being one batch. */
void measure_gradient(ct_diagnosis *d, const ct_embedded *e, ct_error *err);

#endif
