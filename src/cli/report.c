/* report.c -- contrast report RUN... [-o FILE.html], and contrast plot KIND RUN -o FILE.svg.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "show/pictures.h"

#include <string.h>

#define MOST_RUNS 4 /* beside each other */

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

static int report(cli_call *c, ct_error *err)
{
    ct_record *r = ct_arena_zeroed(&c->arena, MOST_RUNS, sizeof *r);
    if (r != NULL && cli_records(c, c->argc, c->argv, !c->no_diagnosis, r, err) == CT_OK)
        ct_page_runs(c->doc.page, r, c->argc, err);
    return 0;
}

static int plot(cli_call *c, ct_error *err)
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

const cli_command CLI_REPORT = {"report", CLI_TO_LOOK, {1, MOST_RUNS}, CLI_NEEDS_PAGE, report};

const cli_command CLI_PLOT = {"plot", CLI_TO_LOOK, {2, 2}, 0, plot};
