/* eval.c -- contrast eval RUN [--split S] [--json]
 *
 * Layer: cli. */
#include "cli/open.h"
#include "cli/progress.h"

static void print_json(const char *folder, const ct_trainer *t, const ct_evaluation *e,
                       ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "run", folder);
    ct_json_integer(&j, "step", t->step);
    ct_fields_json(&j, &ct_evaluation_fields, e);
    cli_put_json(&j, err);
}

static int eval(const cli_line *in, ct_error *err)
{
    cli_run run;
    ct_evaluation e;
    cli_open(&run, in, in->argv[0], err);
    if (err->status == CT_OK)
        ct_trainer_evaluate(&run.trainer, (ct_split)in->split, 0, &e, err);
    if (err->status == CT_OK && in->json)
        print_json(in->argv[0], &run.trainer, &e, err);
    else if (err->status == CT_OK)
        cli_print_evaluation(&e);
    cli_close(&run);
    return 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {CLI_ONE_SPLIT, CLI_CHECKPOINT, CLI_JSON, CLI_END};

const cli_command CLI_EVAL = {
    .name = "eval", .group = CLI_TO_LOOK, .arguments = "RUN", .least = 1, .most = 1,
    .summary = "measure a trained run",
    .options = OPTIONS, .run = eval,
};
/* clang-format on */
