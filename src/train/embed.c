/* embed.c -- items are gathered, and the towers make embeddings of them. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* ---- gathering ---- */

void ct_gather_open(ct_gather *g, const ct_pairs *pairs, int side, const ct_text_config *text,
                    const ct_standard *standard, int rows, ct_arena *arena, ct_error *err)
{
    const ct_side *s = &pairs->side[side];
    const size_t n = (size_t)rows;
    *g = (ct_gather){.pairs = pairs, .standard = standard, .side = side};
    if (s->text == NULL) {
        g->x = ct_arena_zeroed(arena, n * (size_t)s->dim, sizeof *g->x);
    } else if (ct_tokens_init(&g->tokens, s->text, s->n_texts, text, arena, err) == CT_OK) {
        g->offset = ct_arena_zeroed(arena, n + 1, sizeof *g->offset);
        g->id = ct_arena_zeroed(arena, n * (size_t)g->tokens.longest + 1, sizeof *g->id);
        g->which = ct_arena_zeroed(arena, n, sizeof *g->which);
    }
}

ct_batch_side ct_gather_items(ct_gather *g, const int *items, int n, ct_error *err)
{
    const ct_side *s = &g->pairs->side[g->side];
    if (s->text == NULL)
        ct_pairs_rows(g->pairs, g->side, g->standard, items, n, g->x, err);
    for (int i = 0; i < n && s->text != NULL; i++)
        g->which[i] = s->text_of[items[i]];
    if (s->text != NULL)
        ct_tokens_gather(&g->tokens, g->which, n, g->offset, g->id);
    return (ct_batch_side){.n = n, .x = g->x, .offset = g->offset, .id = g->id};
}

/* ---- embeddings ---- */

static ct_status embed(ct_trainer *t, ct_gather *g, const int *items, int n, ct_real *out,
                       ct_error *err)
{
    const size_t d = (size_t)ct_trainer_width(t);
    t->graph.training = false;
    for (int i = 0; i < n && err->status == CT_OK; i += CT_EMBED_ROWS) {
        const int here = n - i < CT_EMBED_ROWS ? n - i : CT_EMBED_ROWS;
        const ct_batch_side in = ct_gather_items(g, items + i, here, err);
        ct_graph_reset(&t->graph);
        const ct_tensor *z = err->status == CT_OK
                                 ? ct_two_tower_embed(&t->graph, &t->model, g->side, &in)
                                 : NULL;
        ct_trainer_graph_error(t, err);
        if (z != NULL)
            memcpy(out + (size_t)i * d, z->x, (size_t)here * d * sizeof *out);
    }
    return err->status;
}

ct_status ct_trainer_embed(ct_trainer *t, int side, const int *items, int n, ct_real *out,
                           ct_error *err)
{
    return embed(t, &t->gather[side], items, n, out, err);
}

ct_status ct_trainer_embed_pairs(ct_trainer *t, int side, const ct_pairs *from, const int *items,
                                 int n, ct_real *out, ct_error *err)
{
    const ct_side *s = &from->side[side], *own = &t->pairs->side[side];
    ct_gather g;
    ct_arena arena;
    if ((s->text != NULL) != (own->text != NULL))
        return CT_FAIL(err, CT_ERR_FORMAT, "embed: the file holds %s, the run's tower reads %s",
                       s->text != NULL ? "texts" : "numbers",
                       own->text != NULL ? "texts" : "numbers");
    if (s->text == NULL && s->dim != own->dim)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "embed: the file holds rows of %d value%s, the run's tower reads %d", s->dim,
                       CT_S(s->dim), own->dim);
    ct_arena_open(&arena, "embed", 0, err);
    ct_gather_open(&g, from, side, &t->recipe.tower[side].text, &t->standard[side],
                   n < CT_EMBED_ROWS ? n : CT_EMBED_ROWS, &arena, err);
    embed(t, &g, items, n, out, err);
    ct_arena_free(&arena);
    return err->status;
}

void ct_unit_rows(ct_real *x, int n, int d)
{
    for (int i = 0; i < n; i++, x += d) {
        double square = 0;
        for (int k = 0; k < d; k++)
            square += (double)x[k] * (double)x[k];
        const double r = fmax(sqrt(square), (double)CT_NORM_EPS);
        for (int k = 0; k < d; k++)
            x[k] = (ct_real)((double)x[k] / r);
    }
}

ct_status ct_trainer_embed_texts(ct_trainer *t, int side, const char *const *text, int n,
                                 ct_real *out, ct_error *err)
{
    ct_pairs typed = {.n = n};
    ct_arena arena;
    ct_arena_open(&arena, "embed", 0, err);
    int *item = ct_arena_zeroed(&arena, (size_t)n, sizeof *item);
    if (item != NULL) {
        for (int i = 0; i < n; i++)
            item[i] = i;
        typed.side[side] = (ct_side){.n = n, .text = text, .n_texts = n, .text_of = item};
        ct_trainer_embed_pairs(t, side, &typed, item, n, out, err);
    }
    ct_arena_free(&arena);
    return err->status;
}
