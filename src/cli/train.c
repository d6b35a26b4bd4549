/* train.c -- contrast train RECIPE [section.key=value ...] [-o RUN]; contrast resume
 * RUN, which continues it; and contrast import W [RECIPE ...], which makes one of a checkpoint or
 * of weights. */
#include "cli/cli.h"

#include <string.h>

/* runs/NAME, runs/NAME-2, ...: the first that is not there. */
static void choose_folder(const char *recipe, char *out, size_t size)
{
    const char *slash = strrchr(recipe, '/'), *base = slash != NULL ? slash + 1 : recipe;
    const int length = (int)strcspn(base, ".");
    snprintf(out, size, "runs/%.*s", length, base);
    for (int k = 2; ct_file_exists(out); k++)
        snprintf(out, size, "runs/%.*s-%d", length, base, k);
}

typedef enum task { TRAIN, RESUME, IMPORT } task;

static const volatile sig_atomic_t at_once = 1;

/* Train c->recipe in a folder, or continue there; import trains no step. */
static int go(cli_call *c, const char *folder, task what, ct_error *err)
{
    cli_progress progress;
    char word[CT_WORD_BYTES];
    if (ct_trainer_init(&c->trainer, &c->recipe, NULL, c->device, err) != CT_OK)
        return 0;
    cli_progress_begin(&progress, c, &c->trainer);
    progress.folder = ct_text_word(word, folder);
    progress.watch.changed = c->data_changed ? &c->other_data : NULL;
    cli_safe = 1; /* nothing is there yet */
    cli_catch_signals();
    if (what == IMPORT)
        progress.watch.stop = &at_once;
    if (what == IMPORT && c->argc == 1)
        ct_checkpoint_load(&c->trainer, true, c->argv[0], progress.watch.changed, err);
    if (what == RESUME)
        ct_run_resume(&c->trainer, folder, c->checkpoint, &progress.watch, err);
    else
        ct_run_train(&c->trainer, folder, c->weights, &progress.watch, err);
    cli_tell_changed(c, folder);
    if (err->status == CT_OK && c->weights != NULL && *c->trainer.unused != '\0' && !c->quiet)
        fprintf(stderr, "%s: not used: %s\n", c->weights, c->trainer.unused);
    cli_progress_end(&progress, &c->trainer, folder, err);
    return cli_stop != 0 ? 128 + cli_stop : 0;
}

/* A new run, in a folder that holds none yet. */
static int begin(cli_call *c, const char *recipe, task what, ct_error *err)
{
    char folder[CT_PATH_BYTES];
    if (c->output != NULL)
        snprintf(folder, sizeof folder, "%s", c->output);
    else
        choose_folder(recipe, folder, sizeof folder);
    if (!ct_run_exists(folder) || c->force)
        return go(c, folder, what, err);
    CT_FAIL(err, CT_ERR_CONFIG,
            "%s holds a run already; give another -o, or --force to write over it", folder);
    return 0;
}

int cli_run_train(cli_call *c, ct_error *err)
{
    return begin(c, c->argv[0], TRAIN, err);
}

/* Weights for a recipe; or a checkpoint, which has its own, and the optimiser's state. */
int cli_run_import(cli_call *c, ct_error *err)
{
    if (c->argc == 1)
        ct_checkpoint_recipe(c->argv[0], &c->recipe, err);
    else
        cli_read_recipe(c, 1, err);
    for (int i = 0; c->moved[i] != NULL && err->status == CT_OK; i++)
        ct_recipe_override(&c->recipe, c->moved[i], err);
    c->weights = c->argc > 1 ? c->argv[0] : NULL;
    return err->status == CT_OK ? begin(c, c->argv[c->argc > 1], IMPORT, err) : 0;
}

int cli_run_resume(cli_call *c, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_error ignored = {.status = CT_OK}; /* an older version began runs that train would refuse */
    ct_recipe strict = ct_recipe_defaults();
    ct_run_recipe(c->argv[0], c->moved, &c->recipe, err);
    ct_recipe_load(&strict, ct_folder_path(path, c->argv[0], "recipe.ini", err), &ignored);
    if (ignored.status == CT_ERR_CONFIG && err->status == CT_OK)
        fprintf(stderr, "contrast: warning: ignored: %s\n", ignored.msg);
    return err->status == CT_OK ? go(c, c->argv[0], RESUME, err) : 0;
}
