/* walk_body.h -- the loops of the tile walk; part of body.h.
 *
 * A tile lies transposed: a sum along rows of S runs down the tile, all anchors of
 * the strip side by side in vectors; a sum along columns runs across. Floats are
 * added up over 16 cells at most in one chain; what is longer goes on in double.
 */
#define CHAIN 16

static inline ct_real softplus_real(ct_real x)
{
    const ct_real y = exp_real(-abs_real(x)), u = 1 + y;
    const ct_real log1p_y = u == 1
                                ? y
                                : log_real(u) * y /
                                      (u - 1); /* what rounding u took, the quotient gives back */
    return (x > 0 ? x : 0) + log1p_y;
}

static inline ct_real later_peak(ct_real peak, ct_real z)
{
    return z > peak ? z : z == z ? peak : z; /* a NaN once met stays */
}

/* z, or nothing that could be a peak. */
static inline ct_real below(ct_real limit, ct_real z)
{
    return z >= limit ? -(ct_real)INFINITY : z;
}

/* ---- gather: along rows ---- */

static bool follows_peak(const k_sums *s)
{
    return s->f == K_EXP || s->f == K_PEAK;
}

/* Sums to the new peak; what is there was measured from the old one. */
static void raise_peaks(int n, const ct_real *fresh, const k_sums *s)
{
    for (int i = 0; i < n && s->f == K_EXP; i++)
        s->total[i] *= (double)exp_real(s->origin[i] - fresh[i]);
    for (int i = 0; i < n && s->f == K_PEAK; i++)
        s->total[i] *= s->origin[i] == fresh[i];
    for (int i = 0; i < n; i++)
        s->origin[i] = fresh[i];
}

static void row_peaks(const k_cells *t, const k_sums *s)
{
    ct_real fresh[K_STRIP];
    const ct_real scale = s->scale;
    memcpy(fresh, s->origin, (size_t)t->rows * sizeof *fresh);
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        if (s->limit == NULL)
            for (int i = 0; i < t->rows; i++)
                fresh[i] = later_peak(fresh[i], scale * x[i]);
        else
            for (int i = 0; i < t->rows; i++)
                fresh[i] = later_peak(fresh[i], below(s->limit[i], scale * x[i]));
    }
    raise_peaks(t->rows, fresh, s);
}

#define ROW_SUMS(f, where)                                        \
    for (int j = 0; j < t->cols; j += CHAIN) {                    \
        ct_real part[K_STRIP] = {0};                              \
        const int to = t->cols - j < CHAIN ? t->cols : j + CHAIN; \
        for (int k = j; k < to; k++) {                            \
            const ct_real *x = t->x + k * K_STRIP;                \
            for (int i = 0; i < t->rows; i++)                     \
                part[i] += f(scale * x[i] - origin[i]);           \
        }                                                         \
        for (int i = 0; i < t->rows; i++)                         \
            (where)[i] += (double)part[i];                        \
    }

static inline ct_real square_real(ct_real x)
{
    return x * x;
}
static inline ct_real square_slope(ct_real x)
{
    return 2 * x;
}
static inline ct_real hinge_real(ct_real x)
{
    return x > 0 ? x : x <= 0 ? 0 : x;
}
static inline ct_real hinge_slope(ct_real x)
{
    return x > 0 ? 1 : 0;
}
static inline ct_real is_zero(ct_real x)
{
    return x == 0 ? 1 : 0;
}

static void gather_rows(const k_cells *t, const k_sums *s)
{
    const ct_real scale = s->scale;
    const ct_real *origin = s->origin;
    switch (s->f) {
    case K_EXP: ROW_SUMS(exp_real, s->total) return;
    case K_SOFTPLUS: ROW_SUMS(softplus_real, s->total) break;
    case K_SQUARE: ROW_SUMS(square_real, s->total) break;
    case K_HINGE: ROW_SUMS(hinge_real, s->total) break;
    case K_PEAK: ROW_SUMS(is_zero, s->total) return;
    }
    if (s->slope == NULL)
        return;
    switch (s->f) {
    case K_EXP:
    case K_PEAK: return;
    case K_SOFTPLUS: ROW_SUMS(sigmoid_real, s->slope) break;
    case K_SQUARE: ROW_SUMS(square_slope, s->slope) break;
    case K_HINGE: ROW_SUMS(hinge_slope, s->slope) break;
    }
}

/* ---- gather: along columns ---- */

/* Halves on top of each other: loops that compilers turn into vectors. */
static ct_real largest_of(ct_real x[K_STRIP])
{
    for (int width = K_STRIP / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            x[i] = later_peak(x[i], x[i + width]);
    return x[0];
}

static void column_peaks(const k_cells *t, const k_sums *s)
{
    ct_real fresh[K_TILE] = {0}, z[K_STRIP];
    const ct_real scale = s->scale;
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        for (int i = 0; i < t->rows; i++)
            z[i] = s->limit == NULL ? scale * x[i] : below(s->limit[j], scale * x[i]);
        for (int i = t->rows; i < K_STRIP; i++)
            z[i] = s->origin[j];
        fresh[j] = later_peak(s->origin[j], largest_of(z));
    }
    raise_peaks(t->cols, fresh, s);
}

#define COLUMN_SUMS(f, where)                                         \
    for (int j = 0; j < t->cols; j++) {                               \
        const ct_real *x = t->x + j * K_STRIP, origin = s->origin[j]; \
        ct_real part[K_STRIP];                                        \
        for (int i = 0; i < t->rows; i++)                             \
            part[i] = f(scale * x[i] - origin);                       \
        (where)[j] += (double)sum((size_t)t->rows, part);             \
    }

static void gather_columns(const k_cells *t, const k_sums *s)
{
    const ct_real scale = s->scale;
    switch (s->f) {
    case K_EXP: COLUMN_SUMS(exp_real, s->total) return;
    case K_SOFTPLUS: COLUMN_SUMS(softplus_real, s->total) break;
    case K_SQUARE: COLUMN_SUMS(square_real, s->total) break;
    case K_HINGE: COLUMN_SUMS(hinge_real, s->total) break;
    case K_PEAK: COLUMN_SUMS(is_zero, s->total) return;
    }
    if (s->slope == NULL)
        return;
    switch (s->f) {
    case K_EXP:
    case K_PEAK: return;
    case K_SOFTPLUS: COLUMN_SUMS(sigmoid_real, s->slope) break;
    case K_SQUARE: COLUMN_SUMS(square_slope, s->slope) break;
    case K_HINGE: COLUMN_SUMS(hinge_slope, s->slope) break;
    }
}

/* ---- rows and columns of the same exponentials ----
 *
 * The symmetric losses sum e^(scale S) both ways. Where the peaks of a tile's
 * anchors lie close together, one exponential a cell, measured from a place in
 * their middle, serves both: nothing overflows, and what underflows is nothing
 * beside any of the peaks. Elsewhere each sum takes its own. */

#define CLOSE 40 /* e^20 times a weight and e^-87 over e^20 beside a sum: both harmless */

static bool are_twins(int n_sums, const k_sums *s)
{
    return n_sums == 2 && s[0].f == K_EXP && s[1].f == K_EXP && !s[0].columns && s[1].columns &&
           s[0].scale == s[1].scale;
}

static void widen(int n, const ct_real *x, ct_real *low, ct_real *high)
{
    for (int i = 0; i < n; i++) {
        *low = x[i] < *low ? x[i] : *low;
        *high = x[i] > *high ? x[i] : *high;
    }
}

/* Whether the origins of a tile's anchors are close; the middle of them. */
static bool are_close(const k_cells *t, const k_sums *rows, const k_sums *columns, ct_real *middle)
{
    ct_real low = rows->origin[0], high = low;
    widen(t->rows, rows->origin, &low, &high);
    widen(t->cols, columns->origin, &low, &high);
    *middle = low / 2 + high / 2; /* the sum of two lowest numbers would overflow */
    return high - low <= CLOSE;   /* false for a NaN */
}

static void add_parts(int n, const ct_real *part, ct_real middle, const k_sums *s)
{
    for (int i = 0; i < n; i++)
        s->total[i] += (double)part[i] * (double)exp_real(middle - s->origin[i]);
}

static void gather_twins(const k_cells *t, const k_sums *rows, const k_sums *columns,
                         ct_real middle)
{
    const ct_real scale = rows->scale;
    ct_real across[K_TILE] = {0}; /* sum of each column */
    for (int j = 0; j < t->cols; j += CHAIN) {
        ct_real down[K_STRIP] = {0};
        const int to = t->cols - j < CHAIN ? t->cols : j + CHAIN;
        for (int k = j; k < to; k++) {
            const ct_real *x = t->x + k * K_STRIP;
            ct_real e[K_STRIP];
            for (int i = 0; i < t->rows; i++) {
                e[i] = exp_real(scale * x[i] - middle);
                down[i] += e[i];
            }
            across[k] = sum((size_t)t->rows, e);
        }
        add_parts(t->rows, down, middle, rows);
    }
    add_parts(t->cols, across, middle, columns);
}

static void walk_gather(const k_cells *t, int n_sums, const k_sums *s)
{
    ct_real middle;
    for (int k = 0; k < n_sums; k++)
        if (follows_peak(&s[k]) && s[k].columns)
            column_peaks(t, &s[k]);
        else if (follows_peak(&s[k]))
            row_peaks(t, &s[k]);
    if (are_twins(n_sums, s) && are_close(t, &s[0], &s[1], &middle)) {
        gather_twins(t, &s[0], &s[1], middle);
        return;
    }
    for (int k = 0; k < n_sums; k++)
        if (s[k].columns)
            gather_columns(t, &s[k]);
        else
            gather_rows(t, &s[k]);
}

static void walk_join(const k_sums *s, const k_sums *other, int anchors)
{
    ct_real fresh[K_STRIP];
    if (follows_peak(s)) {
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
#define ROW_SLOPES(f)                                          \
    for (int i = 0; i < n; i++)                                \
        y[i] += s->weight[i] * f(scale * x[i] - s->origin[i]); \
    break
#define COLUMN_SLOPES(f)                           \
    for (int i = 0; i < n; i++)                    \
        y[i] += weight * f(scale * x[i] - origin); \
    break

static void add_row_slopes(int n, const ct_real *x, const k_sums *s, ct_real *y)
{
    const ct_real scale = s->scale;
    switch (s->f) {
    case K_EXP: ROW_SLOPES(exp_real);
    case K_SOFTPLUS: ROW_SLOPES(sigmoid_real);
    case K_SQUARE: ROW_SLOPES(square_slope);
    case K_HINGE: ROW_SLOPES(hinge_slope);
    case K_PEAK: ROW_SLOPES(is_zero);
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
    case K_PEAK: COLUMN_SLOPES(is_zero);
    }
}

/* y[i] = e^(z - middle) (weight of i e^(middle - origin of i) + the same of j) */
static void spread_twins(const k_cells *t, const k_sums *rows, const k_sums *columns,
                         ct_real middle, ct_real *g)
{
    const ct_real scale = rows->scale;
    ct_real down[K_STRIP], across[K_TILE];
    for (int i = 0; i < t->rows; i++)
        down[i] = rows->weight[i] * exp_real(middle - rows->origin[i]);
    for (int j = 0; j < t->cols; j++)
        across[j] = columns->weight[j] * exp_real(middle - columns->origin[j]);
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP, one = across[j];
        ct_real *y = g + j * K_STRIP;
        for (int i = 0; i < t->rows; i++)
            y[i] = exp_real(scale * x[i] - middle) * (down[i] + one);
    }
}

static void walk_spread(const k_cells *t, int n_sums, const k_sums *s, ct_real *g)
{
    ct_real middle;
    if (are_twins(n_sums, s) && are_close(t, &s[0], &s[1], &middle)) {
        spread_twins(t, &s[0], &s[1], middle, g);
        return;
    }
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        ct_real y[K_STRIP] = {0};
        for (int k = 0; k < n_sums; k++)
            if (s[k].columns)
                add_column_slopes(t->rows, x, &s[k], j, y);
            else
                add_row_slopes(t->rows, x, &s[k], y);
        memcpy(g + j * K_STRIP, y, (size_t)t->rows * sizeof *y);
    }
}

/* ---- the rest ---- */

static void walk_blank_groups(int rows, int cols, const int *row_group, const int *col_group,
                              ct_real blank, ct_real *x)
{
    for (int j = 0; j < cols; j++, x += K_STRIP)
        for (int i = 0; i < rows; i++)
            x[i] = row_group[i] == col_group[j] ? blank : x[i];
}
