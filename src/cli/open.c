/* open.c -- what a command needs: threads, a device, a recipe, a run, arrays; and what it finds
 * around it: terminal and signals. */
#include "cli/cli.h"

#include "contrast/random.h"
#include "platform/machine.h"
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

void cli_tell_changed(cli_call *c, const char *folder)
{
    if (!c->other_data)
        return;
    fprintf(stderr, "contrast: %s: the data is not what it was trained on\n", folder);
    ct_json_literal(&c->j, "data_changed", "true");
}

ct_status cli_open(cli_call *c, const char *folder, ct_error *err)
{
    ct_trainer_free(&c->trainer);
    cli_need_device(c, err);
    ct_run_open(&c->trainer, folder, c->moved, c->checkpoint, c->device,
                c->data_changed ? &c->other_data : NULL, err);
    cli_tell_changed(c, folder);
    if (err->status == CT_OK && c->split < 0)
        c->split = (int)ct_pairs_split(c->trainer.pairs, CT_TEST);
    return err->status;
}

/* ---- arrays ---- */

#define SAMPLE_ROWS 32768 /* unless --sample says otherwise, */
#define SAMPLE_VALUES                                                          \
    10485760 /* and so many values: 10,240 rows of 1,024, 16 bytes a side each \
              */

/* All rows, or one run of them from each of equal parts; which one, the seed says. */
static void choose_rows(cli_call *c, int most, cli_arrays *x, ct_error *err)
{
    const int all = x->all.n, runs = most / CLI_RUN;
    ct_random r = ct_random_make((uint64_t)c->seed, CT_STREAM_PROBE, 0);
    x->n = all > most ? runs * CLI_RUN : all;
    x->all.row = ct_arena_zeroed(&c->arena, (size_t)x->n, sizeof *x->all.row);
    for (int i = 0, first = 0; i < x->n && err->status == CT_OK; i++) {
        const long long of = all / CLI_RUN, from = of * (i / CLI_RUN) / runs;
        const long long to = of * (i / CLI_RUN + 1) / runs;
        if (all > most && i % CLI_RUN == 0)
            first = CLI_RUN * (int)(from + ct_random_below(&r, (uint32_t)(to - from)));
        x->all.row[i] = all > most ? first + i % CLI_RUN : i;
    }
}

/* Rows from their file, and how far that is. */
static void read_rows(void *ctx, int side, int first, int n, ct_real *out, ct_error *err)
{
    const cli_arrays *x = ctx;
    const long long done = 100LL * (first + n) / x->all.n; /* per cent */
    ct_array_rows(&x->source[side], &x->array[side], first, n, out, err);
    if (side == 0 && done > 100LL * first / x->all.n && ct_is_terminal(stderr))
        fprintf(stderr, "\rread %lld %% of %d rows%s", done, x->all.n,
                done == 100 ? "; comparing a sample of them\n" : "");
}

static void read_groups(cli_call *c, cli_arrays *x, ct_error *err)
{
    int n = 0, *group = NULL;
    if (ct_array_read_ints(c->groups, &c->arena, &group, &n, err) == CT_OK && n != x->all.n)
        CT_FAIL(err, CT_ERR_SHAPE, "%s has %d number%s, %s has %d row%s: expected one per row",
                c->groups, n, CT_S(n), c->argv[0], x->all.n, CT_S(x->all.n));
    x->all.group = group;
    x->group = ct_arena_zeroed(&c->arena, (size_t)x->n, sizeof *group);
    for (int i = 0; i < x->n && err->status == CT_OK; i++)
        x->group[i] = group[x->all.row[i]];
}

void cli_close_arrays(cli_arrays *x)
{
    for (int s = 0; s < 2; s++)
        ct_source_close(&x->source[s]);
}

ct_status cli_read_arrays(cli_call *c, int n_paths, int most, cli_arrays *out, ct_error *err)
{
    char **path = c->argv;
    const ct_npy *a = out->array;
    *out = (cli_arrays){.source = {{.fd = -1}, {.fd = -1}}};
    if (err->status != CT_OK) /* there may be more paths than sides */
        return err->status;
    for (int i = 0; i < n_paths && err->status == CT_OK; i++)
        if (ct_matrix_open(&out->source[i], path[i], &c->arena, &out->array[i], err) == CT_OK &&
            (a[i].rows < 1 || a[i].cols < 1))
            CT_FAIL(err, CT_ERR_SHAPE, "%s is (%d, %d): expected a row and a column at least",
                    path[i], a[i].rows, a[i].cols);
    if (n_paths == 2 && (a[0].rows != a[1].rows || a[0].cols != a[1].cols))
        CT_FAIL(
            err, CT_ERR_SHAPE,
            "%s is (%d, %d), %s is (%d, %d): expected row i of one paired with row i of the other",
            path[0], a[0].rows, a[0].cols, path[1], a[1].rows, a[1].cols);
    out->all = (ct_all_rows){.n = a->rows, .seed = c->seed, .read = read_rows, .ctx = out};
    out->d = a->cols;
    if (most == 0 && out->d > 0)
        most = SAMPLE_VALUES / a->cols < SAMPLE_ROWS ? SAMPLE_VALUES / a->cols : SAMPLE_ROWS;
    choose_rows(c, most < CLI_RUN ? CLI_RUN : most, out, err);
    if (c->groups != NULL)
        read_groups(c, out, err);
    const int piece = out->n == a->rows ? out->n : CLI_RUN;
    for (int s = 0; s < n_paths; s++) {
        out->x[s] = ct_arena_zeroed(&c->arena, (size_t)out->n, (size_t)out->d * sizeof(ct_real));
        for (int i = 0; i < out->n && err->status == CT_OK; i += piece)
            ct_array_rows(&out->source[s], &a[s], out->all.row[i], piece,
                          out->x[s] + (ptrdiff_t)i * out->d, err);
    }
    if (out->n == out->all.n || err->status != CT_OK)
        cli_close_arrays(out);
    return err->status;
}

const ct_loss *cli_loss(const char *name, ct_error *err)
{
    int n;
    const ct_loss *all = ct_loss_all(&n);
    if (ct_loss_find(name) != NULL)
        return ct_loss_find(name);
    const int i = cli_find(err, "loss", name, &all->name, n, sizeof *all, "help losses");
    return i >= 0 ? &all[i] : NULL;
}

/* ---- terminal and signals ---- */

ct_terminal cli_terminal(const cli_call *c, FILE *f)
{
    const char *term = getenv("TERM"), *columns = getenv("COLUMNS");
    const bool is_terminal = ct_is_terminal(f) && term != NULL && strcmp(term, "dumb") != 0;
    const int n = columns != NULL ? atoi(columns) : 0;
    return (ct_terminal){.out = f,
                         .colour = is_terminal && !c->no_color && variable("NO_COLOR") == NULL,
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
    ct_fields_json(&c->j, fields, object);
    if (c->doc.screen != NULL)
        ct_table_print_members(fields, object, c->out.out, 2);
}

void cli_put_json(cli_call *c, ct_error *err)
{
    while (c->j.depth > 0)
        ct_json_close(&c->j);
    if (c->json && c->j.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "no memory for JSON");
    else if (c->json && c->j.used > strlen("{}"))
        puts(c->j.text);
    ct_json_reset(&c->j);
    ct_json_open(&c->j, NULL, '{');
}
