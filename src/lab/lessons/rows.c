/* rows.c -- the rules by which rows of lessons pass; the claims of studies as rows. */
#include "lab/lessons/lesson.h"

#include "formats/text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static const ct_field ROWS[] = {
    {CT_ROW("what", CT_TEXT, ct_lesson_row, what), .label = ""},
    {CT_ROW("measured", CT_SPREAD, ct_lesson_row, measured), .format = "%.6g"},
    {CT_ROW("expected", CT_REAL, ct_lesson_row, expected), .format = "%.6g"},
    {CT_ROW("allowed_error", CT_REAL, ct_lesson_row, allowed), .detail = true},
    {CT_ROW("verdict", CT_CHOICE, ct_lesson_row, verdict),
     .choices = "pass differs inconclusive shown"},
};
const ct_fields ct_lesson_row_fields = CT_FIELDS(ROWS);

const char *ct_verdict_name(ct_verdict v)
{
    return (const char *[]){"pass", "differs", "inconclusive", "shown"}[v];
}

ct_verdict ct_lesson_verdict(const ct_lesson_run *run)
{
    ct_verdict worst = CT_PASSES;
    for (int i = 0; i < run->n_rows; i++) {
        const ct_verdict v = (ct_verdict)run->row[i].verdict;
        if (v == CT_DIFFERS || (v == CT_INCONCLUSIVE && worst == CT_PASSES))
            worst = v;
    }
    return worst;
}

/* ---- rules ---- */

ct_lesson_row *ct_lesson_add(ct_lesson_run *run, const char *fmt, ...)
{
    va_list args;
    CT_ASSERT(run->n_rows < CT_LESSON_ROWS);
    ct_lesson_row *row = &run->row[run->n_rows++];
    *row = (ct_lesson_row){.measured = {.median = (double)NAN,
                                        .least = (double)NAN,
                                        .most = (double)NAN},
                           .expected = (double)NAN,
                           .allowed = (double)NAN,
                           .verdict = CT_SHOWN};
    va_start(args, fmt);
    vsnprintf(row->what, sizeof row->what, fmt, args);
    va_end(args);
    return row;
}

void ct_row_near(ct_lesson_row *row, double *x, int n, double expected, double allowed)
{
    const ct_spread s = ct_spread_of(x, n);
    row->measured = s;
    row->expected = expected;
    row->allowed = allowed;
    if (fabs(s.median - expected) <= allowed) /* not of NaN */
        row->verdict = CT_PASSES;
    else if (s.least <= expected + allowed && s.most >= expected - allowed)
        row->verdict = CT_INCONCLUSIVE;
    else
        row->verdict = CT_DIFFERS;
}

/* Of all pairs, in how many is low below high (a tie is a half): in standard deviations
 * from a half of them. Ties only make the true deviation smaller. */
static double mann_whitney(const double *low, const double *high, int n)
{
    double wins = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            wins += low[i] < high[j] ? 1 : 0.5 * (low[i] == high[j]);
    return (wins - n * n / 2.0) / sqrt(n * n * (2.0 * n + 1) / 12);
}

void ct_row_below(ct_lesson_row *row, double *low, double *high, int n)
{
    const ct_spread h = ct_spread_of(high, n);
    const double z = mann_whitney(low, high, n);
    row->measured = ct_spread_of(low, n);
    row->verdict = CT_INCONCLUSIVE;
    if (row->measured.most < h.least || z > 3)
        row->verdict = CT_PASSES;
    else if (row->measured.least > h.most || z < -3)
        row->verdict = CT_DIFFERS;
}

void ct_row_show(ct_lesson_row *row, double *x, int n)
{
    row->measured = ct_spread_of(x, n);
}

/* ---- claims of studies ---- */

/* The variant of that name, or, of several that begin so, the best on validation. */
static int variant_of(const ct_runs *r, const char *name)
{
    double x[CT_STUDY_SEEDS], best = -1;
    int found = -1;
    for (int v = 0; v < r->n_variants; v++) {
        if (strcmp(r->variant[v].name, name) == 0)
            return v;
        if (strncmp(r->variant[v].name, name, strlen(name)) != 0)
            continue;
        const int n = ct_runs_values(r, v, "validation.recall_at_1", x);
        const double median = ct_spread_of(x, n).median;
        if (found < 0 || median > best) {
            best = median;
            found = v;
        }
    }
    CT_ASSERT(found >= 0);
    return found;
}

void ct_lesson_claim(ct_lesson_run *run, const ct_runs *r, const char *claim)
{
    static const char EVERY[] = "every run of ";
    char key[256], label[64];
    double low[CT_STUDY_SEEDS], high[CT_STUDY_SEEDS], expected, allowed = 0;
    snprintf(key, sizeof key, "%s", claim);
    char *a = ct_text_cut(key, ": "), *b = ct_text_cut(a, " < "), *value = ct_text_cut(a, " ~ ");
    const char *within = ct_text_cut(value, " +- ");
    CT_ASSERT((b != NULL) != (value != NULL));
    const bool every = strncmp(a, EVERY, strlen(EVERY)) == 0;
    const int l = variant_of(r, a + (every ? strlen(EVERY) : 0));
    const int n = ct_runs_values(r, l, key, low);
    ct_outcome_label(key, label, sizeof label);
    if (b != NULL) {
        const int h = variant_of(r, b);
        ct_runs_values(r, h, key, high);
        ct_row_below(ct_lesson_add(run, "%s: %s below %s", label, r->variant[l].name,
                                   r->variant[h].name),
                     low, high, n);
        return;
    }
    CT_ASSERT(ct_number_get(value, &expected) > 0);
    ct_number_get(within != NULL ? within : "", &allowed);
    ct_lesson_row *row = ct_lesson_add(run, "%s: %s", label, r->variant[l].name);
    ct_row_near(row, low, n, expected, allowed);
    if (every &&
        (row->measured.least < expected - allowed || row->measured.most > expected + allowed))
        row->verdict = CT_DIFFERS;
}
