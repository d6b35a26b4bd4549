/* graph.c -- the list of tensors of a step, and the walk back over it.
 *
 *     parameters (nn.c)                      the graph's arena
 *     live as long as the model              dies whole at ct_graph_reset, after each step
 *
 *                                  oldest    [ batch     ]                   |           ^
 *     [ w: x, dx ] <--- borrows -----------  [ w         ]                   | forward   | backward
 *     [ b: x, dx ] <--- borrows -----------  [ b         ]                   | computes, | adds to
 *                                            [ linear    ]  in: batch, w, b  | then      | the dx
 *                                            [ normalize ]  in: linear       | appends   | of in[]
 *                                  newest    [ loss      ]  in: normalize    v           |
 *
 * Gradients are made on the way back, so a forward pass alone costs no memory
 * for them; a tensor that nothing upstream wants has none. */
#include "engine/op.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ct_graph_init(ct_graph *g, ct_device *device, size_t limit)
{
    *g = (ct_graph){.device = device, .arena = {.limit = limit}};
}

void ct_graph_reset(ct_graph *g)
{
    ct_arena_reset(&g->arena);
    *g = (ct_graph){.device = g->device,
                    .arena = g->arena,
                    .training = g->training,
                    .seed = g->seed,
                    .step = g->step};
}

void ct_graph_free(ct_graph *g)
{
    ct_graph_reset(g);
    ct_arena_free(&g->arena);
}

const ct_error *ct_graph_error(const ct_graph *g)
{
    return g->error.status == CT_OK ? NULL : &g->error;
}

void *op_scratch(ct_graph *g, size_t count, size_t size)
{
    ct_graph *owner = g->trunk != NULL ? g->trunk : g; /* of the memory of both branches */
    const ct_tensor *t = g->newest;
    while (__atomic_test_and_set(&owner->busy, __ATOMIC_ACQUIRE))
        ;
    void *p = size != 0 && count > SIZE_MAX / size ? NULL
                                                   : ct_arena_alloc(&owner->arena, count * size);
    if (p == NULL) /* under the lock: in backward both branches report to the same graph */
        CT_FAIL(&g->error, CT_ERR_NOMEM,
                "graph: no memory for %zu values of %zu bytes; the newest tensor is %s (%d, %d)",
                count, size, t != NULL ? t->name : "none", t != NULL ? t->rows : 0,
                t != NULL ? t->cols : 0);
    __atomic_clear(&owner->busy, __ATOMIC_RELEASE);
    return p;
}

ct_tensor *op_fail(ct_graph *g, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CT_FAIL(&g->error, CT_ERR_SHAPE, "%s", text);
    return NULL;
}

bool op_match(ct_graph *g, const char *who, const ct_tensor *a, const ct_tensor *b)
{
    if (a == NULL || b == NULL)
        return false;
    if (a->rows != b->rows || a->cols != b->cols)
        op_fail(g, "%s: a is (%d, %d), b is (%d, %d): shapes must match", who, a->rows, a->cols,
                b->rows, b->cols);
    return a->rows == b->rows && a->cols == b->cols;
}

/* A tensor without values at the end of the list. */
static ct_tensor *append(ct_graph *g, const char *name, int rows, int cols)
{
    if (rows < 1 || cols < 1) {
        CT_FAIL(&g->error, CT_ERR_SHAPE,
                "%s: (%d, %d) is empty; expected a row and a column at least", name, rows, cols);
        return NULL;
    }
    if ((uint64_t)rows * (uint64_t)cols > SIZE_MAX / sizeof(ct_real)) { /* op_size cannot wrap */
        CT_FAIL(&g->error, CT_ERR_NOMEM, "%s: (%d, %d) is more than memory can hold", name, rows,
                cols);
        return NULL;
    }
    ct_tensor *t = g->error.status == CT_OK ? op_scratch(g, 1, sizeof *t) : NULL;
    if (t == NULL)
        return NULL;
    *t = (ct_tensor){.rows = rows, .cols = cols, .name = name, .graph = g, .older = g->newest};
    if (g->newest != NULL)
        g->newest->newer = t;
    else
        g->oldest = t;
    g->newest = t;
    return t;
}

ct_tensor *op_new(ct_graph *g, const struct ct_op *op, int rows, int cols, ct_tensor *a,
                  ct_tensor *b, ct_tensor *c, size_t saved_bytes)
{
    ct_tensor *y = append(g, op->name, rows, cols);
    if (y == NULL)
        return NULL;
    y->op = op;
    y->in[0] = a;
    y->in[1] = b;
    y->in[2] = c;
    for (int i = 0; i < 3; i++)
        y->needs_grad |= y->in[i] != NULL && y->in[i]->needs_grad;
    y->x = op_scratch(g, op_size(y), sizeof *y->x);
    if (saved_bytes > 0)
        y->saved = op_scratch(g, saved_bytes, 1);
    return g->error.status == CT_OK ? y : NULL;
}

ct_tensor *op_like(ct_graph *g, const struct ct_op *op, ct_tensor *x, size_t saved_bytes)
{
    return x != NULL ? op_new(g, op, x->rows, x->cols, x, NULL, NULL, saved_bytes) : NULL;
}

ct_real *op_grad_write(ct_tensor *t, bool *add)
{
    if (t == NULL || !t->needs_grad)
        return NULL;
    *add = t->dx != NULL;
    if (t->dx == NULL)
        t->dx = op_scratch(t->graph, op_size(t), sizeof *t->dx);
    if (t->fresh != NULL) { /* a parameter has room since it was built: what is there may be old */
        *add = !*t->fresh;
        *t->fresh = false;
    }
    return t->dx;
}

ct_real *op_grad(ct_tensor *t)
{
    bool add;
    ct_real *dx = op_grad_write(t, &add);
    if (dx != NULL && !add)
        memset(dx, 0, op_size(t) * sizeof *dx);
    return dx;
}

ct_tensor *ct_leaf(ct_graph *g, int rows, int cols, const ct_real *x)
{
    ct_tensor *t = append(g, "leaf", rows, cols);
    if (t == NULL)
        return NULL;
    t->x = op_scratch(g, op_size(t), sizeof *t->x);
    if (t->x == NULL)
        return NULL;
    memset(t->x, 0, op_size(t) * sizeof *t->x);
    if (x != NULL)
        memcpy(t->x, x, op_size(t) * sizeof *x);
    t->needs_grad = true;
    return t;
}

ct_tensor *ct_constant(ct_graph *g, int rows, int cols, const ct_real *x)
{
    ct_tensor *t = append(g, "constant", rows, cols);
    if (t != NULL)
        t->x = (ct_real *)(uintptr_t)x; /* const is kept: nothing writes to a leaf's x */
    return t;
}

ct_tensor *ct_variable(ct_graph *g, const char *name, int rows, int cols, ct_real *x, ct_real *dx)
{
    ct_tensor *t = append(g, name, rows, cols);
    if (t == NULL)
        return NULL;
    t->x = x;
    t->dx = dx;
    t->needs_grad = true;
    return t;
}

/* Both branches at once; what the first fails by is what g fails by. */
static void run_branches(ct_graph *g, void (*body)(void *ctx, int k), void *ctx)
{
    k_parallel(g->device, 2, body, ctx);
    for (int k = 0; k < 2 && g->error.status == CT_OK; k++)
        g->error = g->branch[k].error;
}

void ct_graph_fork(ct_graph *g, void (*grow)(void *ctx, int k), void *ctx)
{
    CT_ASSERT(g->branch == NULL && g->newest != NULL);
    ct_graph *b = op_scratch(g, 2, sizeof *b);
    if (g->error.status != CT_OK)
        return;
    b[0] = b[1] = *g;
    b[0].trunk = b[1].trunk = g;
    b[0].oldest = b[0].newest = b[1].oldest = b[1].newest = NULL;
    g->branch = b;
    run_branches(g, grow, ctx);
    for (int k = 0; k < 2 && g->error.status == CT_OK; k++) {
        b[k].oldest->older = g->newest;
        g->newest->newer = b[k].oldest;
        g->newest = b[k].newest;
    }
}

/* A tensor is older than all that was made from it. So when the walk arrives at t, everything
 * that could add to t->dx has done so, and t can pass on what it has. This is all of reverse
 * mode: the chain rule, applied once to each operation. */
static void walk_back(const ct_graph *g, ct_tensor *t)
{
    for (; t != NULL && t->graph == g && g->error.status == CT_OK; t = t->older)
        if (t->op != NULL && t->dx != NULL)
            t->op->backward(t);
}

static void walk_branch(void *ctx, int k)
{
    const ct_graph *g = ctx;
    walk_back(&g->branch[k], g->branch[k].newest);
}

void ct_backward(ct_graph *g, ct_tensor *y, const ct_real *seed)
{
    if (y == NULL || g->error.status != CT_OK)
        return;
    ct_real *dy = op_grad(y);
    for (size_t i = 0; dy != NULL && i < op_size(y); i++)
        dy[i] += seed != NULL ? seed[i] : 1;
    walk_back(g, y);
    if (g->branch == NULL || g->error.status != CT_OK)
        return;
    run_branches(g, walk_branch, g);
    walk_back(g, g->branch[0].oldest->older);
}

static bool all_finite(const ct_real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

const ct_tensor *ct_graph_first_bad(const ct_graph *g, bool gradients)
{
    const ct_tensor *t = gradients ? g->newest : g->oldest;
    for (; t != NULL; t = gradients ? t->older : t->newer) {
        const ct_real *values = gradients ? t->dx : t->x;
        if (values != NULL && !all_finite(values, op_size(t)))
            return t;
    }
    return NULL;
}
