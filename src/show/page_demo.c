/* page_demo.c -- the demo on a page; see page.h.
 *
 * Its words are those of the terminal (story.c), told into memory.
 *
 * Layer: show. */
#include "show/page.h"

#include "show/pictures.h"
#include "show/spreads.h"
#include "show/story.h"

#include <math.h>
#include <stdio.h>

static void table(ct_page *p, const ct_study_rows *rows)
{
    const ct_table t = {.columns = &rows->columns,
                        .row = rows->row,
                        .n = rows->n,
                        .stride = sizeof *rows->row};
    ct_page_table(p, &t);
}

/* Cosines at the best that free embeddings reach: the simplex. */
static void matrix(ct_writer *page, const ct_question *q)
{
    ct_put_raw(page, "<figure>");
    ct_svg_begin(page, CT_CHART_WIDTH, CT_CHART_HEIGHT, "data-kind=\"best\"", "Cosines at the best",
                 "Seven pairs of free vectors at the least loss there is: 1 on the diagonal, -1/6 "
                 "elsewhere.");
    ct_matrix_draw(page, q->similarity, CT_QUESTION_N, "x1, row of the batch",
                   "x2, row of the batch");
    ct_svg_end(page);
    ct_put_raw(page, "<figcaption>Cosines of the seven pairs of free vectors at the least loss "
                     "there is.</figcaption></figure>\n");
}

/* A part of the story, as a terminal without colour shows it. */
static bool words(ct_writer *s, const ct_demo *f, const ct_pairs *pairs, int part)
{
    static char text[1 << 15]; /* the whole story has a quarter of it */
    const ct_terminal t = {.out = fmemopen(text, sizeof text, "w"), .width = 100};
    if (t.out == NULL)
        return false;
    if (part == 0) {
        ct_story_question(&t, &f->question);
    } else if (part == 1) {
        ct_story_positives(&t, NULL);
        ct_story_positives(&t, &f->positives);
    } else if (part == 2) {
        ct_story_fixes(&t, NULL);
        ct_story_fixes(&t, &f->fixes);
    } else {
        ct_story_healthy(&t, NULL, NULL);
        ct_story_healthy(&t, &f->healthy, pairs);
    }
    fclose(t.out);                      /* ends it with a NUL */
    ct_put_element(s, "pre", text + 1); /* behind the empty line it begins with */
    return true;
}

ct_status ct_page_demo(ct_page *p, const ct_demo *f, const ct_pairs *pairs, ct_error *err)
{
    ct_writer *s = p;
    for (int part = 0; part < 4; part++) {
        ct_put_raw(s, "<section>\n");
        if (!words(s, f, pairs, part))
            return CT_FAIL(err, CT_ERR_NOMEM, "demo: no memory for its page");
        if (part == 0)
            matrix(s, &f->question);
        else if (part < 3)
            table(s, part == 1 ? &f->positives : &f->fixes);
        ct_put_raw(s, "</section>\n");
    }
    return CT_OK;
}
