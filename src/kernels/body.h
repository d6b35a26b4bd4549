/* body.h -- every kernel, once. Included by one file for each instruction set,
 * which names its table: #define K_ISA k_isa_avx2, K_ISA_NAME "avx2".
 *
 * Loops are plain C for the compiler to vectorise; only the product tile is
 * written in vectors. The rules that make all sets agree are in kernels.h.
 */
#include "kernels/elementary.h"
#include "kernels/isa.h"
#include "kernels/walk.h"
#include "platform/philox.h"

#define SUMS    16 /* interleaved partial sums */
#define INLINED static inline __attribute__((always_inline))

/* ---- sums ---- */

/* s[j] + s[j+8], then +4, +2, +1. */
static inline ct_real join(ct_real s[SUMS])
{
    for (int width = SUMS / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++)
            s[j] += s[j + width];
    return s[0];
}

/* Of a b, or of a alone; n <= K_BLOCK. Which of the two, the caller says by a constant: a question
 * inside the loop would keep it from vectors. */
INLINED ct_real block_sum(size_t n, const ct_real *a, const ct_real *b, bool product)
{
    ct_real s[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (size_t j = 0; j < SUMS; j++)
            s[j] += product ? a[i + j] * b[i + j] : a[i + j];
    for (; i < n; i++)
        s[i % SUMS] += product ? a[i] * b[i] : a[i];
    return join(s);
}

static ct_real sum(size_t n, const ct_real *x)
{
    return block_sum(n, x, NULL, false);
}

static ct_real dot(size_t n, const ct_real *a, const ct_real *b)
{
    return block_sum(n, a, b, true);
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

#define KERNEL(name) static void name##_loop(const k_args *k, size_t from, size_t to)
#define EACH(...)                        \
    for (size_t i = from; i < to; i++) { \
        __VA_ARGS__;                     \
    }
#define ELEMENTS(name, formula)               \
    KERNEL(name)                              \
    {                                         \
        const ct_real *a = k->a, p = k->p[0]; \
        ct_real *y = k->y;                    \
        (void)p;                              \
        EACH(formula)                         \
    }

ELEMENTS(axpy, y[i] += p * a[i])
ELEMENTS(scale, y[i] = p * a[i])
ELEMENTS(add, y[i] = a[i] + k->b[i])
ELEMENTS(muladd, y[i] += a[i] * k->b[i])
ELEMENTS(exp, y[i] = exp_real(a[i]))
ELEMENTS(log, y[i] = log_real(a[i]))

/* y = f(a) */
KERNEL(activation)
{
    const ct_real *a = k->a;
    ct_real *y = k->y;
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
    ct_real *y = k->y;
    switch (k->f) {
    case CT_ACT_NONE: EACH(y[i] = c[i]) break;
    case CT_ACT_RELU: EACH(y[i] = b[i] > 0 ? c[i] : 0) break;
    case CT_ACT_GELU:
        EACH(y[i] = c[i] * (normal_cdf_real(a[i]) + a[i] * normal_density_real(a[i]))) break;
    case CT_ACT_TANH: EACH(y[i] = c[i] * (1 - b[i] * b[i])) break;
    case CT_ACT_SIGMOID: EACH(y[i] = c[i] * (b[i] * (1 - b[i]))) break;
    }
}

/* p: rate, momentum, decay; a: gradient; y: moment, y2: values */
KERNEL(sgd)
{
    const ct_real *a = k->a, rate = k->p[0], momentum = k->p[1], decay = k->p[2];
    ct_real *m = k->y, *x = k->y2;
    EACH(m[i] = momentum * m[i] + (a[i] + decay * x[i]); x[i] -= rate * m[i])
}

/* The moments of a value whose gradient stays 0, as those of a dead unit do, shrink until they are
 * subnormal, and never reach 0: 0.9 times the least float is the least float. They are dear to
 * multiply (elementary.h), and what they ask of x is taken away by rounding. */
static bool is_any_faint(size_t n, const ct_real *m)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        least = rank_real(m[i]) < least ? rank_real(m[i]) : least;
    return least < rank_real(FAINTEST);
}

/* p: 1 - rate decay, beta1, 1 - beta1, beta2, 1 - beta2, rate / bias1, 1 / sqrt(bias2), eps */
INLINED void adamw_some(const k_args *k, size_t from, size_t to, bool faint)
{
    const ct_real *a = k->a, keep = k->p[0], beta1 = k->p[1], new1 = k->p[2], beta2 = k->p[3],
                  new2 = k->p[4], step = k->p[5], unbias = k->p[6], eps = k->p[7];
    /* 2^26 times as far as a faint moment can ask to move */
    const ct_real far = step / eps * (ct_real)FAINTEST * (ct_real)0x1p26;
    ct_real *m = k->y, *v = k->y2, *x = k->y3;
    for (size_t i = from; i < to; i++) {
        const ct_real kept = keep * x[i], rest = new1 * a[i];
        const ct_real now = faint ? decay_real(beta1, m[i], rest) : beta1 * m[i] + rest;
        const bool is_lost = (rank_real(now) < rank_real(FAINTEST)) & (abs_real(kept) > far);
        m[i] = now;
        v[i] = beta2 * v[i] + new2 * (a[i] * a[i]);
        const ct_real pull = faint ? unless_real(is_lost, now) : now;
        x[i] = kept - step * pull / (sqrt_real(v[i]) * unbias + eps);
    }
}

KERNEL(adamw)
{
    for (size_t i = from; i < to; i += 256) {
        const size_t end = to - i < 256 ? to : i + 256;
        if (is_any_faint(end - i, k->y + i))
            adamw_some(k, i, end, true);
        else
            adamw_some(k, i, end, false);
    }
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
    ct_real peak = 0, s[SUMS] = {0};
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
        ct_real *y = k->y + i * m, r = row_length(m, a);
        r = r < k->p[0] ? k->p[0] : r;
        for (size_t j = 0; j < m; j++)
            y[j] = a[j] / r;
        k->y2[i] = r;
    }
}

/* y[i,:] = (c[i,:] - <c, a> a[i,:]) / r, added to y with k->add; a = unit rows, b = r, p[0] = eps:
 * no projection where the length was clamped to eps. y may be c. */
KERNEL(normalize_rows_grad)
{
    size_t m = (size_t)k->m;
    for (size_t i = from; i < to; i++) {
        const ct_real *a = k->a + i * m, *c = k->c + i * m, r = k->b[i];
        const ct_real along = r > k->p[0] ? row_dot(m, c, a) : 0;
        ct_real *y = k->y + i * m;
        for (size_t j = 0; j < m; j++) /* -0 + x is x, of every x */
            y[j] = (k->add ? y[j] : -(ct_real)0.0) + (c[j] - along * a[j]) / r;
    }
}

static inline ct_real later_peak(ct_real peak, ct_real z)
{
    return z > peak ? z : z == z ? peak : z; /* a NaN once met stays */
}

static ct_real largest(size_t n, const ct_real *x)
{
    ct_real s[SUMS];
    for (int j = 0; j < SUMS; j++)
        s[j] = x[0];
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int j = 0; j < SUMS; j++)
            s[j] = later_peak(s[j], x[i + (size_t)j]);
    for (; i < n; i++)
        s[0] = later_peak(s[0], x[i]);
    for (int j = 1; j < SUMS; j++)
        s[0] = later_peak(s[0], s[j]);
    return s[0];
}

/* y[i] = peak of a[i,:], y2[i] = sum_j e^(a[i,j] - peak), y3 (or scratch) = the exponentials */
KERNEL(row_exp_sums)
{
    size_t m = (size_t)k->m;
    ct_real scratch[K_BLOCK];
    for (size_t i = from; i < to; i++) {
        const ct_real *x = k->a + i * m;
        const ct_real peak = largest(m, x), shift = peak - peak == 0 ? peak : 0; /* not infinity */
        ct_real total = 0;
        for (size_t j = 0; j < m; j += K_BLOCK) {
            const size_t n = m - j < K_BLOCK ? m - j : K_BLOCK;
            ct_real *y = k->y3 != NULL ? k->y3 + i * m + j : scratch;
            for (size_t l = 0; l < n; l++)
                y[l] = exp_real(x[j + l] - shift);
            total = j == 0 ? sum(n, y) : total + sum(n, y);
        }
        k->y[i] = peak;
        k->y2[i] = total;
    }
}

/* y[i] = sum of block i of the n elements of a, or of a b where b is not NULL */
KERNEL(block_sums)
{
    for (size_t i = from; i < to; i++) {
        const size_t at = i * K_BLOCK, n = k->n - at < K_BLOCK ? k->n - at : K_BLOCK;
        k->y[i] = k->b != NULL ? dot(n, k->a + at, k->b + at) : sum(n, k->a + at);
    }
}

/* ---- picked rows ---- */

/* y[i,:] = mean of the rows of a that bag i picks; none: 0 */
KERNEL(bag_mean)
{
    const size_t d = (size_t)k->m;
    for (size_t i = from; i < to; i++) {
        const int count = k->offset[i + 1] - k->offset[i];
        ct_real *y = k->y + i * d;
        memset(y, 0, d * sizeof *y);
        for (int l = k->offset[i]; l < k->offset[i + 1]; l++) {
            const ct_real *row = k->a + (size_t)k->id[l] * d;
            for (size_t j = 0; j < d; j++)
                y[j] += row[j];
        }
        const ct_real share = count > 0 ? 1 / (ct_real)count : 0;
        for (size_t j = 0; j < d; j++)
            y[j] *= share;
    }
}

/* The way back, for columns from .. to - 1 of k->stride bags: y[id,:] += a[i,:] / count. Bags in
 * order, since two may pick the same row. */
KERNEL(bag_spread)
{
    const size_t d = (size_t)k->m;
    for (size_t i = 0; i < (size_t)k->stride; i++) {
        const ct_real share = 1 / (ct_real)(k->offset[i + 1] - k->offset[i]), *a = k->a + i * d;
        for (int l = k->offset[i]; l < k->offset[i + 1]; l++) {
            ct_real *y = k->y + (size_t)k->id[l] * d;
            for (size_t j = from; j < to; j++)
                y[j] += share * a[j];
        }
    }
}

/* Blocks of four elements: y2 = 0 where the random word of an element is below k->threshold, else
 * p[0]; y = y2 a. Some blocks side by side, so that Philox runs in vectors. */
KERNEL(dropout)
{
    enum { SOME = 64 };
    for (size_t block = from; block < to; block += SOME) {
        uint32_t word[4 * SOME], of[4 * SOME];
        philox(&k->random, (uint32_t)(block + (size_t)k->stride), SOME, word);
        for (int b = 0; b < SOME; b++) /* in the order of elements */
            for (int w = 0; w < 4; w++)
                of[4 * b + w] = word[w * SOME + b];
        const size_t first = 4 * block, end = 4 * (to < block + SOME ? to : block + SOME),
                     here = (end < k->n ? end : k->n) - first;
        const uint32_t threshold = k->threshold;
        const ct_real keep = k->p[0], *a = k->a + first;
        ct_real *mask = k->y2 + first, *y = k->y + first;
        for (size_t e = 0; e < here; e++) { /* no branch, which would be guessed wrong */
            mask[e] = of[e] < threshold ? 0 : keep;
            y[e] = 0 + a[e] * mask[e];
        }
    }
}

/* ---- the other loops, and the table of all ---- */

#include "kernels/product_body.h"
#include "kernels/walk_body.h"

#define K_ROW(name) [K_LOOP(name)] = name##_loop

const k_isa K_ISA = {
    .name = K_ISA_NAME,
    .loop = {K_LOOPS(K_ROW)},
    .tile_rows = TILE_ROWS,
    .tile_cols = TILE_COLS,
    .panel = panel_of,
    .pack_straight = pack_straight,
    .pack_transposed = pack_transposed,
    .gather = walk_gather,
    .join = walk_join,
    .spread = walk_spread,
};
