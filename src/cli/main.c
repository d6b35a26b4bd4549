/* main.c -- contrast COMMAND ...: which commands there are, and how the program ends.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/contrast.h"
#include "formats/text.h"

#include <errno.h>
#include <string.h>

static const cli_command *const COMMANDS[] = {
    &CLI_DEMO,    &CLI_LESSON, &CLI_TRAIN,    &CLI_RESUME, &CLI_IMPORT, &CLI_CHECK,
    &CLI_SWEEP,   &CLI_EVAL,   &CLI_DIAGNOSE, &CLI_LOSS,   &CLI_REPORT, &CLI_PLOT,
    &CLI_INSPECT, &CLI_HASH,   &CLI_EMBED,    &CLI_SEARCH, &CLI_EXPORT, &CLI_HELP,
};
enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

const cli_command *cli_command_at(int i)
{
    return i < N_COMMANDS ? COMMANDS[i] : NULL;
}

const cli_command *cli_command_find(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, COMMANDS[i]->name) == 0)
            return COMMANDS[i];
    return NULL;
}

ct_status cli_unknown(ct_error *err, const char *what, const char *word, const char *const *name,
                      int n, size_t stride, const char *try)
{
    const char *near = ct_nearest_name(word, name, n, stride);
    if (near != NULL)
        return CT_FAIL(err, CT_ERR_CONFIG, "unknown %s \"%s\"; did you mean \"%s\"?", what, word,
                       near);
    return CT_FAIL(err, CT_ERR_CONFIG, "unknown %s \"%s\"; try: %s", what, word, try);
}

static ct_status unknown_command(const char *word, ct_error *err)
{
    const char *name[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++)
        name[i] = COMMANDS[i]->name;
    return cli_unknown(err, "command", word, name, N_COMMANDS, sizeof *name, "contrast help");
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* The exit code; or err is set. */
static int run(int argc, char **argv, cli_line *line, ct_error *err)
{
    if (argc > 0 && strcmp(argv[0], "--version") == 0) {
        printf("contrast %s\n", CT_VERSION);
        return 0;
    }
    const cli_command *c = argc > 0 ? cli_command_find(argv[0]) : NULL;
    if (argc == 0 || asks_for_help(argc, argv)) {
        const cli_line about = {.argc = c != NULL, .argv = argv};
        CLI_HELP.run(&about, err);
        return argc == 0 ? 2 : 0;
    }
    if (c == NULL)
        unknown_command(argv[0], err);
    else if (cli_parse(c, argc - 1, argv + 1, line, err) == CT_OK)
        return c->run(line, err);
    return 0;
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
    cli_line line = {.argc = 0};
    ct_error err = {.status = CT_OK};
    int code = run(argc - 1, argv + 1, &line, &err);
    if (err.status != CT_OK) {
        code = exit_code(err.status);
        fprintf(stderr, "contrast: error: %s\n", err.msg);
        if (line.verbose)
            fprintf(stderr, "contrast: raised at %s:%d\n", err.file, err.line);
    }
    /* results that did not reach their file are not results */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "contrast: error: standard output: %s\n", strerror(errno));
        return code != 0 ? code : 1;
    }
    return code;
}
