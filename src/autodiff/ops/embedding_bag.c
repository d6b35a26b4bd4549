/* embedding_bag.c -- the mean of table rows picked by index.
 *
 * The gradient is sparse: only picked rows are touched. Bags are walked in
 * order on one thread, because two bags may pick the same row and the order of
 * additions is part of the result.
 *
 * Layer: autodiff. Needs kernels (axpy). */
#include "autodiff/op.h"
#include "kernels/kernels.h"

#include <string.h>

typedef struct bag_saved {
    const int *offset, *id;
} bag_saved;

/* ---- embedding_bag -------------------------------------------------------
 * forward    y[i,:] = (1/c_i) sum_k table[id[k],:],  c_i ids in bag i
 * backward   dtable[id[k],:] += dy[i,:] / c_i
 */
static void embedding_bag_forward(ct_tensor *y)
{
    const ct_tensor *table = y->in[0];
    const bag_saved *s = y->saved;
    const size_t     d = (size_t)y->cols;
    memset(y->x, 0, op_size(y) * sizeof *y->x);
    for (int i = 0; i < y->rows; i++) {
        const int count = s->offset[i + 1] - s->offset[i];
        ct_real  *yi = y->x + (size_t)i * d;
        for (int k = s->offset[i]; k < s->offset[i + 1]; k++)
            k_axpy(y->graph->device, d, 1, table->x + (size_t)s->id[k] * d, yi);
        if (count > 0)
            k_scale(y->graph->device, d, 1 / (ct_real)count, yi, yi);
    }
}

static void embedding_bag_backward(ct_tensor *y)
{
    const bag_saved *s = y->saved;
    const size_t     d = (size_t)y->cols;
    ct_real         *dtable = op_grad(y->in[0], NULL);
    for (int i = 0; dtable != NULL && i < y->rows; i++) {
        const ct_real share = 1 / (ct_real)(s->offset[i + 1] - s->offset[i]);
        for (int k = s->offset[i]; k < s->offset[i + 1]; k++)
            k_axpy(y->graph->device, d, share, y->dx + (size_t)i * d, dtable + (size_t)s->id[k] * d);
    }
}

static const struct ct_op EMBEDDING_BAG = {"embedding_bag", embedding_bag_backward};

ct_tensor *ct_embedding_bag(ct_graph *g, ct_tensor *table, int n, const int *offset, const int *id)
{
    if (table == NULL)
        return NULL;
    for (int i = 0; i < n; i++) {
        if (offset[i] < 0 || offset[i] > offset[i + 1])
            return op_fail(g, "embedding_bag: offsets %d, %d of bag %d: expected to rise from 0", offset[i],
                           offset[i + 1], i);
        for (int k = offset[i]; k < offset[i + 1]; k++)
            if (id[k] < 0 || id[k] >= table->rows)
                return op_fail(g, "embedding_bag: id %d in bag %d: the table has rows 0 to %d", id[k], i,
                               table->rows - 1);
    }
    ct_tensor *y = op_new(g, &EMBEDDING_BAG, n, table->cols, table, NULL, NULL, sizeof(bag_saved));
    if (y == NULL)
        return NULL;
    *(bag_saved *)y->saved = (bag_saved){offset, id};
    embedding_bag_forward(y);
    return y;
}
