/* options.c -- options of any command, from its table; and what every command
 * takes from the environment.
 *
 * "--name value", "--name=value" and "-n value" mean the same; options may stand
 * before, between or behind the arguments; "--" ends them.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/text.h"
#include "platform/cpu.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

cli_common cli;

static const cli_option COMMON[] = {
    {"--threads", NULL, CLI_INT, &cli.threads, "N",
     "threads to use (default: all this process may use)"},
    {"--no-color", NULL, CLI_FLAG, &cli.no_color, NULL,
     "no colours; so does NO_COLOR in the environment"},
    {"--verbose", NULL, CLI_FLAG, &cli.verbose, NULL, "with an error, say where it was raised"},
};

const cli_option *cli_common_options(int *n)
{
    *n = (int)(sizeof COMMON / sizeof *COMMON);
    return COMMON;
}

const cli_option *cli_no_options(int *n)
{
    *n = 0;
    return NULL;
}

static bool matches(const cli_option *o, const char *word, size_t length)
{
    return (strlen(o->name) == length && strncmp(o->name, word, length) == 0) ||
           (o->alias != NULL && strlen(o->alias) == length && strncmp(o->alias, word, length) == 0);
}

static const cli_option *find_option(const cli_command *c, const char *word, size_t length)
{
    int n_own, n_common;
    const cli_option *own = c->options(&n_own), *common = cli_common_options(&n_common);
    for (int i = 0; i < n_own + n_common; i++) {
        const cli_option *o = i < n_own ? &own[i] : &common[i - n_own];
        if (matches(o, word, length))
            return o;
    }
    return NULL;
}

static ct_status set_option(const cli_option *o, const char *value, ct_error *err)
{
    if (o->kind == CLI_FLAG) {
        *(bool *)o->out = true;
    } else if (o->kind == CLI_TEXT) {
        *(const char **)o->out = value;
    } else {
        char *end;
        const long number = strtol(value, &end, 10), least = o->kind == CLI_INT;
        if (end == value || *end != '\0' || number < least || number > INT_MAX)
            return CT_FAIL(err, CT_ERR_CONFIG, "%s %s: expected a whole number from %ld", o->name,
                           value, least);
        *(int *)o->out = (int)number;
    }
    return CT_OK;
}

static ct_status unknown_option(const cli_command *c, const char *word, ct_error *err)
{
    const char *names[32];
    int n_own, n_common, n = 0;
    const cli_option *own = c->options(&n_own), *common = cli_common_options(&n_common);
    for (int i = 0; i < n_own + n_common; i++)
        names[n++] = i < n_own ? own[i].name : common[i - n_own].name;
    const char *near = ct_nearest_name(word, names, n, sizeof *names);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s: there is no option %s; %s%s", c->name, word,
                   near != NULL ? "did you mean " : "try: contrast help ",
                   near != NULL ? near : c->name);
}

int cli_parse(const cli_command *c, int argc, char **argv, ct_error *err)
{
    int n_rest = 0;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (strcmp(word, "--") == 0) {
            while (++i < argc)
                argv[n_rest++] = argv[i];
            break;
        }
        if (word[0] != '-' || word[1] == '\0') {
            argv[n_rest++] = word;
            continue;
        }
        const char *equals = strchr(word, '=');
        const cli_option *o = find_option(c, word,
                                          equals != NULL ? (size_t)(equals - word) : strlen(word));
        const char *value = equals != NULL ? equals + 1 : NULL;
        if (o == NULL) {
            unknown_option(c, word, err);
            return -1;
        }
        if (o->kind == CLI_FLAG && value != NULL) {
            CT_FAIL(err, CT_ERR_CONFIG, "%s takes no value", o->name);
            return -1;
        }
        if (o->kind != CLI_FLAG && value == NULL && (value = ++i < argc ? argv[i] : NULL) == NULL) {
            CT_FAIL(err, CT_ERR_CONFIG, "%s: expected %s behind it", o->name, o->value);
            return -1;
        }
        if (set_option(o, value, err) != CT_OK)
            return -1;
    }
    return n_rest;
}

/* ---- the environment ---- */

int cli_threads(ct_error *err)
{
    const char *text = getenv("CONTRAST_THREADS");
    if (cli.threads > 0)
        return cli.threads;
    if (text == NULL || *text == '\0')
        return ct_cpu_count();
    char *end;
    long n = strtol(text, &end, 10);
    if (*end == '\0' && n >= 1 && n <= 1024)
        return (int)n;
    CT_FAIL(err, CT_ERR_CONFIG, "CONTRAST_THREADS=%s: expected 1 to 1024", text);
    return 0;
}

ct_device *cli_device(ct_error *err)
{
    const char *isa = getenv("CONTRAST_ISA"), *odd = ct_cpu_odd_arithmetic();
    const int threads = cli_threads(err);
    if (odd != NULL)
        fprintf(stderr, "contrast: warning: %s: numbers will differ from those of other machines\n",
                odd);
    return threads > 0 ? ct_device_new(threads, isa != NULL && *isa != '\0' ? isa : NULL, err)
                       : NULL;
}

static int columns(void)
{
    const char *text = getenv("COLUMNS");
    const int n = text != NULL ? atoi(text) : 0;
    return n >= 20 && n <= 1000 ? n : 80;
}

ct_terminal cli_terminal(FILE *f)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *deep = getenv("COLORTERM");
    const bool is_terminal = ct_is_terminal(f) && term != NULL && strcmp(term, "dumb") != 0;
    return (ct_terminal){.out = f,
                         .colour = is_terminal && !cli.no_color &&
                                   (no_color == NULL || *no_color == '\0'),
                         .deep = deep != NULL &&
                                 (strcmp(deep, "truecolor") == 0 || strcmp(deep, "24bit") == 0),
                         .redraw = is_terminal,
                         .width = columns()};
}
