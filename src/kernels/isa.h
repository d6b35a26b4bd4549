/* isa.h -- the table of kernels for one instruction set. Private to kernels/.
 *
 * body.h is compiled once for each set (portable.c, avx2.c, avx512.c) and fills
 * one table; device.c picks one at start. All give the same bits, so the choice
 * is about time alone.
 */
#ifndef KERNELS_ISA_H
#define KERNELS_ISA_H

#include "kernels/kernels.h"

/* What a range kernel works on; each uses the fields its comment names. */
typedef struct k_args {
    const ct_real *a, *b, *c, *d;
    ct_real       *y, *y2, *y3;
    ct_real        p[8];
    int            m; /* columns, for kernels on rows; rows, for those on columns */
    int            stride;
    ct_activation  f;
} k_args;

/* Elements, rows or columns from .. to - 1. */
typedef void (*k_range)(const k_args *args, size_t from, size_t to);

typedef struct k_isa {
    const char *name;

    /* Register tile of the product: tile_rows x tile_cols elements of c. */
    int tile_rows, tile_cols;
    /* c (rows, cols) = [c +] a b for rows <= tile_rows, cols <= tile_cols; b is packed,
     * k rows of tile_cols values, zeros beyond cols. */
    void (*tile)(int rows, int cols, int k, const ct_real *a, ptrdiff_t a_row, ptrdiff_t a_col, const ct_real *b,
                 ct_real *c, ptrdiff_t c_row, bool add);

    /* y[k * stride + i] = x[i * row + k] for i < n, k < depth. */
    void (*transpose)(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, ptrdiff_t stride);

    ct_real (*dot)(size_t n, const ct_real *a, const ct_real *b); /* n <= K_BLOCK */
    ct_real (*sum)(size_t n, const ct_real *x);                   /* n <= K_BLOCK */

    k_range axpy, scale, add, muladd, exp, log, tanh, erf, activation, activation_grad, sgd, adamw; /* elements */
    k_range row_dots, normalize_rows, normalize_rows_grad, row_exp_sums;                            /* rows     */
    k_range col_sums, col_exp_sums;                                                                 /* columns  */
} k_isa;

extern const k_isa k_isa_portable;
#if defined(__x86_64__) && !defined(CT_REAL_DOUBLE)
#define K_HAVE_X86 1
extern const k_isa k_isa_avx2, k_isa_avx512;
#endif

#endif
