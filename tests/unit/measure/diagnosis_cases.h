/* diagnosis_cases.h -- embeddings whose state is known because of how they were made.
 *
 * Case k is a function of k and of a seed, which was changed once the rules were fixed:
 * whoever changes a rule may look at even cases; the odd ones judge it. */
#ifndef DIAGNOSIS_CASES_H
#define DIAGNOSIS_CASES_H

#include "contrast/diagnose.h"

#define N_CASES 500

typedef struct diagnosis_case {
    ct_state label;
    const char *kind; /* how it was made */
    int n, d;
    ct_real *a, *b;         /* b may be NULL; free with free_case */
    int *group;             /* or NULL */
    ct_landmarks landmarks; /* .loss NULL: nothing is known of a loss */
    double loss;
} diagnosis_case;

/* Embeddings of trained towers, made once: what real training leaves. */
typedef struct trained_set trained_set;
trained_set *train_all(ct_device *device);
void free_trained(trained_set *t);

/* trained may be NULL: all are generated then. */
diagnosis_case make_case(int k, const trained_set *trained);

/* Another N_CASES, of what the rules learned later: case k is a healthy one that is spoiled in one
 * of N_KINDS ways, or (the last four) no worse for it. Drawn after the limits were fixed. */
#define N_KINDS 26
diagnosis_case make_kind(int k);

void free_case(diagnosis_case *c);

#endif
