/* test_utf8.c -- characters, against the table of well-formed byte sequences in
 * the Unicode standard (table 3-7), and every code point there and back. */
#include "suites.h"

#include "formats/text.h"

#include <string.h>

START_TEST(reads_characters_of_every_length)
{
    static const struct {
        const char *s;
        int n;
        uint32_t code;
    } CASES[] = {
        {"A", 1, 0x41},
        {"\x7F", 1, 0x7F},
        {"\xC2\x80", 2, 0x80},
        {"\xC3\xA9", 2, 0xE9},
        {"\xE2\x82\xAC", 3, 0x20AC},
        {"\xF0\x9F\x90\x88", 4, 0x1F408},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint32_t code = 0;
        ck_assert_int_eq(ct_utf8_get(CASES[i].s, &code), CASES[i].n);
        ck_assert_uint_eq(code, CASES[i].code);
    }
}
END_TEST

START_TEST(refuses_what_is_not_well_formed)
{
    static const char *const CASES[] = {
        "",                 /* the end */
        "\x80",             /* continuation without a start */
        "\xC3",             /* cut off by the end */
        "\xE2\x82",         /* and later */
        "\xC3Z",            /* and by another character */
        "\xC0\xAF",         /* overlong '/' */
        "\xE0\x80\xAF",     /* the same in 3 */
        "\xF0\x80\x80\xAF", /* and 4 bytes */
        "\xC1\xBF",         /* the last overlong of 2 */
        "\xE0\x9F\xBF",     /* of 3 */
        "\xF0\x8F\xBF\xBF", /* and of 4 */
        "\xED\xA0\x80",     /* surrogate */
        "\xED\xBF\xBF",     /* the last one */
        "\xF4\x90\x80\x80", /* U+110000 */
        "\xC3\xC3",         /* a start where it should continue */
        "\xF8\x88\x80\x80", /* 5 bytes of old */
        "\xF9\x80\x80\x80",
        "\xFF",
    };
    uint32_t code;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_msg(ct_utf8_get(CASES[i], &code) == 0, "case %zu", i);
}
END_TEST

START_TEST(every_code_point_comes_back)
{
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char s[5] = "";
        uint32_t code = 0;
        const int n = ct_utf8_put(s, c);
        if (c >= 0xD800 && c <= 0xDFFF)
            ck_assert_int_eq(ct_utf8_get(s, &code), 0);
        else if (ct_utf8_get(s, &code) != n || code != c || s[n] != '\0')
            ck_abort_msg("U+%04X", c);
    }
}
END_TEST

START_TEST(finds_what_could_change_a_terminal)
{
    static const struct {
        const char *s;
        int at;
    } CASES[] = {
        {"plain", 5},
        {"caf\xC3\xA9", 5},
        {"ab\033[2J", 2},
        {"a\tb", 1},
        {"a\x1F", 1},
        {"a\x7F", 1},
        {"a\xC2\x9B"
         "b",
         1} /* CSI as one character */,
        {"\xC2\xA0", 2},
        {"ok\xFF", 2},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_int_eq(ct_text_unprintable(CASES[i].s) - CASES[i].s, CASES[i].at);
}
END_TEST

TCase *utf8_case(void)
{
    TCase *c = tcase_create("utf8");
    tcase_set_timeout(c, 30); /* a million code points under valgrind */
    add_tests(c, reads_characters_of_every_length, refuses_what_is_not_well_formed,
              every_code_point_comes_back, finds_what_could_change_a_terminal);
    return c;
}
