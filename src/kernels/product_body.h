/* product_body.h -- the tile of the matrix product, and the panels that it reads; part of
 * body.h. Cutting a product into panels is in matmul.c.
 */
#include "kernels/lanes.h"

/* The tile in registers: acc[r][v] runs down k, one fma an element a step. Force-inlined
 * with constant sizes, so that the loops over r and v unroll and acc is registers. Where both
 * operands are packed the strides are constants too, and four steps need no arithmetic but theirs.
 */
INLINED void tile(int rows, int k, const ct_real *a, ptrdiff_t a_row, ptrdiff_t a_col,
                  const ct_real *b, ptrdiff_t b_row, const ct_real *from, ptrdiff_t from_row,
                  ct_real *c, ptrdiff_t c_row)
{
    lanes acc[TILE_ROWS][TILE_VECS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECS; v++)
            acc[r][v] = from != NULL ? lanes_load(from + r * from_row + v * LANES) : lanes_all(0);
#pragma GCC unroll 4
    for (int i = 0; i < k; i++, a += a_col, b += b_row) {
        lanes bv[TILE_VECS];
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECS; v++)
            bv[v] = lanes_load(b + v * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            lanes ar = lanes_all(a[r * a_row]);
#pragma GCC unroll 8
            for (int v = 0; v < TILE_VECS; v++)
                acc[r][v] = lanes_fma(ar, bv[v], acc[r][v]); /* all of the product is this line */
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < TILE_VECS; v++)
            lanes_store(c + r * c_row + v * LANES, acc[r][v]);
}

/* All tiles of one panel of b, from the top down. */
static void panel(const k_panel *p)
{
    const ptrdiff_t a_row = p->a_row, a_col = p->a_col, b_row = p->b_row, from_row = p->from_row,
                    c_row = p->c_row;
    const ct_real *a = p->a, *b = p->b, *from = p->from;
    ct_real *c = p->c;
    const int k = p->k;
    int left = p->rows;
    const bool in_place = p->a_tile == TILE_ROWS * a_row; /* tiles may begin at any row */
    for (; left >= (in_place ? 2 * TILE_ROWS : TILE_ROWS) || left == TILE_ROWS; left -= TILE_ROWS) {
        for (int r = 0; from != NULL && k > 64 && r < TILE_ROWS; r++) /* the next tile's c */
            __builtin_prefetch(c + (TILE_ROWS + r) * c_row, 1);
        if (a_row == 1 && a_col == TILE_ROWS && b_row == TILE_COLS)
            tile(TILE_ROWS, k, a, 1, TILE_ROWS, b, TILE_COLS, from, from_row, c, c_row);
        else
            tile(TILE_ROWS, k, a, a_row, a_col, b, b_row, from, from_row, c, c_row);
        a += p->a_tile;
        c += TILE_ROWS * c_row;
        from = from != NULL ? from + TILE_ROWS * from_row : NULL;
    }
    /* The rest in two halves if it is more than a tile: 6 + 1 rows would take as long as 6 + 4. */
    for (int rows; left > 0; left -= rows) {
        rows = left > TILE_ROWS ? (left + 1) / 2 : left;
#define TILE(r)                                                                              \
    case r:                                                                                  \
        tile(k_least(r, TILE_ROWS), k, a, a_row, a_col, b, b_row, from, from_row, c, c_row); \
        break;
        switch (rows) {
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) TILE(8)
        }
        a += rows * a_row;
        c += rows * c_row;
        from = from != NULL ? from + rows * from_row : NULL;
    }
}

/* Where c is narrower than a tile it has no room for whole vectors: they go by a copy. */
static void panel_of(const k_panel *p, int cols)
{
    if (cols == TILE_COLS) {
        panel(p);
        return;
    }
    for (int i = 0; i < p->rows; i += TILE_ROWS) {
        const int rows = k_least(p->rows - i, TILE_ROWS);
        ct_real copy[TILE_ROWS * TILE_COLS] = {0}, *c = p->c + i * p->c_row;
        k_panel one = *p;
        for (int r = 0; p->from != NULL && r < rows; r++)
            memcpy(copy + r * TILE_COLS, p->from + (i + r) * p->from_row, (size_t)cols * sizeof *c);
        one.rows = rows;
        one.a += i / TILE_ROWS * p->a_tile;
        one.from = one.c = copy;
        one.from_row = one.c_row = TILE_COLS;
        panel(&one);
        for (int r = 0; r < rows; r++)
            memcpy(c + r * p->c_row, copy + r * TILE_COLS, (size_t)cols * sizeof *c);
    }
}

/* Eight by eight. Fewer than eight rows are filled up with the last one: what they give lands where
 * the next k writes, and behind the last k in room that the caller has. */
static void transpose(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width)
{
    for (int i = 0; i < n; i += 8) {
        const ct_real *in[8];
        const int here = k_least(n - i, 8);
        for (int r = 0; r < 8; r++)
            in[r] = x + (i + k_least(r, here - 1)) * row;
        int k = 0;
        for (; k + 8 <= depth && (here == 8 || width <= 8); k += 8)
            transpose_8x8(in, k, y + k * width + i, width);
        for (; k < depth; k++)
            for (int r = 0; r < here; r++)
                y[k * width + i + r] = in[r][k];
    }
}

static void pack_transposed(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y,
                            int width)
{
    for (int i = 0; i < n; i += width, y += (ptrdiff_t)width * depth)
        transpose(k_least(n - i, width), depth, x + i * row, row, y, width);
}

/* k outside: x is read along its lines. */
INLINED void pack_rows(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width)
{
    for (int k = 0; k < depth; k++, x += row, y += width) {
        int i = 0;
        for (; i + width <= n; i += width)
            memcpy(y + (ptrdiff_t)i * depth, x + i, (size_t)width * sizeof *y);
        if (i < n)
            memcpy(y + (ptrdiff_t)i * depth, x + i, (size_t)(n - i) * sizeof *y);
    }
}

/* Vectors of known number. */
static void pack_straight(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width)
{
    if (width == TILE_COLS)
        pack_rows(n, depth, x, row, y, TILE_COLS);
    else
        pack_rows(n, depth, x, row, y, TILE_ROWS);
}
