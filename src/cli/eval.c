/* eval.c -- contrast eval RUN [--split S] [--json]
 *
 * Layer: cli. */
#include "cli/cli.h"
#include "cli/opened.h"
#include "cli/run_report.h"

#include <string.h>

static const char *split_option, *checkpoint_option;

static const cli_option OPTIONS[] = {
    {"--split", NULL, CLI_TEXT, &split_option, "S",
     "train, validation, test (default) or composition"},
    {"--checkpoint", NULL, CLI_TEXT, &checkpoint_option, "C", "latest (default), best, or a step"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print JSON"},
};

const cli_option *cli_eval_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

int cli_split(const char *name)
{
    for (int s = 0; s < CT_N_SPLITS; s++)
        if (strcmp(name != NULL ? name : "test", ct_split_name((ct_split)s)) == 0)
            return s;
    cli_usage("--split %s: expected train, validation, test or composition", name);
    return -1;
}

static void print_result(const char *folder, const ct_trainer *t, const ct_evaluation *e)
{
    ct_json j = {0};
    if (!cli.json) {
        print_evaluation(e);
        return;
    }
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "run", folder);
    ct_json_integer(&j, "step", t->step);
    ct_evaluation_json(&j, e);
    cli_put_json(&j);
}

int cli_eval(int argc, char **argv)
{
    ct_error err = {0};
    opened_run run;
    ct_evaluation e;
    if (argc != 1)
        return cli_usage("eval: expected one run's folder, found %d arguments", argc);
    const int split = cli_split(split_option);
    if (split < 0)
        return 2;
    ct_status status = opened_run_open(&run, argv[0], checkpoint_option, &err);
    if (status == CT_OK)
        status = ct_trainer_evaluate(&run.trainer, (ct_split)split, 0, &e, &err);
    if (status == CT_OK)
        print_result(argv[0], &run.trainer, &e);
    opened_run_close(&run);
    return status == CT_OK ? 0 : cli_fail(&err);
}
