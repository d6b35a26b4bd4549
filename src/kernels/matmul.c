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
 * chain of fma in index order. Two ways to share the work:
 *
 *     tall    many rows: all threads copy a part of b into panels they share, then
 *             each takes blocks of rows
 *     thin    few rows: each thread takes columns and has panels of its own
 *
 * Copying an operand into panels pays where what is copied is read often enough;
 * where it does not, tiles read it in place (NOTES.md has the figures).
 *
 * Layer: kernels. */
#include "kernels/isa.h"

#include <string.h>

#define K_PART   320 /* inner steps a panel                                  */
#define ROW_PART 96  /* most rows of a block of a: a multiple of every tile  */
#define COL_PART 256 /* most columns of a thin task's panels                 */

#define A_REUSE   384 /* columns of c from which on copying a pays,         */
#define A_T_REUSE 64  /* and where a lies transposed: a tile in place takes */
                      /* a line of the cache for six values of it           */
#define B_REUSE 32    /* rows of c from which on copying b pays             */
#define SHALLOW 64    /* inner steps up to which k counts as short          */
#define SLACK   8     /* values that packing may write too many             */

/* A part of a product: rows i0 .. i0+rows of c, columns j0 .. j0+cols, inner steps k0 ..
 * k0+depth. */
typedef struct part {
    int i0, rows, j0, cols, k0, depth;
} part;

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

    int columns;        /* thin: of a task                                  */
    ct_real *panels;    /* tall: b's columns and steps of `now`, shared     */
    part now;           /* the rows are the task's                          */
    int blocks, groups; /* tasks: of rows of c; of panels of b              */
} product;

static int least(int a, int b)
{
    return a < b ? a : b;
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

/* One part, at most ROW_PART rows. b_part holds panels of b; NULL: read b in place. */
static void run_part(const product *p, part at, const ct_real *b_part, ct_real *a_part)
{
    const k_isa *isa = p->isa;
    const int width = isa->tile_cols;
    const bool goes_on = p->add || at.k0 > 0;
    /* Where k is short the product is the writing of c: then along its rows, some at a time. */
    const int step = at.depth <= SHALLOW ? 2 * isa->tile_rows : at.rows;
    k_panel panel = {.k = at.depth,
                     .a = p->a.x + at.i0 * p->a.row + at.k0 * p->a.col,
                     .a_tile = isa->tile_rows * p->a.row,
                     .a_row = p->a.row,
                     .a_col = p->a.col,
                     .b_row = b_part != NULL ? width : p->b.row,
                     .from_row = goes_on ? p->c_row : 0,
                     .c_row = p->c_row};
    if (at.cols >= (p->a.row == 1 ? A_T_REUSE : A_REUSE)) {
        pack(isa, panel.a, p->a.row, p->a.col, at.rows, at.depth, isa->tile_rows, a_part);
        panel.a = a_part;
        panel.a_tile = (ptrdiff_t)isa->tile_rows * at.depth;
        panel.a_row = 1;
        panel.a_col = isa->tile_rows;
    }
    for (int i = 0; i < at.rows; i += step) {
        panel.rows = least(step, at.rows - i);
        for (int j = 0; j < at.cols; j += width) {
            panel.b = b_part != NULL ? b_part + (ptrdiff_t)j * at.depth
                                     : p->b.x + at.k0 * p->b.row + at.j0 + j;
            panel.c = p->c + (at.i0 + i) * p->c_row + at.j0 + j;
            panel.from = goes_on ? panel.c : p->bias != NULL ? p->bias + at.j0 + j : NULL;
            isa->panel(&panel, least(width, at.cols - j));
        }
        panel.a += step / isa->tile_rows * panel.a_tile;
    }
    if (p->y != NULL && at.k0 + at.depth >= p->k) /* the last part: f while c is in the cache */
        for (int i = at.i0; i < at.i0 + at.rows; i++) {
            const ptrdiff_t from = i * p->c_row + at.j0;
            const k_args args = {.a = p->c + from, .y = p->y + from, .f = p->f};
            isa->loop[K_LOOP(activation)](&args, 0, (size_t)at.cols);
        }
}

/* ---- thin ---- */

static void run_thin(void *ctx, int task)
{
    const product *p = ctx;
    const int width = p->isa->tile_cols;
    const int j0 = task * p->columns, j1 = least(p->n, j0 + p->columns);
    ct_real b_part[K_PART * COL_PART + SLACK] __attribute__((aligned(64)));
    ct_real a_part[K_PART * ROW_PART + SLACK] __attribute__((aligned(64)));
    for (int j = j0, cols = 0; j < j1; j += cols)
        for (int k = 0; k == 0 || k < p->k; k += K_PART) { /* once even for k = 0: c becomes 0 */
            const int depth = least(K_PART, p->k - k);
            const ct_real *from = p->b.x + k * p->b.row + j * p->b.col;
            cols = least(COL_PART, j1 - j);
            bool in_place = p->b.col == 1 && p->m < B_REUSE;
            if (in_place && cols > width)
                cols -= cols % width; /* what is left gets a padded panel of its own */
            in_place = in_place && cols % width == 0;
            if (!in_place)
                pack(p->isa, from, p->b.col, p->b.row, cols, depth, width, b_part);
            for (int i = 0; i < p->m; i += ROW_PART)
                run_part(p, (part){i, least(ROW_PART, p->m - i), j, cols, k, depth},
                         in_place ? NULL : b_part, a_part);
        }
}

/* ---- tall ---- */

/* Tiles or panels before the i-th of n even shares. */
static int share(int all, int i, int n)
{
    return (int)((long long)all * i / n);
}

static void pack_group(void *ctx, int g)
{
    const product *p = ctx;
    const part *at = &p->now;
    const int width = p->isa->tile_cols, panels = (at->cols + width - 1) / width;
    const int from = share(panels, g, p->groups) * width,
              to = share(panels, g + 1, p->groups) * width;
    pack(p->isa, p->b.x + at->k0 * p->b.row + (at->j0 + from) * p->b.col, p->b.col, p->b.row,
         least(to, at->cols) - from, at->depth, width, p->panels + (ptrdiff_t)from * at->depth);
}

static void run_rows(void *ctx, int block)
{
    const product *p = ctx;
    const int height = p->isa->tile_rows, tiles = (p->m + height - 1) / height;
    part at = p->now;
    ct_real a_part[K_PART * ROW_PART + SLACK] __attribute__((aligned(64)));
    at.i0 = share(tiles, block, p->blocks) * height;
    at.rows = least(share(tiles, block + 1, p->blocks) * height, p->m) - at.i0;
    run_part(p, at, p->panels, a_part);
}

static void run_tall(ct_device *dev, product *p)
{
    const int threads = ct_device_threads(dev), most = K_PANELS / K_PART;
    const int tiles = ROW_PART / p->isa->tile_rows * p->isa->tile_rows; /* rows a block can have */
    const int blocks = (p->m + tiles - 1) / tiles;
    p->blocks = (blocks + threads - 1) / threads * threads; /* equally many for each thread */
    p->groups = threads;
    p->panels = dev->panels;
    for (int j = 0; j < p->n; j += most)
        for (int k = 0; k == 0 || k < p->k; k += K_PART) {
            p->now = (part){.j0 = j,
                            .cols = least(most, p->n - j),
                            .k0 = k,
                            .depth = least(K_PART, p->k - k)};
            k_parallel(dev, p->groups, pack_group, p);
            k_parallel(dev, p->blocks, run_rows, p);
        }
}

/* ---- the choice ---- */

static product product_of(const ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b,
                          ct_real *c, ptrdiff_t c_row)
{
    product p = {.isa = dev->isa, .m = m, .n = n, .k = k, .a = a, .b = b, .c = c, .c_row = c_row};
    p.columns = n;
    return p;
}

static void run(ct_device *dev, product *p)
{
    const int threads = ct_device_threads(dev), width = p->isa->tile_cols;
    const int panels = (p->n + width - 1) / width;
    const double work = (double)p->m * p->n * p->k;
    /* sharing panels costs a round of the threads */
    const bool is_thin = p->m <= ROW_PART || work < 4e6;
    if (work < 1e5 || (threads == 1 && is_thin)) { /* some microseconds: not worth another thread */
        run_thin(p, 0);
    } else if (is_thin) {
        p->columns = (panels + threads - 1) / threads * width;
        k_parallel(dev, (p->n + p->columns - 1) / p->columns, run_thin, p);
    } else {
        run_tall(dev, p);
    }
}

void k_matmul_here(const ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c,
                   ptrdiff_t c_row, bool add)
{
    product p = product_of(dev, m, n, k, a, b, c, c_row);
    p.add = add;
    run_thin(&p, 0);
}

void k_matmul(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b, ct_real *c,
              ptrdiff_t c_row, bool add)
{
    product p = product_of(dev, m, n, k, a, b, c, c_row);
    p.add = add;
    run(dev, &p);
}

void k_matmul_dense(ct_device *dev, int m, int n, int k, k_matrix a, k_matrix b,
                    const ct_real *bias, ct_activation f, ct_real *z, ct_real *y)
{
    product p = product_of(dev, m, n, k, a, b, z, n);
    p.bias = bias;
    p.f = f;
    p.y = f != CT_ACT_NONE ? y : NULL;
    run(dev, &p);
}

void k_col_sums(ct_device *dev, int n, int d, const ct_real *x, ct_real *y)
{
    const ct_real one = 1; /* and strides of 0: as many ones as there are rows; 1 x + y is x + y */
    k_matmul(dev, 1, d, n, (k_matrix){&one, 0, 0}, (k_matrix){x, d, 1}, y, d, true);
}
