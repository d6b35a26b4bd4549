/* eval.c -- contrast eval RUN
 *
 * Layer: cli. */
#include "cli/progress.h"

static int eval(cli_call *c, ct_error *err)
{
    ct_evaluation e;
    ct_json j = {0};
    if (ct_trainer_evaluate(&c->run.trainer, (ct_split)c->split, 0, &e, err) != CT_OK)
        return 0;
    if (!c->json) {
        cli_print_evaluation(&e);
        return 0;
    }
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "run", c->argv[0]);
    ct_fields_json(&j, &ct_evaluation_fields, &e);
    cli_put_json(&j, err);
    return 0;
}

/* clang-format off */
static const ct_field OPTIONS[] = {CLI_SPLIT, CLI_CHECKPOINT, CLI_JSON, CLI_END};

const cli_command CLI_EVAL = {
    .name = "eval", .group = CLI_TO_LOOK, .arguments = "RUN", .least = 1, .most = 1,
    .needs = CLI_NEEDS_RUN,
    .summary = "measure a trained run",
    .options = OPTIONS, .run = eval,
};
/* clang-format on */
