/* measures.h -- numbers about embeddings: are they scattered, and do pairs find each other?
 *
 * Embeddings are rows, in any length: rows are normalised inside, however short. Memory is O(n d):
 * similarities are walked in tiles, never kept. Sums are in double in a fixed order; nothing
 * depends on the number of threads.
 */
#ifndef CT_MEASURES_H
#define CT_MEASURES_H

#include "contrast/device.h"
#include "contrast/real.h"
#include "contrast/status.h"

CT_C_BEGIN

/* More rows than memory should hold; those that are at hand are a sample of them. What one look at
 * each row can measure is measured on all, what compares rows with each other on the sample. */
typedef struct ct_all_rows {
    int n, seed;
    int *row;         /* the number of each row of the sample, which `seed` chose */
    const int *group; /* (n) or NULL */
    /* Rows first .. first + n - 1 of side 0 or 1, as (n, d). */
    void (*read)(void *ctx, int side, int first, int n, ct_real *out, ct_error *err);
    void *ctx;
} ct_all_rows;

/* What is measured: two sides, row i of one paired with row i of the other, or one alone. */
typedef struct ct_embedded {
    const ct_real *a, *b; /* (n, d); b NULL: one side alone */
    int n, d;
    const int *group; /* (n) or NULL: rows of equal group mean the same */
    ct_device *device;
    const ct_real *gradient; /* (n, d) or NULL: of a loss, to one side, as somebody's code has it */
    const ct_all_rows *all;  /* or NULL: these n are all */
} ct_embedded;

#define CT_SAMPLE_ROWS                                                        \
    1024            /* cosines within a side and, where d is larger, spectra, \
                       come from at most so many evenly spaced rows */
#define CT_HUB_K 10 /* k of hubness */

/* Of pairs [0] and [1] the first is of a, the second of b. What speaks of different rows is 0 for
 * n = 1. NaN: not measured (rows that are not finite, no b, no groups).
 * A measure is a member here, a row in the table of src/measure/measures.c, which names and shows
 * it everywhere, and the line there that computes it. */
typedef struct ct_measures {
    int rows, columns, n_sides;
    int compared_rows; /* with each other: fewer than rows if they are a sample; */
    double sample[2];  /* so many, and its seed; NaN if they are not */

    /* Each side, as its rows come. */
    int not_finite_rows[2];  /* a value is NaN or infinite: nothing else is measured then */
    int first_not_finite[2]; /* the first such row, from 0; -1: none */
    int zero_rows[2];        /* nothing but zeros: they have no direction */
    int duplicate_rows[2];   /* equal to an earlier row: their cosine is above 1 - 1e-5 */
    double length_least[2], length_median[2], length_most[2];

    /* Each side, as rows of length 1. */
    double mean_cosine[2];    /* of different rows */
    double total_variance[2]; /* 1 - |mean row|^2: 1 scattered, 0 all equal */
    double std_sqrt_d[2]; /* mean over columns of std (n-1), times sqrt(d): 1 isotropic, 0 collapsed
                             (lightly's collapse level is 1 minus it) */
    /* e^(entropy of p_k = sigma_k / sum sigma + 1e-7) of the singular values (RankMe, Garrido et
     * al. 2023), k = 1 .. min(n, d); centred: after subtracting the mean row. Values below 3e-7 of
     * the largest count as 0; so does all of a centred spectrum of total variance below 1e-10. */
    double effective_rank[2], effective_rank_centred[2];
    double participation_ratio[2]; /* (sum l)^2 / sum l^2 of the centred variances l: directions in
                                      use */
    double uniformity[2]; /* ln mean_{i != j} e^(-2 |x_i - x_j|^2), never above 0; Wang and Isola
                             2020. From float products: good to 1e-5 */
    double tolerance[2];  /* mean cosine of different rows of one group; NaN without such. Wang and
                             Liu 2021, eq. 11 */

    /* One array with labels: rows that have another of their group look among all other rows. NaN:
     * two sides, one group, or no group of two rows. */
    double between_cosine;      /* mean cosine of rows of different groups; within: tolerance */
    double precision_at_1;      /* share whose nearest row is of their group; ties are wrong */
    double precision_by_chance; /* ... if labels were shuffled */
    double knn_accuracy; /* share whose group has most of the 5 nearest; a tied vote is wrong */
    double violated_triplets; /* share of triplets (row, another of its group, one of another)
                                 whose second is no nearer than the third, 1,024 rows first */
    double supervised_loss;   /* ct_loss_supcon_one at temperature 0.07 */
    double class_variance;    /* sum of |x_i - mean of its group|^2 over that of |mean of its group
                                 - mean|^2: 0 once each group is one point (neural collapse) */
    double off_simplex;       /* mean |cos + 1/(K - 1)| of the K centred group means, the first 512
                                 of them: 0 at a regular simplex; Papyan et al. 2020 */

    /* Looking in the other side: [0] a for its b, [1] b for its a. The rank of the right item is
     * 1 + the number of wrong items at least as similar: ties count against the model, so that a
     * total collapse scores 0 and not 1. Items of the anchor's group are not wrong; an anchor is
     * asked if any item is, and where none is (one row, one group) none of these is known. */
    double recall_at_1[2], recall_at_5[2], recall_at_10[2]; /* share of ranks <= 1, 5, 10 */
    double recall_of_group[2]; /* share whose best item of its group is nearer than every wrong one;
                                  recall_at_1 asks that of one's own partner. NaN without groups */
    double median_rank[2];     /* mean of the middle two if n is even */
    double wrong_ahead[2]; /* mean share of wrong items ahead: 0 perfect, 0.5 chance, 1 all tied */
    double hubness[2]; /* skewness of how often an item is among the CT_HUB_K nearest of the other
                          side's */

    /* Pairs. */
    double diagonal_mean, off_diagonal_mean; /* mean cosine of a_i with b_i, with b_j */
    double alignment;                        /* mean |a_i - b_i|^2; Wang and Isola 2020 */
    double cross_covariance; /* mean <a_i - mean a, b_i - mean b>; over tau: the pull away from
                                collapse */
    double modality_gap;     /* |mean a - mean b|; Liang et al. 2022 */
    double separability;     /* held-out accuracy of a linear separator of the sides: 0.5 mixed, 1
                                disjoint */
    double mutual_nearest;   /* share of pairs that are each other's nearest */
    double mutual_nearest_elsewhere; /* share of rows whose nearest, not their partner, has them as
                                        its nearest too */
    double nearer_to_other_side; /* share of rows of a nearer to some b than to any other a: 0.5 if
                                    a and b are drawn alike, more if each a has a partner */
    int nearer_rows;             /* how many rows that was looked up for */
} ct_measures;

#define CT_COSINE_BINS 20   /* of [-1, 1] */
#define CT_SPECTRUM    4096 /* most singular values that are kept */

/* Rows and columns that a diagnosis names, counted from 0, and how many of them there are. */
typedef struct ct_clues {
    int groups;            /* different ones; without groups each row is its own */
    double group_ahead;    /* wrong items ahead, as wrong_ahead: mean over groups, not over rows */
    int points[2];         /* different rows */
    int repeated_row[2];   /* the first of the most equal rows, */
    int repeated_times[2]; /* and how many they are: 1 if none repeats */
    int alike_rows[2];     /* of the duplicate rows those that differ by rounding alone */
    double
        repeats_floor[2]; /* mean ln of how many rows are equal to a row: no loss over N candidates
                             can tell them apart. NaN with groups, of which landmarks know */
    int zero_row[2];      /* the first without a length; -1: none */
    int longest_row[2];
    int odd_rows[2];      /* a thousand times longer or shorter than the median */
    int fixed_columns[2]; /* equal in all rows, to the bit */
    int rogue_column[2];  /* holds the largest share of the squared lengths */
    double rogue_share[2];
    int directions[2]; /* that hold all but a trace of the variance, if a cliff follows; 0: none
                          does */
    double cliff[2];   /* the next singular value, of the last of them */
    int hub_row[2];    /* of the side: nearest to most rows of the other, partners aside, */
    int hub_rows[2];   /* and to how many */
    int hubs[2], hubbed[2]; /* those that are it to a tenth each, and to how many in all */
    int far_rows;      /* of a: a quarter of the other side or more is ahead of their partner, */
    int between_rows;  /* ... or a twentieth */
    int reversed_rows; /* ... or all but a twentieth */
    int lost_rows;     /* far ones whose mutual nearest is another row, as near as partners are
                          elsewhere */
    int shift, shift_from, shift_rows; /* most of them find it so many rows on: from row .. on, */
} ct_clues;

/* What is more than a number; histograms are shares. */
typedef struct ct_distributions {
    ct_clues clues;
    double within[2][CT_COSINE_BINS];                     /* cosines of different rows of a side */
    double pairs[CT_COSINE_BINS], others[CT_COSINE_BINS]; /* of a_i with b_i, with b_j */
    int n_singular[2];
    double singular[2][CT_SPECTRUM]; /* values of the centred unit rows, largest first */
} ct_distributions;

/* All of them. Rows that are not finite are a finding and no error. `shape` may be NULL.
 * Errors   CT_ERR_SHAPE (no rows or columns), CT_ERR_NOMEM; the results are then as they were
 * Cost     4 n^2 d flops for the pairs, n d m + 4/3 m^3 a side for its spectrum, m = min(n, d) */
ct_status ct_measure(const ct_embedded *e, ct_measures *out, ct_distributions *shape,
                     ct_error *err);

/* How far pairs deviate from the means together, |centred x + y| / sqrt(n): what grows at the
 * saddle. And what pulls a run off it: the sides' cross-covariance over the temperature. */
double ct_common_part(const ct_measures *m);
double ct_escape_meter(const ct_measures *m, double temperature);

/* Errors   CT_ERR_NUMERIC, with the row: a side had rows that are not finite */
ct_status ct_measures_finite(const ct_measures *m, ct_error *err);

/* Class of each query by the nearest class vector; ties go against the model.
 * query (n, d), class_vec (c, d), label (n): *accuracy = share right.
 * Errors   CT_ERR_SHAPE, also for a label outside 0 .. c-1; CT_ERR_NUMERIC (a row without a finite
 * length); CT_ERR_NOMEM */
ct_status ct_nearest_class(ct_device *device, const ct_real *query, int n, const ct_real *class_vec,
                           int c, int d, const int *label, double *accuracy, ct_error *err);

CT_C_END
#endif
