/* test_table.c -- one result in four voices. */
#include "show/table.h"
#include "show_helpers.h"

typedef struct result {
    char name[24];
    double loss, side[2];
    ct_spread recall;
    int hidden;
} result;

static const ct_field ROWS[] = {
    {.key = "name", .kind = CT_TEXT, CT_AT(result, name)},
    {.key = "loss", .label = "the loss", .kind = CT_REAL, CT_AT(result, loss), .format = "%.2f"},
    {.key = "side", .kind = CT_REAL, CT_AT(result, side), .count = 2, .format = "%.1f"},
    {.key = "recall", .kind = CT_SPREAD, CT_AT(result, recall), .format = "%.1f"},
    {.key = "hidden", .kind = CT_INT, CT_AT(result, hidden), .detail = true},
};
static const ct_fields FIELDS = CT_FIELDS(ROWS);
static const result RESULT[] = {
    {"a & b", 10, {1, 2}, {1, 1, 1, 1, (double)NAN, 1}, 7},
    {"caf\xc3\xa9, \"x\"", (double)NAN, {3, 4}, {2, 1, (double)INFINITY, 2, 0.5, 3}, 8},
};
static const ct_table TABLE = {&FIELDS, RESULT, 2, sizeof *RESULT};

static char text[2048];

/* What `voice` leaves in a file. */
static char *told(void (*voice)(const ct_table *, ct_writer *))
{
    ct_error err = {0};
    ct_writer w;
    open_writer(&w, &err);
    voice(&TABLE, &w);
    return written(&w, text, sizeof text);
}

START_TEST(on_the_terminal)
{
    FILE *f = tmpfile();
    ct_table_print(&TABLE, f, 2);
    ct_table_print_members(&FIELDS, &RESULT[1], f, 2);
    ck_assert_str_eq(read_back(f, text, sizeof text),
                     "  name       the loss      side            recall\n"
                     "  a & b         10.00  1.0, 2.0               1.0\n"
                     "  caf\xc3\xa9, \"x\"         -  3.0, 4.0  2.0 [1.0, never]\n"
                     "  name      caf\xc3\xa9, \"x\"\n"
                     "  the loss  -\n"
                     "  side      3.0, 4.0\n"
                     "  recall    2.0 [1.0, never]\n");
}
END_TEST

START_TEST(in_few_lines)
{
    static const ct_field LONG[] = {
        {.key = "loss", .kind = CT_REAL, CT_AT(result, loss), .format = "%-90.1f"},
        {.key = "name", .kind = CT_TEXT, CT_AT(result, name)},
        {.key = "side", .kind = CT_REAL, CT_AT(result, side), .count = 2, .optional = true},
        {.key = "loss", .kind = CT_REAL, CT_AT(result, loss), .optional = true},
    };
    static const ct_fields LONG_FIELDS = CT_FIELDS(LONG);
    const result none = {.name = "x", .loss = (double)NAN, .side = {(double)NAN, 1}};
    FILE *f = tmpfile();
    ct_table_print_lines(&FIELDS, RESULT, f, 2);
    ct_table_print_lines(&LONG_FIELDS, RESULT, f, 1);
    ct_table_print_lines(&LONG_FIELDS, &none, f, 0); /* what is optional is left out */
    char expected[512];
    snprintf(
        expected, sizeof expected,
        "  name a & b                      the loss 10.00                  side 1.0, 2.0\n"
        "  recall 1.0\n"
        " loss %-90s\n name a & b                      side 1, 2                       loss 10\n"
        "loss -                          name x\n",
        "10.0");
    ck_assert_str_eq(read_back(f, text, sizeof text), expected);
}
END_TEST

START_TEST(as_csv)
{
    ck_assert_str_eq(told(ct_table_csv),
                     "name,loss,side_1,side_2,recall,recall_least,recall_most,recall_mean,"
                     "recall_standard_error,recall_n,hidden\n"
                     "a & b,10,1,2,1,1,1,1,,1,7\n"
                     "\"caf\xc3\xa9, \"\"x\"\"\",,3,4,2,1,inf,2,0.5,3,8\n");
}
END_TEST

START_TEST(as_json)
{
    ct_json j = {0};
    ct_table_json(&TABLE, &j, NULL);
    ck_assert_ptr_nonnull(
        strstr(j.text,
               "[{\"name\":\"a & b\",\"loss\":10,\"side\":[1,2],\"recall\":{\"median\":1,"));
    ck_assert_ptr_nonnull(strstr(j.text, "\"loss\":null"));
    ct_json_free(&j);
}
END_TEST

START_TEST(in_a_page)
{
    const char *html = told(ct_table_html);
    ck_assert_ptr_nonnull(strstr(html, "<tr><th>name</th><th class=n>the loss</th>"));
    ck_assert_ptr_nonnull(strstr(html, "<td>a &amp; b</td><td class=n>10.00</td>"));
    ck_assert_ptr_nonnull(strstr(html, "caf\xc3\xa9, &quot;x&quot;"));
    ck_assert_ptr_null(strstr(html, "hidden"));
    ct_error err = {0};
    ct_writer w;
    open_writer(&w, &err);
    ct_table_html_members(&FIELDS, RESULT, &w);
    html = written(&w, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(html, "<tr><td>name</td><td>a &amp; b</td></tr>"));
    ck_assert_ptr_nonnull(strstr(html, "<tr><td>side</td><td>1.0, 2.0</td></tr>"));
}
END_TEST

TCase *table_case(void)
{
    TCase *tc = tcase_create("table");
    add_tests(tc, on_the_terminal, in_few_lines, as_csv, as_json, in_a_page);
    return tc;
}
