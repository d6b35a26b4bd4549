/* loss.h -- the contrastive losses, and what each is worth at its landmarks.
 *
 * Two sides, a (n, d) and b (n, d), row i of one paired with row i of the
 * other. s[i,j] = cosine of a[i,:] and b[j,:] (rows are normalised inside, so
 * gradients are with respect to a and b as given). Scale = 1/temperature.
 *
 *     p[i,j] = softmax over j of scale s[i,j]     q[i,j] = the same over i
 *
 * A loss is a tensor (1, 1). Errors of all: CT_ERR_SHAPE if a and b differ in
 * shape or log_scale is not (1, 1), CT_ERR_NOMEM. With n = 1 there is no
 * negative: the softmax losses and their gradients are exactly 0.
 */
#ifndef CT_LOSS_H
#define CT_LOSS_H

#include "contrast/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a loss may use beside the embeddings. */
typedef struct ct_loss_inputs {
    ct_tensor *log_scale; /* (1, 1): ln(1/temperature), learned or constant;
                             the losses use e^log_scale as it is: who learns it
                             clamps it after each update (ct_two_tower_clamp) */
    const int *group;     /* (n) or NULL: rows of equal group are positives of
                             each other; only multi-positive losses look      */
} ct_loss_inputs;

/* InfoNCE, one direction: each a[i] must find its b among all b.
 *     L = -(1/n) sum_i ln p[i,i]
 * Gradient  ds[i,j] = scale (p[i,j] - [i=j]) / n
 *           dlog_scale = scale mean_i (sum_j p[i,j] s[i,j] - s[i,i])
 * Safe      p[i,i] - 1 and ln p[i,i] come from the sum over j != i, so a loss
 *           of 1e-7 keeps its digits in float
 * Source    van den Oord, Li and Vinyals 2018, eq. 4
 * Tested    tests/unit/loss/test_infonce.c, against its plain composition */
ct_tensor *ct_loss_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* The symmetric loss: the mean of InfoNCE from a to b and from b to a.
 *     L = -(1/2n) sum_i (ln p[i,i] + ln q[i,i])
 * Source    Radford et al. 2021, figure 3 */
ct_tensor *ct_loss_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* Symmetric with several positives a row: those of the same group.
 *     L = -(1/2n) sum_i mean over j in P(i) of (ln p[i,j] + ln q[j,i])
 * Without groups it is ct_loss_clip.
 * Source    Yang et al. 2022 (UniCL), eq. 2-4; Khosla et al. 2020, L_out */
ct_tensor *ct_loss_unicl(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* The loss of the question: InfoNCE in one direction at temperature 1; the
 * cross-entropy of each row of the cosine matrix against the diagonal. */
ct_tensor *ct_loss_question(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* No negatives: pull pairs together and nothing else. Collapse is its optimum.
 *     L = (1/n) sum_i (1 - s[i,i]) */
ct_tensor *ct_loss_positives(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);

/* A loss by its name, with its landmarks as functions of n pairs and the
 * temperature: its value when all embeddings are equal, and the least value
 * that any embeddings with all pairs distinct can have (d >= n - 1; a smaller d has a
 * higher floor). */
typedef struct ct_loss {
    const char *name;
    const char *summary; /* one line for help */
    bool        learns_scale; /* uses log_scale */
    bool        uses_groups;
    ct_tensor *(*apply)(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in);
    double (*collapsed)(int n, double temperature);
    double (*floor)(int n, double temperature);
} ct_loss;

/* NULL if there is none of that name. */
const ct_loss *ct_loss_find(const char *name);

/* All of them, to list; *n is how many. */
const ct_loss *ct_loss_all(int *n);

/* ln(1 + (n-1) e^(-n / ((n-1) tau))): the floor of the softmax losses, reached
 * by a regular simplex of perfectly aligned pairs; 0 for n = 1. */
double ct_simplex_floor(int n, double temperature);

#ifdef __cplusplus
}
#endif
#endif
