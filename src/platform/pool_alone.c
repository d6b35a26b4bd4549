/* pool_alone.c -- the team of one, for WebAssembly, where no thread can be started.
 *
 * Layer: platform. */
#ifdef __wasm__
#include "platform/pool.h"

#include "platform/memory.h"

struct ct_pool {
    int n_threads; /* as asked for, so that a device reports the same everywhere */
};

ct_pool *ct_pool_new(int n_threads, ct_error *err)
{
    ct_pool *p = ct_alloc_for("threads", 1, sizeof *p, err);
    if (p != NULL)
        p->n_threads = n_threads;
    return p;
}

void ct_pool_free(ct_pool *p)
{
    ct_free(p);
}

int ct_pool_threads(const ct_pool *p)
{
    return p->n_threads;
}

void ct_pool_run(ct_pool *p, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    (void)p;
    for (int b = 0; b < n_blocks; b++)
        body(ctx, b);
}
#else
typedef int pool_alone; /* ISO C wants something in every file */
#endif
