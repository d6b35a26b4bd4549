/* softmax.c -- log-sum-exp and softmax, over rows and over columns.
 *
 * Easy to get wrong: a row of all -infinity, or one with +infinity, must not
 * become NaN by subtracting the peak from itself; the kernels take care.
 *
 * Layer: engine. Needs kernels (exponential sums, dot, log). */
#include "engine/op.h"
#include "kernels/kernels.h"

/* y = peak + log(total); a peak that is infinite is the answer by itself. */
static void join_peaks(ct_device *dev, int n, const ct_real *peak, ct_real *y)
{
    k_log(dev, (size_t)n, y, y);
    k_add(dev, (size_t)n, peak, y, y);
}

/* ---- lse_rows, lse_cols --------------------------------------------------
 * forward    rows: y[i] = log sum_j e^x[i,j]
 * backward   dx[i,j] += dy[i] e^(x[i,j] - y[i])
 * and for columns with j in place of i
 */
static void add_softmax_times(ct_tensor *y, bool rows)
{
    const ct_tensor *x = y->in[0];
    const size_t n = (size_t)x->rows, m = (size_t)x->cols;
    ct_real *dx = op_grad(y->in[0], NULL);
    ct_real *p = dx != NULL ? op_scratch(y->graph, m, sizeof *p) : NULL;
    for (size_t i = 0; p != NULL && i < n; i++) {
        for (size_t j = 0; j < m; j++)
            p[j] = x->x[i * m + j] - y->x[rows ? i : j];
        k_exp(y->graph->device, m, p, p);
        for (size_t j = 0; j < m; j++)
            dx[i * m + j] += y->dx[rows ? i : j] * p[j];
    }
}

static void lse_rows_backward(ct_tensor *y)
{
    add_softmax_times(y, true);
}

static void lse_cols_backward(ct_tensor *y)
{
    add_softmax_times(y, false);
}

static const struct ct_op LSE_ROWS = {"lse_rows", lse_rows_backward};
static const struct ct_op LSE_COLS = {"lse_cols", lse_cols_backward};

static ct_tensor *log_sum_exp(ct_graph *g, ct_tensor *x, bool rows)
{
    if (x == NULL)
        return NULL;
    const int n = rows ? x->rows : x->cols;
    ct_tensor *y = op_new(g, rows ? &LSE_ROWS : &LSE_COLS, rows ? n : 1, rows ? 1 : n, x, NULL,
                          NULL, 0);
    ct_real *peak = y != NULL ? op_scratch(g, (size_t)n, sizeof *peak) : NULL;
    if (peak == NULL)
        return NULL;
    (rows ? k_row_exp_sums : k_col_exp_sums)(g->device, x->rows, x->cols, x->x, peak, y->x, NULL);
    join_peaks(g->device, n, peak, y->x);
    return y;
}

ct_tensor *ct_lse_rows(ct_graph *g, ct_tensor *x)
{
    return log_sum_exp(g, x, true);
}

ct_tensor *ct_lse_cols(ct_graph *g, ct_tensor *x)
{
    return log_sum_exp(g, x, false);
}

/* ---- softmax_rows, softmax_cols ------------------------------------------
 * forward    y = e^(x - peak) / total
 * backward   dx = y (dy - c),  c = <dy, y> of the element's row (or column)
 */
static void add_softmax_grad(ct_tensor *y, bool rows)
{
    const size_t n = (size_t)y->rows, m = (size_t)y->cols, n_sums = rows ? n : m;
    ct_device *dev = y->graph->device;
    ct_real *dx = op_grad(y->in[0], NULL);
    ct_real *c = dx != NULL ? op_scratch(y->graph, n_sums, sizeof *c) : NULL;
    if (c == NULL)
        return;
    if (rows)
        k_row_dots(dev, y->rows, y->cols, y->dx, y->x, c);
    for (size_t j = 0; !rows && j < m; j++)
        c[j] = 0;
    for (size_t i = 0; !rows && i < n; i++)
        k_muladd(dev, m, y->dx + i * m, y->x + i * m, c);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            dx[i * m + j] += y->x[i * m + j] * (y->dx[i * m + j] - c[rows ? i : j]);
}

static void softmax_rows_backward(ct_tensor *y)
{
    add_softmax_grad(y, true);
}

static void softmax_cols_backward(ct_tensor *y)
{
    add_softmax_grad(y, false);
}

static const struct ct_op SOFTMAX_ROWS = {"softmax_rows", softmax_rows_backward};
static const struct ct_op SOFTMAX_COLS = {"softmax_cols", softmax_cols_backward};

static ct_tensor *softmax(ct_graph *g, ct_tensor *x, bool rows)
{
    if (x == NULL)
        return NULL;
    const size_t n_sums = (size_t)(rows ? x->rows : x->cols), m = (size_t)x->cols;
    ct_tensor *y = op_new(g, rows ? &SOFTMAX_ROWS : &SOFTMAX_COLS, x->rows, x->cols, x, NULL, NULL,
                          0);
    ct_real *peak = y != NULL ? op_scratch(g, 2 * n_sums, sizeof *peak) : NULL;
    if (peak == NULL)
        return NULL;
    ct_real *total = peak + n_sums;
    (rows ? k_row_exp_sums : k_col_exp_sums)(g->device, x->rows, x->cols, x->x, peak, total, y->x);
    for (size_t i = 0; i < (size_t)x->rows; i++)
        for (size_t j = 0; j < m; j++)
            y->x[i * m + j] /= total[rows ? i : j];
    return y;
}

ct_tensor *ct_softmax_rows(ct_graph *g, ct_tensor *x)
{
    return softmax(g, x, true);
}

ct_tensor *ct_softmax_cols(ct_graph *g, ct_tensor *x)
{
    return softmax(g, x, false);
}
