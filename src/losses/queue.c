/* queue.c -- negatives beyond the batch: for each anchor, the sum of e^z over past rows
 * of the other side, and its gradient.
 *
 *     forward    Z = scale a q'    peak_i = max_j Z_ij    total_i = sum_j e^(Z_ij - peak_i)
 *     backward   G_ij = weight_i e^(Z_ij - peak_i)    da += G q    dlog_scale += <a, G q>
 *
 * Some anchors at a time, so memory is O(queue) and not O(anchors x queue); backward
 * computes Z again, as the walk over the batch does.
 *
 * Layer: losses. Needs engine (op.h) and kernels. */
#include "kernels/kernels.h"
#include "losses/pairs.h"

#define SOME 64 /* anchors at a time */

static int some(const loss_pairs *p, int from)
{
    return p->n - from < SOME ? p->n - from : SOME;
}

/* Z of the anchors from .. into q->z, as e^(Z - peak) if wanted. */
static void compare(const loss_pairs *p, int side, int from, bool exponentials)
{
    const loss_queue *q = p->queue[side];
    ct_device *dev = p->y->graph->device;
    const int rows = some(p, from);
    k_matmul_nt(dev, rows, q->n, p->d, p->x[side] + (ptrdiff_t)from * p->d, q->x, q->z, false);
    k_scale(dev, (size_t)rows * (size_t)q->n, p->scale, q->z, q->z);
    k_row_exp_sums(dev, rows, q->n, q->z, q->peak + from, q->total + from,
                   exponentials ? q->z : NULL);
}

bool loss_queue_sum(ct_graph *g, loss_pairs *p, const ct_queue *queue, int side)
{
    loss_queue *q = op_scratch(g, 1, sizeof *q);
    const size_t n = (size_t)p->n, values = (size_t)queue->n * (size_t)p->d;
    if (q == NULL)
        return false;
    *q = (loss_queue){.x = queue->x[1 - side],
                      .n = queue->n,
                      .peak = op_scratch(g, n, sizeof(ct_real)),
                      .total = op_scratch(g, n, sizeof(ct_real)),
                      .weight = op_scratch(g, n, sizeof(ct_real)),
                      .z = op_scratch(g, (size_t)SOME * (size_t)queue->n, sizeof(ct_real)),
                      .pull = op_scratch(g, (size_t)SOME * (size_t)p->d, sizeof(ct_real))};
    if (!(p->what & LOSS_DOT)) {
        ct_real *unit = op_scratch(g, values, sizeof *unit),
                *r = op_scratch(g, (size_t)queue->n, sizeof *r);
        if (g->error.status == CT_OK)
            k_normalize_rows(g->device, queue->n, p->d, q->x, CT_NORM_EPS, unit, r);
        q->x = unit;
    }
    if (g->error.status != CT_OK)
        return false;
    p->queue[side] = q;
    for (int i = 0; i < p->n; i += SOME)
        compare(p, side, i, false);
    return true;
}

double loss_queue_back(const loss_pairs *p, int side, ct_real *da)
{
    const loss_queue *q = p->queue[side];
    ct_device *dev = p->y->graph->device;
    double product = 0;
    for (int i = 0; i < p->n; i += SOME) {
        const int rows = some(p, i);
        const size_t at = (size_t)i * (size_t)p->d, size = (size_t)rows * (size_t)p->d;
        compare(p, side, i, true);
        for (int k = 0; k < rows; k++) {
            ct_real *row = q->z + (ptrdiff_t)k * q->n;
            k_scale(dev, (size_t)q->n, p->scale * p->y->dx[0] * q->weight[i + k], row, row);
        }
        k_matmul_nn(dev, rows, p->d, q->n, q->z, q->x, q->pull, false);
        product += (double)k_dot(dev, size, p->x[side] + at, q->pull);
        if (da != NULL)
            k_axpy(dev, size, 1, q->pull, da + at);
    }
    return product;
}
