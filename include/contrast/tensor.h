/* tensor.h -- matrices that remember how they were made.
 *
 * A graph is the list of all tensors of one training step, oldest first. An operation (ops.h)
 * computes its result when it is called and appends it, so the list is in topological order and
 * backward is one loop, newest first. Everything in a graph lives in its arena and dies at
 * ct_graph_reset. Code, and a drawing, in src/engine/graph.c.
 *
 *     ct_graph g;
 *     ct_graph_init(&g, device, 0);
 *     ct_tensor *x = ct_leaf(&g, 1, 2, (ct_real[]){3, 4});
 *     ct_tensor *y = ct_normalize_rows(&g, x, 1e-6f);   // (0.6, 0.8)
 *     ct_backward(&g, y, (ct_real[]){1, 0});            // x->dx is dy0/dx
 *     ct_graph_free(&g); */
#ifndef CT_TENSOR_H
#define CT_TENSOR_H

#include "contrast/arena.h"
#include "contrast/device.h"
#include "contrast/real.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stdint.h>

CT_C_BEGIN

typedef struct ct_tensor ct_tensor;
typedef struct ct_graph ct_graph;

/* A matrix, row-major, of at least one row and one column (CT_ERR_SHAPE on the
 * graph otherwise). Owned by its graph; valid until reset. */
struct ct_tensor {
    int rows, cols;
    ct_real *x;       /* values (rows, cols)                            */
    ct_real *dx;      /* dL/dx, same shape; NULL until backward comes   */
    bool needs_grad;  /* a leaf that wants it, or made from such a one  */
    bool *fresh;      /* of a parameter: what dx holds is old; or NULL  */
    const char *name; /* of a parameter or an operation, for messages   */

    /* How it was made; for operations only. */
    const struct ct_op *op; /* NULL for leaves and constants                  */
    ct_tensor *in[3];
    void *saved; /* what forward keeps for backward             */
    ct_graph *graph;
    ct_tensor *older, *newer;
};

struct ct_graph {
    ct_device *device;
    ct_arena arena;
    ct_tensor *oldest, *newest;
    ct_error error;   /* the first failure since reset                     */
    bool training;    /* dropout drops; false after init                   */
    uint64_t seed;    /* of dropout                                        */
    uint64_t step;    /* of dropout: the caller counts training steps      */
    uint32_t n_drops; /* dropout operations since reset                    */
    int first_row; /* of dropout: which row of the batch is this graph's first, a multiple of 4 */
    ct_graph *branch, *trunk; /* of ct_graph_fork, or NULL */
    bool busy;                /* a thread takes memory from the arena */
};

/* An empty graph whose arena may grow to `limit` bytes (0: no limit). */
void ct_graph_init(ct_graph *g, ct_device *device, size_t limit);
void ct_graph_reset(ct_graph *g); /* forget all tensors and the error */
void ct_graph_free(ct_graph *g);
const ct_error *ct_graph_error(const ct_graph *g); /* the first since reset, or NULL */

/* Once a step: two parts that need nothing of each other, as two towers do. grow(ctx, 0) and
 * grow(ctx, 1) make tensors in g->branch[0] and [1], at least one, each on its own thread. Both
 * begin with g's n_drops: a branch that drops must set its own, or two dropouts draw the same
 * numbers. Then they are in the list of g, first those of branch 0, and ct_backward of what is made
 * of both comes back in the same way. Errors, on g: those of the branches */
void ct_graph_fork(ct_graph *g, void (*grow)(void *ctx, int k), void *ctx);

/* The oldest tensor that holds a NaN or an infinity, or NULL: where a loss
 * that is not finite came from. With `gradients`, look at dx, newest first. */
const ct_tensor *ct_graph_first_bad(const ct_graph *g, bool gradients);

/* Tensors that no operation made. Errors, on the graph: CT_ERR_NOMEM;
 * CT_ERR_SHAPE if rows or cols is below 1.
 *
 * leaf      copy of x (NULL: zeros) in the graph; gets a gradient
 * constant  borrows x, which must outlive the graph's step; no gradient
 * variable  borrows x and dx, e.g. a parameter; backward adds to dx */
ct_tensor *ct_leaf(ct_graph *g, int rows, int cols, const ct_real *x);
ct_tensor *ct_constant(ct_graph *g, int rows, int cols, const ct_real *x);
ct_tensor *ct_variable(ct_graph *g, const char *name, int rows, int cols, ct_real *x, ct_real *dx);

/* Add dL/dx to the dx of every tensor y was made from, where L = <seed, y>; seed has y's shape,
 * NULL means ones. Check ct_graph_error first. Call it once a step: a second call passes on again
 * what the first left in dx of tensors older than its y and, after ct_graph_fork, of both branches.
 * Two outputs need no fork, no common operation, the newer first. Errors: CT_ERR_NOMEM on g. */
void ct_backward(ct_graph *g, ct_tensor *y, const ct_real *seed);

CT_C_END
#endif
