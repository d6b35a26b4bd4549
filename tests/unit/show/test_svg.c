/* test_svg.c -- shapes as markup, and that every look they have is in picture.css. */
#include "show_helpers.h"

#include "show/svg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ct_arena arena;
static ct_writer s;
static ct_error err; /* the writer's, as long as it is open */
static char path[96];

static void open_picture(void)
{
    err = (ct_error){.status = CT_OK};
    ct_arena_init(&arena, 0);
    open_scratch();
    snprintf(path, sizeof path, "%s/f.svg", scratch);
    ck_assert_int_eq(ct_svg_open(&s, path, 30, 20, "a & b", "read < it", &err), CT_OK);
}

static void done(void)
{
    ct_arena_free(&arena);
    close_scratch();
}

static char *contents(void)
{
    char *data = NULL;
    size_t size;
    ct_svg_end(&s);
    ck_assert_int_eq(ct_writer_commit(&s), CT_OK);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &data, &size, &err), CT_OK);
    return data;
}

START_TEST(shapes_are_markup)
{
    ct_svg_rect(&s, "bg", 2, 3, 10, 5, "a title");
    ct_svg_map(&s, 15, 5, 2, (double[]){1, -0.7, -0.7, 1, (double)NAN, 9}, 2, 3);
    ct_svg_segment(&s, "grid", 1, 18, 29, 18);
    ct_svg_text(&s, 1, 2, 11, CT_SVG_END, -90, "\x01<\xff");
    const char *got = contents();
    ck_assert_int_eq(strncmp(got, "<svg ", 5), 0);
    holds(got, "<title>a &amp; b</title>\n<desc>read &lt; it</desc>");
    holds(got, "<rect class=\"bg\" x=\"2\" y=\"3\" width=\"10\" height=\"5\">"
               "<title>a title</title></rect>");
    holds(got, "<path class=\"c h3\" d=\"M1 0h1v1h-1zM2 0h1v1h-1z\"/>");
    holds(got, "<path class=\"c h20\" d=\"M0 0h1v1h-1zM0 1h1v1h-1zM2 1h1v1h-1z\"/>");
    ck_assert_ptr_null(strstr(got, "M1 1h1v1h-1z")); /* what is no number has no cell */
    holds(got, "<path class=\"grid\" d=\"M1.0 18.0L29.0 18.0\"/>");
    holds(got, "text-anchor=\"end\" transform=\"rotate(-90.00 1.00 2.00)\"> &lt;?</text>");
}
END_TEST

START_TEST(every_class_can_be_seen_in_both_themes)
{
    /* all that pictures use; those of the page's script alone have none */
    static const char *const USED[] = {"bg", "grid",  "frame", "a",    "b",   "fa", "fb", "da",
                                       "db", "equal", "floor", "join", "now", "h0", "h20"};
    const char *got = contents();
    for (int k = 0; k < COUNT(USED); k++) {
        char rule[16];
        snprintf(rule, sizeof rule, ".%s { ", USED[k]);
        const char *at = strstr(got, rule);
        ck_assert_msg(at != NULL, "no rule %s", rule);
        const char *end = strchr(at, '}'), *colour = strstr(at, ": var(--");
        const char *both = strstr(at, ": light-dark(#");
        ck_assert_msg((colour != NULL && colour < end) || (both != NULL && both < end),
                      "%s cannot be seen", USED[k]);
        if (colour != NULL && colour < end) { /* it has a light and a dark value */
            snprintf(rule, sizeof rule, "%.*s:", (int)strcspn(colour + 6, ")"), colour + 6);
            at = strstr(got, rule);
            ck_assert_msg(at != NULL && strncmp(at + strlen(rule), " light-dark(#", 13) == 0,
                          "no two values of %s", rule);
        }
    }
}
END_TEST

START_TEST(a_picture_that_cannot_be_written_is_an_error)
{
    contents();
    ck_assert_int_eq(ct_svg_open(&s, "/nowhere/at/all.svg", 30, 20, "", "", &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/at/all.svg"));
}
END_TEST

TCase *svg_case(void)
{
    TCase *c = tcase_create("svg");
    tcase_add_checked_fixture(c, open_picture, done);
    add_tests(c, shapes_are_markup, every_class_can_be_seen_in_both_themes,
              a_picture_that_cannot_be_written_is_an_error);
    return c;
}
