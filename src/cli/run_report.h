/* run_report.h -- what training and evaluation print. Private to cli/. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "cli/cli.h"
#include "experiment/run.h"

/* Progress goes to stderr: a bar that is redrawn on a terminal, lines elsewhere.
 * Results go to stdout at the end. */
typedef struct run_report {
    ct_run_watch  watch; /* give this to ct_run_train */
    ct_terminal   terminal;
    double        chance, floor;     /* of the recipe's loss and batch */
    double        mean;              /* loss, over some 50 steps */
    double        last_s, seconds;   /* when the bar was last drawn; so far */
    ct_evaluation final[2];          /* test, composition */
    int           n_final;
} run_report;

void run_report_begin(run_report *r, const ct_recipe *recipe, const volatile sig_atomic_t *stop);
void run_report_end(run_report *r, const ct_trainer *t, const char *folder);

/* A few lines for people, or (--json) members of an object. */
void print_evaluation(const ct_evaluation *e);

#endif
