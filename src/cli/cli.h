/* cli.h -- what the commands share. Private.
 *
 * A command is a function, its row in the table of main.c, and help/NAME.txt, which says what it
 * takes. What the row needs is there when the function is called, and closed after it. The function
 * answers with an exit code or sets `err`; only main.c prints errors and turns them into exit
 * codes.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "contrast/arena.h"
#include "formats/array.h"
#include "formats/field.h"
#include "formats/text.h"
#include "show/doc.h"
#include "show/page.h"
#include "train/run.h"

#include <limits.h>
#include <signal.h>

/* A command that is called. */
typedef struct cli_call {
    const struct cli_command *command;
    int argc; /* arguments, without options */
    char **argv;
    const char *moved[6]; /* data.KEY=PATH: where a run's data is; NULL after the last */

    /* What the options were given. */
    int threads; /* resolved for rows that need threads */
    bool json, quiet, verbose, no_color, force, live, slow, watch, follow, ask, explain,
        fail_on_collapse, no_diagnosis;
    bool data_changed, other_data;   /* other_data: it was, in the run that was opened last */
    int split;                       /* ct_split; -1 until a run is open, if not given */
    int at, batch, top, dim, sample; /* at: -1 if it is not given, the others 0 */
    int seed, students;
    double loss, temperature;                                                /* NaN if not given */
    const char *output, *checkpoint, *weights, *report, *loss_name, *groups; /* NULL: not given */
    const char *gradient, *gradients, *heatmap, *images, *texts, *torch, *data, *projector;

    ct_terminal out;    /* standard output */
    ct_arena arena;     /* of what lives as long as the call; fails into err */
    ct_device *device;  /* CLI_NEEDS_DEVICE */
    ct_recipe recipe;   /* CLI_NEEDS_RECIPE: of the last argument that must be, then settings */
    ct_trainer trainer; /* CLI_NEEDS_RUN: that of the first argument, with --checkpoint */
    ct_json j;          /* an object that is open, printed if `json` is set */
    ct_writer page;     /* of --report, or CLI_NEEDS_PAGE */
    ct_doc doc;         /* results: on standard output unless that gets JSON, in page and in j */
} cli_call;

enum {
    CLI_NEEDS_THREADS = 1,
    CLI_NEEDS_DEVICE = 2,
    CLI_NEEDS_RECIPE = 4,
    CLI_NEEDS_RUN = 8,
    CLI_NEEDS_PAGE = 16, /* the page is the result: --output, or report.html */
};

/* What somebody wants who looks for a command. */
typedef enum cli_group {
    CLI_TO_LEARN,
    CLI_TO_TRAIN,
    CLI_TO_LOOK,
    CLI_TO_USE,
    CLI_UNLISTED
} cli_group;

typedef int cli_work(cli_call *c, ct_error *err); /* exit code, unless err is set */

typedef struct cli_command {
    const char *name;
    cli_group group;
    int arguments[2]; /* the least and the most; CLI_MANY: any number */
    int needs;
    cli_work *run;
} cli_command;

#define CLI_MANY     INT_MAX
#define CLI_TOP      100 /* most of --top */
#define CLI_STUDENTS 500
#define CLI_RUNS     4 /* of a report, beside each other */

extern const cli_command cli_commands[]; /* in the order of help; after the last without a name */

cli_work cli_run_demo, cli_run_lesson, cli_run_playground, cli_run_class; /* to learn */
cli_work cli_run_train, cli_run_resume, cli_run_import, cli_run_check, cli_run_sweep;
cli_work cli_run_eval, cli_run_diagnose, cli_run_loss, cli_run_report, cli_run_plot; /* to look */
cli_work cli_run_inspect, cli_run_hash;
cli_work cli_run_embed, cli_run_search, cli_run_export, cli_run_help; /* to use */

extern const char *cli_name; /* the program as it was called: what it prints can be typed */

/* Which of n names a word is, `stride` bytes from one to the next. -1: none of them, an error:
 * unknown WHAT "word"; did you mean "NAME"? (or: try: contrast TRY). */
int cli_find(ct_error *err, const char *what, const char *word, const char *const *name, int n,
             size_t stride, const char *try);

/* ---- options.c ---- */

/* help/NAME.txt: a command's line, its summary, what else is to be said, its options; "common"
 * ends each of them. */
const char *cli_help(const char *name);

/* An option as help describes it: "-o", "--output", "RUN"; "" for what it has not. */
typedef struct cli_option {
    char letter[4], name[32], value[32];
    const char *text; /* what it does */
    size_t length;
} cli_option;

/* The next option after `at` in a text of help; the answer is where to go on, NULL after the last.
 */
const char *cli_next_option(const char *at, cli_option *o);

/* Sort the words after a command's name into options and arguments. Errors  CT_ERR_CONFIG */
ct_status cli_parse(int argc, char **argv, cli_call *c, ct_error *err);

/* ---- open.c ---- */

/* A device as --threads and CONTRAST_THREADS, CONTRAST_ISA ask, if there is none yet. */
ct_status cli_need_device(cli_call *c, ct_error *err);

/* c->recipe from argument `first` and the settings after it. */
ct_status cli_read_recipe(cli_call *c, int first, ct_error *err);
ct_status cli_need_threads(cli_call *c, ct_error *err);

/* With --data-changed: say so where a run was opened that was trained on other data. */
void cli_tell_changed(cli_call *c, const char *folder);

/* A run with the weights of --checkpoint; one that was open is closed. */
ct_status cli_open(cli_call *c, const char *folder, ct_error *err);

/* Embeddings: the first arguments as matrices, one or two, row i of one paired with row i of the
 * other, and --groups. More rows than `most` (0: what memory should hold) are sampled. Errors
 * CT_ERR_SHAPE; those of ct_matrix_open, ct_array_read_ints */
typedef struct cli_arrays {
    ct_real *x[2]; /* (n, d) each; x[1] NULL: one side only */
    int *group;    /* (n), or NULL */
    int n, d;
    ct_all_rows all; /* if they are more than n: close them, and do not move the struct */
    ct_source source[2];
    ct_npy array[2];
} cli_arrays;

#define CLI_RUN 64 /* rows of a sample that follow each other, so that a dropped row shows */
ct_status cli_read_arrays(cli_call *c, int n_paths, int most, cli_arrays *out, ct_error *err);
void cli_close_arrays(cli_arrays *x);

/* The loss of that name; NULL after an error. */
const ct_loss *cli_loss(const char *name, ct_error *err);

/* The section loss of c->recipe from --loss NAME (or --loss-name), --temperature (0: not given) and
 * the arguments from `first` on, loss.KEY=VALUE. `usual`: the name if none is given; "": *loss is
 * NULL. */
ct_status cli_read_loss(cli_call *c, int first, const char *usual, const ct_loss **loss,
                        ct_error *err);

/* Where that loss is looked at, with batches of n pairs in d dimensions. */
ct_loss_setting cli_loss_setting(const cli_call *c, const ct_loss *loss, int n, int d);

/* diagnose without embeddings (numbers.c): of --loss VALUE, or of the curve in the first argument
 * where it is one (`curve`). The answer is the exit code, unless err is set. */
bool cli_is_curve(cli_call *c, ct_error *err);
int cli_numbers(cli_call *c, bool curve, ct_error *err);

/* The first SIGINT or SIGTERM only sets cli_stop, a second one ends the program; so does the first
 * where cli_safe says that nothing would be lost. */
void cli_catch_signals(void);
extern volatile sig_atomic_t cli_stop, cli_safe; /* the signal's number, or 0; is it safe to end? */

/* Terminal on stdout or stderr: colour if it is one, unless --no-color, NO_COLOR or TERM=dumb. */
ct_terminal cli_terminal(const cli_call *c, FILE *f);

/* ---- results ---- */

/* A table of what has columns and n rows: ct_study_rows. */
#define CLI_TABLE(rows) CT_TABLE(&(rows)->columns, (rows)->row, (rows)->n)

/* A result of these fields, a line for each: members of c->j, and for people. */
void cli_show(cli_call *c, const ct_fields *fields, const void *object);

/* Print the object c->j as a line, if that is asked for, and open the next; main.c does so after
 * the call. */
void cli_put_json(cli_call *c, ct_error *err);

/* ---- what training prints on its way and at its end: progress.c ---- */

typedef struct cli_live cli_live; /* live.c */

/* Progress goes to stderr: a line that is redrawn on a terminal, or the whole screen (--live),
 * and lines elsewhere. Results go to stdout at the end. */
typedef struct cli_progress {
    cli_call *c;
    ct_run_watch watch; /* give this to ct_run_train */
    ct_terminal terminal;
    double last_s, seconds; /* when the line was last drawn; so far */
    ct_evaluation final[2]; /* test, composition */
    int n_final;
    const char *folder; /* of the run, as it is typed */
    unsigned told;      /* a bit for each state whose remedy was printed */
    cli_live *live;     /* or NULL; in the arena of the call */
} cli_progress;

void cli_progress_begin(cli_progress *p, cli_call *c, ct_trainer *t);
void cli_progress_end(cli_progress *p, const ct_trainer *t, const char *folder, ct_error *err);

/* A few lines for people. */
void cli_print_evaluation(const ct_evaluation *e);

/* NULL where the terminal cannot be redrawn. */
cli_live *cli_live_new(ct_trainer *t, const ct_terminal *terminal, ct_arena *arena);
void cli_live_step(cli_live *l, const ct_step *s, double seconds);

/* ---- what commands share with each other ---- */

/* The fingerprint of a file's parameters, or of a run's: its checkpoint `which` (NULL: latest).
 * `path`: where they were read. */
#define CLI_HASH_BYTES 17
ct_status cli_hash(const char *name, const char *which, char out[CLI_HASH_BYTES],
                   char path[CT_PATH_BYTES], ct_error *err);

/* Begin the page c->report as c->doc.page; one that is open is closed and written first.
 * Errors  CT_ERR_IO */
void cli_open_page(cli_call *c, ct_error *err);

/* Records of n runs, each with its hash and, if `diagnosed`, its state; memory of the
 * arena. Errors  those of ct_record_read */
ct_status cli_records(cli_call *c, int n, char **folder, bool diagnosed, ct_record *r,
                      ct_error *err);

/* How many captions of one's own are distinct, if they are fewer than pairs. */
void cli_tell_repeats(FILE *f, const ct_recipe *r, int pairs, int captions);

#endif
