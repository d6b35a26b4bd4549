/* trials.h -- one recipe, varied, over several seeds. Private.
 *
 * No conclusion about training comes from one run: escape from a plateau is
 * chaotic in rounding. A variant is a recipe with some settings changed; it is
 * run from every seed, one run to a thread, and reported as median and range.
 */
#ifndef EXPERIMENT_TRIALS_H
#define EXPERIMENT_TRIALS_H

#include "formats/field.h"
#include "train/trainer.h"

typedef struct ct_variant {
    const char *name;     /* one word or two, for tables                  */
    const char *settings; /* "section.key=value ...", as typed; may be "" */
} ct_variant;

/* One run. */
typedef struct ct_trial {
    bool diverged;      /* the loss became NaN or infinite; nothing else is set */
    double loss;        /* mean of the training loss over the last CT_TRIAL_WINDOW steps */
    double all_equal;   /* the loss when all embeddings are equal: ln N         */
    long escape;        /* first step at which the mean over the window before it was below
                           CT_TRIAL_ESCAPED * all_equal; 0: never                  */
    double temperature; /* at the end */
    ct_evaluation test;
    double more[4]; /* what a ct_trial_probe measured; else 0 */
} ct_trial;

/* Something else to measure once a trial is trained and tested, into out->more. */
typedef ct_status ct_trial_probe(ct_trainer *t, ct_trial *out, ct_error *err);

#define CT_TRIAL_WINDOW  50
#define CT_TRIAL_ESCAPED 0.95

/* Train to the end of the recipe; all but `test` is set. A run that diverges is an
 * error (CT_ERR_NUMERIC) and a result: out->diverged. Errors as ct_trainer_step. */
ct_status ct_trial_train(ct_trainer *t, ct_trial *out, ct_error *err);

/* Run n_variants * n_seeds trials (seeds 1, 2, ...) of `base` on the same pairs,
 * on `threads` threads; out[v * n_seeds + s]. `probe` may be NULL. No result depends on threads.
 * Errors  CT_ERR_CONFIG (a setting), CT_ERR_NOMEM */
ct_status ct_trials_run(const ct_recipe *base, const ct_pairs *pairs, const ct_variant *variant,
                        int n_variants, int n_seeds, int threads, ct_trial_probe *probe,
                        ct_trial *out, ct_error *err);

/* Apply "a.b=c d.e=f" to a recipe, then check it. Errors  CT_ERR_CONFIG */
ct_status ct_variant_apply(ct_recipe *r, const char *settings, ct_error *err);

#endif
