/* demo.c -- contrast demo: the story in four parts, each number measured now. The studies of parts
 * 2 and 3 are lab/lessons/demo.txt. */
#include "cli/cli.h"

#include "formats/text.h"
#include "lab/descent.h"
#include "lab/lessons/lesson.h"
#include "lab/search.h"
#include "platform/machine.h"

#include <math.h>
#include <string.h>

/* ---- 1: every number is one that was measured ---- */

static void tell_question(cli_call *c, const ct_lesson *l, ct_error *err)
{
    const ct_doc *d = &c->doc;
    ct_question *q = ct_arena_zeroed(&c->arena, 1, sizeof *q);
    if (q == NULL || ct_question_measure(c->device, 1, q, err) != CT_OK)
        return;
    ct_doc_title(d, "%s", l->title);
    ct_doc_text(d, "%s", l->text);
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
    ct_json_open(&c->j, "question", '{');
    ct_fields_json(&c->j, &ct_question_fields, q);
    ct_json_close(&c->j);
}

/* ---- 2 and 3: studies ---- */

/* Of both tables the measures in this order: ct_study_row.value. */
enum { LOSS, ALL_EQUAL, ESCAPE, RECALL };

/* The rows of a study that is made now; NULL after an error. */
static const ct_study_rows *tell_study(cli_call *c, const ct_study *s, ct_error *err)
{
    const ct_doc people = {.screen = c->doc.screen, .page = c->doc.page};
    ct_runs made;
    ct_doc_title(&c->doc, "%s", s->heading);
    ct_doc_text(&c->doc, "%s", s->about);
    ct_study_rows *rows = ct_arena_zeroed(&c->arena, 1, sizeof *rows);
    if (rows == NULL || ct_study_run(s, c->threads, &c->arena, &made, err) != CT_OK ||
        ct_runs_rows(&made, s->shown, false, &c->arena, rows, err) != CT_OK)
        return NULL;
    ct_doc_table(&people, NULL, &CLI_TABLE(rows));
    for (int v = 0; v < rows->n; v++) { /* the rows of all studies are one array */
        ct_json_open(&c->j, NULL, '{');
        ct_fields_json(&c->j, &rows->columns, &rows->row[v]);
        ct_json_close(&c->j);
    }
    return rows;
}

/* "7 of 8 left, half of them by step 526", or without the step. */
static const char *leavers(const ct_study_row *r, char text[96])
{
    const int n = snprintf(text, 96, "%d of %d left", r->escaped, r->runs);
    if (isfinite(r->value[ESCAPE].median))
        snprintf(text + n, 96 - (size_t)n, ", the median run at step %.0f",
                 r->value[ESCAPE].median);
    return text;
}

/* The rows in words; every number is the row's own. */
static void conclude(const ct_doc *d, const ct_study_rows *rows)
{
    const ct_study_row *r = rows->row;
    char a[96], b[96];
    ct_doc_text(d, "What the rows say:");
    ct_doc_item(d, "As in the question: %s (2000 steps).", leavers(&r[0], a));
    ct_doc_item(d,
                "A temperature of 0.07: %s. Near ln N the gradient grows as 1/tau, so a small "
                "temperature is a larger step too. The control, the same step / tau at "
                "temperature 1: %s. Leaving the plateau is not the same as learning: recall@1 is "
                "%.3f and %.3f.",
                leavers(&r[1], a), leavers(&r[2], b), r[1].value[RECALL].median,
                r[2].value[RECALL].median);
    ct_doc_item(d, "Adam at temperature 1: %s; recall@1 %.3f.", leavers(&r[3], a),
                r[3].value[RECALL].median);
    ct_doc_item(d, "64 pairs alone: %s. The symmetric loss alone: %s.", leavers(&r[4], a),
                leavers(&r[5], b));
    ct_doc_item(d, "All together: %s; recall@1 %.3f [%.3f, %.3f].", leavers(&r[6], a),
                r[6].value[RECALL].median, r[6].value[RECALL].least, r[6].value[RECALL].most);
    ct_doc_text(d, "Each row again, from one seed:");
    for (int v = 0; v < rows->n; v++)
        ct_doc_code(d, "%s train collapse %s", cli_name, r[v].variant.settings);
}

/* ---- 4: a run that learns ---- */

enum { SHOWN = 7, FOUND = 3 };
static const char *const CAPTION[] = {
    "a small red heart at the top left",
    "a large yellow star in the centre",
    "a blue circle above a green square",
};

/* Train a recipe as c->trainer, recorded in `folder` unless that is NULL. The answer is how long it
 * took, with its record. */
static double train(cli_call *c, const char *name, const char *settings, const char *folder,
                    ct_error *err)
{
    const ct_recipe recipe = ct_study_recipe(name, settings, err);
    const ct_run_watch nobody = {0};
    ct_trainer *t = &c->trainer;
    cli_progress watched;
    ct_step s;
    ct_trainer_free(t);
    if (ct_trainer_init(t, &recipe, NULL, c->device, err) != CT_OK)
        return 0;
    cli_progress_begin(&watched, c, t);
    const double began = ct_clock_s();
    const ct_run_watch *watch = watched.live != NULL ? &watched.watch : &nobody;
    if (folder != NULL)
        ct_run_train(t, folder, NULL, watch, err);
    while (t->step < recipe.train.steps && ct_trainer_step(t, &s, err) == CT_OK)
        if (watch->on_step != NULL)
            watch->on_step(watch->ctx, t, &s, ct_clock_s() - began);
    return ct_clock_s() - began;
}

/* The pictures nearest to a caption, each with its own. */
static void answer(cli_call *c, const ct_search *s, const char *caption, ct_error *err)
{
    const ct_side *pictures = &s->t->pairs->side[0], *texts = &s->t->pairs->side[1];
    const uint8_t *picture[FOUND];
    ct_hit hit[FOUND];
    const int n = ct_search_text(s, caption, 0, FOUND, hit, err);
    if (n < 0)
        return;
    ct_doc_text(&c->doc, "\"%s\"", caption);
    for (int k = 0; k < n; k++)
        picture[k] = pictures->u8 + (size_t)s->items[hit[k].at] * (size_t)pictures->dim;
    ct_doc_pictures(&c->doc, picture, n, pictures->width, pictures->height);
    for (int k = 0; k < n; k++)
        ct_doc_item(&c->doc, "%.2f: %s", hit[k].score,
                    texts->text[texts->text_of[s->items[hit[k].at]]]);
}

static void tell_pairs(cli_call *c, ct_error *err)
{
    const ct_doc *d = &c->doc;
    double cosine[SHOWN * SHOWN];
    ct_search s;
    if (ct_search_init(&s, &c->trainer, CT_TEST, err) == CT_OK) {
        for (int k = 0; k < SHOWN * SHOWN; k++)
            cosine[k] = ct_cosine(s.unit[0] + k / SHOWN * s.d, s.unit[1] + k % SHOWN * s.d, s.d);
        ct_doc_text(d,
                    "Cosines of the first %d test pictures (rows) and captions (columns):", SHOWN);
        ct_doc_matrix(d, "Cosines of test pairs", cosine, SHOWN, "picture", "caption");
        ct_doc_text(d, "Three captions typed in, and the test pictures nearest to each of them:");
    }
    for (size_t k = 0; k < sizeof CAPTION / sizeof *CAPTION && err->status == CT_OK; k++)
        answer(c, &s, CAPTION[k], err);
    ct_search_free(&s);
}

static void tell_healthy(cli_call *c, const char *folder, ct_error *err)
{
    const ct_train_recipe *train_recipe = &c->trainer.recipe.train;
    ct_evaluation e[2] = {{.step = 0}}; /* test, composition */
    const ct_measures *test = &e[0].measures, *composed = &e[1].measures;
    ct_doc_title(&c->doc, "4. A healthy run");
    const double seconds = train(c, "shapes", "train.steps=600", folder, err);
    if (err->status != CT_OK ||
        ct_trainer_evaluate(&c->trainer, CT_TEST, 0, &e[0], NULL, err) != CT_OK ||
        ct_trainer_evaluate(&c->trainer, CT_COMPOSITION, 0, &e[1], NULL, err) != CT_OK)
        return;
    ct_doc_text(&c->doc,
                "%d steps of %d pairs in %.1f s: recall@1 of %d test pairs %.3f image to text, "
                "%.3f text to image; of %d pairs whose combinations were never trained on %.3f "
                "and %.3f.",
                train_recipe->steps, train_recipe->batch, seconds, test->rows, test->recall_at_1[0],
                test->recall_at_1[1], composed->rows, composed->recall_at_1[0],
                composed->recall_at_1[1]);
    tell_pairs(c, err);
    ct_table_json(&CT_TABLE(&ct_evaluation_fields, e, 2), &c->j, "healthy");
}

/* ---- the command ---- */

/* Below the story "as in the question", from seed 1, next to the healthy run. */
static void add_runs(cli_call *c, char *folder[2], ct_error *err)
{
    ct_record *r = ct_arena_zeroed(&c->arena, 2, sizeof *r);
    c->live = false;
    train(c, "collapse", "", folder[0], err);
    if (r != NULL && cli_records(c, 2, folder, true, r, err) == CT_OK)
        ct_page_runs(c->doc.page, r, 2, err);
}

/* F.html: F-stuck, F-healthy. */
static void name_folders(const char *page, char *folder[2], ct_error *err)
{
    const int length = (int)strlen(page) - (ct_text_ends(page, ".html") ? 5 : 0);
    for (int i = 0; i < 2; i++) {
        snprintf(folder[i], CT_PATH_BYTES, "%.*s-%s", length, page, i == 0 ? "stuck" : "healthy");
        if (ct_run_exists(folder[i]))
            CT_FAIL(err, CT_ERR_CONFIG,
                    "%s holds a run already; remove it, or give another --report", folder[i]);
    }
}

/* All four parts. The runs of the last are recorded in a folder each, if there are any. */
static void tell(cli_call *c, char **folder, ct_error *err)
{
    const ct_study_rows *fixes = NULL;
    ct_lesson l;
    if (ct_lesson_read("demo", &c->arena, &l, err) != CT_OK)
        return;
    tell_question(c, &l, err);
    ct_json_open(&c->j, "trainings", '[');
    for (int k = 0; k < l.n_studies && err->status == CT_OK; k++)
        fixes = tell_study(c, &l.study[k], err);
    ct_json_close(&c->j);
    if (err->status == CT_OK)
        conclude(&c->doc, fixes);
    if (err->status == CT_OK)
        tell_healthy(c, folder != NULL ? folder[1] : NULL, err);
    if (err->status == CT_OK && folder != NULL)
        add_runs(c, folder, err);
}

int cli_run_demo(cli_call *c, ct_error *err)
{
    char stuck[CT_PATH_BYTES], healthy[CT_PATH_BYTES];
    char *folder[2] = {stuck, healthy};
    if (c->doc.page != NULL)
        name_folders(c->report, folder, err);
    if (err->status == CT_OK)
        tell(c, c->doc.page != NULL ? folder : NULL, err);
    if (err->status == CT_OK && !c->json)
        printf("\nNext: %s train shapes -o run    then: %s eval run    and: %s help\n", cli_name,
               cli_name, cli_name);
    return 0;
}
