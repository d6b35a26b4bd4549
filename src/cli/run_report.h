/* run_report.h -- what training and evaluation print. Private to cli/. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "cli/cli.h"
#include "show/record.h"
#include "train/run.h"

typedef struct cli_live cli_live; /* live.c */

/* Progress goes to stderr: a bar that is redrawn on a terminal, lines elsewhere.
 * Results go to stdout at the end. */
typedef struct run_report {
    const cli_line *in;
    ct_run_watch watch; /* give this to ct_run_train */
    ct_terminal terminal;
    double all_equal, floor; /* of the recipe's loss and batch */
    double mean;             /* loss, over some 50 steps */
    double last_s, seconds;  /* when the bar was last drawn; so far */
    ct_evaluation final[2];  /* test, composition */
    int n_final;
    cli_live *live; /* NULL: a line */
} run_report;

/* NULL where the terminal cannot be redrawn, or without memory: then there are lines. */
cli_live *cli_live_new(ct_trainer *t, const ct_terminal *terminal);
void cli_live_free(cli_live *l); /* accepts NULL */
void cli_live_step(cli_live *l, const ct_terminal *terminal, const ct_step *s, double seconds);

/* With --live, the screen shows the trainer `t`. */
void run_report_begin(run_report *r, const cli_line *in, ct_trainer *t);
void run_report_end(run_report *r, const ct_trainer *t, const char *folder, ct_error *err);

/* What n runs wrote down, each with the landmarks of its loss, its hash and, if `diagnosed`, its
 * state; memory of the arena. Errors  those of ct_record_read and the recipe */
ct_status cli_records(const cli_line *in, int n, char **folder, bool diagnosed, ct_record *r,
                      ct_arena *arena, ct_error *err);

/* A few lines for people, or (--json) members of an object. */
void print_evaluation(const ct_evaluation *e);

#endif
