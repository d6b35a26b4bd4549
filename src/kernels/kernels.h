/* kernels.h -- loops on plain arrays. Private to the library.
 *
 * Callers have checked everything: kernels return nothing and cannot fail.
 * Every call takes the device, which knows the instruction set and the threads;
 * neither changes a bit of any result:
 *
 *  - an element of a matrix product is one chain of fused multiply-adds over
 *    the inner index in order, starting from 0, or from what c holds if `add`;
 *  - any other sum uses 16 interleaved partial sums (element i goes to sum
 *    i mod 16), joined pairwise (j with j+8, then +4, +2, +1), over blocks of
 *    K_BLOCK elements whose sums are added in order;
 *  - elementwise functions are IEEE operations in a written order, without fma.
 *
 * Reference for every kernel: the plain loop in tests/unit/kernels.
 */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include "contrast/activation.h"
#include "contrast/device.h"
#include "contrast/random.h"
#include "contrast/real.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define K_BLOCK 4096 /* elements in a block of a sum, and of a parallel loop */

/* ---- threads ---- */

/* Call body(ctx, block) for every block in [0, n_blocks), on any thread, in any
 * order; returns when all are done. What a body calls stays on the body's thread. */
void k_parallel(ct_device *dev, int n_blocks, void (*body)(void *ctx, int block), void *ctx);

/* ---- matrix product: c (m, n) = a b, or c += a b with `add` ---- */

/* Element (i, j) of a is a[i * row + j * col]: a transposed matrix is the same
 * numbers with the strides swapped. */
typedef struct k_matrix {
    const ct_real *x;
    ptrdiff_t row, col;
} k_matrix;

/* a (m, k), b (k, n), c (m, n) with rows c_row apart. */
void k_matmul(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c,
              ptrdiff_t c_row, bool add);
/* A dense layer while its tiles are warm: z = a b + bias, y = f(z); bias (n) or NULL; z and y
 * (m, n) packed. z may be y where the derivative can be read off y (all but GELU). */
void k_matmul_dense(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b,
                    const ct_real *bias, ct_activation f, ct_real *z, ct_real *y);

/* Packed row-major operands. */
#define K_LAYOUT(name, a_row, a_col, b_row, b_col)                                             \
    static inline void k_matmul_##name(ct_device *dev, int m, int n, int k, const ct_real *a,  \
                                       const ct_real *b, ct_real *c, bool add)                 \
    {                                                                                          \
        k_matmul(dev, m, n, k, (k_matrix){a, a_row, a_col}, (k_matrix){b, b_row, b_col}, c, n, \
                 add);                                                                         \
    }
K_LAYOUT(nt, k, 1, 1, k) /* a (m,k) b (n,k), c = a b' */
K_LAYOUT(nn, k, 1, n, 1) /* a (m,k) b (k,n), c = a b  */
K_LAYOUT(tn, 1, m, n, 1) /* a (k,m) b (k,n), c = a' b */

/* y[j] += sum_i x[i,j], one chain over i in order: x (n, d). */
static inline void k_col_sums(ct_device *dev, int n, int d, const ct_real *x, ct_real *y)
{
    const ct_real one = 1; /* and strides of 0: as many ones as there are rows; 1 x + y is x + y */
    k_matmul(dev, 1, d, n, (k_matrix){&one, 0, 0}, (k_matrix){x, d, 1}, y, d, true);
}

/* ---- sums ---- */

/* sum_i a[i] b[i]; b NULL: sum_i a[i] */
ct_real k_dot(ct_device *dev, size_t n, const ct_real *a, const ct_real *b);
static inline ct_real k_sum(ct_device *dev, size_t n, const ct_real *x)
{
    return k_dot(dev, n, x, NULL);
}

/* ---- loops over a range of elements, rows or columns, shared by the threads ---- */

/* What a loop works on; each uses the fields that its comment in body.h names. */
typedef struct k_args {
    const ct_real *a, *b, *c;
    ct_real *y, *y2, *y3;
    ct_real p[8];
    int m;      /* columns of a row */
    int stride; /* bags of bag_spread; first block of dropout */
    bool add;
    ct_activation f;
    const int *offset, *id; /* of bags */
    ct_random random;       /* of dropout */
    uint32_t threshold;
    size_t n;
} k_args;

/* On elements, on rows, on columns; dropout on blocks of four elements, block_sums of K_BLOCK. */
#define K_LOOPS(X)                                                                                 \
    X(axpy), X(scale), X(add), X(muladd), X(exp), X(log), X(activation), X(activation_grad),       \
        X(sgd), X(adamw), X(row_dots), X(normalize_rows), X(normalize_rows_grad), X(row_exp_sums), \
        X(bag_mean), X(bag_spread), X(dropout), X(block_sums)
#define K_LOOP(name) k_##name##_loop
typedef enum k_loop { K_LOOPS(K_LOOP), K_N_LOOPS } k_loop;

/* `loop` over 0 .. n - 1, each as dear as `cost` elements of a sum. It is cut at fixed places
 * whatever the number of threads; a short range stays on the calling thread. */
void k_run(ct_device *dev, k_loop loop, const k_args *args, size_t n, size_t cost);

#define K_DEAR  4             /* an element of exp, a division, ... counts as so many */
#define K_GRAIN (4 * K_BLOCK) /* elements that are worth another thread               */

/* ---- elementwise; y may be x ---- */

#define K_SCALED(name)                                                                             \
    static inline void k_##name(ct_device *dev, size_t n, ct_real a, const ct_real *x, ct_real *y) \
    {                                                                                              \
        k_run(dev, K_LOOP(name), &(k_args){.a = x, .y = y, .p = {a}}, n, 1);                       \
    }
K_SCALED(axpy)  /* y += a x */
K_SCALED(scale) /* y = a x  */

#define K_OF_TWO(name)                                                                        \
    static inline void k_##name(ct_device *dev, size_t n, const ct_real *a, const ct_real *b, \
                                ct_real *y)                                                   \
    {                                                                                         \
        k_run(dev, K_LOOP(name), &(k_args){.a = a, .b = b, .y = y}, n, 1);                    \
    }
K_OF_TWO(add)    /* y = a + b */
K_OF_TWO(muladd) /* y += a b  */

#define K_OF_ONE(name)                                                                  \
    static inline void k_##name(ct_device *dev, size_t n, const ct_real *x, ct_real *y) \
    {                                                                                   \
        k_run(dev, K_LOOP(name), &(k_args){.a = x, .y = y}, n, K_DEAR);                 \
    }
K_OF_ONE(exp)
K_OF_ONE(log)

/* y = f(z) */
static inline void k_activation(ct_device *dev, ct_activation f, size_t n, const ct_real *z,
                                ct_real *y)
{
    k_run(dev, K_LOOP(activation), &(k_args){.a = z, .y = y, .f = f}, n, K_DEAR);
}

/* dz = dy f'(z), given z (read for GELU alone) and y = f(z) */
static inline void k_activation_grad(ct_device *dev, ct_activation f, size_t n, const ct_real *z,
                                     const ct_real *y, const ct_real *dy, ct_real *dz)
{
    const k_args args = {.a = z, .b = y, .c = dy, .y = dz, .f = f};
    k_run(dev, K_LOOP(activation_grad), &args, n, K_DEAR);
}

/* mask[i] = 0 if word first + i of r is below `threshold`, else keep; y = mask x. first is a
 * multiple of 4. */
static inline void k_dropout(ct_device *dev, size_t n, size_t first, const ct_random *r,
                             uint32_t threshold, ct_real keep, const ct_real *x, ct_real *mask,
                             ct_real *y)
{
    k_args args = {.a = x, .y = y, .y2 = mask, .p = {keep}, .random = *r, .threshold = threshold};
    args.n = n;
    args.stride = (int)(first / 4);
    k_run(dev, K_LOOP(dropout), &args, (n + 3) / 4, 4 * K_DEAR);
}

/* ---- rows ---- */

/* y[i] = <a[i,:], b[i,:]> */
static inline void k_row_dots(ct_device *dev, int n, int d, const ct_real *a, const ct_real *b,
                              ct_real *y)
{
    k_run(dev, K_LOOP(row_dots), &(k_args){.a = a, .b = b, .y = y, .m = d}, (size_t)n, (size_t)d);
}

/* r[i] = max(|x[i,:]|, eps), y[i,:] = x[i,:] / r[i] */
static inline void k_normalize_rows(ct_device *dev, int n, int d, const ct_real *x, ct_real eps,
                                    ct_real *y, ct_real *r)
{
    const k_args args = {.a = x, .y = y, .y2 = r, .p = {eps}, .m = d};
    k_run(dev, K_LOOP(normalize_rows), &args, (size_t)n, (size_t)d);
}

/* dx[i,:] = (dy[i,:] - c y[i,:]) / r[i], c = <dy[i,:], y[i,:]> where r[i] > eps, else 0;
 * added to dx with `add`. Without, dx may be dy. */
static inline void k_normalize_rows_grad(ct_device *dev, int n, int d, const ct_real *y,
                                         const ct_real *r, ct_real eps, const ct_real *dy,
                                         ct_real *dx, bool add)
{
    const k_args args = {.a = y, .b = r, .c = dy, .y = dx, .p = {eps}, .m = d, .add = add};
    k_run(dev, K_LOOP(normalize_rows_grad), &args, (size_t)n, (size_t)d);
}

/* peak[i] = largest of row i (NaN if it has one), total[i] = sum_j e^(x[i,j] - peak[i]);
 * y[i,j] = e^(x[i,j] - peak[i]) if y is not NULL. y may be x. An infinite peak is
 * not subtracted. */
static inline void k_row_exp_sums(ct_device *dev, int n, int m, const ct_real *x, ct_real *peak,
                                  ct_real *total, ct_real *y)
{
    const k_args args = {.a = x, .y = peak, .y2 = total, .y3 = y, .m = m};
    k_run(dev, K_LOOP(row_exp_sums), &args, (size_t)n, (size_t)m);
}

/* ---- picked rows: bag i picks rows id[offset[i]] .. id[offset[i+1] - 1] of a table ---- */

/* y[i,:] = mean of the picked rows; 0 for an empty bag. y (n, d). */
static inline void k_bag_mean(ct_device *dev, int n, int d, const ct_real *table, const int *offset,
                              const int *id, ct_real *y)
{
    const k_args args = {.a = table, .y = y, .m = d, .offset = offset, .id = id};
    const int each = 1 + (offset[n] - offset[0]) / n;
    k_run(dev, K_LOOP(bag_mean), &args, (size_t)n, (size_t)d * (size_t)each);
}

/* dtable[id,:] += dy[i,:] / size of bag i, bags in order; threads take columns, at least two cache
 * lines of a row. */
static inline void k_bag_spread(ct_device *dev, int n, int d, const ct_real *dy, const int *offset,
                                const int *id, ct_real *dtable)
{
    const k_args args = {.a = dy, .y = dtable, .m = d, .stride = n, .offset = offset, .id = id};
    const size_t picks = 1 + (size_t)(offset[n] - offset[0]), most = K_GRAIN / 32;
    k_run(dev, K_LOOP(bag_spread), &args, (size_t)d, picks < most ? picks : most);
}

/* ---- optimisers: one pass over memory (formulas in contrast/optim.h) ---- */

static inline void k_sgd(ct_device *dev, size_t n, ct_real rate, ct_real momentum, ct_real decay,
                         const ct_real *dx, ct_real *m, ct_real *x)
{
    const k_args args = {.a = dx, .y = m, .y2 = x, .p = {rate, momentum, decay}};
    k_run(dev, K_LOOP(sgd), &args, n, 1);
}

/* bias1 = 1 - beta1^t, bias2 = 1 - beta2^t. */
typedef struct k_adamw_args {
    ct_real rate, beta1, beta2, eps, decay, bias1, bias2;
} k_adamw_args;
static inline void k_adamw(ct_device *dev, size_t n, const k_adamw_args *p, const ct_real *dx,
                           ct_real *m, ct_real *v, ct_real *x)
{
    const ct_real unbias = 1 / (ct_real)sqrt((double)p->bias2);
    k_args args = {.a = dx,
                   .y = m,
                   .y2 = v,
                   .y3 = x,
                   .p = {1 - p->rate * p->decay, p->beta1, 1 - p->beta1, p->beta2, 1 - p->beta2,
                         p->rate / p->bias1, unbias, p->eps}};
    k_run(dev, K_LOOP(adamw), &args, n, K_DEAR);
}

#endif
