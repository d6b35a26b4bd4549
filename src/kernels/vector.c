/* vector.c -- sums, elementwise and row kernels: cutting the work into blocks.
 *
 * The loops themselves are in body.h. A range is cut at fixed places (GRAIN
 * elements) whatever the number of threads; short ranges stay on the calling
 * thread, where a loop costs less than telling another thread about it.
 *
 * Layer: kernels. */
#include "kernels/isa.h"

#include <math.h>

#define GRAIN       (4 * K_BLOCK) /* cheap elements a block; twice this before threads pay */
#define BAG_COLUMNS 32            /* of a table, a block at least: two cache lines of a row   */
#define DEAR        4             /* an element of exp, a division, ... counts as so many     */

typedef struct range_job {
    k_range body;
    const k_args *args;
    size_t n, grain; /* items in all, items a block */
} range_job;

static void run_block(void *ctx, int block)
{
    const range_job *j = ctx;
    size_t from = (size_t)block * j->grain, to = from + j->grain;
    j->body(j->args, from, to < j->n ? to : j->n);
}

/* n items of `cost` elements each (an element is an item of cost 1). */
static void run(ct_device *dev, k_range body, const k_args *args, size_t n, size_t cost)
{
    range_job job = {body, args, n, GRAIN / (cost < GRAIN ? cost : GRAIN)};
    if (n / 2 < job.grain)
        body(args, 0, n);
    else
        k_parallel(dev, (int)((n + job.grain - 1) / job.grain), run_block, &job);
}

/* ---- sums ---- */

/* Block sums, then the blocks in order; a very long sum in rounds of
 * K_MAX_PARTIALS blocks, which changes no order. */
static ct_real sum_blocks(ct_device *dev, size_t n, const ct_real *a, const ct_real *b)
{
    const size_t round = (size_t)K_MAX_PARTIALS * K_BLOCK;
    ct_real total = 0;
    for (size_t i = 0; i < n; i += round) {
        const k_args args = {.a = a + i,
                             .b = b != NULL ? b + i : NULL,
                             .y = dev->partial,
                             .n = n - i < round ? n - i : round};
        const size_t n_blocks = (args.n + K_BLOCK - 1) / K_BLOCK;
        run(dev, dev->isa->block_sums, &args, n_blocks, K_BLOCK);
        for (size_t k = 0; k < n_blocks; k++)
            total = i + k == 0 ? dev->partial[0] : total + dev->partial[k];
    }
    return total;
}

ct_real k_dot(ct_device *dev, size_t n, const ct_real *a, const ct_real *b)
{
    return sum_blocks(dev, n, a, b);
}

ct_real k_sum(ct_device *dev, size_t n, const ct_real *x)
{
    return sum_blocks(dev, n, x, NULL);
}

/* ---- elementwise ---- */

void k_axpy(ct_device *dev, size_t n, ct_real a, const ct_real *x, ct_real *y)
{
    run(dev, dev->isa->axpy, &(k_args){.a = x, .y = y, .p = {a}}, n, 1);
}

void k_scale(ct_device *dev, size_t n, ct_real a, const ct_real *x, ct_real *y)
{
    run(dev, dev->isa->scale, &(k_args){.a = x, .y = y, .p = {a}}, n, 1);
}

void k_add(ct_device *dev, size_t n, const ct_real *a, const ct_real *b, ct_real *y)
{
    run(dev, dev->isa->add, &(k_args){.a = a, .b = b, .y = y}, n, 1);
}

void k_muladd(ct_device *dev, size_t n, const ct_real *a, const ct_real *b, ct_real *y)
{
    run(dev, dev->isa->muladd, &(k_args){.a = a, .b = b, .y = y}, n, 1);
}

void k_exp(ct_device *dev, size_t n, const ct_real *x, ct_real *y)
{
    run(dev, dev->isa->exp, &(k_args){.a = x, .y = y}, n, DEAR);
}

void k_log(ct_device *dev, size_t n, const ct_real *x, ct_real *y)
{
    run(dev, dev->isa->log, &(k_args){.a = x, .y = y}, n, DEAR);
}

void k_activation(ct_device *dev, ct_activation f, size_t n, const ct_real *z, ct_real *y)
{
    run(dev, dev->isa->activation, &(k_args){.a = z, .y = y, .f = f}, n, DEAR);
}

void k_activation_grad(ct_device *dev, ct_activation f, size_t n, const ct_real *z,
                       const ct_real *y, const ct_real *dy, ct_real *dz)
{
    run(dev, dev->isa->activation_grad, &(k_args){.a = z, .b = y, .c = dy, .y = dz, .f = f}, n,
        DEAR);
}

/* ---- rows and columns ---- */

void k_row_dots(ct_device *dev, int n, int d, const ct_real *a, const ct_real *b, ct_real *y)
{
    run(dev, dev->isa->row_dots, &(k_args){.a = a, .b = b, .y = y, .m = d}, (size_t)n, (size_t)d);
}

void k_normalize_rows(ct_device *dev, int n, int d, const ct_real *x, ct_real eps, ct_real *y,
                      ct_real *r)
{
    run(dev, dev->isa->normalize_rows, &(k_args){.a = x, .y = y, .y2 = r, .p = {eps}, .m = d},
        (size_t)n, (size_t)d);
}

void k_normalize_rows_grad(ct_device *dev, int n, int d, const ct_real *y, const ct_real *r,
                           ct_real eps, const ct_real *dy, ct_real *dx, bool add)
{
    run(dev, dev->isa->normalize_rows_grad,
        &(k_args){.a = y, .b = r, .c = dy, .y = dx, .p = {eps}, .m = d, .add = add}, (size_t)n,
        (size_t)d);
}

void k_row_exp_sums(ct_device *dev, int n, int m, const ct_real *x, ct_real *peak, ct_real *total,
                    ct_real *y)
{
    run(dev, dev->isa->row_exp_sums, &(k_args){.a = x, .y = peak, .y2 = total, .y3 = y, .m = m},
        (size_t)n, (size_t)m);
}

void k_col_exp_sums(ct_device *dev, int n, int m, const ct_real *x, ct_real *peak, ct_real *total,
                    ct_real *y)
{
    run(dev, dev->isa->col_exp_sums,
        &(k_args){.a = x, .y = peak, .y2 = total, .y3 = y, .m = n, .stride = m}, (size_t)m,
        (size_t)n);
}

/* ---- picked rows ---- */

void k_bag_mean(ct_device *dev, int n, int d, const ct_real *table, const int *offset,
                const int *id, ct_real *y)
{
    const size_t cost = (size_t)d * (size_t)(1 + (offset[n] - offset[0]) / n);
    run(dev, dev->isa->bag_mean, &(k_args){.a = table, .y = y, .m = d, .offset = offset, .id = id},
        (size_t)n, cost);
}

void k_bag_spread(ct_device *dev, int n, int d, const ct_real *dy, const int *offset, const int *id,
                  ct_real *dtable)
{
    const size_t picks = 1 + (size_t)(offset[n] - offset[0]), most = GRAIN / BAG_COLUMNS;
    run(dev, dev->isa->bag_spread,
        &(k_args){.a = dy, .y = dtable, .m = d, .stride = n, .offset = offset, .id = id}, (size_t)d,
        picks < most ? picks : most);
}

void k_dropout(ct_device *dev, size_t n, size_t first, const ct_random *r, uint32_t threshold,
               ct_real keep, const ct_real *x, ct_real *mask, ct_real *y)
{
    run(dev, dev->isa->dropout,
        &(k_args){.a = x,
                  .y = y,
                  .y2 = mask,
                  .p = {keep},
                  .random = *r,
                  .threshold = threshold,
                  .n = n,
                  .stride = (int)(first / 4)},
        (n + 3) / 4, 4 * DEAR);
}

/* ---- optimisers ---- */

void k_sgd(ct_device *dev, size_t n, ct_real rate, ct_real momentum, ct_real decay,
           const ct_real *dx, ct_real *m, ct_real *x)
{
    run(dev, dev->isa->sgd, &(k_args){.a = dx, .y = m, .y2 = x, .p = {rate, momentum, decay}}, n,
        1);
}

void k_adamw(ct_device *dev, size_t n, const k_adamw_args *p, const ct_real *dx, ct_real *m,
             ct_real *v, ct_real *x)
{
    const k_args args = {.a = dx,
                         .y = m,
                         .y2 = v,
                         .y3 = x,
                         .p = {1 - p->rate * p->decay, p->beta1, 1 - p->beta1, p->beta2,
                               1 - p->beta2, p->rate / p->bias1,
                               1 / (ct_real)sqrt((double)p->bias2), p->eps}};
    run(dev, dev->isa->adamw, &args, n, DEAR);
}
