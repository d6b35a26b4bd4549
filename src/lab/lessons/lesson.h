/* lesson.h -- runs that show one fact, each figure next to what it should be. Private.
 *
 * A lesson is NAME.txt in this folder: its words, and what it trains, as studies with claims. What
 * it measures without a trainer is a function (GALLERY in lesson.c). A row carries the rule by
 * which it passes, so that nothing is claimed that its numbers do not carry.
 */
#ifndef LAB_LESSONS_LESSON_H
#define LAB_LESSONS_LESSON_H

#include "lab/study.h"

#define CT_LESSONS        12
#define CT_LESSON_ROWS    96
#define CT_LESSON_STUDIES 4
#define CT_LESSON_ANSWERS 3

typedef enum ct_verdict { CT_PASSES, CT_DIFFERS, CT_INCONCLUSIVE, CT_SHOWN } ct_verdict;

typedef struct ct_lesson_row {
    char what[112];
    ct_spread measured; /* of n seeds, or of 1 where there is no chance in it; 0: words alone */
    double expected;    /* NaN: a comparison of measurements, or only shown */
    double allowed;     /* |median - expected| <= allowed passes */
    int verdict;
} ct_lesson_row;

extern const ct_fields ct_lesson_row_fields;

typedef struct ct_lesson_run {
    ct_device *device;
    int threads;
    ct_lesson_row row[CT_LESSON_ROWS];
    int n_rows;
    ct_study_rows study[CT_LESSON_STUDIES]; /* what was trained, a table each; n 0: not run */
} ct_lesson_run;

typedef struct ct_lesson {
    const char *name, *title;
    const char *text; /* what to expect and why; lines of at most 112 characters */
    const char *rule, *source, *see_also; /* when a row passes; of what is expected; a command */
    const char *ask, *why; /* a question before anything is measured; of its right answer, why */
    const char *answer[CT_LESSON_ANSWERS];
    int n_answers, right; /* right: counted from 1; 0: it asks nothing */
    void (*measure)(ct_lesson_run *run, ct_error *err); /* what needs no trainer, or NULL */
    ct_study study[CT_LESSON_STUDIES];
    int n_studies;
} ct_lesson;

extern const ct_fields ct_lesson_fields; /* its words */

const char *ct_lesson_name(int i); /* NULL after the last, CT_LESSONS - 1 */

/* One of those names, or "demo". Memory is the arena's. Errors  CT_ERR_NOMEM */
ct_status ct_lesson_read(const char *name, ct_arena *arena, ct_lesson *out, ct_error *err);

/* All rows, and the tables of its studies, in the arena. */
ct_status ct_lesson_give(const ct_lesson *l, ct_lesson_run *run, ct_arena *arena, ct_error *err);

/* The worst of all rows: a difference, else an inconclusive row, else pass. */
ct_verdict ct_lesson_verdict(const ct_lesson_run *run);
const char *ct_verdict_name(ct_verdict v);

/* ---- rows, for the lessons ---- */

/* A new row, of words alone until one of the rules below measures it; what it says is printf's. */
ct_lesson_row *ct_lesson_add(ct_lesson_run *run, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes if the median of n seeds is within the allowed error; inconclusive if it is not but the
 * range of the seeds reaches that far. These sort x. */
void ct_row_near(ct_lesson_row *row, double *x, int n, double expected, double allowed);

/* The same of one number, where there is no chance in it, as a new row; then what it says. */
#define ct_row_exact(run, measured, expected, allowed, ...) \
    ct_row_near(ct_lesson_add((run), __VA_ARGS__), (double[]){measured}, 1, (expected), (allowed))

/* A claim that low is below high, n seeds each: passes if the ranges do not touch or Mann
 * and Whitney's z of the ranks is above 3, differs if it is below -3, else inconclusive. */
void ct_row_below(ct_lesson_row *row, double *low, double *high, int n);

/* Shown, without a claim. */
void ct_row_show(ct_lesson_row *row, double *x, int n);

/* A claim of a study that was made: "KEY: A < B", "KEY: A ~ 0.75 +- 0.1" or "KEY: every run of A ~
 * 1", KEY as for ct_outcome_value. A and B are names of variants; of several that begin so, the one
 * is meant whose recall on the validation split has the best median. */
void ct_lesson_claim(ct_lesson_run *run, const ct_runs *r, const char *claim);

/* What is measured without training. */
void ct_lesson_escape(ct_lesson_run *run, ct_error *err);
void ct_lesson_floor(ct_lesson_run *run, ct_error *err);
void ct_lesson_gap(ct_lesson_run *run, ct_error *err);
void ct_lesson_information(ct_lesson_run *run, ct_error *err);
void ct_lesson_symmetry(ct_lesson_run *run, ct_error *err);
void ct_lesson_false_negatives(ct_lesson_run *run, ct_error *err);
void ct_lesson_masks(ct_lesson_run *run, ct_error *err);
void ct_lesson_broken(ct_lesson_run *run, ct_error *err);

#endif
