/* report.c -- contrast report RUN... [-o FILE.html], and contrast plot KIND RUN -o FILE.svg. */
#include "cli/cli.h"

#include "platform/machine.h"
#include "show/pictures.h"

#include <string.h>

/* The state of the run's test split, or what there is, in words. */
static void diagnose(cli_call *c, ct_record *r, ct_error *err)
{
    ct_diagnosis *a = ct_arena_zeroed(&c->arena, 1, sizeof *a);
    if (cli_open(c, r->folder, err) != CT_OK ||
        ct_trainer_evaluate(&c->trainer, ct_pairs_split(c->trainer.pairs, CT_TEST), 0, NULL, a,
                            err) != CT_OK)
        return;
    r->state = a->text.name;
    r->meaning = a->text.meaning;
    r->remedy = a->state == CT_HEALTHY ? NULL : a->text.remedy;
    r->settings = a->state == CT_HEALTHY ? NULL : a->remedy.settings;
    r->n_evidence = a->n_evidence;
    for (int k = 0; k < r->n_evidence; k++)
        r->evidence[k] = a->evidence[k];
    if (c->other_data && r->n_evidence < 8)
        r->evidence[r->n_evidence++] = "the data is not what the run was trained on";
}

ct_status cli_records(cli_call *c, int n, char **folder, bool diagnosed, ct_record *r,
                      ct_error *err)
{
    for (int i = 0; i < n && ct_record_read(folder[i], &c->arena, &r[i], err) == CT_OK; i++) {
        char path[CT_PATH_BYTES], *hash = ct_arena_zeroed(&c->arena, 1, CLI_HASH_BYTES);
        ct_run_checkpoint(folder[i], NULL, path, err);
        if (!ct_file_exists(path)) {
            if (diagnosed)
                fprintf(stderr, "contrast: %s is reported without weights yet\n", folder[i]);
            continue;
        }
        if (hash != NULL && cli_hash(folder[i], NULL, hash, path, err) == CT_OK)
            r[i].hash = hash;
        if (diagnosed && err->status == CT_OK)
            diagnose(c, &r[i], err);
    }
    return err->status;
}

/* ---- report ---- */

#define EVERY_S   2  /* from one page to the next; page.js reads it again as often */
#define PATIENT_S 10 /* for a run that has just begun and has nothing to show yet    */

/* Does a process write one of the runs? It holds the lock of the folder as long as it lives. */
static bool is_written(const cli_call *c)
{
    bool written = false;
    for (int i = 0, fd; i < c->argc && !written; i++) {
        ct_error held = {.status = CT_OK};
        ct_folder_lock(c->argv[i], &fd, &held);
        ct_folder_unlock(fd);
        written = held.status != CT_OK && ct_file_exists(c->argv[i]);
    }
    return written;
}

/* Whether a run is written is asked before it is read: so the last page has its last line. Of two
 * that follow into one page, the first ends: it would fight the second for every page. */
int cli_run_report(cli_call *c, ct_error *err)
{
    const double began = ct_clock_s();
    bool more = c->follow, shown = false;
    if (more)
        cli_catch_signals();
    do {
        ct_error why = {.status = CT_OK};
        more = c->follow && cli_stop == 0 &&
               (is_written(c) || (!shown && ct_clock_s() - began < PATIENT_S));
        ct_arena_reset(&c->arena);
        ct_record *r = ct_arena_zeroed(&c->arena, CLI_RUNS, sizeof *r);
        if (more) /* the script finds it by its id, and reads the page again */
            ct_put_raw(c->doc.page, "<p class=\"dim\" id=\"follow\">A run is being written; this "
                                    "page reloads itself.</p>\n");
        if (r != NULL &&
            cli_records(c, c->argc, c->argv, !more && !c->no_diagnosis, r, &why) == CT_OK)
            ct_page_runs(c->doc.page, r, c->argc, err);
        shown = shown || why.status == CT_OK;
        if (!more && err->status == CT_OK)
            *err = why;
        if (more && err->status == CT_OK) {
            /* None is open while it waits: that of the other one has its name. */
            ct_page_close(c->doc.page, why.status);
            c->doc.page = NULL;
            const uint64_t mine = ct_file_stamp(c->report);
            ct_clock_wait(EVERY_S);
            if (ct_file_stamp(c->report) != mine && ct_file_exists(c->report))
                CT_FAIL(err, CT_ERR_IO, "%s: something else writes it now; --follow ends",
                        c->report);
            cli_open_page(c, err);
        }
    } while (more && err->status == CT_OK);
    return cli_stop != 0 ? 128 + cli_stop : 0;
}

/* ---- plot ---- */

int cli_run_plot(cli_call *c, ct_error *err)
{
    char path[64];
    ct_record r;
    const int kind = cli_find(err, "kind of plot", c->argv[0], &ct_pictures->name, CT_N_PICTURES,
                              sizeof *ct_pictures, "help plot");
    snprintf(path, sizeof path, "%s.svg", c->argv[0]);
    if (err->status == CT_OK && ct_record_read(c->argv[1], &c->arena, &r, err) == CT_OK)
        ct_picture_save(kind, &r, c->at >= 0 ? ct_record_nearest(&r, c->at) : r.n_moments - 1,
                        c->output != NULL ? c->output : path, err);
    return 0;
}
