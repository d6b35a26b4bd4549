/* matmul.c -- the matrix product: cutting it into tasks, blocks and panels.
 *
 * The loops are those of Goto and van de Geijn ("Anatomy of high-performance
 * matrix multiplication", 2008):
 *
 *                                  b       panel   K_PART x tile_cols of b: stays in the
 *                            +--+--+--+--+         first-level cache while all tiles of a
 *                     K_PART |  |  |##|  |         block run over it
 *            K_PART          +--+--+--+--+
 *           +------+         +--+--+--+--+
 *           |      |         |  |  |  |  | block   ROW_PART x K_PART of a: stays in the
 *           +------+         +--+--+--+--+         second-level cache
 *  ROW_PART |######|         |  |  |##|  | tile    tile_rows x tile_cols of c, in registers:
 *           |######|         |  |  |  |  |         each step of k multiplies a column of the
 *           +------+         +--+--+--+--+         block by a row of the panel
 *              a                   c
 *
 * Between parts of k a tile reloads c, which is exact, so every element stays one
 * chain of fma in index order. Threads take rows and columns of c, and each copies
 * what it reads of a and b: no thread waits for another before the end.
 *
 * Copying an operand into panels pays where what is copied is read often enough;
 * where it does not, tiles read it in place (NOTES.md has the figures). */
#include "kernels/isa.h"

#include <string.h>

#define K_PART   320 /* inner steps a panel                                  */
#define ROW_PART 96  /* most rows of a block of a: a multiple of every tile  */
#define COL_PART ((int)(512 * sizeof(float) / sizeof(ct_real))) /* most columns copied at once */

#define A_REUSE   384 /* columns of c from which on copying a pays,         */
#define A_T_REUSE 64  /* and where six values of it lie on as many lines    */
#define B_REUSE   48  /* rows of c from which on copying b pays             */
#define COPY      16  /* products that take as long as a value's copy       */
#define SLACK     8   /* values that packing may write too many             */
#define SHALLOW   16  /* inner steps up to which c is written row by row    */

typedef struct product {
    const k_isa *isa;
    int m, n, k;
    k_matrix a, b;
    ct_real *c;
    ptrdiff_t c_row;
    bool add;

    const ct_real *bias; /* what c starts from, a row for all; or NULL */
    ct_activation f;     /* y = f(c), where y is not NULL              */
    ct_real *y;

    int rows, columns, across; /* of a task; tasks side by side */
} product;

/* Part of a product, a product itself: rows i0 .. i0+m of c, columns j0 .. j0+n, inner steps k0 ..
 * k0+k. Parts that begin inside go on with what is in c; f waits for the part that ends with p. */
static inline product cut(const product *p, int i0, int m, int j0, int n, int k0, int k)
{
    product q = *p;
    const ptrdiff_t at = i0 * p->c_row + j0;
    q.m = m;
    q.n = n;
    q.k = k;
    q.a.x += i0 * p->a.row + k0 * p->a.col;
    q.b.x += k0 * p->b.row + j0 * p->b.col;
    q.c += at;
    q.add = p->add || k0 > 0;
    q.bias = p->bias != NULL ? p->bias + j0 : NULL;
    q.y = p->y != NULL && k0 + k >= p->k ? p->y + at : NULL;
    return q;
}

/* Rows (of a) or columns (of b), `line` apart, with inner steps `step` apart, as panels. */
static void pack(const k_isa *isa, const ct_real *x, ptrdiff_t line, ptrdiff_t step, int n,
                 int depth, int width, ct_real *out)
{
    if (n % width != 0) { /* a tile reads the whole panel: no unset values in it */
        ct_real *last = out + (ptrdiff_t)(n / width) * width * depth;
        memset(last, 0, (size_t)width * (size_t)depth * sizeof *last);
    }
    if (step == 1)
        isa->pack_transposed(n, depth, x, line, out, width);
    else if (line == 1)
        isa->pack_straight(n, depth, x, step, out, width);
    else
        for (int k = 0; k < depth; k++)
            for (int i = 0; i < n; i++)
                out[(ptrdiff_t)(i / width) * width * depth + k * width + i % width] =
                    x[i * line + k * step];
}

/* y = f(c) while c is in the cache. */
static void activate(const product *p)
{
    for (int i = 0; i < p->m && p->y != NULL; i++) {
        const k_args args = {.a = p->c + i * p->c_row, .y = p->y + i * p->c_row, .f = p->f};
        p->isa->loop[K_LOOP(activation)](&args, 0, (size_t)p->n);
    }
}

/* At most ROW_PART rows and K_PART inner steps. b_part holds panels of b; NULL: read b in place. */
static void run_part(const product *p, const ct_real *b_part, ct_real *a_part)
{
    const k_isa *isa = p->isa;
    const int width = isa->tile_cols;
    k_panel panel = {.rows = p->m,
                     .k = p->k,
                     .a = p->a.x,
                     .a_tile = isa->tile_rows * p->a.row,
                     .a_row = p->a.row,
                     .a_col = p->a.col,
                     .b_row = b_part != NULL ? width : p->b.row,
                     .from_row = p->add ? p->c_row : 0,
                     .c_row = p->c_row};
    if (p->n >= (p->a.row == 1 ? A_T_REUSE : A_REUSE)) {
        pack(isa, p->a.x, p->a.row, p->a.col, p->m, p->k, isa->tile_rows, a_part);
        panel.a = a_part;
        panel.a_tile = (ptrdiff_t)isa->tile_rows * p->k;
        panel.a_row = 1;
        panel.a_col = isa->tile_rows;
    }
    for (int j = 0; j < p->n; j += width) {
        panel.b = b_part != NULL ? b_part + (ptrdiff_t)j * p->k : p->b.x + j;
        panel.c = p->c + j;
        panel.from = p->add ? panel.c : p->bias != NULL ? p->bias + j : NULL;
        isa->panel(&panel, k_least(width, p->n - j));
    }
    activate(p);
}

/* ---- a thread's part ---- */

static void run_whole(const product *p)
{
    const int width = p->isa->tile_cols;
    ct_real b_part[K_PART * COL_PART + SLACK] __attribute__((aligned(64)));
    ct_real a_part[K_PART * ROW_PART + SLACK] __attribute__((aligned(64)));
    for (int j = 0, cols = 0; j < p->n; j += cols)
        for (int k = 0; k == 0 || k < p->k; k += K_PART) { /* once even for k = 0: c becomes 0 */
            const int depth = k_least(K_PART, p->k - k);
            cols = k_least(COL_PART, p->n - j);
            bool in_place = p->b.col == 1 && p->m < B_REUSE;
            if (in_place && cols > width)
                cols -= cols % width; /* what is left gets a padded panel of its own */
            in_place = in_place && cols % width == 0;
            if (!in_place)
                pack(p->isa, p->b.x + k * p->b.row + j * p->b.col, p->b.col, p->b.row, cols, depth,
                     width, b_part);
            const int part = p->k <= SHALLOW ? 2 * p->isa->tile_rows : ROW_PART;
            for (int i = 0; i < p->m; i += part) {
                const product rows = cut(p, i, k_least(part, p->m - i), j, cols, k, depth);
                run_part(&rows, in_place ? NULL : b_part, a_part);
            }
        }
}

/* Where few rows fill panels well, and the many columns of b lie as those of weights do: c' = b'
 * a', which reads b in place. */
static void run_alone(const product *p)
{
    ct_real turned[COL_PART * B_REUSE] __attribute__((aligned(64)));
    product q = {.isa = p->isa, .m = p->n, .n = p->m, .k = p->k, .c = turned, .c_row = p->m};
    if (p->add || p->b.row != 1 || p->b.col == 1 || p->m >= B_REUSE || p->n < 2 * p->m ||
        p->n > COL_PART || 8 * p->m < 7 * k_share(p->m, p->isa->tile_cols, 1)) {
        run_whole(p);
        return;
    }
    q.a = (k_matrix){p->b.x, p->b.col, 1};
    q.b = (k_matrix){p->a.x, p->a.col, p->a.row};
    q.add = p->bias != NULL;
    for (int i = 0; q.add && i < p->n; i++)
        for (int r = 0; r < p->m; r++)
            turned[i * p->m + r] = p->bias[i];
    run_whole(&q);
    p->isa->pack_transposed(p->n, p->m, turned, p->m, p->c, (int)p->c_row);
    activate(p);
}

static void run_task(void *ctx, int task)
{
    const product *p = ctx;
    const int i = task / p->across * p->rows, j = task % p->across * p->columns;
    const product q = cut(p, i, k_least(p->rows, p->m - i), j, k_least(p->columns, p->n - j), 0,
                          p->k);
    run_alone(&q);
}

/* One task for each thread, shaped so that the largest has least to compute and to copy. */
static void run(ct_device *dev, product *p)
{
    const int threads = ct_device_threads(dev), height = dev->isa->tile_rows,
              width = dev->isa->tile_cols;
    double least = (double)INFINITY;
    p->isa = dev->isa;
    /* less than a thousand steps of a tile, some microseconds, are not worth another thread */
    if (threads == 1 || (double)p->m * p->n * p->k < 1e3 * height * width) {
        run_alone(p);
        return;
    }
    for (int across = 1; across <= threads; across++) {
        const int rows = k_share(p->m, height, threads / across),
                  columns = k_share(p->n, width, across);
        const double dear = (double)rows * columns + COPY * ((double)rows + columns);
        p->rows = dear < least ? rows : p->rows;
        p->columns = dear < least ? columns : p->columns;
        least = dear < least ? dear : least;
    }
    p->across = (p->n + p->columns - 1) / p->columns;
    k_parallel(dev, (p->m + p->rows - 1) / p->rows * p->across, run_task, p);
}

void k_matmul(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c,
              ptrdiff_t c_row, bool add)
{
    product p = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_row = c_row, .add = add};
    run(dev, &p);
}

void k_matmul_dense(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b,
                    const ct_real *bias, ct_activation f, ct_real *z, ct_real *y)
{
    product p = {.m = m, .n = n, .k = k, .a = a, .b = b, .c = z, .c_row = n, .bias = bias, .f = f};
    p.y = f != CT_ACT_NONE ? y : NULL;
    run(dev, &p);
}
