/* test_ini.c -- recipes as text, against settings and messages written by hand. */
#include "suites.h"

#include "formats/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ct_ini ini;
static char text[1 << 17];
static ct_arena lines;

static ct_status parse_bytes(const char *s, size_t size, ct_error *err)
{
    memcpy(text, s, size);
    text[size] = '\0';
    ct_arena_reset(&lines);
    return ct_ini_parse("recipe.ini", text, size, &lines, &ini, err);
}

static void parse(const char *s)
{
    ct_error err = {0};
    ck_assert_msg(parse_bytes(s, strlen(s), &err) == CT_OK, "%s", err.msg);
}

static void check_item(int i, const char *section, const char *key, const char *value, int line)
{
    ck_assert_int_lt(i, ini.n);
    ck_assert_str_eq(ini.item[i].section, section);
    ck_assert_str_eq(ini.item[i].key, key);
    ck_assert_str_eq(ini.item[i].value, value);
    ck_assert_int_eq(ini.item[i].line, line);
}

static void check_refused(const char *s, const char *message)
{
    ct_error err = {0};
    ck_assert_int_eq(parse_bytes(s, strlen(s), &err), CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, message);
}

START_TEST(reads_settings_in_order)
{
    parse("# a recipe\n"
          "name = first\n"
          "\n"
          "[loss]\n"
          "temperature=0.07\n"
          "  kind\t =  symmetric   info nce  \n"
          "[ train ]   ; and a comment\n"
          "steps = 100");
    ck_assert_int_eq(ini.n, 4);
    check_item(0, "", "name", "first", 2);
    check_item(1, "loss", "temperature", "0.07", 5);
    check_item(2, "loss", "kind", "symmetric   info nce", 6);
    check_item(3, "train", "steps", "100", 8);
}
END_TEST

START_TEST(comments_begin_a_line_or_follow_white_space)
{
    parse("; one\n"
          "   # two\n"
          "a = 1 # three\n"
          "b = 2\t; four\n"
          "c = #3\n"
          "d = x#y;z\n"
          "e =#5\n"
          "# f = 6\n");
    ck_assert_int_eq(ini.n, 5);
    check_item(0, "", "a", "1", 3);
    check_item(1, "", "b", "2", 4);
    check_item(2, "", "c", "", 5);
    check_item(3, "", "d", "x#y;z", 6);
    check_item(4, "", "e", "#5", 7);
}
END_TEST

START_TEST(a_value_may_hold_anything_else)
{
    parse("path = a/b = c [d]\nempty =\nutf8 = caf\xC3\xA9\n");
    ck_assert_int_eq(ini.n, 3);
    check_item(0, "", "path", "a/b = c [d]", 1);
    check_item(1, "", "empty", "", 2);
    check_item(2, "", "utf8", "caf\xC3\xA9", 3);
}
END_TEST

START_TEST(lines_of_windows_and_a_byte_order_mark_are_fine)
{
    parse("\xEF\xBB\xBF[a]\r\nb = c\r\n\r\n");
    ck_assert_int_eq(ini.n, 1);
    check_item(0, "a", "b", "c", 2);
}
END_TEST

START_TEST(an_empty_file_has_no_settings)
{
    parse("");
    ck_assert_int_eq(ini.n, 0);
    parse("\n\n   \n[only.a-section_]\n");
    ck_assert_int_eq(ini.n, 0);
}
END_TEST

START_TEST(the_same_key_may_stand_in_two_sections)
{
    parse("[image]\ndepth = 1\n[text]\ndepth = 2\n[image]\nwidth = 3\n");
    ck_assert_int_eq(ini.n, 3);
    check_item(1, "text", "depth", "2", 4);
    check_item(2, "image", "width", "3", 6);
}
END_TEST

START_TEST(says_line_and_reason)
{
    check_refused("[loss]\ntau = 1\n\ntau = 2\n",
                  "recipe.ini:4: [loss] tau is set already; remove this or line 2");
    check_refused("a = 1\n[b]\n[a]\n[]\n",
                  "recipe.ini:4: expected a section of letters, digits, '_', '-', '.', found ''");
    check_refused(
        "[los s]",
        "recipe.ini:1: expected a section of letters, digits, '_', '-', '.', found 'los s'");
    check_refused("  loss  # c", "recipe.ini:1: expected [section] or key = value, found 'loss'");
    check_refused("[loss", "recipe.ini:1: expected [section] or key = value, found '[loss'");
    check_refused("[", "recipe.ini:1: expected [section] or key = value, found '['");
    check_refused(
        "loss tau = 1",
        "recipe.ini:1: expected a key of letters, digits, '_', '-', '.', found 'loss tau'");
    check_refused("= 1",
                  "recipe.ini:1: expected a key of letters, digits, '_', '-', '.', found ''");
    check_refused("[a] x = 1",
                  "recipe.ini:1: expected a key of letters, digits, '_', '-', '.', found '[a] x'");
    check_refused("\na = \x1B[2J",
                  "recipe.ini:2: byte 5: expected UTF-8 without control characters");
    check_refused("a = \xFF", "recipe.ini:1: byte 5: expected UTF-8 without control characters");
    check_refused("a = 1\rb = 2\n",
                  "recipe.ini:1: byte 6: expected UTF-8 without control characters");
    check_refused("a = 1\n# \xC0\xAF",
                  "recipe.ini:2: byte 3: expected UTF-8 without control characters");
}
END_TEST

START_TEST(a_nul_is_refused_wherever_it_stands)
{
    ct_error err = {0};
    ck_assert_int_eq(parse_bytes("a = 1\0\nb = 2", 12, &err), CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, "recipe.ini:1: byte 6: expected UTF-8 without control characters");
    err = (ct_error){0};
    ck_assert_int_eq(parse_bytes("a = 1\0", 6, &err), CT_ERR_CONFIG);
    err = (ct_error){0};
    ck_assert_int_eq(parse_bytes("\0", 1, &err), CT_ERR_CONFIG);
}
END_TEST

START_TEST(too_many_settings_are_refused)
{
    char many[16 * (CT_INI_MAX + 1)];
    size_t used = 0;
    ct_error err = {0};
    for (int i = 0; i < CT_INI_MAX; i++)
        used += (size_t)sprintf(many + used, "k%d = v\n", i);
    ck_assert_int_eq(parse_bytes(many, used, &err), CT_OK);
    check_item(CT_INI_MAX - 1, "", "k511", "v", CT_INI_MAX);
    used += (size_t)sprintf(many + used, "last = v\n");
    ck_assert_int_eq(parse_bytes(many, used, &err), CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, "recipe.ini:513: expected at most 512 settings");
}
END_TEST

START_TEST(reads_a_file_of_limited_size)
{
    char path[] = "/tmp/contrast-ini-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");
    fputs("[a]\nb = c\n", f);
    fflush(f);
    ct_arena arena;
    ct_error err = {0};
    ct_arena_init(&arena, 0);
    ck_assert_int_eq(ct_ini_read(path, &arena, &ini, &err), CT_OK);
    check_item(0, "a", "b", "c", 2);
    for (size_t i = 0; i < CT_INI_BYTES; i++)
        fputc('#', f);
    fclose(f);
    ck_assert_int_eq(ct_ini_read(path, &arena, &ini, &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "expected at most 65536 bytes, found 65546"));
    remove(path);
    err = (ct_error){0};
    ck_assert_int_eq(ct_ini_read(path, &arena, &ini, &err), CT_ERR_IO);
    ct_arena_free(&arena);
}
END_TEST

/* Accepted or refused with a line, never anything else; under the sanitizers. */
START_TEST(every_changed_byte_is_harmless)
{
    static const char GOOD[] = "[a]\nb = 1 # c\n\n[d]\ne=f\n";
    for (size_t at = 0; at < sizeof GOOD - 1; at++)
        for (int value = 0; value < 256; value++) {
            ct_error err = {0};
            char *exact = malloc(sizeof GOOD);
            memcpy(exact, GOOD, sizeof GOOD);
            exact[at] = (char)value;
            const ct_status status = ct_ini_parse("recipe.ini", exact, sizeof GOOD - 1, &lines,
                                                  &ini, &err);
            ck_assert(status == CT_OK ||
                      (status == CT_ERR_CONFIG && strncmp(err.msg, "recipe.ini:", 11) == 0));
            for (int i = 0; status == CT_OK && i < ini.n; i++)
                ck_assert_uint_ge(strlen(ini.item[i].section) + strlen(ini.item[i].key) +
                                      strlen(ini.item[i].value),
                                  1);
            free(exact);
        }
}
END_TEST

TCase *ini_case(void)
{
    TCase *c = tcase_create("ini");
    tcase_set_timeout(c, 20);
    tcase_add_test(c, reads_settings_in_order);
    tcase_add_test(c, comments_begin_a_line_or_follow_white_space);
    tcase_add_test(c, a_value_may_hold_anything_else);
    tcase_add_test(c, lines_of_windows_and_a_byte_order_mark_are_fine);
    tcase_add_test(c, an_empty_file_has_no_settings);
    tcase_add_test(c, the_same_key_may_stand_in_two_sections);
    tcase_add_test(c, says_line_and_reason);
    tcase_add_test(c, a_nul_is_refused_wherever_it_stands);
    tcase_add_test(c, too_many_settings_are_refused);
    tcase_add_test(c, reads_a_file_of_limited_size);
    tcase_add_test(c, every_changed_byte_is_harmless);
    return c;
}
