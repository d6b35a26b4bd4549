/* numbers.h -- what this layer measures, as data (formats/field.h); what somebody's loss may mean
 * who has nothing else: every landmark near it, and since when a curve of it is flat. Private. */
#ifndef MEASURE_NUMBERS_H
#define MEASURE_NUMBERS_H

#include "contrast/diagnose.h"
#include "formats/field.h"

extern const ct_fields ct_measures_fields;      /* in the order of reading */
extern const ct_fields ct_distributions_fields; /* detail */
extern const ct_fields ct_landmarks_fields;
extern const ct_fields ct_loss_fields; /* of ct_diagnosis: its loss, not its landmarks */

/* Members of an open object: state, evidence, measures, distributions and, if it is known, the
 * loss. */
void ct_diagnosis_json(ct_json *j, const ct_diagnosis *d);

#define CT_NUMBERS 12 /* most that are named */

/* A landmark. */
typedef struct ct_number {
    double value, off; /* the loss less the value */
    char formula[64], losses[128];
    const char *meaning, *apart; /* apart: what tells its causes from each other */
    double order;                /* least first: how far off, and how plain */
    bool collapse;               /* all rows are equal there */
} ct_number;

typedef struct ct_numbers {
    double loss, known_to;
    ct_loss_setting at;
    int n;
    ct_number near[CT_NUMBERS + 1]; /* within 1 %, the nearest first */
    ct_number below, above;         /* if none is: those on either side; no formula: none */
} ct_numbers;

extern const ct_fields ct_number_fields;

/* `only`: of this loss; NULL: of all. A temperature or dimensions of 0 are not known; the loss is
 * known to so much. */
void ct_numbers_of(const ct_loss *only, const ct_loss_setting *at, double loss, double known_to,
                   ct_numbers *out);

typedef struct ct_curve {
    char column[64]; /* where the loss stands */
    int points;
    double first, last;         /* losses */
    double since, level, noise; /* the step since which it is flat, at what; NaN: it is not */
    double known_to;            /* two standard errors of that level */
    double least, least_at;     /* from where it has risen; NaN: it has not */
    double bad;                 /* the first step without a finite loss; NaN: all have one */
} ct_curve;

extern const ct_fields ct_curve_fields;

/* Does the text begin as a curve does: lines of JSON with a loss, or a line of names, one of which
 * is that of a loss? */
bool ct_curve_begins(char *text);

/* Comma, semicolon or tab between columns, found by name: *loss*, or TensorBoard's Value; step,
 * iteration or epoch, else the number of the line. The text is changed.
 * Errors  CT_ERR_FORMAT: no numbers; CT_ERR_NOMEM */
ct_status ct_curve_read(const char *path, char *text, ct_curve *out, ct_error *err);

#endif
