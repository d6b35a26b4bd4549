/* export.c -- contrast export RUN --torch F.py | --projector DIR
 *
 * Layer: cli. */
#include "cli/cli.h"
#include "cli/opened.h"

#include "lab/export.h"

static struct {
    const char *torch, *projector, *split, *checkpoint;
} option;

static const cli_option OPTIONS[] = {
    {"--torch", NULL, CLI_TEXT, &option.torch, "F.py",
     "a PyTorch module, and its weights in F.safetensors; python F.py --onnx DIR makes ONNX of it"},
    {"--projector", NULL, CLI_TEXT, &option.projector, "DIR",
     "a split for projector.tensorflow.org"},
    {"--split", NULL, CLI_TEXT, &option.split, "S",
     "of --projector: test (default), train, validation, composition"},
    {"--checkpoint", NULL, CLI_TEXT, &option.checkpoint, "C", "latest (default), best, or a step"},
};

const cli_option *cli_export_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static ct_status export_projector(opened_run *run, int split, ct_error *err)
{
    ct_search search;
    ct_status status = ct_search_init(&search, &run->trainer, (ct_split)split, err);
    if (status == CT_OK)
        status = ct_export_projector(&search, option.projector, err);
    ct_search_free(&search);
    return status;
}

int cli_export(int argc, char **argv)
{
    ct_error err = {0};
    opened_run run;
    if (argc != 1)
        return cli_usage("export: expected one run's folder, found %d arguments", argc);
    if (option.torch == NULL && option.projector == NULL)
        return cli_usage("export: expected --torch F.py or --projector DIR");
    const int split = cli_split(option.split);
    if (split < 0)
        return 2;
    ct_status status = opened_run_open(&run, argv[0], option.checkpoint, &err);
    if (status == CT_OK && option.torch != NULL)
        status = ct_export_torch(&run.trainer, option.torch, &err);
    if (status == CT_OK && option.projector != NULL)
        status = export_projector(&run, split, &err);
    opened_run_close(&run);
    return status == CT_OK ? 0 : cli_fail(&err);
}
