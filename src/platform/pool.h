/* pool.h -- a team of threads for loops over blocks. Private.
 *
 * Which thread does which block is left to chance; results must not depend on
 * it, so every block writes its own part and sums are joined by the caller. */
#ifndef PLATFORM_POOL_H
#define PLATFORM_POOL_H

#include "contrast/status.h"

typedef struct ct_pool ct_pool;

/* A team of n threads, the caller being one: n - 1 are started, on the first
 * loop that has more than one block. NULL and err if there is no memory. */
ct_pool *ct_pool_new(int n_threads, ct_error *err);
void ct_pool_free(ct_pool *p); /* accepts NULL */
int ct_pool_threads(const ct_pool *p);

/* Call body(ctx, block) once for each block in [0, n_blocks); return when all
 * are done. One caller at a time; body must not call it again. */
void ct_pool_run(ct_pool *p, int n_blocks, void (*body)(void *ctx, int block), void *ctx);

#endif
