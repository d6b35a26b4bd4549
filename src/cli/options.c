/* options.c -- a command line, sorted by the command's table of options.
 *
 * "--name value", "--name=value" and "-n value" mean the same; options may stand
 * before, between or after the arguments; "--" ends them.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/text.h"

#include <string.h>

/* clang-format off */
const ct_field CLI_COMMON[] = {
    {.key = "threads", CLI_VALUE(CT_INT, threads, "N"), .least = 1, .most = 1024,
     .help = "threads to use (default: all that this process may use)"},
    {.key = "no-color", CLI_FLAG(no_color), .help = "no colours; so does NO_COLOR in the environment"},
    {.key = "verbose", CLI_FLAG(verbose), .help = "with an error, say where it was raised"},
    CLI_END};
/* clang-format on */

/* The i-th option of a command, its own first; NULL after the last. */
static const ct_field *option_at(const cli_command *c, int i)
{
    int n = 0;
    while (n < i && c->options[n].key != NULL)
        n++;
    const ct_field *f = c->options[n].key != NULL ? &c->options[n] : &CLI_COMMON[i - n];
    return f->key != NULL ? f : NULL;
}

/* The option that a word without its value names. */
static const ct_field *find(const cli_command *c, const char *word, ct_error *err)
{
    char dashed[32][32], what[64], try[64];
    const char *name[32];
    int n = 0;
    for (const ct_field *f; (f = option_at(c, n)) != NULL; n++) {
        snprintf(dashed[n], sizeof dashed[n], "--%s", f->key);
        name[n] = dashed[n];
        if (strcmp(word, name[n]) == 0 || (f->label != NULL && strcmp(word, f->label) == 0))
            return f;
    }
    snprintf(what, sizeof what, "option of %s", c->name);
    snprintf(try, sizeof try, "contrast help %s", c->name);
    cli_unknown(err, what, word, name, n, sizeof *name, try);
    return NULL;
}

/* The option that argv[i] is; the answer is how many words it takes. */
static int read_option(int argc, char **argv, int i, cli_call *c, ct_error *err)
{
    char word[64];
    const char *equals = strchr(argv[i], '='), *value = equals != NULL ? equals + 1 : NULL;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(argv[i], "="), argv[i]);
    const ct_field *f = find(c->command, word, err);
    if (f == NULL)
        return 1;
    const bool flag = f->kind == CT_BOOL;
    if (flag && value != NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "--%s takes no value", f->key);
    if (!flag && value == NULL && i + 1 == argc)
        CT_FAIL(err, CT_ERR_CONFIG, "--%s needs a value: %s", f->key, f->format);
    const bool apart = !flag && value == NULL; /* the value is the next word */
    ct_fields_set(&(ct_fields){f, 1}, c, f->key,
                  flag    ? "true"
                  : apart ? argv[i + 1]
                          : value,
                  "--", err);
    return 1 + apart;
}

ct_status cli_parse(int argc, char **argv, cli_call *c, ct_error *err)
{
    const cli_command *row = c->command;
    bool ended = false;
    c->argv = argv;
    for (int i = 0; i < argc && err->status == CT_OK;) {
        const bool option = !ended && argv[i][0] == '-' && argv[i][1] != '\0';
        if (option && strcmp(argv[i], "--") == 0) {
            ended = true;
            i++;
        } else if (option) {
            i += read_option(argc, argv, i, c, err);
        } else {
            argv[c->argc++] = argv[i++];
        }
    }
    if (c->argc < row->least || c->argc > row->most)
        CT_FAIL(err, CT_ERR_CONFIG, "%s: expected %s, found %d argument%s", row->name,
                *row->arguments != '\0' ? row->arguments : "no arguments", c->argc,
                c->argc == 1 ? "" : "s");
    return err->status;
}
