/* isa.h -- the table of kernels for one instruction set. Private to kernels/.
 *
 * body.h is compiled once for each set (portable.c, avx2.c, avx512.c) and fills
 * one table; device.c picks one at start. All give the same bits, so the choice
 * is about time alone.
 */
#ifndef KERNELS_ISA_H
#define KERNELS_ISA_H

#include "contrast/random.h"
#include "kernels/kernels.h"

/* What a range kernel works on; each uses the fields its comment names. */
typedef struct k_args {
    const ct_real *a, *b, *c, *d;
    ct_real *y, *y2, *y3;
    ct_real p[8];
    int m; /* columns, for kernels on rows; rows, for those on columns */
    int stride;
    ct_activation f;
    const int *offset, *id; /* of bags */
    ct_random random;       /* of dropout */
    uint32_t threshold;
    size_t n;
} k_args;

/* Elements, rows or columns from .. to - 1. */
typedef void (*k_range)(const k_args *args, size_t from, size_t to);

/* A panel of the product: c (rows, cols) = from + a b over k inner steps. a is a stack of tiles,
 * a_tile apart, in each of which element (i, k) is a[i * a_row + k * a_col]. b has k rows, b_row
 * apart, in each of which tile_cols values may be read. from NULL means 0; it may be c, or one row
 * for all (from_row 0). */
typedef struct k_panel {
    int rows, k;
    const ct_real *a, *b, *from;
    ptrdiff_t a_tile, a_row, a_col, b_row, from_row;
    ct_real *c;
    ptrdiff_t c_row;
} k_panel;

typedef struct k_isa {
    const char *name;

    /* Register tile of the product: tile_rows x tile_cols elements of c. */
    int tile_rows, tile_cols;
    /* c = from + a b for one panel of cols <= tile_cols columns. */
    void (*panel)(const k_panel *p, int cols);

    /* Copy n rows (or columns) of x, depth deep, into panels of `width`, tile_rows or tile_cols,
     * one behind the other: element (i, k) is y[i / width * width * depth + k * width + i % width].
     * In x it is x[k * row + i], or transposed x[i * row + k]. Up to 8 values behind a panel may be
     * written. */
    void (*pack_straight)(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width);
    void (*pack_transposed)(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y,
                            int width);

    /* rounds x fma_round operations that wait for nothing but the units that do them */
    void (*fma_rounds)(int rounds);
    int fma_round;

    ct_real (*dot)(size_t n, const ct_real *a, const ct_real *b); /* n <= K_BLOCK */
    ct_real (*sum)(size_t n, const ct_real *x);                   /* n <= K_BLOCK */

    k_range copy, axpy, scale, add, muladd, exp, log, tanh, erf, activation, activation_grad, sgd,
        adamw;                                                                     /* elements */
    k_range row_dots, normalize_rows, normalize_rows_grad, row_exp_sums, bag_mean; /* rows     */
    k_range col_sums, col_exp_sums, bag_spread;                                    /* columns  */
    k_range dropout; /* four elements */
} k_isa;

extern const k_isa k_isa_portable;
#if defined(__x86_64__) && !defined(CT_REAL_DOUBLE)
#define K_HAVE_X86 1
extern const k_isa k_isa_avx2, k_isa_avx512;
#endif

#endif
