/* plain.h -- six losses as compositions of the operations of ops.h, each three to ten lines
 * long and as its formula reads: to learn from, to change, and to test the losses of loss.h
 * against. These hold the matrix of all pairs, so they are for batches of hundreds. Code in
 * src/engine/plain.c.
 *
 * a (n, d), b (n, d): row i of one belongs to row i of the other. s[i,j] = cosine of a[i,:]
 * and b[j,:]; z[i,j] = s[i,j] / temperature = e^log_scale s[i,j]. Every loss is (1, 1).
 * Errors    CT_ERR_SHAPE if a and b differ in shape, or log_scale or bias is not (1, 1)
 * Tested    tests/unit/losses/test_plain.c */
#ifndef CT_PLAIN_H
#define CT_PLAIN_H

#include "contrast/tensor.h"

CT_C_BEGIN

/* L = (1/n) sum_i (ln sum_j e^s[i,j] - s[i,i]) */
ct_tensor *ct_plain_question(ct_graph *g, ct_tensor *a, ct_tensor *b);

/* L = (1/n) sum_i (ln sum_j e^z[i,j] - z[i,i]) */
ct_tensor *ct_plain_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale);

/* The mean of infonce from a to b and from b to a. */
ct_tensor *ct_plain_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale);

/* infonce of all 2n rows, each of which looks for its partner among the 2n - 1 others. */
ct_tensor *ct_plain_ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale);

/* L = (1/n) sum_ij ln(1 + e^-(t[i,j] (z[i,j] + bias))), t[i,j] = 1 where i = j, else -1 */
ct_tensor *ct_plain_siglip(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale,
                           ct_tensor *bias);

/* L = (1/n) sum_i (1 - s[i,i]): no negatives, and collapse is its optimum. */
ct_tensor *ct_plain_positives(ct_graph *g, ct_tensor *a, ct_tensor *b);

CT_C_END
#endif
