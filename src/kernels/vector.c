/* vector.c -- sums and loops over ranges: cutting the work into blocks.
 *
 * The loops themselves are in body.h. A range is cut at fixed places (K_GRAIN
 * elements) whatever the number of threads; short ranges stay on the calling
 * thread, where a loop costs less than telling another thread about it.
 *
 * Layer: kernels. */
#include "kernels/isa.h"

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

void k_run(ct_device *dev, k_loop loop, const k_args *args, size_t n, size_t cost)
{
    range_job job = {dev->isa->loop[loop], args, n, K_GRAIN / (cost < K_GRAIN ? cost : K_GRAIN)};
    if (n / 2 < job.grain)
        job.body(args, 0, n);
    else
        k_parallel(dev, (int)((n + job.grain - 1) / job.grain), run_block, &job);
}

/* Block sums, then the blocks in order; a very long sum in rounds of
 * K_MAX_PARTIALS blocks, which changes no order. */
ct_real k_dot(ct_device *dev, size_t n, const ct_real *a, const ct_real *b)
{
    const size_t round = (size_t)K_MAX_PARTIALS * K_BLOCK;
    ct_real total = 0;
    for (size_t i = 0; i < n; i += round) {
        const size_t here = n - i < round ? n - i : round,
                     n_blocks = (here + K_BLOCK - 1) / K_BLOCK;
        k_args args = {.a = a + i, .b = b != NULL ? b + i : NULL, .y = dev->partial, .n = here};
        k_run(dev, K_LOOP(block_sums), &args, n_blocks, K_BLOCK);
        for (size_t k = 0; k < n_blocks; k++)
            total = i + k == 0 ? dev->partial[0] : total + dev->partial[k];
    }
    return total;
}
