/* cli.h -- what the commands share. Private.
 *
 * A command is a row in COMMANDS (main.c) with its options in a table, from which
 * both parsing and `contrast help COMMAND` come. Only this layer prints errors
 * and chooses exit codes.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "contrast/device.h"
#include "contrast/status.h"
#include "formats/json.h"
#include "show/terminal.h"

#include <stdbool.h>

typedef enum cli_kind {
    CLI_FLAG,
    CLI_TEXT,
    CLI_INT,
    CLI_FROM_0
} cli_kind; /* whole numbers from 1, from 0 */

typedef struct cli_option {
    const char *name, *alias; /* "--output", "-o" or NULL                       */
    cli_kind kind;
    void *out;                /* bool *, const char ** or int *                 */
    const char *value, *help; /* "RUN"; what it does                            */
} cli_option;

typedef struct cli_command {
    const char *name, *arguments, *summary;
    const char *help;                  /* paragraphs behind the summary; may be "" */
    int (*run)(int argc, char **argv); /* without the command's name; exit code    */
    const cli_option *(*options)(int *n);
} cli_command;

/* Values of the options every command has. */
typedef struct cli_common {
    int threads;
    bool json, quiet, verbose, no_color;
    bool incomplete; /* something could not be told: the exit code is not 0 */
} cli_common;

extern cli_common cli; /* set once, while the command line is read */

/* Sort argv into options and the rest: the answer is how many of the rest, now
 * at the front of argv; -1 after an error, which err tells. */
int cli_parse(const cli_command *c, int argc, char **argv, ct_error *err);

const cli_command *cli_find(const char *name); /* or NULL */
const cli_command *cli_commands(int *n);
const cli_option *cli_common_options(int *n);

/* Print "contrast: error: ..." and give the exit code of the status. */
int cli_fail(const ct_error *err);
/* The same for a mistake on the command line. */
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Close what is open, print it as a line, free it; without memory for it, say so. */
void cli_put_json(ct_json *j);

/* A device as --threads and CONTRAST_THREADS, CONTRAST_ISA ask; NULL after an error. */
ct_device *cli_device(ct_error *err);
int cli_threads(ct_error *err); /* threads for many small runs; 0 after an error */

/* Terminal on stdout or stderr: colour if it is one, unless --no-color,
 * NO_COLOR or TERM=dumb. */
ct_terminal cli_terminal(FILE *f);

/* --split: its ct_split, test by default; -1 after telling the mistake. */
int cli_split(const char *name);

/* What `contrast hash` prints of the last checkpoint of a run. */
#define CLI_HASH_BYTES 17
ct_status cli_hash_run(const char *folder, char out[CLI_HASH_BYTES]);

/* Commands, one file each. */
int cli_train(int argc, char **argv);
int cli_resume(int argc, char **argv);
int cli_eval(int argc, char **argv);
int cli_embed(int argc, char **argv);
int cli_search(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_diagnose(int argc, char **argv);
int cli_loss(int argc, char **argv);
int cli_sweep(int argc, char **argv);
int cli_lesson(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_hash(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_plot(int argc, char **argv);
int cli_help(int argc, char **argv);
const cli_option *cli_train_options(int *n);
const cli_option *cli_resume_options(int *n);
const cli_option *cli_eval_options(int *n);
const cli_option *cli_embed_options(int *n);
const cli_option *cli_search_options(int *n);
const cli_option *cli_export_options(int *n);
const cli_option *cli_inspect_options(int *n);
const cli_option *cli_diagnose_options(int *n);
const cli_option *cli_loss_options(int *n);
const cli_option *cli_sweep_options(int *n);
const cli_option *cli_lesson_options(int *n);
const cli_option *cli_check_options(int *n);
const cli_option *cli_demo_options(int *n);
const cli_option *cli_hash_options(int *n);
const cli_option *cli_report_options(int *n);
const cli_option *cli_plot_options(int *n);
const cli_option *cli_no_options(int *n);

#endif
