/* story.c -- the demo in words and pictures, and as JSON.
 *
 * Every number printed is one that was measured; sentences are built from the
 * rows, so that they stay true if the rows change.
 *
 * Layer: show. Needs experiment (what was measured). */
#include "show/story.h"

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

static void print_rows(const ct_terminal *t, const ct_demo_table *table, const ct_demo_row *row)
{
    fprintf(t->out, "\n  %-21s %-26s %-8s %-14s %-21s %-7s %s\n", "", "loss, median [range]",
            "equal", "left it: step", "recall@1 [range]", "cosine", "rank");
    for (int v = 0; v < table->n_variants; v++) {
        const ct_demo_row *r = &row[v];
        char escape[32];
        if (isinf(r->escape.median))
            snprintf(escape, sizeof escape, "%d of %d", r->n_escaped, r->n_seeds);
        else
            snprintf(escape, sizeof escape, "%d of %d: %.0f", r->n_escaped, r->n_seeds,
                     r->escape.median);
        fprintf(t->out,
                "  %-21s %7.4f [%7.4f,%8.4f]  %-8.4f %-14s %.3f [%.3f, %.3f]  %6.3f  %4.1f\n",
                r->variant.name, r->loss.median, r->loss.least, r->loss.most, r->all_equal,
                r->all_equal > 0 ? escape : "-", r->recall.median, r->recall.least, r->recall.most,
                r->cosine.median, r->rank.median);
        if (r->n_diverged > 0)
            fprintf(t->out, "  %-21s %d of %d runs ended with a loss that is not finite\n", "",
                    r->n_diverged, r->n_seeds);
    }
}

void ct_story_positives(const ct_terminal *t, const ct_demo_row *row)
{
    if (t == NULL)
        return;
    if (row == NULL) {
        title(t, "2. Without negatives, collapse is the optimum");
        fprintf(t->out,
                "Two towers on drawn pictures and captions, %d seeds; recall of 200 test pairs "
                "(chance 0.005), mean\n"
                "cosine of different pictures, their effective rank (of 64).\n",
                CT_DEMO_POSITIVES.n_seeds);
        fflush(t->out);
        return;
    }
    print_rows(t, &CT_DEMO_POSITIVES, row);
}

/* "7 of 8 left, half of them by step 526", or without the step. */
static const char *leavers(const ct_demo_row *r, char *text, size_t size)
{
    const int n = snprintf(text, size, "%d of %d left", r->n_escaped, r->n_seeds);
    if (isfinite(r->escape.median))
        snprintf(text + n, size - (size_t)n, ", the median run at step %.0f", r->escape.median);
    return text;
}

/* The rows in words; every number is the row's own. */
static void conclude(const ct_terminal *t, const ct_demo_row *r)
{
    char text[96];
    fprintf(t->out, "\n- As in the question: %s (%d steps).\n", leavers(&r[0], text, sizeof text),
            r[0].steps);
    fprintf(t->out, "- A temperature of 0.07: %s. Near ln N the gradient grows as 1/tau, so\n",
            leavers(&r[1], text, sizeof text));
    fprintf(t->out,
            "  a small temperature is a larger step too. The control, the same step / tau at "
            "temperature 1:\n  %s.\n",
            leavers(&r[2], text, sizeof text));
    fprintf(t->out, "  Leaving is not yet learning: recall@1 is %.3f and %.3f.\n",
            r[1].recall.median, r[2].recall.median);
    fprintf(t->out, "- Adam at temperature 1: %s; recall@1 %.3f.\n",
            leavers(&r[3], text, sizeof text), r[3].recall.median);
    fprintf(t->out, "- 64 pairs alone: %s.", leavers(&r[4], text, sizeof text));
    fprintf(t->out, " The symmetric loss alone: %s.\n", leavers(&r[5], text, sizeof text));
    fprintf(t->out, "- All together: %s; recall@1 %.3f [%.3f, %.3f].\n",
            leavers(&r[6], text, sizeof text), r[6].recall.median, r[6].recall.least,
            r[6].recall.most);
}

void ct_story_fixes(const ct_terminal *t, const ct_demo_row *row)
{
    if (t == NULL)
        return;
    if (row == NULL) {
        title(
            t,
            "3. With negatives it can still happen: the question's loss on deep saturating towers");
        fprintf(t->out,
                "Four layers, three of them sigmoid; plain SGD, rate 1, 7 pairs a step, 2000 "
                "steps; %d seeds a row. \"Left\n"
                "it\": the mean loss over %d steps fell below %.0f %% of its value when all are "
                "equal.\n",
                CT_DEMO_FIXES.n_seeds, CT_TRIAL_WINDOW, 100 * CT_TRIAL_ESCAPED);
        fflush(t->out);
        return;
    }
    print_rows(t, &CT_DEMO_FIXES, row);
    conclude(t, row);
    fprintf(t->out, "\n  Each row again, from one seed:\n\n");
    for (int v = 0; v < CT_DEMO_FIXES.n_variants; v++)
        fprintf(t->out, "  contrast train %s %s\n", CT_DEMO_FIXES.recipe, row[v].variant.settings);
}

/* ---- the healthy run ---- */

static const char *caption_of(const ct_pairs *p, int item)
{
    return p->side[1].text[p->side[1].text_of[item]];
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
            f->recipe.train.steps, f->recipe.train.batch, f->seconds, f->evaluation[0].n,
            f->evaluation[0].recall[0].at1, f->evaluation[0].recall[1].at1, f->evaluation[1].n,
            f->evaluation[1].recall[0].at1, f->evaluation[1].recall[1].at1);
    fprintf(t->out, "Cosines of the first %d test pictures (rows) and captions (columns):\n\n",
            CT_DEMO_SHOWN);
    ct_draw_matrix(t, 2, f->similarity, CT_DEMO_SHOWN, CT_DEMO_SHOWN);
    fprintf(t->out, "\nThree captions typed in, and the test pictures nearest to each of them:\n");
    for (int c = 0; c < CT_DEMO_CAPTIONS; c++) {
        const uint8_t *picture[CT_DEMO_FOUND];
        fprintf(t->out, "\n  \"%s\"\n", CT_DEMO_CAPTION[c]);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            picture[k] = pictures->u8 + (size_t)f->found[c][k] * (size_t)pictures->dim;
        ct_draw_pictures(t, 2, picture, CT_DEMO_FOUND, pictures->width, pictures->height);
        for (int k = 0; k < CT_DEMO_FOUND; k++)
            fprintf(t->out, "  %.2f  %s\n", f->score[c][k], caption_of(p, f->found[c][k]));
    }
}

/* ---- for machines ---- */

static void spread_json(ct_json *j, const char *key, ct_spread s)
{
    ct_json_open(j, key, '{');
    ct_json_number(j, "median", s.median);
    ct_json_number(j, "least", s.least);
    ct_json_number(j, "most", s.most);
    ct_json_close(j);
}

static void row_json(ct_json *j, const ct_demo_row *r)
{
    ct_json_open(j, NULL, '{');
    ct_json_string(j, "name", r->variant.name);
    ct_json_string(j, "recipe", r->recipe);
    ct_json_string(j, "settings", r->variant.settings);
    ct_json_open(j, "seeds", '[');
    for (int s = 1; s <= r->n_seeds; s++)
        ct_json_integer(j, NULL, s);
    ct_json_close(j);
    ct_json_integer(j, "batch", r->batch);
    ct_json_integer(j, "steps", r->steps);
    ct_json_number(j, "all_equal", r->all_equal);
    ct_json_integer(j, "diverged", r->n_diverged);
    ct_json_integer(j, "escaped", r->n_escaped);
    spread_json(j, "escape_step", r->escape); /* null where a run never left */
    spread_json(j, "loss", r->loss);
    spread_json(j, "recall_at_1", r->recall);
    spread_json(j, "mean_cosine", r->cosine);
    spread_json(j, "effective_rank", r->rank);
    ct_json_close(j);
}

void ct_story_json(const ct_demo *f, ct_json *j)
{
    const ct_question *q = &f->question;
    ct_json_open(j, NULL, '{');
    ct_json_open(j, "question", '{');
    ct_json_number(j, "all_equal", q->all_equal);
    ct_json_number(j, "all_equal_gradient", q->all_equal_gradient);
    ct_json_number(j, "opposite", q->opposite);
    ct_json_number(j, "uniform", q->uniform.median);
    ct_json_number(j, "uniform_least", q->uniform.least);
    ct_json_number(j, "uniform_most", q->uniform.most);
    ct_json_number(j, "best", q->best);
    ct_json_number(j, "floor", q->floor);
    ct_json_close(j);
    ct_json_open(j, "trainings", '[');
    for (int v = 0; v < CT_DEMO_POSITIVES.n_variants; v++)
        row_json(j, &f->positives[v]);
    for (int v = 0; v < CT_DEMO_FIXES.n_variants; v++)
        row_json(j, &f->fixes[v]);
    ct_json_close(j);
    ct_json_open(j, "healthy", '[');
    for (int i = 0; i < 2; i++) {
        ct_json_open(j, NULL, '{');
        ct_evaluation_json(j, &f->healthy.evaluation[i]);
        ct_json_close(j);
    }
    ct_json_close(j);
    ct_json_close(j);
}
