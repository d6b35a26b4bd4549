/* arena.c -- blocks that are filled from the front and emptied at once.
 *
 * What is easy to get wrong: a piece that is used after reset still holds
 * plausible numbers, so no test notices. Under AddressSanitizer dead pieces are
 * poisoned, and each piece is followed by a poisoned gap to catch overruns. */
#include "contrast/arena.h"

#include "platform/memory.h"

#include <stdint.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#define GAP            64
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP            0
#endif

#define ALIGN       64
#define FIRST_BLOCK ((size_t)1 << 16)

struct ct_arena_block {
    struct ct_arena_block *older;
    size_t size, used; /* of data */
    unsigned char *data;
};

void ct_arena_open(ct_arena *a, const char *user, size_t limit, ct_error *err)
{
    *a = (ct_arena){.limit = limit, .user = user, .err = err};
}

void ct_arena_init(ct_arena *a, size_t limit)
{
    *a = (ct_arena){.limit = limit};
}

static size_t held(const ct_arena *a)
{
    size_t bytes = 0;
    for (const struct ct_arena_block *b = a->block; b != NULL; b = b->older)
        bytes += b->size;
    return bytes;
}

/* Put a block of at least `need` bytes in front. It doubles what the arena
 * holds, so that n bytes cost log n calls of malloc, but within the limit. */
static bool add_block(ct_arena *a, size_t need)
{
    size_t have = held(a), size = have > FIRST_BLOCK ? have : FIRST_BLOCK;
    if (a->limit != 0) {
        if (need > a->limit - have)
            return false;
        size = size < a->limit - have ? size : a->limit - have;
    }
    size = size > need ? size : need;
    struct ct_arena_block *b = ct_alloc(1, sizeof *b);
    unsigned char *data = ct_alloc(size, 1);
    if (b == NULL || data == NULL) {
        ct_free(b);
        ct_free(data);
        return false;
    }
    *b = (struct ct_arena_block){.older = a->block, .size = size, .data = data};
    POISON(data, size);
    a->block = b;
    return true;
}

static void *no_memory(ct_arena *a, size_t bytes)
{
    if (a->err != NULL)
        CT_FAIL(a->err, CT_ERR_NOMEM, "%s: no memory for %zu bytes",
                a->user != NULL ? a->user : "arena", bytes);
    return NULL;
}

void *ct_arena_alloc(ct_arena *a, size_t bytes)
{
    if (a->err != NULL && a->err->status != CT_OK)
        return NULL;
    const size_t padded = (bytes + GAP + ALIGN - 1) / ALIGN * ALIGN;
    const bool fits = a->block != NULL && padded <= a->block->size - a->block->used;
    if (padded < bytes || !(fits || add_block(a, padded)))
        return no_memory(a, bytes);
    unsigned char *p = a->block->data + a->block->used;
    a->block->used += padded;
    a->used += padded;
    UNPOISON(p, bytes);
    return p;
}

void *ct_arena_zeroed(ct_arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (!ct_size_mul(count, size, &bytes))
        return no_memory(a, SIZE_MAX);
    void *p = ct_arena_alloc(a, bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

char *ct_arena_strdup(ct_arena *a, const char *s)
{
    size_t bytes = strlen(s) + 1;
    char *p = ct_arena_alloc(a, bytes);
    if (p != NULL)
        memcpy(p, s, bytes);
    return p;
}

static void free_blocks(struct ct_arena_block *b)
{
    while (b != NULL) {
        struct ct_arena_block *older = b->older;
        UNPOISON(b->data, b->size);
        ct_free(b->data);
        ct_free(b);
        b = older;
    }
}

void ct_arena_reset(ct_arena *a)
{
    if (a->block == NULL)
        return;
    size_t used = a->used;
    a->used = 0;
    if (a->block->older != NULL) { /* it overflowed: one block for next time */
        free_blocks(a->block);
        a->block = NULL;
        if (!add_block(a, used)) /* no memory now: later calls say so */
            return;
    }
    a->block->used = 0;
    POISON(a->block->data, a->block->size);
}

void ct_arena_free(ct_arena *a)
{
    free_blocks(a->block);
    a->block = NULL;
    a->used = 0;
}
