/* demo.c -- contrast demo: the story in four parts, each number measured now.
 *
 * Layer: cli. */
#include "cli/run_report.h"

#include "show/page.h"
#include "show/story.h"

#include <string.h>

static struct {
    const char *report;
    bool live;
} option;

static const cli_option OPTIONS[] = {
    {"--report", NULL, CLI_TEXT, &option.report, "F.html",
     "write a page too; its two runs are recorded in F-stuck and F-healthy"},
    {"--live", NULL, CLI_FLAG, &option.live, NULL, "watch the healthy run train, on a terminal"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print the figures as JSON, without the story"},
};

const cli_option *cli_demo_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

/* Part 4, recorded in `folder` unless that is NULL. */
static ct_status train(ct_device *device, const char *folder, ct_healthy *f, ct_pairs **pairs,
                       ct_error *err)
{
    ct_trainer t;
    run_report watched;
    ct_status status = ct_demo_healthy_init(&t, device, f, pairs, err);
    if (status == CT_OK) {
        run_report_begin(&watched, &f->recipe, NULL);
        if (option.live)
            watched.live = cli_live_new(&t, &watched.terminal);
        status = ct_demo_healthy(&t, folder, watched.live != NULL ? &watched.watch : NULL, f, err);
        cli_live_free(watched.live);
    }
    ct_trainer_free(&t);
    return status;
}

static ct_status tell(const ct_terminal *t, ct_device *device, int threads, const char *folder,
                      ct_demo *f, ct_pairs **pairs, ct_error *err)
{
    ct_status status = ct_question_measure(device, 1, &f->question, err);
    if (status == CT_OK) {
        ct_story_question(t, &f->question);
        ct_story_positives(t, NULL);
        status = ct_demo_run(&CT_DEMO_POSITIVES, threads, f->positives, err);
    }
    if (status == CT_OK) {
        ct_story_positives(t, f->positives);
        ct_story_fixes(t, NULL);
        status = ct_demo_run(&CT_DEMO_FIXES, threads, f->fixes, err);
    }
    if (status == CT_OK) {
        ct_story_fixes(t, f->fixes);
        ct_story_healthy(t, NULL, NULL);
        status = train(device, folder, &f->healthy, pairs, err);
    }
    if (status == CT_OK)
        ct_story_healthy(t, &f->healthy, *pairs);
    return status;
}

/* The story, and below it the stuck run beside the healthy one. */
static ct_status fill_page(ct_page *page, const ct_demo *f, const ct_pairs *pairs,
                           ct_device *device, char *folder[2], ct_error *err)
{
    static ct_record r[2];
    ct_arena arena;
    ct_status status = ct_demo_stuck(device, folder[0], err);
    ct_arena_init(&arena, 0);
    if (status == CT_OK)
        status = cli_records(2, folder, true, r, &arena, err);
    if (status == CT_OK)
        status = ct_page_demo(page, f, pairs, err);
    if (status == CT_OK)
        status = ct_page_runs(page, r, 2, err);
    ct_arena_free(&arena);
    return status;
}

static void print_json(const ct_demo *f)
{
    ct_json j = {0};
    ct_story_json(f, &j);
    cli_put_json(&j);
}

static int demo(char *folder[2])
{
    static ct_demo figures;
    static ct_page page;
    ct_error err = {0};
    ct_pairs *pairs = NULL;
    const int threads = cli_threads(&err);
    ct_device *device = threads > 0 ? cli_device(&err) : NULL;
    ct_terminal t = cli_terminal(stdout);
    ct_status status = err.status;
    if (status == CT_OK && option.report != NULL &&
        (status = ct_page_open(&page, option.report, "contrast demo", &err)) != CT_OK)
        option.report = NULL; /* known before the work */
    if (status == CT_OK)
        status = tell(cli.json ? NULL : &t, device, threads,
                      option.report != NULL ? folder[1] : NULL, &figures, &pairs, &err);
    if (status == CT_OK && option.report != NULL)
        status = fill_page(&page, &figures, pairs, device, folder, &err);
    if (option.report != NULL)
        status = ct_page_close(&page, status);
    ct_pairs_free(pairs);
    ct_device_free(device);
    if (status != CT_OK)
        return cli_fail(&err);
    if (cli.json)
        print_json(&figures);
    else
        printf("\nNext: contrast train shapes -o run    then: contrast eval run    and: contrast "
               "help\n");
    return 0;
}

int cli_demo(int argc, char **argv)
{
    char stuck[CT_PATH_BYTES], healthy[CT_PATH_BYTES];
    char *folder[2] = {stuck, healthy};
    if (argc > 0)
        return cli_usage("demo takes no arguments; found %s", argv[0]);
    for (int i = 0; i < 2 && option.report != NULL; i++) { /* F.html: F-stuck, F-healthy */
        const size_t length = strlen(option.report),
                     end = length > 5 && strcmp(option.report + length - 5, ".html") == 0 ? 5 : 0;
        if (length > CT_PATH_BYTES - 16)
            return cli_usage("--report: the path is too long");
        snprintf(folder[i], CT_PATH_BYTES, "%.*s-%s", (int)(length - end), option.report,
                 i == 0 ? "stuck" : "healthy");
        if (ct_run_exists(folder[i]))
            return cli_usage("%s holds a run already; remove it, or give another --report",
                             folder[i]);
    }
    return demo(folder);
}
