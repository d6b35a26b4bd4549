/* diagnose.h -- one word for what embeddings are like, and the numbers that support it.
 *
 * Two steps that stand alone: ct_measure (measures.h) turns arrays into numbers, ct_conclude turns
 * numbers into a state, with the sentences that support it. The rules are in
 * src/measure/diagnose.c, the first that holds from the top.
 */
#ifndef CT_DIAGNOSE_H
#define CT_DIAGNOSE_H

#include "contrast/landmarks.h"
#include "contrast/measures.h"

#include <stdbool.h>

CT_C_BEGIN

typedef enum ct_state {
    CT_HEALTHY,
    CT_COLLAPSED,
    CT_DIMENSIONAL_COLLAPSE,
    CT_PLATEAU,
    CT_UNALIGNED,
    CT_MISPAIRED,
    CT_MODALITY_GAP,
    CT_DEGENERATE_NORMS,
    CT_UNCERTAIN,
    CT_N_STATES
} ct_state;

/* A state in words. */
typedef struct ct_state_text {
    const char *name; /* "dimensional-collapse" */
    const char *meaning;
    const char *look_alikes; /* what else looks so, and what tells them apart */
    const char *remedy;      /* what to try first, and why */
} ct_state_text;

const ct_state_text *ct_state_describe(ct_state state);

#define CT_EVIDENCE 8

typedef struct ct_diagnosis {
    /* What is known. */
    ct_measures measures;
    ct_distributions shape;
    ct_landmarks landmarks; /* of its loss; .loss NULL: nothing is known of one */
    double loss;            /* its value; NaN: not known */
    bool loss_measured;     /* here, on these rows */

    /* What follows. */
    ct_state state;
    ct_state_text text; /* of that state */
    int n_evidence;
    char evidence[CT_EVIDENCE][200]; /* a sentence each */
} ct_diagnosis;

/* Measure, and conclude. The caller sets landmarks and loss before; a loss that has landmarks and
 * no value is measured. Rows that are not finite are a finding and no error.
 * Errors   CT_ERR_SHAPE (no rows or columns), CT_ERR_NOMEM */
ct_status ct_diagnose(const ct_embedded *e, ct_diagnosis *d, ct_error *err);

/* The second step alone: what follows from what is known. Never fails. */
void ct_conclude(ct_diagnosis *d);

CT_C_END
#endif
