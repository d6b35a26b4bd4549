/* arena.h -- memory that is freed all at once.
 *
 * A training step allocates many small arrays and frees them together: an arena hands out pieces of
 * a block and takes all of them back in one reset. When a block is full another one is added; the
 * next reset replaces them by one block that would have held everything, so a warm step never
 * reaches malloc. Pieces are poisoned under AddressSanitizer once they are dead. */
#ifndef CT_ARENA_H
#define CT_ARENA_H

#include "contrast/status.h"

#include <stddef.h>

CT_C_BEGIN

typedef struct ct_arena {
    struct ct_arena_block *block; /* newest block; each leads to an older one */
    size_t used;                  /* bytes handed out since the last reset    */
    size_t limit;                 /* most bytes the arena may hold; 0 = none  */
    const char *user;             /* whose memory it is, for the error: "sweep", a path */
    ct_error *err;                /* or NULL: its user looks for NULL after each call   */
} ct_arena;

/* Prepare an arena of at most `limit` bytes (0: no limit). Allocates nothing.
 *
 * An allocation that fails is reported in `err` as "USER: no memory for N bytes",
 * once; it and all later ones return NULL, also once something else has failed in
 * `err`. So the user asks for all that it needs and looks once. `user` and `err`
 * are borrowed: an arena that outlives them is given others, by assignment. */
void ct_arena_open(ct_arena *a, const char *user, size_t limit, ct_error *err);

/* The same without an error to report to. */
void ct_arena_init(ct_arena *a, size_t limit);

/* `bytes` bytes aligned to 64, not cleared; NULL if memory or the limit is
 * reached. Owned by the arena; valid until reset or free. */
void *ct_arena_alloc(ct_arena *a, size_t bytes);

/* The same, for `count` items of `size` bytes, all zero. NULL on overflow too. */
void *ct_arena_zeroed(ct_arena *a, size_t count, size_t size);

/* Copy of a string. Owned by the arena. */
char *ct_arena_strdup(ct_arena *a, const char *s);

/* Everything handed out is dead; the memory is kept for the next round. */
void ct_arena_reset(ct_arena *a);

/* Give the memory back. The arena may be used again. */
void ct_arena_free(ct_arena *a);

CT_C_END
#endif
