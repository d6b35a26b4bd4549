/* opened.h -- a run that a command looks at: its recipe, data and weights. Private. */
#ifndef CLI_OPENED_H
#define CLI_OPENED_H

#include "cli/cli.h"
#include "train/run.h"

typedef struct opened_run {
    ct_recipe recipe;
    ct_device *device;
    ct_pairs *pairs;
    ct_trainer trainer;
    bool has_trainer;
} opened_run;

/* Open a run with the weights of a checkpoint (NULL: latest); close also after an error. */
ct_status opened_run_open(opened_run *r, const cli_line *in, const char *folder,
                          const char *checkpoint, ct_error *err);
void opened_run_close(opened_run *r);

#endif
