/* masks.c -- what can be done about repeated captions, and what it changes.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/ops.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

#define SEEDS 8

/* Captions equal word for word have equal embeddings, and then one target a row or all of the row's
 * group come to the same: loss, and gradient of the pictures, of N pictures that share ten
 * captions. */
static void equal_captions(ct_lesson_run *run)
{
    enum { N = 64, D = 16, CAPTIONS = 10 };
    static const char *const NAME[2] = {"clip", "unicl"};
    ct_real a[N * D], b[CAPTIONS * D], gradient[2][N * D] = {{0}},
                                                       log_scale = (ct_real)ct_scalar_log(1 / 0.07);
    int caption[N], offset[N + 1] = {0};
    double loss[2], most = 0;
    ct_graph g;
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 7);
    for (int i = 0; i < N * D; i++)
        a[i] = (ct_real)ct_random_normal(&r);
    for (int i = 0; i < CAPTIONS * D; i++)
        b[i] = (ct_real)ct_random_normal(&r);
    for (int i = 0; i < N; i++) {
        caption[i] = (int)ct_random_below(&r, CAPTIONS);
        offset[i + 1] = i + 1; /* bags of one row */
    }
    ct_graph_init(&g, run->device, 0);
    for (int k = 0; k < 2; k++) {
        ct_graph_reset(&g);
        ct_tensor *x = ct_leaf(&g, N, D, a),
                  *y = ct_embedding_bag(&g, ct_constant(&g, CAPTIONS, D, b), N, offset, caption);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                                   .group = caption};
        ct_tensor *l = ct_loss_find(NAME[k])->apply(&g, x, y, &in);
        ct_backward(&g, l, NULL);
        loss[k] = l != NULL && ct_graph_error(&g) == NULL ? (double)l->x[0] : (double)NAN;
        if (!isnan(loss[k]))
            memcpy(gradient[k], x->dx, sizeof gradient[k]);
    }
    for (int i = 0; i < N * D; i++) {
        const double apart = fabs((double)gradient[0][i] - (double)gradient[1][i]);
        most = apart > most ? apart : most; /* gcc 12 for ARM fails on fmax here */
    }
    ct_lesson_exact(run, loss[0] - loss[1], 0, 1e-5,
                    "captions equal word for word: loss, one target less several");
    ct_lesson_exact(run, most, 0, 1e-6, "... largest difference of their gradients");
    ct_graph_free(&g);
}

/* ---- captions that mean the same in other words ---- */

static const ct_variant VARIANT[] = {
    {"one target", "loss.name=clip"},
    {"masked", "loss.name=clip loss.mask_groups=true"},
    {"several targets", "loss.name=unicl"},
    {"one target, batch of 32", "loss.name=clip train.batch=32 train.steps=800"},
    {"no duplicates, batch of 32",
     "loss.name=clip train.batch=32 train.steps=800 train.no_duplicates=true"},
};
enum { ONE, MASKED, SEVERAL, ONE_32, NO_DUPLICATES, N };

typedef struct outcome {
    double accuracy[N][SEEDS];  /* of pictures: all captions of the group are right           */
    double backwards[N][SEEDS]; /* of captions: their own picture before those of other groups */
    double images[N][SEEDS], texts[N][SEEDS]; /* tolerance */
} outcome;

static ct_status train(ct_lesson_run *run, const char *recipe, const char *common, int n,
                       outcome *o, ct_error *err)
{
    static ct_trial trial[N * SEEDS];
    const ct_status status = ct_lesson_trials(run, recipe, common, VARIANT, n, SEEDS, trial, err);
    for (int v = 0; v < n && status == CT_OK; v++) {
        for (int s = 0; s < SEEDS; s++) {
            const ct_evaluation *e = &trial[v * SEEDS + s].test;
            o->accuracy[v][s] = e->recall[0].at1;
            o->backwards[v][s] = e->recall[1].at1;
            o->images[v][s] = e->tolerance[0];
            o->texts[v][s] = e->tolerance[1];
        }
        ct_lesson_show(run, o->accuracy[v], SEEDS, "%s, %s: recall@1, picture to caption", recipe,
                       VARIANT[v].name);
        ct_lesson_show(run, o->backwards[v], SEEDS, "... recall@1, caption to picture");
        ct_lesson_show(run, o->images[v], SEEDS, "... tolerance of pictures");
        ct_lesson_show(run, o->texts[v], SEEDS, "... tolerance of captions");
    }
    return status;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    static outcome o;
    equal_captions(run);
    ct_status status = train(run, "shapes",
                             "data.first_object=true data.n_train=4096 data.n_test=500 "
                             "image.layers=256,64 text.layers=64 "
                             "text.buckets=1024 train.batch=128 train.steps=200",
                             N, &o, err);
    if (status != CT_OK)
        return status;
    ct_lesson_below(run, o.texts[ONE], o.texts[SEVERAL], SEEDS,
                    "shapes, tolerance of captions: one target below several");
    ct_lesson_below(run, o.texts[ONE], o.texts[MASKED], SEEDS, "... one target below masked");
    ct_lesson_below(run, o.texts[ONE_32], o.texts[NO_DUPLICATES], SEEDS,
                    "... batch of 32: below without duplicates");
    ct_lesson_below(run, o.accuracy[ONE], o.accuracy[SEVERAL], SEEDS,
                    "shapes, recall, picture to caption: one target below several");
    ct_lesson_below(run, o.accuracy[ONE], o.accuracy[MASKED], SEEDS, "... one target below masked");
    ct_lesson_below(run, o.accuracy[ONE_32], o.accuracy[NO_DUPLICATES], SEEDS,
                    "... batch of 32: below without duplicates");
    if (!ct_lesson_has_data(run, "fashion-mnist"))
        return CT_OK;
    status = train(
        run, "fashion-mnist",
        "image.layers=128,64 train.batch=128 train.steps=300 loss.learn_temperature=false", ONE_32,
        &o, err);
    if (status != CT_OK)
        return status;
    ct_lesson_below(run, o.accuracy[ONE], o.accuracy[MASKED], SEEDS,
                    "fashion-mnist, picture to caption: one target below masked");
    ct_lesson_below(run, o.backwards[ONE], o.backwards[MASKED], SEEDS,
                    "... caption to picture: one target below masked");
    ct_lesson_below(run, o.accuracy[ONE], o.accuracy[SEVERAL], SEEDS,
                    "... picture to caption: one target below several");
    return CT_OK;
}

const ct_lesson CT_LESSON_MASKS = {
    .name = "masks",
    .title = "Masks, several targets and a sampler against repeated captions: what they change",
    .text = "Captions equal word for word have equal embeddings: then the usual loss with one "
            "target a row and the one\n"
            "with the whole group as targets are the same, in value and gradient. They part where "
            "captions mean the\n"
            "same in other words. On shapes whose captions tell only the first of the objects, 56 "
            "meanings in four\n"
            "wordings, one target pushes the wordings of a meaning apart; a mask (no pull and no "
            "push within a group),\n"
            "several targets, or batches without duplicates do less of it. Retrieval does not gain "
            "beyond chance there.\n"
            "On Fashion-MNIST, where a class comes 13 times in a batch of 128, the mask helps both "
            "ways, and pictures of\n"
            "a class are then less alike, since nothing asks them to be. Recall here counts as "
            "wrong what belongs to\n"
            "another group, and nothing else.",
    .source = "arithmetic (equal captions); the claims are this lesson's own",
    .rule = "equal within 1e-5; claims over 8 seeds: pass if the ranges do not touch or Mann and "
            "Whitney's z is above 3",
    .command = "contrast sweep shapes data.first_object=true 'loss.name=clip|unicl' seed=1..8",
    .measure = measure,
};
