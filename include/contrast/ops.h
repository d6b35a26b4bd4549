/* ops.h -- differentiable operations.
 *
 * Every operation takes tensors of one graph and returns a new tensor of that graph, computed at
 * once. On failure it returns NULL and the graph keeps the reason (status.h, rule 2); a NULL
 * operand gives NULL. dX below means dL/dX; "+=" because a tensor may be used more than once.
 * Code in src/engine, a file for each operation or family; tests in tests/unit/engine, a
 * test_FILE.c for each file.
 *
 * Letters: n rows, m rows of a second operand, d columns. Every operation may
 * fail with CT_ERR_NOMEM; those that can with CT_ERR_SHAPE say when. */
#ifndef CT_OPS_H
#define CT_OPS_H

#include "contrast/activation.h"
#include "contrast/tensor.h"

CT_C_BEGIN

/* All pairs of dot products: the similarity matrix of two sets of rows.
 *     y = a b'                       y[i,j] = sum_k a[i,k] b[j,k]
 * Shapes    a (n, d), b (m, d)  ->  y (n, m)
 * Gradient  da += dy b             db += dy' a
 * Errors    CT_ERR_SHAPE   a.cols != b.cols
 * Cost      2nmd flops forward, 4nmd backward; saves nothing */
ct_tensor *ct_matmul_nt(ct_graph *g, ct_tensor *a, ct_tensor *b);

/* A dense layer with its activation, in one pass.
 *     y = f(x w' + b)
 * Shapes    x (n, d), w (m, d), b (1, m) or NULL  ->  y (n, m)
 *           w has PyTorch's layout, (out, in)
 * Gradient  dz = dy f'(z);  dx += dz w;  dw += dz' x;  db += column sums of dz
 * Errors    CT_ERR_SHAPE   x.cols != w.cols, or b is not (1, m)
 * Cost      2nmd flops forward, 4nmd backward; GELU saves z (n, m) */
ct_tensor *ct_linear(ct_graph *g, ct_tensor *x, ct_tensor *w, ct_tensor *b, ct_activation f);

/* f alone: y = f(x), dx += dy f'(x). Shapes x (n, d) -> y (n, d). */
ct_tensor *ct_activate(ct_graph *g, ct_tensor *x, ct_activation f);

/* y = a + b, shapes equal (CT_ERR_SHAPE otherwise); da += dy, db += dy.
 * sub: y = a - b, composed of the others. */
ct_tensor *ct_add(ct_graph *g, ct_tensor *a, ct_tensor *b);
ct_tensor *ct_sub(ct_graph *g, ct_tensor *a, ct_tensor *b);

/* y = c x for a constant c; dx += c dy. */
ct_tensor *ct_scale(ct_graph *g, ct_tensor *x, ct_real c);

/* y = s x for a tensor s (1, 1), e.g. a learned logit scale;
 * dx += s dy, ds += <dy, x>. CT_ERR_SHAPE if s is not (1, 1). */
ct_tensor *ct_scale_by(ct_graph *g, ct_tensor *x, ct_tensor *s);

ct_tensor *ct_exp(ct_graph *g, ct_tensor *x); /* y = e^x; dx += dy y */

/* y = ln(1 + e^x), which does not overflow; dx += dy / (1 + e^-x). One thread, in double:
 * for formulas, not for speed. */
ct_tensor *ct_softplus(ct_graph *g, ct_tensor *x);

/* Mean of all elements: (n, d) -> (1, 1); dx += dy / (n d). */
ct_tensor *ct_mean(ct_graph *g, ct_tensor *x);

/* Dot product of each row of a with the same row of b.
 * Shapes    a (n, d), b (n, d)  ->  y (n, 1)
 * Gradient  da[i,:] += dy[i] b[i,:]     db[i,:] += dy[i] a[i,:]
 * Errors    CT_ERR_SHAPE   shapes differ */
ct_tensor *ct_row_dots(ct_graph *g, ct_tensor *a, ct_tensor *b);

/* The rows of a, then those of b: (n, d), (m, d) -> (n + m, d); da and db += their rows of
 * dy. CT_ERR_SHAPE if a.cols != b.cols. */
ct_tensor *ct_stack_rows(ct_graph *g, ct_tensor *a, ct_tensor *b);

/* log sum exp over each row, shifted by the largest element so that nothing overflows.
 * Shapes    x (n, m)  ->  y (n, 1)
 * Gradient  dx[i,j] += dy[i] e^(x[i,j] - y[i]) */
ct_tensor *ct_lse_rows(ct_graph *g, ct_tensor *x);

/* Softmax of each row: y = e^(x - lse).
 * Shapes    x (n, m)  ->  y (n, m)
 * Gradient  dx[i,:] += y[i,:] (dy[i,:] - <dy[i,:], y[i,:]>) */
ct_tensor *ct_softmax_rows(ct_graph *g, ct_tensor *x);

/* Scale each row to unit length, so that a dot product becomes a cosine.
 *     y[i,:] = x[i,:] / r[i]         r[i] = max(|x[i,:]|, eps)
 * Shapes    x (n, d)  ->  y (n, d)
 * Gradient  with c[i] = <dy[i,:], y[i,:]>:
 *             dx[i,:] += (dy[i,:] - c[i] y[i,:]) / r[i]    if |x[i,:]| > eps
 *             dx[i,:] +=  dy[i,:] / eps                    otherwise
 *           so a zero row stays zero and has the defined gradient dy / eps
 * Requires  eps > 0 (asserted)
 * Cost      3nd flops forward, 5nd backward; saves r (n)
 * Source    the clamp follows torch.nn.functional.normalize */
ct_tensor *ct_normalize_rows(ct_graph *g, ct_tensor *x, ct_real eps);

#define CT_NORM_EPS ((ct_real)1e-6) /* the eps that towers and losses use for unit rows */

/* Mean of table rows picked by index: how a text becomes a vector.
 *     y[i,:] = mean over k in [offset[i], offset[i+1]) of table[id[k],:]
 * An empty bag gives a zero row.
 * Shapes    table (v, d), offset (n + 1), id (offset[n])  ->  y (n, d)
 * Gradient  dtable[id[k],:] += dy[i,:] / bag size: only picked rows are touched
 * Errors    CT_ERR_SHAPE   an id outside [0, v) or offsets that decrease
 * offset and id are borrowed until reset.
 * Source    torch.nn.EmbeddingBag(mode="mean") */
ct_tensor *ct_embedding_bag(ct_graph *g, ct_tensor *table, int n, const int *offset, const int *id);

/* Zero each element with probability p and divide the others by 1 - p, while
 * g->training; otherwise x itself is returned. Whether element i is kept is a
 * function of (g->seed, g->step, number of this dropout in the step, i).
 * Requires  0 <= p < 1, at most 256 dropouts a step (asserted)
 * Cost      saves a mask (n, d)
 * Source    Srivastava et al. 2014, inverted form */
ct_tensor *ct_dropout(ct_graph *g, ct_tensor *x, double p);

CT_C_END
#endif
