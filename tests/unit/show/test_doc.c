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
    return (ct_doc){.screen = &terminal, .page = &writer};
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
    const ct_doc d = open_doc(), none = {.json = NULL};
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
    double expected, allowed;
} claim;

static const ct_field CLAIM[] = {
    {.key = "what", .label = "", .kind = CT_STRING, CT_AT(claim, what)},
    {.key = "measured", .kind = CT_SPREAD, CT_AT(claim, measured)},
    {.key = "expected", .kind = CT_REAL, CT_AT(claim, expected)},
    {.key = "allowed_error", .kind = CT_REAL, CT_AT(claim, allowed), .detail = true},
};
static const ct_fields CLAIMS = CT_FIELDS(CLAIM);

static void write_claims(const claim *row, int n)
{
    const ct_table t = {&CLAIMS, row, n, sizeof *row};
    const ct_doc d = open_doc();
    ct_doc_table(&d, "claims", &t);
    close_doc();
}

/* The band is the middle half of the line, and a hair's breadth is one. */
START_TEST(the_axis_of_an_error_is_no_narrower_than_what_is_allowed)
{
    static const claim CLOSE = {"close", ALL(2.0001), 2, 0.01}, WIDE = {"wide", ALL(2), 2, 1};
    static const claim *const ROW[] = {&CLOSE, &WIDE};
    for (int i = 0; i < 2; i++) {
        write_claims(ROW[i], 1);
        ck_assert_int_eq(count(page, "<svg"), 1);
        holds(page, "<rect class=\"allowed\" x=\"24\" y=\"0\" width=\"48\" height=\"12\"/>");
        holds(page,
              i == 0 ? "<circle class=\"da\" cx=\"48.2\"" : "<circle class=\"da\" cx=\"48.0\"");
    }
    holds(page, "<title>0 to 4; the band: 2 +- 1</title>");
}
END_TEST

/* What is far off is on the line too, outside of the band, with its range. */
START_TEST(an_error_larger_than_allowed_is_outside_of_the_band)
{
    static const claim ROW = {"off", {5, 3, 6, 4, 1, 3}, 2, 1};
    write_claims(&ROW, 1);
    holds(page, "<td class=n>5 [3, 6]\n<svg ");
    holds(page, "<title>-2 to 6; the band: 2 +- 1</title>");
    holds(page, "<rect class=\"allowed\" x=\"36\" y=\"0\" width=\"24\" height=\"12\"/>");
    holds(page, "<path class=\"a\" d=\"M60.0 6.0L96.0 6.0\"/><circle class=\"da\" cx=\"84.0\"");
}
END_TEST

START_TEST(without_an_allowed_error_nothing_is_drawn)
{
    static const claim ROW[] = {
        {"compared", ALL(5), (double)NAN, (double)NAN},
        {"exact", ALL(5), 5, 0},
        {"never", {(double)INFINITY, 2, (double)INFINITY, 1, 1, 3}, 2, 1},
    };
    static const point POINT = {"1", "a", 0, ALL(1), ALL(1), 0};
    write_claims(ROW, 3);
    ck_assert_int_eq(count(page, "<svg"), 0);
    const ct_doc d = open_doc();
    ct_doc_table(&d, NULL, &CT_TABLE(&FIELDS, &POINT, 1));
    close_doc();
    ck_assert_int_eq(count(page, "<svg"), 0);
}
END_TEST

START_TEST(members_of_one_row_are_lines)
{
    const point p = {"0.1", "a & b", 1, ALL(10), ALL(0.5), 0};
    const ct_fields columns = {ROWS, 3};
    const ct_doc d = open_doc(), none = {.json = NULL};
    ct_doc_members(&d, &columns, &p);
    ct_doc_members(&none, &columns, &p);
    close_doc();
    holds(screen, "  one 0.1  ");
    holds(screen, "  second a & b  ");
    holds(screen, "  state collapsed\n");
    holds(page, "<tr><td>second</td><td>a &amp; b</td></tr>\n<tr><td>state</td><td>collapsed</td>");
}
END_TEST

/* A table without rows is an answer to a program, and nothing to look at. */
START_TEST(tables_and_members_are_json_too)
{
    static const claim ROW = {"exact", ALL(5), 5, 0};
    const point p = {"0.1", "a", 1, ALL(10), ALL(0.5), 0};
    const ct_fields columns = {ROWS, 2}, what = {CLAIM, 1};
    ct_json j = {.used = 0};
    ct_doc d = open_doc();
    d.json = &j;
    ct_json_open(&j, NULL, '{');
    ct_doc_members(&d, &columns, &p);
    ct_doc_table(&d, "rows", &CT_TABLE(&what, &ROW, 1));
    close_doc();
    d = open_doc();
    d.json = &j;
    ct_doc_table(&d, "none", &CT_TABLE(&what, &ROW, 0));
    ct_json_close(&j);
    close_doc();
    ck_assert_str_eq(j.text,
                     "{\"one\":\"0.1\",\"two\":\"a\",\"rows\":[{\"what\":\"exact\"}],\"none\":[]}");
    ck_assert_str_eq(screen, "");
    ck_assert_str_eq(page, "");
    ct_json_free(&j);
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
    add_tests(tc, words, a_phase_diagram_has_a_cell_for_each_point,
              the_axis_of_an_error_is_no_narrower_than_what_is_allowed,
              an_error_larger_than_allowed_is_outside_of_the_band,
              without_an_allowed_error_nothing_is_drawn, members_of_one_row_are_lines,
              tables_and_members_are_json_too, charts_and_matrices);
    return tc;
}
