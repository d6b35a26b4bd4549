/* diagnose.c -- contrast diagnose A.npy [B.npy] | RUN
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "measure/fields.h"
#include "show/page.h"
#include "show/table.h"

#include <math.h>

/* ---- what is told ---- */

static void print_histogram(const ct_terminal *t, const char *name, const double *share)
{
    static const char *const LEVEL[] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    double most = 0;
    for (int b = 0; b < CT_COSINE_BINS; b++)
        most = share[b] > most ? share[b] : most;
    fprintf(t->out, "  %-34s -1 |", name);
    for (int b = 0; b < CT_COSINE_BINS; b++)
        fputs(LEVEL[most > 0 ? (int)ceil(8 * share[b] / most) : 0], t->out);
    fprintf(t->out, "| 1\n");
}

static void print_spectrum(const ct_terminal *t, const char *name, const double *value, int n)
{
    fprintf(t->out, "  singular values of %s / largest, centred:", name);
    for (int k = 1; k < n; k *= 2)
        fprintf(t->out, " %d: %.3f", k + 1, value[0] > 0 ? value[k] / value[0] : 0);
    fputc('\n', t->out);
}

static void print_diagnosis(const ct_terminal *t, const ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    ct_bold(t, true);
    fprintf(t->out, "%s", d->text.name);
    ct_bold(t, false);
    fprintf(t->out, ": %s\n", d->text.meaning);
    for (int i = 0; i < d->n_evidence; i++)
        fprintf(t->out, "  - %s\n", d->evidence[i]);
    if (*d->text.look_alikes != '\0')
        fprintf(t->out, "looks alike: %s\n", d->text.look_alikes);
    fprintf(t->out, "try first: %s\n\nmeasured on %d rows of %d%s:\n", d->text.remedy, m->rows,
            m->columns, m->n_sides == 2 ? " (a, b)" : "");
    ct_table_print_lines(&ct_measures_fields, m, t->out, 2);
    if (m->not_finite_rows[0] + m->not_finite_rows[1] > 0)
        return;
    for (int s = 0; s < m->n_sides; s++) {
        print_spectrum(t, s == 0 ? "a" : "b", d->shape.singular[s], d->shape.n_singular[s]);
        print_histogram(t, s == 0 ? "cosines of different rows of a" : "... of b",
                        d->shape.within[s]);
    }
    if (m->n_sides == 2) {
        print_histogram(t, "cosines of pairs", d->shape.pairs);
        print_histogram(t, "cosines of others", d->shape.others);
    }
    if (d->landmarks.loss != NULL) {
        fprintf(t->out, "%s, %s:\n", d->landmarks.loss->name,
                d->loss_measured ? "measured" : "given");
        ct_table_print_lines(&ct_loss_fields, d, t->out, 2);
        ct_table_print_lines(&ct_landmarks_fields, &d->landmarks, t->out, 2);
    }
}

/* ---- where it comes from ---- */

/* The loss as the options say, if they say anything. */
static ct_status read_loss(const cli_call *c, ct_diagnosis *a, const cli_arrays *x, ct_error *err)
{
    const bool asked = !isnan(c->loss) || c->loss_name != NULL || !isnan(c->temperature) ||
                       c->batch > 0;
    const int batch = c->batch > 0 ? c->batch : x->n < 256 ? x->n : 256;
    const ct_loss *loss = cli_loss(c->loss_name != NULL ? c->loss_name : "infonce", err);
    a->loss = c->loss;
    if (loss == NULL || !asked)
        return err->status;
    if (!isnan(c->loss) && c->batch == 0)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "--loss needs --batch N: what a loss should be depends on N");
    const ct_loss_setting at = {.n = batch,
                                .d = x->d,
                                .temperature = isnan(c->temperature) ? 0.07 : c->temperature,
                                .bias = ct_loss_bias(batch)};
    a->landmarks = ct_landmarks_of(loss, &at, batch <= x->n ? x->group : NULL);
    return CT_OK;
}

static int diagnose(cli_call *c, ct_error *err)
{
    static const char *const SIDE[2][2] = {{"a", "b"}, {"images", "captions"}};
    const bool run = c->argc == 1 && ct_run_exists(c->argv[0]);
    ct_diagnosis *a = ct_arena_zeroed(&c->arena, 1, sizeof *a);
    cli_arrays x;
    ct_json j = {0};
    if (run && cli_open(c, c->argv[0], err) == CT_OK)
        ct_trainer_diagnose(&c->run.trainer, (ct_split)c->split, 0, a, err);
    else if (!run && cli_read_arrays(c, c->argc, &x, err) == CT_OK &&
             read_loss(c, a, &x, err) == CT_OK)
        ct_diagnose(&(ct_embedded){x.x[0], x.x[1], x.n, x.d, x.group, c->device}, a, err);
    if (err->status != CT_OK)
        return 0;
    if (c->page != NULL)
        ct_page_diagnosis(c->page, a, SIDE[run]);
    if (c->json) {
        ct_json_open(&j, NULL, '{');
        ct_diagnosis_json(&j, a);
        cli_put_json(&j, err);
    } else {
        print_diagnosis(&c->out, a);
    }
    const ct_state s = a->state;
    const bool bad = s != CT_HEALTHY && s != CT_MODALITY_GAP && s != CT_UNCERTAIN;
    return c->fail_on_collapse && bad ? 3 : 0;
}

/* clang-format off */
static const ct_field OPTIONS[] = {
    {.key = "loss", CLI_VALUE(CT_REAL, loss, "VALUE"), .least = -1e6, .most = 1e6,
     .help = "the loss that was seen; else it is measured if its name is known"},
    {.key = "loss-name", CLI_TEXT(loss_name, "NAME"),
     .help = "which loss (default infonce; contrast help losses)"},
    {.key = "temperature", CLI_VALUE(CT_REAL, temperature, "T"), .least = 1e-3, .most = 1e3,
     .help = "its temperature (default 0.07)"},
    {.key = "batch", CLI_VALUE(CT_INT, batch, "N"), .least = 1, .most = INT_MAX,
     .help = "pairs per batch (default: the rows, at most 256)"},
    {.key = "groups", CLI_TEXT(groups, "G.npy"),
     .help = "integers: pairs of equal number mean the same"},
    CLI_SPLIT, CLI_CHECKPOINT, CLI_REPORT_TO,
    {.key = "fail-on-collapse", CLI_FLAG(fail_on_collapse),
     .help = "exit with 3 unless healthy, modality-gap or uncertain"},
    CLI_JSON, CLI_END};

const cli_command CLI_DIAGNOSE = {
    .name = "diagnose", .group = CLI_TO_LOOK, .arguments = "A.npy [B.npy] | RUN", .least = 1,
    .most = 2, .needs = CLI_NEEDS_DEVICE,
    .summary = "say whether embeddings collapsed, how, and what to try",
    .help = "A.npy and B.npy are matrices of floats, row i of one paired with row i of the other; "
            "one alone is looked at for what a single side can show. States: healthy, collapsed, "
            "dimensional-collapse, plateau, unaligned, mispaired, modality-gap, degenerate-norms, "
            "uncertain.",
    .options = OPTIONS, .run = diagnose,
};
/* clang-format on */
