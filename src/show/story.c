/* story.c -- the demo in words and pictures, and as JSON.
 *
 * Every number printed is one that was measured; sentences are built from the
 * rows, so that they stay true if the rows change.
 *
 * Layer: show. Needs experiment (what was measured). */
#include "show/story.h"

#include "show/table.h"
#include "train/run.h"

#include <math.h>

static void title(const ct_terminal *t, const char *text)
{
    fputc('\n', t->out);
    ct_bold(t, true);
    fputs(text, t->out);
    ct_bold(t, false);
    fputc('\n', t->out);
    fflush(t->out);
}

void ct_story_question(const ct_terminal *t, const ct_question *q)
{
    if (t == NULL)
        return;
    title(t, "1. The question");
    fprintf(t->out, "Two batches of 7 vectors in 768 dimensions; the loss is the cross-entropy of "
                    "each row of their cosine\n"
                    "matrix against the diagonal. Training ended with all vectors equal. What is "
                    "the loss worth?\n\n");
    fprintf(t->out,
            "  all vectors equal                        %.4f   = ln 7; the gradient there: %.1e\n",
            q->all_equal, q->all_equal_gradient);
    fprintf(t->out, "  every x1 the opposite of every x2        %.4f   = ln 7 too\n", q->opposite);
    fprintf(t->out,
            "  equal pairs, uniform random in [0, 1)    %.4f   %.4f to %.4f over %d draws\n",
            q->uniform.median, q->uniform.least, q->uniform.most, CT_QUESTION_DRAWS);
    fprintf(t->out, "  the best there is, reached in %ld steps  %.4f   closed form %.4f\n\n",
            q->steps, q->best, q->floor);
    fprintf(t->out,
            "The cosines at the best. \"Diagonal 1, the rest -1\" is impossible for more than two "
            "pairs: off the\n"
            "diagonal the mean cannot go below -1/(n-1) = %.4f, the regular simplex.\n\n",
            -1.0 / (CT_QUESTION_N - 1));
    ct_draw_matrix(t, 2, q->similarity, CT_QUESTION_N, CT_QUESTION_N);
}

/* ---- tables over seeds ---- */

static ct_table table_of(const ct_study_rows *rows)
{
    return (ct_table){.columns = &rows->columns,
                      .row = rows->row,
                      .n = rows->n,
                      .stride = sizeof *rows->row};
}

static void print_rows(const ct_terminal *t, const ct_study_rows *rows)
{
    const ct_table table = table_of(rows);
    fputc('\n', t->out);
    ct_table_print(&table, t->out, 2);
    for (int v = 0; v < rows->n; v++)
        if (rows->row[v].of[CT_DIVERGED] > 0)
            fprintf(t->out, "  %s: %d of %d runs ended with a loss that is not finite\n",
                    rows->row[v].head[0], rows->row[v].of[CT_DIVERGED], rows->row[v].runs);
}

void ct_story_positives(const ct_terminal *t, const ct_study_rows *rows)
{
    if (t == NULL)
        return;
    if (rows == NULL) {
        title(t, "2. Without negatives, collapse is the optimum");
        fprintf(
            t->out,
            "Two towers on drawn pictures and captions, %d seeds, median [range]: recall of 200 "
            "test pairs (chance\n"
            "0.005), mean cosine of different pictures, their effective rank (of 64).\n",
            CT_DEMO_POSITIVES.seeds);
        fflush(t->out);
        return;
    }
    print_rows(t, rows);
}

/* "7 of 8 left, the median run at step 526", or without the step. */
static const char *leavers(const ct_study_row *r, char *text, size_t size)
{
    const double step = r->value[CT_DEMO_ESCAPE].median;
    const int n = snprintf(text, size, "%d of %d left", r->escaped, r->runs);
    if (isfinite(step))
        snprintf(text + n, size - (size_t)n, ", the median run at step %.0f", step);
    return text;
}

/* The rows in words; every number is the row's own. */
static void conclude(const ct_terminal *t, const ct_study_row *r)
{
    char text[96];
    fprintf(t->out, "\n- As in the question: %s (2000 steps).\n",
            leavers(&r[0], text, sizeof text));
    fprintf(t->out, "- A temperature of 0.07: %s. Near ln N the gradient grows as 1/tau, so\n",
            leavers(&r[1], text, sizeof text));
    fprintf(t->out,
            "  a small temperature is a larger step too. The control, the same step / tau at "
            "temperature 1:\n  %s.\n",
            leavers(&r[2], text, sizeof text));
    fprintf(t->out, "  Leaving is not yet learning: recall@1 is %.3f and %.3f.\n",
            r[1].value[CT_DEMO_RECALL].median, r[2].value[CT_DEMO_RECALL].median);
    fprintf(t->out, "- Adam at temperature 1: %s; recall@1 %.3f.\n",
            leavers(&r[3], text, sizeof text), r[3].value[CT_DEMO_RECALL].median);
    fprintf(t->out, "- 64 pairs alone: %s.", leavers(&r[4], text, sizeof text));
    fprintf(t->out, " The symmetric loss alone: %s.\n", leavers(&r[5], text, sizeof text));
    const ct_spread recall = r[6].value[CT_DEMO_RECALL];
    fprintf(t->out, "- All together: %s; recall@1 %.3f [%.3f, %.3f].\n",
            leavers(&r[6], text, sizeof text), recall.median, recall.least, recall.most);
}

void ct_story_fixes(const ct_terminal *t, const ct_study_rows *rows)
{
    if (t == NULL)
        return;
    if (rows == NULL) {
        title(
            t,
            "3. With negatives it can still happen: the question's loss on deep saturating towers");
        fprintf(t->out,
                "Four layers, three of them sigmoid; plain SGD, rate 1, 7 pairs a step, 2000 "
                "steps; %d seeds a row. \"Left\n"
                "it at\": the step from which the mean loss over %d steps is below %.0f %% of its "
                "value when all are equal.\n",
                CT_DEMO_FIXES.seeds, CT_STUDY_WINDOW, 100 * CT_STUDY_ESCAPED);
        fflush(t->out);
        return;
    }
    print_rows(t, rows);
    conclude(t, rows->row);
    fprintf(t->out, "\n  Each row again, from one seed:\n\n");
    for (int v = 0; v < rows->n; v++)
        fprintf(t->out, "  contrast train %s %s\n", CT_DEMO_FIXES.recipe, rows->row[v].settings);
}

/* ---- the healthy run ---- */

static const char *caption_of(const ct_pairs *p, int item)
{
    return p->side[1].text[p->side[1].text_of[item]];
}

static int item_of(const ct_healthy *f, const ct_pairs *p, int caption, int k)
{
    return p->index[CT_TEST][f->found[caption][k].at];
}

void ct_story_healthy(const ct_terminal *t, const ct_healthy *f, const ct_pairs *p)
{
    if (t == NULL)
        return;
    if (f == NULL) {
        title(t, "4. A healthy run");
        return;
    }
    const ct_side *pictures = &p->side[0];
    fprintf(t->out,
            "%d steps of %d pairs in %.1f s: recall@1 of %d test pairs %.3f image to text, %.3f "
            "text to image;\n"
            "of %d pairs whose combinations were never trained on %.3f and %.3f.\n\n",
            f->recipe.train.steps, f->recipe.train.batch, f->seconds,
            f->evaluation[0].measures.rows, f->evaluation[0].measures.recall_at_1[0],
            f->evaluation[0].measures.recall_at_1[1], f->evaluation[1].measures.rows,
            f->evaluation[1].measures.recall_at_1[0], f->evaluation[1].measures.recall_at_1[1]);
    fprintf(t->out, "Cosines of the first %d test pictures (rows) and captions (columns):\n\n",
            CT_DEMO_SHOWN);
    ct_draw_matrix(t, 2, f->similarity, CT_DEMO_SHOWN, CT_DEMO_SHOWN);
    fprintf(t->out, "\nThree captions typed in, and the test pictures nearest to each of them:\n");
    for (int c = 0; c < CT_DEMO_CAPTIONS; c++) {
        const uint8_t *picture[CT_DEMO_FOUND];
        fprintf(t->out, "\n  \"%s\"\n", CT_DEMO_CAPTION[c]);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            picture[k] = pictures->u8 + (size_t)item_of(f, p, c, k) * (size_t)pictures->dim;
        ct_draw_pictures(t, 2, picture, CT_DEMO_FOUND, pictures->width, pictures->height);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            fprintf(t->out, "  %.2f  %s\n", f->found[c][k].score,
                    caption_of(p, item_of(f, p, c, k)));
    }
}

/* ---- for machines ---- */

void ct_story_json(const ct_demo *f, ct_json *j)
{
    const ct_study_rows *const table[] = {&f->positives, &f->fixes};
    ct_json_open(j, NULL, '{');
    ct_json_open(j, "question", '{');
    ct_fields_json(j, &ct_question_fields, &f->question);
    ct_json_close(j);
    ct_json_open(j, "trainings", '[');
    for (int k = 0; k < 2; k++)
        for (int v = 0; v < table[k]->n; v++) {
            ct_json_open(j, NULL, '{');
            ct_fields_json(j, &table[k]->columns, &table[k]->row[v]);
            ct_json_close(j);
        }
    ct_json_close(j);
    ct_json_open(j, "healthy", '[');
    for (int i = 0; i < 2; i++) {
        ct_json_open(j, NULL, '{');
        ct_fields_json(j, &ct_evaluation_fields, &f->healthy.evaluation[i]);
        ct_json_close(j);
    }
    ct_json_close(j);
    ct_json_close(j);
}
