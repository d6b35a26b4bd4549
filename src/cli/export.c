/* export.c -- contrast export RUN --torch F.py | --projector DIR
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "lab/export.h"

static int export(cli_call *c, ct_error *err)
{
    ct_search search = {0};
    if (c->torch == NULL && c->projector == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "export: expected --torch F.py or --projector DIR");
    if (err->status == CT_OK && c->torch != NULL)
        ct_export_torch(&c->run.trainer, c->torch, err);
    if (err->status == CT_OK && c->projector != NULL &&
        ct_search_init(&search, &c->run.trainer, (ct_split)c->split, err) == CT_OK)
        ct_export_projector(&search, c->projector, err);
    ct_search_free(&search);
    return 0;
}

/* clang-format off */
static const ct_field OPTIONS[] = {
    {.key = "torch", CLI_TEXT(torch, "F.py"), .help = "a PyTorch module, and its weights in "
     "F.safetensors; python F.py --onnx DIR makes ONNX of it"},
    {.key = "projector", CLI_TEXT(projector, "DIR"), .help = "a split for projector.tensorflow.org"},
    CLI_SPLIT, CLI_CHECKPOINT, CLI_END};

const cli_command CLI_EXPORT = {
    .name = "export", .group = CLI_TO_USE, .arguments = "RUN", .least = 1, .most = 1,
    .needs = CLI_NEEDS_RUN,
    .summary = "take a run to other programs (--torch F.py, --projector DIR)",
    .help = "The towers and their texts' hashing as a PyTorch module, which can write ONNX, or "
            "embeddings of a split to look at.",
    .options = OPTIONS, .run = export,
};
/* clang-format on */
