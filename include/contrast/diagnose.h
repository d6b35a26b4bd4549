/* diagnose.h -- one word for what embeddings are like, and the numbers that support it.
 *
 * Two steps that stand alone: ct_measure (measures.h) turns arrays into numbers, ct_conclude turns
 * numbers into a state, with the sentences that support it. The rules are in
 * src/measure/diagnose.c, the first that holds from the top; the words in words.c beside it.
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
    CT_REPEATS,
    CT_INVERTED,
    CT_HUB,
    CT_LOSS_DIFFERS,
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

/* What the settings of a run say to try first; both "" where they say nothing. */
typedef struct ct_remedy {
    char settings[160]; /* "optim.name=adamw optim.rate=0.001": overrides of its recipe */
    char why[800];
} ct_remedy;

#define CT_EVIDENCE 8

typedef struct ct_diagnosis {
    /* What is known. */
    ct_measures measures;
    ct_distributions shape;
    ct_landmarks landmarks; /* of its loss; .loss NULL: nothing is known of one */
    double loss;            /* its value; NaN: not known */

    /* What follows. */
    double loss_here;     /* the loss of these rows; NaN: not known */
    bool loss_measured;   /* it is the one that there is, */
    bool loss_compared;   /* or is held against the one that was given */
    const char *mistake;  /* what makes the one of the other: "softmax twice"; NULL: none known */
    double loss_mistaken; /* the loss of these rows under that mistake */
    bool gradient_compared;
    double gradient_length[2],
        gradient_cosine[2]; /* of that gradient, to the right one of a side */
    bool gradient_right;
    const char *gradient_is; /* what is wrong with it */
    double ln_rows;
    ct_state state;
    ct_state_text text; /* of that state; its remedy may be `remedy.why`, so do not copy this */
    ct_remedy remedy;   /* set by who knows the settings */
    int n_evidence;
    char evidence[CT_EVIDENCE][240]; /* a sentence each */
} ct_diagnosis;

/* Measure, and conclude. The caller sets landmarks and loss before. A loss that has landmarks is
 * measured too; one that was given is held against it, and against what known mistakes make of
 * these rows. Rows that are not finite are a finding and no error.
 * Errors   CT_ERR_SHAPE (no rows or columns), CT_ERR_NOMEM */
ct_status ct_diagnose(const ct_embedded *e, ct_diagnosis *d, ct_error *err);

/* The second step alone: what follows from what is known. Never fails. */
void ct_conclude(ct_diagnosis *d);

CT_C_END
#endif
