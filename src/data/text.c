/* text.c -- a caption becomes a bag of hashed words, word pairs and n-grams.
 *
 * One pass, without a buffer for the word: hashes
 * grow with every character, and a window holds the last few characters. Pairs
 * are what tells "red star above blue ring" from "blue star above red ring". */
#include "contrast/data.h"

#include "data/inside.h"
#include "formats/text.h"

#include <limits.h>
#include <string.h>

typedef struct bag {
    const ct_text_config *c;
    int *id;
    int cap, n;
    uint32_t word, pair;           /* hashes so far                       */
    bool has_previous;             /* a word came before: pair is valid   */
    uint32_t window[CT_NGRAM_MAX]; /* the last characters of "<word>"     */
    int n_window;                  /* how many of them, newest at the end */
} bag;

#define FNV_START 2166136261u

/* One step of FNV-1a, a code point at a time (for ASCII the same as by bytes). */
static uint32_t fnv_mix(uint32_t h, uint32_t c)
{
    return (h ^ c) * 16777619u;
}

static void put(bag *b, uint32_t hash)
{
    if (b->n < b->cap)
        b->id[b->n] = (int)(hash % (uint32_t)b->c->buckets);
    if (b->n < INT_MAX)
        b->n++;
}

/* One more character of "<word>": every n-gram that ends in it. */
static void put_ngrams(bag *b, uint32_t c)
{
    if (b->n_window == CT_NGRAM_MAX)
        memmove(b->window, b->window + 1, (size_t)--b->n_window * sizeof *b->window);
    b->window[b->n_window++] = c;
    for (int n = b->c->ngram_min; n > 0 && n <= b->c->ngram_max && n <= b->n_window; n++) {
        uint32_t h = fnv_mix(FNV_START, '~');
        for (int k = b->n_window - n; k < b->n_window; k++)
            h = fnv_mix(h, b->window[k]);
        put(b, h);
    }
}

static void begin_word(bag *b)
{
    b->word = FNV_START;
    b->n_window = 0;
    put_ngrams(b, '<');
}

static void end_word(bag *b)
{
    put_ngrams(b, '>');
    if (b->c->words)
        put(b, b->word);
    if (b->c->word_pairs && b->has_previous)
        put(b, b->pair);
    b->pair = fnv_mix(b->word, ' '); /* the next pair begins with this word */
    b->has_previous = true;
}

/* The lower-case character at *text, with its combining marks (of U+0300 to U+037F) as one letter
 * if there is one; *text moves past it. */
static uint32_t next_character(const char **text)
{
    uint32_t c, mark, whole;
    int n = ct_utf8_get(*text, &c);
    *text += n > 0 ? n : 1;
    c = n > 0 ? data_lower_case(c) : 0xFFFD; /* not UTF-8: skip one byte */
    while (((unsigned char)**text | 1) == 0xCD && (n = ct_utf8_get(*text, &mark)) > 0 &&
           (whole = data_compose(c, mark)) != 0) {
        c = whole;
        *text += n;
    }
    return c;
}

int ct_text_ids(const char *text, const ct_text_config *c, int *id, int cap)
{
    CT_ASSERT(c->buckets > 0);
    CT_ASSERT(0 <= c->ngram_min && c->ngram_min <= c->ngram_max && c->ngram_max <= CT_NGRAM_MAX);
    bag b = {.c = c, .id = id, .cap = id != NULL ? cap : 0};
    bool inside = false;
    while (*text != '\0') {
        uint32_t ch = next_character(&text);
        bool letter = data_is_letter(ch);
        if (letter && !inside)
            begin_word(&b);
        if (!letter && inside)
            end_word(&b);
        inside = letter;
        if (letter) {
            b.word = fnv_mix(b.word, ch);
            b.pair = fnv_mix(b.pair, ch);
            put_ngrams(&b, ch);
        }
    }
    if (inside)
        end_word(&b);
    return b.n;
}

/* ---- the ids of all distinct captions: once, then gathered for each batch ---- */

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
                         const ct_text_config *c, ct_arena *arena, ct_error *err)
{
    *t = (ct_tokens){.n_texts = n_texts};
    t->offset = ct_arena_zeroed(arena, (size_t)n_texts + 1, sizeof *t->offset);
    if (t->offset != NULL && !count_ids(t, text, c))
        CT_FAIL(err, CT_ERR_NOMEM, "no memory for the words of %d captions", n_texts);
    if (err->status == CT_OK)
        t->id = ct_arena_zeroed(arena, (size_t)t->offset[n_texts] + 1, sizeof *t->id);
    for (int i = 0; i < n_texts && t->id != NULL; i++)
        ct_text_ids(text[i], c, t->id + t->offset[i], t->offset[i + 1] - t->offset[i]);
    return err->status;
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
