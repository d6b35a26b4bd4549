/* manual.h -- manual pages and completions, on standard output. Private. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/cli.h"

void cli_put_manual(void);        /* contrast(1) */
void cli_put_recipe_manual(void); /* contrast-recipe(5) */
void cli_put_bash(void);
void cli_put_zsh(void);
void cli_put_fish(void);

#endif
