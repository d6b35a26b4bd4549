/* isa.h -- the loops for one instruction set as a table, and the device that holds one.
 * Private to kernels/.
 *
 * body.h is compiled once for each set (portable.c, avx2.c, avx512.c) and fills one table; device.c
 * picks one at start. All give the same bits, so the choice is about time alone. */
#ifndef KERNELS_ISA_H
#define KERNELS_ISA_H

#include "kernels/kernels.h"
#include "platform/pool.h"

static inline int k_least(int a, int b)
{
    return a < b ? a : b;
}

/* The largest of n shares of `all` items, each of whole steps. */
static inline int k_share(int all, int step, int n)
{
    return ((all + step - 1) / step + n - 1) / n * step;
}

/* One of kernels.h's loops: elements, rows or columns from .. to - 1. */
typedef void (*k_range)(const k_args *args, size_t from, size_t to);

/* ---- the product ---- */

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

/* ---- the walk ---- */

typedef struct k_sums k_sums; /* walk.h */

/* Part of S, transposed: cell (i, j) is x[j * K_STRIP + i], since the strip's rows
 * are packed once and its columns are many. */
typedef struct k_cells {
    const ct_real *x;
    int rows, cols; /* at most K_STRIP, K_TILE */
} k_cells;

typedef struct k_isa {
    const char *name;
    k_range loop[K_N_LOOPS];

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

    /* Sums of a tile into s, whose arrays begin at the tile's first anchor. */
    void (*gather)(const k_cells *t, int n_sums, const k_sums *s);
    /* The sums of `other`, over other cells of the same anchors, into s. */
    void (*join)(const k_sums *s, const k_sums *other, int anchors);
    /* g = dS of a tile; g may be t->x. */
    void (*spread)(const k_cells *t, int n_sums, const k_sums *s, ct_real *g);
} k_isa;

extern const k_isa k_isa_portable;
#if defined(__x86_64__) && !defined(CT_REAL_DOUBLE)
#define K_HAVE_X86 1
extern const k_isa k_isa_avx2, k_isa_avx512;
#endif

/* ---- the device ---- */

struct ct_device {
    const k_isa *isa;
    ct_pool *pool;
};

#endif
