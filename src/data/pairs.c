/* pairs.c -- the life of a data set of pairs, and its captions.
 *
 * For the generators and loaders in datasets/, which see public headers only. A
 * data set lives inside its own arena: freeing the arena frees all of it. */
#include "contrast/data.h"

#include "data/inside.h"
#include "platform/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *ct_split_name(ct_split split)
{
    static const char *const NAME[CT_N_SPLITS] = {"train", "validation", "test", "composition"};
    return NAME[split];
}

ct_pairs *data_pairs_open(const char *name, ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, name, 0, err);
    ct_pairs *p = ct_arena_zeroed(&arena, 1, sizeof *p);
    if (p != NULL) /* from here on its copy of the arena is the only one that may grow */
        *p = (ct_pairs){.name = name, .mutual_information = (double)NAN, .arena = arena};
    return p;
}

void data_pairs_split(ct_pairs *p, const int count[CT_N_SPLITS], ct_error *err)
{
    int n = 0;
    for (int s = 0; s < CT_N_SPLITS; s++) {
        const int least = s == CT_TRAIN ? 1 : 0;
        if (count[s] < least || count[s] > INT_MAX - n)
            CT_FAIL(err, CT_ERR_CONFIG, "%s: %d item%s in the %s split; expected %d to %d", p->name,
                    count[s], CT_S(count[s]), ct_split_name((ct_split)s), least, INT_MAX - n);
        n += err->status == CT_OK ? count[s] : 0;
    }
    int *item = ct_arena_zeroed(&p->arena, (size_t)n, sizeof *item);
    if (err->status != CT_OK)
        return;
    p->n = p->side[0].n = p->side[1].n = n;
    for (int i = 0; i < n; i++)
        item[i] = i;
    for (int s = 0; s < CT_N_SPLITS; s++) {
        p->index[s] = item;
        p->count[s] = count[s];
        item += count[s];
    }
}

ct_pairs *ct_pairs_new(const char *name, const int count[CT_N_SPLITS], ct_error *err)
{
    ct_pairs *p = data_pairs_open(name, err);
    if (p != NULL)
        data_pairs_split(p, count, err);
    if (err->status == CT_OK)
        return p;
    ct_pairs_free(p);
    return NULL;
}

ct_pairs *ct_pairs_finish(ct_pairs *p, ct_error *err)
{
    if (p != NULL)
        p->arena.err = NULL; /* the data set outlives it */
    if (err->status == CT_OK)
        return p;
    ct_pairs_free(p);
    return NULL;
}

void ct_pairs_free(ct_pairs *p)
{
    if (p == NULL)
        return;
    for (int side = 0; side < 2; side++)
        if (p->side[side].file != NULL)
            ct_source_close(&p->side[side].file->source);
    ct_arena arena = p->arena; /* p itself lies in it */
    ct_arena_free(&arena);
}

typedef struct entry {
    const char *caption;
    int item;
} entry;

/* By caption, equal ones by item: a total order, so that every qsort agrees. */
static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int c = strcmp(x->caption, y->caption);
    return c != 0 ? c : (x->item > y->item) - (x->item < y->item);
}

/* first[i] = the first item that says what item i says. Sorting, not hashing:
 * captions may come from a file that was made to collide. */
static void find_first(entry *e, int n, int *first)
{
    qsort(e, (size_t)n, sizeof *e, compare_entries);
    for (int k = 0; k < n; k++) {
        bool again = k > 0 && strcmp(e[k].caption, e[k - 1].caption) == 0;
        first[e[k].item] = again ? first[e[k - 1].item] : e[k].item;
    }
}

ct_status ct_pairs_set_captions(ct_pairs *p, int side, const char *const *caption, ct_error *err)
{
    ct_side *s = &p->side[side];
    entry *e = ct_alloc_for(p->name, (size_t)p->n, sizeof *e, err);
    const char **text = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *text);
    int *text_of = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *text_of);
    for (int i = 0; i < p->n && err->status == CT_OK; i++)
        e[i] = (entry){caption[i], i};
    if (err->status == CT_OK)
        find_first(e, p->n, text_of);
    ct_free(e);
    for (int i = 0; i < p->n && err->status == CT_OK;
         i++) { /* first items to numbers; first[i] <= i */
        if (text_of[i] == i) {
            text[s->n_texts] = caption[i];
            text_of[i] = s->n_texts++;
        } else {
            text_of[i] = text_of[text_of[i]];
        }
    }
    s->text = text;
    s->text_of = text_of;
    return err->status;
}
