/* fashion_mnist.c -- the `fashion-mnist` data set: grey pictures of clothes and what
 * they are called (Xiao, Rasul and Vollgraf 2017).
 *
 * Ten classes give few captions, so that most batches hold the same caption twice:
 * the data set for false negatives, and for classification by prompts.
 *
 * Layer: datasets. */
#include "contrast/datasets.h"

#include "contrast/idx.h"
#include "contrast/random.h"

#include <stdio.h>
#include <string.h>

enum { N_CLASSES = 10, N_WORDINGS = 6, SIDE = 28, CAPTION_BYTES = 80 };

static const char *const CLASS[N_CLASSES] = {"t-shirt", "trousers",  "pullover", "dress",
                                             "coat",    "sandal",    "shirt",    "sneaker",
                                             "bag",     "ankle boot"};

/* What stands before and after "a coat". */
static const char *const WORDING[N_WORDINGS][2] = {
    {"", ""},
    {"a photo of ", ""},
    {"this is ", ""},
    {"a small grey picture of ", ""},
    {"", " on a black background"},
    {"for sale: ", ""},
};

static const char *article(int class)
{
    return class == 1 ? "a pair of " : CLASS[class][0] == 'a' ? "an " : "a ";
}

/* Images and labels of one half of the data set, checked against each other. */
typedef struct half {
    ct_idx images, labels;
} half;

/* A missing file is answered with what to type. */
static void read_file(const char *path, int n_dims, ct_arena *arena, ct_idx *out, ct_error *err)
{
    ct_error why = {.status = CT_OK};
    if (ct_idx_read(path, n_dims, arena, out, &why) != CT_OK)
        CT_FAIL(err, why.status, "%s%s", why.msg,
                why.status == CT_ERR_IO ? "; type: sh datasets/fashion-mnist.sh" : "");
}

static void read_half(const char *dir, const char *name, ct_arena *arena, half *h, ct_error *err)
{
    char images[1024], labels[1024]; /* a path that is cut short is not found */
    snprintf(images, sizeof images, "%s/%s-images-idx3-ubyte", dir, name);
    snprintf(labels, sizeof labels, "%s/%s-labels-idx1-ubyte", dir, name);
    read_file(images, 3, arena, &h->images, err);
    read_file(labels, 1, arena, &h->labels, err);
    if (err->status != CT_OK)
        return;
    const int *dim = h->images.dim, n = h->labels.dim[0];
    if (dim[1] != SIDE || dim[2] != SIDE)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: pictures are %d x %d; expected %d x %d", images, dim[1],
                dim[2], SIDE, SIDE);
    if (n != dim[0])
        CT_FAIL(err, CT_ERR_FORMAT, "%s: %d labels; expected one for each of %d pictures", labels,
                n, dim[0]);
    for (int i = 0; i < n; i++)
        if (h->labels.data[i] >= N_CLASSES)
            CT_FAIL(err, CT_ERR_FORMAT, "%s: label %d is %d; expected 0 to %d", labels, i,
                    h->labels.data[i], N_CLASSES - 1);
}

/* Every class in every wording, class by class. */
static const char **write_prompts(ct_arena *arena)
{
    const char **prompt = ct_arena_zeroed(arena, N_CLASSES * N_WORDINGS, sizeof *prompt);
    for (int k = 0; k < N_CLASSES * N_WORDINGS && prompt != NULL; k++) {
        int class = k / N_WORDINGS;
        const char *const *around = WORDING[k % N_WORDINGS];
        char text[CAPTION_BYTES];
        snprintf(text, sizeof text, "%s%s%s%s", around[0], article(class), CLASS[class], around[1]);
        prompt[k] = ct_arena_strdup(arena, text);
    }
    return prompt;
}

/* The training file's pictures, then the test file's. */
static void fill(ct_pairs *p, const half h[2], uint64_t seed, ct_error *err)
{
    const size_t dim = SIDE * SIDE;
    uint8_t *pixels = ct_arena_zeroed(&p->arena, (size_t)p->n, dim);
    int *label = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *label);
    int *text_of = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *text_of);
    const char **prompt = write_prompts(&p->arena);
    const int n_first = h[0].images.dim[0];
    for (int i = 0; i < p->n && err->status == CT_OK; i++) {
        const half *from = &h[i < n_first ? 0 : 1];
        int k = i < n_first ? i : i - n_first;
        ct_random r = ct_random_make(seed, CT_STREAM_CAPTION, (uint64_t)i);
        memcpy(pixels + (size_t)i * dim, from->images.data + (size_t)k * dim, dim);
        label[i] = from->labels.data[k];
        text_of[i] = label[i] * N_WORDINGS + (int)ct_random_below(&r, N_WORDINGS);
    }
    p->side[0].u8 = pixels;
    p->side[0].dim = (int)dim;
    p->side[0].width = p->side[0].height = SIDE;
    p->side[0].channels = 1;
    p->side[1].text = p->prompt = prompt;
    p->side[1].n_texts = N_CLASSES * N_WORDINGS;
    p->side[1].text_of = text_of;
    p->group = p->label = label;
    p->n_classes = N_CLASSES;
    p->class_name = CLASS;
    p->n_prompts = N_WORDINGS;
}

ct_pairs *ct_fashion_mnist(const ct_data_options *o, ct_error *err)
{
    half h[2] = {0};
    ct_arena files; /* only until everything is copied into the data set */
    ct_arena_open(&files, "fashion-mnist", 0, err);
    read_half(o->dir, "train", &files, &h[0], err);
    read_half(o->dir, "t10k", &files, &h[1], err);
    const int n = h[0].images.dim[0];
    if (o->n_validation < 0 || o->n_validation >= n)
        CT_FAIL(err, CT_ERR_CONFIG,
                "fashion-mnist: n_validation is %d; expected 0 to %d of the %d training pictures",
                o->n_validation, n - 1, n);
    const int held = err->status == CT_OK ? o->n_validation : 0;
    const int count[CT_N_SPLITS] = {n - held, held, h[1].images.dim[0], 0};
    ct_pairs *p = ct_pairs_new("fashion-mnist", count, err);
    if (p != NULL)
        fill(p, h, o->seed, err);
    ct_arena_free(&files);
    return ct_pairs_finish(p, err);
}
