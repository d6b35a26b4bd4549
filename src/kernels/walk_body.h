/* walk_body.h -- the loops of the tile walk, once for each instruction set;
 * included behind body.h, with #define K_WALK k_walk_avx2.
 *
 * A tile lies transposed: a sum along rows of S runs down the tile, all anchors of
 * the strip side by side in vectors; a sum along columns runs across. Floats are
 * added up over 16 cells at most in one chain; what is longer goes on in double.
 */
#include "kernels/walk.h"

#define CHAIN 16

static inline ct_real softplus_real(ct_real x)
{
    const ct_real y = exp_real(-abs_real(x)), u = 1 + y;
    const ct_real log1p_y = u == 1 ? y : log_real(u) * y / (u - 1); /* what rounding u took, the quotient gives back */
    return (x > 0 ? x : 0) + log1p_y;
}

static inline ct_real later_peak(ct_real peak, ct_real z)
{
    return z > peak ? z : z == z ? peak : z; /* a NaN once met stays */
}

/* ---- gather: along rows ---- */

/* Sums to the new peak; what is there was measured from the old one. */
static void raise_peaks(int n, const ct_real *fresh, const k_sums *s)
{
    for (int i = 0; i < n; i++)
        s->total[i] *= (double)exp_real(s->origin[i] - fresh[i]);
    for (int i = 0; i < n; i++)
        s->origin[i] = fresh[i];
}

static void row_peaks(const k_cells *t, const k_sums *s)
{
    ct_real       fresh[K_STRIP];
    const ct_real scale = s->scale;
    memcpy(fresh, s->origin, (size_t)t->rows * sizeof *fresh);
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        for (int i = 0; i < t->rows; i++)
            fresh[i] = later_peak(fresh[i], scale * x[i]);
    }
    raise_peaks(t->rows, fresh, s);
}

#define ROW_SUMS(f, where)                                        \
    for (int j = 0; j < t->cols; j += CHAIN) {                    \
        ct_real   part[K_STRIP] = {0};                            \
        const int to = t->cols - j < CHAIN ? t->cols : j + CHAIN; \
        for (int k = j; k < to; k++) {                            \
            const ct_real *x = t->x + k * K_STRIP;                \
            for (int i = 0; i < t->rows; i++)                     \
                part[i] += f(scale * x[i] - origin[i]);           \
        }                                                         \
        for (int i = 0; i < t->rows; i++)                         \
            (where)[i] += (double)part[i];                        \
    }

static inline ct_real square_real(ct_real x) { return x * x; }
static inline ct_real square_slope(ct_real x) { return 2 * x; }
static inline ct_real hinge_real(ct_real x) { return x > 0 ? x : x <= 0 ? 0 : x; }
static inline ct_real hinge_slope(ct_real x) { return x > 0 ? 1 : 0; }

static void gather_rows(const k_cells *t, const k_sums *s)
{
    if (s->f == K_EXP)
        row_peaks(t, s);
    const ct_real  scale = s->scale;
    const ct_real *origin = s->origin;
    switch (s->f) {
    case K_EXP: ROW_SUMS(exp_real, s->total) return;
    case K_SOFTPLUS: ROW_SUMS(softplus_real, s->total) break;
    case K_SQUARE: ROW_SUMS(square_real, s->total) break;
    case K_HINGE: ROW_SUMS(hinge_real, s->total) break;
    }
    if (s->slope == NULL)
        return;
    switch (s->f) {
    case K_EXP: return;
    case K_SOFTPLUS: ROW_SUMS(sigmoid_real, s->slope) break;
    case K_SQUARE: ROW_SUMS(square_slope, s->slope) break;
    case K_HINGE: ROW_SUMS(hinge_slope, s->slope) break;
    }
}

/* ---- gather: along columns ---- */

static void column_peaks(const k_cells *t, const k_sums *s)
{
    ct_real       fresh[K_TILE] = {0};
    const ct_real scale = s->scale;
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        ct_real        peak[SUMS];
        int            i = 0;
        for (int k = 0; k < SUMS; k++)
            peak[k] = s->origin[j];
        for (; i + SUMS <= t->rows; i += SUMS)
            for (int k = 0; k < SUMS; k++)
                peak[k] = later_peak(peak[k], scale * x[i + k]);
        for (; i < t->rows; i++)
            peak[0] = later_peak(peak[0], scale * x[i]);
        for (int width = SUMS / 2; width > 0; width /= 2)
            for (int k = 0; k < width; k++)
                peak[k] = later_peak(peak[k], peak[k + width]);
        fresh[j] = peak[0];
    }
    raise_peaks(t->cols, fresh, s);
}

#define COLUMN_SUMS(f, where)                                            \
    for (int j = 0; j < t->cols; j++) {                                  \
        const ct_real *x = t->x + j * K_STRIP, origin = s->origin[j];    \
        ct_real        part[K_STRIP];                                    \
        for (int i = 0; i < t->rows; i++)                                \
            part[i] = f(scale * x[i] - origin);                          \
        (where)[j] += (double)sum((size_t)t->rows, part);                \
    }

static void gather_columns(const k_cells *t, const k_sums *s)
{
    if (s->f == K_EXP)
        column_peaks(t, s);
    const ct_real scale = s->scale;
    switch (s->f) {
    case K_EXP: COLUMN_SUMS(exp_real, s->total) return;
    case K_SOFTPLUS: COLUMN_SUMS(softplus_real, s->total) break;
    case K_SQUARE: COLUMN_SUMS(square_real, s->total) break;
    case K_HINGE: COLUMN_SUMS(hinge_real, s->total) break;
    }
    if (s->slope == NULL)
        return;
    switch (s->f) {
    case K_EXP: return;
    case K_SOFTPLUS: COLUMN_SUMS(sigmoid_real, s->slope) break;
    case K_SQUARE: COLUMN_SUMS(square_slope, s->slope) break;
    case K_HINGE: COLUMN_SUMS(hinge_slope, s->slope) break;
    }
}

static void walk_gather(const k_cells *t, const k_sums *s)
{
    if (s->columns)
        gather_columns(t, s);
    else
        gather_rows(t, s);
}

static void walk_join(const k_sums *s, const k_sums *other, int anchors)
{
    ct_real fresh[K_STRIP];
    if (s->f == K_EXP) {
        for (int i = 0; i < anchors; i++)
            fresh[i] = later_peak(s->origin[i], other->origin[i]);
        raise_peaks(anchors, fresh, s);
        raise_peaks(anchors, fresh, other);
    }
    for (int i = 0; i < anchors; i++)
        s->total[i] += other->total[i];
    for (int i = 0; s->slope != NULL && i < anchors; i++)
        s->slope[i] += other->slope[i];
}

/* ---- spread ---- */

/* One row of the tile, which is one column j of S: y[i] += weight f'(scale x[i] - origin). */
#define ROW_SLOPES(f)                                                    \
    for (int i = 0; i < n; i++)                                          \
        y[i] += s->weight[i] * f(scale * x[i] - s->origin[i]);           \
    break
#define COLUMN_SLOPES(f)                                                 \
    for (int i = 0; i < n; i++)                                          \
        y[i] += weight * f(scale * x[i] - origin);                       \
    break

static void add_row_slopes(int n, const ct_real *x, const k_sums *s, ct_real *y)
{
    const ct_real scale = s->scale;
    switch (s->f) {
    case K_EXP: ROW_SLOPES(exp_real);
    case K_SOFTPLUS: ROW_SLOPES(sigmoid_real);
    case K_SQUARE: ROW_SLOPES(square_slope);
    case K_HINGE: ROW_SLOPES(hinge_slope);
    }
}

static void add_column_slopes(int n, const ct_real *x, const k_sums *s, int j, ct_real *y)
{
    const ct_real scale = s->scale, origin = s->origin[j], weight = s->weight[j];
    switch (s->f) {
    case K_EXP: COLUMN_SLOPES(exp_real);
    case K_SOFTPLUS: COLUMN_SLOPES(sigmoid_real);
    case K_SQUARE: COLUMN_SLOPES(square_slope);
    case K_HINGE: COLUMN_SLOPES(hinge_slope);
    }
}

static void walk_spread(const k_cells *t, int n_sums, const k_sums *s, ct_real *g)
{
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        ct_real        y[K_STRIP] = {0};
        for (int k = 0; k < n_sums; k++)
            if (s[k].columns)
                add_column_slopes(t->rows, x, &s[k], j, y);
            else
                add_row_slopes(t->rows, x, &s[k], y);
        memcpy(g + j * K_STRIP, y, (size_t)t->rows * sizeof *y);
    }
}

/* ---- the rest ---- */

static void walk_blank_groups(int rows, int cols, const int *row_group, const int *col_group, ct_real blank, ct_real *x)
{
    for (int j = 0; j < cols; j++, x += K_STRIP)
        for (int i = 0; i < rows; i++)
            x[i] = row_group[i] == col_group[j] ? blank : x[i];
}

static void walk_unit_rows_grad(size_t from, size_t to, size_t d, const ct_real *y, const ct_real *r, ct_real eps,
                                ct_real *dx)
{
    for (size_t i = from; i < to; i++) {
        const ct_real *yi = y + i * d;
        ct_real       *dxi = dx + i * d;
        const ct_real  along = r[i] > eps ? row_dot(d, dxi, yi) : 0;
        for (size_t j = 0; j < d; j++)
            dxi[j] = (dxi[j] - along * yi[j]) / r[i];
    }
}

const k_walk_loops K_WALK = {walk_gather, walk_join, walk_spread, walk_blank_groups, walk_unit_rows_grad};
