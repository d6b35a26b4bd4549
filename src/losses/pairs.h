/* pairs.h -- what the losses over all n x n pairs share. Private to losses.
 *
 * Such a loss is a function of s[i,i], the cosines of the pairs, and of sums over
 * all other pairs (kernels/walk.h), one for each anchor of a side. Its builder
 *
 *     loss_pairs_new     checks, normalises, finds s[i,i], makes the tensor
 *     loss_pairs_sum     asks for a sum over what is opposite each row of a side
 *     loss_pairs_gather  walks over all pairs
 *
 * then fills in, from the totals, the loss, the weight of each sum and ds, and returns
 *
 *     loss_pairs_done    the tensor
 *
 * Backward is the same for all of them. The diagonal is in no sum: see softmax.c for why.
 */
#ifndef LOSS_PAIRS_H
#define LOSS_PAIRS_H

#include "contrast/loss.h"
#include "engine/op.h"
#include "kernels/walk.h"

/* What loss_pairs_new is told. */
enum {
    LOSS_SCALED = 1,   /* there is a temperature: in->log_scale         */
    LOSS_DOT = 2,      /* rows as given, even without options->dot       */
    LOSS_IN_MODAL = 4, /* rows of the same side are opposite an anchor too */
    LOSS_NO_CROSS = 8, /* ... and those of the other side are not        */
    LOSS_QUEUE = 16    /* past rows of the other side are too: in->queue */
};

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

typedef struct loss_pairs {
    ct_tensor *y;
    const ct_loss_options *options;
    unsigned what;
    int n, d;
    ct_real scale;       /* e^log_scale, or 1 */
    const ct_real *x[2]; /* (n, d) rows of a and b: of unit length, or as given */
    ct_real *r[2];       /* (n) the lengths that they had; NULL: as given       */
    ct_real *s;          /* (n) s[i,i]                                          */
    int n_sums;
    k_sums sums[K_SUMS]; /* columns: of side b; weight is dL/dtotal       */
    const int *group;    /* pairs of equal group are left out; or NULL    */
    int *negatives;      /* (n) of each row on a side: n - 1 but for what is masked */
    double mean_negatives;
    const ct_real *past[2]; /* (n_past, d) past rows opposite a, opposite b; or NULL */
    int n_past;
    ct_real *kept[5]; /* of each walk */
    void *space;
    loss_total loss;

    /* What backward needs beside the weights. */
    ct_real *ds;       /* (n) dL/ds[i,i]; zero at first                   */
    double dlog_scale; /* what does not come through s                    */
    ct_real pull;      /* dL/da += pull a, dL/db += pull b                */
    ct_tensor *bias;   /* or NULL */
    double dbias;
    const struct loss_groups *groups; /* several positives share a pull of `shared`; or NULL */
    ct_real shared;                   /* scale / number of anchors of a side */
} loss_pairs;

/* NULL, and the graph's error if there is one. */
loss_pairs *loss_pairs_new(ct_graph *g, const char *name, ct_tensor *a, ct_tensor *b,
                           const ct_loss_inputs *in, unsigned what);

/* Sums of f over what is opposite each row of a side; NULL if memory is short. */
k_sums *loss_pairs_sum(ct_graph *g, loss_pairs *p, k_cell f, int side, double scale);

bool loss_pairs_gather(ct_graph *g, loss_pairs *p);
ct_tensor *loss_pairs_done(loss_pairs *p);

/* options, or the defaults. */
const ct_loss_options *loss_options(const ct_loss_options *options);

/* ---- groups: several positives per row (groups.c) ---- */

/* Rows in the order of their groups: group k is row[start[k]] .. row[start[k+1] - 1];
 * only groups of two rows or more are here. */
typedef struct loss_groups {
    int n_groups;
    int *row, *start;
} loss_groups;

/* NULL and the graph's error if memory is short. */
const loss_groups *loss_groups_new(ct_graph *g, int n, const int *group);

/* The mean of s[i,j] over the positives of each row of a side; s[i,i] where it is alone. mean (n).
 * Positives are the group's rows of the other side, the own one included; with LOSS_IN_MODAL all
 * others of the group on both sides, and with LOSS_NO_CROSS too all others of the same side. */
bool loss_groups_mean(ct_graph *g, const loss_pairs *p, int side, ct_real *mean);

/* dx[i,:] -= factor * mean of the positives of row i of a side. */
bool loss_groups_pull(ct_graph *g, const loss_pairs *p, int side, ct_real factor, ct_real *dx);

#endif
