/* opened.c -- what commands begin with: a recipe and its settings, or a run.
 *
 * Layer: cli. */
#include "cli/opened.h"

ct_status cli_recipe(const cli_line *in, int first, ct_recipe *out, ct_error *err)
{
    *out = ct_recipe_defaults();
    ct_recipe_load(out, in->argv[first], err);
    for (int i = first + 1; i < in->argc && err->status == CT_OK; i++)
        ct_recipe_override(out, in->argv[i], err);
    return err->status == CT_OK ? ct_recipe_check(out, err) : err->status;
}

ct_status opened_run_open(opened_run *r, const cli_line *in, const char *folder,
                          const char *checkpoint, ct_error *err)
{
    *r = (opened_run){0};
    if (ct_run_recipe(folder, &r->recipe, err) != CT_OK)
        return err->status;
    r->device = cli_device(in, err);
    r->pairs = r->device != NULL ? ct_recipe_data(&r->recipe, err) : NULL;
    if (r->pairs == NULL)
        return err->status;
    r->has_trainer = true;
    if (ct_trainer_init(&r->trainer, &r->recipe, r->pairs, r->device, err) == CT_OK)
        ct_run_load_weights(&r->trainer, folder, checkpoint, err);
    return err->status;
}

void opened_run_close(opened_run *r)
{
    if (r->has_trainer)
        ct_trainer_free(&r->trainer);
    ct_pairs_free(r->pairs);
    ct_device_free(r->device);
}
