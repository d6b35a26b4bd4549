/* help.c -- contrast help [COMMAND | recipe | recipes | losses | states | measures], from what
 * parses them. */
#include "cli/cli.h"

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
                {"manual", cli_put_manual},
                {"recipe-manual", cli_put_recipe_manual},
                {"bash", cli_put_bash},
                {"zsh", cli_put_zsh},
                {"fish", cli_put_fish}};
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
