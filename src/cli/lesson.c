/* lesson.c -- contrast lesson [NAME | all]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/json.h"
#include "formats/text.h"
#include "lab/lessons/lesson.h"
#include "platform/clock.h"
#include "show/page.h"

#include <math.h>
#include <string.h>

static const char *report;

static const cli_option OPTIONS[] = {
    {"--report", NULL, CLI_TEXT, &report, "FILE", "write them as a page too, with pictures (HTML)"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print a line of JSON a lesson"},
};

const cli_option *cli_lesson_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static void print_row(const ct_terminal *t, const ct_lesson_row *r)
{
    char measured[64], expected[32];
    ct_lesson_row_text(r, measured, expected);
    fprintf(t->out, "  %-64s %-26s %10s  %s\n", r->what, measured, expected,
            ct_verdict_name(r->verdict));
}

static void print_lesson(const ct_terminal *t, const ct_lesson *l, const ct_lesson_run *run,
                         double seconds)
{
    fprintf(t->out, "\n  %-64s %-26s %10s\n", "", "measured [range]", "expected");
    for (int i = 0; i < run->n_rows; i++)
        print_row(t, &run->row[i]);
    fprintf(t->out, "\n  rule: %s\n  source: %s\n", l->rule, l->source);
    if (*l->command != '\0')
        fprintf(t->out, "  see also: %s\n", l->command);
    ct_bold(t, true);
    fprintf(t->out, "  %s: %s", l->name, ct_verdict_name(ct_lesson_verdict(run)));
    ct_bold(t, false);
    fprintf(t->out, " (%.1f s)\n", seconds);
}

static void print_json(const ct_lesson *l, const ct_lesson_run *run, double seconds)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "lesson", l->name);
    ct_json_string(&j, "verdict", ct_verdict_name(ct_lesson_verdict(run)));
    ct_json_number(&j, "seconds", seconds);
    ct_json_string(&j, "rule", l->rule);
    ct_json_string(&j, "source", l->source);
    ct_json_open(&j, "rows", '[');
    for (int i = 0; i < run->n_rows; i++) {
        const ct_lesson_row *r = &run->row[i];
        ct_json_open(&j, NULL, '{');
        ct_json_string(&j, "what", r->what);
        ct_json_number(&j, "measured", r->measured.median);
        ct_json_number(&j, "least", r->measured.least);
        ct_json_number(&j, "most", r->measured.most);
        ct_json_integer(&j, "seeds", r->n);
        ct_json_number(&j, "expected", r->expected);
        ct_json_number(&j, "tolerance", r->tolerance);
        ct_json_string(&j, "verdict",
                       r->verdict == CT_SHOWN ? "shown" : ct_verdict_name(r->verdict));
        ct_json_close(&j);
    }
    cli_put_json(&j);
}

static ct_status give(const ct_lesson *l, ct_device *device, int threads, ct_page *page,
                      ct_verdict *verdict, ct_error *err)
{
    static ct_lesson_run run;
    const ct_terminal t = cli_terminal(stdout);
    const double began = ct_clock_s();
    run = (ct_lesson_run){.device = device, .threads = threads};
    if (!cli.json) {
        ct_bold(&t, true);
        fprintf(t.out, "\n%s\n", l->title);
        ct_bold(&t, false);
        fprintf(t.out, "\n%s\n", l->text);
        fflush(t.out);
    }
    const ct_status status = l->measure(&run, err);
    if (status != CT_OK)
        return status;
    if (cli.json)
        print_json(l, &run, ct_clock_s() - began);
    else
        print_lesson(&t, l, &run, ct_clock_s() - began);
    fflush(stdout);
    if (page != NULL)
        ct_page_lesson(page, l, &run);
    *verdict = ct_lesson_verdict(&run);
    return CT_OK;
}

static int list(const ct_lesson *all, int n)
{
    for (int i = 0; i < n; i++)
        printf("  %-16s %s\n", all[i].name, all[i].title);
    printf("\ncontrast lesson NAME gives one, contrast lesson all gives them all\n");
    return 0;
}

int cli_lesson(int argc, char **argv)
{
    int n, differs = 0;
    const ct_lesson *all = ct_lessons(&n);
    ct_error err = {0};
    if (argc == 0 && report != NULL)
        return cli_usage("lesson: --report needs the name of a lesson, or all");
    if (argc == 0)
        return list(all, n);
    const bool whole = argc == 1 && strcmp(argv[0], "all") == 0;
    for (int i = 0; i < argc && !whole; i++)
        if (ct_lesson_find(argv[i]) == NULL) {
            const char *near = ct_nearest_name(argv[i], &all->name, n, sizeof *all);
            return cli_usage("there is no lesson %s; %s%s", argv[i],
                             near != NULL ? "did you mean " : "contrast lesson lists them",
                             near != NULL ? near : "");
        }
    static ct_page page;
    const int threads = cli_threads(&err);
    ct_device *device = threads > 0 ? cli_device(&err) : NULL;
    if (device != NULL && report != NULL &&
        ct_page_open(&page, report, "contrast lesson", &err) != CT_OK)
        return ct_device_free(device), cli_fail(&err);
    for (int i = 0; i < (whole ? n : argc) && device != NULL && err.status == CT_OK; i++) {
        ct_verdict verdict = CT_PASSES;
        give(whole ? &all[i] : ct_lesson_find(argv[i]), device, threads,
             report != NULL ? &page : NULL, &verdict, &err);
        differs += verdict == CT_DIFFERS;
    }
    if (device != NULL && report != NULL)
        ct_page_close(&page, err.status);
    ct_device_free(device);
    return err.status != CT_OK ? cli_fail(&err) : differs > 0 ? 3 : 0;
}
