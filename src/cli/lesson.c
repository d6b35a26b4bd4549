/* lesson.c -- contrast lesson [NAME | all]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/json.h"
#include "lab/lessons/lesson.h"
#include "platform/clock.h"
#include "platform/memory.h"
#include "show/page.h"

#include <math.h>
#include <string.h>

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

static void print_json(const ct_lesson *l, const ct_lesson_run *run, double seconds, ct_error *err)
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
    cli_put_json(&j, err);
}

/* page: open, or NULL. */
static ct_verdict give(const cli_line *in, const ct_lesson *l, ct_lesson_run *run, ct_page *page,
                       ct_error *err)
{
    const ct_terminal t = cli_terminal(in, stdout);
    const double began = ct_clock_s();
    if (!in->json) {
        ct_bold(&t, true);
        fprintf(t.out, "\n%s\n", l->title);
        ct_bold(&t, false);
        fprintf(t.out, "\n%s\n", l->text);
        fflush(t.out);
    }
    if (l->measure(run, err) != CT_OK)
        return CT_DIFFERS;
    if (in->json)
        print_json(l, run, ct_clock_s() - began, err);
    else
        print_lesson(&t, l, run, ct_clock_s() - began);
    fflush(stdout);
    if (page != NULL)
        ct_page_lesson(page, l, run);
    return ct_lesson_verdict(run);
}

static void list(const ct_lesson *all, int n)
{
    for (int i = 0; i < n; i++)
        printf("  %-16s %s\n", all[i].name, all[i].title);
    printf("\ncontrast lesson NAME shows one, contrast lesson all shows them all\n");
}

/* The lessons that the arguments name, or all; their names are known. Answers how many differ. */
static int give_all(const cli_line *in, const ct_lesson *all, int n, ct_page *page, ct_error *err)
{
    int differs = 0;
    const int threads = cli_threads(in, err);
    ct_device *device = threads > 0 ? cli_device(in, err) : NULL;
    ct_lesson_run *run = ct_alloc_zeroed(1, sizeof *run);
    if (run == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "lesson: no memory");
    for (int i = 0; i < (all != NULL ? n : in->argc) && err->status == CT_OK; i++) {
        *run = (ct_lesson_run){.device = device, .threads = threads};
        const ct_lesson *l = all != NULL ? &all[i] : ct_lesson_find(in->argv[i]);
        differs += give(in, l, run, page, err) == CT_DIFFERS;
    }
    ct_free(run);
    ct_device_free(device);
    return differs;
}

static int lesson(const cli_line *in, ct_error *err)
{
    int n;
    const ct_lesson *all = ct_lessons(&n);
    ct_page page;
    if (in->argc == 0 && in->report == NULL) {
        list(all, n);
        return 0;
    }
    if (in->argc == 0)
        CT_FAIL(err, CT_ERR_CONFIG, "lesson: --report needs the name of a lesson, or all");
    const bool whole = in->argc == 1 && strcmp(in->argv[0], "all") == 0;
    for (int i = 0; i < in->argc && !whole && err->status == CT_OK; i++)
        if (ct_lesson_find(in->argv[i]) == NULL)
            cli_unknown(err, "lesson", in->argv[i], &all->name, n, sizeof *all, "contrast lesson");
    /* a page that cannot be written is known before the work */
    if (err->status != CT_OK ||
        (in->report != NULL && ct_page_open(&page, in->report, "contrast lesson", err) != CT_OK))
        return 0;
    const int differs = give_all(in, whole ? all : NULL, n, in->report != NULL ? &page : NULL, err);
    if (in->report != NULL)
        ct_page_close(&page, err->status);
    return differs > 0 ? 3 : 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {{"--report", NULL, CLI_TEXT, CLI_AT(report), "FILE",
                                      "write them as a page too, with pictures (HTML)"},
                                     {"--json", NULL, CLI_FLAG, CLI_AT(json), NULL,
                                      "print JSON, one line per lesson"},
                                     CLI_END};

const cli_command CLI_LESSON = {
    .name = "lesson", .group = CLI_TO_LEARN, .arguments = "[NAME ... | all]", .most = CLI_MANY,
    .summary = "show one fact at a time, each number next to what it should be",
    .help = "Without a name it lists the lessons. A row passes by the rule that is printed below "
            "it; a lesson with a row that differs ends with exit status 3.",
    .options = OPTIONS, .run = lesson,
};
/* clang-format on */
