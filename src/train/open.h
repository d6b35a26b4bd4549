/* open.h -- a run in memory: its recipe, data and trainer. Private. */
#ifndef TRAIN_OPEN_H
#define TRAIN_OPEN_H

#include "train/trainer.h"

typedef struct ct_run {
    ct_recipe recipe;
    ct_device *device;     /* borrowed */
    const ct_pairs *pairs; /* borrowed, or the same as `own` */
    ct_pairs *own;
    ct_trainer trainer;
} ct_run;

/* A run at step 0, of given pairs or (NULL) of the recipe's data. Close it also after an error; it
 * must not be moved. Errors: those of ct_recipe_data and ct_trainer_init. */
ct_status ct_run_open(ct_run *r, const ct_recipe *recipe, const ct_pairs *pairs, ct_device *device,
                      ct_error *err);

/* The run of a folder, with the weights of a checkpoint: see run.h. */
ct_status ct_run_open_folder(ct_run *r, const char *folder, const char *checkpoint,
                             ct_device *device, ct_error *err);

void ct_run_close(ct_run *r);

#endif
