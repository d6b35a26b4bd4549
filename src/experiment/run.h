/* run.h -- a training run and its folder. Private.
 *
 *     RUN/recipe.ini          the whole recipe, nothing left to defaults
 *     RUN/metrics.jsonl       a line every monitor.log_every steps, a line an
 *                             evaluation; no clock in it, so that a run done
 *                             twice gives the same bytes
 *     RUN/timing.jsonl        seconds and pairs per second of the same steps
 *     RUN/weights.safetensors parameters by PyTorch's names; standardisation
 *                             of numeric sides and the step as metadata
 */
#ifndef EXPERIMENT_RUN_H
#define EXPERIMENT_RUN_H

#include "experiment/trainer.h"
#include "formats/json.h"

#include <signal.h>

/* Who watches a run; any member may be NULL. */
typedef struct ct_run_watch {
    void *ctx;
    void (*on_step)(void *ctx, const ct_trainer *t, const ct_step *s, double seconds); /* every step */
    void (*on_evaluation)(void *ctx, const ct_trainer *t, const ct_evaluation *e);
    const volatile sig_atomic_t *stop; /* not 0: save after this step and return CT_OK early */
} ct_run_watch;

/* Train `t` to the end of its recipe, with the folder as above (made if it does
 * not exist), then measure the test split and, if there is one, the composition
 * split. Errors: those of a step, of files (CT_ERR_IO); a run that fails keeps the
 * metrics written so far and the weights saved last. */
ct_status ct_run_train(ct_trainer *t, const char *folder, const ct_run_watch *watch, ct_error *err);

/* Is there a run in this folder? */
bool ct_run_exists(const char *folder);

/* The recipe of a run. Errors as ct_recipe_read. */
ct_status ct_run_recipe(const char *folder, ct_recipe *out, ct_error *err);

/* Parameters of a run into / out of a trainer of the same recipe.
 * Errors  CT_ERR_IO, CT_ERR_FORMAT (a parameter is missing or of other shape) */
ct_status ct_run_save_weights(const ct_trainer *t, const char *folder, ct_error *err);
ct_status ct_run_load_weights(ct_trainer *t, const char *folder, ct_error *err);

/* Members of an evaluation, into an open object. */
void ct_evaluation_json(ct_json *j, const ct_evaluation *e);

#endif
