/* diagnose.c -- contrast diagnose A.npy [B.npy] | RUN
 *
 * Layer: cli. */
#include "cli/open.h"

#include "platform/memory.h"
#include "show/page.h"
#include "train/autopsy.h"

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

static void print_spectrum(const ct_terminal *t, const ct_side_findings *f)
{
    const int n = f->n_spectrum;
    fprintf(t->out, "    singular values / largest, centred:");
    for (int k = 1; k < n; k *= 2)
        fprintf(t->out, " %d: %.3f", k + 1,
                f->spectrum[0] > 0 ? f->spectrum[k] / f->spectrum[0] : 0);
    fputc('\n', t->out);
}

static void print_side(const ct_terminal *t, const ct_side_findings *f)
{
    fprintf(t->out, "    lengths %.3g, median %.3g, to %.3g; %d zero, %d duplicate\n",
            f->norm_least, f->norm_median, f->norm_most, f->zero_rows, f->duplicates);
    fprintf(t->out,
            "    mean cosine %.4f  total variance %.3g  std sqrt(d) %.3f  uniformity %.3f\n",
            f->mean_cosine, f->variance, f->std_sqrt_d, f->uniformity);
    fprintf(t->out, "    effective rank %.1f, centred %.1f  participation ratio %.1f\n", f->rank,
            f->rank_centred, f->participation);
    print_spectrum(t, f);
    print_histogram(t, "  cosines of different rows", f->histogram);
}

static void print_pairs(const ct_terminal *t, const ct_findings *f)
{
    for (int i = 0; i < 2; i++)
        fprintf(t->out, "  %s  recall@1 %.3f  @5 %.3f  @10 %.3f  median rank %.1f  hubness %.2f\n",
                i == 0 ? "a to b" : "b to a", f->recall[i].at1, f->recall[i].at5, f->recall[i].at10,
                f->recall[i].median_rank, f->hubness[i]);
    fprintf(t->out,
            "    cosine of pairs %.3f, of others %.3f  alignment %.3f  cross-covariance %.3g\n",
            f->diagonal_mean, f->off_diagonal_mean, f->alignment, f->cross_covariance);
    fprintf(
        t->out,
        "    gap %.3f  separable %.3f (0.5: mixed)  mutual nearest: partner %.3f, another %.3f\n",
        f->gap, f->separability, f->matched, f->matched_elsewhere);
    print_histogram(t, "  cosines of pairs", f->histogram_on);
    print_histogram(t, "  cosines of others", f->histogram_off);
}

static void print_loss(const ct_terminal *t, const ct_autopsy *a)
{
    const ct_landmarks *l = &a->landmarks;
    fprintf(t->out, "  %s at N = %d, tau = %g: %.4f (%s)  all equal %.4f  random %.4f  floor %.4f",
            l->loss->name, l->at.n, l->at.temperature, a->loss,
            a->loss_measured ? "measured" : "given", l->all_equal, l->random, l->floor);
    if (l->duplicates > 0)
        fprintf(t->out, "  floor by duplicates %.4f", l->duplicates);
    fputc('\n', t->out);
}

static void print_autopsy(const ct_terminal *t, const ct_autopsy *a)
{
    const ct_state_text *text = ct_state_describe(a->diagnosis.state);
    ct_bold(t, true);
    fprintf(t->out, "%s", text->name);
    ct_bold(t, false);
    fprintf(t->out, ": %s\n", text->meaning);
    for (int i = 0; i < a->diagnosis.n_evidence; i++)
        fprintf(t->out, "  - %s\n", a->diagnosis.evidence[i]);
    if (*text->look_alikes != '\0')
        fprintf(t->out, "looks alike: %s\n", text->look_alikes);
    fprintf(t->out, "try first: %s\n\nmeasured on %d rows of %d:\n", text->remedy, a->findings.n,
            a->findings.d);
    for (int s = 0; s < a->findings.n_sides; s++) {
        fprintf(t->out, "  %s\n", s == 0 ? "a" : "b");
        print_side(t, &a->findings.side[s]);
    }
    if (a->findings.n_sides == 2)
        print_pairs(t, &a->findings);
    if (a->landmarks.loss != NULL)
        print_loss(t, a);
}

static void save_page(const cli_line *in, const ct_autopsy *a, bool run, ct_error *err)
{
    static const char *const SIDE[2][2] = {{"a", "b"}, {"images", "captions"}};
    ct_page page;
    char title[512];
    snprintf(title, sizeof title, "contrast diagnose %.400s", in->argv[0]);
    if (ct_page_open(&page, in->report, title, err) != CT_OK)
        return;
    ct_page_autopsy(&page, a, SIDE[run]);
    ct_page_close(&page, CT_OK);
}

static void tell(const cli_line *in, const ct_autopsy *a, bool run, ct_error *err)
{
    const ct_terminal t = cli_terminal(in, stdout);
    if (in->report != NULL)
        save_page(in, a, run, err);
    if (err->status == CT_OK && in->json) {
        ct_json j = {0};
        ct_json_open(&j, NULL, '{');
        ct_autopsy_json(&j, a);
        cli_put_json(&j, err);
    } else if (err->status == CT_OK) {
        print_autopsy(&t, a);
    }
}

/* ---- where it comes from ---- */

/* The loss as the options say, if they say anything. */
static ct_status read_loss(const cli_line *in, ct_autopsy *a, int n, int d, const int *group,
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

static void diagnose_arrays(const cli_line *in, ct_autopsy *a, ct_error *err)
{
    cli_arrays x;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    if (cli_read_arrays(in, in->argc, &arena, &x, err) == CT_OK)
        read_loss(in, a, x.n, x.d, x.group, err);
    ct_device *device = err->status == CT_OK ? cli_device(in, err) : NULL;
    if (device != NULL)
        ct_autopsy_arrays(device, x.x[0], x.x[1], x.n, x.d, x.group, a, err);
    ct_device_free(device);
    ct_arena_free(&arena);
}

static void diagnose_run(const cli_line *in, ct_autopsy *a, ct_error *err)
{
    cli_run run;
    if (cli_open(&run, in, in->argv[0], err) == CT_OK)
        ct_autopsy_run(&run.trainer, (ct_split)in->split, 0, a, err);
    cli_close(&run);
}

static int diagnose(const cli_line *in, ct_error *err)
{
    const bool run = in->argc == 1 && ct_run_exists(in->argv[0]);
    ct_autopsy *a = ct_alloc_zeroed(1, sizeof *a);
    if (a == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "diagnose: no memory");
    else if (run)
        diagnose_run(in, a, err);
    else
        diagnose_arrays(in, a, err);
    if (err->status == CT_OK)
        tell(in, a, run, err);
    const ct_state s = a != NULL ? a->diagnosis.state : CT_UNCERTAIN;
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
