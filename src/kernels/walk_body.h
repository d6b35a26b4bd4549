/* walk_body.h -- the loops of the tile walk; part of body.h.
 *
 * A tile lies transposed: line j of it is column j of S, at most K_STRIP cells
 * side by side in vectors. A line is measured from the anchors' origins, sent
 * through f, and then either added to the sums of the strip's rows or summed up
 * for the column that it is:
 *
 *             row anchors i ->
 *     line j  x x x x x x x x   -> z = f(scale x - origin) -> sum over the line
 *     line j  x x x x x x x x                                 total[j] of a column
 *        |        |
 *        v        v  sum down the lines: total[i] of a row
 *
 * Floats are added up over 16 cells at most in one chain; what is longer goes on
 * in double.
 */
#define CHAIN 16

/* ---- f and f' ---- */

static inline ct_real softplus_real(ct_real x)
{
    const ct_real y = exp_real(-abs_real(x)), u = 1 + y;
    /* the quotient gives back what rounding took from u */
    const ct_real log1p_y = u == 1 ? y : log_real(u) * y / (u - 1);
    return (x > 0 ? x : 0) + log1p_y;
}

#define CELL(name, formula)         \
    INLINED ct_real name(ct_real x) \
    {                               \
        return formula;             \
    }
CELL(square, (x * x))
CELL(twice, 2 * x)
CELL(hinge, x > 0 ? x : x <= 0 ? 0 : x) /* NaN stays NaN */
CELL(is_positive, x > 0 ? 1 : 0)
CELL(is_zero, x == 0 ? 1 : 0)

/* f and f' of each kind. A loop is written once, takes a function and is inlined with each of them:
 * switch (f) { CELLS(CASE) }. */
#define CELLS(CASE)                               \
    CASE(K_EXP, exp_real, exp_real)               \
    CASE(K_SOFTPLUS, softplus_real, sigmoid_real) \
    CASE(K_SQUARE, square, twice)                 \
    CASE(K_HINGE, hinge, is_positive)             \
    CASE(K_PEAK, is_zero, is_zero)
typedef ct_real (*cell_function)(ct_real x);

/* ---- peaks ---- */

/* z, or what is no peak where it is not below the anchor's limit. */
static inline ct_real seen(const k_sums *s, int anchor, ct_real z)
{
    return s->limit != NULL && z >= s->limit[anchor] ? -(ct_real)INFINITY : z;
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

/* Halves on top of each other: loops that compilers turn into vectors. */
static ct_real largest_of(ct_real x[K_STRIP])
{
    for (int width = K_STRIP / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            x[i] = later_peak(x[i], x[i + width]);
    return x[0];
}

static void find_peaks(const k_cells *t, const k_sums *s)
{
    ct_real fresh[K_TILE], z[K_STRIP];
    const ct_real scale = s->scale;
    const int anchors = s->columns ? t->cols : t->rows;
    memcpy(fresh, s->origin, (size_t)anchors * sizeof *fresh);
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        if (!s->columns) {
            for (int i = 0; i < t->rows; i++)
                fresh[i] = later_peak(fresh[i], seen(s, i, scale * x[i]));
            continue;
        }
        for (int i = 0; i < t->rows; i++)
            z[i] = seen(s, j, scale * x[i]);
        for (int i = t->rows; i < K_STRIP; i++)
            z[i] = fresh[j];
        fresh[j] = later_peak(fresh[j], largest_of(z));
    }
    raise_peaks(anchors, fresh, s);
}

/* ---- rows and columns of the same exponentials ----
 *
 * The symmetric losses sum e^(scale S) both ways. Where the peaks of a tile's
 * anchors lie close together, one exponential a cell, measured from a place in
 * their middle, serves both: nothing overflows, and what underflows is nothing
 * beside any of the peaks. Elsewhere each sum takes its own. */

#define CLOSE 40 /* e^20 times a weight and e^-87 over e^20 beside a sum: both harmless */

static void widen(int n, const ct_real *x, ct_real *low, ct_real *high)
{
    for (int i = 0; i < n; i++) {
        *low = x[i] < *low ? x[i] : *low;
        *high = x[i] > *high ? x[i] : *high;
    }
}

/* Whether s are such sums whose origins in this tile are close; the middle of them. */
static bool are_twins(const k_cells *t, int n_sums, const k_sums *s, ct_real *middle)
{
    if (n_sums != 2 || s[0].f != K_EXP || s[1].f != K_EXP || s[0].columns || !s[1].columns ||
        s[0].scale != s[1].scale)
        return false;
    ct_real low = s[0].origin[0], high = low;
    widen(t->rows, s[0].origin, &low, &high);
    widen(t->cols, s[1].origin, &low, &high);
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

/* ---- gather ---- */

/* A line is a column of S and is summed up; rows grow down the lines, all side by side. */
INLINED void sum_cells(const k_cells *t, const k_sums *s, cell_function f, double *to)
{
    const ct_real scale = s->scale, *origin = s->origin;
    for (int j = 0; j < t->cols && s->columns; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        ct_real part[K_STRIP];
        for (int i = 0; i < t->rows; i++)
            part[i] = f(scale * x[i] - origin[j]);
        to[j] += (double)sum((size_t)t->rows, part);
    }
    for (int j = 0; j < t->cols && !s->columns; j += CHAIN) {
        ct_real part[K_STRIP] = {0};
        const int end = t->cols - j < CHAIN ? t->cols : j + CHAIN;
        for (const ct_real *x = t->x + j * K_STRIP; x < t->x + end * K_STRIP; x += K_STRIP)
            for (int i = 0; i < t->rows; i++)
                part[i] += f(scale * x[i] - origin[i]);
        for (int i = 0; i < t->rows; i++)
            to[i] += (double)part[i];
    }
}

/* Where f' is f there are no sums of f'. */
#define GATHER(cell, f, slope_of_f)                                  \
    case cell:                                                       \
        sum_cells(t, s, f, s->total);                                \
        if ((cell) != K_EXP && (cell) != K_PEAK && s->slope != NULL) \
            sum_cells(t, s, slope_of_f, s->slope);                   \
        break;

static void gather_cells(const k_cells *t, const k_sums *s)
{
    switch (s->f) {
        CELLS(GATHER)
    }
}

static void walk_gather(const k_cells *t, int n_sums, const k_sums *s)
{
    ct_real middle;
    for (int k = 0; k < n_sums; k++)
        if (s[k].f == K_EXP || s[k].f == K_PEAK)
            find_peaks(t, &s[k]);
    if (are_twins(t, n_sums, s, &middle)) {
        gather_twins(t, &s[0], &s[1], middle);
        return;
    }
    for (int k = 0; k < n_sums; k++)
        gather_cells(t, &s[k]);
}

static void walk_join(const k_sums *s, const k_sums *other, int anchors)
{
    ct_real fresh[K_STRIP];
    if (s->f == K_EXP || s->f == K_PEAK) {
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

/* y[i] += weight f'(scale x[i] - origin) for line j: a weight and an origin each, or one for all.
 */
INLINED void add_line(int n, const ct_real *x, const k_sums *s, int j, cell_function slope,
                      ct_real *y)
{
    const ct_real scale = s->scale;
    if (s->columns) {
        const ct_real origin = s->origin[j], weight = s->weight[j];
        for (int i = 0; i < n; i++)
            y[i] += weight * slope(scale * x[i] - origin);
    } else {
        for (int i = 0; i < n; i++)
            y[i] += s->weight[i] * slope(scale * x[i] - s->origin[i]);
    }
}

#define ADD_LINE(cell, f, slope_of_f) \
    case cell: add_line(n, x, s, j, slope_of_f, y); break;

static void add_slopes(int n, const ct_real *x, const k_sums *s, int j, ct_real *y)
{
    switch (s->f) {
        CELLS(ADD_LINE)
    }
}

static void walk_spread(const k_cells *t, int n_sums, const k_sums *s, ct_real *g)
{
    ct_real middle;
    if (are_twins(t, n_sums, s, &middle)) {
        spread_twins(t, &s[0], &s[1], middle, g);
        return;
    }
    for (int j = 0; j < t->cols; j++) {
        const ct_real *x = t->x + j * K_STRIP;
        ct_real y[K_STRIP] = {0}; /* apart, since g may be the tile */
        for (int k = 0; k < n_sums; k++)
            add_slopes(t->rows, x, &s[k], j, y);
        memcpy(g + j * K_STRIP, y, (size_t)t->rows * sizeof *y);
    }
}
