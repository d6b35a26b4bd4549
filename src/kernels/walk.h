/* walk.h -- sums over all pairs of rows of two matrices, and their gradients,
 * without ever holding the matrix of all pairs. Private to the library.
 *
 * S = a b' is (n, m): row i is anchor a[i,:], column j is b[j,:]. A loss over
 * pairs is made of sums along rows or columns of S,
 *
 *     total[i] = sum_j f(scale S[i,j] - origin[i])           (rows; columns alike)
 *
 * and of a cheap function of the totals. So its value needs one walk over S that
 * gathers the totals, and its gradient a second one that spreads
 *
 *     dS[i,j] = sum over the sums of weight[i] f'(scale S[i,j] - origin[i])
 *     da += dS b         db += dS' a
 *
 * where the caller has set each weight to scale dL/dtotal. Both walks make S
 * tile by tile: memory is O((n + m) d), time O(n m d). A small S is kept between
 * the two (k_walk_kept), with the same bits.
 *
 * Order of sums: strips of K_STRIP rows one after the other; in a strip, the
 * columns are cut into at most K_CHUNKS chunks, each walked in tiles by one
 * thread; what the chunks have found is joined in their order. All of these
 * sizes depend on n and m alone, never on the threads.
 */
#ifndef KERNELS_WALK_H
#define KERNELS_WALK_H

#include "kernels/kernels.h"

#define K_STRIP  128 /* rows of S walked together: whole register tiles   */
#define K_TILE   240 /* columns of a tile, at most: tile and rows in cache */
#define K_CHUNKS 16  /* pieces of a strip that threads share, at most     */
#define K_SUMS   4   /* sums in one walk, at most                         */

typedef enum k_cell {
    K_EXP,      /* e^x; origin follows the largest scale S, so nothing overflows */
    K_SOFTPLUS, /* ln(1 + e^x)                                                   */
    K_SQUARE,   /* x^2; its origins are 0                                        */
    K_HINGE,    /* max(x, 0)                                                     */
    K_PEAK      /* 1 where x is 0: origin follows the largest scale S below limit,
                   total counts how often it is there, f' = f                    */
} k_cell;

typedef struct k_sums {
    k_cell f;
    bool columns; /* one sum for each column; else for each row              */
    ct_real scale;
    ct_real *origin; /* (anchors) K_EXP, K_PEAK: largest scale S so far; else the caller's */
    double *total;   /* (anchors) added to                                       */
    double *slope;   /* (anchors) sum of f', added to; or NULL, where f' = f     */
    ct_real *limit;  /* (anchors) K_PEAK alone: what is not below it is not seen */
    ct_real *weight; /* (anchors) read by k_walk_spread alone                    */
} k_sums;

typedef struct k_walk {
    int n, m, d;
    const ct_real *a, *b;         /* (n, d), (m, d)                            */
    bool off_diagonal;            /* leave out S[i,i]                          */
    const int *group_a, *group_b; /* leave out pairs of equal group; or NULL  */
    int n_sums;
    k_sums sums[K_SUMS];
    ct_real *kept; /* k_walk_kept values between gather and spread; or NULL */
    void *space;   /* k_walk_space bytes                                   */
} k_walk;

/* Values to keep S in, or 0 where it is better computed again. */
size_t k_walk_kept(int n, int m);
size_t k_walk_space(int n, int m, int d);

/* Where K_EXP starts from: no peak yet, nothing summed. */
void k_sums_clear(k_sums *s, int anchors);

void k_walk_gather(ct_device *dev, const k_walk *w);

/* da (n, d) and db (m, d); NULL: not wanted. With `add` the gradients are added to
 * what is there, else they replace it. */
void k_walk_spread(ct_device *dev, const k_walk *w, ct_real *da, bool add_a, ct_real *db,
                   bool add_b);

#endif
