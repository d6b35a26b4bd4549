/* memory.c -- malloc with alignment, checked sizes and a switch for tests.
 *
 * These three numbers are the library's only global state; they exist for tests
 * (a warm step allocates nothing; every allocation may fail) and no result
 * depends on them. Atomic, since any thread may allocate. */
#include "platform/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define ALIGN 64 /* a cache line, and the widest vector */

static atomic_long fail_in = -1;
static atomic_size_t most_bytes = SIZE_MAX;
static atomic_long n_allocations;

bool ct_size_mul(size_t a, size_t b, size_t *out)
{
    *out = a * b;
    return a == 0 || b <= SIZE_MAX / a;
}

bool ct_size_add(size_t a, size_t b, size_t *out)
{
    *out = a + b;
    return b <= SIZE_MAX - a;
}

void ct_memory_keep(void)
{
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    mallopt(M_MMAP_THRESHOLD, 1 << 25);
#endif
}

void *ct_alloc(size_t count, size_t size)
{
    size_t bytes, padded;
    if (!ct_size_mul(count, size, &bytes) || !ct_size_add(bytes, ALIGN, &padded))
        return NULL;
    atomic_fetch_add(&n_allocations, 1);
    const bool fails = atomic_load(&fail_in) >= 0 && atomic_fetch_sub(&fail_in, 1) == 0;
    if (fails || bytes > atomic_load(&most_bytes))
        return NULL;
    return aligned_alloc(ALIGN, padded / ALIGN * ALIGN); /* a multiple, as C11 asks */
}

void *ct_alloc_zeroed(size_t count, size_t size)
{
    void *p = ct_alloc(count, size);
    if (p != NULL)
        memset(p, 0, count * size);
    return p;
}

void *ct_alloc_for(const char *user, size_t count, size_t size, ct_error *err)
{
    void *p = err->status == CT_OK ? ct_alloc_zeroed(count, size) : NULL;
    if (p == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for %zu x %zu bytes", user, count, size);
    return p;
}

void ct_free(void *p)
{
    free(p);
}

void ct_alloc_fail_at(long n)
{
    atomic_store(&fail_in, n);
}

void ct_alloc_most(size_t most)
{
    atomic_store(&most_bytes, most);
}

long ct_alloc_count(void)
{
    return atomic_load(&n_allocations);
}
