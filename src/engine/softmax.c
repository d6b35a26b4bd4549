/* softmax.c -- log-sum-exp and softmax over rows.
 *
 * Easy to get wrong: a row of all -infinity, or one with +infinity, must not
 * become NaN by subtracting the peak from itself; the kernels take care. */
#include "engine/op.h"
#include "kernels/kernels.h"

/* ---- lse_rows ------------------------------------------------------------
 * forward    y[i] = log sum_j e^x[i,j] = peak[i] + log sum_j e^(x[i,j] - peak[i])
 * backward   dx[i,j] += dy[i] e^(x[i,j] - y[i])
 */
static void lse_rows_backward(ct_tensor *y)
{
    const ct_tensor *x = y->in[0];
    const size_t n = (size_t)x->rows, m = (size_t)x->cols;
    ct_real *dx = op_grad(y->in[0]);
    ct_real *p = dx != NULL ? op_scratch(y->graph, m, sizeof *p) : NULL;
    for (size_t i = 0; p != NULL && i < n; i++) {
        for (size_t j = 0; j < m; j++)
            p[j] = x->x[i * m + j] - y->x[i];
        k_exp(y->graph->device, m, p, p);
        k_axpy(y->graph->device, m, y->dx[i], p, dx + i * m);
    }
}

static const struct ct_op LSE_ROWS = {"lse_rows", lse_rows_backward};

ct_tensor *ct_lse_rows(ct_graph *g, ct_tensor *x)
{
    ct_tensor *y = x != NULL ? op_new(g, &LSE_ROWS, x->rows, 1, x, NULL, NULL, 0) : NULL;
    ct_real *peak = y != NULL ? op_scratch(g, (size_t)x->rows, sizeof *peak) : NULL;
    if (peak == NULL)
        return NULL;
    k_row_exp_sums(g->device, x->rows, x->cols, x->x, peak, y->x, NULL);
    /* If the peak is infinite, it is not subtracted, and log(total) + peak is already right. */
    k_log(g->device, op_size(y), y->x, y->x);
    k_add(g->device, op_size(y), peak, y->x, y->x);
    return y;
}

/* ---- softmax_rows --------------------------------------------------------
 * forward    y = e^(x - peak) / total
 * backward   dx = y (dy - c),  c = <dy, y> of the element's row
 */
static void softmax_rows_backward(ct_tensor *y)
{
    const size_t n = (size_t)y->rows, m = (size_t)y->cols;
    ct_real *dx = op_grad(y->in[0]);
    ct_real *c = dx != NULL ? op_scratch(y->graph, n, sizeof *c) : NULL;
    if (c == NULL)
        return;
    k_row_dots(y->graph->device, y->rows, y->cols, y->dx, y->x, c);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            dx[i * m + j] += y->x[i * m + j] * (y->dx[i * m + j] - c[i]);
}

static const struct ct_op SOFTMAX_ROWS = {"softmax_rows", softmax_rows_backward};

ct_tensor *ct_softmax_rows(ct_graph *g, ct_tensor *x)
{
    ct_tensor *y = op_like(g, &SOFTMAX_ROWS, x, 0);
    ct_real *peak = y != NULL ? op_scratch(g, 2 * (size_t)x->rows, sizeof *peak) : NULL;
    if (peak == NULL)
        return NULL;
    ct_real *total = peak + x->rows;
    k_row_exp_sums(g->device, x->rows, x->cols, x->x, peak, total, y->x);
    for (size_t i = 0; i < (size_t)y->rows; i++)
        for (size_t j = 0; j < (size_t)y->cols; j++)
            y->x[i * (size_t)y->cols + j] /= total[i];
    return y;
}
