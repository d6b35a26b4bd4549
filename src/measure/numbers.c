/* numbers.c -- a loss and nothing else: which landmarks are near it.
 *
 * A stuck loss sits at a constant, and most constants say where: ln N, ln(2N-1), a margin. So do
 * those of well-known slips: a factor on the loss, a temperature that is not what it should be,
 * a batch that is not as large as it seems. They are computed from the landmarks alone. */
#include "measure/numbers.h"

#include "contrast/scalar.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NEAR      0.01 /* of the value */
#define ALIKE     1e-3 /* ... within which what is plain comes before what is not */
#define USUAL     0.07 /* temperature where none is given */
#define USUAL_DIM 512

/* ---- as data ---- */

static const ct_field NUMBER[] = {
    {.key = "value", .kind = CT_REAL, CT_AT(ct_number, value), .format = "%.4f"},
    {.key = "off", .kind = CT_REAL, CT_AT(ct_number, off), .format = "%+.4f"},
    {.key = "formula", .kind = CT_TEXT, CT_AT(ct_number, formula)},
    {.key = "losses", .kind = CT_TEXT, CT_AT(ct_number, losses)},
    {.key = "meaning", .kind = CT_STRING, CT_AT(ct_number, meaning), .detail = true},
    {.key = "apart", .kind = CT_STRING, CT_AT(ct_number, apart), .detail = true},
};
const ct_fields ct_number_fields = CT_FIELDS(NUMBER);

/* ---- what a landmark means ---- */

enum cause { EQUAL, RANDOM, FLOOR, FACTOR, GATHERED, REPEATED, SCALED, TWICE, HALVES, CELLS };

/* What each says, and what tells its causes apart. */
static const char *const CAUSES[][2] = {
    [EQUAL] = {"all embeddings equal, or nothing that separates pairs from others",
               "Equal: different rows have a mean cosine near 1. Shuffled pairs or a softmax over "
               "the wrong axis: rows scatter, and no setting changes the loss"},
    [RANDOM] = {"rows scattered at random, pairs unaligned",
                "Untrained: it falls within an epoch; if not, pairs do not match: look at how the "
                "two sides are joined"},
    [FLOOR] = {"as low as it can be", "Recall@1 is near 1 then, or the loss is not of these rows; "
                                      "on pairs not trained on too, or it is overfitting"},
    [FACTOR] = {"all embeddings equal, and a constant factor on the loss",
                "The gradient has the factor too: divide the loss by it and compare again"},
    [GATHERED] = {"all embeddings equal among more candidates: several devices, or a queue",
                  "Print the shape of the logits: their columns are the N of ln N"},
    [REPEATED] = {"as low as it can be where so few captions or classes are in a batch; or all "
                  "equal in batches that are that much smaller",
                  "Count the different captions in a batch; print the shape of the logits"},
    [SCALED] = {"as low as it can be with logits of another scale: cosines, times the temperature, "
                "or times a logit scale that is not exponentiated",
                "Print the largest logit: 1, tau or ln(1/tau); it should be 1/tau"},
    [TWICE] = {"as low as it can be with softmax applied twice: the loss takes logits",
               "Rows of what the loss is given sum to 1"},
    [HALVES] = {"two candidates that cannot be told apart, or a yes-or-no question at logit 0",
                "Print the shape of the logits, and the logits"},
    [CELLS] = {"the same as a mean over all N x N cells, 1/N of what the paper sums for a row",
               "Multiply by N and compare again; the learning rate must be N times as large"},
};

/* ---- the list ---- */

/* A landmark of a loss (NULL: of none in particular); what has the same formula and value is one.
 */
__attribute__((format(printf, 5, 6))) static void offer(ct_numbers *out, const ct_loss *loss,
                                                        double value, enum cause of,
                                                        const char *fmt, ...)
{
    const char *name = loss != NULL ? loss->name : "";
    ct_number x = {.value = value,
                   .off = out->loss - value,
                   .meaning = CAUSES[of][0],
                   .apart = CAUSES[of][1],
                   .collapse = of == EQUAL || of == FACTOR || of == GATHERED};
    ct_number *next = x.off > 0 ? &out->below : &out->above;
    va_list args;
    if (!isfinite(value))
        return;
    /* Where the loss tells no difference landmarks come before slips. */
    const double alike = fmax(ALIKE * fabs(out->loss), out->known_to) + 1e-9;
    x.order = 2 * floor(fabs(x.off) / alike) + (of > FLOOR);
    va_start(args, fmt);
    vsnprintf(x.formula, sizeof x.formula, fmt, args);
    va_end(args);
    snprintf(x.losses, sizeof x.losses, "%s", name);
    if (fabs(x.off) > NEAR * fmax(fabs(value), 0.05)) {
        if (next->formula[0] == '\0' || fabs(x.off) < fabs(next->off))
            *next = x;
        return;
    }
    for (int i = 0; i < out->n; i++) {
        ct_number *same = &out->near[i];
        const size_t used = strlen(same->losses);
        if (strcmp(same->formula, x.formula) != 0 || fabs(same->value - value) > 1e-9)
            continue;
        if (strstr(same->losses, name) == NULL)
            snprintf(same->losses + used, sizeof same->losses - used, ", %s", name);
        return;
    }
    int at = out->n < CT_NUMBERS ? out->n++ : CT_NUMBERS; /* the last one falls off */
    for (; at > 0 && out->near[at - 1].order > x.order; at--)
        out->near[at] = out->near[at - 1];
    out->near[at] = x;
}

/* Known slips of a loss that is a logarithm of its candidates; `told`: its temperature is known. */
static void offer_slips(ct_numbers *out, const ct_landmarks *l, bool told)
{
    const ct_loss *loss = l->loss;
    const double t = l->at.temperature, equal = l->all_equal;
    const double taus[] = {told ? t : 0.1, 0.2, 0.5};
    ct_loss_setting at = l->at;
    at.quick = true; /* no slip asks for random rows */
    for (int i = 0; loss->learns_scale && i < (told ? 1 : 3); i++) {
        if (taus[i] != USUAL) /* Khosla et al. 2020 multiply by tau over a base of 0.07 */
            offer(out, loss, equal * taus[i] / USUAL, FACTOR, "%s x %g/0.07", l->equal_is, taus[i]);
        if (taus[i] != 0.5) /* as MoCo v3 does */
            offer(out, loss, equal * 2 * taus[i], FACTOR, "%s x 2 x %g", l->equal_is, taus[i]);
    }
    offer(out, loss, equal * 2, FACTOR, "%s x 2", l->equal_is);
    offer(out, loss, equal / 2, FACTOR, "%s / 2", l->equal_is);
    offer(out, loss, equal * l->at.n, FACTOR, "%s x N: a sum, not a mean", l->equal_is);
    offer(out, loss, equal / ct_scalar_log(2), FACTOR, "%s in bits", l->equal_is);
    for (int k = 2; k <= 1024 && l->at.n <= INT_MAX / k; k *= 2) {
        at.n = l->at.n * k;
        offer(out, loss, ct_landmarks_of(loss, &at, NULL).all_equal, GATHERED, "%s of %d x %d",
              l->equal_is, k, l->at.n);
    }
    const struct {
        double t;
        const char *name;
    } SCALES[] = {{1, "floor at tau 1"},
                  {1 / t, "floor at tau 1/%g"},
                  {1 / ct_scalar_log(1 / t), "floor at tau 1/ln(1/%g)"}};
    at.n = l->at.n;
    for (int i = 0; loss->learns_scale && t < 1 && i < 3; i++) {
        at.temperature = SCALES[i].t;
        offer(out, loss, ct_landmarks_of(loss, &at, NULL).floor, SCALED, SCALES[i].name, t);
    }
}

static void offer_loss(ct_numbers *out, const ct_loss *loss, bool told)
{
    const ct_landmarks l = ct_landmarks_of(loss, &out->at, NULL);
    const char *const tau = loss->learns_scale ? " at this tau" : "";
    offer(out, loss, l.all_equal, EQUAL, "%s%s", l.equal_is,
          l.at.queue > 0 ? ", N + queue for N" : "");
    offer(out, loss, l.random, RANDOM, "random rows of %d%s", out->at.d, tau);
    offer(out, loss, l.floor, FLOOR, "floor%s", tau);
    if (strncmp(l.equal_is, "ln", 2) == 0)
        offer_slips(out, &l, told);
    if (!loss->uses_bias)
        return;
    ct_loss_setting at = out->at; /* as the paper begins */
    at.temperature = 0.1;
    at.bias = -10;
    at.d = at.d > 0 ? at.d : USUAL_DIM;
    const ct_landmarks first = ct_landmarks_of(loss, &at, NULL);
    offer(out, loss, first.all_equal, EQUAL, "N ln 2: tau 0.1, bias -10");
    offer(out, loss, first.random, RANDOM, "random rows: tau 0.1, bias -10");
    offer(out, loss, first.all_equal / at.n, CELLS, "ln 2: tau 0.1, bias -10");
    offer(out, loss, first.random / at.n, CELLS, "random rows / N: tau 0.1, bias -10");
    offer(out, loss, l.all_equal / at.n, CELLS, "%s / N", l.equal_is);
    offer(out, loss, l.random / at.n, CELLS, "random rows / N");
}

void ct_numbers_of(const ct_loss *only, const ct_loss_setting *at, double loss, double known_to,
                   ct_numbers *out)
{
    const bool told = at->temperature > 0;
    const int n = at->n;
    int n_losses;
    const ct_loss *all = ct_loss_all(&n_losses);
    *out = (ct_numbers){.loss = loss, .known_to = known_to, .at = *at};
    if (!told)
        out->at.temperature = USUAL;
    for (int i = 0; i < n_losses; i++)
        if (only == NULL || only == &all[i])
            offer_loss(out, &all[i], told);
    /* The values of no loss in particular; one that is known has no softmax, perhaps. */
    if (only == NULL || ct_landmarks_of(only, &out->at, NULL).bounds_information) {
        const double parts = n / ct_scalar_exp(loss), whole = floor(parts + 0.5);
        if (whole >= 2 && whole <= n / 2)
            offer(out, only, ct_scalar_log(n / whole), REPEATED, "ln(N/%.0f)", whole);
        offer(out, only, ct_scalar_log(2.718281828459045 + n - 1) - 1, TWICE, "ln(e + N-1) - 1");
        offer(out, only, ct_scalar_log(2), HALVES, "ln 2");
    }
}
