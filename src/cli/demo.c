/* demo.c -- contrast demo: the story in four parts, each number measured now.
 *
 * Layer: cli. */
#include "cli/progress.h"
#include "cli/report.h"

#include "platform/memory.h"
#include "show/page.h"
#include "show/story.h"

#include <string.h>

/* Part 4, recorded in `folder` unless that is NULL. */
static void train(const cli_line *in, ct_device *device, const char *folder, ct_healthy *f,
                  ct_pairs **pairs, ct_error *err)
{
    ct_trainer t;
    cli_progress watched;
    if (ct_demo_healthy_init(&t, device, f, pairs, err) == CT_OK) {
        cli_progress_begin(&watched, in, &t);
        ct_demo_healthy(&t, folder, watched.live != NULL ? &watched.watch : NULL, f, err);
        cli_live_free(watched.live);
    }
    ct_trainer_free(&t);
}

static void run(const ct_study *s, int threads, ct_arena *arena, ct_study_rows *out, ct_error *err)
{
    ct_runs made;
    if (ct_study_run(s, threads, arena, &made, err) == CT_OK)
        ct_runs_rows(&made, s->shown, false, arena, out, err);
}

/* t: NULL tells nothing. */
static void tell(const cli_line *in, const ct_terminal *t, ct_device *device, const char *folder,
                 ct_demo *f, ct_arena *arena, ct_pairs **pairs, ct_error *err)
{
    const int threads = cli_threads(in, err);
    if (err->status == CT_OK && ct_question_measure(device, 1, &f->question, err) == CT_OK) {
        ct_story_question(t, &f->question);
        ct_story_positives(t, NULL);
        run(&CT_DEMO_POSITIVES, threads, arena, &f->positives, err);
    }
    if (err->status == CT_OK) {
        ct_story_positives(t, &f->positives);
        ct_story_fixes(t, NULL);
        run(&CT_DEMO_FIXES, threads, arena, &f->fixes, err);
    }
    if (err->status == CT_OK) {
        ct_story_fixes(t, &f->fixes);
        ct_story_healthy(t, NULL, NULL);
        train(in, device, folder, &f->healthy, pairs, err);
    }
    if (err->status == CT_OK)
        ct_story_healthy(t, &f->healthy, *pairs);
}

/* The story, and below it the stuck run next to the healthy one. */
static ct_status fill_page(const cli_line *in, ct_page *page, const ct_demo *f,
                           const ct_pairs *pairs, ct_device *device, char *folder[2], ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "demo", 0, err);
    ct_record *r = ct_arena_zeroed(&arena, 2, sizeof *r);
    if (r != NULL && ct_demo_stuck(device, folder[0], err) == CT_OK &&
        cli_records(in, 2, folder, true, r, &arena, err) == CT_OK &&
        ct_page_demo(page, f, pairs, err) == CT_OK)
        ct_page_runs(page, r, 2, err);
    ct_arena_free(&arena);
    return err->status;
}

static void print_json(const ct_demo *f, ct_error *err)
{
    ct_json j = {0};
    ct_story_json(f, &j);
    cli_put_json(&j, err);
}

/* page: open, or NULL. */
static void measure(const cli_line *in, ct_page *page, char *folder[2], ct_error *err)
{
    ct_arena arena;
    ct_arena_open(&arena, "demo", 0, err);
    ct_demo *f = ct_arena_zeroed(&arena, 1, sizeof *f);
    ct_pairs *pairs = NULL;
    ct_device *device = cli_device(in, err);
    const ct_terminal t = cli_terminal(in, stdout);
    if (err->status == CT_OK)
        tell(in, in->json ? NULL : &t, device, page != NULL ? folder[1] : NULL, f, &arena, &pairs,
             err);
    if (err->status == CT_OK && page != NULL)
        fill_page(in, page, f, pairs, device, folder, err);
    if (err->status == CT_OK && in->json)
        print_json(f, err);
    else if (err->status == CT_OK)
        printf("\nNext: contrast train shapes -o run    then: contrast eval run    and: contrast "
               "help\n");
    ct_pairs_free(pairs);
    ct_device_free(device);
    ct_arena_free(&arena);
}

/* F.html: F-stuck, F-healthy. */
static ct_status name_folders(const char *page, char *folder[2], ct_error *err)
{
    const size_t length = strlen(page);
    const bool html = length > 5 && strcmp(page + length - 5, ".html") == 0;
    if (length > CT_PATH_BYTES - 16)
        return CT_FAIL(err, CT_ERR_CONFIG, "--report: the path is too long");
    for (int i = 0; i < 2; i++) {
        snprintf(folder[i], CT_PATH_BYTES, "%.*s-%s", (int)(html ? length - 5 : length), page,
                 i == 0 ? "stuck" : "healthy");
        if (ct_run_exists(folder[i]))
            CT_FAIL(err, CT_ERR_CONFIG,
                    "%s holds a run already; remove it, or give another --report", folder[i]);
    }
    return err->status;
}

static int demo(const cli_line *in, ct_error *err)
{
    char stuck[CT_PATH_BYTES], healthy[CT_PATH_BYTES];
    char *folder[2] = {stuck, healthy};
    ct_page page;
    if (in->report == NULL) {
        measure(in, NULL, folder, err);
    } else if (name_folders(in->report, folder, err) == CT_OK &&
               ct_page_open(&page, in->report, "contrast demo", err) == CT_OK) {
        measure(in, &page, folder, err);
        ct_page_close(&page, err->status);
    }
    return 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--report", NULL, CLI_TEXT, CLI_AT(report), "F.html",
     "write a page too; its two runs are recorded in F-stuck and F-healthy"},
    {"--live", NULL, CLI_FLAG, CLI_AT(live), NULL, "watch the healthy run train, on a terminal"},
    {"--json", NULL, CLI_FLAG, CLI_AT(json), NULL, "print the figures as JSON, without the story"},
    CLI_END};

const cli_command CLI_DEMO = {
    .name = "demo", .group = CLI_TO_LEARN, .arguments = "",
    .summary = "show the collapse and its fix, with numbers measured now",
    .help = "Needs no file and no network; ends within 30 seconds on two cores. It shows the value "
            "of the question's loss when all vectors are equal and at best, trains towers that "
            "collapse, applies the fixes one at a time over several seeds, and ends with a healthy "
            "run that answers typed captions with pictures.",
    .options = OPTIONS, .run = demo,
};
/* clang-format on */
