/* options.c -- a command line, sorted by the command's table of options.
 *
 * "--name value", "--name=value" and "-n value" mean the same; options may stand
 * before, between or after the arguments; "--" ends them.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/data.h"
#include "formats/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const cli_option CLI_COMMON[] = {{"--threads", NULL, CLI_INT, CLI_AT(threads), "N",
                                  "threads to use (default: all that this process may use)"},
                                 {"--no-color", NULL, CLI_FLAG, CLI_AT(no_color), NULL,
                                  "no colours; so does NO_COLOR in the environment"},
                                 {"--verbose", NULL, CLI_FLAG, CLI_AT(verbose), NULL,
                                  "with an error, say where it was raised"},
                                 CLI_END};

/* The i-th option of a command, its own first; NULL after the last. */
static const cli_option *option_at(const cli_command *c, int i)
{
    int n = 0;
    while (n < i && c->options[n].name != NULL)
        n++;
    const cli_option *o = c->options[n].name != NULL ? &c->options[n] : &CLI_COMMON[i - n];
    return o->name != NULL ? o : NULL;
}

static bool is_word(const char *name, const char *word, size_t length)
{
    return name != NULL && strlen(name) == length && strncmp(name, word, length) == 0;
}

/* The option that the first `length` bytes of a word name. */
static const cli_option *find(const cli_command *c, const char *word, size_t length, ct_error *err)
{
    const char *name[32];
    int n = 0;
    for (const cli_option *o; (o = option_at(c, n)) != NULL; name[n++] = o->name)
        if (is_word(o->name, word, length) || is_word(o->alias, word, length))
            return o;
    char what[64], try[64];
    snprintf(what, sizeof what, "option of %s", c->name);
    snprintf(try, sizeof try, "contrast help %s", c->name);
    cli_unknown(err, what, word, name, n, sizeof *name, try);
    return NULL;
}

static ct_status set_whole(const cli_option *o, const char *value, int *out, ct_error *err)
{
    char *end;
    const long number = strtol(value, &end, 10), least = o->kind == CLI_INT;
    if (end == value || *end != '\0' || number < least || number > INT_MAX)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s %s: expected a whole number from %ld", o->name,
                       value, least);
    *out = (int)number;
    return CT_OK;
}

static ct_status set_split(const cli_option *o, const char *value, int *out, ct_error *err)
{
    for (int s = 0; s < CT_N_SPLITS; s++)
        if (strcmp(value, ct_split_name((ct_split)s)) == 0) {
            *out = s;
            return CT_OK;
        }
    return CT_FAIL(err, CT_ERR_CONFIG, "%s %s: expected train, validation, test or composition",
                   o->name, value);
}

static ct_status set(const cli_option *o, const char *value, cli_line *line, ct_error *err)
{
    void *out = (char *)line + o->at;
    size_t used;
    switch (o->kind) {
    case CLI_FLAG: *(bool *)out = true; break;
    case CLI_TEXT: *(const char **)out = value; break;
    case CLI_INT:
    case CLI_FROM_0: return set_whole(o, value, out, err);
    case CLI_SPLIT: return set_split(o, value, out, err);
    case CLI_REAL:
        used = ct_number_get(value, out);
        if (used == 0 || value[used] != '\0')
            return CT_FAIL(err, CT_ERR_CONFIG, "%s %s: expected a number", o->name, value);
    }
    return CT_OK;
}

/* The option that argv[i] is; the answer is how many words it takes, 0 after an error. */
static int read_option(const cli_command *c, int argc, char **argv, int i, cli_line *line,
                       ct_error *err)
{
    const size_t length = strcspn(argv[i], "=");
    const char *value = argv[i][length] == '=' ? argv[i] + length + 1 : NULL;
    const cli_option *o = find(c, argv[i], length, err);
    if (o == NULL)
        return 0;
    const bool apart = o->kind != CLI_FLAG && value == NULL; /* the value is the next word */
    if (o->kind == CLI_FLAG && value != NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "%s takes no value", o->name);
    else if (apart && i + 1 == argc)
        CT_FAIL(err, CT_ERR_CONFIG, "%s needs a value: %s", o->name, o->value);
    else
        set(o, apart ? argv[i + 1] : value, line, err);
    return err->status == CT_OK ? 1 + apart : 0;
}

ct_status cli_parse(const cli_command *c, int argc, char **argv, cli_line *out, ct_error *err)
{
    bool ended = false;
    *out = (cli_line){
        .argv = argv, .split = CT_TEST, .at = -1, .loss = (double)NAN, .temperature = (double)NAN};
    for (int i = 0, step; i < argc; i += step) {
        step = 1;
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (ended || argv[i][0] != '-' || argv[i][1] == '\0')
            argv[out->argc++] = argv[i];
        else if ((step = read_option(c, argc, argv, i, out, err)) == 0)
            return err->status;
    }
    if (out->argc < c->least || out->argc > c->most)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: expected %s, found %d argument%s", c->name,
                       *c->arguments != '\0' ? c->arguments : "no arguments", out->argc,
                       out->argc == 1 ? "" : "s");
    return CT_OK;
}
