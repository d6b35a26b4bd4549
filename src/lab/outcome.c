/* outcome.c -- what a run came to, by its keys; the runs of a variant as a row. */
#include "lab/study.h"

#include "measure/numbers.h"

#include <math.h>
#include <string.h>

#define NUMBER(type, member)  .key = #member, .kind = CT_REAL, CT_AT(type, member)
#define OF_BOTH(type, member) NUMBER(type, member), .count = 2

/* Of a split, as an evaluation has it; landmarks are those of training. */
static const ct_field MEASURED[] = {
    {.kind = CT_GROUP, CT_AT(ct_evaluation, measures), .members = &ct_measures_fields},
    {NUMBER(ct_evaluation, prompt_accuracy), .optional = true, .label = "prompt accuracy",
     .format = "%.4f"},
    {NUMBER(ct_evaluation, loss), .format = "%.4f"},
    {NUMBER(ct_evaluation, information), .format = "%.4f"},
};
static const ct_fields MEASURED_FIELDS = CT_FIELDS(MEASURED);

#define STATES                                                                         \
    "healthy collapsed dimensional-collapse plateau unaligned mispaired modality-gap " \
    "degenerate-norms uncertain repeats inverted hub loss-differs diverged"

static const ct_field OUTCOME[] = {
    {CT_ROW("state", CT_CHOICE, ct_outcome, state), .choices = STATES},
    {NUMBER(ct_outcome, training_loss), .label = "training loss", .format = "%.4f"},
    {NUMBER(ct_outcome, all_equal), .label = "all equal", .format = "%.4f"},
    {CT_ROW("escape_step", CT_LONG, ct_outcome, escape_step), .label = "left it at",
     .format = "%.0f"},
    {.kind = CT_GROUP, CT_AT(ct_outcome, test), .members = &MEASURED_FIELDS},
    {OF_BOTH(ct_outcome, tolerance_of_kind), .optional = true,
     .label = "tolerance, same first object", .format = "%.3f"},
    {CT_ROW("validation", CT_GROUP, ct_outcome, validation), .members = &MEASURED_FIELDS},
};
static const ct_fields WHOLE = CT_FIELDS(OUTCOME);
static const ct_fields KEPT = {OUTCOME, (int)(sizeof OUTCOME / sizeof *OUTCOME) - 1}; /* in files */

static const ct_field LINE[] = {
    {CT_ROW("run", CT_INT, ct_run_line, run)},
    {CT_ROW("settings", CT_STRING, ct_run_line, settings)},
    {CT_ROW("seed", CT_LONG, ct_run_line, seed)},
    {.kind = CT_GROUP, CT_AT(ct_run_line, outcome), .members = &KEPT},
};
const ct_fields ct_run_line_fields = CT_FIELDS(LINE);

void ct_runs_put(const ct_runs *r, int run)
{
    const ct_run_line line = {.run = run,
                              .settings = r->variant[run / r->n_seeds].settings,
                              .seed = r->first_seed + run % r->n_seeds,
                              .outcome = r->run[run]};
    ct_log_put(r->log, NULL, &ct_run_line_fields, &line);
}

/* "key[1]": its row, how far from the outcome its struct is, and the side. No row: there is none.
 */
typedef struct number {
    const ct_field *field;
    ptrdiff_t holder;
    int side;
} number;

static number find(const char *key)
{
    static const ct_outcome ANY = {.done = false};
    char name[64];
    const void *holder = &ANY;
    const size_t length = strcspn(key, "[");
    snprintf(name, sizeof name, "%.*s", (int)length, key);
    const ct_field *f = ct_fields_find(&WHOLE, name, &holder);
    return (number){f, (const char *)holder - (const char *)&ANY,
                    key[length] == '[' ? key[length + 1] - '0' : 0};
}

double ct_outcome_value(const ct_outcome *o, const char *key)
{
    const number n = find(key);
    for (int s = 0; s < CT_N_STATES; s++)
        if (strcmp(key, ct_state_describe((ct_state)s)->name) == 0)
            return o->state == s;
    if (n.field == NULL)
        return (double)NAN;
    if (strcmp(key, "escape_step") == 0 && o->escape_step == 0)
        return o->all_equal > 0 ? (double)INFINITY : (double)NAN;
    const void *at = (const char *)o + n.holder + n.field->offset;
    switch (n.field->kind) {
    case CT_INT:
    case CT_CHOICE: return ((const int *)at)[n.side];
    case CT_LONG: return (double)((const long *)at)[n.side];
    case CT_REAL: return o->state == CT_DIVERGED ? (double)NAN : ((const double *)at)[n.side];
    default: return (double)NAN;
    }
}

/* What distinguishes the sides of an array: the side, or where one looks from it. */
static const char *side_of(const number *n)
{
    static const char *const SIDE[2][2] = {{"image", "text"}, {"image to text", "text to image"}};
    const bool looks = strncmp(n->field->key, "recall", 6) == 0 ||
                       strcmp(n->field->key, "wrong_ahead") == 0 ||
                       strcmp(n->field->key, "median_rank") == 0;
    return SIDE[looks][n->side];
}

void ct_outcome_label(const char *key, char *out, size_t size)
{
    const number n = find(key);
    const char *label = n.field == NULL          ? key
                        : n.field->label != NULL ? n.field->label
                                                 : n.field->key;
    if (strncmp(key, "validation.", 11) == 0)
        snprintf(out, size, "%s, validation", label);
    else if (strchr(key, '[') != NULL && n.field != NULL)
        snprintf(out, size, "%s, %s", label, side_of(&n));
    else
        snprintf(out, size, "%s", label);
}

/* ---- a row for each variant ---- */

static const ct_field NAME = {CT_ROW("name", CT_STRING, ct_study_row, variant.name), .label = ""};
static const ct_field COUNTS[] = {
    {CT_ROW("state", CT_CHOICE, ct_study_row, state), .choices = STATES},
    {CT_ROW("in_state", CT_INT, ct_study_row, in_state), .label = "in it"},
    {CT_ROW("runs", CT_INT, ct_study_row, runs)},
    {CT_ROW("diverged", CT_INT, ct_study_row, of[CT_DIVERGED])},
    {CT_ROW("escaped", CT_INT, ct_study_row, escaped)},
    {CT_ROW("settings", CT_STRING, ct_study_row, variant.settings)},
};

static void add_column(ct_study_rows *t, ct_field f, bool detail)
{
    CT_ASSERT(t->columns.n < CT_STUDY_COLUMNS);
    f.detail = detail;
    t->column[t->columns.n++] = f;
}

/* A column that is element k of an array of ct_study_row. */
#define ELEMENT(key_, kind_, member, k)                                         \
    ((ct_field){.key = (key_),                                                  \
                .kind = (kind_),                                                \
                .offset = offsetof(ct_study_row, member) +                      \
                          (size_t)(k) * sizeof(((ct_study_row *)0)->member[0]), \
                .size = sizeof(((ct_study_row *)0)->member[0])})

/* The column of a measure as it is asked for, unless it is there. */
static void add_measure(ct_study_rows *t, const char *asked, bool detail)
{
    const int k = t->n_values;
    const number n = find(asked);
    CT_ASSERT(n.field != NULL && k < CT_STUDY_VALUES);
    const bool sides = n.field->count > 0;
    snprintf(t->asked[k], sizeof t->asked[k], "%s", asked);
    snprintf(t->key[k], sizeof t->key[k], "%.*s%s%s", (int)strcspn(asked, "["), asked,
             sides ? "_" : "", sides ? side_of(&n) : "");
    for (char *c = t->key[k]; *c != '\0'; c++)
        *c = (char)(*c == ' ' ? '_' : *c);
    for (int i = 0; i < k; i++)
        if (strcmp(t->key[i], t->key[k]) == 0)
            return;
    t->n_values++;
    ct_outcome_label(asked, t->label[k], sizeof t->label[k]);
    ct_field column = ELEMENT(t->key[k], CT_SPREAD, value, k);
    column.label = t->label[k];
    column.format = n.field->format;
    add_column(t, column, detail);
}

/* All others. */
static void add_rest(ct_study_rows *t, const ct_fields *fields)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        const int n = f->count > 0 ? f->count : f->kind == CT_REAL;
        if (f->kind == CT_GROUP)
            add_rest(t, f->members);
        for (int side = 0; side < n; side++) {
            char asked[64];
            snprintf(asked, sizeof asked, f->count > 0 ? "%s[%d]" : "%s", f->key, side);
            add_measure(t, asked, true);
        }
    }
}

/* What is counted is shown if a word says so, every other word is a measure. */
static void add_columns(const ct_runs *r, const char *shown, bool all, ct_study_rows *t)
{
    char word[64];
    if (r->head[0] == NULL)
        add_column(t, NAME, false);
    for (int i = 0; i < CT_STUDY_HEADS && r->head[i] != NULL; i++)
        add_column(t, ELEMENT(r->head[i], CT_STRING, variant.cell, i), false);
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        add_column(t, COUNTS[i], true);
    for (int s = 0; s < CT_N_STATES; s++)
        add_column(t, ELEMENT(ct_state_describe((ct_state)s)->name, CT_INT, of, s), true);
    while (ct_next_word(&shown, word, sizeof word)) {
        int i = 0;
        while (i < t->columns.n && strcmp(t->column[i].key, word) != 0)
            i++;
        if (i < t->columns.n)
            t->column[i].detail = false;
        else
            add_measure(t, word, false);
    }
    if (all)
        add_rest(t, &KEPT);
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
    row->variant = r->variant[variant];
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
