/* remedy.c -- what to try first, from a state and the settings of a run.
 *
 * A row is a cause: the states that it can make, the condition on the recipe by which it is known,
 * the overrides that take it away, and why. Every override is tried by tests/system/remedies.sh:
 * three seeds are in the state without it, and healthy with it. */
#include "train/recipe.h"

#include "contrast/loss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HOT   0.2  /* above: a large temperature                  */
#define COLD  0.05 /* below: a small one                          */
#define FEW   32   /* pairs in a batch: fewer show few negatives  */
#define FAST  5e-3 /* rate of AdamW: above, units saturate or die */
#define SLOW  1e-4 /* ... below, nothing moves                    */
#define HEAVY 5e-3 /* share of the weights that decays in a step  */
#define DEEP  3    /* layers                                      */

#define IN(state) (1u << CT_##state)
#define STUCK     (IN(COLLAPSED) | IN(DIMENSIONAL_COLLAPSE) | IN(PLATEAU))
#define UNLEARNED (STUCK | IN(UNALIGNED) | IN(UNCERTAIN) | IN(REPEATS) | IN(DEGENERATE_NORMS))
#define IS(loss_) (strcmp(loss->name, loss_) == 0)

/* So deep a tower of such units begins near the saddle. */
static bool saturates(const ct_tower_recipe *t)
{
    const ct_activation f = t->model.mlp.activation;
    return (f == CT_ACT_SIGMOID || f == CT_ACT_TANH) && t->model.mlp.n_layers >= DEEP;
}

static void append(char *out, size_t size, const char *between, const char *text)
{
    const size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s", used > 0 && *text != '\0' ? between : "", text);
}

ct_remedy ct_remedy_of(const ct_recipe *r, ct_state state)
{
    static const char *const RELU[] = {"", "image.activation=relu", "text.activation=relu",
                                       "image.activation=relu text.activation=relu"};
    const ct_loss *loss = ct_loss_find(r->loss.name);
    const ct_loss_options *o = &r->loss.options;
    const double rate = r->optim.schedule.rate, tau = r->loss.temperature;
    const double decay = fmin(rate, FAST) * r->optim.config.weight_decay;
    const bool cold = loss->learns_scale && tau < COLD, hot = loss->learns_scale && tau > HOT;
    const int saturated = saturates(&r->tower[0]) + 2 * saturates(&r->tower[1]);
    /* clang-format off */
    const struct {
        unsigned states;
        bool holds, last; /* last: only if nothing before it holds */
        const char *settings, *why;
    } CAUSES[] = {
        {UNLEARNED, IS("positives"), false, "loss.name=clip",
         "the loss only pulls pairs together, so all equal is its optimum: it needs negatives"},
        {UNLEARNED, IS("align-uniform") && o->uniform == 0, false, "loss.uniform=1",
         "nothing spreads the rows: the uniform part has no weight"},
        {UNLEARNED, IS("vicreg") && o->variance == 0, false, "loss.variance=25",
         "nothing keeps columns from shrinking: the variance part has no weight"},
        {UNLEARNED, IS("triplet") && o->mining == CT_MINE_HARDEST, false, "loss.mining=semi-hard",
         "the hardest negatives pull untrained towers into one point: first semi-hard ones"},
        {STUCK, IS("question"), false, "loss.name=clip",
         "the question's loss looks in one direction, at temperature 1"},
        {STUCK, IS("question") || IS("positives") || hot, false, "loss.temperature=0.07",
         "a small temperature leaves the saddle faster: deviations grow by 1 + rate / (N "
         "temperature) a step"},
        {STUCK, r->train.batch < FEW, false, "train.batch=64",
         "a batch this small shows few negatives at once"},
        {UNLEARNED, r->optim.config.kind == CT_SGD, false, "optim.name=adamw",
         "SGD's steps shrink with the gradient, which vanishes at the saddle; AdamW's do not"},
        {UNLEARNED, rate > FAST, false, "optim.rate=0.001",
         "AdamW moves each weight by up to the rate in a step: a rate this large saturates units"},
        {UNLEARNED, rate < SLOW, false, "optim.rate=0.001",
         "a rate this small hardly moves the weights"},
        {UNLEARNED, decay > HEAVY, false, "optim.weight_decay=0.01",
         "a weight decay this large shrinks the weights faster than the loss lets them grow"},
        {IN(MODALITY_GAP), cold, false, "loss.temperature=0.07",
         "a small temperature keeps the gap that towers begin with (contrast lesson gap)"},
        {UNLEARNED, saturated > 0, true, RELU[saturated],
         "deep saturating towers begin near the saddle (contrast lesson cone)"},
        {UNLEARNED, IS("vicreg") || IS("barlow"), true, "",
         "no setting explains it; the loss needs no negatives, but living units: see the spectrum"},
        {STUCK, isnan(rate), true, "",
         "the loss keeps rows apart, so look at the step: too large a rate saturates units, too "
         "small a one, or SGD, stays near the saddle; then dead units and weight decay"},
        {UNLEARNED & ~IN(REPEATS), rate >= 0, true, "",
         "no setting explains it: train longer, or compare with shuffled pairs (contrast check)"},
    };
    /* clang-format on */
    ct_remedy out = {.settings = ""};
    for (size_t i = 0; i < sizeof CAUSES / sizeof *CAUSES; i++)
        if ((CAUSES[i].states >> state & 1) != 0 && CAUSES[i].holds &&
            (!CAUSES[i].last || *out.why == '\0')) {
            append(out.why, sizeof out.why, "; ", CAUSES[i].settings);
            append(out.why, sizeof out.why, *CAUSES[i].settings != '\0' ? ": " : "; ",
                   CAUSES[i].why);
            append(out.settings, sizeof out.settings, " ", CAUSES[i].settings);
        }
    if (*out.why == '\0')
        append(out.why, sizeof out.why, "", ct_state_describe(state)->remedy);
    return out;
}

void ct_remedy_add(const ct_recipe *r, ct_diagnosis *d)
{
    if (d->text.remedy != ct_state_describe(d->state)->remedy)
        return;
    d->remedy = ct_remedy_of(r, d->state);
    d->text.remedy = d->remedy.why;
}
