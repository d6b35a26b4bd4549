/* options.c -- a command line, sorted by the command's help.
 *
 * What help/NAME.txt shows is what is accepted: a line that begins with two spaces and a dash is an
 * option, "  -o, --output RUN   where it goes"; one space stands before the word for its value.
 * "--name value", "--name=value" and "-n value" mean the same; options may stand before, between or
 * after the arguments; "--" ends them. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

/* Name and text of each. */
static const char *const HELP[][2] = {
#include "cli/help.h"
};

/* What each option sets. Where a name has two meanings, the word for the value says which. */
/* clang-format off */
#define SETS(kind_, member) .kind = (kind_), CT_AT(cli_call, member)
static const ct_field MEANING[] = {
    {.key = "ask", SETS(CT_BOOL, ask)},
    {.key = "at", SETS(CT_INT, at), .most = INT_MAX},
    {.key = "batch", SETS(CT_INT, batch), .least = 1, .most = INT_MAX},
    {.key = "checkpoint", SETS(CT_STRING, checkpoint)},
    {.key = "compare-gradient", SETS(CT_STRING, gradient)},
    {.key = "data", SETS(CT_STRING, data)},
    {.key = "data-changed", SETS(CT_BOOL, data_changed)},
    {.key = "dim", SETS(CT_INT, dim), .least = 1, .most = INT_MAX},
    {.key = "explain", SETS(CT_BOOL, explain)},
    {.key = "fail-on-collapse", SETS(CT_BOOL, fail_on_collapse)},
    {.key = "follow", SETS(CT_BOOL, follow)},
    {.key = "force", SETS(CT_BOOL, force)},
    {.key = "gradients", SETS(CT_STRING, gradients)},
    {.key = "groups", SETS(CT_STRING, groups)},
    {.key = "heatmap", SETS(CT_STRING, heatmap)},
    {.key = "images", SETS(CT_STRING, images)},
    {.key = "json", SETS(CT_BOOL, json)},
    {.key = "live", SETS(CT_BOOL, live)},
    {.key = "loss", .label = "NAME", SETS(CT_STRING, loss_name)},
    {.key = "loss", .label = "VALUE", SETS(CT_REAL, loss), .least = -1e6, .most = 1e6},
    {.key = "loss-name", SETS(CT_STRING, loss_name)},
    {.key = "no-color", SETS(CT_BOOL, no_color)},
    {.key = "no-diagnosis", SETS(CT_BOOL, no_diagnosis)},
    {.key = "output", SETS(CT_STRING, output)},
    {.key = "projector", SETS(CT_STRING, projector)},
    {.key = "quiet", SETS(CT_BOOL, quiet)},
    {.key = "report", SETS(CT_STRING, report)},
    {.key = "sample", SETS(CT_INT, sample), .least = CLI_RUN, .most = INT_MAX},
    {.key = "seed", SETS(CT_INT, seed), .most = INT_MAX},
    {.key = "slow", SETS(CT_BOOL, slow)},
    {.key = "split", SETS(CT_CHOICE, split), .choices = "train validation test composition"},
    {.key = "students", SETS(CT_INT, students), .least = 1, .most = CLI_STUDENTS},
    {.key = "temperature", SETS(CT_REAL, temperature), .least = 1e-3, .most = 1e3},
    {.key = "texts", SETS(CT_STRING, texts)},
    {.key = "threads", SETS(CT_INT, threads), .least = 1, .most = 1024},
    {.key = "top", SETS(CT_INT, top), .least = 1, .most = CLI_TOP},
    {.key = "torch", SETS(CT_STRING, torch)},
    {.key = "verbose", SETS(CT_BOOL, verbose)},
    {.key = "watch", SETS(CT_BOOL, watch)},
    {.key = "weights", SETS(CT_STRING, weights)},
};
/* clang-format on */

const char *cli_help(const char *name)
{
    size_t i = 0;
    while (i < sizeof HELP / sizeof *HELP && strcmp(HELP[i][0], name) != 0)
        i++;
    CT_ASSERT(i < sizeof HELP / sizeof *HELP); /* a command without its text */
    return HELP[i][1];
}

const char *cli_next_option(const char *at, cli_option *o)
{
    at = strstr(at, "\n  -");
    if (at == NULL)
        return NULL;
    at += 3;
    *o = (cli_option){.letter = ""};
    if (at[1] != '-') { /* "-o, " */
        snprintf(o->letter, sizeof o->letter, "%.2s", at);
        at += 4;
    }
    const int length = (int)strcspn(at, " ");
    snprintf(o->name, sizeof o->name, "%.*s", length, at);
    at += length + 1;
    snprintf(o->value, sizeof o->value, "%.*s", (int)strcspn(at, " "), at);
    at += strlen(o->value);
    /* To the next option, or the empty line after the last; lines that continue it are indented. */
    o->text = at + strspn(at, " ");
    const char *end = o->text + strcspn(o->text, "\n");
    while (strncmp(end, "\n    ", 5) == 0)
        end += 1 + strcspn(end + 1, "\n");
    o->length = (size_t)(end - o->text);
    return at;
}

/* The option of a command that a word names: one of its own, or a common one. */
static bool find(const char *command, const char *word, cli_option *found, ct_error *err)
{
    const char *const text[2] = {cli_help(command), cli_help("common")};
    cli_option all[32];
    const char *name[32];
    char what[64], try[64];
    int n = 0;
    for (int k = 0; k < 2; k++)
        for (const char *at = text[k]; (at = cli_next_option(at, &all[n])) != NULL; n++) {
            *found = all[n];
            name[n] = all[n].name;
            if (strcmp(word, found->name) == 0 || strcmp(word, found->letter) == 0)
                return true;
        }
    snprintf(what, sizeof what, "option of %s", command);
    snprintf(try, sizeof try, "help %s", command);
    cli_find(err, what, word, name, n, sizeof *name, try);
    return false;
}

static const ct_field *meaning_of(const cli_option *o)
{
    const ct_field *f = MEANING, *end = MEANING + sizeof MEANING / sizeof *MEANING;
    while (f < end && (strcmp(f->key, o->name + 2) != 0 ||
                       (f->label != NULL && strcmp(f->label, o->value) != 0)))
        f++;
    CT_ASSERT(f < end); /* help shows an option without its row here */
    return f;
}

/* A loss that is NaN or infinite was seen too: infinity stands for both. */
static bool set_loss(const ct_field *f, const char *value, cli_call *c)
{
    char word[12];
    snprintf(word, sizeof word, " %s ", value);
    const bool is_set = f->offset == offsetof(cli_call, loss) &&
                        strstr(" nan NaN NAN inf -inf Inf infinity ", word) != NULL;
    if (is_set)
        c->loss = (double)INFINITY;
    return is_set;
}

/* The option that argv[i] is; the answer is how many words it takes. */
static int read_option(int argc, char **argv, int i, cli_call *c, ct_error *err)
{
    char word[64];
    cli_option o;
    const char *equals = strchr(argv[i], '='), *value = equals != NULL ? equals + 1 : NULL;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(argv[i], "="), argv[i]);
    if (!find(c->command->name, word, &o, err))
        return 1;
    const ct_field *f = meaning_of(&o);
    const bool flag = f->kind == CT_BOOL, apart = !flag && value == NULL;
    if (apart)
        value = i + 1 < argc ? argv[i + 1] : "";
    if (flag && value != NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "%s takes no value", o.name);
    else if (!flag && *value == '\0')
        CT_FAIL(err, CT_ERR_CONFIG, "%s needs a value: %s", o.name, o.value);
    if (err->status == CT_OK && !flag && set_loss(f, value, c))
        return 1 + apart;
    ct_fields_set(&(ct_fields){f, 1}, c, f->key, flag ? "true" : value, "--", err);
    return 1 + apart;
}

/* data.KEY=PATH, where a run's data is now, for a command whose help shows it. */
static bool is_place(const cli_call *c, const char *word)
{
    char key[16];
    snprintf(key, sizeof key, " %.*s= ", (int)strcspn(word, "="), word);
    return strstr(" data.image= data.text= data.groups= data.split= data.dir= ", key) != NULL &&
           strstr(cli_help(c->command->name), "[data.KEY=PATH") != NULL;
}

static void check_arguments(const cli_call *c, ct_error *err)
{
    const char *name = c->command->name;
    const char *expected = cli_help(name) + strlen("contrast ") + strlen(name);
    if (*expected == '\n')
        expected = " no arguments\n";
    if (c->argc < c->command->arguments[0] || c->argc > c->command->arguments[1])
        CT_FAIL(err, CT_ERR_CONFIG, "%s: expected%.*s, found %d argument%s", name,
                (int)strcspn(expected, "\n"), expected, c->argc, CT_S(c->argc));
    for (int i = 0; i < c->argc; i++)
        if (c->argv[i][0] == '\0')
            CT_FAIL(err, CT_ERR_CONFIG, "%s: expected%.*s, found an empty argument", name,
                    (int)strcspn(expected, "\n"), expected);
}

ct_status cli_parse(int argc, char **argv, cli_call *c, ct_error *err)
{
    bool ended = false;
    int n_moved = 0;
    c->argv = argv;
    for (int i = 0; i < argc && err->status == CT_OK;) {
        const bool is_option = !ended && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            ended = true;
            i++;
        } else if (is_option) {
            i += read_option(argc, argv, i, c, err);
        } else if (!ended && n_moved < 5 && is_place(c, argv[i])) {
            c->moved[n_moved++] = argv[i++];
        } else {
            argv[c->argc++] = argv[i++];
        }
    }
    check_arguments(c, err);
    return err->status;
}
