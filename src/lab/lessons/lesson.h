/* lesson.h -- runs that show one fact, each figure beside what it should be. Private.
 *
 * A lesson is a file of this folder and a row of LESSONS (lessons.c). It measures, and
 * hands in rows; a row carries the rule by which it passes, so that nothing is claimed
 * that its numbers do not carry.
 */
#ifndef EXPERIMENT_LESSONS_LESSON_H
#define EXPERIMENT_LESSONS_LESSON_H

#include "contrast/device.h"
#include "contrast/status.h"
#include "lab/trials.h"

#define CT_LESSON_ROWS 96

typedef enum ct_verdict { CT_PASSES, CT_DIFFERS, CT_INCONCLUSIVE, CT_SHOWN } ct_verdict;

typedef struct ct_lesson_row {
    char what[72];
    ct_spread measured; /* least = most where there is no chance in it          */
    double expected;    /* NaN: a comparison of measurements, or only shown     */
    double tolerance;   /* |median - expected| <= tolerance passes              */
    int n;              /* seeds, or 1; 0: words alone                          */
    ct_verdict verdict;
} ct_lesson_row;

typedef struct ct_lesson_run {
    ct_device *device;
    int threads;
    ct_trial_probe *probe; /* of the trials that ct_lesson_trials runs, or NULL */
    ct_lesson_row row[CT_LESSON_ROWS];
    int n_rows;
} ct_lesson_run;

typedef struct ct_lesson {
    const char *name, *title;
    const char *text;    /* what to expect and why; lines of at most 100 columns */
    const char *source;  /* of what is expected                                  */
    const char *rule;    /* when a row passes                                    */
    const char *command; /* to see it by other means, or ""                     */
    ct_status (*measure)(ct_lesson_run *run, ct_error *err);
} ct_lesson;

const ct_lesson *ct_lessons(int *n);
const ct_lesson *ct_lesson_find(const char *name); /* NULL if there is none */

/* The worst of all rows: a difference, else an inconclusive row, else pass. */
ct_verdict ct_lesson_verdict(const ct_lesson_run *run);
const char *ct_verdict_name(ct_verdict v);

/* ---- rows; what they say is printf's ---- */

/* A figure that has no chance in it. */
void ct_lesson_exact(ct_lesson_run *run, double measured, double expected, double tolerance,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Over seeds: passes if the median is within tolerance; inconclusive if it is not but
 * the range of the seeds reaches that far. Sorts x. */
void ct_lesson_seeds(ct_lesson_run *run, double *x, int n, double expected, double tolerance,
                     const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* A claim that low is below high, n seeds each: passes if the ranges do not touch or Mann
 * and Whitney's z of the ranks is above 3, differs if it is below -3, else inconclusive.
 * Sorts both; shows `low`. */
void ct_lesson_below(ct_lesson_run *run, double *low, double *high, int n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Shown, without a claim. */
void ct_lesson_show(ct_lesson_run *run, double *x, int n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A line of words, such as what was left out and why. */
void ct_lesson_note(ct_lesson_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A row's figure, with its range over seeds, and what was expected; "" where there is none. */
void ct_lesson_row_text(const ct_lesson_row *r, char measured[64], char expected[32]);

/* ---- what several lessons need ---- */

/* Loss of free embeddings after `steps` of Adam with a cosine schedule; `map` (or NULL)
 * turns the table into embeddings. x (2n, d): where they end, or NULL.
 * Errors  CT_ERR_NOMEM */
typedef struct ct_free_descent {
    const char *loss; /* of contrast/loss.h */
    int n, d, steps;
    double temperature, rate;
    uint64_t seed;
    ct_activation map; /* CT_ACT_SIGMOID: no negative coordinates */
    const int *row_of; /* (n) or NULL: pair i of side b reads row row_of[i] < n */
    double from;       /* 0, or the temperature at the start: it falls from there to
                          `temperature` until half of the steps are made */
} ct_free_descent;

ct_status ct_lesson_descend(ct_device *device, const ct_free_descent *f, double *loss,
                            ct_error *err);

/* n_variants * seeds trials of a built-in recipe with common settings, as ct_trials_run gives
 * them; of validation and test at most CT_LESSON_PAIRS are looked at. Errors  as ct_trials_run */
#define CT_LESSON_PAIRS 2000
ct_status ct_lesson_trials(ct_lesson_run *run, const char *recipe, const char *common,
                           const ct_variant *variant, int n_variants, int seeds, ct_trial *out,
                           ct_error *err);

/* Are the files of a built-in recipe there? Those that need none say yes. If they are not, a note
 * says so, and how to bring them. */
bool ct_lesson_has_data(ct_lesson_run *run, const char *recipe);

/* One file each. */
extern const ct_lesson CT_LESSON_ESCAPE, CT_LESSON_FLOOR, CT_LESSON_CONE, CT_LESSON_GAP,
    CT_LESSON_INFORMATION, CT_LESSON_FALSE_NEGATIVES, CT_LESSON_BROKEN, CT_LESSON_DIMENSIONAL,
    CT_LESSON_TEMPERATURE, CT_LESSON_NEGATIVES, CT_LESSON_SYMMETRY, CT_LESSON_MASKS;

#endif
