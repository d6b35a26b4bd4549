/* lesson.c -- contrast lesson [NAME | all] */
#include "cli/cli.h"

#include "lab/lessons/lesson.h"
#include "platform/machine.h"

#include <stdlib.h>
#include <string.h>

/* The question, before the text gives the answer away. A line that is no number of an answer is no
 * guess: 0. */
static int ask(const ct_doc *d, const ct_lesson *l)
{
    char line[256] = "";
    ct_doc_text(d, "%s", l->ask);
    for (int k = 0; k < l->n_answers; k++)
        ct_doc_item(d, "%d: %s", k + 1, l->answer[k]);
    printf("Your guess, 1 to %d: ", l->n_answers);
    fflush(stdout);
    const int guess = fgets(line, sizeof line, stdin) != NULL ? atoi(line) : 0;
    printf("\n");
    return guess >= 1 && guess <= l->n_answers ? guess : 0;
}

static void tell_answer(const ct_doc *d, const ct_lesson *l, int guess)
{
    const char *verdict = guess == l->right ? "right" : "not right";
    if (guess > 0)
        ct_doc_about(d, "Your guess: %d, %s, which is %s", guess, l->answer[guess - 1], verdict);
    ct_doc_about(d, "Right: %d, %s. %s", l->right, l->answer[l->right - 1], l->why);
}

/* What it measured, and what that shows. */
static void tell(cli_call *c, const ct_lesson *l, const ct_lesson_run *run, double seconds)
{
    const ct_doc *d = &c->doc;
    const char *verdict = ct_verdict_name(ct_lesson_verdict(run));
    ct_json_string(&c->j, "lesson", l->name);
    ct_json_string(&c->j, "verdict", verdict);
    ct_json_number(&c->j, "seconds", seconds);
    ct_fields_json(&c->j, &ct_lesson_fields, l);
    ct_json_open(&c->j, "studies", '[');
    for (int k = 0; k < l->n_studies; k++) {
        if (run->study[k].n == 0)
            continue;
        ct_doc_text(d, "%s, %d seeds: median [range]; %s", l->study[k].recipe, l->study[k].seeds,
                    l->study[k].common);
        ct_doc_table(d, NULL, &CLI_TABLE(&run->study[k]));
    }
    ct_json_close(&c->j);
    ct_doc_table(d, "rows", &CT_TABLE(&ct_lesson_row_fields, run->row, run->n_rows));
    ct_doc_text(d, "Rule: %s", l->rule);
    ct_doc_about(d, "Source: %s", l->source);
    if (l->see_also != NULL) { /* a command, to be copied: one line */
        ct_doc_about(d, "See also:");
        ct_doc_code(d, "%s%s", cli_name, l->see_also + strlen("contrast"));
    }
    ct_doc_about(d, "%s: %s (%.1f s)", l->name, verdict, seconds);
}

/* Answers whether it differs. */
static bool give(cli_call *c, const char *name, ct_lesson_run *run, ct_error *err)
{
    double began = 0;
    int guess = 0;
    ct_arena arena;
    ct_lesson l;
    *run = (ct_lesson_run){.device = c->device, .threads = c->threads};
    ct_arena_open(&arena, "lesson", 0, err);
    if (ct_lesson_read(name, &arena, &l, err) == CT_OK) {
        ct_doc_title(&c->doc, "%s", l.title);
        guess = c->ask ? ask(&c->doc, &l) : 0;
        began = ct_clock_s(); /* thinking takes no time */
        ct_doc_text(&c->doc, "%s", l.text);
    }
    if (err->status == CT_OK && ct_lesson_give(&l, run, &arena, err) == CT_OK) {
        tell(c, &l, run, ct_clock_s() - began);
        if (c->ask)
            tell_answer(&c->doc, &l, guess);
        cli_put_json(c, err);
    }
    ct_arena_free(&arena);
    return ct_lesson_verdict(run) == CT_DIFFERS;
}

static void list(cli_call *c, ct_error *err)
{
    ct_lesson l;
    for (int i = 0; ct_lesson_name(i) != NULL && err->status == CT_OK; i++)
        if (ct_lesson_read(ct_lesson_name(i), &c->arena, &l, err) == CT_OK)
            printf("  %-16s %s\n", l.name, l.title);
    printf("\ncontrast lesson NAME shows one, contrast lesson all shows them all\n");
}

int cli_run_lesson(cli_call *c, ct_error *err)
{
    const char *all[CT_LESSONS];
    int n = 0, differs = 0;
    for (; ct_lesson_name(n) != NULL; n++)
        all[n] = ct_lesson_name(n);
    ct_lesson_run *run = ct_arena_zeroed(&c->arena, 1, sizeof *run);
    const bool whole = c->argc == 1 && strcmp(c->argv[0], "all") == 0;
    if (c->argc == 0 && (c->report != NULL || c->ask))
        CT_FAIL(err, CT_ERR_CONFIG, "lesson: %s needs the name of a lesson%s",
                c->ask ? "--ask" : "--report", c->ask ? "" : ", or all");
    if (c->ask && c->json)
        CT_FAIL(err, CT_ERR_CONFIG, "lesson: --ask asks people; leave out --json");
    for (int i = 0; i < c->argc && !whole; i++)
        cli_find(err, "lesson", c->argv[i], all, n, sizeof *all, "lesson");
    for (int i = 0; i < (whole ? n : c->argc) && err->status == CT_OK; i++)
        differs += give(c, whole ? all[i] : c->argv[i], run, err);
    if (c->argc == 0 && err->status == CT_OK)
        list(c, err);
    return differs > 0 ? 3 : 0;
}
