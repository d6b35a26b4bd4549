/* cli.h -- what the commands share. Private.
 *
 * A command is a file with a row, `const cli_command CLI_NAME`, and its name in the list of
 * main.c. The row's options serve parsing and `contrast help COMMAND`. A command answers with an
 * exit code or sets `err`; only main.c prints errors and turns them into exit codes.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "contrast/device.h"
#include "contrast/status.h"
#include "formats/field.h"
#include "platform/file.h"
#include "show/terminal.h"
#include "train/recipe.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>

/* A command line that has been read: the arguments, and what the options were given. */
typedef struct cli_line {
    int argc; /* without the command's name and the options */
    char **argv;
    int threads;
    bool json, quiet, verbose, no_color;
    bool force, live, explain, fail_on_collapse, no_diagnosis;
    int split;                /* ct_split */
    int at, batch, top;       /* at: -1 if it is not given; the others 0 */
    double loss, temperature; /* NaN if not given */
    const char *output, *checkpoint, *weights, *report, *only; /* texts: NULL if not given */
    const char *loss_name, *groups, *gradients, *heatmap;
    const char *images, *texts, *torch, *projector;
} cli_line;

typedef enum cli_kind {
    CLI_FLAG,   /* bool, without a value */
    CLI_TEXT,   /* const char *          */
    CLI_INT,    /* int from 1            */
    CLI_FROM_0, /* int from 0            */
    CLI_REAL,   /* double                */
    CLI_SPLIT,  /* int, a ct_split       */
} cli_kind;

typedef struct cli_option {
    const char *name, *alias; /* "--output", "-o" or NULL   */
    cli_kind kind;
    size_t at;                /* of its value in a cli_line */
    const char *value, *help; /* "RUN"; what it does        */
} cli_option;

#define CLI_MANY       INT_MAX
#define CLI_AT(member) offsetof(cli_line, member)

/* Options that several commands have, and the end of a command's list. */
/* clang-format off */
#define CLI_JSON       {"--json", NULL, CLI_FLAG, CLI_AT(json), NULL, "print JSON instead of text"}
#define CLI_QUIET      {"--quiet", "-q", CLI_FLAG, CLI_AT(quiet), NULL, "show no progress"}
#define CLI_CHECKPOINT {"--checkpoint", NULL, CLI_TEXT, CLI_AT(checkpoint), "C", \
                        "latest (default) or best"}
#define CLI_ONE_SPLIT  {"--split", NULL, CLI_SPLIT, CLI_AT(split), "S", \
                        "train, validation, test (default) or composition"}
#define CLI_LIVE       {"--live", NULL, CLI_FLAG, CLI_AT(live), NULL, \
                        "draw the run as it goes: loss, cosines, spectrum (on a terminal)"}
#define CLI_END        {.name = NULL}
/* clang-format on */

/* What somebody wants who looks for a command. */
typedef enum cli_group {
    CLI_TO_LEARN,
    CLI_TO_TRAIN,
    CLI_TO_LOOK,
    CLI_TO_USE,
    CLI_UNLISTED
} cli_group;

typedef struct cli_command {
    const char *name;
    cli_group group;
    const char *arguments; /* "RUN [QUERY]", as help shows them       */
    int least, most;       /* how many; CLI_MANY: any number        */
    const char *summary;   /* one line that begins with a verb        */
    const char *help;      /* more about it, or NULL */
    const cli_option *options;
    int (*run)(const cli_line *in, ct_error *err); /* exit code, unless err is set */
} cli_command;

extern const cli_command CLI_DEMO, CLI_LESSON;
extern const cli_command CLI_TRAIN, CLI_RESUME, CLI_IMPORT, CLI_CHECK, CLI_SWEEP;
extern const cli_command CLI_EVAL, CLI_DIAGNOSE, CLI_LOSS, CLI_REPORT, CLI_PLOT, CLI_INSPECT,
    CLI_HASH;
extern const cli_command CLI_EMBED, CLI_SEARCH, CLI_EXPORT, CLI_HELP;

const cli_command *cli_command_at(int i); /* in the order of help; NULL after the last */
const cli_command *cli_command_find(const char *name);
extern const cli_option CLI_COMMON[]; /* options that every command has */

/* Sort the words after a command's name into options and arguments. Errors  CT_ERR_CONFIG */
ct_status cli_parse(const cli_command *c, int argc, char **argv, cli_line *out, ct_error *err);

/* unknown WHAT "word"; did you mean "NAME"? (or: try TRY). Names as for ct_nearest_name. */
ct_status cli_unknown(ct_error *err, const char *what, const char *word, const char *const *name,
                      int n, size_t stride, const char *try);

/* A result of these fields: a line of JSON, or members for people. */
void cli_show(const cli_line *in, const ct_fields *fields, const void *object, ct_error *err);

/* Close what is open, print it as a line, free it. */
ct_status cli_put_json(ct_json *j, ct_error *err);

/* A device as --threads and CONTRAST_THREADS, CONTRAST_ISA ask; NULL after an error. */
ct_device *cli_device(const cli_line *in, ct_error *err);
int cli_threads(const cli_line *in, ct_error *err); /* for many small runs; 0 after an error */

/* Terminal on stdout or stderr: colour if it is one, unless --no-color, NO_COLOR or
 * TERM=dumb. */
ct_terminal cli_terminal(const cli_line *in, FILE *f);

/* The first SIGINT or SIGTERM only sets cli_stop, a second one ends the program; so does the
 * first where cli_safe says that nothing would be lost. */
void cli_catch_signals(void);
extern volatile sig_atomic_t cli_stop, cli_safe; /* the signal's number, or 0; is it safe to end? */

/* The fingerprint of a file's parameters, or of a run's: its checkpoint `which` (NULL: latest).
 * `path`: where they were read. */
#define CLI_HASH_BYTES 17
ct_status cli_hash(const char *name, const char *which, char out[CLI_HASH_BYTES],
                   char path[CT_PATH_BYTES], ct_error *err);

#endif
