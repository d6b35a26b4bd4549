/* memory.h -- the one door to malloc, so that a test can shut it. Private. */
#ifndef PLATFORM_MEMORY_H
#define PLATFORM_MEMORY_H

#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>

/* count * size bytes, aligned to 64, not cleared; NULL if there is no memory or
 * the product overflows. Free with ct_free, which accepts NULL. */
void *ct_alloc(size_t count, size_t size);
void *ct_alloc_zeroed(size_t count, size_t size);
void ct_free(void *p);

/* The same, cleared; NULL is reported in err as "USER: no memory for N bytes", and
 * also what comes once err is set. */
void *ct_alloc_for(const char *user, size_t count, size_t size, ct_error *err);

/* Checked arithmetic on sizes that come from outside: false on overflow. */
bool ct_size_mul(size_t a, size_t b, size_t *out);
bool ct_size_add(size_t a, size_t b, size_t *out);

/* From here on freed memory is kept for what comes next, up to 256 MiB: giving pages back and
 * getting them anew is a tenth of a short run's time. Only where libc is glibc. */
void ct_memory_keep(void);

/* For tests: the n-th allocation from now fails (0 is the next one), once;
 * -1 turns it off. An allocation of more than `most` bytes fails. ct_alloc_count:
 * allocations since the program began. */
void ct_alloc_fail_at(long n);
void ct_alloc_most(size_t most);
long ct_alloc_count(void);

#endif
