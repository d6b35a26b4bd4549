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

const cli_command CLI_EVAL = {"eval", CLI_TO_LOOK, {1, 1}, CLI_NEEDS_RUN, eval};
