/* diagnose.h -- what embeddings are like, measured; and the one word for it.
 *
 * Two steps that stand alone: ct_findings_measure turns arrays into numbers,
 * ct_diagnose turns numbers into a state, with the sentences that carry it. The rules
 * are in src/measure/diagnose.c, the first that holds from the top.
 */
#ifndef CT_DIAGNOSE_H
#define CT_DIAGNOSE_H

#include "contrast/metrics.h"

#include <stdbool.h>

CT_C_BEGIN

#define CT_COSINE_BINS 20   /* of [-1, 1]                                              */
#define CT_SPECTRUM    4096 /* most singular values that are kept                      */
#define CT_SAMPLE_ROWS                                                          \
    1024            /* histograms, uniformity and, where d is larger than 1024, \
                       spectra come from at most so many evenly spaced rows    */
#define CT_HUB_K 10 /* k of hubness                                            */

/* One side. What follows `norm_median` is about unit rows. */
typedef struct ct_side_findings {
    int bad_rows;   /* a value is NaN or infinite: nothing below is measured then    */
    int zero_rows;  /* shorter than CT_NORM_EPS: normalising cannot help             */
    int duplicates; /* equal, bit for bit, to an earlier row                         */
    double norm_least, norm_median, norm_most; /* lengths of the rows as they come      */
    double mean_cosine;        /* of different rows                                         */
    double variance;           /* total: 1 - |mean row|^2; 1 spread, 0 all equal            */
    double std_sqrt_d;         /* 1 isotropic, 0 collapsed                                  */
    double rank, rank_centred; /* RankMe; values below 1e-3 of the largest centred one
                                  count as 0 (products are float)                       */
    double participation;      /* (sum l)^2 / sum l^2 of the variances l: directions in use */
    double uniformity;         /* Wang and Isola 2020                                       */
    double histogram[CT_COSINE_BINS]; /* shares: cosines of different rows              */
    int n_spectrum;
    double spectrum[CT_SPECTRUM]; /* singular values of the centred rows, largest first */
} ct_side_findings;

/* recall and what follows: only if there are two sides. [0] a looks for its b, [1] b
 * for its a. Ties count against the model everywhere. */
typedef struct ct_findings {
    int n, d, n_sides;
    ct_side_findings side[2];
    ct_recall recall[2];
    double ahead[2];   /* mean share of wrong items at least as similar as the right
                          one: 0 perfect, 0.5 chance, 1 all tied                     */
    double hubness[2]; /* skewness of how often an item is among the CT_HUB_K nearest */
    double diagonal_mean, off_diagonal_mean;
    double alignment;         /* mean |a_i - b_i|^2                                         */
    double cross_covariance;  /* mean <a_i - mean a, b_i - mean b>; over tau: the pull
                              away from collapse               */
    double gap;               /* |mean a - mean b|                                          */
    double separability;      /* held-out accuracy of a linear separator of the sides: 0.5
                                 mixed, 1 disjoint                                          */
    double matched;           /* share of pairs that are each other's nearest               */
    double matched_elsewhere; /* share of rows whose nearest, not their partner, has
                             them as its nearest too                                    */
    double nearer;            /* share of rows of a nearer to some b than to any other a: 0.5
                                 if a and b are drawn alike, more if each a has a partner   */
    int nearer_rows;          /* how many rows that was looked up for                       */
    double histogram_on[CT_COSINE_BINS], histogram_off[CT_COSINE_BINS]; /* shares       */
} ct_findings;

/* a (n, d), b (n, d) or NULL, group (n) or NULL as in ct_recall_measure. Rows that
 * are not finite are a finding and not an error.
 * Errors   CT_ERR_SHAPE (no rows or columns), CT_ERR_NOMEM
 * Cost     4 n^2 d flops for the pairs, 2 n d^2 a side for the spectrum; memory
 *          O(n d + min(n, d)^2) */
ct_status ct_findings_measure(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                              const int *group, ct_findings *out, ct_error *err);

/* What is known about the loss; NaN where it is not. */
typedef struct ct_loss_reading {
    double loss;       /* as measured                                         */
    double all_equal;  /* its value when all embeddings are equal             */
    double floor;      /* the least for this N, d, temperature and duplicates */
    bool no_negatives; /* collapse is its optimum                             */
} ct_loss_reading;

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

#define CT_EVIDENCE 6

typedef struct ct_diagnosis {
    ct_state state;
    int n_evidence;
    char evidence[CT_EVIDENCE][200]; /* a sentence each */
} ct_diagnosis;

/* Never fails. loss may be NULL. */
void ct_diagnose(const ct_findings *f, const ct_loss_reading *loss, ct_diagnosis *out);

/* A state in words. */
typedef struct ct_state_text {
    const char *name; /* "dimensional-collapse"                                  */
    const char *meaning;
    const char *look_alikes; /* what else looks so, and what tells them apart       */
    const char *remedy;      /* what to try first, and why                          */
} ct_state_text;

const ct_state_text *ct_state_describe(ct_state state);

CT_C_END
#endif
