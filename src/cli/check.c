/* check.c -- contrast check RECIPE [section.key=value ...]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/json.h"
#include "lab/check.h"

static const char *word(bool good)
{
    return good ? "pass" : "FAIL";
}

static void print_check(const ct_recipe *r, const ct_check *c)
{
    printf(
        "%s  gradients: along %d parameters the loss changes as backward says, to %.2g (worst: %s)",
        c->n_checked > 0 ? word(c->gradients_right) : "----", c->n_checked, c->gradient_error,
        c->n_checked > 0 ? c->worst : "none");
    if (c->n_flat > 0)
        printf("; %d too flat to tell in float", c->n_flat);
    printf("\n%s  one batch of %d, %d times: loss %.4f (all equal %.4f, floor %.4f)\n",
           word(c->learns_batch), r->train.batch, c->steps, c->batch_loss, c->all_equal,
           c->batch_floor);
    if (!c->learns_batch)
        printf("      what does not learn one batch learns nothing: %s\n",
               ct_state_describe(CT_PLATEAU)->remedy);
    printf("%s  pairs against shuffled pairs, %d steps: wrong items ahead %.1f %% against %.1f %% "
           "(chance 50 %%),\n"
           "      recall@1 %.3f against %.3f, %s against %s\n",
           word(c->has_signal), c->steps, 100 * c->ahead, 100 * c->ahead_shuffled, c->recall,
           c->recall_shuffled, ct_state_describe(c->state)->name,
           ct_state_describe(c->state_shuffled)->name);
    if (!c->has_signal)
        printf("      nothing changes: the pairs carry no signal that these settings find in so "
               "many steps\n");
    printf("      %zu parameters; memory: %.1f MB of values, gradients and moments, %.1f MB a "
           "step, and the data\n",
           c->n_parameters, c->parameter_bytes / 1e6, c->step_bytes / 1e6);
    printf("      %.2f ms a step: %.1f s for %d steps\n", 1e3 * c->seconds_per_step, c->seconds,
           r->train.steps);
}

static void print_json(const ct_recipe *r, const ct_check *c, ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_bool(&j, "gradients_right", c->gradients_right);
    ct_json_number(&j, "gradient_error", c->gradient_error);
    ct_json_integer(&j, "parameters_checked", c->n_checked);
    ct_json_integer(&j, "parameters_too_flat", c->n_flat);
    ct_json_bool(&j, "learns_batch", c->learns_batch);
    ct_json_number(&j, "batch_loss", c->batch_loss);
    ct_json_number(&j, "all_equal", c->all_equal);
    ct_json_number(&j, "batch_floor", c->batch_floor);
    ct_json_bool(&j, "has_signal", c->has_signal);
    ct_json_number(&j, "wrong_ahead", c->ahead);
    ct_json_number(&j, "wrong_ahead_shuffled", c->ahead_shuffled);
    ct_json_number(&j, "recall_at_1", c->recall);
    ct_json_number(&j, "recall_at_1_shuffled", c->recall_shuffled);
    ct_json_string(&j, "state", ct_state_describe(c->state)->name);
    ct_json_string(&j, "state_shuffled", ct_state_describe(c->state_shuffled)->name);
    ct_json_integer(&j, "steps", r->train.steps);
    ct_json_number(&j, "seconds", c->seconds);
    ct_json_number(&j, "parameter_bytes", c->parameter_bytes);
    ct_json_number(&j, "step_bytes", c->step_bytes);
    cli_put_json(&j, err);
}

static int check(const cli_line *in, ct_error *err)
{
    ct_recipe recipe;
    ct_check c;
    if (cli_recipe(in, 0, &recipe, err) != CT_OK)
        return 0;
    ct_device *device = cli_device(in, err);
    if (device != NULL)
        ct_check_run(&recipe, device, &c, err);
    ct_device_free(device);
    if (err->status != CT_OK)
        return 0;
    if (in->json)
        print_json(&recipe, &c, err);
    else
        print_check(&recipe, &c);
    return c.gradients_right && c.learns_batch && c.has_signal ? 0 : 3;
}

static const cli_option OPTIONS[] = {CLI_JSON, CLI_END};

const cli_command CLI_CHECK = {
    .name = "check",
    .group = CLI_TO_TRAIN,
    .arguments = "RECIPE [section.key=value ...]",
    .least = 1,
    .most = CLI_MANY,
    .expects = "a recipe (try: contrast check shapes)",
    .summary = "tell in seconds whether a recipe is worth hours",
    .help =
        "Checks the gradients of the very model, learns one batch by heart, compares with shuffled "
        "pairs, and estimates\n"
        "time and memory of the whole run. Exit status 3 if one of the three fails.\n",
    .options = OPTIONS,
    .run = check,
};
