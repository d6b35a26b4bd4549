/* checkpoint.c -- a trainer's state to a safetensors file and back.
 *
 * A new kind of state is a line of list_arrays or a row of NUMBERS: what is named there is saved,
 * and found again by the same name. */
#include "train/checkpoint.h"

#include "formats/bytes.h"
#include "formats/safetensors.h"
#include "platform/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT "2"

/* ---- arrays ---- */

typedef struct arrays {
    int n;
    ct_named_matrix matrix[3 * CT_MAX_PARAMS + 2];
    char name[3 * CT_MAX_PARAMS + 2][64];
} arrays;

static void add(arrays *a, const char *prefix, const ct_param *p, ct_real *x)
{
    snprintf(a->name[a->n], sizeof a->name[a->n], "%s%.48s", prefix, p->name);
    /* biases and the logit scale are vectors in PyTorch; they are what never decays */
    a->matrix[a->n] = (ct_named_matrix){a->name[a->n], x, p->rows, p->cols,
                                        p->rows == 1 && !p->decay};
    a->n++;
}

static void list_weights(arrays *a, const ct_params *p)
{
    a->n = 0;
    for (int i = 0; i < p->n; i++)
        add(a, "", &p->list[i], p->list[i].x);
}

/* The parameters, and what else changes from step to step. */
static void list_arrays(arrays *a, const ct_trainer *t)
{
    const ct_params *p = &t->model.params;
    list_weights(a, p);
    for (int i = 0; i < p->n; i++) {
        const size_t at = (size_t)(p->list[i].x - p->x); /* moments are laid out as parameters */
        add(a, "optim.m.", &p->list[i], t->optim.m + at);
        if (t->optim.v != NULL)
            add(a, "optim.v.", &p->list[i], t->optim.v + at);
    }
    for (int side = 0; side < 2 && t->queue[side] != NULL; side++) {
        ct_param past = {.rows = t->recipe.loss.queue, .cols = ct_trainer_width(t), .decay = true};
        strcpy(past.name, side == 0 ? "image" : "text");
        add(a, "queue.", &past, t->queue[side]);
    }
}

/* Under its name, or as PyTorch's DistributedDataParallel calls it. */
static const ct_safetensor *find(const ct_safetensors *file, const char *name)
{
    char wrapped[80];
    const ct_safetensor *t = ct_safetensors_find(file, name);
    snprintf(wrapped, sizeof wrapped, "module.%s", name);
    return t != NULL ? t : ct_safetensors_find(file, wrapped);
}

/* Names of floats in the file that are none of these arrays; a state of training is none. */
static void list_unused(const arrays *a, const ct_safetensors *file, char *names, size_t size)
{
    names[0] = '\0';
    for (const ct_safetensor *t = file->tensor; t < file->tensor + file->n_tensors; t++) {
        const size_t used = strlen(names);
        bool is_used = t->kind == 'i' || t->kind == 'u' || t->kind == 'b' ||
                       strncmp(t->name, "optim.", 6) == 0 || strncmp(t->name, "queue.", 6) == 0;
        for (int i = 0; i < a->n && !is_used; i++)
            is_used = find(file, a->name[i]) == t;
        if (!is_used)
            snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", t->name);
    }
}

static void load_arrays(const arrays *a, char unused[CT_UNUSED_BYTES], const ct_safetensors *file,
                        const char *path, ct_error *err)
{
    list_unused(a, file, unused, CT_UNUSED_BYTES);
    for (int i = 0; i < a->n && err->status == CT_OK; i++) {
        const ct_named_matrix *m = &a->matrix[i];
        const ct_safetensor *found = find(file, m->name);
        const int n_dims = m->vector ? 1 : 2;
        if (found == NULL)
            CT_REFUSE(err, "%s: there is no %s%s%s%s", path, m->name,
                      strncmp(m->name, "optim.", 6) == 0 ? ": weights alone need a recipe" : "",
                      *unused != '\0' ? "; not used: " : "", unused);
        else if (found->n_dims != n_dims || found->dim[n_dims - 1] != m->cols ||
                 (n_dims == 2 && found->dim[0] != m->rows))
            CT_REFUSE(err, "%s: %s has %zu value%s, expected (%d, %d)", path, m->name, found->count,
                      CT_S(found->count), m->rows, m->cols);
        else if (!ct_safetensor_values(found,
                                       (ct_real *)m->x)) /* const is of the list, not theirs */
            CT_REFUSE(err, "%s: %s has a value that is not finite", path, m->name);
    }
}

/* ---- which data it is ----
 *
 * 16 digits for all sizes, splits, groups and captions; of numbers for some items only, since they
 * may be more than memory holds. What those miss shows in mean and spread of all training values.
 */
#define SOME 1024 /* items of a side, evenly spaced, the first among them */

/* In the same bytes on every machine. */
static uint64_t hash_number(uint64_t hash, double x)
{
    unsigned char bytes[8];
    ct_bytes_put_real(bytes, 8, x);
    return ct_bytes_hash(hash, bytes, 8);
}

static uint64_t hash_ints(uint64_t hash, const int *x, int n)
{
    for (int i = 0; i < n && x != NULL; i++)
        hash = hash_number(hash, x[i]);
    return hash;
}

static uint64_t hash_side(uint64_t hash, const ct_pairs *p, int side, ct_error *err)
{
    const ct_side *s = &p->side[side];
    const int shape[] = {s->dim, s->width, s->height, s->channels}, apart = p->n / SOME + 1;
    ct_arena arena;
    ct_arena_open(&arena, "fingerprint", 0, err);
    ct_real *x = ct_arena_zeroed(&arena, (size_t)s->dim, sizeof *x);
    hash = hash_ints(hash_ints(hash, shape, 4), s->text_of, p->n);
    for (int i = 0; i < s->n_texts; i++)
        hash = ct_bytes_hash(hash, s->text[i], strlen(s->text[i]) + 1);
    for (int i = 0; i < p->n && s->dim > 0 && err->status == CT_OK; i += apart) {
        ct_pairs_rows(p, side, &(ct_standard){0, 1}, &i, 1, x, err);
        for (int k = 0; k < s->dim; k++)
            hash = hash_number(hash, (double)(float)x[k]);
    }
    ct_arena_free(&arena);
    return hash;
}

static void fingerprint(const ct_trainer *t, char out[17], ct_error *err)
{
    const ct_pairs *p = t->pairs;
    uint64_t hash = hash_ints(CT_BYTES_HASH, p->count, CT_N_SPLITS);
    for (int split = 0; split < CT_N_SPLITS; split++)
        hash = hash_ints(hash, p->index[split], p->count[split]);
    hash = hash_ints(hash, p->group, p->n);
    for (int side = 0; side < 2; side++) {
        hash = hash_number(hash_number(hash, t->fitted[side].mean), t->fitted[side].spread);
        hash = hash_side(hash, p, side, err);
    }
    snprintf(out, 17, "%016" PRIx64, hash);
}

/* ---- numbers ---- */

static const ct_field NUMBERS[] = {
    {CT_ROW("image.mean", CT_REAL, ct_trainer, standard[0].mean)},
    {CT_ROW("image.spread", CT_REAL, ct_trainer, standard[0].spread)},
    {CT_ROW("text.mean", CT_REAL, ct_trainer, standard[1].mean)},
    {CT_ROW("text.spread", CT_REAL, ct_trainer, standard[1].spread)},
    {CT_ROW("optim.beta1^step", CT_REAL, ct_trainer, optim.b1t)},
    {CT_ROW("optim.beta2^step", CT_REAL, ct_trainer, optim.b2t)},
    {CT_ROW("data.fingerprint", CT_TEXT, ct_trainer, progress.data)},
    {CT_ROW("best.recall", CT_REAL, ct_trainer, progress.best)},
    {CT_ROW("best.step", CT_LONG, ct_trainer, progress.best_step), .most = 1e9},
    {CT_ROW("log.bytes", CT_LONG, ct_trainer, progress.log_bytes), .most = 1e15},
    {CT_ROW("contrast.step", CT_LONG, ct_trainer, step), .most = 1e9},
};
static const ct_fields NUMBER_FIELDS = CT_FIELDS(NUMBERS);

static void load_numbers(ct_trainer *t, const ct_safetensors *file, const char *path, ct_error *err)
{
    char place[CT_PATH_BYTES + 32];
    snprintf(place, sizeof place, "%s: metadata ", path);
    for (int i = 0; i < NUMBER_FIELDS.n && err->status == CT_OK; i++) {
        const char *key = NUMBERS[i].key, *text = ct_safetensors_metadata(file, key);
        if (ct_fields_set(&NUMBER_FIELDS, t, key, text != NULL ? text : "", place, err) != CT_OK)
            err->status = CT_ERR_FORMAT; /* of a file, not of the command line */
    }
}

/* ---- saving ---- */

ct_status ct_checkpoint_save(ct_trainer *t, const char *path, ct_error *err)
{
    if (*t->progress.data == '\0')
        fingerprint(t, t->progress.data, err);
    char recipe[CT_RECIPE_BYTES], text[sizeof NUMBERS / sizeof *NUMBERS][32];
    ct_metadata meta[sizeof NUMBERS / sizeof *NUMBERS + 3] = {
        {"contrast.format", FORMAT},
        {"contrast.recipe", recipe},
        {CT_SAFETENSORS_HASH, CT_SAFETENSORS_ZEROS},
    };
    arrays a;
    if (err->status != CT_OK)
        return err->status;
    ct_recipe_text(&t->recipe, path, recipe, err);
    for (int i = 0; i < NUMBER_FIELDS.n; i++) {
        ct_field_text(&NUMBERS[i], t, text[i], sizeof text[i]);
        meta[3 + i] = (ct_metadata){NUMBERS[i].key, text[i]};
    }
    list_arrays(&a, t);
    return ct_safetensors_write(path, a.matrix, a.n, meta, 3 + NUMBER_FIELDS.n, err);
}

/* ---- loading ---- */

/* A key that is newer than the file has its default. */
static void read_recipe(ct_recipe *out, const ct_safetensors *file, const char *path, ct_error *err)
{
    const char *text = ct_safetensors_metadata(file, "contrast.recipe");
    *out = ct_recipe_defaults();
    if (text == NULL)
        CT_REFUSE(err, "%s: expected a checkpoint, with its recipe", path);
    else if (ct_recipe_read(out, path, text, err) == CT_OK)
        ct_recipe_check(out, err);
}

/* Was it written by a run of this recipe? */
static void check_recipe(const ct_trainer *t, const ct_safetensors *file, const char *path,
                         ct_error *err)
{
    char was[CT_RECIPE_BYTES], is[CT_RECIPE_BYTES];
    ct_recipe recipe;
    read_recipe(&recipe, file, path, err);
    if (err->status != CT_OK)
        return;
    /* where the data is may change: what it is, its fingerprint says */
    memcpy(recipe.data.dir, t->recipe.data.dir, sizeof recipe.data - offsetof(ct_data_recipe, dir));
    ct_fields_ini(&ct_recipe_fields, &recipe, false, was, sizeof was);
    ct_fields_ini(&ct_recipe_fields, &t->recipe, false, is, sizeof is);
    size_t at = 0, line = 0;
    for (; was[at] == is[at] && was[at] != '\0'; at++)
        line = was[at] == '\n' ? at + 1 : line;
    if (was[at] != is[at])
        CT_FAIL(err, CT_ERR_CONFIG, "%s: is of a run with '%.*s'; the recipe says '%.*s'", path,
                (int)strcspn(was + line, "\n"), was + line, (int)strcspn(is + line, "\n"),
                is + line);
}

/* Data that changed would be trained on, or measured, as if it were the old. */
static void check_data(ct_trainer *t, const char *path, bool *changed, ct_error *err)
{
    char now[17];
    if (err->status != CT_OK)
        return;
    fingerprint(t, now, err);
    const bool same = strcmp(now, t->progress.data) == 0;
    if (changed != NULL)
        *changed = !same;
    else if (!same)
        CT_FAIL(err, CT_ERR_CONFIG,
                "%s: the data is not what it was trained on; --data-changed accepts it", path);
    strcpy(t->progress.data, now);
}

static void check_format(const ct_safetensors *file, const char *path, ct_error *err)
{
    const char *format = ct_safetensors_metadata(file, "contrast.format");
    if (format == NULL || strcmp(format, FORMAT) != 0)
        CT_REFUSE(err, "%s: expected a checkpoint of format %s, found %.20s", path, FORMAT,
                  format != NULL ? format : "none");
    /* a bit that changed in its key must not turn the check off */
    if (ct_safetensors_metadata(file, CT_SAFETENSORS_HASH) == NULL)
        CT_REFUSE(err, "%s: is damaged: there is no " CT_SAFETENSORS_HASH, path);
}

ct_status ct_checkpoint_recipe(const char *path, ct_recipe *out, ct_error *err)
{
    ct_arena arena;
    ct_safetensors file = {.n_tensors = 0};
    *out = ct_recipe_defaults();
    ct_arena_open(&arena, path, 0, err);
    ct_safetensors_read(path, &arena, &file, err);
    if (err->status == CT_OK)
        read_recipe(out, &file, path, err);
    ct_arena_free(&arena);
    return err->status;
}

ct_status ct_checkpoint_load(ct_trainer *t, bool to_continue, const char *path, bool *changed,
                             ct_error *err)
{
    ct_arena arena;
    ct_safetensors file = {.n_tensors = 0};
    arrays a;
    if (err->status != CT_OK) /* there may be no trainer */
        return err->status;
    ct_arena_open(&arena, path, 0, err);
    ct_safetensors_read(path, &arena, &file, err);
    check_format(&file, path, err);
    if (to_continue)
        list_arrays(&a, t);
    else
        list_weights(&a, &t->model.params);
    load_arrays(&a, t->unused, &file, path, err);
    load_numbers(t, &file, path, err);
    if (to_continue)
        check_recipe(t, &file, path, err);
    check_data(t, path, changed, err);
    t->optim.step = t->step;
    ct_arena_free(&arena);
    return err->status;
}

/* ---- weights alone ---- */

ct_status ct_weights_save(const ct_params *p, const char *path, ct_error *err)
{
    arrays a;
    CT_ASSERT(p->n == 0 || p->x != NULL);
    list_weights(&a, p);
    return ct_safetensors_write(path, a.matrix, a.n, NULL, 0, err);
}

ct_status ct_weights_load(ct_params *p, const char *path, char unused[CT_UNUSED_BYTES],
                          ct_error *err)
{
    ct_arena arena;
    ct_safetensors file = {.n_tensors = 0};
    char names[CT_UNUSED_BYTES];
    arrays a;
    list_weights(&a, p);
    ct_arena_open(&arena, path, 0, err);
    ct_safetensors_read(path, &arena, &file, err);
    load_arrays(&a, unused != NULL ? unused : names, &file, path, err);
    ct_arena_free(&arena);
    return err->status;
}

/* ---- hash ---- */

bool ct_is_parameter(const ct_safetensor *t)
{
    return strncmp(t->name, "optim.", 6) != 0;
}

uint64_t ct_weights_hash(const ct_safetensors *file)
{
    uint64_t hash = CT_BYTES_HASH;
    for (int i = 0; i < file->n_tensors; i++) {
        const ct_safetensor *t = &file->tensor[i];
        if (!ct_is_parameter(t))
            continue;
        hash = ct_bytes_hash(hash, t->name, strlen(t->name) + 1);
        for (int d = 0; d < t->n_dims; d++) {
            unsigned char size[8];
            ct_bytes_put(size, 8, (uint64_t)t->dim[d]);
            hash = ct_bytes_hash(hash, size, sizeof size);
        }
        hash = ct_bytes_hash(hash, t->bytes, t->count * t->width);
    }
    return hash;
}
