/* opened.c -- what eval, embed, search and export begin with.
 *
 * Layer: cli. */
#include "cli/opened.h"

#include "cli/cli.h"

ct_status opened_run_open(opened_run *r, const char *folder, const char *checkpoint, ct_error *err)
{
    *r = (opened_run){0};
    ct_status status = ct_run_recipe(folder, &r->recipe, err);
    if (status != CT_OK)
        return status;
    r->device = cli_device(err);
    r->pairs = r->device != NULL ? ct_recipe_data(&r->recipe, err) : NULL;
    if (r->pairs == NULL)
        return err->status;
    r->has_trainer = true;
    status = ct_trainer_init(&r->trainer, &r->recipe, r->pairs, r->device, err);
    return status == CT_OK ? ct_run_load_weights(&r->trainer, folder, checkpoint, err) : status;
}

void opened_run_close(opened_run *r)
{
    if (r->has_trainer)
        ct_trainer_free(&r->trainer);
    ct_pairs_free(r->pairs);
    ct_device_free(r->device);
}
