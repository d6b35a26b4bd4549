/* metrics.h -- retrieval and the geometry of embeddings.
 *
 * Embeddings are rows, in any length: rows are normalised inside, with the same
 * epsilon as the losses. Memory is O(n d): similarities are walked in tiles,
 * never kept. Sums are in double in a fixed order.
 * Errors of all, with the result left as it was:
 *   CT_ERR_SHAPE    no rows or no columns
 *   CT_ERR_NUMERIC  a row without a finite length: a NaN is never a success
 *   CT_ERR_NOMEM
 */
#ifndef CT_METRICS_H
#define CT_METRICS_H

#include "contrast/device.h"
#include "contrast/real.h"
#include "contrast/status.h"

CT_C_BEGIN

/* Query i should find gallery item i. Its rank is 1 + the number of other
 * items at least as similar: ties count against the model, so that a total
 * collapse scores 0 and not 1 (where n > k: among ten items each is in the first
 * ten). Equal rows tie exactly. */
typedef struct ct_recall {
    double at1, at5, at10; /* share of queries of rank <= 1, 5, 10 */
    double median_rank;    /* mean of the middle two if n is even  */
} ct_recall;

/* query (n, d), gallery (n, d). With group (n), items of the query's own group
 * other than i are left out of the count: they are right answers too. */
ct_status ct_recall_measure(ct_device *device, const ct_real *query, const ct_real *gallery, int n,
                            int d, const int *group, ct_recall *out, ct_error *err);

/* Class of each query by the nearest class vector; ties go against the model.
 * query (n, d), class_vec (c, d), label (n): *accuracy = share right.
 * Errors   CT_ERR_SHAPE also for a label outside 0 .. c-1 */
ct_status ct_nearest_class(ct_device *device, const ct_real *query, int n, const ct_real *class_vec,
                           int c, int d, const int *label, double *accuracy, ct_error *err);

/* What speaks of pairs of different rows, and std, is 0 for n = 1. */
typedef struct ct_geometry {
    double diagonal_mean;     /* mean cosine of pairs, a[i] with b[i]                  */
    double off_diagonal_mean; /* mean cosine of a[i] with b[j], i != j; 0 for n = 1    */
    double rank[2];           /* effective rank of each side (RankMe), not centred     */
    double rank_centred[2];   /* the same after subtracting the mean row               */
    double mean_cosine[2];    /* mean cosine of different rows of one side             */
    double std_sqrt_d[2];     /* mean over columns of std (n-1), times sqrt(d): 1 isotropic,
                                 0 collapsed (lightly's collapse level is 1 minus it)  */
    double alignment;         /* mean |a[i] - b[i]|^2         Wang and Isola 2020      */
    double uniformity[2];     /* ln mean_{i != j} e^(-2 |x_i - x_j|^2)   the same; never
                                 above 0; from float products: good to 1e-5            */
    double gap;               /* |mean a - mean b|            Liang et al. 2022        */
} ct_geometry;

/* a (n, d), b (n, d). Effective rank: exp of the entropy of the singular values
 * p_k = sigma_k / sum sigma + 1e-7 (Garrido et al. 2023, RankMe), k = 1 .. min(n, d).
 * A spectrum that is rounding noise (total variance below 1e-10 when centred, or
 * nothing but zeros) counts as rank 0. Centred, at most n-1 directions are left. */
ct_status ct_geometry_measure(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                              ct_geometry *out, ct_error *err);

/* Mean cosine of different rows of one group, over all such pairs of rows: high if rows that mean
 * the same stay together. x (n, d), group (n). NaN if no two rows are of one group.
 * Source   Wang and Liu 2021, eq. 11, whose figures are means over those pairs
 * Cost     n^2 comparisons, n d flops */
ct_status ct_tolerance_measure(ct_device *device, const ct_real *x, int n, int d, const int *group,
                               double *tolerance, ct_error *err);

/* Singular values of x (n, d) as it is (rows are not normalised here), largest
 * first, into sigma (min(n, d)); each to 1e-14 of the largest, so that what is
 * below that is 0 or rounding. In float embeddings noise begins far above it, near
 * 1e-7 of the largest.
 * Errors   CT_ERR_NUMERIC for an entry that is not finite
 * Cost     2 n d m + 8/3 m^3 flops in double, m = min(n, d) */
ct_status ct_singular_values(ct_device *device, const ct_real *x, int n, int d, double *sigma,
                             ct_error *err);

CT_C_END
#endif
