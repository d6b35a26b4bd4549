/* numbers.c -- contrast diagnose --loss VALUE --batch N, and contrast diagnose CURVE: what
 * somebody's loss says who has no embeddings at hand. */
#include "cli/cli.h"

#include "contrast/scalar.h"
#include "measure/numbers.h"
#include "platform/file.h"

#include <math.h>
#include <string.h>

#define LOOKED_AT 65536 /* bytes of a text, to see what it is */

/* What cannot be read is not judged. FILE:NAME, a member of an archive, is no file of that name. */
bool cli_is_curve(cli_call *c, ct_error *err)
{
    char *begin = ct_arena_zeroed(&c->arena, LOOKED_AT, 1);
    ct_source file;
    if (!ct_file_exists(c->argv[0]))
        return false;
    ct_source_open(&file, c->argv[0], err);
    ct_source_read(&file, 0, begin, file.size < LOOKED_AT ? file.size : LOOKED_AT - 1, err);
    ct_source_close(&file);
    return err->status == CT_OK && ct_curve_begins(begin);
}

/* ---- what is told ---- */

static void tell_near(cli_call *c, const ct_numbers *x, const char *name)
{
    const ct_doc *d = &c->doc;
    const ct_table near = {&ct_number_fields, x->near, x->n, sizeof *x->near};
    ct_json_number(&c->j, "loss", x->loss);
    ct_json_integer(&c->j, "batch", x->at.n);
    if (x->n == 0) {
        const ct_number *side[2] = {&x->below, &x->above};
        ct_doc_about(d, "no known value: within 1 %% of %g there is none of %s", x->loss,
                     name != NULL ? name : "any loss");
        if (x->loss > 0 && x->loss < 20)
            ct_doc_item(d, "e^%g = %.1f: as if equal among so many candidates", x->loss,
                        ct_scalar_exp(x->loss));
        for (int i = 0; i < 2; i++)
            if (side[i]->formula[0] != '\0')
                ct_doc_item(d, "the next %s: %s%s%s, %.4f", i == 0 ? "below" : "above",
                            side[i]->formula, side[i]->losses[0] != '\0' ? " of " : "",
                            side[i]->losses, side[i]->value);
    } else {
        ct_doc_text(d, "A loss of %g with %d pair%s per batch is near:", x->loss, x->at.n,
                    CT_S(x->at.n));
    }
    ct_doc_table(d, "near", &near);
    for (int i = 0; i < x->n; i++) {
        int k = 0;
        while (x->near[k].meaning != x->near[i].meaning)
            k++;
        if (k == i) /* said once */
            ct_doc_item(d, "%s: %s. %s", x->near[i].formula, x->near[i].meaning, x->near[i].apart);
    }
}

/* The command that tells most of what may be. */
static void tell_next(cli_call *c, const ct_numbers *x, const ct_loss *loss)
{
    char next[CT_PATH_BYTES + 256], temperature[32] = "";
    const char *name = loss != NULL ? loss->name : "clip"; /* what most people have */
    bool near = x->n == 0;
    for (int i = 0; i < x->n; i++)
        near = near || strstr(x->near[i].losses, name) != NULL || x->near[i].losses[0] == '\0';
    if (!near)
        name = x->near[0].losses;
    const int length = (int)strcspn(name, ",");
    if (!isnan(c->temperature))
        snprintf(temperature, sizeof temperature, " --temperature %g", c->temperature);
    snprintf(next, sizeof next, "%s diagnose A.npy B.npy --loss %.5g --batch %d --loss-name %.*s%s",
             cli_name, x->loss, x->at.n, length, name, temperature);
    ct_doc_about(&c->doc, "try next: the embeddings of one batch, saved as .npy:");
    ct_doc_code(&c->doc, "%s", next);
    ct_json_string(&c->j, "try_next", next);
}

#define NOT_FINITE \
    "a rate that is too large, a division by a length of 0, or a logit scale without a limit"

/* Does it say that training failed? */
static bool tell_curve(cli_call *c, const ct_curve *curve, const char *path)
{
    const ct_doc *d = &c->doc;
    if (!isnan(curve->bad))
        ct_doc_about(d, "not finite: the loss is NaN or infinite at step %.0f: " NOT_FINITE,
                     curve->bad);
    else if (!isnan(curve->since))
        ct_doc_about(d, "flat: at %.4f since about step %.0f", curve->level, curve->since);
    else if (isnan(curve->least))
        ct_doc_about(d, "not flat: %s still moves at its end, or is too short to say", path);
    if (!isnan(curve->least))
        ct_doc_about(d,
                     "risen: from %.4f at step %.0f: it diverges or collapses (a rate that is "
                     "too large), or, on pairs not trained on, it is overfitting",
                     curve->least, curve->least_at);
    ct_doc_members(d, &ct_curve_fields, curve);
    return !isnan(curve->bad) || !isnan(curve->least);
}

int cli_numbers(cli_call *c, bool has_curve, ct_error *err)
{
    const ct_loss *loss = NULL;
    double value = c->loss;
    bool failed = isinf(value);
    char *text = NULL;
    size_t size = 0;
    ct_curve curve = {.known_to = 0};
    cli_read_loss(c, has_curve, "", &loss, err);
    if (has_curve && ct_file_read(c->argv[0], 0, &c->arena, &text, &size, err) == CT_OK &&
        ct_curve_read(c->argv[0], text, &curve, err) == CT_OK) {
        failed = tell_curve(c, &curve, c->argv[0]);
        value = isnan(value) ? curve.level : value;
    }
    const int status = c->fail_on_collapse && failed ? 3 : 0;
    if (err->status != CT_OK || isnan(value))
        return status;
    if (isinf(value)) /* what --loss nan is read as */
        ct_doc_about(&c->doc, "not finite: " NOT_FINITE "; a loss of one batch says no more");
    else if (c->batch == 0)
        ct_doc_about(&c->doc, "try next: the same with --batch N, the pairs per batch: what a loss "
                              "should be depends on N");
    if (isinf(value) || c->batch == 0)
        return status;
    ct_loss_setting at = cli_loss_setting(c, loss, c->batch, c->dim);
    at.temperature = c->recipe.loss.temperature; /* 0: not known */
    at.queue = c->recipe.loss.queue;
    ct_numbers x;
    ct_numbers_of(loss, &at, value, curve.known_to, &x);
    tell_near(c, &x, loss != NULL ? loss->name : NULL);
    tell_next(c, &x, loss);
    return c->fail_on_collapse && x.n > 0 && x.near[0].collapse ? 3 : status;
}
