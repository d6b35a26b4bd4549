/* open.c -- see open.h.
 *
 * Layer: train. */
#include "train/open.h"

#include "train/run.h"

ct_status ct_run_open(ct_run *r, const ct_recipe *recipe, const ct_pairs *pairs, ct_device *device,
                      ct_error *err)
{
    *r = (ct_run){.recipe = *recipe, .device = device, .pairs = pairs};
    if (err->status == CT_OK && pairs == NULL) {
        r->own = ct_recipe_data(recipe, err);
        r->pairs = r->own;
    }
    if (err->status == CT_OK)
        ct_trainer_init(&r->trainer, &r->recipe, r->pairs, device, err);
    return err->status;
}

ct_status ct_run_open_folder(ct_run *r, const char *folder, const char *checkpoint,
                             ct_device *device, ct_error *err)
{
    ct_recipe recipe;
    char path[CT_PATH_BYTES];
    ct_run_recipe(folder, &recipe, err);
    ct_run_open(r, &recipe, NULL, device, err);
    ct_run_checkpoint(folder, checkpoint, path, err);
    return ct_checkpoint_load(&r->trainer, NULL, path, err);
}

void ct_run_close(ct_run *r)
{
    ct_trainer_free(&r->trainer);
    ct_pairs_free(r->own);
}
