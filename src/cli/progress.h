/* progress.h -- what training prints on its way and at its end. Private. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"
#include "train/run.h"

typedef struct cli_live cli_live; /* live.c */

/* Progress goes to stderr: a line that is redrawn on a terminal, or the whole screen (--live),
 * and lines elsewhere. Results go to stdout at the end. */
typedef struct cli_progress {
    cli_call *c;
    ct_run_watch watch; /* give this to ct_run_train */
    ct_terminal terminal;
    double mean;            /* loss, over some 50 steps */
    double last_s, seconds; /* when the line was last drawn; so far */
    ct_evaluation final[2]; /* test, composition */
    int n_final;
    cli_live *live; /* or NULL; in the arena of the call */
} cli_progress;

void cli_progress_begin(cli_progress *p, cli_call *c, ct_trainer *t);
void cli_progress_end(cli_progress *p, const ct_trainer *t, const char *folder, ct_error *err);

/* A few lines for people. */
void cli_print_evaluation(const ct_evaluation *e);

/* NULL where the terminal cannot be redrawn. */
cli_live *cli_live_new(ct_trainer *t, const ct_terminal *terminal, ct_arena *arena);
void cli_live_step(cli_live *l, const ct_step *s, double seconds);

#endif
