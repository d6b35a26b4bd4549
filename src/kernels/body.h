/* body.h -- every kernel, once. Included by one file for each instruction set,
 * which names its table: #define K_ISA k_isa_avx2, K_ISA_NAME "avx2".
 *
 * Loops are plain C for the compiler to vectorise; only the product tile is
 * written in vectors. The rules that make all sets agree are in kernels.h.
 */
#include "kernels/elementary.h"
#include "kernels/isa.h"
#include "kernels/lanes.h"

#define SUMS 16 /* interleaved partial sums */

/* ---- product ---- */

/* The tile in registers: acc[r][v] runs down k, one fma an element a step. Force-inlined
 * with constant sizes, so that the loops over r and v unroll and acc is registers; a_row is 1 for
 * a packed, which then is one stream of memory. */
static inline __attribute__((always_inline)) void tile(int rows, int vecs, int k, const ct_real *a,
                                                             ptrdiff_t a_row, ptrdiff_t a_col, const ct_real *b,
                                                             ptrdiff_t b_row, const ct_real *from, ptrdiff_t from_row,
                                                             ct_real *c, ptrdiff_t c_row)
{
    lanes acc[TILE_ROWS][TILE_VECS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++)
            acc[r][v] = from != NULL ? lanes_load(from + r * from_row + v * LANES) : lanes_all(0);
    for (int i = 0; i < k; i++, a += a_col, b += b_row) {
        lanes bv[TILE_VECS];
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++)
            bv[v] = lanes_load(b + v * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            lanes ar = lanes_all(a[r * a_row]);
#pragma GCC unroll 8
            for (int v = 0; v < vecs; v++)
                acc[r][v] = lanes_fma(ar, bv[v], acc[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++)
            lanes_store(c + r * c_row + v * LANES, acc[r][v]);
}

/* All tiles of one panel of b, from the top down. */
static void panel(const k_panel *p)
{
    const ptrdiff_t a_row = p->a_row, a_col = p->a_col, b_row = p->b_row, from_row = p->from_row, c_row = p->c_row;
    const ct_real  *a = p->a, *b = p->b, *from = p->from;
    ct_real        *c = p->c;
    const int       k = p->k;
    int             left = p->rows;
    const bool      in_place = p->a_tile == TILE_ROWS * a_row; /* tiles may begin at any row */
    for (; left >= (in_place ? 2 * TILE_ROWS : TILE_ROWS) || left == TILE_ROWS; left -= TILE_ROWS) {
        for (int r = 0; from != NULL && k > 64 && r < TILE_ROWS; r++)
            __builtin_prefetch(c + (TILE_ROWS + r) * c_row, 1); /* of the next tile, ready when it is */
        if (a_row == 1)
            tile(TILE_ROWS, TILE_VECS, k, a, 1, a_col, b, b_row, from, from_row, c, c_row);
        else
            tile(TILE_ROWS, TILE_VECS, k, a, a_row, a_col, b, b_row, from, from_row, c, c_row);
        a += p->a_tile;
        c += TILE_ROWS * c_row;
        from = from != NULL ? from + TILE_ROWS * from_row : NULL;
    }
    /* The rest in two halves if it is more than a tile: 6 + 1 rows would take as long as 6 + 4. */
    for (int rows; left > 0; left -= rows) {
        rows = left > TILE_ROWS ? (left + 1) / 2 : left;
#define TILE(r) tile(r, TILE_VECS, k, a, a_row, a_col, b, b_row, from, from_row, c, c_row); break
        switch (rows) {
        case 1: TILE(1);
        case 2: TILE(2);
        case 3: TILE(3);
        case 4: TILE(4);
#if TILE_ROWS > 4
        case 5: TILE(5);
        case 6: TILE(6);
#endif
#if TILE_ROWS > 6
        case 7: TILE(7);
        case 8: TILE(8);
#endif
        }
        a += rows * a_row;
        c += rows * c_row;
        from = from != NULL ? from + rows * from_row : NULL;
    }
}

/* A panel narrower than a tile: c has no room for whole vectors, so they go by a copy. */
static void edge_panel(const k_panel *p, int cols)
{
    for (int i = 0; i < p->rows; i += TILE_ROWS) {
        const int rows = p->rows - i < TILE_ROWS ? p->rows - i : TILE_ROWS;
        ct_real   copy[TILE_ROWS * TILE_COLS] = {0}, *c = p->c + i * p->c_row;
        k_panel   one = *p;
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

static void panel_of(const k_panel *p, int cols)
{
    if (cols == TILE_COLS)
        panel(p);
    else
        edge_panel(p, cols);
}

/* Eight by eight. Fewer than eight rows are filled up with the last one: what they give lands where
 * the next k writes, and behind the last k in room that the caller has. */
static void transpose(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width)
{
    for (int i = 0; i < n; i += 8) {
        const ct_real *in[8];
        const int      here = n - i < 8 ? n - i : 8;
        for (int r = 0; r < 8; r++)
            in[r] = x + (i + (r < here ? r : here - 1)) * row;
        int k = 0;
        if (here == 8 || width <= 8)
            for (; k + 8 <= depth; k += 8)
                transpose_8x8(in, k, y + k * width + i, width);
        for (; k < depth; k++)
            for (int r = 0; r < here; r++)
                y[k * width + i + r] = in[r][k];
    }
}

static void pack_transposed(int n, int depth, const ct_real *x, ptrdiff_t row, ct_real *y, int width)
{
    for (int i = 0; i < n; i += width, y += (ptrdiff_t)width * depth)
        transpose(n - i < width ? n - i : width, depth, x + i * row, row, y, width);
}

static inline __attribute__((always_inline)) void pack_rows(int n, int depth, const ct_real *x, ptrdiff_t row,
                                                            ct_real *y, int width)
{
    for (int k = 0; k < depth; k++, x += row, y += width) { /* k outside: x is read along its lines */
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

/* As many chains as a tile has, from 0: x = x a + b stays finite. */
static void fma_rounds(int rounds)
{
    const lanes a = lanes_all((ct_real)0.5), b = lanes_all((ct_real)1);
    lanes       chain[TILE_ROWS * TILE_VECS];
    ct_real     out[LANES];
#pragma GCC unroll 16
    for (int i = 0; i < TILE_ROWS * TILE_VECS; i++)
        chain[i] = lanes_all((ct_real)i);
    for (int k = 0; k < rounds; k++)
#pragma GCC unroll 16
        for (int i = 0; i < TILE_ROWS * TILE_VECS; i++)
            chain[i] = lanes_fma(chain[i], a, b);
#pragma GCC unroll 16
    for (int i = 1; i < TILE_ROWS * TILE_VECS; i++)
        chain[0] = lanes_fma(chain[i], a, chain[0]);
    lanes_store(out, chain[0]);
    __asm__ volatile("" : : "r"(out) : "memory"); /* the result counts as used */
}

/* ---- sums ---- */

/* s[j] + s[j+8], then +4, +2, +1. */
static inline ct_real join(ct_real s[SUMS])
{
    for (int width = SUMS / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++)
            s[j] += s[j + width];
    return s[0];
}

static ct_real dot(size_t n, const ct_real *a, const ct_real *b)
{
    ct_real s[SUMS] = {0};
    size_t  i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++)
            s[j] += a[i + (size_t)j] * b[i + (size_t)j];
    for (; i < n; i++)
        s[i % SUMS] += a[i] * b[i];
    return join(s);
}

static ct_real sum(size_t n, const ct_real *x)
{
    ct_real s[SUMS] = {0};
    size_t  i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++)
            s[j] += x[i + (size_t)j];
    for (; i < n; i++)
        s[i % SUMS] += x[i];
    return join(s);
}

/* A row of any length: blocks in order. */
static ct_real row_dot(size_t n, const ct_real *a, const ct_real *b)
{
    ct_real total = dot(n < K_BLOCK ? n : K_BLOCK, a, b);
    for (size_t i = K_BLOCK; i < n; i += K_BLOCK)
        total += dot(n - i < K_BLOCK ? n - i : K_BLOCK, a + i, b + i);
    return total;
}

/* ---- elementwise: y from a, b, ... and the numbers p ---- */

#define EACH(...)                                    \
    for (size_t i = from; i < to; i++) {             \
        __VA_ARGS__;                                 \
    }
#define KERNEL(name) static void name(const k_args *k, size_t from, size_t to)

KERNEL(copy)
{
    memcpy(k->y + from, k->a + from, (to - from) * sizeof *k->y);
}

KERNEL(axpy)
{
    const ct_real *a = k->a, p = k->p[0];
    ct_real       *y = k->y;
    EACH(y[i] += p * a[i])
}

KERNEL(scale)
{
    const ct_real *a = k->a, p = k->p[0];
    ct_real       *y = k->y;
    EACH(y[i] = p * a[i])
}

KERNEL(add)
{
    const ct_real *a = k->a, *b = k->b;
    ct_real       *y = k->y;
    EACH(y[i] = a[i] + b[i])
}

KERNEL(muladd)
{
    const ct_real *a = k->a, *b = k->b;
    ct_real       *y = k->y;
    EACH(y[i] += a[i] * b[i])
}

#define MAP(name, function)            \
    KERNEL(name)                       \
    {                                  \
        const ct_real *a = k->a;       \
        ct_real       *y = k->y;       \
        EACH(y[i] = function(a[i]))    \
    }
MAP(map_exp, exp_real)
MAP(map_log, log_real)
MAP(map_tanh, tanh_real)
MAP(map_erf, erf_real)

/* y = f(a) */
KERNEL(activation)
{
    const ct_real *a = k->a;
    ct_real       *y = k->y;
    switch (k->f) {
    case CT_ACT_NONE: EACH(y[i] = a[i]) break;
    case CT_ACT_RELU: EACH(y[i] = a[i] > 0 ? a[i] : a[i] <= 0 ? 0 : a[i]) break; /* NaN stays NaN */
    case CT_ACT_GELU: EACH(y[i] = a[i] * normal_cdf_real(a[i])) break;
    case CT_ACT_TANH: EACH(y[i] = tanh_real(a[i])) break;
    case CT_ACT_SIGMOID: EACH(y[i] = sigmoid_real(a[i])) break;
    }
}

/* y = c f', from a = z (GELU) or b = f(z) */
KERNEL(activation_grad)
{
    const ct_real *a = k->a, *b = k->b, *c = k->c;
    ct_real       *y = k->y;
    switch (k->f) {
    case CT_ACT_NONE: EACH(y[i] = c[i]) break;
    case CT_ACT_RELU: EACH(y[i] = b[i] > 0 ? c[i] : 0) break;
    case CT_ACT_GELU: EACH(y[i] = c[i] * (normal_cdf_real(a[i]) + a[i] * normal_density_real(a[i]))) break;
    case CT_ACT_TANH: EACH(y[i] = c[i] * (1 - b[i] * b[i])) break;
    case CT_ACT_SIGMOID: EACH(y[i] = c[i] * (b[i] * (1 - b[i]))) break;
    }
}

/* p: rate, momentum, decay; a: gradient; y: moment, y2: values */
KERNEL(sgd)
{
    const ct_real *a = k->a, rate = k->p[0], momentum = k->p[1], decay = k->p[2];
    ct_real       *m = k->y, *x = k->y2;
    EACH(m[i] = momentum * m[i] + (a[i] + decay * x[i]); x[i] -= rate * m[i])
}

/* p: 1 - rate decay, beta1, 1 - beta1, beta2, 1 - beta2, rate / bias1, 1 / sqrt(bias2), eps */
KERNEL(adamw)
{
    const ct_real *a = k->a, keep = k->p[0], beta1 = k->p[1], new1 = k->p[2], beta2 = k->p[3], new2 = k->p[4],
                  step = k->p[5], unbias = k->p[6], eps = k->p[7];
    ct_real *m = k->y, *v = k->y2, *x = k->y3;
    EACH(m[i] = beta1 * m[i] + new1 * a[i]; v[i] = beta2 * v[i] + new2 * (a[i] * a[i]);
         x[i] = keep * x[i] - step * m[i] / (sqrt_real(v[i]) * unbias + eps))
}

/* ---- rows of k->m values ---- */

/* y[i] = <a[i,:], b[i,:]> */
KERNEL(row_dots)
{
    size_t m = (size_t)k->m;
    EACH(k->y[i] = row_dot(m, k->a + i * m, k->b + i * m))
}

/* |a|; a row whose squares overflow is measured in units of its largest element. */
static ct_real row_length(size_t n, const ct_real *a)
{
    const ct_real r = sqrt_real(row_dot(n, a, a));
    ct_real       peak = 0, s[SUMS] = {0};
    if (!isinf(r))
        return r;
    for (size_t i = 0; i < n; i++)
        peak = abs_real(a[i]) > peak ? abs_real(a[i]) : peak;
    for (size_t i = 0; i < n; i++)
        s[i % SUMS] += a[i] / peak * (a[i] / peak);
    return peak * sqrt_real(join(s));
}

/* y[i,:] = a[i,:] / r, y2[i] = r = max(|a[i,:]|, p[0]) */
KERNEL(normalize_rows)
{
    size_t m = (size_t)k->m;
    for (size_t i = from; i < to; i++) {
        const ct_real *a = k->a + i * m;
        ct_real       *y = k->y + i * m, r = row_length(m, a);
        r = r < k->p[0] ? k->p[0] : r;
        for (size_t j = 0; j < m; j++)
            y[j] = a[j] / r;
        k->y2[i] = r;
    }
}

/* y[i,:] += (c[i,:] - <c, a> a[i,:]) / r, a = unit rows, b = r, p[0] = eps: no projection where
 * the length was clamped to eps */
KERNEL(normalize_rows_grad)
{
    size_t m = (size_t)k->m;
    for (size_t i = from; i < to; i++) {
        const ct_real *a = k->a + i * m, *c = k->c + i * m, r = k->b[i];
        const ct_real  along = r > k->p[0] ? row_dot(m, c, a) : 0;
        ct_real       *y = k->y + i * m;
        for (size_t j = 0; j < m; j++)
            y[j] += (c[j] - along * a[j]) / r;
    }
}

/* Peaks of -infinity or infinity are not subtracted: x - x would be NaN. */
static inline ct_real shift_of(ct_real peak)
{
    return peak - peak == 0 ? peak : 0;
}

static ct_real largest(size_t n, const ct_real *x)
{
    ct_real s[SUMS];
    for (int j = 0; j < SUMS; j++)
        s[j] = x[0];
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++) { /* a NaN once met stays */
            ct_real v = x[i + (size_t)j];
            s[j] = v > s[j] ? v : v == v ? s[j] : v;
        }
    for (; i < n; i++)
        s[0] = x[i] > s[0] ? x[i] : x[i] == x[i] ? s[0] : x[i];
    for (int j = 1; j < SUMS; j++)
        s[0] = s[j] > s[0] ? s[j] : s[j] == s[j] ? s[0] : s[j];
    return s[0];
}

/* y[j] = e^(x[j] - shift); returns their sum; n <= K_BLOCK */
static ct_real exp_sum(size_t n, const ct_real *x, ct_real shift, ct_real *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = exp_real(x[j] - shift);
    return sum(n, y);
}

/* y[i] = peak of a[i,:], y2[i] = sum_j e^(a[i,j] - peak), y3 (or scratch) = the exponentials */
KERNEL(row_exp_sums)
{
    size_t  m = (size_t)k->m;
    ct_real scratch[K_BLOCK];
    for (size_t i = from; i < to; i++) {
        const ct_real *x = k->a + i * m;
        ct_real        peak = largest(m, x), shift = shift_of(peak), total = 0;
        for (size_t j = 0; j < m; j += K_BLOCK) {
            ct_real *y = k->y3 != NULL ? k->y3 + i * m + j : scratch;
            ct_real  part = exp_sum(m - j < K_BLOCK ? m - j : K_BLOCK, x + j, shift, y);
            total = j == 0 ? part : total + part;
        }
        k->y[i] = peak;
        k->y2[i] = total;
    }
}

/* ---- columns: a has k->m rows, k->stride apart; columns from .. to - 1 ---- */

/* y[j] += sum_i a[i,j], one chain; some columns at a time, in registers */
KERNEL(col_sums)
{
    enum { SOME = 64 };
    const ct_real *x = k->a;
    const size_t   stride = (size_t)k->stride;
    for (; from + SOME <= to; from += SOME) {
        ct_real s[SOME];
        memcpy(s, k->y + from, sizeof s);
        for (size_t r = 0; r < (size_t)k->m; r++)
            for (int j = 0; j < SOME; j++)
                s[j] += x[r * stride + from + (size_t)j];
        memcpy(k->y + from, s, sizeof s);
    }
    for (size_t r = 0; r < (size_t)k->m; r++)
        EACH(k->y[i] += x[r * stride + i])
}

/* y[j] = peak of column j, y2[j] = sum_i e^(a[i,j] - peak), y3 = the exponentials or NULL */
KERNEL(col_exp_sums)
{
    ct_real *peak = k->y, *total = k->y2;
    size_t   stride = (size_t)k->stride;
    EACH(peak[i] = k->a[i]; total[i] = 0)
    for (int r = 1; r < k->m; r++) {
        const ct_real *x = k->a + (size_t)r * stride;
        EACH(peak[i] = x[i] > peak[i] ? x[i] : x[i] == x[i] ? peak[i] : x[i])
    }
    for (int r = 0; r < k->m; r++) {
        const ct_real *x = k->a + (size_t)r * stride;
        if (k->y3 != NULL) {
            ct_real *y = k->y3 + (size_t)r * stride;
            EACH(y[i] = exp_real(x[i] - shift_of(peak[i])); total[i] += y[i])
        } else {
            EACH(total[i] += exp_real(x[i] - shift_of(peak[i])))
        }
    }
}

const k_isa K_ISA = {
    .name = K_ISA_NAME,
    .tile_rows = TILE_ROWS,
    .tile_cols = TILE_COLS,
    .panel = panel_of,
    .pack_straight = pack_straight,
    .pack_transposed = pack_transposed,
    .dot = dot,
    .sum = sum,
    .fma_rounds = fma_rounds,
    .fma_round = 2 * LANES * TILE_ROWS * TILE_VECS,
    .copy = copy,
    .axpy = axpy,
    .scale = scale,
    .add = add,
    .muladd = muladd,
    .exp = map_exp,
    .log = map_log,
    .tanh = map_tanh,
    .erf = map_erf,
    .activation = activation,
    .activation_grad = activation_grad,
    .sgd = sgd,
    .adamw = adamw,
    .row_dots = row_dots,
    .normalize_rows = normalize_rows,
    .normalize_rows_grad = normalize_rows_grad,
    .row_exp_sums = row_exp_sums,
    .col_sums = col_sums,
    .col_exp_sums = col_exp_sums,
};
