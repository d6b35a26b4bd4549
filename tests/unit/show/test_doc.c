/* test_doc.c -- what is said once, on a screen and in a page. */
#include "show/phase.h"
#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char screen[8192], page[65536], path[24];
static ct_terminal terminal;
static ct_writer writer;
static ct_error err;

static ct_doc open_doc(void)
{
    err = (ct_error){.status = CT_OK};
    terminal = (ct_terminal){.out = tmpfile(), .width = 80};
    strcpy(path, "/tmp/ct-doc-XXXXXX");
    close(mkstemp(path));
    ck_assert_int_eq(ct_writer_open(&writer, path, CT_REPLACE, &err), CT_OK);
    return (ct_doc){&terminal, &writer};
}

static void read_back(FILE *f, char *text, size_t size)
{
    rewind(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
}

/* What was said is in `screen` and `page`. */
static void close_doc(void)
{
    ck_assert_int_eq(ct_writer_commit(&writer), CT_OK);
    read_back(terminal.out, screen, sizeof screen);
    read_back(fopen(path, "r"), page, sizeof page);
    remove(path);
}

static void holds(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

START_TEST(words)
{
    const ct_doc d = open_doc(), none = {NULL, NULL};
    ct_doc_title(&d, "%d & more", 1);
    ct_doc_item(&d, "%s %s", "twenty characters ok twenty characters ok twenty characters ok",
                "twenty characters ok twenty characters ok");
    ct_doc_about(&d, "%s: %s", "try first", "a <b>: 100 %");
    ct_doc_code(&d, "one  two");
    ct_doc_text(&none, "nobody hears it");
    close_doc();
    ck_assert_str_eq(screen,
                     "\n1 & more\n"
                     "  - twenty characters ok twenty characters ok twenty characters ok twenty "
                     "characters ok twenty\n    characters ok\n"
                     "try first: a <b>: 100 %\n"
                     "  one  two\n");
    holds(page, "<h2>1 &amp; more</h2>\n<p class=\"item\">twenty ");
    holds(page, "<p><strong>try first</strong>: a &lt;b&gt;: 100 %</p>\n<pre>one  two</pre>\n");
}
END_TEST

/* ---- tables as pictures ---- */

typedef struct point {
    const char *one, *two;
    int state;
    ct_spread escape_step, recall;
    double expected;
} point;

static const ct_field ROWS[] = {
    {.key = "one", .kind = CT_STRING, CT_AT(point, one)},
    {.key = "two", .label = "second", .kind = CT_STRING, CT_AT(point, two)},
    {.key = "state", .kind = CT_CHOICE, CT_AT(point, state), .choices = "healthy collapsed"},
    {.key = "escape_step", .label = "left it at", .kind = CT_SPREAD, CT_AT(point, escape_step)},
    {.key = "recall_at_1_image_to_text", .kind = CT_SPREAD, CT_AT(point, recall)},
};
static const ct_fields FIELDS = CT_FIELDS(ROWS);

#define ALL(x)                   \
    {                            \
        (x), (x), (x), (x), 0, 2 \
    }

START_TEST(a_phase_diagram_has_a_cell_for_each_point)
{
    static const point POINT[] = {
        {"0.1", "a", 0, ALL(10), ALL(1), 0},
        {"0.1", "b", 1, ALL((double)INFINITY), ALL(0), 0},
        {"1", "a", 0, ALL(20), ALL(0.5), 0}, /* and no (1, b) */
    };
    const ct_table t = {&FIELDS, POINT, 3, sizeof *POINT};
    const ct_doc d = open_doc();
    ct_doc_phase(&d, &t);
    close_doc();
    holds(screen, "           1  h  \n         0.1  h C\n              second  a ... b\n");
    holds(screen, "   C collapsed: 1 of 3\n");
    ck_assert_int_eq(count(page, "<title>one 0.1, second a, state healthy"), 3); /* three maps */
    ck_assert_int_eq(count(page, "class=\"s-collapsed\""), 2); /* and the legend */
    ck_assert_int_eq(count(page, "class=\"never\""), 2);
    ck_assert_int_eq(count(page, "class=\"h20\""), 2); /* the soonest, the best */
    ck_assert_int_eq(count(page, "class=\"h15\""), 2);
}
END_TEST

typedef struct claim {
    const char *what;
    ct_spread measured;
    double expected;
} claim;

static const ct_field CLAIM[] = {
    {.key = "what", .label = "", .kind = CT_STRING, CT_AT(claim, what)},
    {.key = "measured", .kind = CT_SPREAD, CT_AT(claim, measured)},
    {.key = "expected", .kind = CT_REAL, CT_AT(claim, expected)},
};
static const ct_fields CLAIMS = CT_FIELDS(CLAIM);

START_TEST(spreads_are_a_picture_for_each_quantity)
{
    static const claim ROW[] = {
        {"small: speed", {2, 1, 3, 2, 1, 3}, 2.5},
        {"... weight", ALL(5), (double)NAN},
        {"a label of so many words that it has no room on its line: speed",
         {(double)INFINITY, 1, (double)INFINITY, 1, 1, 3},
         (double)NAN},
        {"large: weight", ALL(5), (double)NAN},
        {"alone", ALL(1), (double)NAN},
    };
    const ct_table t = {&CLAIMS, ROW, 5, sizeof *ROW};
    const ct_doc d = open_doc();
    ct_doc_spreads(&d, &t);
    close_doc();
    ck_assert_str_eq(screen, "");
    ck_assert_int_eq(count(page, "data-kind=\"spreads\""), 2);
    holds(page, "<h3>speed</h3>");
    holds(page, "<h3>weight</h3>");
    ck_assert_int_eq(count(page, ">small</text>"), 2);
    holds(page, ">row 3 of the table</text>");
    holds(page, ">never [1, never]</text>");
    holds(page, "<title>2 [1, 3]</title>");
    ck_assert_int_eq(count(page, "<title>expected</title>"), 1);
}
END_TEST

START_TEST(charts_and_matrices)
{
    static const double SHARE[] = {0, 0.5, 1, 0.5}, COSINE[] = {1, -1, -1, 1};
    ct_chart c = {.x_name = "cosine", .y_name = "share"};
    const ct_axes least = ct_chart_axes(-1, 1, 0, 0.05);
    const ct_doc d = open_doc();
    ct_chart_add(&c, (ct_series){.as = CT_BARS, .look = "fa", .name = "pairs", .y = SHARE, .n = 4});
    ct_chart_add(&c, (ct_series){.as = CT_LINE, .look = "a", .name = "size", .y = SHARE, .n = 4});
    ct_doc_chart(&d, "Hill", "What to see", &c, &least);
    ct_doc_matrix(&d, "Cosines", COSINE, 2, "rows", "columns");
    close_doc();
    holds(screen, "  Hill, pairs: -1| =@=|1\n  Hill, size: 1: 0 2: 0.5 4: 0.5\n");
    holds(screen, "    1.00  -1.00 \n");
    holds(page, "<h3>Hill</h3>\n<p class=\"dim\">What to see</p>");
    holds(page, "<path class=\"c h20\" d=\"M0 0h1v1h-1zM1 1h1v1h-1z\"/>");
}
END_TEST

TCase *doc_case(void)
{
    TCase *tc = tcase_create("doc");
    tcase_add_test(tc, words);
    tcase_add_test(tc, a_phase_diagram_has_a_cell_for_each_point);
    tcase_add_test(tc, spreads_are_a_picture_for_each_quantity);
    tcase_add_test(tc, charts_and_matrices);
    return tc;
}
