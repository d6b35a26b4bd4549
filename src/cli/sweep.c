/* sweep.c -- contrast sweep RECIPE section.key=values ... [-o DIR] */
#include "cli/cli.h"

#include "lab/sweep.h"
#include "platform/machine.h"
#include "platform/memory.h"

#include <string.h>

typedef struct progress {
    const cli_call *c;
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
    if (p->c->quiet || (now - p->last < (p->terminal.redraw ? 0.1 : 5) && done < of))
        return;
    p->last = now;
    fprintf(p->terminal.out, "%s%d of %d run%s, %.1f a second, %.0f s left%s",
            p->terminal.redraw ? "\r\033[K" : "", done, of, CT_S(of), (done - p->before) / seconds,
            (of - done) * seconds / (done - p->before),
            p->terminal.redraw && done < of ? "" : "\n");
    fflush(p->terminal.out);
}

/* contrast sweep with its arguments, as a shell takes them. */
static void command_of(const cli_call *c, char *out, size_t size)
{
    char word[CT_WORD_BYTES];
    size_t used = (size_t)snprintf(out, size, "contrast sweep");
    for (int i = 0; i < c->argc && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, " %s", ct_text_word(word, c->argv[i]));
}

/* What the table shows, and the diagram. */
#define SHOWN \
    "state in_state runs escape_step recall_at_1[0] training_loss effective_rank_centred[0]"

/* sweep.csv has every measure, which others take for details; with two keys there is a diagram. */
static void write_files(const ct_table *t, const char *folder, bool diagram, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_writer w;
    ct_writer_open(&w, ct_folder_path(path, folder, "sweep.csv", err), err);
    ct_table_csv(t, &w);
    ct_writer_commit(&w);
    if (diagram && err->status == CT_OK)
        ct_phase_save(t, ct_folder_path(path, folder, "phase.svg", err), err);
}

static void tell(cli_call *c, const ct_sweep *s, const ct_runs *runs, ct_error *err)
{
    char command[4096];
    const ct_doc page = {.page = c->doc.page};
    const bool diagram = s->n_axes == 2;
    int done = 0;
    ct_study_rows *rows = ct_arena_zeroed(&c->arena, 1, sizeof *rows);
    if (rows == NULL || ct_runs_rows(runs, SHOWN, true, &c->arena, rows, err) != CT_OK)
        return;
    const ct_table table = CLI_TABLE(rows);
    if (c->output != NULL)
        write_files(&table, c->output, diagram, err);
    if (err->status != CT_OK)
        return;
    for (int i = 0; i < rows->n; i++)
        done += rows->row[i].runs;
    command_of(c, command, sizeof command);
    ct_doc_text(&page, "Points: %d; seeds of each: %d; runs that are done: %d of %d.", s->n_points,
                s->n_seeds, done, s->n_points * s->n_seeds);
    if (diagram)
        ct_doc_phase(&c->doc, &table);
    ct_doc_table(diagram ? &page : &c->doc, "points", &table);
    ct_doc_title(&page, "Do it again");
    ct_doc_code(&page, "%s", command);
    if (cli_stop != 0 && c->output != NULL)
        fprintf(stderr, "stopped; the same command continues it\n");
}

/* A key is varied or set, and once: of two values one would be dropped without a word. */
static void check_keys(const cli_call *c, ct_error *err)
{
    for (int i = 1; i < c->argc; i++) {
        const size_t length = strcspn(c->argv[i], "=");
        for (int k = 1; k < i; k++)
            if (strncmp(c->argv[k], c->argv[i], length + 1) == 0)
                CT_FAIL(err, CT_ERR_CONFIG, "%.*s: given twice", (int)length, c->argv[i]);
    }
}

/* A setting without effect in every point is refused, as one of a single run is. */
static void check_effects(const cli_call *c, const ct_runs *runs, ct_error *err)
{
    for (int i = 1; i < c->argc && err->status == CT_OK; i++) {
        ct_recipe point = ct_runs_recipe(runs, 0, err);
        for (int v = 1; v < runs->n_variants && !ct_recipe_uses(&point, c->argv[i]); v++)
            point = ct_runs_recipe(runs, v * runs->n_seeds, err);
        ct_recipe_expect_used(&point, "", c->argv[i], err);
    }
}

int cli_run_sweep(cli_call *c, ct_error *err)
{
    progress p = {c, cli_terminal(c, stderr), .began = ct_clock_s(), .before = -1};
    ct_sweep *s = ct_arena_zeroed(&c->arena, 1, sizeof *s);
    ct_runs runs;
    if (s == NULL)
        return 0;
    s->base = ct_recipe_defaults();
    ct_recipe_load(&s->base, c->argv[0], err);
    check_keys(c, err);
    for (int i = 1; i < c->argc && err->status == CT_OK; i++)
        ct_sweep_add(s, c->argv[i], err);
    if (err->status == CT_OK && ct_sweep_runs(s, &c->arena, &runs, err) == CT_OK)
        check_effects(c, &runs, err);
    if (err->status != CT_OK)
        return 0;
    cli_catch_signals();
    ct_memory_keep();
    runs.on_run = on_run;
    runs.ctx = &p;
    runs.stop = &cli_stop;
    if (ct_sweep_make(s, &runs, c->output, c->threads, err) == CT_OK)
        tell(c, s, &runs, err);
    return cli_stop != 0 ? 128 + cli_stop : 0;
}
