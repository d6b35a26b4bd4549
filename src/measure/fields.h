/* fields.h -- what this layer measures, as data (formats/field.h). Private. */
#ifndef MEASURE_FIELDS_H
#define MEASURE_FIELDS_H

#include "contrast/diagnose.h"
#include "formats/field.h"

extern const ct_fields ct_measures_fields;      /* in the order of reading */
extern const ct_fields ct_distributions_fields; /* detail */
extern const ct_fields ct_landmarks_fields;
extern const ct_fields ct_loss_fields; /* of ct_diagnosis: its loss, not its landmarks */

/* Members of an open object: state, evidence, measures, distributions and, if it is known, the
 * loss. */
void ct_diagnosis_json(ct_json *j, const ct_diagnosis *d);

#endif
