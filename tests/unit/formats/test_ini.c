/* test_ini.c -- recipes as text, against settings and messages written by hand. */
#include "suites.h"

#include "formats/lines.h"
#include "train/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts, so that a value arrives as it was written. */
typedef struct section {
    char a[32], b[32];
} section;

typedef struct object {
    char a[32], b[32], c[32], d[32], e[32];
    section loss, train;
} object;

static const ct_field SECTION_ROWS[] = {
    {.key = "a", .kind = CT_TEXT, CT_AT(section, a)},
    {.key = "b", .kind = CT_TEXT, CT_AT(section, b)},
};
static const ct_fields SECTION = CT_FIELDS(SECTION_ROWS);
static const ct_field ROWS[] = {
    {.key = "a", .kind = CT_TEXT, CT_AT(object, a)},
    {.key = "b", .kind = CT_TEXT, CT_AT(object, b)},
    {.key = "c", .kind = CT_TEXT, CT_AT(object, c)},
    {.key = "d", .kind = CT_TEXT, CT_AT(object, d)},
    {.key = "e", .kind = CT_TEXT, CT_AT(object, e)},
    {.key = "loss", .kind = CT_GROUP, CT_AT(object, loss), .members = &SECTION},
    {.key = "train", .kind = CT_GROUP, CT_AT(object, train), .members = &SECTION},
};
static const ct_fields FIELDS = CT_FIELDS(ROWS);

static object o;
static ct_arena lines;

static ct_status parse_bytes(const char *s, size_t size, ct_error *err)
{
    ct_arena_reset(&lines);
    char *text = ct_arena_alloc(&lines, size + 1);
    memcpy(text, s, size);
    text[size] = '\0';
    o = (object){"-", "-", "-", "-", "-", {"-", "-"}, {"-", "-"}};
    return ct_ini_parse("recipe.ini", text, size, &lines, &FIELDS, &o, err);
}

static void parse(const char *s)
{
    ct_error err = {0};
    ck_assert_msg(parse_bytes(s, strlen(s), &err) == CT_OK, "%s", err.msg);
}

static void check_refused(const char *s, const char *message)
{
    ct_error err = {0};
    ck_assert_int_eq(parse_bytes(s, strlen(s), &err), CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, message);
}

START_TEST(settings_go_to_the_members_of_their_section)
{
    parse("# a recipe\n"
          "a = first\n"
          "\n"
          "[loss]\n"
          "a=0.07\n"
          "  b\t =  symmetric   info nce  \n"
          "[ train ]   ; and a comment\n"
          "b = 100");
    ck_assert_str_eq(o.a, "first");
    ck_assert_str_eq(o.loss.a, "0.07");
    ck_assert_str_eq(o.loss.b, "symmetric   info nce");
    ck_assert_str_eq(o.train.b, "100");
    ck_assert_str_eq(o.b, "-"); /* what is not named stays */
    ck_assert_str_eq(o.train.a, "-");
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
          "# a = 6\n");
    ck_assert_str_eq(o.a, "1");
    ck_assert_str_eq(o.b, "2");
    ck_assert_str_eq(o.c, "");
    ck_assert_str_eq(o.d, "x#y;z");
    ck_assert_str_eq(o.e, "#5");
}
END_TEST

START_TEST(a_value_may_hold_anything_else)
{
    parse("a = a/b = c [d]\nb =\nc = caf\xC3\xA9\n");
    ck_assert_str_eq(o.a, "a/b = c [d]");
    ck_assert_str_eq(o.b, "");
    ck_assert_str_eq(o.c, "caf\xC3\xA9");
}
END_TEST

START_TEST(lines_of_windows_and_a_byte_order_mark_are_fine)
{
    parse("\xEF\xBB\xBF[loss]\r\nb = c\r\n\r\n");
    ck_assert_str_eq(o.loss.b, "c");
}
END_TEST

START_TEST(an_empty_file_sets_nothing)
{
    parse("");
    ck_assert_str_eq(o.a, "-");
    parse("\n\n   \n[only.a-section_]\n");
    ck_assert_str_eq(o.a, "-");
}
END_TEST

START_TEST(the_same_key_may_stand_in_two_sections)
{
    parse("[loss]\na = 1\n[train]\na = 2\n[loss]\nb = 3\n");
    ck_assert_str_eq(o.loss.a, "1");
    ck_assert_str_eq(o.train.a, "2");
    ck_assert_str_eq(o.loss.b, "3");
}
END_TEST

START_TEST(says_line_and_reason)
{
    check_refused("[loss]\na = 1\n\na = 2\n",
                  "recipe.ini:4: [loss] a is set already; remove this or line 2");
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

START_TEST(what_no_row_accepts_is_refused_with_its_line)
{
    ct_error err = {0};
    check_refused(
        "\n[loss]\nb = 0123456789012345678901234567890123456789\n",
        "recipe.ini:3: loss.b = 0123456789012345678901234567890123456789: expected at most "
        "31 bytes");
    ck_assert_int_eq(parse_bytes("a = 1\n[train]\nab = 1\n", 21, &err), CT_ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, "recipe.ini:3: ") == err.msg &&
                      strstr(err.msg, "train.ab") != NULL,
                  "%s", err.msg);
}
END_TEST

START_TEST(reads_a_file_of_limited_size)
{
    char path[] = "/tmp/contrast-ini-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");
    fputs("[loss]\nname = dcl\n", f);
    fflush(f);
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_OK);
    ck_assert_str_eq(r.loss.name, "dcl");
    for (size_t i = 0; i < CT_INI_BYTES; i++)
        fputc('#', f);
    fclose(f);
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "expected at most 65536 bytes, found 65554"));
    remove(path);
    err = (ct_error){0};
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_ERR_IO);
}
END_TEST

/* Accepted or refused with a line, never anything else; under the sanitizers. */
START_TEST(every_changed_byte_is_harmless)
{
    static const char GOOD[] = "[loss]\nb = 1 # c\n\n[train]\nb=f\n";
    for (size_t at = 0; at < sizeof GOOD - 1; at++)
        for (int value = 0; value < 256; value++) {
            ct_error err = {0};
            char *exact = malloc(sizeof GOOD);
            memcpy(exact, GOOD, sizeof GOOD);
            exact[at] = (char)value;
            const ct_status status = ct_ini_parse("recipe.ini", exact, sizeof GOOD - 1, &lines,
                                                  &FIELDS, &o, &err);
            ck_assert(status == CT_OK ||
                      (status == CT_ERR_CONFIG && strncmp(err.msg, "recipe.ini:", 11) == 0));
            free(exact);
        }
}
END_TEST

TCase *ini_case(void)
{
    TCase *c = tcase_create("ini");
    tcase_set_timeout(c, 20);
    add_tests(c, settings_go_to_the_members_of_their_section,
              comments_begin_a_line_or_follow_white_space, a_value_may_hold_anything_else,
              lines_of_windows_and_a_byte_order_mark_are_fine, an_empty_file_sets_nothing,
              the_same_key_may_stand_in_two_sections, says_line_and_reason,
              a_nul_is_refused_wherever_it_stands, what_no_row_accepts_is_refused_with_its_line,
              reads_a_file_of_limited_size, every_changed_byte_is_harmless);
    return c;
}
