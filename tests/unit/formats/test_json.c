/* test_json.c -- the writer against texts written by hand, the reader against
 * lists of good and bad documents, and one against the other. */
#include "suites.h"

#include "formats/json.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writer ---- */

START_TEST(writes_nested_values_in_order)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_integer(&j, "step", -12);
    ct_json_number(&j, "loss", 0.5);
    ct_json_open(&j, "spectrum", '[');
    ct_json_number(&j, NULL, 1);
    ct_json_number(&j, NULL, 0.25);
    ct_json_open(&j, NULL, '{');
    ct_json_close(&j);
    ct_json_open(&j, NULL, '[');
    ct_json_close(&j);
    ct_json_close(&j);
    ct_json_literal(&j, "done", "true");
    ct_json_literal(&j, "stopped", "false");
    ct_json_string(&j, "name", "a {[ b");
    ct_json_string(&j, "next", "");
    ct_json_close(&j);
    ck_assert(!j.failed);
    ck_assert_str_eq(j.text, "{\"step\":-12,\"loss\":0.5,\"spectrum\":[1,0.25,{},[]],\"done\":true,"
                             "\"stopped\":false,\"name\":\"a {[ b\",\"next\":\"\"}");
    ck_assert_uint_eq(j.used, strlen(j.text));
    ct_json_free(&j);
}
END_TEST

static void check_number(double x, const char *text)
{
    ct_json j = {0};
    ct_json_number(&j, NULL, x);
    ck_assert_str_eq(j.text, text);
    ct_json_free(&j);
}

START_TEST(numbers_have_the_digits_they_need)
{
    check_number(0.1, "0.1");
    check_number(1.0 / 3, "0.3333333333333333");
    check_number(82222888, "82222888"); /* a float too, with fewer digits */
    check_number((double)0.1F, "0.10000000149011612");
    check_number(1e300, "1e+300");
    ct_json j = {0};
    ct_json_open(&j, NULL, '[');
    ct_json_number(&j, NULL, 0.1);
    ct_json_number(&j, NULL, (double)NAN);
    ct_json_number(&j, NULL, (double)-INFINITY);
    ct_json_close(&j);
    ck_assert_str_eq(j.text, "[0.1,null,null]");
    ct_json_free(&j);
}
END_TEST

START_TEST(what_is_not_finite_is_null)
{
    check_number((double)NAN, "null");
    check_number((double)INFINITY, "null");
    check_number(-(double)INFINITY, "null");
}
END_TEST

START_TEST(strings_are_escaped)
{
    ct_json j = {0};
    ct_json_string(&j, NULL, "\"\\/\b\f\n\r\t\x01\x1F\x7F caf\xC3\xA9 \xF0\x9F\x90\x88 \xFF\xC3.");
    ck_assert_str_eq(j.text, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7F caf\xC3\xA9 "
                             "\xF0\x9F\x90\x88 \\ufffd\\ufffd.\"");
    ct_json_free(&j);
}
END_TEST

START_TEST(there_is_always_room_for_the_nul)
{
    static char s[700];
    memset(s, 'x', sizeof s - 1);
    for (size_t n = 0; n < sizeof s; n++) {
        ct_json j = {0};
        ct_json_open(&j, NULL, '[');
        ct_json_string(&j, NULL, s + sizeof s - n - 1);
        ct_json_close(&j);
        ck_assert_uint_eq(j.used, n + 4);
        ck_assert_uint_eq(strlen(j.text), j.used);
        ck_assert_uint_lt(j.used, j.cap);
        ct_json_free(&j);
    }
}
END_TEST

START_TEST(a_warm_writer_does_not_allocate)
{
    ct_json j = {0};
    long after_first = 0;
    for (int line = 0; line < 3; line++) {
        ct_json_reset(&j);
        ct_json_open(&j, NULL, '[');
        for (int i = 0; i < 1000; i++)
            ct_json_integer(&j, NULL, i);
        ct_json_close(&j);
        ck_assert_uint_eq(j.used, 10 + 180 + 2700 + 999 + 2);
        after_first = line == 0 ? ct_alloc_count() : after_first;
    }
    ck_assert_int_eq(ct_alloc_count(), after_first);
    ct_json_free(&j);
}
END_TEST

START_TEST(reset_forgets_what_was_open)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_open(&j, "a", '{');
    ct_json_reset(&j);
    ct_json_integer(&j, NULL, 7);
    ck_assert_str_eq(j.text, "7");
    ct_json_free(&j);
}
END_TEST

START_TEST(no_memory_sets_failed_and_leaks_nothing)
{
    for (int n = 0; n < 4; n++) {
        ct_json j = {0};
        ct_alloc_fail_at(n);
        ct_json_open(&j, NULL, '[');
        for (int i = 0; i < 1000; i++)
            ct_json_string(&j, NULL, "some text");
        ct_json_close(&j);
        ct_alloc_fail_at(-1);
        ck_assert(j.failed);
        ct_json_reset(&j);
        ct_json_integer(&j, NULL, 7);
        ck_assert(!j.failed);
        ck_assert_str_eq(j.text, "7");
        ct_json_free(&j);
    }
}
END_TEST

static void open_wrongly(int how)
{
    ct_json j = {0};
    if (how == 0)
        ct_json_close(&j);
    if (how == 1)
        ct_json_integer(&j, "key", 1); /* a key outside of an object */
    ct_json_open(&j, NULL, how == 2 ? '(' : '{');
    ct_json_integer(&j, how == 2 || how == 3 ? NULL : "a", 1); /* an object without a key */
    ct_json_close(&j);
    if (how == 4)
        ct_json_integer(&j, NULL, 2); /* a second document */
}

START_TEST(wrong_nesting_is_a_bug)
{
    open_wrongly(_i);
}
END_TEST

/* ---- reader ---- */

/* Read all of `text`; the events as letters: { [ ) for close, s n t f 0, and then . for
 * the end or ! for a mistake. Keys and strings stand between < and >. */
static const char *events(const char *text)
{
    static char out[512], copy[512];
    ct_json_reader r;
    size_t used = 0;
    char *exact = malloc(strlen(text) + 1); /* so that a sanitizer sees every overrun */
    strcpy(exact, text);
    ct_json_reader_init(&r, exact);
    for (ct_json_type t = CT_JSON_NULL; t != CT_JSON_END && t != CT_JSON_BAD && used < 400;) {
        t = ct_json_next(&r);
        if (r.key != NULL && t != CT_JSON_BAD)
            used += (size_t)snprintf(out + used, sizeof out - used, "<%s>", r.key);
        switch (t) {
        case CT_JSON_BAD: used += (size_t)sprintf(out + used, "!"); break;
        case CT_JSON_END: used += (size_t)sprintf(out + used, "."); break;
        case CT_JSON_OBJECT: used += (size_t)sprintf(out + used, "{"); break;
        case CT_JSON_ARRAY: used += (size_t)sprintf(out + used, "["); break;
        case CT_JSON_CLOSE: used += (size_t)sprintf(out + used, ")"); break;
        case CT_JSON_STRING:
            used += (size_t)snprintf(out + used, sizeof out - used, "s<%s>", r.text);
            break;
        case CT_JSON_NUMBER:
            used += (size_t)snprintf(out + used, sizeof out - used, r.whole ? "n%g" : "x%g",
                                     r.number);
            break;
        case CT_JSON_BOOL: used += (size_t)sprintf(out + used, r.truth ? "t" : "f"); break;
        case CT_JSON_NULL: used += (size_t)sprintf(out + used, "0"); break;
        }
    }
    ck_assert((r.problem != NULL) == (out[used - 1] == '!'));
    const ct_json_type again = ct_json_next(&r); /* both ends stay the end */
    ck_assert(again == (r.problem != NULL ? CT_JSON_BAD : CT_JSON_END));
    free(exact);
    return strcpy(copy, out);
}

START_TEST(reads_every_kind_of_value)
{
    ck_assert_str_eq(events("{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}"),
                     "{<a>n1<b>[tf0)<c>{<d>s<e>)).");
    ck_assert_str_eq(events(" { \"a\" :\t-1.5 ,\r\n\"b\" : [ ] , \"c\" : { } } \n"),
                     "{<a>x-1.5<b>[)<c>{)).");
    ck_assert_str_eq(events("[]"), "[).");
    ck_assert_str_eq(events("[{\"a\":1},[2,{}]]"), "[{<a>n1)[n2{))).");
    ck_assert_str_eq(events("7"), "n7.");
    ck_assert_str_eq(events("1e1"), "x10.");
    ck_assert_str_eq(events("\"\""), "s<>.");
    ck_assert_str_eq(events("[[[[[[[[1]]]]]]]]"), "[[[[[[[[n1)))))))).");
}
END_TEST

START_TEST(decodes_escapes)
{
    ck_assert_str_eq(events("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "s<\"\\/\b\f\n\r\t>.");
    ck_assert_str_eq(events("\"\\u0041\\u00e9\\u20AC\\ud83d\\udc08!\""),
                     "s<A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x88!>.");
    ck_assert_str_eq(events("\"\\udbff\\udfff\""), "s<\xF4\x8F\xBF\xBF>.");
    ck_assert_str_eq(events("{\"\\u0061\\n\":\"b\"}"), "{<a\n>s<b>).");
    ck_assert_str_eq(events("\"caf\xC3\xA9\""), "s<caf\xC3\xA9>.");
}
END_TEST

START_TEST(refuses_what_is_not_json)
{
    static const char *const CASES[] = {
        /* nothing, too much, unfinished */
        "",
        " ",
        "1 2",
        "{}{}",
        "[1",
        "[",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "\"a",
        "[1,",
        /* commas and colons */
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\",1}",
        ",",
        ":",
        /* brackets */
        "[1}",
        "{\"a\":1]",
        "]",
        "}",
        "{1:2}",
        "{a:1}",
        "{\"a\":}",
        "{[]:1}",
        /* words and numbers */
        "nul",
        "True",
        "truefalse",
        "NaN",
        "-",
        "01",
        "+1",
        ".5",
        "1.",
        "0x10",
        "1e999",
        "--1",
        "'a'",
        "// c\n1",
        /* strings */
        "\"\\x\"",
        "\"\\",
        "\"\\\"",
        "\"\\u12\"",
        "\"\\u123\"",
        "\"\\u123g\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800\\ue000\"",
        "\"a\nb\"",
        "\"\x01\"",
        "\"\xFF\"",
        "\"\xC0\xAF\"",
        "\"\xED\xA0\x80\"",
        "\"\xC3\"",
        /* deeper than 8 */
        "[[[[[[[[[1]]]]]]]]]",
        "\xEF\xBB\xBF{}",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *e = events(CASES[i]);
        ck_assert_msg(e[strlen(e) - 1] == '!', "%s was read as %s", CASES[i], e);
    }
}
END_TEST

START_TEST(says_where_the_mistake_is)
{
    char text[] = "{\"a\": 1, \"b\": tru}";
    ct_json_reader r;
    ct_json_reader_init(&r, text);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_OBJECT);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_NUMBER);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_BAD);
    ck_assert_str_eq(r.problem, "expected a value");
    ck_assert_int_eq(r.at - r.start, 14);
}
END_TEST

START_TEST(keys_live_as_long_as_the_text)
{
    char text[] = "{\"first\":1,\"\\u0073econd\":\"x\"}";
    ct_json_reader r;
    ct_json_reader_init(&r, text);
    ct_json_next(&r);
    ct_json_next(&r);
    const char *first = r.key;
    ct_json_next(&r);
    const char *second = r.key, *value = r.text;
    while (ct_json_next(&r) != CT_JSON_END)
        ck_assert_ptr_null(r.problem);
    ck_assert_str_eq(first, "first");
    ck_assert_str_eq(second, "second");
    ck_assert_str_eq(value, "x");
}
END_TEST

START_TEST(a_metrics_line_reads_back)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_integer(&j, "step", 412);
    ct_json_number(&j, "loss", 1.9459101);
    ct_json_string(&j, "note", "all \"equal\"\n\x1B");
    ct_json_number(&j, "rank", 1.0 / 3);
    ct_json_close(&j);
    ct_json_reader r;
    ct_json_reader_init(&r, j.text);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_OBJECT);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_NUMBER);
    ck_assert_str_eq(r.key, "step");
    ck_assert(r.whole && r.number == 412);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_NUMBER);
    ck_assert((float)r.number == 1.9459101F && !r.whole);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_STRING);
    ck_assert_str_eq(r.text, "all \"equal\"\n\x1B");
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_NUMBER);
    ck_assert(r.number == 1.0 / 3);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_CLOSE);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_END);
    ct_json_free(&j);
}
END_TEST

TCase *json_case(void)
{
    TCase *c = tcase_create("json");
    add_tests(c, writes_nested_values_in_order, numbers_have_the_digits_they_need,
              what_is_not_finite_is_null, strings_are_escaped, there_is_always_room_for_the_nul,
              a_warm_writer_does_not_allocate, reset_forgets_what_was_open,
              no_memory_sets_failed_and_leaks_nothing);
    if (forking())
        tcase_add_loop_test_raise_signal(c, wrong_nesting_is_a_bug, 6 /* SIGABRT */, 0, 5);
    add_tests(c, reads_every_kind_of_value, decodes_escapes, refuses_what_is_not_json,
              says_where_the_mistake_is, keys_live_as_long_as_the_text, a_metrics_line_reads_back);
    return c;
}
