/* tokens.c -- the ids of all distinct captions, computed once, gathered per batch.
 *
 * Two passes: the first counts, so that all ids are one allocation.
 *
 * Layer: data. */
#include "contrast/data.h"

#include "platform/memory.h"

#include <limits.h>
#include <string.h>

/* Fill t->offset; false if there are more ids than an int can count. */
static bool count_ids(ct_tokens *t, const char *const *text, const ct_text_config *c)
{
    t->offset[0] = 0;
    for (int i = 0; i < t->n_texts; i++) {
        int n = ct_text_ids(text[i], c, NULL, 0);
        if (n > INT_MAX - t->offset[i])
            return false;
        t->offset[i + 1] = t->offset[i] + n;
        t->longest = n > t->longest ? n : t->longest;
    }
    return true;
}

ct_status ct_tokens_init(ct_tokens *t, const char *const *text, int n_texts,
                         const ct_text_config *c, ct_error *err)
{
    *t = (ct_tokens){.n_texts = n_texts};
    t->offset = ct_alloc((size_t)n_texts + 1, sizeof *t->offset);
    if (t->offset != NULL && count_ids(t, text, c))
        t->id = ct_alloc((size_t)t->offset[n_texts], sizeof *t->id);
    if (t->id == NULL) {
        ct_tokens_free(t);
        return CT_FAIL(err, CT_ERR_NOMEM, "no memory for the words of %d captions", n_texts);
    }
    for (int i = 0; i < n_texts; i++)
        ct_text_ids(text[i], c, t->id + t->offset[i], t->offset[i + 1] - t->offset[i]);
    return CT_OK;
}

void ct_tokens_free(ct_tokens *t)
{
    ct_free(t->offset);
    ct_free(t->id);
    *t = (ct_tokens){0};
}

void ct_tokens_gather(const ct_tokens *t, const int *which, int n, int *offset, int *id)
{
    offset[0] = 0;
    for (int i = 0; i < n; i++) {
        int from = t->offset[which[i]], count = t->offset[which[i] + 1] - from;
        memcpy(id + offset[i], t->id + from, (size_t)count * sizeof *id);
        offset[i + 1] = offset[i] + count;
    }
}
