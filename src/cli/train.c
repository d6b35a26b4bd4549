/* train.c -- contrast train RECIPE [section.key=value ...] [-o RUN]; contrast resume
 * RUN, which goes on with it; and contrast import W RECIPE ..., which begins one with
 * given weights.
 *
 * Layer: cli. */
#include "cli/open.h"
#include "cli/progress.h"

#include "platform/file.h"
#include "train/run.h"

#include <string.h>

/* runs/NAME, runs/NAME-2, ...: the first that is not there. */
static void choose_folder(const char *recipe, char *out, size_t size)
{
    const char *slash = strrchr(recipe, '/'), *base = slash != NULL ? slash + 1 : recipe;
    const int length = (int)strcspn(base, ".");
    snprintf(out, size, "runs/%.*s", length, base);
    for (int k = 2; ct_file_exists(out); k++)
        snprintf(out, size, "runs/%.*s-%d", length, base, k);
}

typedef enum task { TRAIN, RESUME, IMPORT } task;

static const volatile sig_atomic_t at_once = 1;

/* Train in a folder, or continue there; import trains no step. The recipe is in `run`. */
static int go(const cli_line *in, cli_run *run, const char *folder, task what, ct_error *err)
{
    cli_progress report;
    if (cli_begin(run, in, err) == CT_OK) {
        cli_progress_begin(&report, in, &run->trainer);
        cli_safe = 1; /* nothing is there yet */
        cli_catch_signals();
        if (what == IMPORT)
            report.watch.stop = &at_once;
        if (what == RESUME)
            ct_run_resume(&run->trainer, folder, in->checkpoint, &report.watch, err);
        else
            ct_run_train(&run->trainer, folder, what == IMPORT ? in->argv[0] : in->weights,
                         &report.watch, err);
        cli_progress_end(&report, &run->trainer, folder, err);
    }
    cli_close(run);
    return cli_stop != 0 ? 128 + cli_stop : 0;
}

/* A new run, of the recipe that argument `first` names, in a folder that holds none yet. */
static int begin(const cli_line *in, int first, task what, ct_error *err)
{
    cli_run run = {.device = NULL};
    char folder[CT_PATH_BYTES];
    if (cli_recipe(in, first, &run.recipe, err) != CT_OK)
        return 0;
    if (in->output != NULL)
        snprintf(folder, sizeof folder, "%s", in->output);
    else
        choose_folder(in->argv[first], folder, sizeof folder);
    if (!ct_run_exists(folder) || in->force)
        return go(in, &run, folder, what, err);
    CT_FAIL(err, CT_ERR_CONFIG,
            "%s holds a run already; give another -o, or --force to write over it", folder);
    return 0;
}

static int train(const cli_line *in, ct_error *err)
{
    return begin(in, 0, TRAIN, err);
}

static int import(const cli_line *in, ct_error *err)
{
    return begin(in, 1, IMPORT, err);
}

static int resume(const cli_line *in, ct_error *err)
{
    cli_run run = {.device = NULL};
    if (ct_run_recipe(in->argv[0], &run.recipe, err) != CT_OK)
        return 0;
    return go(in, &run, in->argv[0], RESUME, err);
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--weights", NULL, CLI_TEXT, CLI_AT(weights), "W.safetensors",
     "begin with the weights of a file, instead of random ones"},
    {"--output", "-o", CLI_TEXT, CLI_AT(output), "RUN",
     "the run's folder (default: runs/NAME, or the next free one)"},
    {"--force", "-f", CLI_FLAG, CLI_AT(force), NULL, "write over a run that is there"},
    CLI_LIVE, CLI_JSON, CLI_QUIET, CLI_END};

static const cli_option RESUME_OPTIONS[] = {CLI_CHECKPOINT, CLI_LIVE, CLI_JSON, CLI_QUIET, CLI_END};

const cli_command CLI_TRAIN = {
    .name = "train", .group = CLI_TO_TRAIN, .arguments = "RECIPE [section.key=value ...]",
    .least = 1, .most = CLI_MANY,
    .summary = "train two towers as a recipe says",
    .help = "RECIPE is an INI file or the name of a built-in recipe (contrast help recipes). Any "
            "value can be overridden: contrast train shapes loss.temperature=1 train.seed=2. The "
            "run's folder holds the whole recipe, log.jsonl, timing.jsonl and two checkpoints, "
            "the latest and the best. Ctrl-C or SIGTERM: finish the step, save, end.",
    .options = OPTIONS, .run = train,
};

const cli_command CLI_RESUME = {
    .name = "resume", .group = CLI_TO_TRAIN, .arguments = "RUN", .least = 1, .most = 1,
    .summary = "continue a run that was stopped or killed",
    .help = "It ends with the bytes of a run that was never stopped, on any machine and with any "
            "number of threads.",
    .options = RESUME_OPTIONS, .run = resume,
};

const cli_command CLI_IMPORT = {
    .name = "import", .group = CLI_TO_TRAIN,
    .arguments = "W.safetensors RECIPE [section.key=value ...]", .least = 2, .most = CLI_MANY,
    .summary = "begin a run with given weights",
    .help = "Float32, float64, float16 and bfloat16 under the names that export writes. The run "
            "stands at step 0: it can be measured and searched, and resume trains it.",
    .options = OPTIONS + 1 /* its weights are an argument */, .run = import,
};
/* clang-format on */
