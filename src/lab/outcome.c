/* outcome.c -- what a run came to, by its keys; the runs of a variant as a row.
 *
 * Layer: lab. */
#include "lab/study.h"

#include "measure/fields.h"

#include <math.h>
#include <string.h>

#define NUMBER(type, member)  .key = #member, .kind = CT_REAL, CT_AT(type, member)
#define OF_BOTH(type, member) NUMBER(type, member), .count = 2

/* Of a split; its loss and landmarks are those of training here. */
static const ct_field MEASURED[] = {
    {.kind = CT_GROUP, CT_AT(ct_evaluation, measures), .members = &ct_measures_fields},
    {NUMBER(ct_evaluation, prompt_accuracy), .optional = true, .label = "class by prompts",
     .format = "%.3f"},
    {NUMBER(ct_evaluation, information), .label = "ln N - loss", .format = "%.3f"},
};
static const ct_fields MEASURED_FIELDS = CT_FIELDS(MEASURED);

#define STATES                                                                         \
    "healthy collapsed dimensional-collapse plateau unaligned mispaired modality-gap " \
    "degenerate-norms uncertain diverged"

static const ct_field OUTCOME[] = {
    {.key = "state", .kind = CT_CHOICE, CT_AT(ct_outcome, state), .choices = STATES},
    {NUMBER(ct_outcome, loss), .format = "%.4f"},
    {NUMBER(ct_outcome, all_equal), .label = "all equal", .format = "%.4f"},
    {.key = "escape_step",
     .kind = CT_LONG,
     CT_AT(ct_outcome, escape_step),
     .label = "left it at",
     .format = "%.0f"},
    {.kind = CT_GROUP, CT_AT(ct_outcome, test), .members = &MEASURED_FIELDS},
    {OF_BOTH(ct_outcome, tolerance_of_kind), .optional = true,
     .label = "tolerance, same first object", .format = "%.3f"},
    {.key = "validation",
     .kind = CT_GROUP,
     CT_AT(ct_outcome, validation),
     .members = &MEASURED_FIELDS},
};
static const ct_fields WHOLE = CT_FIELDS(OUTCOME);
const ct_fields ct_outcome_fields = {OUTCOME, (int)(sizeof OUTCOME / sizeof *OUTCOME) - 1};

static double number_of(const ct_field *f, const void *object, int i)
{
    const char *at = (const char *)object + f->offset;
    switch (f->kind) {
    case CT_INT:
    case CT_CHOICE: return ((const int *)(const void *)at)[i];
    case CT_LONG: return (double)((const long *)(const void *)at)[i];
    case CT_REAL: return ((const double *)(const void *)at)[i];
    default: return (double)NAN;
    }
}

/* "key[1]": its row and the struct that holds it; or NULL. */
static const ct_field *find(const char *key, const void **object, int *i)
{
    char name[64];
    const size_t length = strcspn(key, "[");
    snprintf(name, sizeof name, "%.*s", (int)length, key);
    *i = key[length] == '[' ? key[length + 1] - '0' : 0;
    return ct_fields_find(&WHOLE, name, object);
}

/* What tells the sides of an array apart: the side, or where one looks from it. */
static const char *const SIDE[2][2] = {{"image", "text"}, {"image to text", "text to image"}};

static bool looks(const ct_field *f)
{
    return strncmp(f->key, "recall", 6) == 0 || strcmp(f->key, "wrong_ahead") == 0;
}

static const ct_outcome NOTHING;

double ct_outcome_value(const ct_outcome *o, const char *key)
{
    const void *object = o;
    int i;
    const ct_field *f = find(key, &object, &i);
    for (int s = 0; s < CT_N_STATES; s++)
        if (strcmp(key, ct_state_describe((ct_state)s)->name) == 0)
            return o->state == s;
    if (f == NULL)
        return (double)NAN;
    if (strcmp(key, "escape_step") == 0 && o->escape_step == 0)
        return o->all_equal > 0 ? (double)INFINITY : (double)NAN;
    if (o->state == CT_DIVERGED && f->kind == CT_REAL)
        return (double)NAN;
    return number_of(f, object, i);
}

void ct_outcome_label(const char *key, char *out, size_t size)
{
    const void *object = &NOTHING;
    int side;
    const ct_field *f = find(key, &object, &side);
    const char *label = f != NULL && f->label != NULL ? f->label : key;
    if (strncmp(key, "validation.", 11) == 0)
        snprintf(out, size, "%s, validation", label);
    else if (strchr(key, '[') != NULL && f != NULL)
        snprintf(out, size, "%s, %s", f->label != NULL ? f->label : f->key, SIDE[looks(f)][side]);
    else
        snprintf(out, size, "%s", label);
}

/* ---- a row for each variant ---- */

static const ct_field COUNTS[] = {
    {.key = "state", .kind = CT_CHOICE, CT_AT(ct_study_row, state), .choices = STATES},
    {.key = "in_state", .label = "in it", .kind = CT_INT, CT_AT(ct_study_row, in_state)},
    {.key = "runs", .kind = CT_INT, CT_AT(ct_study_row, runs)},
    {.key = "diverged", .kind = CT_INT, CT_AT(ct_study_row, of[CT_DIVERGED])},
    {.key = "escaped", .kind = CT_INT, CT_AT(ct_study_row, escaped)},
    {.key = "settings", .kind = CT_STRING, CT_AT(ct_study_row, settings)},
};
static const ct_fields COUNT_FIELDS = CT_FIELDS(COUNTS);

static bool names(const char *shown, const char *key)
{
    char word[64];
    while (ct_next_word(&shown, word, sizeof word))
        if (strcmp(word, key) == 0)
            return true;
    return false;
}

static void add_column(ct_study_rows *t, ct_field f, bool detail)
{
    CT_ASSERT(t->columns.n < CT_STUDY_COLUMNS);
    f.detail = detail;
    t->column[t->columns.n++] = f;
}

/* The column of a measure as it is asked for. */
static void add_measure(ct_study_rows *t, const char *asked, bool detail)
{
    const int k = t->n_values++;
    const void *object = &NOTHING;
    int side;
    const ct_field *f = find(asked, &object, &side);
    CT_ASSERT(f != NULL && k < CT_STUDY_VALUES);
    snprintf(t->asked[k], sizeof t->asked[k], "%s", asked);
    snprintf(t->key[k], sizeof t->key[k], "%s", asked);
    if (strchr(asked, '[') != NULL)
        snprintf(t->key[k], sizeof t->key[k], "%s %s", f->key, SIDE[looks(f)][side]);
    for (char *c = t->key[k]; *c != '\0'; c++)
        *c = (char)(*c == ' ' ? '_' : *c);
    ct_outcome_label(asked, t->label[k], sizeof t->label[k]);
    add_column(t,
               (ct_field){.key = t->key[k],
                          .label = t->label[k],
                          .kind = CT_SPREAD,
                          .offset = offsetof(ct_study_row, value) + (size_t)k * sizeof(ct_spread),
                          .size = sizeof(ct_spread),
                          .format = f->format},
               detail);
}

/* Measures that are not shown. */
static void add_rest(ct_study_rows *t, const ct_fields *fields, const char *shown)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        const int n = f->count > 0 ? f->count : f->kind == CT_REAL;
        if (f->kind == CT_GROUP)
            add_rest(t, f->members, shown);
        for (int side = 0; side < n; side++) {
            char asked[64];
            snprintf(asked, sizeof asked, f->count > 0 ? "%s[%d]" : "%s", f->key, side);
            if (!names(shown, asked))
                add_measure(t, asked, true);
        }
    }
}

static void add_columns(const ct_runs *r, const char *shown, bool all, ct_study_rows *t)
{
    const char *rest = shown;
    char word[64];
    for (int i = 0; i < CT_STUDY_HEADS && (i == 0 || r->head[i] != NULL); i++)
        add_column(t,
                   (ct_field){.key = r->head[i] != NULL ? r->head[i] : "name",
                              .label = r->head[i] != NULL ? NULL : "",
                              .kind = CT_STRING,
                              .offset = offsetof(ct_study_row, head) + (size_t)i * sizeof(char *),
                              .size = sizeof(char *)},
                   false);
    for (int i = 0; i < COUNT_FIELDS.n; i++)
        add_column(t, COUNTS[i], !names(shown, COUNTS[i].key));
    for (int s = 0; s < CT_N_STATES; s++)
        add_column(t,
                   (ct_field){.key = ct_state_describe((ct_state)s)->name,
                              .kind = CT_INT,
                              .offset = offsetof(ct_study_row, of) + (size_t)s * sizeof(int),
                              .size = sizeof(int)},
                   true);
    while (ct_next_word(&rest, word, sizeof word)) {
        const void *row = t->row;
        if (ct_fields_find(&COUNT_FIELDS, word, &row) == NULL)
            add_measure(t, word, false);
    }
    if (all)
        add_rest(t, &ct_outcome_fields, shown);
}

int ct_runs_values(const ct_runs *r, int variant, const char *key, double *out)
{
    int n = 0;
    for (int k = variant * r->n_seeds; k < (variant + 1) * r->n_seeds; k++)
        if (r->run[k].done)
            out[n++] = ct_outcome_value(&r->run[k], key);
    return n;
}

static void fill_row(const ct_runs *r, int variant, const ct_study_rows *t, double *x,
                     ct_study_row *row)
{
    const ct_variant *v = &r->variant[variant];
    row->settings = v->settings;
    row->variant = variant;
    row->head[0] = v->name;
    if (r->head[0] != NULL)
        memcpy(row->head, v->cell, sizeof v->cell);
    for (int s = 0; s < r->n_seeds; s++) {
        const ct_outcome *o = &r->run[variant * r->n_seeds + s];
        row->of[o->state] += o->done;
        row->escaped += o->escape_step > 0;
    }
    for (int state = 0; state <= CT_DIVERGED; state++)
        if (row->of[state] > row->of[row->state])
            row->state = state;
    row->in_state = row->of[row->state];
    for (int k = 0; k < t->n_values; k++) {
        row->runs = ct_runs_values(r, variant, t->asked[k], x);
        if (row->runs > 0)
            row->value[k] = ct_spread_of(x, row->runs);
    }
}

ct_status ct_runs_rows(const ct_runs *r, const char *shown, bool all, ct_arena *arena,
                       ct_study_rows *out, ct_error *err)
{
    double *x = ct_arena_zeroed(arena, (size_t)r->n_seeds, sizeof *x);
    *out = (ct_study_rows){.columns = {out->column, 0},
                           .row = ct_arena_zeroed(arena, (size_t)r->n_variants, sizeof *out->row)};
    add_columns(r, shown, all, out);
    for (int v = 0; v < r->n_variants && err->status == CT_OK; v++) {
        fill_row(r, v, out, x, &out->row[out->n]);
        out->n += out->row[out->n].runs > 0;
    }
    return err->status;
}
