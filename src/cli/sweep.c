/* sweep.c -- contrast sweep RECIPE section.key=values ... [-o DIR]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/memory.h"
#include "show/page.h"
#include "show/phase.h"

#include <signal.h>
#include <string.h>

static const char *output, *report;

static const cli_option OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, &output, "DIR",
     "folder of runs.jsonl, sweep.csv, phase.svg; one that was begun is finished"},
    {"--report", NULL, CLI_TEXT, &report, "FILE", "write the results as a page (HTML)"},
    {"--quiet", "-q", CLI_FLAG, &cli.quiet, NULL, "no progress"},
};

const cli_option *cli_sweep_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

/* The first signal lets the runs in flight end; a second one ends the program. */
static void catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

typedef struct progress {
    ct_terminal terminal;
    double began, last;
    int before; /* runs that were there already; -1: not known yet */
} progress;

static void on_run(void *ctx, int done, int of)
{
    progress *p = ctx;
    const double now = ct_clock_s(), seconds = now - p->began;
    if (p->before < 0)
        p->before = done - 1;
    if (cli.quiet || (now - p->last < (p->terminal.redraw ? 0.1 : 5) && done < of))
        return;
    p->last = now;
    fprintf(p->terminal.out, "%s%d of %d runs, %.1f a second, %.0f s left%s",
            p->terminal.redraw ? "\r\033[K" : "", done, of, (done - p->before) / seconds,
            (of - done) * seconds / (done - p->before),
            p->terminal.redraw && done < of ? "" : "\n");
    fflush(p->terminal.out);
}

/* contrast sweep with its arguments, as a shell takes them. */
static void command_of(int argc, char **argv, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "contrast sweep");
    for (int i = 0; i < argc && used < size; i++) {
        const char *quote =
            strspn(argv[i],
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/,:=+-") ==
                    strlen(argv[i])
                ? ""
                : "'";
        used += (size_t)snprintf(out + used, size - used, " %s%s%s", quote, argv[i], quote);
    }
}

static ct_status write_results(const ct_sweep *s, const ct_sweep_run *run, ct_error *err)
{
    char path[CT_PATH_BYTES];
    if (output == NULL)
        return CT_OK;
    ct_status status = ct_sweep_write_csv(s, run, output, err);
    if (s->n_axes == 2 && status == CT_OK) {
        snprintf(path, sizeof path, "%s/phase.svg", output);
        status = ct_phase_save(s, run, path, err);
    }
    return status;
}

/* page: open, or NULL. */
static ct_status sweep(const ct_sweep *s, const char *command, ct_page *page, ct_error *err)
{
    const int threads = cli_threads(err);
    ct_sweep_run *run = ct_alloc_zeroed((size_t)s->n_points * (size_t)s->n_seeds, sizeof *run);
    progress p = {.terminal = cli_terminal(stderr), .began = ct_clock_s(), .before = -1};
    if (run == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "sweep: no memory for %d x %d runs", s->n_points, s->n_seeds);
    if (err->status == CT_OK) {
        catch_signals();
        const ct_sweep_watch watch = {&p, on_run, &stop_signal};
        ct_sweep_run_all(s, output, threads, &watch, run, err);
    }
    if (err->status == CT_OK)
        write_results(s, run, err);
    if (err->status == CT_OK) {
        const ct_terminal t = cli_terminal(stdout);
        if (s->n_axes == 2)
            ct_phase_draw(&t, s, run);
        else
            ct_sweep_table(&t, s, run);
        if (page != NULL)
            ct_page_sweep(page, command, s, run);
        if (stop_signal != 0 && output != NULL)
            fprintf(stderr, "stopped; the same command goes on\n");
    }
    ct_free(run);
    return err->status;
}

int cli_sweep(int argc, char **argv)
{
    static ct_sweep s;
    static ct_page page;
    char command[4096];
    ct_error err = {0};
    if (argc < 2)
        return cli_usage("sweep: expected a recipe and settings; try: contrast sweep phase "
                         "loss.temperature=0.07,1 seed=1..4");
    s.base = ct_recipe_defaults();
    ct_status status = ct_recipe_load(&s.base, argv[0], &err);
    for (int i = 1; i < argc && status == CT_OK; i++)
        status = ct_sweep_add(&s, argv[i], &err);
    if (status == CT_OK)
        status = ct_recipe_check(&s.base, &err);
    if (status == CT_OK && report != NULL)
        status = ct_page_open(&page, report, "contrast sweep", &err); /* before the work */
    if (status != CT_OK)
        return cli_fail(&err);
    command_of(argc, argv, command, sizeof command);
    status = sweep(&s, command, report != NULL ? &page : NULL, &err);
    if (report != NULL)
        status = ct_page_close(&page, status);
    return status != CT_OK ? cli_fail(&err) : stop_signal != 0 ? 128 + stop_signal : 0;
}
