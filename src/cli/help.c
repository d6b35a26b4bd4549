/* help.c -- contrast help [COMMAND | recipe | recipes | losses], from the same
 * tables that parse.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/landmarks.h"
#include "train/recipe.h"

#include <string.h>

static void print_options(const char *title, const cli_option *o, int n)
{
    if (n > 0)
        printf("\n%s:\n", title);
    for (int i = 0; i < n; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s%s%s", o[i].alias != NULL ? o[i].alias : "",
                 o[i].alias != NULL ? ", " : "", o[i].name, o[i].value != NULL ? " " : "",
                 o[i].value != NULL ? o[i].value : "");
        printf("  %-22s %s\n", left, o[i].help);
    }
}

static int help_command(const cli_command *c)
{
    int n;
    const cli_option *own = c->options(&n);
    printf("contrast %s%s%s\n\n%s\n", c->name, *c->arguments != '\0' ? " " : "", c->arguments,
           c->summary);
    if (*c->help != '\0')
        printf("\n%s", c->help);
    print_options("options", own, n);
    const cli_option *common = cli_common_options(&n);
    print_options("common options", common, n);
    printf("\nexit status: 0 done; 1 could not finish (file, format, memory); 2 the command line "
           "or recipe is\n"
           "wrong; 3 the loss was not finite; 130, 143 stopped by a signal after saving\n");
    return 0;
}

static int help_recipe(void)
{
    static char text[1 << 14];
    const ct_recipe r = ct_recipe_defaults();
    ct_fields_ini(&ct_recipe_fields, &r, true, text, sizeof text);
    printf("# Every key of a recipe, with its default. A recipe is a file of such lines; what it "
           "does not say\n"
           "# keeps its default; section.key=value on the command line goes before both.\n\n%s",
           text);
    return 0;
}

static int help_recipes(void)
{
    for (int i = 0; ct_recipe_builtin_name(i) != NULL; i++) {
        const char *name = ct_recipe_builtin_name(i), *text = ct_recipe_builtin(name);
        const size_t skip = strspn(text, "# ");
        printf("  %-16s %.*s\n", name, (int)strcspn(text + skip, "\n"), text + skip);
    }
    return 0;
}

static int help_losses(void)
{
    int n;
    const ct_loss *l = ct_loss_all(&n);
    ct_loss_setting s = {.n = 7, .d = 64, .temperature = 1, .bias = ct_loss_bias(7)};
    printf("  %-15s %10s %10s\n", "N = 7, tau = 1:", "all equal", "best");
    for (int i = 0; i < n; i++) {
        const ct_landmarks at = ct_landmarks_of(&l[i], &s, NULL);
        printf("  %-15s %10.4f %10.4f  %s\n", l[i].name, at.all_equal, at.floor, l[i].summary);
    }
    return 0;
}

int cli_help(int argc, char **argv)
{
    if (argc > 0) {
        const cli_command *c = cli_find(argv[0]);
        if (c != NULL)
            return help_command(c);
        if (strcmp(argv[0], "recipe") == 0)
            return help_recipe();
        if (strcmp(argv[0], "recipes") == 0)
            return help_recipes();
        if (strcmp(argv[0], "losses") == 0)
            return help_losses();
        return cli_usage("there is no help on %s; try: contrast help", argv[0]);
    }
    int n;
    const cli_command *c = cli_commands(&n);
    printf("contrast -- contrastive learning in plain C, from the collapse to its fix\n\n"
           "  contrast demo                    see it in half a minute\n"
           "  contrast train shapes -o run     train two towers on drawn pictures\n"
           "  contrast eval run                measure them again\n\ncommands:\n");
    for (int i = 0; i < n; i++)
        printf("  %-8s %s\n", c[i].name, c[i].summary);
    printf("\ncontrast help COMMAND tells the rest; contrast --version\n");
    return 0;
}
