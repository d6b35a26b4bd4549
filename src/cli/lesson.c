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

static ct_table rows_of(const ct_lesson_run *run)
{
    return (ct_table){.columns = &ct_lesson_row_fields,
                      .row = run->row,
                      .n = run->n_rows,
                      .stride = sizeof *run->row};
}

static ct_table study_of(const ct_lesson_run *run, int k)
{
    const ct_study_rows *s = &run->study[k];
    return (ct_table){.columns = &s->columns, .row = s->row, .n = s->n, .stride = sizeof *s->row};
}

static void print_lesson(const ct_terminal *t, const ct_lesson *l, const ct_lesson_run *run,
                         double seconds)
{
    const ct_table rows = rows_of(run);
    for (int k = 0; k < CT_LESSON_STUDIES; k++) {
        const ct_table table = study_of(run, k);
        if (table.n == 0)
            continue;
        fprintf(t->out, "\n  %s, %d seeds: median [range]; %s\n\n", l->study[k].recipe,
                l->study[k].seeds, l->study[k].common);
        ct_table_print(&table, t->out, 2);
    }
    fputc('\n', t->out);
    ct_table_print(&rows, t->out, 2);
    fprintf(t->out, "\n  rule: %s\n  source: %s\n", l->rule, l->source);
    if (l->see_also != NULL)
        fprintf(t->out, "  see also: %s\n", l->see_also);
    ct_bold(t, true);
    fprintf(t->out, "  %s: %s", l->name, ct_verdict_name(ct_lesson_verdict(run)));
    ct_bold(t, false);
    fprintf(t->out, " (%.1f s)\n", seconds);
}

static void print_json(const ct_lesson *l, const ct_lesson_run *run, double seconds, ct_error *err)
{
    const ct_table rows = rows_of(run);
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "lesson", l->name);
    ct_json_string(&j, "verdict", ct_verdict_name(ct_lesson_verdict(run)));
    ct_json_number(&j, "seconds", seconds);
    ct_fields_json(&j, &ct_lesson_fields, l);
    ct_json_open(&j, "studies", '[');
    for (int k = 0; k < CT_LESSON_STUDIES; k++) {
        const ct_table table = study_of(run, k);
        if (table.n > 0)
            ct_table_json(&table, &j, NULL);
    }
    ct_json_close(&j);
    ct_table_json(&rows, &j, "rows");
    cli_put_json(&j, err);
}

static void write_page(ct_page *p, const ct_lesson *l, const ct_lesson_run *run)
{
    const ct_table rows = rows_of(run);
    ct_spread_line line[CT_LESSON_ROWS];
    int n = 0;
    for (int i = 0; i < run->n_rows; i++) { /* claims are about what the tables show */
        const ct_lesson_row *r = &run->row[i];
        if (r->measured.n > 0 && (r->verdict == CT_SHOWN || !isnan(r->expected)))
            line[n++] = (ct_spread_line){r->what, r->measured, r->expected};
    }
    ct_put_raw(p, "<section>\n");
    ct_put_element(p, "h2", l->title);
    ct_put_element(p, "p", l->text);
    ct_page_spreads(p, line, n);
    for (int k = 0; k < CT_LESSON_STUDIES; k++) {
        const ct_table table = study_of(run, k);
        if (table.n > 0) {
            ct_put_element(p, "h3", l->study[k].recipe);
            ct_page_table(p, &table);
        }
    }
    ct_put_raw(p, "<div class=\"scroll\">");
    ct_table_html(&rows, p);
    ct_put_raw(p, "</div>\n");
    ct_put(p, "<p><strong>%s: %s</strong></p>\n", l->name, ct_verdict_name(ct_lesson_verdict(run)));
    ct_put_element(p, "p class=\"dim\"", l->rule);
    ct_put_element(p, "p class=\"dim\"", l->source);
    if (l->see_also != NULL)
        ct_put_element(p, "pre", l->see_also);
    ct_put_raw(p, "</section>\n");
}

/* page: open, or NULL. Answers whether it differs. */
static bool give(const cli_line *in, const char *name, ct_lesson_run *run, ct_page *page,
                 ct_error *err)
{
    const ct_terminal t = cli_terminal(in, stdout);
    const double began = ct_clock_s();
    ct_arena arena;
    ct_lesson l;
    ct_arena_open(&arena, "lesson", 0, err);
    if (ct_lesson_read(name, &arena, &l, err) == CT_OK && !in->json) {
        ct_bold(&t, true);
        fprintf(t.out, "\n%s\n", l.title);
        ct_bold(&t, false);
        fprintf(t.out, "\n%s\n", l.text);
        fflush(t.out);
    }
    if (err->status == CT_OK && ct_lesson_give(&l, run, &arena, err) == CT_OK) {
        if (in->json)
            print_json(&l, run, ct_clock_s() - began, err);
        else
            print_lesson(&t, &l, run, ct_clock_s() - began);
        fflush(stdout);
        if (page != NULL)
            write_page(page, &l, run);
    }
    ct_arena_free(&arena);
    return ct_lesson_verdict(run) == CT_DIFFERS;
}

static void list(ct_error *err)
{
    ct_arena arena;
    ct_lesson l;
    ct_arena_open(&arena, "lesson", 0, err);
    for (int i = 0; ct_lesson_name(i) != NULL && err->status == CT_OK; i++)
        if (ct_lesson_read(ct_lesson_name(i), &arena, &l, err) == CT_OK)
            printf("  %-16s %s\n", l.name, l.title);
    printf("\ncontrast lesson NAME shows one, contrast lesson all shows them all\n");
    ct_arena_free(&arena);
}

/* Answers how many differ. */
static int give_all(const cli_line *in, const char *const *name, int n, ct_page *page,
                    ct_error *err)
{
    int differs = 0;
    const int threads = cli_threads(in, err);
    ct_device *device = threads > 0 ? cli_device(in, err) : NULL;
    ct_lesson_run *run = ct_alloc_for("lesson", 1, sizeof *run, err);
    for (int i = 0; i < n && err->status == CT_OK; i++) {
        *run = (ct_lesson_run){.device = device, .threads = threads};
        differs += give(in, name[i], run, page, err);
    }
    ct_free(run);
    ct_device_free(device);
    return differs;
}

static int lesson(const cli_line *in, ct_error *err)
{
    const char *all[CT_LESSONS];
    ct_page page;
    int n = 0, differs;
    for (; ct_lesson_name(n) != NULL; n++)
        all[n] = ct_lesson_name(n);
    if (in->argc == 0 && in->report == NULL) {
        list(err);
        return 0;
    }
    if (in->argc == 0)
        CT_FAIL(err, CT_ERR_CONFIG, "lesson: --report needs the name of a lesson, or all");
    const bool whole = in->argc == 1 && strcmp(in->argv[0], "all") == 0;
    for (int i = 0; i < in->argc && !whole && err->status == CT_OK; i++) {
        int k = 0;
        while (k < n && strcmp(in->argv[i], all[k]) != 0)
            k++;
        if (k == n)
            cli_unknown(err, "lesson", in->argv[i], all, n, sizeof *all, "contrast lesson");
    }
    /* a page that cannot be written is known before the work */
    if (err->status != CT_OK ||
        (in->report != NULL && ct_page_open(&page, in->report, "contrast lesson", err) != CT_OK))
        return 0;
    differs = give_all(in, whole ? all : (const char *const *)in->argv, whole ? n : in->argc,
                       in->report != NULL ? &page : NULL, err);
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
