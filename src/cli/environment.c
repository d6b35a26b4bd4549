/* environment.c -- what a command finds around it: processors, terminal, signals, standard output.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "platform/cpu.h"
#include "show/table.h"

#include <stdlib.h>
#include <string.h>

/* The value of a variable; NULL if it is not set, or empty. */
static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

int cli_threads(const cli_line *in, ct_error *err)
{
    const char *text = variable("CONTRAST_THREADS");
    if (in->threads > 0)
        return in->threads;
    if (text == NULL)
        return ct_cpu_count();
    char *end;
    const long n = strtol(text, &end, 10);
    if (*end == '\0' && n >= 1 && n <= 1024)
        return (int)n;
    CT_FAIL(err, CT_ERR_CONFIG, "CONTRAST_THREADS=%s: expected 1 to 1024", text);
    return 0;
}

ct_device *cli_device(const cli_line *in, ct_error *err)
{
    const char *odd = ct_cpu_odd_arithmetic();
    if (err->status != CT_OK)
        return NULL;
    const int threads = cli_threads(in, err);
    if (odd != NULL)
        fprintf(stderr, "contrast: warning: %s: numbers will differ from those of other machines\n",
                odd);
    return threads > 0 ? ct_device_new(threads, variable("CONTRAST_ISA"), err) : NULL;
}

ct_terminal cli_terminal(const cli_line *in, FILE *f)
{
    const char *term = getenv("TERM"), *deep = getenv("COLORTERM"), *columns = getenv("COLUMNS");
    const bool is_terminal = ct_is_terminal(f) && term != NULL && strcmp(term, "dumb") != 0;
    const int n = columns != NULL ? atoi(columns) : 0;
    return (ct_terminal){.out = f,
                         .colour = is_terminal && !in->no_color && variable("NO_COLOR") == NULL,
                         .deep = deep != NULL &&
                                 (strcmp(deep, "truecolor") == 0 || strcmp(deep, "24bit") == 0),
                         .redraw = is_terminal,
                         .width = n >= 20 && n <= 1000 ? n : 80};
}

volatile sig_atomic_t cli_stop, cli_safe;

static void on_signal(int number)
{
    if (cli_safe)
        _Exit(128 + number);
    cli_stop = number;
}

void cli_catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

void cli_show(const cli_line *in, const ct_fields *fields, const void *object, ct_error *err)
{
    const ct_table t = {.columns = fields, .row = object, .n = 1};
    ct_json j = {0};
    if (in->json) {
        ct_json_open(&j, NULL, '{');
        ct_fields_json(&j, fields, object);
        cli_put_json(&j, err);
    } else {
        ct_table_print_members(&t, stdout, 2);
    }
}

ct_status cli_put_json(ct_json *j, ct_error *err)
{
    while (j->depth > 0)
        ct_json_close(j);
    if (j->failed)
        CT_FAIL(err, CT_ERR_NOMEM, "no memory for JSON");
    else
        puts(j->text);
    ct_json_free(j);
    return err->status;
}
