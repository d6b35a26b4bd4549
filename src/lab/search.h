/* search.h -- which embeddings are nearest to a query. Private. */
#ifndef LAB_SEARCH_H
#define LAB_SEARCH_H

#include "train/trainer.h"

/* Both sides of a split, embedded, to be searched. */
typedef struct ct_search {
    ct_trainer *t;
    int n, d;
    const int *items; /* of the split */
    ct_real *unit[2]; /* (n, d) */
    ct_arena arena;
} ct_search;

typedef struct ct_hit {
    int at;       /* in the split */
    double score; /* cosine */
} ct_hit;

/* Errors  CT_ERR_CONFIG (the data has no such split); those of ct_trainer_embed.
 * Free with ct_search_free, also after an error. */
ct_status ct_search_init(ct_search *s, ct_trainer *t, ct_split split, ct_error *err);
void ct_search_free(ct_search *s);

/* The k items of `side` nearest to a text, read by the other side's tower, or to item
 * `at` of the other side, nearest first; of equal ones the first in the split. Answers
 * how many there are: k, or n if that is less; -1 after an error. */
int ct_search_text(const ct_search *s, const char *text, int side, int k, ct_hit *hit,
                   ct_error *err);
int ct_search_item(const ct_search *s, int at, int side, int k, ct_hit *hit);

#endif
