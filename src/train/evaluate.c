/* evaluate.c -- what the embeddings of a split are worth.
 *
 * Layer: train. */
#include "train/trainer.h"

#include <math.h>

/* Mean loss over whole batches of the embedded items, as the trainer would see them. */
static ct_status mean_loss(ct_trainer *t, const int *items, const ct_real *image,
                           const ct_real *text, int n, const int *group, ct_evaluation *out,
                           ct_error *err)
{
    const int batch = t->recipe->train.batch < n ? t->recipe->train.batch : n,
              d = ct_trainer_width(t);
    double sum = 0, loss;
    int batches = 0;
    for (int i = 0; i + batch <= n; i += batch, batches++) {
        const size_t from = (size_t)i * (size_t)d;
        const ct_status status = ct_trainer_loss(t, image + from, text + from, items + i, batch,
                                                 &loss, err);
        if (status != CT_OK)
            return status;
        sum += loss;
    }
    const ct_loss_setting at = ct_trainer_setting(t, batch);
    out->batch = batch;
    out->loss = sum / batches;
    out->landmarks = ct_landmarks_of(t->loss, &at, group);
    out->information = ct_landmarks_information(&out->landmarks, out->loss);
    return CT_OK;
}

/* Classify images by the nearest class: the mean of its prompts' unit embeddings. */
static ct_status prompt_accuracy(ct_trainer *t, const int *items, const ct_real *image, int n,
                                 ct_arena *arena, double *out, ct_error *err)
{
    const ct_pairs *p = t->pairs;
    const int d = ct_trainer_width(t), n_prompts = p->n_classes * p->n_prompts;
    ct_real *prompt = ct_arena_zeroed(arena, (size_t)n_prompts * (size_t)d, sizeof *prompt);
    ct_real *mean = ct_arena_zeroed(arena, (size_t)p->n_classes * (size_t)d, sizeof *mean);
    int *label = ct_arena_zeroed(arena, (size_t)n, sizeof *label);
    if (prompt == NULL || mean == NULL || label == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "evaluation: no memory for %d prompts", n_prompts);
    ct_status status = ct_trainer_embed_texts(t, 1, p->prompt, n_prompts, prompt, err);
    if (status != CT_OK)
        return status;
    for (int i = 0; i < n_prompts; i++) {
        const ct_real *row = prompt + (size_t)i * (size_t)d;
        ct_real *to = mean + (size_t)(i / p->n_prompts) * (size_t)d;
        double square = 0;
        for (int j = 0; j < d; j++)
            square += (double)row[j] * (double)row[j];
        for (int j = 0; j < d && square > 0; j++)
            to[j] += (ct_real)((double)row[j] / sqrt(square));
    }
    for (int i = 0; i < n; i++)
        label[i] = p->label[items[i]];
    return ct_nearest_class(t->device, image, n, mean, p->n_classes, d, label, out, err);
}

static ct_status evaluate(ct_trainer *t, const int *items, int n, ct_arena *arena,
                          ct_evaluation *out, ct_error *err)
{
    const int d = ct_trainer_width(t);
    ct_real *image = ct_arena_alloc(arena, (size_t)n * (size_t)d * sizeof *image);
    ct_real *text = ct_arena_alloc(arena, (size_t)n * (size_t)d * sizeof *text);
    int *group = ct_arena_alloc(arena, (size_t)n * sizeof *group);
    if (image == NULL || text == NULL || group == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "evaluation: no memory for %d pairs", n);
    for (int i = 0; t->pairs->group != NULL && i < n; i++)
        group[i] = t->pairs->group[items[i]];
    const int *groups = t->pairs->group != NULL ? group : NULL;
    ct_status status = ct_trainer_embed(t, 0, items, n, image, err);
    if (status == CT_OK)
        status = ct_trainer_embed(t, 1, items, n, text, err);
    if (status == CT_OK)
        status = mean_loss(t, items, image, text, n, groups, out, err);
    if (status == CT_OK)
        status = ct_recall_measure(t->device, image, text, n, d, groups, &out->recall[0], err);
    if (status == CT_OK)
        status = ct_recall_measure(t->device, text, image, n, d, groups, &out->recall[1], err);
    if (status == CT_OK)
        status = ct_geometry_measure(t->device, image, text, n, d, &out->geometry, err);
    for (int s = 0; s < 2 && status == CT_OK && groups != NULL; s++)
        status = ct_tolerance_measure(t->device, s == 0 ? image : text, n, d, groups,
                                      &out->tolerance[s], err);
    if (status == CT_OK && t->pairs->label != NULL)
        status = prompt_accuracy(t, items, image, n, arena, &out->prompt_accuracy, err);
    return status;
}

ct_status ct_trainer_evaluate(ct_trainer *t, ct_split split, int limit, ct_evaluation *out,
                              ct_error *err)
{
    const int count = t->pairs->count[split];
    *out = (ct_evaluation){.split = split,
                           .n = limit > 0 && limit < count ? limit : count,
                           .prompt_accuracy = (double)NAN,
                           .tolerance = {(double)NAN, (double)NAN}};
    if (out->n == 0)
        return CT_FAIL(err, CT_ERR_CONFIG, "the data has no %s split", ct_split_name(split));
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ct_status status = evaluate(t, t->pairs->index[split], out->n, &arena, out, err);
    ct_arena_free(&arena);
    return status;
}
