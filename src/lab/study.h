/* study.h -- one recipe, varied, over several seeds. Private.
 *
 * No conclusion about training comes from one run: escape from a plateau is chaotic in rounding.
 * A variant is a recipe with some settings changed; it is trained from every seed, one run per
 * thread, measured, and shown as median and range. A sweep is a study whose variants are a grid,
 * the demo's tables are studies, a lesson on trained towers is a study with claims.
 */
#ifndef LAB_STUDY_H
#define LAB_STUDY_H

#include "contrast/diagnose.h"
#include "formats/log.h"
#include "train/trainer.h"

#include <signal.h>

#define CT_STUDY_HEADS    6
#define CT_STUDY_VARIANTS 24
#define CT_STUDY_CLAIMS   24
#define CT_STUDY_PAIRS    2000
#define CT_STUDY_SEEDS    64
#define CT_STUDY_WINDOW   50   /* steps whose mean loss shows a plateau through the noise */
#define CT_STUDY_ESCAPED  0.95 /* of the loss when all are equal: below it a run has left */
#define CT_DIVERGED       CT_N_STATES

typedef struct ct_variant {
    const char *name;     /* a word or two, for tables */
    const char *settings; /* "section.key=value ...", as typed */
    bool shuffled;        /* the control: each text belongs to another picture of its split */
    const char *cell[CT_STUDY_HEADS]; /* of a table, if the plan says its heads */
} ct_variant;

typedef struct ct_study {
    const char *recipe, *common; /* a built-in recipe, and settings of all variants */
    const char *heading, *about; /* words before its table, or NULL */
    int seeds, n_variants, n_claims;
    ct_variant variant[CT_STUDY_VARIANTS];
    const char *shown;                  /* keys of an outcome with spaces between */
    const char *claim[CT_STUDY_CLAIMS]; /* what must hold if it shows what it says: lesson.h */
} ct_study;

/* What one run came to. */
typedef struct ct_outcome {
    bool done; /* or not yet */
    int state; /* ct_state, or CT_DIVERGED: the loss became NaN or infinite, and nothing else
                  is known */
    double training_loss; /* its mean over the last CT_STUDY_WINDOW steps */
    double all_equal;     /* what it is when all embeddings are equal, over the same steps */
    long escape_step; /* first step at which that mean was below CT_STUDY_ESCAPED * all_equal; 0:
                         never */
    ct_evaluation test, validation; /* the latter only if it is asked for */
    double tolerance_of_kind[2];    /* of pictures with one first object, of their texts (shapes) */
} ct_outcome;

/* The number that `key` names, "validation.recall_at_1" or, of the other side, "recall_at_1[1]"; of
 * the name of a state, is it that? NaN of a diverged run or if there is none, infinite for a step
 * that was never reached. */
double ct_outcome_value(const ct_outcome *o, const char *key);
void ct_outcome_label(const char *key, char *out, size_t size); /* for people */

/* The next word of `text`, which moves past it; false: there is none. */
bool ct_next_word(const char **text, char *word, size_t size);

/* What follows `mark` and spaces in the text, which ends before the mark now; NULL: no mark. */
char *ct_text_cut(char *text, const char *mark);

/* Apply "a.b=c d.e=f" to a recipe, then check it. Errors  CT_ERR_CONFIG */
ct_status ct_variant_apply(ct_recipe *r, const char *settings, ct_error *err);

/* A built-in recipe or a file with settings over it. Errors  CT_ERR_CONFIG, those of the file */
ct_recipe ct_study_recipe(const char *name, const char *settings, ct_error *err);

/* ---- runs ---- */

/* What is to be run, and what came of it. */
typedef struct ct_runs {
    ct_recipe base;
    const ct_variant *variant;
    const char *head[CT_STUDY_HEADS]; /* what a table begins with; none: the names */
    int n_variants, n_seeds;
    long first_seed;
    int limit;             /* most pairs of a split that are measured; 0: all */
    bool validation;       /* measure that split too */
    int steps;             /* train no further than that; 0: to the end of the recipe */
    const ct_pairs *pairs; /* of all runs whose settings change no data; NULL: the base's */
    ct_outcome *run;       /* [variant * n_seeds + seed - first_seed], all zero at first */
    int n_done;
    ct_log *log; /* or NULL: runs that are done are kept there, a line each */
    void (*on_run)(void *ctx, int done, int of); /* or NULL; one call at a time */
    void *ctx;
    const volatile sig_atomic_t *stop; /* or NULL; not 0: finish the runs in flight and return */
} ct_runs;

/* The recipe of a run. Errors  CT_ERR_CONFIG */
ct_recipe ct_runs_recipe(const ct_runs *r, int run, ct_error *err);

/* Make all that are not done. No result depends on the number of threads.
 * Errors  CT_ERR_CONFIG (a setting, before any run), CT_ERR_NOMEM, those of data */
ct_status ct_runs_make(ct_runs *r, int threads, ct_error *err);

/* A run that is done, as a line of the log. */
typedef struct ct_run_line {
    int run;
    const char *settings;
    long seed;
    ct_outcome outcome;
} ct_run_line;

extern const ct_fields ct_run_line_fields;

void ct_runs_put(const ct_runs *r, int run);

/* The numbers of a variant's runs that are done; the answer is how many. */
int ct_runs_values(const ct_runs *r, int variant, const char *key, double *out);

/* Those of a study, made; of a split at most CT_STUDY_PAIRS are measured. Memory is the arena's. */
ct_status ct_study_run(const ct_study *s, int threads, ct_arena *arena, ct_runs *out,
                       ct_error *err);

/* ---- rows ---- */

#define CT_STUDY_VALUES  96
#define CT_STUDY_COLUMNS (CT_STUDY_HEADS + CT_STUDY_VALUES + CT_N_STATES + 8)

typedef struct ct_study_row {
    ct_variant variant;
    int runs, escaped;
    int state, in_state;     /* the most frequent (the first of equals), and how many runs are so */
    int of[CT_DIVERGED + 1]; /* runs in each state */
    ct_spread value[CT_STUDY_VALUES]; /* measures over the seeds */
} ct_study_row;

/* A row for each variant that has runs, to be shown by its columns. */
typedef struct ct_study_rows {
    ct_fields columns; /* those of `column` */
    ct_field column[CT_STUDY_COLUMNS];
    char asked[CT_STUDY_VALUES][64], key[CT_STUDY_VALUES][64], label[CT_STUDY_VALUES][64];
    int n_values, n;
    ct_study_row *row;
} ct_study_rows;

/* `shown`: "state in_state runs ..." and keys of an outcome, with spaces between; of an
 * array "key" is the first side, "key[0]" too and says so, "key[1]" the other. What else there is
 * of runs and states is in files only; with `all`, every measure is. Memory is the arena's. */
ct_status ct_runs_rows(const ct_runs *r, const char *shown, bool all, ct_arena *arena,
                       ct_study_rows *out, ct_error *err);

#endif
