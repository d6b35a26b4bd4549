/* diagnose.c -- contrast diagnose A.npy [B.npy] | RUN
 *
 * Layer: cli. */
#include "cli/arrays.h"
#include "cli/cli.h"

#include "formats/text.h"
#include "show/page.h"
#include "train/autopsy.h"
#include "train/run.h"

#include <math.h>
#include <string.h>

static struct {
    const char *loss, *loss_name, *temperature, *groups, *split, *checkpoint, *report;
    int batch;
    bool fail;
} option;

static const cli_option OPTIONS[] = {
    {"--loss", NULL, CLI_TEXT, &option.loss, "VALUE",
     "the loss that was seen; else it is measured if its name is known"},
    {"--loss-name", NULL, CLI_TEXT, &option.loss_name, "NAME",
     "which loss (default infonce; contrast help losses)"},
    {"--temperature", NULL, CLI_TEXT, &option.temperature, "T", "its temperature (default 0.07)"},
    {"--batch", NULL, CLI_INT, &option.batch, "N",
     "pairs a batch (default: the rows, at most 256)"},
    {"--groups", NULL, CLI_TEXT, &option.groups, "G.npy",
     "integers: pairs of equal number mean the same"},
    {"--split", NULL, CLI_TEXT, &option.split, "S",
     "of a run: train, validation, test (default) or composition"},
    {"--checkpoint", NULL, CLI_TEXT, &option.checkpoint, "C",
     "of a run: latest (default), best, or a step"},
    {"--report", NULL, CLI_TEXT, &option.report, "FILE",
     "write it as a page too, with pictures (HTML)"},
    {"--fail-on-collapse", NULL, CLI_FLAG, &option.fail, NULL,
     "exit with 3 unless healthy, modality-gap or uncertain"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print JSON: the state is under \"state\""},
};

const cli_option *cli_diagnose_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

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

static ct_status save_page(const ct_autopsy *a, const char *of, bool run, ct_error *err)
{
    static const char *const SIDE[2][2] = {{"a", "b"}, {"images", "captions"}};
    static ct_page page;
    char title[512];
    snprintf(title, sizeof title, "contrast diagnose %.400s", of);
    const ct_status status = ct_page_open(&page, option.report, title, err);
    if (status != CT_OK)
        return status;
    ct_page_autopsy(&page, a, SIDE[run]);
    return ct_page_close(&page, CT_OK);
}

static int tell(const ct_autopsy *a, const char *of, bool run)
{
    ct_error err = {0};
    const ct_state s = a->diagnosis.state;
    if (option.report != NULL && save_page(a, of, run, &err) != CT_OK)
        return cli_fail(&err);
    if (cli.json) {
        ct_json j = {0};
        ct_json_open(&j, NULL, '{');
        ct_autopsy_json(&j, a);
        cli_put_json(&j);
    } else {
        const ct_terminal t = cli_terminal(stdout);
        print_autopsy(&t, a);
    }
    return option.fail && s != CT_HEALTHY && s != CT_MODALITY_GAP && s != CT_UNCERTAIN ? 3 : 0;
}

/* ---- where it comes from ---- */

static bool number_of(const char *text, double *out)
{
    const size_t length = ct_number_get(text, out);
    return length > 0 && text[length] == '\0';
}

/* The loss as the options say; exit code of a mistake, else 0. */
static int read_loss(ct_autopsy *a, int n, int d, const int *group)
{
    double temperature = 0.07;
    const ct_loss *loss = ct_loss_find(option.loss_name != NULL ? option.loss_name : "infonce");
    a->loss = (double)NAN;
    if (option.loss == NULL && option.loss_name == NULL && option.temperature == NULL &&
        option.batch == 0)
        return 0;
    if (loss == NULL)
        return cli_usage("--loss-name %s: there is no such loss; `contrast help losses` lists them",
                         option.loss_name);
    if (option.loss != NULL && !number_of(option.loss, &a->loss))
        return cli_usage("--loss %s: expected a number", option.loss);
    if (option.temperature != NULL &&
        (!number_of(option.temperature, &temperature) || !(temperature > 0)))
        return cli_usage("--temperature %s: expected a positive number", option.temperature);
    if (option.loss != NULL && option.batch == 0)
        return cli_usage("--loss: expected --batch N beside it: what it is worth depends on N");
    const int batch = option.batch > 0 ? option.batch : n < 256 ? n : 256;
    const ct_loss_setting at = {.n = batch,
                                .d = d,
                                .temperature = temperature,
                                .bias = ct_loss_bias(batch)};
    a->landmarks = ct_landmarks_of(loss, &at, batch <= n ? group : NULL);
    return 0;
}

static int diagnose_arrays(int argc, char **argv, ct_autopsy *a, ct_arena *arena)
{
    ct_error err = {0};
    cli_arrays in;
    if (cli_read_arrays(argv, argc, option.groups, arena, &in, &err) != CT_OK)
        return cli_fail(&err);
    const int code = read_loss(a, in.n, in.d, in.group);
    if (code != 0)
        return code;
    ct_device *device = cli_device(&err);
    if (device != NULL)
        ct_autopsy_arrays(device, in.x[0], in.x[1], in.n, in.d, in.group, a, &err);
    ct_device_free(device);
    return err.status != CT_OK ? cli_fail(&err) : tell(a, argv[0], false);
}

static int diagnose_run(const char *folder, ct_autopsy *a)
{
    ct_error err = {0};
    ct_recipe recipe;
    ct_trainer trainer;
    const int split = cli_split(option.split);
    if (split < 0)
        return 2;
    if (ct_run_recipe(folder, &recipe, &err) != CT_OK)
        return cli_fail(&err);
    ct_device *device = cli_device(&err);
    ct_pairs *pairs = device != NULL ? ct_recipe_data(&recipe, &err) : NULL;
    if (pairs != NULL) {
        if (ct_trainer_init(&trainer, &recipe, pairs, device, &err) == CT_OK &&
            ct_run_load_weights(&trainer, folder, option.checkpoint, &err) == CT_OK)
            ct_autopsy_run(&trainer, (ct_split)split, 0, a, &err);
        ct_trainer_free(&trainer);
    }
    ct_pairs_free(pairs);
    ct_device_free(device);
    return err.status != CT_OK ? cli_fail(&err) : tell(a, folder, true);
}

int cli_diagnose(int argc, char **argv)
{
    static ct_autopsy a;
    if (argc < 1 || argc > 2)
        return cli_usage(
            "diagnose: expected A.npy, A.npy B.npy or a run's folder, found %d arguments", argc);
    if (argc == 1 && ct_run_exists(argv[0]))
        return diagnose_run(argv[0], &a);
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const int code = diagnose_arrays(argc, argv, &a, &arena);
    ct_arena_free(&arena);
    return code;
}
