/* train.c -- contrast train RECIPE [section.key=value ...] [-o RUN]; contrast resume
 * RUN, which goes on with it; and contrast import W RECIPE ..., which begins one with
 * given weights.
 *
 * Layer: cli. */
#include "cli/cli.h"
#include "cli/run_report.h"

#include "platform/file.h"
#include "train/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *output, *checkpoint;
    bool force, live;
} option;

static const cli_option OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, &option.output, "RUN",
     "the run's folder (default: runs/NAME, or the next free one)"},
    {"--force", "-f", CLI_FLAG, &option.force, NULL, "write over a run that is there"},
    {"--live", NULL, CLI_FLAG, &option.live, NULL,
     "draw the run as it goes: loss, cosines, spectrum (on a terminal)"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print the final evaluations as JSON"},
    {"--quiet", "-q", CLI_FLAG, &cli.quiet, NULL, "no progress"},
};

static const cli_option RESUME_OPTIONS[] = {
    {"--checkpoint", NULL, CLI_TEXT, &option.checkpoint, "C", "latest (default), best, or a step"},
    {"--live", NULL, CLI_FLAG, &option.live, NULL,
     "draw the run as it goes: loss, cosines, spectrum (on a terminal)"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print the final evaluations as JSON"},
    {"--quiet", "-q", CLI_FLAG, &cli.quiet, NULL, "no progress"},
};

const cli_option *cli_train_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

const cli_option *cli_resume_options(int *n)
{
    *n = (int)(sizeof RESUME_OPTIONS / sizeof *RESUME_OPTIONS);
    return RESUME_OPTIONS;
}

static volatile sig_atomic_t stop_signal, safe_to_end = 1;

/* Where nothing would be lost there is nothing to wait for. */
static void on_signal(int number)
{
    if (safe_to_end)
        _Exit(128 + number);
    stop_signal = number;
}

/* The first signal ends the run after its step; a second one ends the program. */
static void catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

/* A file, or the name of a built-in recipe; then the settings. */
static ct_status load_recipe(ct_recipe *r, int argc, char **argv, ct_error *err)
{
    *r = ct_recipe_defaults();
    ct_status status = ct_recipe_load(r, argv[0], err);
    for (int i = 1; i < argc && status == CT_OK; i++)
        status = ct_recipe_override(r, argv[i], err);
    return status == CT_OK ? ct_recipe_check(r, err) : status;
}

/* runs/NAME, runs/NAME-2, ...: the first that is not there. */
static void choose_folder(const char *recipe, char *out, size_t size)
{
    const char *slash = strrchr(recipe, '/'), *base = slash != NULL ? slash + 1 : recipe;
    const int length = (int)strcspn(base, ".");
    snprintf(out, size, "runs/%.*s", length, base);
    for (int k = 2; ct_file_exists(out); k++)
        snprintf(out, size, "runs/%.*s-%d", length, base, k);
}

/* Train in a folder, or go on there, or put `weights` there. */
typedef enum task { TRAIN, RESUME, IMPORT } task;

static int run(const ct_recipe *recipe, const char *folder, task what, const char *weights)
{
    ct_error err = {0};
    ct_trainer t;
    run_report report;
    ct_device *device = cli_device(&err);
    ct_pairs *pairs = device != NULL ? ct_recipe_data(recipe, &err) : NULL;
    ct_status status = err.status;
    if (pairs != NULL && (status = ct_trainer_init(&t, recipe, pairs, device, &err)) == CT_OK) {
        run_report_begin(&report, recipe, &stop_signal);
        report.watch.safe = &safe_to_end;
        if (option.live)
            report.live = cli_live_new(&t, &report.terminal);
        catch_signals();
        status = what == TRAIN ? ct_run_train(&t, folder, &report.watch, &err)
                 : what == RESUME
                     ? ct_run_resume(&t, folder, option.checkpoint, &report.watch, &err)
                     : ct_run_import(&t, weights, folder, &err);
        if (what != IMPORT)
            run_report_end(&report, &t, folder);
        cli_live_free(report.live);
    }
    if (pairs != NULL)
        ct_trainer_free(&t);
    ct_pairs_free(pairs);
    ct_device_free(device);
    if (status != CT_OK)
        return cli_fail(&err);
    return stop_signal != 0 ? 128 + stop_signal : 0;
}

/* A new run: a recipe with its settings, a folder that holds none yet. */
static int begin_run(int argc, char **argv, task what, const char *weights)
{
    ct_error err = {0};
    ct_recipe recipe;
    char folder[CT_PATH_BYTES];
    if (load_recipe(&recipe, argc, argv, &err) != CT_OK)
        return cli_fail(&err);
    if (option.output != NULL)
        snprintf(folder, sizeof folder, "%s", option.output);
    else
        choose_folder(argv[0], folder, sizeof folder);
    if (ct_run_exists(folder) && !option.force)
        return cli_usage("%s holds a run already; give another -o, or --force to write over it",
                         folder);
    return run(&recipe, folder, what, weights);
}

int cli_train(int argc, char **argv)
{
    if (argc < 1)
        return cli_usage("train: expected a recipe; try: contrast train shapes");
    return begin_run(argc, argv, TRAIN, NULL);
}

int cli_import(int argc, char **argv)
{
    if (argc < 2)
        return cli_usage("import: expected a safetensors file and a recipe, found %d arguments",
                         argc);
    return begin_run(argc - 1, argv + 1, IMPORT, argv[0]);
}

int cli_resume(int argc, char **argv)
{
    ct_error err = {0};
    ct_recipe recipe;
    if (argc != 1)
        return cli_usage("resume: expected one run's folder, found %d arguments", argc);
    if (ct_run_recipe(argv[0], &recipe, &err) != CT_OK)
        return cli_fail(&err);
    return run(&recipe, argv[0], RESUME, NULL);
}
