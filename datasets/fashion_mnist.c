/* fashion_mnist.c -- the `fashion-mnist` data set: grey pictures of clothes and what
 * they are called (Xiao, Rasul and Vollgraf 2017).
 *
 * Ten classes give few captions, so that most batches hold the same caption twice:
 * the data set for false negatives, and for classification by prompts. */
#include "contrast/datasets.h"

#include "contrast/random.h"

#include <stdio.h>

enum { N_CLASSES = 10, N_WORDINGS = 6, SIDE = 28, DIM = SIDE * SIDE, CAPTION_BYTES = 80 };

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

/* The pictures and labels to train on, and those to test on. */
static const char *const FILES[] = {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3",
                                    "t10k-labels-idx1"};

/* Where file k is. A path that is cut short is not found. */
static const char *path_of(const char *dir, int k, char out[1024])
{
    snprintf(out, 1024, "%s/%s-ubyte", dir, FILES[k]);
    return out;
}

/* A missing file is answered with what to type. */
static ct_pairs *read_file(const char *dir, int k, ct_error *err)
{
    char path[1024];
    ct_error why = {.status = CT_OK};
    ct_pairs *p = ct_items_from_file(path_of(dir, k, path), 0, 0, 0, &why);
    if (p == NULL)
        CT_FAIL(err, why.status, "%s%s", why.msg,
                why.status == CT_ERR_IO ? "; type: sh datasets/fashion-mnist.sh" : "");
    return p;
}

/* Pictures, file k, and labels, the next, against each other. */
static void check_files(const char *dir, ct_pairs *const file[4], int k, ct_error *err)
{
    char path[1024];
    const ct_side *picture = &file[k]->side[0], *label = &file[k + 1]->side[0];
    if (picture->width != SIDE || picture->dim != DIM)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: pictures are %d x %d; expected %d x %d",
                path_of(dir, k, path), picture->height, picture->width, SIDE, SIDE);
    if (label->n != picture->n || label->dim != 1)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: %d labels; expected one for each of %d pictures",
                path_of(dir, k + 1, path), label->n * label->dim, picture->n);
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
static void fill(ct_pairs *p, ct_pairs *const file[4], const ct_data_options *o, ct_error *err)
{
    const ct_standard as_it_is = {.mean = 0, .spread = 1};
    uint8_t *pixels = ct_arena_zeroed(&p->arena, (size_t)p->n, DIM);
    int *label = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *label);
    int *text_of = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *text_of);
    const char **prompt = write_prompts(&p->arena);
    for (int i = 0; i < p->n && err->status == CT_OK; i++) {
        const int half = i < file[0]->n ? 0 : 2, k = i - (half > 0 ? file[0]->n : 0);
        ct_random r = ct_random_make(o->seed, CT_STREAM_CAPTION, (uint64_t)i);
        ct_real picture[DIM] = {0}, class = 0;
        char path[1024];
        ct_pairs_rows(file[half], 0, &as_it_is, &k, 1, picture, err);
        ct_pairs_rows(file[half + 1], 0, &as_it_is, &k, 1, &class, err);
        for (int j = 0; j < DIM; j++)
            pixels[(size_t)i * DIM + (size_t)j] = (uint8_t)picture[j];
        label[i] = (int)class;
        if (label[i] < 0 || label[i] >= N_CLASSES)
            CT_FAIL(err, CT_ERR_FORMAT, "%s: label %d is %d; expected 0 to %d",
                    path_of(o->dir, half + 1, path), k, label[i], N_CLASSES - 1);
        text_of[i] = label[i] * N_WORDINGS + (int)ct_random_below(&r, N_WORDINGS);
    }
    p->side[0].u8 = pixels;
    p->side[0].dim = DIM;
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
    ct_pairs *file[4], *p = NULL; /* the files only until they are copied into the data set */
    for (int k = 0; k < 4; k++)
        file[k] = read_file(o->dir, k, err);
    for (int k = 0; k < 4 && err->status == CT_OK; k += 2)
        check_files(o->dir, file, k, err);
    if (err->status == CT_OK) {
        const int n = file[0]->n, held = o->n_validation;
        if (held < 0 || held >= n)
            CT_FAIL(err, CT_ERR_CONFIG,
                    "fashion-mnist: n_validation is %d; expected 0 to %d of the %d training "
                    "pictures",
                    held, n - 1, n);
        p = ct_pairs_new("fashion-mnist", (const int[]){n - held, held, file[2]->n, 0}, err);
    }
    if (p != NULL)
        fill(p, file, o, err);
    for (int k = 0; k < 4; k++)
        ct_pairs_free(file[k]);
    return ct_pairs_finish(p, err);
}
