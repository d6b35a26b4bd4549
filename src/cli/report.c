/* report.c -- contrast report RUN... [-o FILE.html], and contrast plot KIND RUN -o FILE.svg.
 *
 * Layer: cli. */
#include "cli/run_report.h"

#include "platform/clock.h"
#include "show/page.h"
#include "show/pictures.h"
#include "train/autopsy.h"
#include "train/run.h"

#include <string.h>

#define MOST_RUNS 4 /* beside each other */

static struct {
    const char *output;
    int at;
    bool no_diagnosis;
} option = {.at = -1};

static const cli_option REPORT_OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, &option.output, "FILE", "the page (default: report.html)"},
    {"--no-diagnosis", NULL, CLI_FLAG, &option.no_diagnosis, NULL,
     "do not load data and weights; the story is shorter then"},
};

static const cli_option PLOT_OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, &option.output, "FILE", "the picture, an SVG (default: KIND.svg)"},
    {"--at", NULL, CLI_FROM_0, &option.at, "STEP",
     "the snapshot nearest to it (default: the last)"},
};

const cli_option *cli_report_options(int *n)
{
    *n = (int)(sizeof REPORT_OPTIONS / sizeof *REPORT_OPTIONS);
    return REPORT_OPTIONS;
}

const cli_option *cli_plot_options(int *n)
{
    *n = (int)(sizeof PLOT_OPTIONS / sizeof *PLOT_OPTIONS);
    return PLOT_OPTIONS;
}

static ct_status read_record(const char *folder, ct_arena *arena, ct_record *r, ct_recipe *recipe,
                             ct_error *err)
{
    ct_status status = ct_run_recipe(folder, recipe, err);
    if (status == CT_OK)
        status = ct_record_read(folder, arena, r, err);
    if (status != CT_OK)
        return status;
    const ct_loss *loss = ct_loss_find(recipe->loss.name);
    const double tau = r->temperature[r->n_lines - 1]; /* as it is at the end */
    ct_loss_setting setting = ct_recipe_setting(recipe);
    setting.temperature = tau;
    const ct_landmarks l = ct_landmarks_of(loss, &setting, NULL);
    r->all_equal = l.all_equal;
    r->floor = l.floor;
    return CT_OK;
}

/* The state of the run's test split (validation, if it has none), in words. */
static ct_status diagnose(const char *folder, const ct_recipe *recipe, ct_device *device,
                          ct_arena *arena, ct_record *r, ct_error *err)
{
    ct_trainer t;
    ct_autopsy *a = ct_arena_zeroed(arena, 1, sizeof *a);
    ct_pairs *pairs = a != NULL ? ct_recipe_data(recipe, err) : NULL;
    if (a == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "report: no memory");
    if (pairs == NULL)
        return err->status;
    ct_status status = ct_trainer_init(&t, recipe, pairs, device, err);
    if (status == CT_OK)
        status = ct_run_load_weights(&t, folder, NULL, err);
    if (status == CT_OK)
        status = ct_autopsy_run(&t, pairs->count[CT_TEST] > 0 ? CT_TEST : CT_VALIDATION, 0, a, err);
    ct_trainer_free(&t);
    ct_pairs_free(pairs);
    if (status != CT_OK)
        return status;
    const ct_state_text *text = ct_state_describe(a->diagnosis.state);
    r->state = text->name;
    r->meaning = text->meaning;
    r->remedy = a->diagnosis.state == CT_HEALTHY ? NULL : text->remedy;
    r->n_evidence = a->diagnosis.n_evidence;
    for (int k = 0; k < r->n_evidence; k++)
        r->evidence[k] = a->diagnosis.evidence[k];
    return CT_OK;
}

ct_status cli_records(int n, char **folder, bool diagnosed, ct_record *r, ct_arena *arena,
                      ct_error *err)
{
    ct_status status = CT_OK;
    ct_device *device = cli_device(err);
    if (device == NULL)
        return err->status;
    for (int i = 0; i < n && status == CT_OK; i++) {
        ct_recipe recipe;
        ct_error why = {0};
        char *hash = ct_arena_zeroed(arena, 1, CLI_HASH_BYTES);
        status = read_record(folder[i], arena, &r[i], &recipe, err);
        if (status == CT_OK && hash != NULL && cli_hash_run(folder[i], hash) == CT_OK)
            r[i].hash = hash;
        if (status == CT_OK && diagnosed &&
            diagnose(folder[i], &recipe, device, arena, &r[i], &why) != CT_OK)
            fprintf(stderr, "contrast: %s is reported without a diagnosis: %s\n", folder[i],
                    why.msg);
    }
    ct_device_free(device);
    return status;
}

/* "contrast: a beside b" */
static void title_of(int n, char **folder, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "contrast: ");
    for (int i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " beside " : "",
                                 folder[i]);
}

int cli_report(int argc, char **argv)
{
    static ct_record r[MOST_RUNS];
    static ct_page page;
    char title[1024];
    const char *path = option.output != NULL ? option.output : "report.html";
    ct_error err = {0};
    ct_arena arena;
    if (argc < 1 || argc > MOST_RUNS)
        return cli_usage("report: expected 1 to %d folders of runs, found %d arguments", MOST_RUNS,
                         argc);
    const double began = ct_clock_s();
    ct_arena_init(&arena, 0);
    title_of(argc, argv, title, sizeof title);
    ct_status status = cli_records(argc, argv, !option.no_diagnosis, r, &arena, &err);
    if (status == CT_OK)
        status = ct_page_open(&page, path, title, &err);
    if (status == CT_OK)
        status = ct_page_close(&page, ct_page_runs(&page, r, argc, &err));
    ct_arena_free(&arena);
    if (status != CT_OK)
        return cli_fail(&err);
    printf("%s: written in %.2f s\n", path, ct_clock_s() - began);
    return 0;
}

static int find_kind(const char *name, char *all, size_t size)
{
    size_t used = 0;
    for (int k = 0; k < CT_N_PICTURES; k++) {
        if (strcmp(name, ct_picture_describe((ct_picture)k)->name) == 0)
            return k;
        used += (size_t)snprintf(all + used, size - used, "%s%s", k > 0 ? ", " : "",
                                 ct_picture_describe((ct_picture)k)->name);
    }
    return -1;
}

int cli_plot(int argc, char **argv)
{
    char all[256], path[64];
    ct_error err = {0};
    ct_arena arena;
    ct_recipe recipe;
    ct_record r;
    if (argc != 2)
        return cli_usage("plot: expected KIND RUN, found %d arguments", argc);
    const int kind = find_kind(argv[0], all, sizeof all);
    if (kind < 0)
        return cli_usage("plot: there is no kind %s; expected one of %s", argv[0], all);
    snprintf(path, sizeof path, "%s.svg", argv[0]);
    ct_arena_init(&arena, 0);
    ct_status status = read_record(argv[1], &arena, &r, &recipe, &err);
    if (status == CT_OK)
        status = ct_picture_save((ct_picture)kind, &r,
                                 option.at >= 0 ? ct_record_nearest(&r, option.at)
                                                : r.n_moments - 1,
                                 option.output != NULL ? option.output : path, &err);
    ct_arena_free(&arena);
    return status == CT_OK ? 0 : cli_fail(&err);
}
