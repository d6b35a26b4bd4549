/* pairs.h -- what the losses over all n x n pairs share. Private to loss/.
 *
 * Such a loss is a function of the cosines of the pairs, s[i,i], and of sums over
 * all other pairs (kernels/walk.h). Its builder
 *
 *     loss_pairs_new     checks and normalises, finds s[i,i], makes the tensor
 *     loss_pairs_sum     asks for a sum over the rows, or the columns
 *     loss_pairs_gather  walks over all pairs
 *
 * then fills, from the totals, y->x[0], the weight of each sum and ds: the
 * derivatives of L with respect to scale times the logits. Backward is the same
 * for all of them. The diagonal is in no sum: see softmax.c for why.
 */
#ifndef LOSS_PAIRS_H
#define LOSS_PAIRS_H

#include "autodiff/op.h"
#include "contrast/loss.h"
#include "kernels/walk.h"

typedef struct loss_pairs {
    int            n, d;
    ct_real        scale; /* e^log_scale */
    const ct_real *a, *b; /* (n, d) rows of unit length */
    ct_real       *ra, *rb; /* (n) the lengths that they had */
    ct_real       *s;     /* (n) s[i,i] */
    ct_real       *ds;    /* (n) dL/dz[i,i] = dL/ds[i,i] / scale; zero at first */
    k_walk         walk;  /* its sums: weight is dL/dtotal */
    const struct loss_groups *groups; /* or NULL: targets besides i itself */
} loss_pairs;

/* NULL and the graph's error if the shapes are wrong or memory is short. */
ct_tensor *loss_pairs_new(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale);

/* A sum of f over the pairs of each row or column, without the diagonal; NULL if
 * memory is short. */
k_sums *loss_pairs_sum(ct_graph *g, loss_pairs *p, k_cell f, bool columns);

bool loss_pairs_gather(ct_graph *g, loss_pairs *p);

/* A sum that loses nothing to its length (Kahan 1965). */
typedef struct loss_total {
    double sum, lost;
} loss_total;

static inline void loss_add(loss_total *t, double x)
{
    const double y = x - t->lost, s = t->sum + y;
    t->lost = s - t->sum - y;
    t->sum = s;
}

/* ---- groups: several positives a row (groups.c) ---- */

/* Rows in the order of their groups: group k is row[start[k]] .. row[start[k+1] - 1];
 * only groups of two rows or more are here. */
typedef struct loss_groups {
    int  n_groups;
    int *row, *start;
} loss_groups;

/* NULL and the graph's error if memory is short. */
const loss_groups *loss_groups_new(ct_graph *g, int n, const int *group);

/* The mean of s[i,j] over the group of i; s[i,i] where it is alone. mean (n). */
bool loss_groups_mean(ct_graph *g, const loss_pairs *p, ct_real *mean);

/* da[i,:] -= factor * mean of b[j,:] over the group of i. */
bool loss_groups_pull(ct_graph *g, const loss_groups *groups, int d, ct_real factor, const ct_real *b, ct_real *da);

#endif
