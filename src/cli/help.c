/* help.c -- contrast help [COMMAND | recipe | recipes | losses | states | measures]; and what `make
 * install` writes, manual pages and completions: all from the texts and tables that parse the
 * command line. */
#include "cli/cli.h"

#include "contrast/contrast.h"
#include "lab/lessons/lesson.h"
#include "measure/numbers.h"

#include <string.h>

static void help_recipe(void)
{
    char text[1 << 14];
    const ct_recipe r = ct_recipe_defaults();
    ct_fields_ini(&ct_recipe_fields, &r, true, text, sizeof text);
    printf("# Every key of a recipe, with its default. A recipe is a file of such lines; what it "
           "does not say\n"
           "# keeps its default; section.key=value on the command line overrides both.\n\n%s",
           text);
}

static void help_recipes(void)
{
    for (int i = 0; ct_recipe_builtin_name(i) != NULL; i++) {
        const char *name = ct_recipe_builtin_name(i), *text = ct_recipe_builtin(name);
        const size_t skip = strspn(text, "# ");
        printf("  %-16s %.*s\n", name, (int)strcspn(text + skip, "\n"), text + skip);
    }
}

static void help_losses(void)
{
    int n;
    const ct_loss *l = ct_loss_all(&n);
    const ct_loss_setting s = {.n = 7, .d = 64, .temperature = 1, .bias = ct_loss_bias(7)};
    printf("  %-15s %10s %10s\n", "N = 7, tau = 1:", "all equal", "best");
    for (int i = 0; i < n; i++) {
        const ct_landmarks at = ct_landmarks_of(&l[i], &s, NULL);
        printf("  %-15s %10.4f %10.4f  %s\n", l[i].name, at.all_equal, at.floor, l[i].summary);
    }
}

static void help_states(void)
{
    for (int s = 0; s < CT_N_STATES; s++) {
        const ct_state_text *t = ct_state_describe((ct_state)s);
        printf("%s: %s\n", t->name, t->meaning);
        if (*t->look_alikes != '\0')
            printf("  easily confused with: %s\n", t->look_alikes);
    }
}

static void help_measures(void)
{
    printf("Rows are taken as unit vectors; tau is the temperature, N the pairs in a batch.\n");
    for (int i = 0; i < ct_measures_fields.n; i++)
        if (!ct_measures_fields.row[i].detail)
            printf("%s: %s\n", ct_measures_fields.row[i].label, ct_measures_fields.row[i].help);
}

static void print_summary(const char *name)
{
    const char *summary = strstr(cli_help(name), "\n\n") + 2; /* after the first empty line */
    printf("  %-10s %.*s\n", name, (int)strcspn(summary, "\n"), summary);
}

static void help_all(void)
{
    static const char *const TO[] = {"learn", "train", "look", "use"};
    printf("contrast -- contrastive learning in plain C, from the collapse to its fix\n\n"
           "  contrast demo                    see it in half a minute\n"
           "  contrast train shapes -o run     train two towers on drawn pictures\n"
           "  contrast eval run                measure them again\n");
    for (int g = CLI_TO_LEARN; g < CLI_UNLISTED; g++) {
        printf("\n%s\n", TO[g]);
        for (const cli_command *c = cli_commands; c->name != NULL; c++)
            if ((int)c->group == g)
                print_summary(c->name);
    }
    printf("\ncontrast help COMMAND explains a command; contrast help recipe, recipes, losses,\n"
           "states, measures; contrast --version\n");
}

/* ---- manual pages, in the macros of man(7) ---- */

static void put_letter(char letter)
{
    if (letter == '\\')
        printf("\\e");
    else
        printf("%s%c", letter == '-' ? "\\" : "", letter);
}

/* n bytes as text of roff, filled: lines of at most 72 columns, where a dash is a minus. */
static void put_words(const char *text, size_t n)
{
    int column = 0;
    for (const char *end = text + n; text < end;) {
        text += strspn(text, " \n");
        const int length = text < end ? (int)strcspn(text, " \n") : 0;
        if (column > 0 && length > 0)
            putchar(column + length > 72 ? '\n' : ' ');
        column = column + length > 72 ? 0 : column;
        if (column == 0 && (*text == '.' || *text == '\''))
            printf("\\&"); /* not a request */
        for (int i = 0; i < length; i++)
            put_letter(text[i]);
        column += length + 1;
        text += length;
    }
    putchar('\n');
}

static void put_macro(const char *macro, const char *text, size_t n)
{
    printf("%s ", macro);
    put_words(text, n);
}

/* A page of CONTRAST or CONTRAST-RECIPE begins with its name in lower case too. */
static void put_title(const char *title, const char *name, int section)
{
    printf(".TH %s %d \"%s\" \"contrast %s\"\n.SH NAME\n%s", title, section, CT_RELEASED,
           CT_VERSION, name);
}

/* "  -o, --output RUN   where it goes", of which the text may go on in indented lines. */
static void put_options(const char *text)
{
    cli_option o;
    for (const char *at = text; (at = cli_next_option(at, &o)) != NULL;) {
        char names[80];
        const int n = snprintf(names, sizeof names, "%s%s%s%s%s", o.letter,
                               *o.letter != '\0' ? ", " : "", o.name, *o.value != '\0' ? " " : "",
                               o.value);
        printf(".TP\n");
        put_macro(".B", names, (size_t)n);
        put_words(o.text, o.length);
    }
}

/* The paragraphs of help/NAME.txt, up to its options. */
static void put_help(const char *text)
{
    const char *options = strstr(text, "options:\n");
    const char *end = options != NULL ? options : text + strlen(text);
    size_t n = strcspn(text, "\n");
    bool first = true;
    put_macro(".SS", text, n);
    for (text += n; text < end; text += n) {
        const char *blank;
        text += strspn(text, "\n");
        blank = strstr(text, "\n\n");
        n = (size_t)((blank != NULL && blank < end ? blank : end) - text);
        if (n > 0) {
            printf("%s", first ? "" : ".PP\n");
            put_words(text, n);
            first = false;
        }
    }
    if (options != NULL)
        put_options(options);
}

static void help_manual(void)
{
    const char *common = cli_help("common"), *status = strstr(common, "exit status: ");
    put_title("CONTRAST", "contrast", 1);
    printf(" \\- contrastive learning, from the collapse to its fix\n.SH SYNOPSIS\n.B contrast\n.I "
           "COMMAND\n.RI [ options ]\n.SH COMMANDS\n");
    for (const cli_command *c = cli_commands; c->name != NULL; c++)
        put_help(cli_help(c->name));
    printf(".SH OPTIONS OF ALL COMMANDS\n");
    put_options(common);
    printf(".SH EXIT STATUS\n");
    status += strlen("exit status: ");
    put_words(status, strlen(status));
    printf(".SH SEE ALSO\n.BR contrast\\-recipe (5),\n.BR libcontrast (3)\n");
}

static void help_recipe_manual(void)
{
    char text[1 << 14];
    const ct_recipe r = ct_recipe_defaults();
    ct_fields_ini(&ct_recipe_fields, &r, true, text, sizeof text);
    put_title("CONTRAST-RECIPE", "contrast-recipe", 5);
    printf(" \\- the settings of a training of contrast\n.SH DESCRIPTION\nA recipe is a text "
           "file of sections and of lines\n.IR \"key = value\" .\n"
           "A key that it does not set has the default that is shown here.\n.SH KEYS\n");
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *help = strstr(line, " # ");
        const size_t n = help != NULL ? (size_t)(help - line) : strlen(line);
        if (*line != '[')
            printf(".TP 4\n"); /* no key is so short that its help would follow it as a value */
        put_macro(*line == '[' ? ".SS" : ".B", line, n);
        if (help != NULL)
            put_words(help + 3, strlen(help + 3));
    }
    printf(".SH SEE ALSO\n.BR contrast (1)\n");
}

/* ---- completions ---- */

/* Words that a command takes besides files: those that its line names after a bar, recipes where it
 * asks for one, lessons, commands. */
static void put_arguments(const cli_command *c)
{
    const char *line = cli_help(c->name), *end = line + strcspn(line, "\n");
    for (const char *at = line; (at = strstr(at, "| ")) != NULL && at < end;) {
        at += 2;
        const int length = (int)strspn(at, "abcdefghijklmnopqrstuvwxyz");
        if (length > 0)
            printf(" %.*s", length, at);
    }
    if (strstr(cli_help(c->name), " RECIPE") != NULL)
        for (int i = 0; ct_recipe_builtin_name(i) != NULL; i++)
            printf(" %s", ct_recipe_builtin_name(i));
    if (c->run == cli_run_lesson)
        for (int i = 0; ct_lesson_name(i) != NULL; i++)
            printf(" %s", ct_lesson_name(i));
    for (int i = 0; c->run == cli_run_help && cli_commands[i].name != NULL; i++)
        printf(" %s", cli_commands[i].name);
}

/* For bash, and for zsh through its bashcompinit: the commands, then the words of each. */
static void help_bash(void)
{
    printf("# contrast(1) for bash\n_contrast() {\n    local words\n    case \"$COMP_CWORD "
           "${COMP_WORDS[1]}\" in\n"
           "    '1 '*) words='");
    for (const cli_command *c = cli_commands; c->name != NULL; c++)
        printf("%s%s", c > cli_commands ? " " : "", c->name);
    printf("' ;;\n");
    for (const cli_command *c = cli_commands; c->name != NULL; c++) {
        const char *const text[2] = {cli_help(c->name), cli_help("common")};
        cli_option o;
        printf("    *' %s') words='--help", c->name);
        for (int k = 0; k < 2; k++)
            for (const char *at = text[k]; (at = cli_next_option(at, &o)) != NULL;)
                printf(" %s", o.name);
        put_arguments(c);
        printf("' ;;\n");
    }
    printf("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
           "}\ncomplete -o default -F _contrast contrast\n");
}

static void help_zsh(void)
{
    printf("#compdef contrast\nautoload -U +X bashcompinit && bashcompinit\n");
    help_bash();
}

/* One line of text in quotes. */
static void put_quoted(const char *text, size_t n)
{
    putchar('\'');
    for (size_t i = 0; i < n && text[i] != '\n'; i++)
        printf("%s%c", text[i] == '\'' || text[i] == '\\' ? "\\" : "", text[i]);
    printf("'\n");
}

static void help_fish(void)
{
    printf("# contrast(1) for fish\n");
    for (const cli_command *c = cli_commands; c->name != NULL; c++) {
        const char *text[2] = {cli_help(c->name), cli_help("common")};
        const char *summary = strstr(text[0], "\n\n") + 2;
        cli_option o;
        printf("complete -c contrast -n __fish_use_subcommand -f -a %s -d ", c->name);
        put_quoted(summary, strlen(summary));
        for (int k = 0; k < 2; k++)
            for (const char *at = text[k]; (at = cli_next_option(at, &o)) != NULL;) {
                printf("complete -c contrast -n '__fish_seen_subcommand_from %s' -l %s%s%s%s -d ",
                       c->name, o.name + 2, *o.letter != '\0' ? " -s " : "",
                       *o.letter != '\0' ? o.letter + 1 : "", *o.value != '\0' ? " -r" : "");
                put_quoted(o.text, o.length);
            }
        printf("complete -c contrast -n '__fish_seen_subcommand_from %s' -a '", c->name);
        put_arguments(c);
        printf("'\n");
    }
}

/* ---- the command ---- */

int cli_run_help(cli_call *c, ct_error *err)
{
    static const struct {
        const char *topic;
        void (*print)(void);
    } MORE[] = {{"recipe", help_recipe},
                {"recipes", help_recipes},
                {"losses", help_losses},
                {"states", help_states},
                {"measures", help_measures},
                {"manual", help_manual},
                {"recipe-manual", help_recipe_manual},
                {"bash", help_bash},
                {"zsh", help_zsh},
                {"fish", help_fish}};
    enum { N_MORE = sizeof MORE / sizeof *MORE };
    const char *name[N_MORE + 32];
    int n = 0;
    if (c->argc == 0) {
        help_all();
        return 0;
    }
    for (; n < N_MORE; n++)
        name[n] = MORE[n].topic;
    for (const cli_command *k = cli_commands; k->name != NULL; k++) {
        CT_ASSERT(n < (int)(sizeof name / sizeof *name));
        name[n++] = k->name;
    }
    const int i = cli_find(err, "topic of help", c->argv[0], name, n, sizeof *name, "help");
    if (i >= N_MORE)
        printf("%s\n%s", cli_help(name[i]), cli_help("common"));
    else if (i >= 0)
        MORE[i].print();
    return 0;
}
