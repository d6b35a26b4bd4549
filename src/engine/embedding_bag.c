/* embedding_bag.c -- the mean of table rows picked by index.
 *
 * The gradient is sparse: only picked rows are touched. On the way back each thread
 * walks all bags in order for some of the columns, because two bags may pick the
 * same row and the order of additions is part of the result. */
#include "engine/op.h"
#include "kernels/kernels.h"

typedef struct bag_saved {
    const int *offset, *id;
} bag_saved;

/* ---- embedding_bag -------------------------------------------------------
 * forward    y[i,:] = (1/c_i) sum_k table[id[k],:],  c_i ids in bag i
 * backward   dtable[id[k],:] += dy[i,:] / c_i
 */
static void embedding_bag_backward(ct_tensor *y)
{
    const bag_saved *s = y->saved;
    ct_real *dtable = op_grad(y->in[0]);
    if (dtable != NULL)
        k_bag_spread(y->graph->device, y->rows, y->cols, y->dx, s->offset, s->id, dtable);
}

static const struct ct_op EMBEDDING_BAG = {"embedding_bag", embedding_bag_backward};

ct_tensor *ct_embedding_bag(ct_graph *g, ct_tensor *table, int n, const int *offset, const int *id)
{
    if (table == NULL)
        return NULL;
    for (int i = 0; i < n; i++) {
        if (offset[i] < 0 || offset[i] > offset[i + 1])
            return op_fail(g, "embedding_bag: offsets %d, %d of bag %d: expected to rise from 0",
                           offset[i], offset[i + 1], i);
        for (int k = offset[i]; k < offset[i + 1]; k++)
            if (id[k] < 0 || id[k] >= table->rows)
                return op_fail(g, "embedding_bag: id %d in bag %d: the table has rows 0 to %d",
                               id[k], i, table->rows - 1);
    }
    ct_tensor *y = op_new(g, &EMBEDDING_BAG, n, table->cols, table, NULL, NULL, sizeof(bag_saved));
    if (y == NULL)
        return NULL;
    *(bag_saved *)y->saved = (bag_saved){offset, id};
    k_bag_mean(g->device, n, table->cols, table->x, offset, id, y->x);
    return y;
}
