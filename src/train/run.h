/* run.h -- a training run and its folder. Private.
 *
 *     RUN/recipe.ini          the whole recipe, nothing left to defaults
 *     RUN/log.jsonl           what happened, a line each:
 *       {"kind":"probe",...}        the pairs that snapshots are about: first, if there are any
 *       {"kind":"snapshot",...}     see formats/log.h
 *       {"kind":"data_changed",...} from this step on it is other data
 *       {"kind":"step",...}         loss, temperature, rate and gradient norm
 *       {"kind":"evaluation",...}   of a split
 *       {"kind":"monitor",...}      see snapshot.h
 *     RUN/timing.jsonl        seconds and pairs per second of the same steps
 *     RUN/environment.json    version, compiler, instruction set, threads
 *     RUN/latest.safetensors  the last checkpoint, see checkpoint.h
 *     RUN/best.safetensors    that of the best validation
 *
 * There is nothing of the machine in the log, so that a run done twice, or killed and resumed,
 * gives the same bytes. While a process writes a run it holds the lock of the folder.
 */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "platform/file.h"
#include "train/checkpoint.h"
#include "train/snapshot.h"
#include "train/trainer.h"

#include <signal.h>

/* ---- training ---- */

/* Who watches a run; any member may be NULL. */
typedef struct ct_run_watch {
    void *ctx;
    void (*on_step)(void *ctx, const ct_trainer *t, const ct_step *s, double seconds);
    void (*on_evaluation)(void *ctx, const ct_trainer *t, const ct_evaluation *e);
    void (*on_monitor)(void *ctx, const ct_trainer *t, const ct_monitor *m); /* after validation */
    const volatile sig_atomic_t *stop; /* not 0: save after this step and return CT_OK early */
    bool *changed; /* as for ct_checkpoint_load: a log says so where it goes on with other data */
    volatile sig_atomic_t *safe; /* the run makes it 1 while all that counts is on the disk, so that
                                    an end at once loses nothing: while it evaluates */
} ct_run_watch;

/* Train `t` from where it is to the end of its recipe, with the folder as above (made if it does
 * not exist; what an older run left there goes), then measure the test split and, if there is one,
 * the composition split. `weights` (or NULL) is a safetensors file that it begins with. Errors:
 * those of a step, of files (CT_ERR_IO; also if another process writes there), of ct_weights_load;
 * a run that fails keeps the lines written so far and its last checkpoint. */
ct_status ct_run_train(ct_trainer *t, const char *folder, const char *weights,
                       const ct_run_watch *watch, ct_error *err);

/* Continue from a checkpoint (`which`: see below), or, if a run was killed before its first, from
 * the beginning; ends with the bytes of a run that was never stopped. Errors: those of ct_run_train
 * and ct_checkpoint_load. */
ct_status ct_run_resume(ct_trainer *t, const char *folder, const char *which,
                        const ct_run_watch *watch, ct_error *err);

/* ---- its folder ---- */

/* Path of a checkpoint: which is "latest" (also NULL) or "best".
 * Errors  CT_ERR_CONFIG, CT_ERR_IO */
ct_status ct_run_checkpoint(const char *folder, const char *which, char path[CT_PATH_BYTES],
                            ct_error *err);

/* Its trainer, with the weights of a checkpoint; ct_trainer_free, also after an error. `changed`:
 * as for ct_checkpoint_load. Errors  those of ct_run_recipe, ct_trainer_init, ct_checkpoint_load */
ct_status ct_run_open(ct_trainer *t, const char *folder, const char *const *settings,
                      const char *checkpoint, ct_device *device, bool *changed, ct_error *err);

/* Is there a run in this folder? */
bool ct_run_exists(const char *folder);

/* The recipe of a run, and over it settings up to a NULL. Errors  as ct_recipe_read; CT_ERR_IO */
ct_status ct_run_recipe(const char *folder, const char *const *settings, ct_recipe *out,
                        ct_error *err);

#endif
