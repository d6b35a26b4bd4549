/* check.c -- contrast check RECIPE [section.key=value ...]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "lab/check.h"
#include "measure/fields.h"

/* What is printed: the check, and what it should be read with. */
typedef struct result {
    ct_check c;
    const char *state, *state_shuffled;
    int steps; /* of the whole run */
} result;

#define C(member) CT_AT(result, c.member)
/* clang-format off */
static const ct_field RESULT[] = {
    {.key = "pairs", .kind = CT_INT, C(pairs), .detail = true},
    {.key = "distinct_captions", .kind = CT_INT, C(captions), .detail = true},
    {.key = "gradients_right", .kind = CT_BOOL, C(gradients_right), .detail = true},
    {.key = "gradient_error", .label = "gradients: relative error", .kind = CT_REAL,
     C(gradient_error)},
    {.key = "worst_parameter", .label = "  largest in", .kind = CT_TEXT, C(worst)},
    {.key = "parameters_checked", .label = "  parameters checked", .kind = CT_INT, C(n_checked)},
    {.key = "parameters_too_flat", .label = "  too flat to tell in float", .kind = CT_INT,
     C(n_flat)},
    {.key = "learns_batch", .kind = CT_BOOL, C(learns_batch), .detail = true},
    {.key = "short_steps", .label = "steps of each short training", .kind = CT_INT, C(steps)},
    {.key = "batch_loss", .label = "one batch: loss", .kind = CT_REAL, C(batch_loss),
     .format = "%.4f"},
    {.kind = CT_GROUP, C(landmarks), .members = &ct_landmarks_fields},
    {.key = "has_signal", .kind = CT_BOOL, C(has_signal), .detail = true},
    {.key = "wrong_ahead", .label = "pairs: share of wrong items ahead (chance: 0.5)",
     .kind = CT_REAL, C(ahead), .format = "%.3f"},
    {.key = "wrong_ahead_shuffled", .label = "  shuffled pairs", .kind = CT_REAL, C(ahead_shuffled),
     .format = "%.3f"},
    {.key = "recall_at_1", .label = "recall@1", .kind = CT_REAL, C(recall), .format = "%.3f"},
    {.key = "recall_at_1_shuffled", .label = "  shuffled pairs", .kind = CT_REAL,
     C(recall_shuffled), .format = "%.3f"},
    {.key = "state", .kind = CT_STRING, CT_AT(result, state)},
    {.key = "state_shuffled", .label = "  shuffled pairs", .kind = CT_STRING,
     CT_AT(result, state_shuffled)},
    {.key = "parameters", .label = "parameters", .kind = CT_LONG, C(n_parameters)},
    {.key = "parameter_bytes", .label = "  bytes, with gradients and moments", .kind = CT_REAL,
     C(parameter_bytes), .format = "%.4g"},
    {.key = "step_bytes", .label = "  bytes of a step", .kind = CT_REAL, C(step_bytes)},
    {.key = "steps", .kind = CT_INT, CT_AT(result, steps), .detail = true},
    {.key = "seconds", .kind = CT_REAL, C(seconds), .detail = true},
};
/* clang-format on */
static const ct_fields FIELDS = CT_FIELDS(RESULT);

static void print_verdict(bool good, const char *question, const char *hint)
{
    printf("%s  %s\n", good ? "pass" : "FAIL", question);
    if (!good)
        printf("      %s\n", hint);
}

static int check(cli_call *c, ct_error *err)
{
    result r = {.steps = c->recipe.train.steps};
    if (ct_check_run(&c->recipe, c->device, &r.c, err) != CT_OK)
        return 0;
    r.state = ct_state_describe(r.c.state)->name;
    r.state_shuffled = ct_state_describe(r.c.state_shuffled)->name;
    if (!c->json) {
        cli_tell_repeats(stdout, &c->recipe, r.c.pairs, r.c.captions);
        print_verdict(r.c.gradients_right, "the loss changes as the gradients say",
                      "backward is wrong, or the settings are too extreme for float");
        print_verdict(r.c.learns_batch, "one batch is learned by heart",
                      ct_remedy_of(&c->recipe, CT_PLATEAU).why);
        print_verdict(r.c.has_signal, "pairs teach more than shuffled pairs",
                      "these settings find no signal in the pairs in so many steps");
    }
    cli_show(c, &FIELDS, &r);
    if (!c->json)
        printf("%.2f ms a step: %.1f s for %d steps\n", 1e3 * r.c.seconds_per_step, r.c.seconds,
               r.steps);
    return r.c.gradients_right && r.c.learns_batch && r.c.has_signal ? 0 : 3;
}

const cli_command CLI_CHECK = {
    "check", CLI_TO_TRAIN, {1, CLI_MANY}, CLI_NEEDS_RECIPE | CLI_NEEDS_DEVICE, check};
