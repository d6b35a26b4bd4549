/* evaluate.c -- what the embeddings of a split are like. */
#include "measure/numbers.h"
#include "train/trainer.h"

#include <math.h>

#define NUMBER(member) CT_ROW(#member, CT_REAL, ct_evaluation, member), .format = "%.4f"

/* clang-format off */
static const ct_field EVALUATION[] = {
    {CT_ROW("step", CT_LONG, ct_evaluation, step), .detail = true},
    {CT_ROW("split", CT_CHOICE, ct_evaluation, split), .detail = true,
     .choices = "train validation test composition"},
    {NUMBER(loss)},
    {.kind = CT_GROUP, CT_AT(ct_evaluation, landmarks), .members = &ct_landmarks_fields},
    {NUMBER(information)},
    {NUMBER(prompt_accuracy), .label = "prompt accuracy", .optional = true},
    {.kind = CT_GROUP, CT_AT(ct_evaluation, measures), .members = &ct_measures_fields},
};
/* clang-format on */
const ct_fields ct_evaluation_fields = CT_FIELDS(EVALUATION);

ct_split ct_pairs_split(const ct_pairs *p, ct_split wanted)
{
    if (wanted == CT_TEST && p->count[CT_TEST] == 0)
        wanted = CT_VALIDATION;
    return wanted == CT_VALIDATION && p->count[CT_VALIDATION] == 0 ? CT_TRAIN : wanted;
}

ct_embedded ct_trainer_embedded(ct_trainer *t, ct_split split, int limit, ct_arena *arena,
                                ct_error *err)
{
    const int count = t->pairs->count[split], n = limit > 0 && limit < count ? limit : count,
              d = ct_trainer_width(t), *items = t->pairs->index[split];
    ct_real *x[2];
    int *group = NULL;
    if (n == 0)
        CT_FAIL(err, CT_ERR_CONFIG, "the data has no %s split", ct_split_name(split));
    for (int side = 0; side < 2; side++) {
        x[side] = ct_arena_zeroed(arena, (size_t)n * (size_t)d, sizeof *x[side]);
        if (x[side] != NULL)
            ct_trainer_embed(t, side, items, n, x[side], err);
    }
    if (t->pairs->group != NULL)
        group = ct_arena_zeroed(arena, (size_t)n, sizeof *group);
    for (int i = 0; i < n && group != NULL; i++)
        group[i] = t->pairs->group[items[i]];
    return (ct_embedded){.a = x[0], .b = x[1], .n = n, .d = d, .group = group, .device = t->device};
}

/* Their loss is the mean over batches as in training, or that of all n pairs if they are fewer. */
static void diagnose(const ct_trainer *t, const ct_embedded *e, ct_diagnosis *out, ct_error *err)
{
    const int batch = t->recipe.train.batch;
    ct_loss_setting at = ct_trainer_setting(t, batch < e->n ? batch : e->n);
    if (err->status != CT_OK)
        return;
    at.rows = e->n;
    out->landmarks = ct_landmarks_of(t->loss, &at, e->group);
    out->loss = (double)NAN; /* to be measured */
    if (ct_diagnose(e, out, err) == CT_OK)
        ct_remedy_add(&t->recipe, out);
}

/* Classify images by the nearest class: the mean of its prompts' unit embeddings. */
static void prompt_accuracy(ct_trainer *t, const int *items, const ct_embedded *e, ct_arena *arena,
                            double *out, ct_error *err)
{
    const ct_pairs *p = t->pairs;
    const int d = e->d, n_prompts = p->n_classes * p->n_prompts;
    ct_real *prompt = ct_arena_zeroed(arena, (size_t)n_prompts * (size_t)d, sizeof *prompt);
    ct_real *mean = ct_arena_zeroed(arena, (size_t)p->n_classes * (size_t)d, sizeof *mean);
    int *label = ct_arena_zeroed(arena, (size_t)e->n, sizeof *label);
    if (err->status != CT_OK ||
        ct_trainer_embed_texts(t, 1, p->prompt, n_prompts, prompt, err) != CT_OK)
        return;
    ct_unit_rows(prompt, n_prompts, d);
    for (int i = 0; i < n_prompts * d; i++)
        mean[i / d / p->n_prompts * d + i % d] += prompt[i];
    for (int i = 0; i < e->n; i++)
        label[i] = p->label[items[i]];
    ct_nearest_class(t->device, e->a, e->n, mean, p->n_classes, d, label, out, err);
}

ct_status ct_trainer_evaluate(ct_trainer *t, ct_split split, int limit, ct_evaluation *out,
                              ct_diagnosis *d, ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "evaluation", 0, err);
    const ct_embedded e = ct_trainer_embedded(t, split, limit, &arena, err);
    if (d == NULL)
        d = ct_arena_zeroed(&arena, 1, sizeof *d);
    if (out != NULL)
        *out = (ct_evaluation){.step = t->step, .split = split, .prompt_accuracy = (double)NAN};
    diagnose(t, &e, d, err);
    if (out != NULL && err->status == CT_OK && ct_measures_finite(&d->measures, err) == CT_OK) {
        out->state = d->state;
        out->loss = d->loss;
        out->landmarks = d->landmarks;
        out->information = ct_landmarks_information(&d->landmarks, d->loss);
        out->measures = d->measures;
        if (t->pairs->label != NULL)
            prompt_accuracy(t, t->pairs->index[split], &e, &arena, &out->prompt_accuracy, err);
    }
    ct_arena_free(&arena);
    return err->status;
}
