/* search.c -- the nearest of some thousands of rows, by looking at all of them. */
#include "lab/search.h"

ct_status ct_search_init(ct_search *s, ct_trainer *t, ct_split split, ct_error *err)
{
    *s = (ct_search){.t = t, .items = t->pairs->index[split]};
    ct_arena_open(&s->arena, "search", 0, err);
    const ct_embedded e = ct_trainer_embedded(t, split, 0, &s->arena, err);
    s->n = e.n;
    s->d = e.d;
    for (int side = 0; side < 2 && err->status == CT_OK; side++) {
        s->unit[side] = (ct_real *)(side == 0 ? e.a : e.b); /* of its arena, which is ours */
        ct_unit_rows(s->unit[side], s->n, s->d);
    }
    return err->status;
}

void ct_search_free(ct_search *s)
{
    ct_arena_free(&s->arena);
}

static int nearest(const ct_search *s, const ct_real *query, int side, int k, ct_hit *hit)
{
    int n = 0;
    for (int i = 0; i < s->n && k > 0; i++) {
        const ct_real *row = s->unit[side] + (size_t)i * (size_t)s->d;
        double score = 0;
        for (int j = 0; j < s->d; j++)
            score += (double)query[j] * (double)row[j];
        if (n == k && score <= hit[n - 1].score)
            continue;
        int at = n < k ? n++ : n - 1; /* its place among the best so far */
        for (; at > 0 && score > hit[at - 1].score; at--)
            hit[at] = hit[at - 1];
        hit[at] = (ct_hit){i, score};
    }
    return n;
}

int ct_search_text(const ct_search *s, const char *text, int side, int k, ct_hit *hit,
                   ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "search", 0, err);
    ct_real *query = ct_arena_zeroed(&arena, (size_t)s->d, sizeof *query);
    int n = -1;
    if (query != NULL && ct_trainer_embed_texts(s->t, 1 - side, &text, 1, query, err) == CT_OK) {
        ct_unit_rows(query, 1, s->d);
        n = nearest(s, query, side, k, hit);
    }
    ct_arena_free(&arena);
    return n;
}

int ct_search_item(const ct_search *s, int at, int side, int k, ct_hit *hit)
{
    CT_ASSERT(at >= 0 && at < s->n);
    return nearest(s, s->unit[1 - side] + (size_t)at * (size_t)s->d, side, k, hit);
}
