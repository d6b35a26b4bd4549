/* eval.c -- contrast eval RUN */
#include "cli/cli.h"

int cli_run_eval(cli_call *c, ct_error *err)
{
    ct_evaluation e;
    if (ct_trainer_evaluate(&c->trainer, (ct_split)c->split, 0, &e, NULL, err) != CT_OK)
        return 0;
    ct_json_string(&c->j, "run", c->argv[0]);
    ct_fields_json(&c->j, &ct_evaluation_fields, &e);
    if (!c->json) {
        const ct_pairs *p = c->trainer.pairs;
        cli_tell_repeats(stdout, &c->trainer.recipe, p->n, p->side[1].n_texts);
        cli_print_evaluation(&e);
    }
    return 0;
}
