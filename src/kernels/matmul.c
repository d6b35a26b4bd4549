/* matmul.c -- the matrix product: cutting it into tasks and panels.
 *
 * Each task computes its own block of c, so threads share nothing. A task walks
 * the inner dimension in steps of K_PART: it copies that part of b into panels,
 * tile_cols wide and padded with zeros, that stay in the second-level cache, and
 * runs the register tile over its rows. Between parts the tile reloads c, which
 * is exact, so every element stays one chain of fma in index order.
 *
 * a is read in place, one broadcast element at a time, whichever way it lies:
 * packing it too made transposed products slower (NOTES.md).
 *
 * Layer: kernels. */
#include "kernels/device.h"

#include <string.h>

#define K_PART   256 /* inner steps a panel                                    */
#define COL_PART 128 /* columns of c a task: a panel of 128 KiB                */
#define ROW_STEP 24  /* rows of c a task: a multiple, so that tiles are full   */

typedef struct product {
    const k_isa *isa;
    int          m, n, k;
    k_matrix     a, b;
    ct_real     *c;
    ptrdiff_t    c_row;
    bool         add;
    int          row_part, col_tasks;
} product;

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Copy b[k0 .. k0+depth, j0 .. j0+cols) into panels of `width` columns. */
static void pack_b(const product *p, int k0, int depth, int j0, int cols, int width, ct_real *out)
{
    for (int j = 0; j < cols; j += width, out += (ptrdiff_t)depth * width) {
        const ct_real *from = p->b.x + k0 * p->b.row + (j0 + j) * p->b.col;
        int            here = least(width, cols - j);
        if (here < width)
            memset(out, 0, (size_t)depth * (size_t)width * sizeof *out);
        if (p->b.row == 1) {
            p->isa->transpose(here, depth, from, p->b.col, out, width);
            continue;
        }
        for (int k = 0; k < depth; k++)
            for (int i = 0; i < here; i++)
                out[(ptrdiff_t)k * width + i] = from[k * p->b.row + i * p->b.col];
    }
}

static void run_task(void *ctx, int task)
{
    const product *p = ctx;
    const int      width = p->isa->tile_cols, height = p->isa->tile_rows;
    const int      i0 = task / p->col_tasks * p->row_part, rows = least(p->row_part, p->m - i0);
    const int      j0 = task % p->col_tasks * COL_PART, cols = least(COL_PART, p->n - j0);
    ct_real        b_part[K_PART * COL_PART] __attribute__((aligned(64)));

    for (int k0 = 0; k0 == 0 || k0 < p->k; k0 += K_PART) { /* once even for k = 0: c becomes 0 */
        const int depth = least(K_PART, p->k - k0);
        pack_b(p, k0, depth, j0, cols, width, b_part);
        for (int i = 0; i < rows; i += height) {
            const int      high = least(height, rows - i);
            const ct_real *a = p->a.x + (i0 + i) * p->a.row + k0 * p->a.col;
            for (int j = 0; j < cols; j += width)
                p->isa->tile(high, least(width, cols - j), depth, a, p->a.row, p->a.col, b_part + (ptrdiff_t)j * depth,
                             p->c + (i0 + i) * p->c_row + j0 + j, p->c_row, p->add || k0 > 0);
        }
    }
}

static product plan(const ct_device *dev, int threads, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c,
                    ptrdiff_t c_row, bool add)
{
    product p = {dev->isa, m, n, k, a, b, c, c_row, add, m, (n + COL_PART - 1) / COL_PART};
    int     row_tasks = 1; /* cutting rows packs b again for each part: only where threads would idle */
    while (threads > 1 && row_tasks * p.col_tasks < 2 * threads && m / (row_tasks + 1) >= 2 * ROW_STEP)
        row_tasks++;
    p.row_part = ((m + row_tasks - 1) / row_tasks + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
    return p;
}

static int n_tasks(const product *p)
{
    return (p->m + p->row_part - 1) / p->row_part * p->col_tasks;
}

void k_matmul_here(const ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c, ptrdiff_t c_row,
                   bool add)
{
    product p = plan(dev, 1, m, n, k, a, b, c, c_row, add);
    for (int task = 0; task < n_tasks(&p); task++)
        run_task(&p, task);
}

void k_matmul(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c, ptrdiff_t c_row, bool add)
{
    if ((double)m * n * k < 1e5) { /* some microseconds: not worth another thread */
        k_matmul_here(dev, m, n, k, a, b, c, c_row, add);
        return;
    }
    product p = plan(dev, ct_device_threads(dev), m, n, k, a, b, c, c_row, add);
    k_parallel(dev, n_tasks(&p), run_task, &p);
}

void k_matmul_nt(ct_device *dev, int m, int n, int k, const ct_real *a, const ct_real *b, ct_real *c, bool add)
{
    k_matmul(dev, m, n, k, (k_matrix){a, k, 1}, (k_matrix){b, 1, k}, c, n, add);
}

void k_matmul_nn(ct_device *dev, int m, int n, int k, const ct_real *a, const ct_real *b, ct_real *c, bool add)
{
    k_matmul(dev, m, n, k, (k_matrix){a, k, 1}, (k_matrix){b, n, 1}, c, n, add);
}

void k_matmul_tn(ct_device *dev, int m, int n, int k, const ct_real *a, const ct_real *b, ct_real *c, bool add)
{
    k_matmul(dev, m, n, k, (k_matrix){a, 1, m}, (k_matrix){b, n, 1}, c, n, add);
}
