/* op.h -- what a file needs to define an operation. Private to engine and losses.
 *
 * A builder checks shapes, asks op_new for the tensor, fills y->x (and what
 * backward needs into y->saved) and returns it. The record holds backward, which
 * adds to the dx of y's inputs, given y->dx. It may overwrite y->dx.
 */
#ifndef ENGINE_OP_H
#define ENGINE_OP_H

#include "contrast/ops.h"

struct ct_op {
    const char *name;
    void (*backward)(ct_tensor *y);
};

/* A new tensor made by `op` from up to three inputs (NULL: none): x allocated,
 * not filled, and `saved_bytes` at saved. NULL if memory is short or if the graph
 * already failed. The builder has handled NULL operands. */
ct_tensor *op_new(ct_graph *g, const struct ct_op *op, int rows, int cols, ct_tensor *a,
                  ct_tensor *b, ct_tensor *c, size_t saved_bytes);

/* The same with one input and its shape; NULL if x is. */
ct_tensor *op_like(ct_graph *g, const struct ct_op *op, ct_tensor *x, size_t saved_bytes);

/* Where backward adds dL/dt: zeros, or what others have added. NULL: t is
 * NULL, nobody wants it, or no memory. */
ct_real *op_grad(ct_tensor *t);

/* The same for a backward that can write as well as add. Where *add comes back false nothing is
 * there yet, not even zeros, and the caller writes every element: that saves a pass over all
 * parameters. */
ct_real *op_grad_write(ct_tensor *t, bool *add);

/* Scratch in the graph's arena, until reset. NULL, and the error, if it is full. */
void *op_scratch(ct_graph *g, size_t count, size_t size);

/* Record "op: ..." as the graph's error; NULL, so that a builder can return it. */
ct_tensor *op_fail(ct_graph *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ln(1 + e^x) and 1 / (1 + e^-x), without overflow. */
double op_softplus(double x);
double op_sigmoid(double x);

/* Whether a and b are there and of one shape; if only the shapes differ, that is the graph's error
 * in the name of `who`. */
bool op_match(ct_graph *g, const char *who, const ct_tensor *a, const ct_tensor *b);

static inline size_t op_size(const ct_tensor *t)
{
    return (size_t)t->rows * (size_t)t->cols;
}

static inline bool op_is_scalar(const ct_tensor *t)
{
    return t->rows == 1 && t->cols == 1;
}

#endif
