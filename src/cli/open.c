/* open.c -- what a command needs: threads, a device, a recipe, a run, arrays; and what it finds
 * around it: terminal and signals.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/array.h"
#include "platform/cpu.h"
#include "platform/terminal.h"
#include "show/table.h"

#include <stdlib.h>
#include <string.h>

/* The value of a variable; NULL if it is not set, or empty. */
static const char *variable(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? text : NULL;
}

ct_status cli_need_threads(cli_call *c, ct_error *err)
{
    const char *text = variable("CONTRAST_THREADS");
    char *end = NULL;
    if (c->threads == 0)
        c->threads = text == NULL ? ct_cpu_count() : (int)strtol(text, &end, 10);
    if (end != NULL && (*end != '\0' || c->threads < 1 || c->threads > 1024))
        CT_FAIL(err, CT_ERR_CONFIG, "CONTRAST_THREADS=%s: expected 1 to 1024", text);
    return err->status;
}

ct_status cli_need_device(cli_call *c, ct_error *err)
{
    const char *odd = ct_cpu_odd_arithmetic();
    if (c->device != NULL || cli_need_threads(c, err) != CT_OK)
        return err->status;
    if (odd != NULL)
        fprintf(stderr, "contrast: warning: %s: numbers will differ from those of other machines\n",
                odd);
    c->device = ct_device_new(c->threads, variable("CONTRAST_ISA"), err);
    return err->status;
}

ct_status cli_open(cli_call *c, const char *folder, ct_error *err)
{
    ct_trainer_free(&c->trainer);
    cli_need_device(c, err);
    ct_run_open(&c->trainer, folder, c->checkpoint, c->device, err);
    if (err->status == CT_OK && c->split < 0)
        c->split = (int)ct_pairs_split(c->trainer.pairs, CT_TEST);
    return err->status;
}

/* ---- arrays ---- */

ct_status cli_read_arrays(cli_call *c, int n_paths, cli_arrays *out, ct_error *err)
{
    char **path = c->argv;
    int n[2] = {0}, d[2] = {0}, n_groups = 0;
    *out = (cli_arrays){.group = NULL};
    for (int i = 0; i < n_paths && err->status == CT_OK; i++)
        if (ct_array_read_matrix(path[i], &c->arena, &out->x[i], &n[i], &d[i], err) == CT_OK &&
            (n[i] < 1 || d[i] < 1))
            CT_FAIL(err, CT_ERR_SHAPE, "%s is (%d, %d): expected a row and a column at least",
                    path[i], n[i], d[i]);
    if (n_paths == 2 && (n[0] != n[1] || d[0] != d[1]))
        CT_FAIL(
            err, CT_ERR_SHAPE,
            "%s is (%d, %d), %s is (%d, %d): expected row i of one paired with row i of the other",
            path[0], n[0], d[0], path[1], n[1], d[1]);
    if (c->groups != NULL && err->status == CT_OK)
        ct_array_read_ints(c->groups, &c->arena, &out->group, &n_groups, err);
    if (c->groups != NULL && n_groups != n[0])
        CT_FAIL(err, CT_ERR_SHAPE, "%s has %d numbers, %s has %d rows: expected one per row",
                c->groups, n_groups, path[0], n[0]);
    out->n = n[0];
    out->d = d[0];
    return err->status;
}

const ct_loss *cli_loss(const char *name, ct_error *err)
{
    int n;
    const ct_loss *all = ct_loss_all(&n);
    if (ct_loss_find(name) != NULL)
        return ct_loss_find(name);
    const int i = cli_find(err, "loss", name, &all->name, n, sizeof *all, "contrast help losses");
    return i >= 0 ? &all[i] : NULL;
}

/* ---- terminal and signals ---- */

ct_terminal cli_terminal(const cli_call *c, FILE *f)
{
    const char *term = getenv("TERM"), *deep = getenv("COLORTERM"), *columns = getenv("COLUMNS");
    const bool is_terminal = ct_is_terminal(f) && term != NULL && strcmp(term, "dumb") != 0;
    const int n = columns != NULL ? atoi(columns) : 0;
    return (ct_terminal){.out = f,
                         .colour = is_terminal && !c->no_color && variable("NO_COLOR") == NULL,
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

/* ---- results ---- */

void cli_show(cli_call *c, const ct_fields *fields, const void *object)
{
    if (c->json)
        ct_fields_json(&c->j, fields, object);
    else
        ct_table_print_members(fields, object, c->out.out, 2);
}

void cli_put_json(cli_call *c, ct_error *err)
{
    while (c->j.depth > 0)
        ct_json_close(&c->j);
    if (c->j.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "no memory for JSON");
    else if (c->j.used > strlen("{}"))
        puts(c->j.text);
    ct_json_reset(&c->j);
    ct_json_open(&c->j, NULL, '{');
}
