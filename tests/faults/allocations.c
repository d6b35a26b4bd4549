/* allocations.c -- preloaded before the C library, it makes allocations fail.
 *
 *     FAULT_AT=N     the N-th one (1 is the first) has no memory
 *     FAULT_ALONE=   nor have those after it
 *     FAULT_COUNT=F  how many there were is written into this file when the program ends
 *
 * Those of the C library itself count too: of streams, of threads. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_long count;
static long at = -1;
static int on = -1;

/* The next one: is it to fail? */
static int fails(void)
{
    if (at < 0) {
        const char *text = getenv("FAULT_AT");
        const char *alone = getenv("FAULT_ALONE");
        on = alone != NULL && *alone == '\0';
        at = text != NULL ? atol(text) : 0;
    }
    const long n = atomic_fetch_add(&count, 1) + 1;
    if (at == 0 || (n != at && !(on && n > at)))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAULT_COUNT");
    const long n = atomic_load(&count);
    FILE *f;
    at = 0; /* room for the stream */
    if (path == NULL || (f = fopen(path, "w")) == NULL)
        return;
    fprintf(f, "%ld\n", n);
    fclose(f);
}
