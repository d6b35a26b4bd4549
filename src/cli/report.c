/* report.c -- contrast report RUN... [-o FILE.html], and contrast plot KIND RUN -o FILE.svg.
 *
 * Layer: cli. */
#include "cli/report.h"
#include "cli/open.h"

#include "platform/clock.h"
#include "show/page.h"
#include "show/pictures.h"
#include "train/run.h"

#include <string.h>

#define MOST_RUNS 4 /* beside each other */

/* With the landmarks of the loss, at the temperature that it ended with. */
static ct_status read_record(const char *folder, ct_arena *arena, ct_record *r, ct_error *err)
{
    ct_recipe recipe;
    if (ct_run_recipe(folder, &recipe, err) != CT_OK ||
        ct_record_read(folder, arena, r, err) != CT_OK)
        return err->status;
    ct_loss_setting at = ct_recipe_setting(&recipe);
    at.temperature = r->line[r->n_lines - 1].temperature;
    const ct_landmarks l = ct_landmarks_of(ct_loss_find(recipe.loss.name), &at, NULL);
    r->all_equal = l.all_equal;
    r->floor = l.floor;
    return CT_OK;
}

/* The state of the run's test split (validation, if it has none), in words. */
static void diagnose(const cli_line *in, ct_arena *arena, ct_record *r, ct_error *err)
{
    cli_run run;
    ct_diagnosis *a = ct_arena_zeroed(arena, 1, sizeof *a);
    if (cli_open(&run, in, r->folder, err) == CT_OK) {
        const bool tested = run.pairs->count[CT_TEST] > 0;
        ct_trainer_diagnose(&run.trainer, tested ? CT_TEST : CT_VALIDATION, 0, a, err);
    }
    cli_close(&run);
    if (err->status != CT_OK)
        return;
    const ct_state_text *text = ct_state_describe(a->state);
    r->state = text->name;
    r->meaning = text->meaning;
    r->remedy = a->state == CT_HEALTHY ? NULL : text->remedy;
    r->n_evidence = a->n_evidence;
    for (int k = 0; k < r->n_evidence; k++)
        r->evidence[k] = a->evidence[k];
}

ct_status cli_records(const cli_line *in, int n, char **folder, bool diagnosed, ct_record *r,
                      ct_arena *arena, ct_error *err)
{
    for (int i = 0; i < n && read_record(folder[i], arena, &r[i], err) == CT_OK; i++) {
        ct_error why = {.status = CT_OK};
        char path[CT_PATH_BYTES], *hash = ct_arena_zeroed(arena, 1, CLI_HASH_BYTES);
        if (hash != NULL && cli_hash(folder[i], NULL, hash, path, CT_IGNORE_ERROR) == CT_OK)
            r[i].hash = hash;
        if (hash != NULL && diagnosed)
            diagnose(in, arena, &r[i], &why);
        if (why.status != CT_OK)
            fprintf(stderr, "contrast: %s is reported without a diagnosis: %s\n", folder[i],
                    why.msg);
    }
    return err->status;
}

/* "contrast: a beside b" */
static void title_of(int n, char **folder, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "contrast: ");
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " beside " : "",
                                 folder[i]);
}

static int report(const cli_line *in, ct_error *err)
{
    char title[1024];
    const char *path = in->output != NULL ? in->output : "report.html";
    const double began = ct_clock_s();
    ct_page page;
    ct_arena arena;
    ct_arena_open(&arena, "report", 0, err);
    ct_record *r = ct_arena_zeroed(&arena, MOST_RUNS, sizeof *r);
    if (r != NULL)
        cli_records(in, in->argc, in->argv, !in->no_diagnosis, r, &arena, err);
    title_of(in->argc, in->argv, title, sizeof title);
    if (err->status == CT_OK && ct_page_open(&page, path, title, err) == CT_OK)
        ct_page_close(&page, ct_page_runs(&page, r, in->argc, err));
    ct_arena_free(&arena);
    if (err->status == CT_OK)
        printf("%s: written in %.2f s\n", path, ct_clock_s() - began);
    return 0;
}

static int find_kind(const char *name)
{
    for (int k = 0; k < CT_N_PICTURES; k++)
        if (strcmp(name, ct_picture_describe(k).name) == 0)
            return k;
    return -1;
}

static ct_status unknown_kind(const char *name, ct_error *err)
{
    const char *kind[CT_N_PICTURES];
    for (int k = 0; k < CT_N_PICTURES; k++)
        kind[k] = ct_picture_describe(k).name;
    return cli_unknown(err, "kind of plot", name, kind, CT_N_PICTURES, sizeof *kind,
                       "contrast help plot");
}

static int plot(const cli_line *in, ct_error *err)
{
    char path[64];
    ct_arena arena;
    ct_record r;
    const int kind = find_kind(in->argv[0]);
    if (kind < 0) {
        unknown_kind(in->argv[0], err);
        return 0;
    }
    snprintf(path, sizeof path, "%s.svg", in->argv[0]);
    ct_arena_open(&arena, "plot", 0, err);
    if (read_record(in->argv[1], &arena, &r, err) == CT_OK)
        ct_picture_save(kind, &r, in->at >= 0 ? ct_record_nearest(&r, in->at) : r.n_moments - 1,
                        in->output != NULL ? in->output : path, err);
    ct_arena_free(&arena);
    return 0;
}

/* clang-format off */
static const cli_option REPORT_OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, CLI_AT(output), "FILE", "the page (default: report.html)"},
    {"--no-diagnosis", NULL, CLI_FLAG, CLI_AT(no_diagnosis), NULL,
     "do not load data and weights; the story is shorter then"},
    CLI_END};

static const cli_option PLOT_OPTIONS[] = {{"--output", "-o", CLI_TEXT, CLI_AT(output), "FILE",
                                           "the picture, an SVG (default: KIND.svg)"},
                                          {"--at", NULL, CLI_FROM_0, CLI_AT(at), "STEP",
                                           "the snapshot nearest to it (default: the last)"},
                                          CLI_END};

const cli_command CLI_REPORT = {
    .name = "report", .group = CLI_TO_LOOK, .arguments = "RUN [RUN ...]", .least = 1,
    .most = MOST_RUNS,
    .summary = "write one page with all pictures of runs, to open from disk or to mail",
    .help = "Up to four runs are shown side by side, on the same axes and the same slider. The "
            "page needs no network and no other file, and can be read with scripts off.",
    .options = REPORT_OPTIONS, .run = report,
};

const cli_command CLI_PLOT = {
    .name = "plot", .group = CLI_TO_LOOK, .arguments = "KIND RUN", .least = 2, .most = 2,
    .summary = "draw one picture of a run as SVG",
    .help = "KIND: loss, recall, temperature, matrix (cosines of all with all), histogram (of "
            "cosines), plane (principal components), spectrum (singular values), path (alignment "
            "against uniformity), layers (mean cosine by layer), gradients (by layer). For places "
            "that take no SVG, each picture of a report can be saved as PNG.",
    .options = PLOT_OPTIONS, .run = plot,
};
/* clang-format on */
