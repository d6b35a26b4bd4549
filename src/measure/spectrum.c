/* spectrum.c -- how far rows reach in each direction.
 *
 * Embeddings can collapse in some directions and stay alive in others; the variances along the
 * principal directions show it. They are wanted twice, of the rows less their mean (c) and of the
 * rows as they are (c + 1m'), and one reduction serves both. In three steps, all in double:
 *
 *   1. products of the short side: c'c, or cc' where there are more columns than rows
 *   2. mirror that matrix until it is tridiagonal (Householder), the mean first. For that it gets
 *      a border, here on the left with n >= d and on the right with n < d:
 *
 *          | 0   m'  |                        | n m'm         sqrt(n) (cm)' |
 *          | m   c'c |                        | sqrt(n) cm    cc'           |
 *
 *      Left: once m lies along the first axis, c'c + n m m' differs from c'c in one number, the
 *      first of the diagonal. Right: all of it has the values of the rows as they are and a 0,
 *      since the rows (sqrt(n) m'; c) have the same products of columns.
 *   3. find each eigenvalue by halving an interval
 *
 * Squares drown what is below 1e-8 of the largest singular value; the noise of float embeddings
 * begins above that, so nothing is lost. Nothing here waits for convergence: each step has a
 * fixed number of rounds. Steps 2 and 3 are in Golub and Van Loan, Matrix Computations, 8.3 and
 * 8.4. */
#include "measure/measure.h"

#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

#define BLOCK    32 /* rows of the product that one thread makes at a time */
#define DEPTH    4  /* rows of x that go into it at once */
#define HALVINGS 52 /* of the interval around a value: all the digits it has */
#define LANES    8
#define NOISE    1e-13 /* of the largest: a value below counts as 0 */
#define TINY     1e-300

typedef struct reduction {
    int n, m, size;      /* rows and columns of x, the long side and the short one; m + 1 */
    int stride;          /* of y: size and LANES zeros, which vectors of LANES run into */
    const double *x;     /* (n, m) */
    const double *zeros; /* (m) */
    double *y;           /* (size, stride) the products and their border; upper triangle */
    double *e;           /* (size) what it becomes: next to the diagonal, */
    double *q[2];        /* (size) the diagonal for the rows less their mean, as they are; */
    double *value[2];    /* (size) and its values */
    bool wide;
} reduction;

/* Step 1, rows BLOCK * block and on: y += x'x. */
static void multiply(void *ctx, int block)
{
    const reduction *r = ctx;
    const int m = r->m;
    const int end = measure_least((block + 1) * BLOCK, m);
    for (int row = 0; row < r->n; row += DEPTH) {
        const double *x[DEPTH];
        for (int k = 0; k < DEPTH; k++)
            x[k] = row + k < r->n ? r->x + (ptrdiff_t)(row + k) * m : r->zeros;
        const double *restrict x0 = x[0], *restrict x1 = x[1], *restrict x2 = x[2],
                               *restrict x3 = x[3];
        for (int i = block * BLOCK; i < end; i++) {
            double *restrict y = r->y + (ptrdiff_t)(i + 1) * r->stride + 1;
            const double a = x0[i], b = x1[i], c = x2[i], d = x3[i];
            for (int j = i; j < m; j++)
                y[j] += a * x0[j] + b * x1[j] + (c * x2[j] + d * x3[j]);
        }
    }
}

static void put_border(reduction *r, const double *c, const double *mean, int n, int d)
{
    double *border = r->y;
    if (!r->wide) {
        memcpy(border + 1, mean, (size_t)d * sizeof *mean);
        return;
    }
    for (int k = 0; k < d; k++)
        border[0] += n * mean[k] * mean[k];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            border[1 + i] += sqrt(n) * c[(ptrdiff_t)i * d + k] * mean[k];
}

/* w = a v for the symmetric a of which only the upper triangle is there; from `from` on. */
static void multiply_symmetric(const reduction *r, int from, const double *v, double *w)
{
    memset(w + from, 0, (size_t)(r->stride - from) * sizeof *w);
    for (int i = from; i < r->size; i++) {
        const double *row = r->y + (ptrdiff_t)i * r->stride;
        double sum[LANES] = {0};
        w[i] += v[i] * row[i];
        for (int j = i + 1; j < r->size; j += LANES)
            for (int l = 0; l < LANES; l++) {
                w[j + l] += v[i] * row[j + l];
                sum[l] += v[j + l] * row[j + l];
            }
        for (int l = 0; l < LANES; l++)
            w[i] += sum[l];
    }
}

/* Step 2. For each row, v reflects what is right of the second diagonal to zero; with
 * p = 2/|v|^2 a v and w = p - (p'v / |v|^2) v:   a -= v w' + w v'. w (stride) is scratch. */
static void tridiagonalise(const reduction *r, double *w)
{
    const int m = r->size;
    for (int k = 0; k < m; k++) {
        double *v = r->y + (ptrdiff_t)k * r->stride; /* row k, from k + 1 */
        double square = 0, dot = 0;
        for (int j = k + 2; j < m; j++)
            square += v[j] * v[j];
        r->q[0][k] = r->q[1][k] = v[k];
        r->e[k] = v[k + 1]; /* of the last row 0 */
        if (square < TINY)
            continue;
        const double norm = sqrt(v[k + 1] * v[k + 1] + square);
        r->e[k] = v[k + 1] > 0 ? -norm : norm; /* the sign for which v does not cancel */
        v[k + 1] -= r->e[k];
        const double beta = -1 / (r->e[k] * v[k + 1]); /* 2/|v|^2 */
        multiply_symmetric(r, k + 1, v, w);
        for (int j = k + 1; j < m; j++) {
            w[j] *= beta;
            dot += w[j] * v[j];
        }
        for (int j = k + 1; j < m; j++)
            w[j] -= beta / 2 * dot * v[j];
        for (int i = k + 1; i < m; i++)
            for (int j = i; j < m; j++)
                r->y[(ptrdiff_t)i * r->stride + j] -= v[i] * w[j] + w[i] * v[j];
    }
}

/* How many eigenvalues are below each s (Sturm: negative pivots of the shifted matrix); LANES at
 * once, since one chain of divisions would wait for itself. */
static void count_below(int m, const double *q, const double *e, const double *s, int *below)
{
    double pivot[LANES];
    for (int l = 0; l < LANES; l++) {
        pivot[l] = 1;
        below[l] = 0;
    }
    for (int k = 0; k < m; k++) {
        const double square = k > 0 ? e[k - 1] * e[k - 1] : 0;
        for (int l = 0; l < LANES; l++) {
            const double p = q[k] - s[l] - square / pivot[l];
            pivot[l] = fabs(p) < TINY ? -TINY : p;
            below[l] += pivot[l] < 0;
        }
    }
}

/* Step 3: the eigenvalues above 0 of one of the two tridiagonals, largest first. */
static void find_values(void *ctx, int which)
{
    const reduction *r = ctx;
    const int from = which == 1 && r->wide ? 0 : 1; /* the border is of the rows as they are */
    const double *q = r->q[which] + from, *e = r->e + from;
    double *out = r->value[which], bound = 0;
    const int m = r->size - from;
    for (int k = 0; k < m; k++) { /* Gershgorin */
        const double reach = fabs(q[k]) + fabs(e[k]) + (k > 0 ? fabs(e[k - 1]) : 0);
        bound = reach > bound ? reach : bound;
    }
    const double all = bound;
    for (int k0 = 0; k0 < m && bound > NOISE * all; k0 += LANES) {
        double low[LANES] = {0}, high[LANES], middle[LANES];
        int below[LANES];
        for (int l = 0; l < LANES; l++)
            high[l] = bound;
        for (int i = 0; i < HALVINGS; i++) {
            for (int l = 0; l < LANES; l++)
                middle[l] = (low[l] + high[l]) / 2;
            count_below(m, q, e, middle, below);
            for (int l = 0; l < LANES; l++) {
                const bool above = below[l] < m - (k0 + l);
                low[l] = above ? middle[l] : low[l];
                high[l] = above ? high[l] : middle[l];
            }
        }
        for (int l = 0; l < LANES && k0 + l < m; l++)
            out[k0 + l] = high[l] > NOISE * out[0] ? high[l] : 0;
        bound = high[LANES - 1]; /* of the next group */
    }
}

measure_spectrum measure_variances(measuring *m, const double *c, const double *mean, int n, int d)
{
    reduction r = {.n = n > d ? n : d, .m = measure_least(n, d), .x = c, .wide = d > n};
    r.size = r.m + 1;
    r.stride = r.size + LANES;
    double *turned = r.wide ? measure_room(m, d, n, sizeof *turned) : NULL;
    double *w = measure_room(m, r.stride, 1, sizeof *w);
    r.zeros = measure_room(m, r.m, 1, sizeof(double));
    r.y = measure_room(m, r.stride, r.size, sizeof(double));
    r.e = measure_room(m, r.size, 1, sizeof(double));
    for (int k = 0; k < 2; k++) {
        r.q[k] = measure_room(m, r.size, 1, sizeof(double));
        r.value[k] = measure_room(m, r.size, 1, sizeof(double));
    }
    if (measure_failed(m))
        return (measure_spectrum){.n = 0};
    for (int i = 0; i < n && r.wide; i++)
        for (int k = 0; k < d; k++)
            turned[(ptrdiff_t)k * n + i] = c[(ptrdiff_t)i * d + k];
    if (r.wide)
        r.x = turned;
    k_parallel(m->device, (r.m + BLOCK - 1) / BLOCK, multiply, &r);
    put_border(&r, c, mean, n, d);
    tridiagonalise(&r, w);
    if (!r.wide)
        r.q[1][1] += n * r.e[0] * r.e[0]; /* |e[0]| is the length of the mean */
    k_parallel(m->device, 2, find_values, &r);
    return (measure_spectrum){.n = r.m, .centred = r.value[0], .whole = r.value[1]};
}
