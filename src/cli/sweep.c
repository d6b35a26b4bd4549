/* sweep.c -- contrast sweep RECIPE section.key=values ... [-o DIR]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/memory.h"
#include "show/page.h"
#include "show/phase.h"

#include <string.h>

typedef struct progress {
    ct_terminal terminal;
    bool quiet;
    double began, last;
    int before; /* runs that were there already; -1: not known yet */
} progress;

static void on_run(void *ctx, int done, int of)
{
    progress *p = ctx;
    const double now = ct_clock_s(), seconds = now - p->began;
    if (p->before < 0)
        p->before = done - 1;
    if (p->quiet || (now - p->last < (p->terminal.redraw ? 0.1 : 5) && done < of))
        return;
    p->last = now;
    fprintf(p->terminal.out, "%s%d of %d runs, %.1f a second, %.0f s left%s",
            p->terminal.redraw ? "\r\033[K" : "", done, of, (done - p->before) / seconds,
            (of - done) * seconds / (done - p->before),
            p->terminal.redraw && done < of ? "" : "\n");
    fflush(p->terminal.out);
}

/* contrast sweep with its arguments, as a shell takes them. */
static void command_of(const cli_line *in, char *out, size_t size)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/,:=+-";
    size_t used = (size_t)snprintf(out, size, "contrast sweep");
    for (int i = 0; i < in->argc && used < size; i++) {
        const char *word = in->argv[i], *quote = word[strspn(word, plain)] == '\0' ? "" : "'";
        used += (size_t)snprintf(out + used, size - used, " %s%s%s", quote, word, quote);
    }
}

static ct_status write_results(const cli_line *in, const ct_sweep *s, const ct_sweep_run *run,
                               ct_error *err)
{
    char path[CT_PATH_BYTES];
    if (in->output == NULL)
        return CT_OK;
    ct_status status = ct_sweep_write_csv(s, run, in->output, err);
    if (s->n_axes == 2 && status == CT_OK) {
        snprintf(path, sizeof path, "%s/phase.svg", in->output);
        status = ct_phase_save(s, run, path, err);
    }
    return status;
}

/* page: open, or NULL. */
static void run_all(const cli_line *in, const ct_sweep *s, ct_page *page, ct_error *err)
{
    char command[4096];
    const int threads = cli_threads(in, err);
    const ct_terminal t = cli_terminal(in, stdout);
    ct_sweep_run *run = ct_alloc_zeroed((size_t)s->n_points * (size_t)s->n_seeds, sizeof *run);
    progress p = {.terminal = cli_terminal(in, stderr),
                  .quiet = in->quiet,
                  .began = ct_clock_s(),
                  .before = -1};
    if (run == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "sweep: no memory for %d x %d runs", s->n_points, s->n_seeds);
    if (err->status == CT_OK) {
        cli_catch_signals();
        const ct_sweep_watch watch = {&p, on_run, &cli_stop};
        ct_sweep_run_all(s, in->output, threads, &watch, run, err);
    }
    if (err->status == CT_OK)
        write_results(in, s, run, err);
    if (err->status == CT_OK && s->n_axes == 2)
        ct_phase_draw(&t, s, run);
    else if (err->status == CT_OK)
        ct_sweep_table(&t, s, run);
    command_of(in, command, sizeof command);
    if (err->status == CT_OK && page != NULL)
        ct_page_sweep(page, command, s, run);
    if (err->status == CT_OK && cli_stop != 0 && in->output != NULL)
        fprintf(stderr, "stopped; the same command continues it\n");
    ct_free(run);
}

/* The grid that the arguments describe. */
static void read_grid(const cli_line *in, ct_sweep *s, ct_error *err)
{
    s->base = ct_recipe_defaults();
    ct_recipe_load(&s->base, in->argv[0], err);
    for (int i = 1; i < in->argc && err->status == CT_OK; i++)
        ct_sweep_add(s, in->argv[i], err);
    if (err->status == CT_OK)
        ct_recipe_check(&s->base, err);
}

static int sweep(const cli_line *in, ct_error *err)
{
    ct_page page;
    ct_sweep *s = ct_alloc_zeroed(1, sizeof *s);
    if (s == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "sweep: no memory");
    else
        read_grid(in, s, err);
    if (err->status == CT_OK && in->report == NULL) {
        run_all(in, s, NULL, err);
    } else if (err->status == CT_OK && /* a page that cannot be written is known before the work */
               ct_page_open(&page, in->report, "contrast sweep", err) == CT_OK) {
        run_all(in, s, &page, err);
        ct_page_close(&page, err->status);
    }
    ct_free(s);
    return cli_stop != 0 ? 128 + cli_stop : 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--output", "-o", CLI_TEXT, CLI_AT(output), "DIR",
     "folder of runs.jsonl, sweep.csv, phase.svg; one that was begun is finished"},
    {"--report", NULL, CLI_TEXT, CLI_AT(report), "FILE", "write the results as a page (HTML)"},
    CLI_QUIET,
    CLI_END};

const cli_command CLI_SWEEP = {
    .name = "sweep", .group = CLI_TO_TRAIN,
    .arguments = "RECIPE section.key=VALUES ... [seed=1..8]", .least = 2, .most = CLI_MANY,
    .summary = "train many small runs over a grid of settings and seeds",
    .help = "VALUES is a list (0.1,1,10; with | where values have commas: 64,32|64,64,32) or a "
            "range (lo..hi:n evenly, lo..hi:n(log) evenly in the logarithm). Each point is trained "
            "from every seed, one run per thread. Two keys with several values make a phase "
            "diagram. The same command continues an interrupted sweep.\ncontrast sweep phase "
            "'loss.temperature=0.02..2:20(log)' 'optim.rate=0.003..3:20(log)' -o phase",
    .options = OPTIONS, .run = sweep,
};
/* clang-format on */
