/* device.c -- choosing the loops, owning the threads, and cutting ranges into blocks for them. */
#include "kernels/isa.h"

#include "platform/machine.h"
#include "platform/memory.h"

#include <string.h>

static const k_isa *find_isa(const char *name)
{
    const k_isa *here[] = {
    /* what this processor has, the widest first */
#ifdef K_HAVE_X86
        ct_cpu_has_avx512() ? &k_isa_avx512 : NULL,
        ct_cpu_has_avx2() ? &k_isa_avx2 : NULL,
#endif
        &k_isa_portable,
    };
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        if (here[i] != NULL && (name == NULL || strcmp(name, here[i]->name) == 0))
            return here[i];
    return NULL;
}

ct_device *ct_device_new(int threads, const char *isa, ct_error *err)
{
    const k_isa *found = find_isa(isa);
    if (found == NULL)
        CT_FAIL(err, CT_ERR_CONFIG,
                "instruction set \"%s\" is not one of this processor's; try portable", isa);
    if (threads < 0 || threads > 1024)
        CT_FAIL(err, CT_ERR_CONFIG, "%d threads: expected 1 to 1024, or 0 for all", threads);
    ct_device *dev = ct_alloc_for("device", 1, sizeof *dev, err);
    if (dev == NULL)
        return NULL;
    dev->isa = found;
    dev->pool = ct_pool_new(threads > 0 ? threads : ct_cpu_count(), err);
    if (err->status != CT_OK) {
        ct_device_free(dev);
        return NULL;
    }
    return dev;
}

void ct_device_free(ct_device *dev)
{
    if (dev == NULL)
        return;
    ct_pool_free(dev->pool);
    ct_free(dev);
}

const char *ct_device_isa(const ct_device *dev)
{
    return dev->isa->name;
}

int ct_device_threads(const ct_device *dev)
{
    return ct_pool_threads(dev->pool);
}

void k_parallel(ct_device *dev, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    ct_pool_run(dev->pool, n_blocks, body, ctx);
}

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
 * SOME blocks, which changes no order. */
ct_real k_dot(ct_device *dev, size_t n, const ct_real *a, const ct_real *b)
{
    enum { SOME = 1024 };
    const size_t round = (size_t)SOME * K_BLOCK;
    ct_real total = 0, partial[SOME];
    for (size_t i = 0; i < n; i += round) {
        const size_t here = n - i < round ? n - i : round,
                     n_blocks = (here + K_BLOCK - 1) / K_BLOCK;
        k_args args = {.a = a + i, .b = b != NULL ? b + i : NULL, .y = partial, .n = here};
        k_run(dev, K_LOOP(block_sums), &args, n_blocks, K_BLOCK);
        for (size_t k = 0; k < n_blocks; k++)
            /* cppcheck-suppress uninitvar -- the kernel fills them */
            total = i + k == 0 ? partial[0] : total + partial[k];
    }
    return total;
}
