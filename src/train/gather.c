/* gather.c -- see gather.h.
 *
 * Layer: train. Needs data. */
#include "train/gather.h"

#include "kernels/kernels.h"

#define PIECE 64 /* rows that a thread copies at a time */

ct_status ct_gather_open(ct_gather *g, const ct_pairs *pairs, int side, const ct_text_config *text,
                         int rows, ct_device *device, ct_arena *arena, ct_error *err)
{
    const ct_side *s = &pairs->side[side];
    const size_t n = (size_t)rows;
    *g = (ct_gather){.pairs = pairs, .device = device, .side = side};
    if (s->text == NULL) {
        g->x = ct_arena_zeroed(arena, n * (size_t)s->dim, sizeof *g->x);
    } else if (ct_tokens_init(&g->tokens, s->text, s->n_texts, text, err) == CT_OK) {
        g->offset = ct_arena_zeroed(arena, n + 1, sizeof *g->offset);
        g->id = ct_arena_zeroed(arena, n * (size_t)g->tokens.longest + 1, sizeof *g->id);
        g->which = ct_arena_zeroed(arena, n, sizeof *g->which);
    }
    return err->status;
}

void ct_gather_close(ct_gather *g)
{
    ct_tokens_free(&g->tokens);
}

typedef struct rows_job {
    const ct_gather *g;
    const ct_standard *standard;
    const int *items;
    int n;
} rows_job;

static void gather_rows(void *ctx, int block)
{
    const rows_job *j = ctx;
    const int from = block * PIECE, n = j->n - from < PIECE ? j->n - from : PIECE;
    const size_t dim = (size_t)j->g->pairs->side[j->g->side].dim;
    ct_pairs_rows(j->g->pairs, j->g->side, j->standard, j->items + from, n,
                  j->g->x + (size_t)from * dim, CT_IGNORE_ERROR); /* in memory: nothing can fail */
}

ct_batch_side ct_gather_items(ct_gather *g, const ct_standard *standard, const int *items, int n,
                              ct_error *err)
{
    const ct_side *s = &g->pairs->side[g->side];
    if (err->status != CT_OK)
        return (ct_batch_side){.n = n};
    if (s->text == NULL) {
        rows_job job = {g, standard, items, n};
        if (s->file == NULL)
            k_parallel(g->device, (n + PIECE - 1) / PIECE, gather_rows, &job);
        else
            ct_pairs_rows(g->pairs, g->side, standard, items, n, g->x, err);
        return (ct_batch_side){.n = n, .x = g->x};
    }
    for (int i = 0; i < n; i++)
        g->which[i] = s->text_of[items[i]];
    ct_tokens_gather(&g->tokens, g->which, n, g->offset, g->id);
    return (ct_batch_side){.n = n, .offset = g->offset, .id = g->id};
}
