/* export.c -- contrast export RUN [--torch F.py] [--data DIR] [--projector DIR] */
#include "cli/cli.h"

#include "lab/export.h"

int cli_run_export(cli_call *c, ct_error *err)
{
    ct_search search = {0};
    char checkpoint[CT_PATH_BYTES];
    if (c->torch == NULL && c->data == NULL && c->projector == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "export: expected --torch F.py, --data DIR or --projector DIR");
    ct_run_checkpoint(c->argv[0], c->checkpoint, checkpoint, err);
    if (err->status == CT_OK && c->torch != NULL) { /* with the state of the optimiser */
        bool *changed = c->data_changed ? &c->other_data : NULL;
        ct_checkpoint_load(&c->trainer, true, checkpoint, changed, err);
        ct_export_torch(&c->trainer, c->torch, err);
    }
    if (err->status == CT_OK && c->data != NULL)
        ct_export_data(c->trainer.pairs, c->data, err);
    if (err->status == CT_OK && c->projector != NULL &&
        ct_search_init(&search, &c->trainer, (ct_split)c->split, err) == CT_OK)
        ct_export_projector(&search, c->projector, err);
    ct_search_free(&search);
    const char *const written[] = {c->torch, c->data, c->projector};
    for (int i = 0; i < 3 && err->status == CT_OK; i++)
        if (written[i] != NULL)
            printf("%s: written%s\n", written[i], i == 0 ? ", with its weights" : "");
    return 0;
}
