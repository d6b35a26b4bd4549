/* findings.h -- the parts that ct_findings_measure is made of. Private to metrics. */
#ifndef METRICS_FINDINGS_H
#define METRICS_FINDINGS_H

#include "contrast/diagnose.h"
#include "measure/metric.h"

/* Sums of squares of rows along their principal directions, largest first: of the
 * centred rows c (n, d), and of c + mean, each into min(n, d) values. */
void metric_variances(metric *m, const double *c, const double *mean, int n, int d, double *centred,
                      double *whole);

/* One walk over all cosines of a (n, d) and b (n, d), unit rows. [0] of row i of a
 * looking in b, [1] of row i of b looking in a. */
typedef struct pairing {
    int *ahead[2];    /* (n) wrong items at least as similar as the right one */
    int *nearest[2];  /* (n) the most similar item                            */
    ct_real *best[2]; /* (n) its cosine                                       */
    ct_real *own;     /* (n) cosine of a_i and b_i                            */
    int *hub[2];      /* (n) how often b_i, a_i is among the CT_HUB_K nearest */
} pairing;

bool metric_pairing(metric *m, const ct_real *a, const ct_real *b, int n, int d, const int *group,
                    pairing *out);

/* Held-out accuracy of a linear separator of the rows of a and b (n, d). */
double metric_separability(metric *m, const ct_real *a, const ct_real *b, int n, int d);

/* Up to `most` evenly spaced rows of x (n, d); *rows says how many. */
ct_real *metric_sample(metric *m, const ct_real *x, int n, int d, int most, int *rows);

/* From counts of wrong items ahead (retrieval.c). */
void metric_recall(metric *m, const int *ahead, int n, ct_recall *out);

#endif
