/* export.c -- contrast export RUN --torch F.py | --projector DIR
 *
 * Layer: cli. */
#include "cli/open.h"

#include "lab/export.h"

static void export_projector(cli_run *run, const cli_line *in, ct_error *err)
{
    ct_search search;
    if (ct_search_init(&search, &run->trainer, (ct_split)in->split, err) == CT_OK)
        ct_export_projector(&search, in->projector, err);
    ct_search_free(&search);
}

static int export(const cli_line *in, ct_error *err)
{
    cli_run run;
    if (in->torch == NULL && in->projector == NULL) {
        CT_FAIL(err, CT_ERR_CONFIG, "export: expected --torch F.py or --projector DIR");
        return 0;
    }
    cli_open(&run, in, in->argv[0], err);
    if (err->status == CT_OK && in->torch != NULL)
        ct_export_torch(&run.trainer, in->torch, err);
    if (err->status == CT_OK && in->projector != NULL)
        export_projector(&run, in, err);
    cli_close(&run);
    return 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--torch", NULL, CLI_TEXT, CLI_AT(torch), "F.py",
     "a PyTorch module, and its weights in F.safetensors; python F.py --onnx DIR makes ONNX of it"},
    {"--projector", NULL, CLI_TEXT, CLI_AT(projector), "DIR",
     "a split for projector.tensorflow.org"},
    CLI_ONE_SPLIT,
    CLI_CHECKPOINT,
    CLI_END};

const cli_command CLI_EXPORT = {
    .name = "export", .group = CLI_TO_USE, .arguments = "RUN (--torch F.py | --projector DIR)",
    .least = 1, .most = 1,
    .summary = "take a run to other programs",
    .help = "The towers and their texts' hashing as a PyTorch module, which can write ONNX, or "
            "embeddings of a split to look at.",
    .options = OPTIONS, .run = export,
};
/* clang-format on */
