/* diagnose.c -- contrast diagnose A.npy [B.npy] | RUN
 *
 * Layer: cli. */
#include "cli/open.h"

#include "measure/fields.h"
#include "platform/memory.h"
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

static void save_page(const cli_line *in, const ct_diagnosis *a, bool run, ct_error *err)
{
    static const char *const SIDE[2][2] = {{"a", "b"}, {"images", "captions"}};
    ct_page page;
    char title[512];
    snprintf(title, sizeof title, "contrast diagnose %.400s", in->argv[0]);
    if (ct_page_open(&page, in->report, title, err) != CT_OK)
        return;
    ct_page_diagnosis(&page, a, SIDE[run]);
    ct_page_close(&page, CT_OK);
}

static void tell(const cli_line *in, const ct_diagnosis *a, bool run, ct_error *err)
{
    const ct_terminal t = cli_terminal(in, stdout);
    if (in->report != NULL)
        save_page(in, a, run, err);
    if (err->status == CT_OK && in->json) {
        ct_json j = {0};
        ct_json_open(&j, NULL, '{');
        ct_diagnosis_json(&j, a);
        cli_put_json(&j, err);
    } else if (err->status == CT_OK) {
        print_diagnosis(&t, a);
    }
}

/* ---- where it comes from ---- */

/* The loss as the options say, if they say anything. */
static ct_status read_loss(const cli_line *in, ct_diagnosis *a, int n, int d, const int *group,
                           ct_error *err)
{
    const bool asked = !isnan(in->loss) || in->loss_name != NULL || !isnan(in->temperature) ||
                       in->batch > 0;
    const int batch = in->batch > 0 ? in->batch : n < 256 ? n : 256;
    const ct_loss *loss = cli_loss(in->loss_name != NULL ? in->loss_name : "infonce", err);
    a->loss = in->loss;
    if (loss == NULL || !asked)
        return err->status;
    if (!isnan(in->temperature) && !(in->temperature > 0))
        return CT_FAIL(err, CT_ERR_CONFIG, "--temperature %g: expected a positive number",
                       in->temperature);
    if (!isnan(in->loss) && in->batch == 0)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "--loss needs --batch N: what a loss should be depends on N");
    const ct_loss_setting at = {.n = batch,
                                .d = d,
                                .temperature = isnan(in->temperature) ? 0.07 : in->temperature,
                                .bias = ct_loss_bias(batch)};
    a->landmarks = ct_landmarks_of(loss, &at, batch <= n ? group : NULL);
    return CT_OK;
}

static void diagnose_arrays(const cli_line *in, ct_diagnosis *a, ct_error *err)
{
    cli_arrays x;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    if (cli_read_arrays(in, in->argc, &arena, &x, err) == CT_OK)
        read_loss(in, a, x.n, x.d, x.group, err);
    ct_device *device = err->status == CT_OK ? cli_device(in, err) : NULL;
    if (device != NULL)
        ct_diagnose(&(ct_embedded){x.x[0], x.x[1], x.n, x.d, x.group, device}, a, err);
    ct_device_free(device);
    ct_arena_free(&arena);
}

static void diagnose_run(const cli_line *in, ct_diagnosis *a, ct_error *err)
{
    cli_run run;
    if (cli_open(&run, in, in->argv[0], err) == CT_OK)
        ct_trainer_diagnose(&run.trainer, (ct_split)in->split, 0, a, err);
    cli_close(&run);
}

static int diagnose(const cli_line *in, ct_error *err)
{
    const bool run = in->argc == 1 && ct_run_exists(in->argv[0]);
    ct_diagnosis *a = ct_alloc_zeroed(1, sizeof *a);
    if (a == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "diagnose: no memory");
    else if (run)
        diagnose_run(in, a, err);
    else
        diagnose_arrays(in, a, err);
    if (err->status == CT_OK)
        tell(in, a, run, err);
    const ct_state s = a != NULL ? a->state : CT_UNCERTAIN;
    ct_free(a);
    return in->fail_on_collapse && s != CT_HEALTHY && s != CT_MODALITY_GAP && s != CT_UNCERTAIN ? 3
                                                                                                : 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--loss", NULL, CLI_REAL, CLI_AT(loss), "VALUE",
     "the loss that was seen; else it is measured if its name is known"},
    {"--loss-name", NULL, CLI_TEXT, CLI_AT(loss_name), "NAME",
     "which loss (default infonce; contrast help losses)"},
    {"--temperature", NULL, CLI_REAL, CLI_AT(temperature), "T", "its temperature (default 0.07)"},
    {"--batch", NULL, CLI_INT, CLI_AT(batch), "N",
     "pairs per batch (default: the rows, at most 256)"},
    {"--groups", NULL, CLI_TEXT, CLI_AT(groups), "G.npy",
     "integers: pairs of equal number mean the same"},
    CLI_ONE_SPLIT,
    CLI_CHECKPOINT,
    {"--report", NULL, CLI_TEXT, CLI_AT(report), "FILE",
     "write it as a page too, with pictures (HTML)"},
    {"--fail-on-collapse", NULL, CLI_FLAG, CLI_AT(fail_on_collapse), NULL,
     "exit with 3 unless healthy, modality-gap or uncertain"},
    CLI_JSON,
    CLI_END};

const cli_command CLI_DIAGNOSE = {
    .name = "diagnose", .group = CLI_TO_LOOK, .arguments = "A.npy [B.npy] | RUN", .least = 1,
    .most = 2,
    .summary = "say whether embeddings collapsed, how, and what to try",
    .help = "A.npy and B.npy are matrices of floats, row i of one paired with row i of the other; "
            "one alone is looked at for what a single side can show. States: healthy, collapsed, "
            "dimensional-collapse, plateau, unaligned, mispaired, modality-gap, degenerate-norms, "
            "uncertain.",
    .options = OPTIONS, .run = diagnose,
};
/* clang-format on */
