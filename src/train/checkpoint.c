/* checkpoint.c -- a trainer's state to a safetensors file and back.
 *
 * A new kind of state is a row of gather_state:
 * what is named there is saved, and load finds it by the same names.
 *
 * Layer: train. Needs formats (safetensors). */
#include "train/checkpoint.h"

#include "formats/safetensors.h"
#include "formats/text.h"

#include <stdio.h>
#include <string.h>

#define FORMAT "1"

/* ---- tensors ---- */

/* Every array of a checkpoint; those of `x` are written by load. */
typedef struct state {
    int n;
    ct_named_matrix matrix[3 * CT_MAX_PARAMS + 2];
    char name[3 * CT_MAX_PARAMS + 2][64];
} state;

static void add(state *s, const char *prefix, const ct_param *p, ct_real *x)
{
    snprintf(s->name[s->n], sizeof s->name[s->n], "%s%.48s", prefix, p->name);
    /* biases and the logit scale are vectors in PyTorch; they are what never decays */
    s->matrix[s->n] = (ct_named_matrix){s->name[s->n], x, p->rows, p->cols,
                                        p->rows == 1 && !p->decay};
    s->n++;
}

/* The parameters, and, unless weights alone are wanted, what goes on with them. */
static void gather_state(state *s, const ct_trainer *t, bool weights_alone)
{
    const ct_params *p = &t->model.params;
    s->n = 0;
    for (int i = 0; i < p->n; i++)
        add(s, "", &p->list[i], p->list[i].x);
    for (int i = 0; i < p->n && !weights_alone; i++) {
        const size_t at = (size_t)(p->list[i].x - p->x); /* moments lie as parameters do */
        add(s, "optim.m.", &p->list[i], t->optim.m + at);
        if (t->optim.v != NULL)
            add(s, "optim.v.", &p->list[i], t->optim.v + at);
    }
    const ct_param past[2] = {{.name = "image",
                               .rows = t->recipe->loss.queue,
                               .cols = ct_trainer_width(t),
                               .decay = true},
                              {.name = "text",
                               .rows = t->recipe->loss.queue,
                               .cols = ct_trainer_width(t),
                               .decay = true}};
    for (int side = 0; side < 2 && t->queue[side] != NULL && !weights_alone; side++)
        add(s, "queue.", &past[side], t->queue[side]);
}

static ct_status load_state(const state *s, const ct_safetensors *file, const char *path,
                            ct_error *err)
{
    for (int i = 0; i < s->n; i++) {
        const ct_named_matrix *m = &s->matrix[i];
        const ct_safetensor *found = ct_safetensors_find(file, m->name);
        if (found == NULL)
            return CT_FAIL(err, CT_ERR_FORMAT, "%s: there is no %s", path, m->name);
        const int *dim = found->dim, n_dims = m->vector ? 1 : 2;
        if (found->n_dims != n_dims || dim[n_dims - 1] != m->cols ||
            (n_dims == 2 && dim[0] != m->rows))
            return CT_FAIL(err, CT_ERR_FORMAT,
                           "%s: %s has %zu values, expected (%d, %d) as the recipe says", path,
                           m->name, found->count, m->rows, m->cols);
        ct_safetensor_values(found, (ct_real *)m->x); /* gathered from arrays that may be written */
    }
    return CT_OK;
}

/* ---- numbers ---- */

/* A number of the metadata and where it lives. */
typedef struct number {
    const char *key;
    double *at;
} number;

enum { N_STANDARD = 4, N_NUMBERS = N_STANDARD + 6 };

/* Numbers that are not double in their struct, on their way. */
typedef struct whole {
    double step, pairs, best_step, metrics_bytes;
} whole;

static void list_numbers(number out[N_NUMBERS], ct_trainer *t, ct_progress *p, whole *w)
{
    const number all[N_NUMBERS] = {
        {"image.mean", &t->standard[0].mean},
        {"image.spread", &t->standard[0].spread},
        {"text.mean", &t->standard[1].mean},
        {"text.spread", &t->standard[1].spread},
        {"optim.beta1^step", &t->optim.b1t},
        {"optim.beta2^step", &t->optim.b2t},
        {"data.pairs", &w->pairs},
        {"best.recall", &p->best},
        {"best.step", &w->best_step},
        {"metrics.bytes", &w->metrics_bytes},
    };
    memcpy(out, all, sizeof all);
}

static ct_status load_number(const char *path, const ct_safetensors *file, const char *key,
                             double *out, ct_error *err)
{
    const char *text = ct_safetensors_metadata(file, key);
    const size_t length = text != NULL ? ct_number_get(text, out) : 0;
    if (length == 0 || text[length] != '\0')
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: metadata %s: expected a number", path, key);
    return CT_OK;
}

/* ---- saving ---- */

ct_status ct_checkpoint_save(const ct_trainer *t, const ct_progress *progress, const char *path,
                             ct_error *err)
{
    ct_trainer copy = *t; /* list_numbers wants to write; nothing is written */
    ct_progress p = *progress;
    whole w = {(double)t->step, (double)t->pairs->n, (double)p.best_step, (double)p.metrics_bytes};
    number list[N_NUMBERS];
    char text[N_NUMBERS + 1][CT_NUMBER_BYTES];
    ct_metadata meta[N_NUMBERS + 4] = {{"contrast.format", FORMAT},
                                       {CT_SAFETENSORS_HASH, CT_SAFETENSORS_ZEROS}};
    int n = 2;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    char *recipe = ct_arena_alloc(&arena, CT_RECIPE_BYTES);
    state *s = ct_arena_alloc(&arena, sizeof *s);
    if (recipe == NULL || s == NULL) {
        ct_arena_free(&arena);
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    }
    list_numbers(list, &copy, &p, &w);
    ct_number_put(text[N_NUMBERS], w.step, false);
    meta[n++] = (ct_metadata){"contrast.step", text[N_NUMBERS]};
    for (int i = 0; i < N_NUMBERS; i++) {
        ct_number_put(text[i], *list[i].at, false);
        meta[n++] = (ct_metadata){list[i].key, text[i]};
    }
    CT_ASSERT(ct_fields_ini(&ct_recipe_fields, t->recipe, false, recipe, CT_RECIPE_BYTES) <
              CT_RECIPE_BYTES);
    meta[n++] = (ct_metadata){"contrast.recipe", recipe};
    gather_state(s, t, false);
    const ct_status status = ct_safetensors_write(path, s->matrix, s->n, meta, n, err);
    ct_arena_free(&arena);
    return status;
}

/* ---- loading ---- */

/* Was it written by a run of this recipe? A key that is new since has its default. */
static ct_status check_recipe(const ct_trainer *t, const ct_safetensors *file, const char *path,
                              ct_arena *arena, ct_error *err)
{
    const char *text = ct_safetensors_metadata(file, "contrast.recipe");
    char *was = ct_arena_alloc(arena, CT_RECIPE_BYTES),
         *is = ct_arena_alloc(arena, CT_RECIPE_BYTES);
    ct_recipe recipe = ct_recipe_defaults();
    if (was == NULL || is == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its recipe", path);
    if (text == NULL)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: there is no recipe in it", path);
    const ct_status status = ct_recipe_parse(&recipe, path, text, err);
    if (status != CT_OK)
        return status;
    ct_fields_ini(&ct_recipe_fields, &recipe, false, was, CT_RECIPE_BYTES);
    ct_fields_ini(&ct_recipe_fields, t->recipe, false, is, CT_RECIPE_BYTES);
    size_t at = 0, line = 0;
    for (; was[at] == is[at] && was[at] != '\0'; at++)
        line = was[at] == '\n' ? at + 1 : line;
    if (was[at] == is[at])
        return CT_OK;
    return CT_FAIL(err, CT_ERR_CONFIG, "%s: is of a run with '%.*s'; the recipe says '%.*s'", path,
                   (int)strcspn(was + line, "\n"), was + line, (int)strcspn(is + line, "\n"),
                   is + line);
}

/* Data that changed would be trained on as if it were the old. */
static ct_status check_data(const ct_trainer *t, const ct_standard fitted[2], double pairs,
                            const char *path, ct_error *err)
{
    bool same = pairs == (double)t->pairs->n;
    for (int side = 0; side < 2; side++)
        same = same && fitted[side].mean == t->standard[side].mean &&
               fitted[side].spread == t->standard[side].spread;
    return same ? CT_OK
                : CT_FAIL(err, CT_ERR_CONFIG,
                          "%s: the data is not what it was trained on: %d pairs, %.0f then", path,
                          t->pairs->n, pairs);
}

static ct_status load(ct_trainer *t, ct_progress *progress, const char *path, ct_arena *arena,
                      ct_error *err)
{
    ct_safetensors *file = ct_arena_alloc(arena, sizeof *file);
    state *s = ct_arena_alloc(arena, sizeof *s);
    const ct_standard fitted[2] = {t->standard[0], t->standard[1]};
    ct_progress p = {0};
    whole w = {0};
    number list[N_NUMBERS];
    if (file == NULL || s == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    ct_status status = ct_safetensors_read(path, arena, file, err);
    const char *format = status == CT_OK ? ct_safetensors_metadata(file, "contrast.format") : NULL;
    if (status == CT_OK && (format == NULL || strcmp(format, FORMAT) != 0))
        status = CT_FAIL(err, CT_ERR_FORMAT, "%s: expected a checkpoint of format %s, found %.20s",
                         path, FORMAT, format != NULL ? format : "none");
    if (status == CT_OK) {
        gather_state(s, t, progress == NULL);
        status = load_state(s, file, path, err);
    }
    list_numbers(list, t, &p, &w);
    for (int i = 0; i < (progress != NULL ? N_NUMBERS : N_STANDARD) && status == CT_OK; i++)
        status = load_number(path, file, list[i].key, list[i].at, err);
    if (status == CT_OK)
        status = load_number(path, file, "contrast.step", &w.step, err);
    if (status == CT_OK && !(w.step >= 0 && w.step <= 1e9 && w.best_step >= 0 &&
                             w.best_step <= 1e9 && w.metrics_bytes >= 0 && w.metrics_bytes <= 1e15))
        status = CT_FAIL(err, CT_ERR_FORMAT, "%s: metadata: a step or a size is out of range",
                         path);
    if (status == CT_OK && progress != NULL)
        status = check_recipe(t, file, path, arena, err);
    if (status == CT_OK && progress != NULL)
        status = check_data(t, fitted, w.pairs, path, err);
    if (status != CT_OK)
        return status;
    t->step = t->optim.step = (long)w.step;
    if (progress != NULL)
        *progress = (ct_progress){(uint64_t)w.metrics_bytes, (long)w.best_step, p.best};
    return CT_OK;
}

ct_status ct_checkpoint_load(ct_trainer *t, ct_progress *p, const char *path, ct_error *err)
{
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const ct_status status = load(t, p, path, &arena, err);
    ct_arena_free(&arena);
    return status;
}

ct_status ct_weights_load(ct_trainer *t, const char *path, ct_error *err)
{
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ct_safetensors *file = ct_arena_alloc(&arena, sizeof *file);
    state *s = ct_arena_alloc(&arena, sizeof *s);
    ct_status status = file == NULL || s == NULL
                           ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path)
                           : ct_safetensors_read(path, &arena, file, err);
    if (status == CT_OK) {
        gather_state(s, t, true);
        status = load_state(s, file, path, err);
    }
    ct_arena_free(&arena);
    return status;
}
