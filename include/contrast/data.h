/* data.h -- a data set of pairs, as the trainer sees it.
 *
 * Two sides of n items each, item i of one paired with item i of the other. A side is numbers
 * (float or bytes, a row an item) or captions. Generators and loaders (datasets.h) fill a ct_pairs;
 * this header turns parts of it into batches. Nothing here knows a model. */
#ifndef CT_DATA_H
#define CT_DATA_H

#include "contrast/arena.h"
#include "contrast/real.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stdint.h>

CT_C_BEGIN

typedef enum ct_split {
    CT_TRAIN,
    CT_VALIDATION,
    CT_TEST,
    CT_COMPOSITION, /* test pairs whose combination of attributes was never trained on */
    CT_N_SPLITS
} ct_split;

const char *ct_split_name(ct_split split); /* "train", "validation", "test", "composition" */

typedef struct ct_row_file ct_row_file; /* rows that stay in their file */

/* One side. Exactly one of f32, u8, file, text is set. */
typedef struct ct_side {
    int n;
    int dim;                 /* values an item; 0 for captions            */
    const float *f32;        /* (n, dim)                                  */
    const uint8_t *u8;       /* (n, dim); stays bytes, 0..255             */
    ct_row_file *file;       /* (n, dim), read when a batch wants them    */
    const char *const *text; /* (n_texts): distinct captions, UTF-8       */
    int n_texts;
    const int *text_of;          /* (n): item i says text[text_of[i]]         */
    const int *row_of;           /* (n): item i is that row of the numbers; NULL: row i */
    int width, height, channels; /* of an image, channels last; 0 if none */
} ct_side;

/* A data set. Everything it points to lives in its arena (or is borrowed by
 * it); free with ct_pairs_free. */
typedef struct ct_pairs {
    const char *name;
    int n;
    ct_side side[2];         /* 0 image (or first), 1 text (or second)      */
    const int *group;        /* (n) or NULL: equal = the same meaning       */
    int *index[CT_N_SPLITS]; /* items of each split                        */
    int count[CT_N_SPLITS];

    /* For prompt classification: class of each item, and for each class the
     * prompts that stand for it (all captions of that class). */
    int n_classes;
    const int *label;              /* (n) or NULL                               */
    const char *const *class_name; /* (n_classes)                               */
    int n_prompts;                 /* prompts a class                           */
    const char *const *prompt;     /* (n_classes * n_prompts), class by class   */

    double mutual_information; /* nats, if known; else NaN                  */
    ct_arena arena;
} ct_pairs;

/* A data set with count[s] items in split s, in order: the first count[0] items are the training
 * split, and so on. n, side[].n and index are set; everything else is 0 or NULL, mutual_information
 * NaN. The name is borrowed. Its arena fails into `err`, which lives until ct_pairs_finish: that
 * returns p, or, if something failed, frees it and returns NULL.
 * Errors  CT_ERR_CONFIG (no training item, a negative count, too many), CT_ERR_NOMEM
 * Returns NULL on error; caller frees with ct_pairs_free. */
ct_pairs *ct_pairs_new(const char *name, const int count[CT_N_SPLITS], ct_error *err);
ct_pairs *ct_pairs_finish(ct_pairs *p, ct_error *err);
void ct_pairs_free(ct_pairs *p); /* both accept NULL; frees p itself */

/* Make `side` captions: item i says caption[i]. Equal captions are stored once,
 * in order of first appearance. The strings must live as long as p.
 * Errors  CT_ERR_NOMEM */
ct_status ct_pairs_set_captions(ct_pairs *p, int side, const char *const *caption, ct_error *err);

/* ---- where pairs come from ---------------------------------------------- */

/* What makes a data set. A maker reads the options that are about it; see datasets.h for those that
 * generate or know a data set. */
typedef struct ct_data_options {
    uint64_t seed; /* of what is generated, of the wording of captions, of shares of files */

    /* Items of the splits, of shapes and latent; fashion-mnist reads n_validation. */
    int n_train;       /* at least 1; default 8192                                 */
    int n_validation;  /* default 500; shapes: at most 504                         */
    int n_test;        /* default 1000; shapes: at most 1008                       */
    int n_composition; /* default 500; shapes alone: at most 576                   */

    int size;          /* shapes: side of a picture, 8 to 64 pixels; default 16    */
    double noise;      /* shapes: deviation of pixel noise, 0 to 128 of 255; default 8 */
    double repeats;    /* shapes: share of training pairs with the scene and caption of an earlier
                          one, and a picture of their own; 0 to 1, default 0       */
    bool first_object; /* shapes: captions and groups tell only which object is first (above,
                          on the left, or alone): few captions, often repeated     */
    int dim, shared;   /* latent: columns of each side, 1 to 1024, default 32; k, default 8 */
    double rho;        /* latent: correlation in (-1, 1); default 0.9              */
    const char *dir;   /* fashion-mnist: default "datasets/fashion-mnist"          */

    const char *image, *text; /* files: the two sides                              */
    const char *groups;       /* ... "" or an array of n integers: equal = the same meaning */
    const char *split;        /* ... "" or one line per pair: train, validation or test */
    double validation, test;  /* ... without it: shares that are drawn with `seed`; default 0.1 */
    int resize;               /* ... pictures to so many pixels each way; 0: they must all have
                                 the size of the first                             */
} ct_data_options;

/* Pairs from files. A side is one of
 *   numbers   .npy, FILE.npz:NAME, FILE.safetensors:NAME, IDX, or a table of numbers with commas,
 *             semicolons or tabs, of shape (n, ...): a row an item (formats/array.h)
 *   text      one caption per line, UTF-8, none empty, at most CT_LINE_BYTES
 * and numbers stay in their file unless they are packed or text, so it may be larger than memory.
 * Or `image` is a .tsv with a line "PICTURE <tab> caption" a pair, or a .csv with a comma and, if
 * there are more, quotes; pictures are PNG, PGM or PPM with paths that begin at that file, and
 * `text` is "". Equal captions are one group where `groups` is ""; all of them equal, or without a
 * letter or digit, they are an error.
 *
 * Errors  CT_ERR_IO; CT_ERR_FORMAT "path: ..." or "path:line: ..." (counts that differ,
 *         an empty caption, no UTF-8, a picture of another size or colour, ...);
 *         CT_ERR_CONFIG (no file for a side, shares beyond 1); CT_ERR_NOMEM
 * Returns NULL on error; caller frees with ct_pairs_free. */
ct_pairs *ct_pairs_from_files(const ct_data_options *o, ct_error *err);

/* One side alone, all of it in the training split: what is to be embedded. `path` as
 * above, or a picture, or a .tsv; pictures become width x height (0, 0: as they are).
 * Errors as above; the same way to free it. */
ct_pairs *ct_items_from_file(const char *path, int side, int width, int height, ct_error *err);

/* ---- numbers ------------------------------------------------------------ */

/* x' = (x - mean) / spread with one mean and spread a side, fitted on the
 * training split (population standard deviation over all values). A side of
 * captions, or one whose values are all equal, gets mean 0 and spread 1. */
typedef struct ct_standard {
    double mean, spread;
} ct_standard;

/* Errors, of a side that is in a file  CT_ERR_IO; CT_ERR_FORMAT (a number that is
 *         not finite) */
ct_status ct_standard_fit(const ct_pairs *p, int side, ct_standard *out, ct_error *err);

/* Rows `items` of a numeric side, standardised, into out (n, dim). Errors as above. */
ct_status ct_pairs_rows(const ct_pairs *p, int side, const ct_standard *s, const int *items, int n,
                        ct_real *out, ct_error *err);

/* ---- captions ----------------------------------------------------------- */

/* How a text becomes token ids: lower-cased words, neighbouring word pairs and character n-grams of
 * "<word>". Each is hashed (FNV-1a, 32 bit, a code point at a time) modulo `buckets`; n-grams with
 * a "~" in front, so that none hashes as a word. "Red stars" gives red, stars, "red stars", ~<re,
 * ~red, ~ed>, ~<st, ... A word is a run of letters and digits; lower case is known for Latin,
 * Greek and Cyrillic, where a letter with combining marks is the same as the one letter of both.
 * Requires  buckets > 0, 0 <= ngram_min <= ngram_max <= CT_NGRAM_MAX (asserted) */
#define CT_NGRAM_MAX 8

typedef struct ct_text_config {
    int buckets;
    bool words, word_pairs;
    int ngram_min, ngram_max; /* in code points; 0, 0: none */
} ct_text_config;

/* Ids of a text, at most `cap` of them into `id` (NULL to count only); the
 * answer is how many there are. Bytes that are not UTF-8 each count as U+FFFD. */
int ct_text_ids(const char *text, const ct_text_config *c, int *id, int cap);

/* Ids of every distinct caption of a side, made once and then gathered. Here and below arrays live
 * in the arena, which fails into `err`. */
typedef struct ct_tokens {
    int *offset; /* (n_texts + 1)   */
    int *id;     /* (offset[n_texts]) */
    int n_texts;
    int longest; /* most ids in one caption */
} ct_tokens;

/* Errors  CT_ERR_NOMEM */
ct_status ct_tokens_init(ct_tokens *t, const char *const *text, int n_texts,
                         const ct_text_config *c, ct_arena *arena, ct_error *err);

/* Bags of texts which[0..n): offsets into `offset` (n + 1), ids into `id`
 * (room for n * t->longest). */
void ct_tokens_gather(const ct_tokens *t, const int *which, int n, int *offset, int *id);

/* ---- order of training -------------------------------------------------- */

/* Batches of `batch` items without replacement, in a new random order every epoch; what does not
 * fill a batch at the end of an epoch is dropped. Batch k is a function of (seed, k), so a sampler
 * needs no state to be resumed. With groups no batch holds two items of one group: a pair of the
 * same meaning would be a false negative. An epoch then has as many batches as that allows. */
typedef struct ct_sampler {
    const int *items; /* borrowed: the split's index */
    int n, batch, per_epoch;
    uint64_t seed;
    int *order; /* the order of epoch `epoch`  */
    long epoch;

    int n_groups;                   /* 0: any items may meet                      */
    int *group, *sorted, *at, *end; /* (n) groups as 0, 1, ..; room for arranging */
} ct_sampler;

/* group: of each item (group[items[i]]), or NULL.
 * Errors  CT_ERR_NOMEM; CT_ERR_CONFIG if batch < 1, batch > n or more than there are groups. */
ct_status ct_sampler_init(ct_sampler *s, const int *items, int n, int batch, const int *group,
                          uint64_t seed, ct_arena *arena, ct_error *err);

/* Items of step 0, 1, ...: `batch` of them, owned by the sampler, valid until the next call. */
const int *ct_sampler_batch(ct_sampler *s, long step);

CT_C_END
#endif
