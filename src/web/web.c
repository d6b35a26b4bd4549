/* web.c -- see web.h. */
#include "web/web.h"

#include "formats/array.h"
#include "lab/descent.h"
#include "measure/numbers.h"
#include "platform/memory.h"
#include "train/checkpoint.h"
#include "train/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { JUDGED = 200 }; /* most pairs of a diagnosis: a page asks several times per second */

struct ct_web {
    ct_device *device;
    ct_trainer trainer;
    bool open;
    ct_snapshot snapshot;
    ct_diagnosis diagnosis;
    ct_json j;      /* the answer, */
    ct_error err;   /* why there is none, */
    ct_arena arena; /* and the memory of a call */
};

/* ---- answers ---- */

static void begin(ct_web *w)
{
    w->err = (ct_error){.status = CT_OK};
    ct_arena_open(&w->arena, "playground", 0, &w->err);
    ct_json_reset(&w->j);
    ct_json_open(&w->j, NULL, '{');
}

/* The same for what needs a run. */
static ct_trainer *begin_with_run(ct_web *w)
{
    begin(w);
    if (!w->open)
        CT_FAIL(&w->err, CT_ERR_CONFIG, "there is no run");
    return &w->trainer;
}

static const char *answer(ct_web *w)
{
    if (w->err.status != CT_OK)
        ct_json_string(&w->j, "error", w->err.msg);
    ct_json_close(&w->j);
    ct_arena_free(&w->arena);
    return w->j.failed ? "{\"error\":\"no memory for the answer\"}" : w->j.text;
}

/* Rows as the bytes of their numbers: decimal digits would take longer than a training step. */
static void put_rows(ct_web *w, const char *key, const ct_real *x, int n, int d)
{
    if (w->err.status == CT_OK)
        ct_json_bytes(&w->j, key, (const uint8_t *)x, (size_t)n * (size_t)d * sizeof *x);
}

/* ---- life ---- */

static void close_run(ct_web *w)
{
    if (w->open)
        ct_trainer_free(&w->trainer);
    w->open = false;
}

ct_web *ct_web_new(void)
{
    ct_error err = {.status = CT_OK};
    ct_web *w = ct_alloc_for("playground", 1, sizeof *w, &err);
    if (w != NULL)
        w->device = ct_device_new(1, NULL, &err);
    if (err.status != CT_OK)
        ct_web_free(w);
    return err.status == CT_OK ? w : NULL;
}

void ct_web_free(ct_web *w)
{
    if (w == NULL)
        return;
    close_run(w);
    ct_device_free(w->device);
    ct_json_free(&w->j);
    ct_free(w);
}

/* ---- a run ---- */

static void override_all(ct_recipe *r, const char *settings, ct_error *err)
{
    char line[2 * CT_RECIPE_TEXT];
    for (size_t n; *settings != '\0'; settings += n + (settings[n] == '\n')) {
        n = strcspn(settings, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, settings);
        if (n > 0)
            ct_recipe_override(r, line, err);
    }
}

/* Keys that have no effect on the run: not to be moved, and refused on a command line. */
static void put_unused(ct_web *w)
{
    char key[128];
    ct_json_open(&w->j, "unused", '[');
    for (int s = 0; s < ct_recipe_fields.n; s++) {
        const ct_field *section = &ct_recipe_fields.row[s];
        for (int i = 0; i < section->members->n; i++) {
            snprintf(key, sizeof key, "%s.%s", section->key, section->members->row[i].key);
            if (!ct_recipe_uses(&w->trainer.recipe, key))
                ct_json_string(&w->j, NULL, key);
        }
    }
    ct_json_close(&w->j);
}

/* What the page says once about a run: all of its recipe, and the pairs that it shows. */
static void introduce(ct_web *w)
{
    const ct_trainer *t = &w->trainer;
    char text[CT_RECIPE_BYTES];
    const ct_probe probe = ct_probe_of(t->pairs, &w->arena, &w->err);
    ct_fields_ini(&ct_recipe_fields, &t->recipe, false, text, sizeof text);
    ct_json_string(&w->j, "recipe", text);
    ct_json_integer(&w->j, "width", ct_trainer_width(t));
    ct_json_integer(&w->j, "batch", t->recipe.train.batch);
    ct_json_integer(&w->j, "parameters", (long long)t->model.params.size);
    ct_fields_json(&w->j, &ct_probe_fields, &probe);
    put_unused(w);
}

const char *ct_web_open(ct_web *w, const char *recipe, const char *settings)
{
    ct_recipe r = ct_recipe_defaults();
    begin(w);
    close_run(w);
    ct_recipe_load(&r, recipe, &w->err);
    override_all(&r, settings, &w->err);
    if (ct_recipe_check(&r, &w->err) == CT_OK) {
        ct_trainer_init(&w->trainer, &r, NULL, w->device, &w->err);
        w->open = true; /* there is something to free, also after an error */
    }
    if (w->err.status == CT_OK)
        introduce(w);
    else
        close_run(w);
    return answer(w);
}

const char *ct_web_step(ct_web *w, int count)
{
    ct_trainer *t = begin_with_run(w);
    ct_step_line line;
    ct_json_open(&w->j, "steps", '[');
    for (int i = 0; i < count && w->err.status == CT_OK; i++) {
        if (ct_trainer_step(t, &line.step, &w->err) != CT_OK)
            break;
        line.landmarks = ct_trainer_landmarks(t, &line.step);
        ct_json_open(&w->j, NULL, '{');
        ct_fields_json(&w->j, &ct_step_fields, &line);
        ct_json_close(&w->j);
    }
    ct_json_close(&w->j);
    return answer(w);
}

/* ---- looking ---- */

const char *ct_web_look(ct_web *w)
{
    ct_trainer *t = begin_with_run(w);
    if (w->err.status == CT_OK && ct_snapshot_take(t, &w->snapshot, &w->err) == CT_OK)
        ct_fields_json(&w->j, &ct_moment_fields, &w->snapshot.moment);
    return answer(w);
}

const char *ct_web_rows(ct_web *w)
{
    ct_trainer *t = begin_with_run(w);
    if (w->err.status == CT_OK) {
        const ct_embedded e = ct_trainer_embedded(t, ct_pairs_split(t->pairs, CT_VALIDATION),
                                                  CT_PROBE, &w->arena, &w->err);
        put_rows(w, "images", e.a, e.n, e.d);
        put_rows(w, "texts", e.b, e.n, e.d);
    }
    return answer(w);
}

const char *ct_web_batch(ct_web *w)
{
    ct_trainer *t = begin_with_run(w);
    if (t->step == 0)
        CT_FAIL(&w->err, CT_ERR_CONFIG, "no step has been made");
    if (w->err.status != CT_OK)
        return answer(w);
    /* The graph of a step stays until the next look at anything. */
    for (ct_tensor *z = t->graph.newest; z != NULL; z = z->older) {
        if (z->x == t->last[0] && z->dx != NULL) /* NULL: something else was looked at */
            put_rows(w, "gradients", z->dx, z->rows, z->cols);
        for (int side = 0; side < 2; side++)
            if (z->x == t->last[side])
                put_rows(w, side == 0 ? "images" : "texts", z->x, z->rows, z->cols);
    }
    const ct_side *text = &t->pairs->side[1];
    const int *items = ct_sampler_batch(&t->sampler, t->step - 1);
    ct_json_open(&w->j, "captions", '[');
    for (int i = 0; text->text != NULL && i < t->recipe.train.batch; i++)
        ct_json_string(&w->j, NULL, text->text[text->text_of[items[i]]]);
    ct_json_close(&w->j);
    return answer(w);
}

/* The word, its sentences and its numbers, as the program prints them. */
static void put_diagnosis(ct_web *w)
{
    ct_json_string(&w->j, "meaning", w->diagnosis.text.meaning);
    ct_diagnosis_json(&w->j, &w->diagnosis);
}

const char *ct_web_judge(ct_web *w)
{
    ct_trainer *t = begin_with_run(w);
    ct_diagnosis *d = &w->diagnosis;
    if (w->err.status == CT_OK && ct_trainer_evaluate(t, ct_pairs_split(t->pairs, CT_VALIDATION),
                                                      JUDGED, NULL, d, &w->err) == CT_OK) {
        put_diagnosis(w);
        ct_json_number(&w->j, "escape_meter",
                       ct_escape_meter(&d->measures, d->landmarks.at.temperature));
    }
    return answer(w);
}

/* ---- checkpoints ---- */

const char *ct_web_save(ct_web *w, const char *path)
{
    char digits[17];
    ct_trainer *t = begin_with_run(w);
    ct_safetensors *file = ct_arena_zeroed(&w->arena, 1, sizeof *file);
    if (w->err.status == CT_OK)
        ct_checkpoint_save(t, path, &w->err);
    if (file != NULL && ct_safetensors_read(path, &w->arena, file, &w->err) == CT_OK) {
        snprintf(digits, sizeof digits, "%016" PRIx64, ct_weights_hash(file));
        ct_json_string(&w->j, "hash", digits);
        ct_json_integer(&w->j, "step", t->step);
    }
    return answer(w);
}

const char *ct_web_load(ct_web *w, const char *path)
{
    ct_trainer *t = begin_with_run(w);
    if (w->err.status == CT_OK && ct_checkpoint_load(t, true, path, NULL, &w->err) == CT_OK)
        ct_json_integer(&w->j, "step", t->step);
    return answer(w);
}

const char *ct_web_embed(ct_web *w, const char *caption)
{
    ct_trainer *t = begin_with_run(w);
    ct_real *z = ct_arena_zeroed(&w->arena, w->open ? (size_t)ct_trainer_width(t) : 1, sizeof *z);
    if (w->open && t->pairs->side[1].text == NULL)
        CT_FAIL(&w->err, CT_ERR_CONFIG, "this data has no captions");
    if (w->err.status == CT_OK && ct_trainer_embed_texts(t, 1, &caption, 1, z, &w->err) == CT_OK)
        put_rows(w, "row", z, 1, ct_trainer_width(t));
    return answer(w);
}

/* ---- somebody else's embeddings, or a loss alone ---- */

const char *ct_web_diagnose(ct_web *w, const char *a, const char *b)
{
    const char *const path[2] = {a, b};
    ct_real *x[2] = {NULL, NULL};
    int n[2] = {0}, d[2] = {0};
    begin(w);
    for (int side = 0; side < 2 && *path[side] != '\0'; side++)
        ct_array_read_matrix(path[side], &w->arena, &x[side], &n[side], &d[side], &w->err);
    if (x[1] != NULL && (n[0] != n[1] || d[0] != d[1]))
        CT_FAIL(&w->err, CT_ERR_SHAPE, "%s is (%d, %d), %s is (%d, %d): expected pairs of rows", a,
                n[0], d[0], b, n[1], d[1]);
    w->diagnosis = (ct_diagnosis){.loss = (double)NAN};
    if (w->err.status == CT_OK &&
        ct_diagnose(&(ct_embedded){.a = x[0], .b = x[1], .n = n[0], .d = d[0], .device = w->device},
                    &w->diagnosis, &w->err) == CT_OK)
        put_diagnosis(w);
    return answer(w);
}

const char *ct_web_numbers(ct_web *w, double value, int batch)
{
    const ct_loss_setting at = {.n = batch};
    ct_numbers x;
    begin(w);
    if (!(value > 0) || batch < 1)
        CT_FAIL(&w->err, CT_ERR_CONFIG, "expected a loss above 0 and a batch of pairs");
    if (w->err.status == CT_OK) {
        ct_numbers_of(NULL, &at, value, 0, &x);
        ct_json_open(&w->j, "near", '[');
        for (int i = 0; i < x.n; i++) {
            ct_json_open(&w->j, NULL, '{');
            ct_fields_json(&w->j, &ct_number_fields, &x.near[i]);
            ct_json_close(&w->j);
        }
        ct_json_close(&w->j);
    }
    return answer(w);
}

/* ---- embeddings without an encoder ---- */

const char *ct_web_free_rows(ct_web *w, ct_real *x, int n, int d, double temperature, double rate,
                             int steps)
{
    const ct_free_descent f = {
        .loss = "infonce", .steps = steps, .plain = true, .temperature = temperature, .rate = rate};
    const ct_loss_setting at = {.n = n, .d = d, .temperature = temperature};
    const int size = n * d;
    ct_free_embeddings m;
    ct_measures s = {.n_sides = 0};
    begin(w);
    if (ct_free_embeddings_init(&m, n, d, 1, &w->err) != CT_OK)
        return answer(w);
    const ct_param *side[2] = {&m.params.list[m.a], &m.params.list[m.b]};
    for (int k = 0; k < 2 * size; k++)
        side[k / size]->x[k % size] = x[k];
    const double loss = ct_descend_free(w->device, &m, &f, &w->err);
    const ct_embedded e = {.a = x, .b = x + size, .n = n, .d = d, .device = w->device};
    const ct_landmarks l = ct_landmarks_of(ct_loss_find(f.loss), &at, NULL);
    ct_json_open(&w->j, "gradient", '[');
    for (int k = 0; k < 2 * size; k++) {
        x[k] = side[k / size]->x[k % size];
        ct_json_number(&w->j, NULL, (double)side[k / size]->dx[k % size]);
    }
    ct_json_close(&w->j);
    ct_measure(&e, &s, NULL, &w->err);
    ct_json_number(&w->j, "loss", loss);
    ct_fields_json(&w->j, &ct_landmarks_fields, &l);
    ct_json_number(&w->j, "common_part", ct_common_part(&s));
    ct_free_embeddings_free(&m);
    return answer(w);
}
