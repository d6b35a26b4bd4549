/* demo.c -- contrast demo: the story in four parts, each number measured now. */
#include "cli/cli.h"

#include "lab/demo.h"
#include "lab/lessons/lesson.h"

#include <math.h>
#include <string.h>

/* Part 4, recorded in `folder` unless that is NULL. */
static void train(cli_call *c, const char *folder, ct_healthy *f, ct_error *err)
{
    const ct_recipe recipe = ct_study_recipe("shapes", CT_DEMO_HEALTHY, err);
    cli_progress watched;
    if (ct_trainer_init(&c->trainer, &recipe, NULL, c->device, err) != CT_OK)
        return;
    cli_progress_begin(&watched, c, &c->trainer);
    ct_demo_healthy(&c->trainer, folder, watched.live != NULL ? &watched.watch : NULL, f, err);
}

/* Parts 2 and 3: a study, and its rows. */
static ct_status train_rows(cli_call *c, const ct_study *s, ct_study_rows *rows, ct_error *err)
{
    ct_runs made;
    if (ct_study_run(s, c->threads, &c->arena, &made, err) == CT_OK &&
        ct_runs_rows(&made, s->shown, false, &c->arena, rows, err) == CT_OK)
        ct_doc_table(&c->doc, &CLI_TABLE(rows));
    return err->status;
}

/* ---- the story; every number is one that was measured ---- */

static void tell_question(const ct_doc *d, const ct_question *q)
{
    ct_doc_title(d, "1. The question");
    ct_doc_text(d, "Two batches of 7 vectors in 768 dimensions; the loss is the cross-entropy of "
                   "each row of their cosine matrix against the diagonal. Training ended with all "
                   "vectors equal. What is the value of the loss?");
    ct_doc_item(d, "all vectors equal: %.4f = ln 7; the gradient there: %.1e", q->all_equal,
                q->all_equal_gradient);
    ct_doc_item(d, "every x1 the opposite of every x2: %.4f = ln 7 too", q->opposite);
    ct_doc_item(d, "equal pairs, uniform random in [0, 1): %.4f, %.4f to %.4f over %d draws",
                q->uniform.median, q->uniform.least, q->uniform.most, CT_QUESTION_DRAWS);
    ct_doc_item(d, "the best there is, reached in %ld steps: %.4f; closed form %.4f", q->steps,
                q->best, q->floor);
    ct_doc_text(d,
                "The cosines at the best. \"Diagonal 1, the rest -1\" is impossible for more than "
                "two pairs: off the diagonal the mean cannot go below -1/(n-1) = %.4f, the "
                "regular simplex.",
                -1.0 / (CT_QUESTION_N - 1));
    ct_doc_matrix(d, "Cosines at the best", q->similarity, CT_QUESTION_N, "x1", "x2");
}

static void tell_fixes(const ct_doc *d, const ct_study *s)
{
    ct_doc_title(d, "3. With negatives it can still happen: the question's loss on deep saturating "
                    "towers");
    ct_doc_text(d,
                "Four layers, three of them sigmoid; plain SGD, rate 1, 7 pairs per step, 2000 "
                "steps; %d seeds per row. \"Left it\": the mean loss over %d steps fell below %.0f "
                "%% of its value when all are equal.",
                s->seeds, CT_STUDY_WINDOW, 100 * CT_STUDY_ESCAPED);
}

/* "7 of 8 left, half of them by step 526", or without the step. */
static const char *leavers(const ct_study_row *r, char text[96])
{
    const int n = snprintf(text, 96, "%d of %d left", r->escaped, r->runs);
    if (isfinite(r->value[CT_DEMO_ESCAPE].median))
        snprintf(text + n, 96 - (size_t)n, ", the median run at step %.0f",
                 r->value[CT_DEMO_ESCAPE].median);
    return text;
}

/* The rows in words; every number is the row's own. */
static void conclude(const ct_doc *d, const ct_study_row *r, int n)
{
    char a[96], b[96];
    ct_doc_text(d, "What the rows say:");
    ct_doc_item(d, "As in the question: %s (2000 steps).", leavers(&r[0], a));
    ct_doc_item(d,
                "A temperature of 0.07: %s. Near ln N the gradient grows as 1/tau, so a small "
                "temperature is a larger step too. The control, the same step / tau at "
                "temperature 1: %s. Leaving the plateau is not the same as learning: recall@1 is "
                "%.3f and %.3f.",
                leavers(&r[1], a), leavers(&r[2], b), r[1].value[CT_DEMO_RECALL].median,
                r[2].value[CT_DEMO_RECALL].median);
    ct_doc_item(d, "Adam at temperature 1: %s; recall@1 %.3f.", leavers(&r[3], a),
                r[3].value[CT_DEMO_RECALL].median);
    ct_doc_item(d, "64 pairs alone: %s. The symmetric loss alone: %s.", leavers(&r[4], a),
                leavers(&r[5], b));
    ct_doc_item(d, "All together: %s; recall@1 %.3f [%.3f, %.3f].", leavers(&r[6], a),
                r[6].value[CT_DEMO_RECALL].median, r[6].value[CT_DEMO_RECALL].least,
                r[6].value[CT_DEMO_RECALL].most);
    ct_doc_text(d, "Each row again, from one seed:");
    for (int v = 0; v < n; v++)
        ct_doc_code(d, "%s train collapse %s", cli_name, r[v].settings);
}

static void tell_healthy(const ct_doc *d, const ct_healthy *f, const ct_trainer *t)
{
    const ct_train_recipe *train = &t->recipe.train;
    const ct_pairs *p = t->pairs;
    const ct_side *pictures = &p->side[0], *texts = &p->side[1];
    const ct_measures *test = &f->evaluation[0].measures, *composed = &f->evaluation[1].measures;
    ct_doc_text(d,
                "%d steps of %d pairs in %.1f s: recall@1 of %d test pairs %.3f image to text, "
                "%.3f text to image; of %d pairs whose combinations were never trained on %.3f "
                "and %.3f.",
                train->steps, train->batch, f->seconds, test->rows, test->recall_at_1[0],
                test->recall_at_1[1], composed->rows, composed->recall_at_1[0],
                composed->recall_at_1[1]);
    ct_doc_text(d, "Cosines of the first %d test pictures (rows) and captions (columns):",
                CT_DEMO_SHOWN);
    ct_doc_matrix(d, "Cosines of test pairs", f->similarity, CT_DEMO_SHOWN, "picture", "caption");
    ct_doc_text(d, "Three captions typed in, and the test pictures nearest to each of them:");
    for (int c = 0; c < CT_DEMO_CAPTIONS; c++) {
        const uint8_t *picture[CT_DEMO_FOUND];
        ct_doc_text(d, "\"%s\"", CT_DEMO_CAPTION[c]);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            picture[k] = pictures->u8 +
                         (size_t)p->index[CT_TEST][f->found[c][k].at] * (size_t)pictures->dim;
        ct_doc_pictures(d, picture, CT_DEMO_FOUND, pictures->width, pictures->height);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            ct_doc_item(d, "%.2f: %s", f->found[c][k].score,
                        texts->text[texts->text_of[p->index[CT_TEST][f->found[c][k].at]]]);
    }
}

static void tell(cli_call *c, const char *folder, ct_demo *f, ct_error *err)
{
    const ct_doc *d = &c->doc;
    ct_lesson l = {.name = NULL};
    ct_study_rows *const rows = f->study;
    ct_lesson_read("demo", &c->arena, &l, err);
    if (ct_question_measure(c->device, 1, &f->question, err) != CT_OK)
        return;
    tell_question(d, &f->question);
    ct_doc_title(d, "2. Without negatives, collapse is the optimum");
    ct_doc_text(d,
                "Two towers on drawn pictures and captions, %d seeds; recall of 200 test pairs "
                "(chance 0.005), mean cosine of different pictures, their effective rank (of 64).",
                l.study[CT_DEMO_POSITIVES].seeds);
    if (train_rows(c, &l.study[CT_DEMO_POSITIVES], &rows[CT_DEMO_POSITIVES], err) != CT_OK)
        return;
    tell_fixes(d, &l.study[CT_DEMO_FIXES]);
    if (train_rows(c, &l.study[CT_DEMO_FIXES], &rows[CT_DEMO_FIXES], err) != CT_OK)
        return;
    conclude(d, rows[CT_DEMO_FIXES].row, rows[CT_DEMO_FIXES].n);
    ct_doc_title(d, "4. A healthy run");
    train(c, folder, &f->healthy, err);
    if (err->status == CT_OK)
        tell_healthy(d, &f->healthy, &c->trainer);
}

/* Below the story the stuck run next to the healthy one. */
static void add_runs(cli_call *c, char *folder[2], ct_error *err)
{
    ct_record *r = ct_arena_zeroed(&c->arena, 2, sizeof *r);
    if (r != NULL && ct_demo_stuck(c->device, folder[0], err) == CT_OK &&
        cli_records(c, 2, folder, true, r, err) == CT_OK)
        ct_page_runs(c->doc.page, r, 2, err);
}

static void put_json(ct_json *j, const ct_demo *f)
{
    ct_json_open(j, "question", '{');
    ct_fields_json(j, &ct_question_fields, &f->question);
    ct_json_close(j);
    ct_json_open(j, "trainings", '[');
    for (int k = 0; k < CT_DEMO_STUDIES; k++)
        for (int v = 0; v < f->study[k].n; v++) {
            ct_json_open(j, NULL, '{');
            ct_fields_json(j, &f->study[k].columns, &f->study[k].row[v]);
            ct_json_close(j);
        }
    ct_json_close(j);
    ct_table_json(&CT_TABLE(&ct_evaluation_fields, f->healthy.evaluation, 2), j, "healthy");
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
    ct_demo *f = ct_arena_zeroed(&c->arena, 1, sizeof *f);
    if (c->doc.page != NULL)
        name_folders(c->report, folder, err);
    if (err->status == CT_OK)
        tell(c, c->doc.page != NULL ? healthy : NULL, f, err);
    if (err->status == CT_OK && c->doc.page != NULL)
        add_runs(c, folder, err);
    if (err->status == CT_OK && c->json)
        put_json(&c->j, f);
    else if (err->status == CT_OK)
        printf("\nNext: %s train shapes -o run    then: %s eval run    and: %s help\n", cli_name,
               cli_name, cli_name);
    return 0;
}

const cli_command CLI_DEMO = {"demo", CLI_TO_LEARN, {0, 0}, CLI_NEEDS_DEVICE, demo};
