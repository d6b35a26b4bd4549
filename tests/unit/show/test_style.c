/* test_style.c -- what a class looks like is the same as CSS and as pixels. */
#include "testing.h"

#include "show/style.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The stylesheet as text, in the arena. */
static char *stylesheet(ct_arena *arena)
{
    static ct_writer w;
    char path[] = "/tmp/contrast-style-XXXXXX", *css = NULL;
    size_t size;
    ct_error err = {0};
    close(mkstemp(path));
    ck_assert_int_eq(ct_writer_open(&w, path, CT_REPLACE, &err), CT_OK);
    ct_svg s = {.w = &w};
    ct_style_css(&s);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    ck_assert_int_eq(ct_file_read(path, 0, arena, &css, &size, &err), CT_OK);
    remove(path);
    return css;
}

START_TEST(every_class_has_its_rule_and_its_look)
{
    /* all that pictures use; those of the page's script alone have none */
    static const char *const USED[] = {"bg", "grid", "frame", "a",     "b",    "fa", "fb",
                                       "da", "db",   "equal", "floor", "join", "now"};
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const char *css = stylesheet(&arena);
    for (int k = 0; k < COUNT(USED); k++) {
        char rule[160], paint[40];
        const ct_style style = ct_style_find(USED[k]);
        ck_assert_msg(style.name != NULL && strcmp(style.name, USED[k]) == 0, "%s has no look",
                      USED[k]);
        ck_assert_msg(style.stroke != NULL || style.fill != NULL, "%s cannot be seen", USED[k]);
        snprintf(rule, sizeof rule, ".%s{", USED[k]);
        const char *at = strstr(css, rule);
        ck_assert_msg(at != NULL, "no rule %s", rule);
        snprintf(rule, sizeof rule, "%.*s", (int)strcspn(at, "}"), at);
        snprintf(paint, sizeof paint, style.fill != NULL ? "fill:var(--%s);" : "fill:none;",
                 style.fill);
        ck_assert_msg(strstr(rule, paint) != NULL, "%s lacks %s", rule, paint);
        snprintf(paint, sizeof paint, style.stroke != NULL ? "stroke:var(--%s);" : "stroke:none;",
                 style.stroke);
        ck_assert_msg(strstr(rule, paint) != NULL, "%s lacks %s", rule, paint);
    }
    ck_assert_ptr_nonnull(
        strstr(css, ".b{stroke:var(--b);fill:none;stroke-width:1.8;stroke-dasharray:6 3}"));
    ck_assert_ptr_nonnull(strstr(css, ".fa{stroke:var(--a);fill:var(--a);fill-opacity:0.55;}"));
    ct_arena_free(&arena);
}
END_TEST

START_TEST(light_colours_are_those_of_the_css)
{
    static const char *const NAME[] = {"bg", "ink", "dim", "grid", "a", "b", "hi"};
    ct_arena arena;
    uint8_t c[3];
    char rule[40];
    ct_arena_init(&arena, 0);
    char *css = stylesheet(&arena);
    css[strcspn(css, "}")] = '\0'; /* the first rule: light unless the reader's setting is dark */
    for (int k = 0; k < COUNT(NAME); k++) {
        ct_style_colour(NAME[k], c);
        snprintf(rule, sizeof rule, "--%s:#%02x%02x%02x;", NAME[k], c[0], c[1], c[2]);
        ck_assert_msg(strstr(css, rule) != NULL, "no %s in %s", rule, css);
    }
    for (int k = 0; k <= 20; k++) {
        snprintf(rule, sizeof rule, "h%d", k);
        ct_style_colour(rule, c);
        snprintf(rule, sizeof rule, "--h%d:rgb(%d,%d,%d);", k, c[0], c[1], c[2]);
        ck_assert_msg(strstr(css, rule) != NULL, "no %s in %s", rule, css);
    }
    ct_arena_free(&arena);
}
END_TEST

START_TEST(the_first_class_with_a_look_counts)
{
    ck_assert_str_eq(ct_style_find("fb neg").name, "fb");
    ck_assert_str_eq(ct_style_find("pos fa").name, "fa");
    ck_assert_str_eq(ct_style_find("c h7").fill, "h7");
    ck_assert_str_eq(ct_style_find("#a0b0c0").fill, "#a0b0c0");
    ck_assert_ptr_null(ct_style_find("c").name);
    ck_assert_ptr_null(ct_style_find("h21").name);
    ck_assert_ptr_null(ct_style_find("").name);
    uint8_t c[3];
    ct_style_colour("#a0b0c0", c);
    ck_assert_int_eq(memcmp(c, "\xa0\xb0\xc0", 3), 0);
}
END_TEST

TCase *style_case(void)
{
    TCase *c = tcase_create("style");
    tcase_add_test(c, every_class_has_its_rule_and_its_look);
    tcase_add_test(c, light_colours_are_those_of_the_css);
    tcase_add_test(c, the_first_class_with_a_look_counts);
    return c;
}
