/* check.c -- contrast check RECIPE [section.key=value ...] */
#include "cli/cli.h"

#include "lab/check.h"
#include "measure/numbers.h"

/* clang-format off */
#define ROW(kind_, key_, label_, member) \
    .key = (key_), .label = (label_), .kind = CT_##kind_, CT_AT(ct_check, member)
static const ct_field CHECK[] = {
    {ROW(INT, "pairs", NULL, pairs), .detail = true},
    {ROW(INT, "distinct_captions", NULL, captions), .detail = true},
    {ROW(BOOL, "gradients_right", NULL, gradients_right), .detail = true},
    {ROW(REAL, "gradient_error", "gradients: relative error", gradient_error)},
    {ROW(TEXT, "worst_parameter", "  largest in", worst)},
    {ROW(INT, "parameters_checked", "  parameters checked", n_checked)},
    {ROW(INT, "parameters_too_flat", "  too flat to tell in float", n_flat)},
    {ROW(BOOL, "learns_batch", NULL, learns_batch), .detail = true},
    {ROW(INT, "short_steps", "steps of each short training", short_steps)},
    {ROW(REAL, "batch_loss", "one batch: loss", batch_loss), .format = "%.4f"},
    {.kind = CT_GROUP, CT_AT(ct_check, landmarks), .members = &ct_landmarks_fields},
    {ROW(BOOL, "has_signal", NULL, has_signal), .detail = true},
    {ROW(REAL, "wrong_ahead", "pairs: share of wrong items ahead (chance: 0.5)", ahead),
     .format = "%.3f"},
    {ROW(REAL, "wrong_ahead_shuffled", "  shuffled pairs", ahead_shuffled), .format = "%.3f"},
    {ROW(REAL, "recall_at_1", "recall@1", recall), .format = "%.3f"},
    {ROW(REAL, "recall_at_1_shuffled", "  shuffled pairs", recall_shuffled), .format = "%.3f"},
    {ROW(STRING, "state", NULL, state)},
    {ROW(STRING, "state_shuffled", "  shuffled pairs", state_shuffled)},
    {ROW(LONG, "parameters", "parameters", n_parameters)},
    {ROW(REAL, "parameter_bytes", "  bytes, with gradients and moments", parameter_bytes)},
    {ROW(REAL, "step_bytes", "  bytes of a step", step_bytes)},
    {ROW(INT, "steps", NULL, steps), .detail = true},
    {ROW(REAL, "seconds", NULL, seconds), .detail = true},
};
/* clang-format on */
static const ct_fields FIELDS = CT_FIELDS(CHECK);

static void print_verdict(bool good, const char *question, const char *hint)
{
    printf("%s  %s\n", good ? "pass" : "FAIL", question);
    if (!good)
        printf("      %s\n", hint);
}

int cli_run_check(cli_call *c, ct_error *err)
{
    ct_check r;
    if (ct_check_run(&c->recipe, c->device, &r, err) != CT_OK)
        return 0;
    if (!c->json) {
        cli_tell_repeats(stdout, &c->recipe, r.pairs, r.captions);
        print_verdict(r.gradients_right, "the loss changes as the gradients say",
                      "backward is wrong, or the settings are too extreme for float");
        print_verdict(r.learns_batch, "one batch is learned by heart",
                      ct_remedy_of(&c->recipe, CT_PLATEAU).why);
        print_verdict(r.has_signal, "pairs teach more than shuffled pairs",
                      "these settings find no signal in the pairs in so many steps");
    }
    cli_show(c, &FIELDS, &r);
    if (!c->json)
        printf("%.2f ms per step: %.1f s for %d step%s\n", 1e3 * r.seconds_per_step, r.seconds,
               r.steps, CT_S(r.steps));
    return r.gradients_right && r.learns_batch && r.has_signal ? 0 : 3;
}
