/* loss.h -- the contrastive losses; landmarks.h has the values that each is known to have.
 *
 * Two sides, a (n, d) and b (n, d), row i of one paired with row i of the other. s[i,j] = cosine of
 * a[i,:] and b[j,:] (rows are normalised inside, so gradients are with respect to a and b as
 * given); the product of the rows as they are with options->dot. Scale = 1/temperature,
 *
 *     z[i,j] = scale s[i,j]
 *     p[i,j] = softmax over j of z[i,j]     q[i,j] = the same over i
 *
 * A loss is a tensor (1, 1). Errors of all: CT_ERR_SHAPE if a and b differ in shape, or log_scale
 * or bias is not (1, 1); CT_ERR_NOMEM. Memory is O(n d), d^2 for barlow and vicreg; never n^2. With
 * n = 1 there is no negative: what a loss has of negatives, and its gradient, is then exactly 0.
 *
 * Tested    tests/unit/losses: each against its plain composition or the formula cell by cell in
 *           double, differences, numbers by hand and the landmarks */
#ifndef CT_LOSS_H
#define CT_LOSS_H

#include "contrast/tensor.h"

CT_C_BEGIN

/* Which negatives a triplet is made of. */
typedef enum ct_mining { CT_MINE_ALL, CT_MINE_SEMI_HARD, CT_MINE_HARDEST } ct_mining;

/* Everything that a loss can be told, and in brackets what ct_loss_defaults tells it: what the
 * papers or their code use. */
typedef struct ct_loss_options {
    bool dot;           /* products instead of cosines: softmax losses, siglip, spectral [no]    */
    bool mask_groups;   /* pairs of equal group are no negatives, in no mean: not of columns [no] */
    bool in_modal;      /* dcl: negatives from both sides [yes]                                  */
    double penalty;     /* npair: of the squared lengths [0.002]                                 */
    double margin;      /* triplet [0.2]                                                         */
    int mining;         /* triplet: ct_mining [all]                                              */
    double beta;        /* hard-negative: how much harder ones weigh; 0: the same [1]            */
    double tau_plus;    /* hard-negative: how likely a negative is a positive [0.1]              */
    double align_power; /* align-uniform: alpha [2]                                              */
    double uniform_t;   /* align-uniform: t [2]                                                  */
    double uniform;     /* align-uniform: weight of the second part [1]                          */
    double mu;          /* spectral: squared length of the embeddings [1]                        */
    double lambda;      /* barlow: weight of what is off the diagonal [0.0051]                   */
    double invariance, variance, covariance; /* vicreg: the three weights [25, 25, 1]            */
} ct_loss_options;

ct_loss_options ct_loss_defaults(void);

/* Negatives beyond the batch: embeddings of earlier pairs, which get no gradient. Each anchor of a
 * has those of b among what it is compared with, each of b those of a. mask_groups does not reach
 * them. Source    Wang et al. 2020 (cross-batch memory), section 3; He et al. 2020, section 3.1 */
typedef struct ct_queue {
    const ct_real *x[2]; /* (n, d) of a's side and of b's, of any length */
    int n;
} ct_queue;

/* What a loss may use beside the embeddings. log_scale is ln(1/temperature), learned or constant;
 * e^log_scale is used as it is, and who learns it clamps it after each update. */
typedef struct ct_loss_inputs {
    ct_tensor *log_scale; /* (1, 1): losses that say learns_scale look           */
    const int *group;     /* (n) or NULL: equal numbers mean the same; unicl, supcon, mask_groups */
    ct_tensor *bias;      /* (1, 1) or NULL: siglip                              */
    const ct_loss_options *options; /* NULL: ct_loss_defaults                              */
    const ct_queue *queue;          /* NULL: none; losses that say uses_queue look         */
} ct_loss_inputs;

/* ---- softmax over all pairs (softmax.c) ---- */

/* ct_plain_infonce at any size. Each a[i] must find its b among all b.
 *     L = -(1/n) sum_i ln p[i,i]
 * Gradient  ds[i,j] = scale (p[i,j] - [i=j]) / n
 *           dlog_scale = scale mean_i (sum_j p[i,j] s[i,j] - s[i,i])
 * Safe      p[i,i] - 1 and ln p[i,i] come from j != i: a loss of 1e-7 keeps its digits in float
 * Source    van den Oord, Li and Vinyals 2018, eq. 4 */
ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ct_plain_clip at any size. The symmetric loss: the mean of InfoNCE from a to b and from b to a.
 *     L = -(1/2n) sum_i (ln p[i,i] + ln q[i,i])
 * Source    Radford et al. 2021, figure 3 */
ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* Symmetric with several positives a row: those of the same group.
 *     L = -(1/2n) sum_i mean over j in P(i) of (ln p[i,j] + ln q[j,i])
 * Without groups it is ct_loss_clip.
 * Source    Yang et al. 2022 (UniCL), eq. 2-4; Khosla et al. 2020, L_out */
ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ct_plain_question at any size. InfoNCE in one direction at temperature 1: the
 * cross-entropy of each row of the cosine matrix against the diagonal. */
ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* N-pair: products, no temperature, and a penalty on lengths instead of a norm.
 *     L = (1/n) sum_i ln(1 + sum_{j != i} e^(s[i,j] - s[i,i]))
 *         + penalty/4 mean_i (|a[i,:]|^2 + |b[i,:]|^2)
 * Source    Sohn 2016, eq. 6 and section 3.2.2; 1/4 and 0.002 are TensorFlow's and Paddle's */
ct_tensor *ct_loss_npair(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ct_plain_ntxent at any size. All 2n rows look for their partner among the 2n - 1 others.
 *     L = -(1/2n) sum over both sides of ln (e^z[i,i] / sum over all others of e^z)
 * Source    Chen et al. 2020 (SimCLR), eq. 1; temperature 0.1 in its code */
ct_tensor *ct_loss_ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ct_loss_ntxent with several positives per row: all 2n rows look for the others of their group,
 * the partner among them, among the 2n - 1 other rows. P(i): the 2c - 1 others of a group of c
 * pairs. L = -(1/2n) sum over both sides, mean over j in P(i) of ln (e^z[i,j] / sum over all others
 * e^z) Without groups it is ct_loss_ntxent. With mask_groups the others of a group, but for the
 * partner, are positives alone and not in the sum. Source    Khosla et al. 2020, eq. 2 (L_out: the
 * sum over positives outside the logarithm) */
ct_tensor *ct_loss_supcon(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* The same of one array: row i of x (n, d) looks for the others of its group among the n - 1 other
 * rows. The mean is over the rows that have one; 0 if none has. in->group is given. */
ct_tensor *ct_loss_supcon_one(ct_graph *g, ct_tensor *x, const ct_loss_inputs *in);

/* Decoupled: the positive is not among what it is compared with, so an easy negative does not
 * weaken the pull. Without in_modal, negatives are those of the other side alone.
 *     L = (1/2n) sum over both sides of (-z[i,i] + ln sum over negatives of e^z)
 * Source    Yeh et al. 2022, eq. 6; temperature 0.1 in lightly */
ct_tensor *ct_loss_dcl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* Negatives reweighted by their own similarity, less the positives expected among
 * them. M = 2n - 2 negatives of both sides, mean and sum over them:
 *     R = sum e^((1 + beta) z) / mean e^(beta z)
 *     N = max((R - tau_plus M e^z[i,i]) / (1 - tau_plus), M e^-scale)
 *     L = mean over both sides of ln(1 + N / e^z[i,i])
 * Source    Robinson et al. 2021, eq. 4 and the code beside it; temperature 0.5 */
ct_tensor *ct_loss_hard_negative(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ---- one pair against another ---- */

/* ct_plain_siglip at any size. Every cell is a question of its own: do i and j belong together?
 *     L = (1/n) sum_i ln(1 + e^-(z[i,i] + bias)) + (1/n) sum_{i != j} ln(1 + e^(z[i,j] + bias))
 * A bias of NULL is the constant -ln(n - 1), where half of the first pull comes from positives; the
 * paper begins at -10 and temperature 0.1. Gradient to bias too.
 * Source    Zhai et al. 2023 (SigLIP), algorithm 1 */
ct_tensor *ct_loss_siglip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* Triplets of squared distances between unit rows, D = 2 - 2s, both directions:
 *     L = mean over triplets (anchor i, positive, negative j) of max(0, D_ip - D_ij + margin)
 * mining: all n - 1 negatives; the hardest (largest s); or semi-hard, the hardest of those that are
 * farther than the positive, else the easiest of all. Equally hard ones share the gradient.
 * Source    Schroff et al. 2015 (FaceNet), section 3; margin 0.2. The rule for anchors without a
 *           semi-hard negative is TensorFlow Addons' */
ct_tensor *ct_loss_triplet(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ---- alignment and spread ---- */

/* Pairs close, each side spread over the sphere.
 *     L = mean_i |a[i] - b[i]|^alpha + uniform/2 (U(a) + U(b)),
 *     U(x) = ln mean_{i != j} e^(-t |x[i] - x[j]|^2)
 * Source    Wang and Isola 2020, section 4.1 */
ct_tensor *ct_loss_align_uniform(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* A low-rank factorisation of which pairs belong together.
 *     L = -(2 mu/n) sum_i s[i,i] + mu^2/(n (n-1)) sum_{i != j} s[i,j]^2
 * Source    HaoChen et al. 2021, eq. 6; mu 1 */
ct_tensor *ct_loss_spectral(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ct_plain_positives at any size. Pull pairs together and nothing else: collapse is its optimum.
 *     L = (1/n) sum_i (1 - s[i,i]) */
ct_tensor *ct_loss_positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ---- columns instead of pairs (columns.c): nothing is normalised by rows ---- */

/* x^ = columns of x less their mean, over sqrt(variance + 1e-5), C = a^' b^ / n (d, d):
 *     L = sum_k (1 - C[k,k])^2 + lambda sum_{k != l} C[k,l]^2
 * Source    Zbontar et al. 2021 (Barlow Twins), eq. 1; lambda 0.0051 */
ct_tensor *ct_loss_barlow(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* V(x) = mean_k max(0, 1 - sqrt(var x[:,k] + 1e-4)), K(x) = (1/d) sum_{k != l} cov(x)[k,l]^2,
 * var and cov with n - 1:
 *     L = invariance mean_ik (a - b)^2 + variance/2 (V(a) + V(b)) + covariance (K(a) + K(b))
 * Source    Bardes, Ponce and LeCun 2022 (VICReg), section 4.1 and its code */
ct_tensor *ct_loss_vicreg(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* ---- by name ---- */

typedef struct ct_loss {
    const char *name;
    const char *summary;                                   /* one line for help */
    bool learns_scale, uses_groups, uses_bias, uses_queue; /* which inputs it looks at */
    ct_tensor *(*apply)(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);
} ct_loss;

/* NULL if there is none of that name, or of one that people use: "NT-Xent" and "SimCLR" are ntxent.
 * All of them, to list, *n of them. */
const ct_loss *ct_loss_find(const char *name);
const ct_loss *ct_loss_all(int *n);

double ct_loss_bias(int n); /* -ln(n - 1), the bias at which siglip begins; 0 for n = 1 */

CT_C_END
#endif
