/* demo.c -- contrast demo: the story in four parts, each number measured now.
 *
 * Layer: cli. */
#include "cli/progress.h"

#include "show/story.h"

#include <string.h>

/* Part 4, recorded in `folder` unless that is NULL. */
static void train(cli_call *c, const char *folder, ct_healthy *f, ct_error *err)
{
    cli_progress watched;
    if (ct_demo_healthy_init(&c->run.trainer, c->device, f, &c->run.own, err) != CT_OK)
        return;
    cli_progress_begin(&watched, c, &c->run.trainer);
    ct_demo_healthy(&c->run.trainer, folder, watched.live != NULL ? &watched.watch : NULL, f, err);
    cli_live_free(watched.live);
}

static void run(cli_call *c, const ct_study *s, ct_study_rows *out, ct_error *err)
{
    ct_runs made;
    if (ct_study_run(s, c->threads, &c->arena, &made, err) == CT_OK)
        ct_runs_rows(&made, s->shown, false, &c->arena, out, err);
}

/* t: NULL tells nothing. */
static void tell(cli_call *c, const ct_terminal *t, const char *folder, ct_demo *f, ct_error *err)
{
    if (ct_question_measure(c->device, 1, &f->question, err) == CT_OK) {
        ct_story_question(t, &f->question);
        ct_story_positives(t, NULL);
        run(c, &CT_DEMO_POSITIVES, &f->positives, err);
    }
    if (err->status == CT_OK) {
        ct_story_positives(t, &f->positives);
        ct_story_fixes(t, NULL);
        run(c, &CT_DEMO_FIXES, &f->fixes, err);
    }
    if (err->status == CT_OK) {
        ct_story_fixes(t, &f->fixes);
        ct_story_healthy(t, NULL, NULL);
        train(c, folder, &f->healthy, err);
    }
    if (err->status == CT_OK)
        ct_story_healthy(t, &f->healthy, c->run.own);
}

/* The story, and below it the stuck run next to the healthy one. */
static void fill_page(cli_call *c, const ct_demo *f, char *folder[2], ct_error *err)
{
    ct_record *r = ct_arena_zeroed(&c->arena, 2, sizeof *r);
    if (r != NULL && ct_demo_stuck(c->device, folder[0], err) == CT_OK &&
        ct_page_demo(c->page, f, c->run.own, err) == CT_OK &&
        cli_records(c, 2, folder, true, r, err) == CT_OK)
        ct_page_runs(c->page, r, 2, err);
}

/* F.html: F-stuck, F-healthy. */
static void name_folders(const char *page, char *folder[2], ct_error *err)
{
    const size_t length = strlen(page);
    const bool html = length > 5 && strcmp(page + length - 5, ".html") == 0;
    for (int i = 0; i < 2; i++) {
        snprintf(folder[i], CT_PATH_BYTES, "%.*s-%s", (int)(html ? length - 5 : length), page,
                 i == 0 ? "stuck" : "healthy");
        if (ct_run_exists(folder[i]))
            CT_FAIL(err, CT_ERR_CONFIG,
                    "%s holds a run already; remove it, or give another --report", folder[i]);
    }
}

static int demo(cli_call *c, ct_error *err)
{
    char stuck[CT_PATH_BYTES], healthy[CT_PATH_BYTES];
    char *folder[2] = {stuck, healthy};
    ct_json j = {0};
    ct_demo *f = ct_arena_zeroed(&c->arena, 1, sizeof *f);
    if (c->page != NULL)
        name_folders(c->report, folder, err);
    if (err->status == CT_OK)
        tell(c, c->json ? NULL : &c->out, c->page != NULL ? healthy : NULL, f, err);
    if (err->status == CT_OK && c->page != NULL)
        fill_page(c, f, folder, err);
    if (err->status == CT_OK && c->json) {
        ct_story_json(f, &j);
        cli_put_json(&j, err);
    } else if (err->status == CT_OK) {
        printf("\nNext: contrast train shapes -o run    then: contrast eval run    and: contrast "
               "help\n");
    }
    return 0;
}

/* clang-format off */
static const ct_field OPTIONS[] = {
    {.key = "report", CLI_TEXT(report, "F.html"),
     .help = "write a page too; its two runs are recorded in F-stuck and F-healthy"},
    CLI_LIVE, CLI_JSON, CLI_END};

const cli_command CLI_DEMO = {
    .name = "demo", .group = CLI_TO_LEARN, .arguments = "", .needs = CLI_NEEDS_DEVICE,
    .summary = "show the collapse and its fix, with numbers measured now",
    .help = "Needs no file and no network; ends within 30 seconds on two cores. It shows the value "
            "of the question's loss when all vectors are equal and at best, trains towers that "
            "collapse, applies the fixes one at a time over several seeds, and ends with a healthy "
            "run that answers typed captions with pictures.",
    .options = OPTIONS, .run = demo,
};
/* clang-format on */
