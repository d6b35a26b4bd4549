/* main.c -- contrast COMMAND ...: which commands there are, what they are given, and how the
 * program ends. */
#include "cli/cli.h"

#include "contrast/contrast.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* In the order of help. */
const cli_command cli_commands[] = {
    {"demo", CLI_TO_LEARN, {0, 0}, CLI_NEEDS_DEVICE, cli_run_demo},
    {"lesson", CLI_TO_LEARN, {0, CLI_MANY}, CLI_NEEDS_DEVICE, cli_run_lesson},
    {"playground", CLI_TO_LEARN, {0, 0}, 0, cli_run_playground},
    {"class", CLI_TO_LEARN, {0, CLI_MANY}, CLI_NEEDS_DEVICE, cli_run_class},
    {"train", CLI_TO_TRAIN, {1, CLI_MANY}, CLI_NEEDS_RECIPE | CLI_NEEDS_DEVICE, cli_run_train},
    {"resume", CLI_TO_TRAIN, {1, 1}, CLI_NEEDS_DEVICE, cli_run_resume},
    {"import", CLI_TO_TRAIN, {1, CLI_MANY}, CLI_NEEDS_DEVICE, cli_run_import},
    {"check", CLI_TO_TRAIN, {1, CLI_MANY}, CLI_NEEDS_RECIPE | CLI_NEEDS_DEVICE, cli_run_check},
    {"sweep", CLI_TO_TRAIN, {2, CLI_MANY}, CLI_NEEDS_THREADS, cli_run_sweep},
    {"eval", CLI_TO_LOOK, {1, 1}, CLI_NEEDS_RUN, cli_run_eval},
    {"diagnose", CLI_TO_LOOK, {0, CLI_MANY}, CLI_NEEDS_DEVICE, cli_run_diagnose},
    {"loss", CLI_TO_LOOK, {2, CLI_MANY}, CLI_NEEDS_DEVICE, cli_run_loss},
    {"report", CLI_TO_LOOK, {1, CLI_RUNS}, CLI_NEEDS_PAGE, cli_run_report},
    {"plot", CLI_TO_LOOK, {2, 2}, 0, cli_run_plot},
    {"inspect", CLI_TO_LOOK, {1, 1}, 0, cli_run_inspect},
    {"hash", CLI_TO_LOOK, {1, 1}, 0, cli_run_hash},
    {"embed", CLI_TO_USE, {1, 1}, CLI_NEEDS_RUN, cli_run_embed},
    {"search", CLI_TO_USE, {1, 2}, CLI_NEEDS_RUN, cli_run_search},
    {"export", CLI_TO_USE, {1, 1}, CLI_NEEDS_RUN, cli_run_export},
    {"help", CLI_UNLISTED, {0, 1}, 0, cli_run_help},
    {.name = NULL},
};
enum { N_COMMANDS = sizeof cli_commands / sizeof *cli_commands - 1 };

const char *cli_name = "contrast";

int cli_find(ct_error *err, const char *what, const char *word, const char *const *name, int n,
             size_t stride, const char *try)
{
    const char *near = ct_name_nearest(word, name, n, stride);
    for (int i = 0; i < n; i++)
        if (strcmp(word, *(const char *const *)((const char *)name + (size_t)i * stride)) == 0)
            return i;
    if (near != NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "unknown %s \"%s\"; did you mean \"%s\"?", what, word, near);
    else
        CT_FAIL(err, CT_ERR_CONFIG, "unknown %s \"%s\"; try: %s %s", what, word, cli_name, try);
    return -1;
}

ct_status cli_read_recipe(cli_call *c, int first, ct_error *err)
{
    c->recipe = ct_recipe_defaults();
    ct_recipe_load(&c->recipe, c->argv[first], err);
    for (int i = first + 1; i < c->argc && err->status == CT_OK; i++)
        ct_recipe_override(&c->recipe, c->argv[i], err);
    for (int i = first + 1; i < c->argc; i++)
        ct_recipe_expect_used(&c->recipe, "", c->argv[i], err);
    if (err->status == CT_OK)
        ct_recipe_check(&c->recipe, err);
    return err->status;
}

/* A page that cannot be written is known before the work. Its title is the command and what it is
 * about, without settings: "Class: anna, otto, eva, jan and 12 more". */
void cli_open_page(cli_call *c, ct_error *err)
{
    enum { NAMED = 4 };
    char title[512];
    int n = 0; /* what it is about */
    const char *name = c->command->name;
    size_t used = (size_t)snprintf(title, sizeof title, "%c%s", *name - 'a' + 'A', name + 1);
    for (int i = 0; i < c->argc && used < sizeof title; i++)
        if (strchr(c->argv[i], '=') == NULL && n++ < NAMED)
            used += (size_t)snprintf(title + used, sizeof title - used, "%s%s",
                                     n == 1 ? ": " : ", ", c->argv[i]);
    if (n > NAMED && used < sizeof title)
        snprintf(title + used, sizeof title - used, " and %d more", n - NAMED);
    if (c->doc.page != NULL)
        ct_page_close(c->doc.page, err->status);
    c->doc.page = NULL;
    if (err->status == CT_OK && ct_page_open(&c->page, c->report, title, err) == CT_OK)
        c->doc.page = &c->page;
}

/* Call a command with what its row needs. */
static int call(cli_call *c, ct_error *err)
{
    const int needs = c->command->needs;
    int code = 0;
    c->out = cli_terminal(c, stdout);
    ct_json_open(&c->j, NULL, '{');
    ct_arena_open(&c->arena, c->command->name, 0, err);
    if ((needs & CLI_NEEDS_THREADS) != 0)
        cli_need_threads(c, err);
    if ((needs & CLI_NEEDS_RECIPE) != 0)
        cli_read_recipe(c, c->command->arguments[0] - 1, err);
    if ((needs & CLI_NEEDS_DEVICE) != 0)
        cli_need_device(c, err);
    if ((needs & CLI_NEEDS_RUN) != 0)
        cli_open(c, c->argv[0], err);
    if ((needs & CLI_NEEDS_PAGE) != 0)
        c->report = c->output != NULL ? c->output : "report.html";
    if (c->report != NULL) {
        cli_name = "contrast"; /* a page is read where the path to this program means nothing */
        cli_open_page(c, err);
    }
    c->doc.screen = c->json ? NULL : &c->out;
    c->doc.json = &c->j;
    if (err->status == CT_OK)
        code = c->command->run(c, err);
    if (err->status == CT_OK)
        cli_put_json(c, err);
    ct_json_free(&c->j);
    if (c->doc.page != NULL && ct_page_close(c->doc.page, err->status) == CT_OK &&
        (needs & CLI_NEEDS_PAGE) != 0)
        printf("%s: written\n", c->report);
    ct_trainer_free(&c->trainer);
    ct_device_free(c->device);
    ct_arena_free(&c->arena);
    return code;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* The exit code; or err is set. */
static int run(int argc, char **argv, cli_call *c, ct_error *err)
{
    if (argc > 0 && strcmp(argv[0], "--version") == 0) {
        printf("contrast %s\n", CT_VERSION);
        return 0;
    }
    if (argc == 0 || asks_for_help(argc, argv)) {
        c->argc = argc > 0 && argv[0][0] != '-';
        c->argv = argv;
        cli_run_help(c, err);
        return argc == 0 ? 2 : 0;
    }
    const int i = cli_find(err, "command", argv[0], &cli_commands->name, N_COMMANDS,
                           sizeof *cli_commands, "help");
    if (i < 0)
        return 0;
    c->command = &cli_commands[i];
    return cli_parse(argc - 1, argv + 1, c, err) == CT_OK ? call(c, err) : 0;
}

static int exit_code(ct_status status)
{
    switch (status) { /* no default: a new status must choose its code here */
    case CT_OK: return 0;
    case CT_ERR_IO:
    case CT_ERR_FORMAT:
    case CT_ERR_NOMEM:
    case CT_ERR_SHAPE: return 1;
    case CT_ERR_CONFIG: return 2;
    case CT_ERR_NUMERIC: return 3;
    }
    return 1;
}

int main(int argc, char **argv)
{
    cli_call c = {.split = -1,
                  .at = -1,
                  .top = 5,
                  .students = 30,
                  .loss = (double)NAN,
                  .temperature = (double)NAN};
    ct_error err = {.status = CT_OK};
    char called[CT_WORD_BYTES];
    if (argc > 0 && *argv[0] != '\0')
        cli_name = ct_text_word(called, argv[0]);
    int code = run(argc - 1, argv + 1, &c, &err);
    if (err.status != CT_OK) {
        code = exit_code(err.status);
        fprintf(stderr, "contrast: error: %s\n", err.msg);
        if (c.verbose)
            fprintf(stderr, "contrast: raised at %s:%d\n", err.file, err.line);
    }
    if (code == 3 && err.status == CT_OK)
        fprintf(stderr, "contrast: %s: failed, as the result says\n", c.command->name);
    /* results that did not reach their file are not results */
    if ((fflush(stdout) != 0 || ferror(stdout)) && err.status == CT_OK) {
        fprintf(stderr, "contrast: error: standard output: %s\n", strerror(errno));
        return code != 0 ? code : 1;
    }
    return code;
}
