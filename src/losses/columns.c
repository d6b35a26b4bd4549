/* columns.c -- the losses that look at columns: barlow and vicreg. No negatives; what keeps
 * embeddings apart is that each column must vary, and differently from the others.
 *
 * Columns are centred: x - mean, and stored as rows. Means and variances are sums in double in the
 * order of the batch: few, and the same on every machine. Neither loss has a plain twin. */
#include "kernels/kernels.h"
#include "losses/pairs.h"

#include <math.h>

#define BARLOW_EPS 1e-5 /* batch normalisation's */
#define VICREG_EPS 1e-4

typedef struct columns_saved {
    const ct_loss_options *options;
    ct_real *x[2];      /* (d, n) columns centred; for barlow, standardised too */
    ct_real *square[2]; /* (d, d) barlow: C alone; vicreg: both covariances */
    double *spread[2];  /* (d) 1 / sqrt(var + eps); vicreg: sqrt(var + eps) */
} columns_saved;

/* x = column k of t less its mean; the answer is its sum of squares. */
static double centre(const ct_tensor *t, int k, ct_real *x)
{
    double mean = 0, squares = 0;
    for (ptrdiff_t i = 0; i < t->rows; i++)
        mean += (double)t->x[i * t->cols + k];
    for (ptrdiff_t i = 0; i < t->rows; i++) {
        x[i] = (ct_real)((double)t->x[i * t->cols + k] - mean / t->rows);
        squares += (double)x[i] * (double)x[i];
    }
    return squares;
}

static ct_tensor *columns_new(ct_graph *g, const struct ct_op *op, ct_tensor *a, ct_tensor *b,
                              const ct_loss_inputs *in)
{
    if (!op_match(g, "loss", a, b))
        return NULL;
    ct_tensor *y = op_new(g, op, 1, 1, a, b, NULL, sizeof(columns_saved));
    if (y == NULL)
        return NULL;
    columns_saved *s = y->saved;
    const size_t d = (size_t)a->cols;
    s->options = loss_options(in->options);
    for (int i = 0; i < 2; i++) {
        s->x[i] = op_scratch(g, op_size(a), sizeof *s->x[i]);
        s->square[i] = op_scratch(g, d, d * sizeof *s->square[i]);
        s->spread[i] = op_scratch(g, d, sizeof *s->spread[i]);
    }
    return g->error.status == CT_OK ? y : NULL;
}

/* ---- barlow --------------------------------------------------------------
 * forward    C = a^' b^ / n
 * backward   dC = -2 (1 - C) on the diagonal, 2 lambda C off it
 *            da^ = b^ dC' / n     db^ = a^ dC / n
 *            dx = (dx^ - mean dx^ - x^ mean(dx^ x^)) / sqrt(var + eps), by columns
 */
static double barlow_of(int d, const ct_real *c, double lambda)
{
    loss_total loss = {0};
    for (ptrdiff_t k = 0; k < d; k++)
        for (int l = 0; l < d; l++) {
            const double v = (double)c[k * d + l];
            loss_add(&loss, k == l ? (1 - v) * (1 - v) : lambda * v * v);
        }
    return loss.sum;
}

/* Back through the standardisation, added to t's gradient. */
static void unstandardize(ct_tensor *t, const ct_real *x, const double *factor, const ct_real *dx)
{
    const int n = t->rows, d = t->cols;
    ct_real *out = op_grad(t);
    for (int k = 0; out != NULL && k < d; k++, x += n, dx += n) {
        double m = 0, q = 0;
        for (int i = 0; i < n; i++) {
            m += (double)dx[i] / n;
            q += (double)dx[i] * (double)x[i] / n;
        }
        for (int i = 0; i < n; i++)
            out[(ptrdiff_t)i * d + k] += (ct_real)(factor[k] *
                                                   ((double)dx[i] - m - (double)x[i] * q));
    }
}

static void barlow_backward(ct_tensor *y)
{
    const columns_saved *s = y->saved;
    ct_graph *g = y->graph;
    const int n = y->in[0]->rows, d = y->in[0]->cols;
    ct_real *dc = op_scratch(g, (size_t)d, (size_t)d * sizeof *dc);
    ct_real *dx = op_scratch(g, (size_t)n, (size_t)d * sizeof *dx);
    if (dc == NULL || dx == NULL)
        return;
    const double each = 2 * (double)y->dx[0] / n;
    for (ptrdiff_t k = 0; k < d; k++)
        for (int l = 0; l < d; l++) {
            const double c = (double)s->square[0][k * d + l];
            dc[k * d + l] = (ct_real)(each * (k == l ? c - 1 : s->options->lambda * c));
        }
    for (int i = 0; i < 2; i++) {
        if (!y->in[i]->needs_grad)
            continue;
        (i == 0 ? k_matmul_nn : k_matmul_tn)(g->device, d, n, d, dc, s->x[1 - i], dx, false);
        unstandardize(y->in[i], s->x[i], s->spread[i], dx);
    }
}

static const struct ct_op BARLOW = {"barlow", barlow_backward};

ct_tensor *ct_loss_barlow(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    ct_tensor *y = columns_new(g, &BARLOW, a, b, in);
    if (y == NULL)
        return NULL;
    columns_saved *s = y->saved;
    const int n = a->rows, d = a->cols;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < d; k++) {
            ct_real *x = s->x[i] + (ptrdiff_t)k * n;
            s->spread[i][k] = 1 / sqrt(centre(y->in[i], k, x) / n + BARLOW_EPS);
            for (int r = 0; r < n; r++)
                x[r] = (ct_real)((double)x[r] * s->spread[i][k]);
        }
    k_matmul_nt(g->device, d, d, n, s->x[0], s->x[1], s->square[0], false);
    k_scale(g->device, (size_t)d * (size_t)d, 1 / (ct_real)n, s->square[0], s->square[0]);
    y->x[0] = (ct_real)barlow_of(d, s->square[0], s->options->lambda);
    return y;
}

/* ---- vicreg --------------------------------------------------------------
 * backward   dx of V: -x / ((n-1) d sqrt(var + eps)) where that root is below 1
 *            dx of K: 4 / (d (n-1)) x cov, without its diagonal
 *            da of the mean square: 2 (a - b) / (n d), db the opposite
 */
/* n - 1; one row varies by nothing, over anything. */
static double less_one(int n)
{
    return n > 1 ? n - 1 : 1;
}

static double vicreg_of(const columns_saved *s, int i, int d)
{
    loss_total v = {0}, k2 = {0};
    for (ptrdiff_t k = 0; k < d; k++) {
        const double short_of = 1 - s->spread[i][k];
        loss_add(&v, short_of <= 0 ? 0 : short_of); /* a NaN stays one */
        for (int l = 0; l < d; l++) {
            const double cov = (double)s->square[i][k * d + l];
            if (k != l)
                loss_add(&k2, cov * cov);
        }
    }
    return s->options->variance / 2 * v.sum / d + s->options->covariance * k2.sum / d;
}

static void vicreg_side(ct_tensor *y, int i, ct_real *dx)
{
    const columns_saved *s = y->saved;
    const ct_tensor *a = y->in[i], *b = y->in[1 - i];
    const int n = a->rows, d = a->cols;
    const double dy = (double)y->dx[0], pull = 2 * dy * s->options->invariance / n / d;
    const double cov = 4 * dy * s->options->covariance / d / less_one(n);
    const double var = dy * s->options->variance / 2 / d / less_one(n);
    ct_real *out = op_grad(y->in[i]);
    if (out == NULL)
        return;
    k_matmul_tn(y->graph->device, d, n, d, s->square[i], s->x[i], dx, false);
    for (ptrdiff_t k = 0; k < d; k++)
        for (ptrdiff_t r = 0; r < n; r++) {
            const ptrdiff_t at = r * d + k;
            const double x = (double)s->x[i][k * n + r], root = s->spread[i][k];
            const double own = (double)s->square[i][k * d + k] * x; /* the diagonal's part */
            const double apart = (double)a->x[at] - (double)b->x[at];
            const double narrow = root < 1 ? var * x / root : 0;
            out[at] += (ct_real)(pull * apart + cov * ((double)dx[k * n + r] - own) - narrow);
        }
}

static void vicreg_backward(ct_tensor *y)
{
    ct_real *dx = op_scratch(y->graph, op_size(y->in[0]), sizeof *dx);
    if (dx == NULL)
        return;
    vicreg_side(y, 0, dx);
    vicreg_side(y, 1, dx);
}

static const struct ct_op VICREG = {"vicreg", vicreg_backward};

ct_tensor *ct_loss_vicreg(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    ct_tensor *y = columns_new(g, &VICREG, a, b, in);
    if (y == NULL)
        return NULL;
    columns_saved *s = y->saved;
    const int n = a->rows, d = a->cols;
    loss_total square = {0};
    double loss = 0;
    for (size_t i = 0; i < op_size(a); i++) {
        const double apart = (double)a->x[i] - (double)b->x[i];
        loss_add(&square, apart * apart);
    }
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < d; k++)
            s->spread[i][k] = sqrt(centre(y->in[i], k, s->x[i] + (ptrdiff_t)k * n) / less_one(n) +
                                   VICREG_EPS);
        k_matmul_nt(g->device, d, d, n, s->x[i], s->x[i], s->square[i], false);
        k_scale(g->device, (size_t)d * (size_t)d, (ct_real)(1 / less_one(n)), s->square[i],
                s->square[i]);
        loss += vicreg_of(s, i, d);
    }
    y->x[0] = (ct_real)(loss + s->options->invariance * square.sum / n / d);
    return y;
}
