/* normalize.c -- scale every row of a matrix to unit length.
 *
 * Both encoders end here, so that a dot product between two embeddings is
 * their cosine; the losses and the retrieval metrics rely on it.
 *
 * Three things are easy to get wrong:
 *
 *  - A row shorter than eps is divided by eps. Its divisor is then a constant,
 *    so the gradient has no projection term. The two branches meet in a kink
 *    at |x| = eps; tests stay away from it on both sides.
 *  - Above eps the gradient is orthogonal to the row: moving along x does not
 *    change y. This is why a collapsed batch is exactly stationary.
 *  - Backward reads the output y instead of x/r: same number, no extra array. */
#include "engine/op.h"
#include "kernels/kernels.h"

typedef struct normalize_saved {
    ct_real eps;
    ct_real *r; /* (n) divisors */
} normalize_saved;

/* ---- normalize_rows ------------------------------------------------------
 * forward    r_i = max(|x_i|, eps)      y_i   = x_i / r_i
 * backward   c_i = <dy_i, y_i>          dx_i += (dy_i - c_i y_i) / r_i
 *            with c_i = 0 where r_i was clamped to eps
 */
static void normalize_rows_backward(ct_tensor *y)
{
    const normalize_saved *s = y->saved;
    ct_real *dx = op_grad(y->in[0]);
    if (dx != NULL)
        k_normalize_rows_grad(y->graph->device, y->rows, y->cols, y->x, s->r, s->eps, y->dx, dx,
                              true);
}

static const struct ct_op NORMALIZE_ROWS = {"normalize_rows", normalize_rows_backward};

ct_tensor *ct_normalize_rows(ct_graph *g, ct_tensor *x, ct_real eps)
{
    CT_ASSERT(eps > 0);
    ct_tensor *y = op_like(g, &NORMALIZE_ROWS, x, sizeof(normalize_saved));
    if (y == NULL)
        return NULL;
    normalize_saved *s = y->saved;
    *s = (normalize_saved){eps, op_scratch(g, (size_t)x->rows, sizeof *s->r)};
    if (s->r == NULL)
        return NULL;
    k_normalize_rows(g->device, x->rows, x->cols, x->x, eps, y->x, s->r);
    return y;
}
