/* test_doc.c -- what is said once, on a screen and in a page. */
#include "show/doc.h"
#include "show_helpers.h"

#include <math.h>

static char screen[8192], page[65536];
static ct_terminal terminal;
static ct_writer writer;
static ct_error err;

static ct_doc open_doc(void)
{
    err = (ct_error){.status = CT_OK};
    terminal = (ct_terminal){.out = tmpfile(), .width = 80};
    open_writer(&writer, &err);
    return (ct_doc){&terminal, &writer};
}

/* What was said is in `screen` and `page`. */
static void close_doc(void)
{
    read_back(terminal.out, screen, sizeof screen);
    written(&writer, page, sizeof page);
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

/* Each on a line that its quantity has to itself: from 0 or the least to the most. */
START_TEST(a_spread_is_drawn_in_its_cell)
{
    static const claim ROW[] = {
        {"small: speed", {2, 1, 3, 2, 1, 3}, 2.5},
        {"... weight", ALL(5), (double)NAN},
        {"large: speed", {(double)INFINITY, 2, (double)INFINITY, 1, 1, 3}, (double)NAN},
        {"large: weight", ALL(5), (double)NAN},
        {"alone", ALL(1), (double)NAN},
    };
    const ct_table t = {&CLAIMS, ROW, 5, sizeof *ROW};
    const ct_doc d = open_doc();
    ct_doc_table(&d, &t);
    close_doc();
    ck_assert_int_eq(count(page, "<svg"), 2); /* equal weights differ in nothing */
    ck_assert_int_eq(count(page, "<title>0 to 3</title>"), 2);
    ck_assert_int_eq(count(page, "<rect class=\"db\" x=\"95.5\""), 1); /* expected 2.5 of 3 */
    holds(page, "<td class=n>2 [1, 3]\n<svg ");
    holds(page, "<path class=\"a\" d=\"M40.0 6.0H120.0\"/><circle class=\"da\" cx=\"80.0\"");
    holds(page, "never [2, never]\n<svg ");
    holds(page, "<path class=\"a\" d=\"M80.0 6.0H120.0\"/></svg>"); /* as far as it is drawn */
}
END_TEST

/* A colon in a name makes no quantity where nothing is expected. */
START_TEST(all_rows_of_a_column_share_a_line)
{
    static const point POINT[] = {
        {"control: rate", "a", 0, ALL(1), ALL(1), 0},
        {"other", "a", 0, ALL(4), ALL(1), 0},
    };
    const ct_fields columns = {ROWS, 5};
    const ct_table t = {&columns, POINT, 2, sizeof *POINT};
    const ct_doc d = open_doc();
    ct_doc_table(&d, &t);
    close_doc();
    ck_assert_int_eq(count(page, "<title>0 to 4</title>"), 2);
    holds(page, "cx=\"30.0\"");
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
    add_tests(tc, words, a_phase_diagram_has_a_cell_for_each_point, a_spread_is_drawn_in_its_cell,
              all_rows_of_a_column_share_a_line, charts_and_matrices);
    return tc;
}
