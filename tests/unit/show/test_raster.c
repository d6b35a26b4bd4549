/* test_raster.c -- pixels of shapes worked out by hand, letters, and files that are PNG. */
#include "testing.h"

#include "formats/png.h"
#include "show/raster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ct_arena arena;
static ct_raster r;

static void paper(double width, double height)
{
    ct_error err = {0};
    ct_arena_free(&arena);
    ct_arena_init(&arena, 0);
    ck_assert_int_eq(ct_raster_init(&r, width, height, &arena, &err), CT_OK);
}

static void done(void)
{
    ct_arena_free(&arena);
}

/* How black the pixel is, 0 to 255. */
static int black(int x, int y)
{
    return 255 - r.rgb[3 * (y * r.width + x)];
}

/* Black in columns x0 ... x1 - 1 of rows y0 ... y1 - 1, white elsewhere. */
static bool only_black(int x0, int y0, int x1, int y1)
{
    int wrong = 0;
    for (int y = 0; y < r.height; y++)
        for (int x = 0; x < r.width; x++)
            wrong += black(x, y) != (x >= x0 && x < x1 && y >= y0 && y < y1 ? 255 : 0);
    return wrong == 0;
}

static void segment(double x0, double y0, double x1, double y1, double width)
{
    ct_raster_stroke(&r, CT_RASTER_STROKE, x0, y0, x1, y1, 0, width);
    ct_raster_ink(&r, CT_RASTER_STROKE, "#000000", 1);
}

START_TEST(a_line_between_pixels_fills_whole_ones)
{
    paper(10, 5);
    segment(-2, 2, 12, 2, 1); /* two pixels wide, from 3 to 5 */
    ck_assert(only_black(0, 3, 20, 5));
    paper(10, 5);
    segment(3, -2, 3, 9, 2);
    ck_assert(only_black(4, 0, 8, 10));
}
END_TEST

START_TEST(a_line_within_a_pixel_is_shared_by_its_neighbours)
{
    paper(10, 5);
    segment(-2, 2.25, 12, 2.25, 1); /* from 3.5 to 5.5 */
    const int want[10] = {0, 0, 0, 127, 255, 127, 0, 0, 0, 0};
    for (int y = 0; y < 10; y++)
        ck_close(black(7, y), want[y], 1);
}
END_TEST

START_TEST(lines_end_round_and_are_as_wide_in_any_direction)
{
    paper(40, 40);
    segment(10, 10, 30, 22, 3);
    double area = 0;
    for (int k = 0; k < r.width * r.height; k++)
        area += black(k % r.width, k / r.width) / 255.0;
    const double length = 2 * sqrt(20 * 20 + 12 * 12), width = 2 * 3;
    ck_close(area, length * width + 3.14159265 / 4 * width * width, 1);
}
END_TEST

START_TEST(discs_and_rings)
{
    paper(20, 20);
    ct_raster_disc(&r, "now", 10, 10, 6); /* a ring 1.4 wide */
    ck_assert_int_eq(black(20, 20), 0);
    ck_assert_int_eq(black(20 + 12, 20), 255);
    ck_assert_int_eq(black(20, 20 - 12), 255);
    ck_assert_int_eq(black(20 + 8, 20), 0);
    ck_assert_int_eq(black(20 + 15, 20), 0);
    paper(20, 20);
    ct_raster_disc(&r, "#000000", 10, 10, 6);
    double area = 0;
    for (int k = 0; k < r.width * r.height; k++)
        area += black(k % r.width, k / r.width) / 255.0;
    ck_close(area, 3.14159265 * 12 * 12, 2);
}
END_TEST

START_TEST(a_rectangle_may_end_within_a_pixel)
{
    paper(4, 4);
    ct_raster_rect(&r, CT_RASTER_FILL, 1.125, 2.5, 2.5, 1); /* columns 2.25 to 5, rows 2 to 5 */
    ct_raster_ink(&r, CT_RASTER_FILL, "#000000", 1);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++)
            ck_close(black(x, y), y < 2 || y >= 5 || x < 2 || x >= 5 ? 0 : x == 2 ? 191 : 255, 0.5);
}
END_TEST

START_TEST(bars_that_touch_have_no_seam_and_opacity_counts_once)
{
    paper(10, 10);
    ct_raster_from(&r, "fa", 1, 9); /* blue, 0.55 */
    ct_raster_to(&r, 1, 3);
    ct_raster_to(&r, 5.2, 3); /* two bars that meet within a pixel */
    ct_raster_to(&r, 8, 3);
    ct_raster_to(&r, 8, 9);
    ct_raster_end(&r);
    const uint8_t *left = r.rgb + 3 * (12 * r.width + 6), *seam = r.rgb + 3 * (12 * r.width + 10),
                  *line = r.rgb + 3 * (6 * r.width + 6);
    ck_close(left[0], 255 - 0.55 * 255, 0.5);
    ck_close(left[1], 255 - 0.55 * (255 - 0x72), 0.5);
    ck_assert_int_eq(memcmp(left, seam, 3), 0);
    ck_assert_int_eq(memcmp(left, left + 3 * 5 * r.width, 3),
                     0);               /* down to the height where it began, */
    ck_assert_int_eq(black(6, 18), 0); /* not below */
    ck_assert_int_eq(memcmp(line, "\x00\x72\xb2", 3), 0);
}
END_TEST

/* Lengths of black and white in turn, of what is darker than half, from the first black on. */
static int runs(int y, int most, int *length)
{
    int n = 0, x = 0;
    while (x < r.width && black(x, y) < 112)
        x++;
    for (bool dark = true; x < r.width && n < most; dark = !dark) {
        const int from = x;
        while (x < r.width && (black(x, y) >= 112) == dark)
            x++;
        length[n++] = x - from;
    }
    return n;
}

START_TEST(dashes_have_their_lengths_and_go_on_around_corners)
{
    int length[4];
    paper(60, 60);
    ct_raster_from(&r, "equal", 2, 2); /* 7 on, 4 off */
    for (int k = 1; k <= 56; k++)
        ct_raster_to(&r, 2 + k, 2); /* of many pieces: the pattern is the path's */
    ct_raster_end(&r);
    ck_assert_int_eq(runs(4, 4, length), 4);
    for (int k = 0; k < 4; k++)
        ck_close(length[k], k % 2 == 0 ? 14 : 8, 0);
    paper(60, 60);
    ct_raster_from(&r, "equal", 2, 5);
    ct_raster_to(&r, 2, 2); /* 3 of the 7 */
    ct_raster_to(&r, 58, 2);
    ct_raster_end(&r);
    ck_assert_int_eq(runs(4, 2, length), 2);
    ck_close(length[0], 8 + 1, 1); /* and half of the line's width */
    ck_close(length[1], 8, 1);
}
END_TEST

START_TEST(what_lies_outside_is_cut_off)
{
    const double nan = (double)NAN;
    paper(5, 5);
    segment(-1e9, -3, nan, 2, 1);
    segment(nan, nan, nan, nan, 1);
    segment(-50, -50, -20, -20, 3);
    segment(50, 50, 20, 1e300, 3);
    ct_raster_from(&r, "b", -4, -4); /* dashed: as many dashes as fit, not 1e299 */
    ct_raster_to(&r, -4, -1e300);
    ct_raster_to(&r, nan, -1e300);
    ct_raster_end(&r);
    ct_raster_rect(&r, CT_RASTER_FILL, -9, -9, -1, -1);
    ct_raster_rect(&r, CT_RASTER_FILL, 9, 9, 1e300, 20);
    ct_raster_ink(&r, CT_RASTER_FILL, "#000000", 1);
    ck_assert(only_black(0, 0, 0, 0));
}
END_TEST

/* ---- text ---- */

/* The box of all that is not white; empty: x1 = 0. */
static ct_raster_box ink_box(void)
{
    ct_raster_box b = {r.width, r.height, 0, 0};
    for (int y = 0; y < r.height; y++)
        for (int x = 0; x < r.width; x++)
            if (black(x, y) > 40) {
                b.x0 = x < b.x0 ? x : b.x0;
                b.y0 = y < b.y0 ? y : b.y0;
                b.x1 = x + 1 > b.x1 ? x + 1 : b.x1;
                b.y1 = y + 1 > b.y1 ? y + 1 : b.y1;
            }
    return b;
}

static ct_raster_box text_box(ct_svg_anchor anchor, double turn, const char *text)
{
    paper(200, 200);
    ct_raster_text(&r, 100, 100, 20, anchor, turn, text);
    return ink_box();
}

START_TEST(text_stands_on_its_line_and_hangs_on_its_anchor)
{
    const ct_raster_box start = text_box(CT_SVG_START, 0, "HxH"),
                        middle = text_box(CT_SVG_MIDDLE, 0, "HxH"),
                        end = text_box(CT_SVG_END, 0, "HxH");
    const int width = start.x1 - start.x0;
    ck_close(start.y1, 200, 3); /* the baseline, and half of a line */
    ck_close(start.y1 - start.y0, 2 * 20 * 0.72, 4);
    ck_assert(width > 40 && width < 80);
    ck_close(start.x0, 200, 3);
    ck_close((middle.x0 + middle.x1) / 2.0, 200, 1);
    ck_close(end.x1, 200, 3);
    const ct_raster_box deep = text_box(CT_SVG_START, 0, "g");
    ck_assert(deep.y1 > 205);
}
END_TEST

START_TEST(turned_text_is_the_same_text_elsewhere)
{
    const ct_raster_box flat = text_box(CT_SVG_START, 0, "Label"),
                        up = text_box(CT_SVG_START, -90, "Label");
    ck_close(up.y1 - up.y0, flat.x1 - flat.x0, 1);
    ck_close(up.x1 - up.x0, flat.y1 - flat.y0, 1);
    ck_close(up.y1, 200, 3); /* upwards from where it begins, */
    ck_close(up.x1, 200, 3); /* its feet to the right */
    const ct_raster_box down = text_box(CT_SVG_START, 90, "Label");
    ck_close(down.y0, 200, 3);
    ck_close(down.x0, 200, 3);
    const ct_raster_box slanted = text_box(CT_SVG_END, -60, "Label");
    ck_assert(slanted.x1 < 210 && slanted.y0 > 180 &&
              slanted.y1 - slanted.y0 > slanted.x1 - slanted.x0);
}
END_TEST

START_TEST(every_letter_has_ink_and_no_two_are_the_same)
{
    enum { SIDE = 40, N = 97 };
    static uint8_t seen[N][3 * SIDE * SIDE];
    char text[3] = "";
    for (int k = 0; k < N; k++) {
        const char *letter = k < 95 ? text : k == 95 ? "\u00b2" : "\u00e9"; /* the last: a box */
        text[0] = (char)(' ' + k);
        paper(SIDE / 2.0, SIDE / 2.0);
        ct_raster_text(&r, 3, 14, 14, CT_SVG_START, 0, letter);
        memcpy(seen[k], r.rgb, sizeof seen[k]);
        const ct_raster_box b = ink_box();
        ck_assert_msg((b.x1 > 0) == (k > 0), "letter %d has no ink, or the space has", k);
        ck_assert_msg(b.x1 < SIDE && b.y1 < SIDE && (b.x0 > 0 && b.y0 > 0),
                      "letter %d is larger than its size", k);
        for (int i = 0; i < k; i++)
            ck_assert_msg(memcmp(seen[i], seen[k], sizeof seen[k]) != 0,
                          "letters %d and %d are the same", i, k);
    }
}
END_TEST

START_TEST(what_is_no_letter_is_a_box_or_a_space)
{
    static uint8_t first[3 * 400 * 400];
    text_box(CT_SVG_START, 0, "\u00e9\u00e9");
    memcpy(first, r.rgb, sizeof first);
    text_box(CT_SVG_START, 0, "\xff\u4e00"); /* not UTF-8; a character that we do not have */
    ck_assert_int_eq(memcmp(first, r.rgb, sizeof first), 0);
    text_box(CT_SVG_START, 0, "a b");
    memcpy(first, r.rgb, sizeof first);
    text_box(CT_SVG_START, 0, "a\tb");
    ck_assert_int_eq(memcmp(first, r.rgb, sizeof first), 0);
}
END_TEST

/* ---- files ---- */

static char folder[] = "/tmp/contrast-raster-XXXXXX", path[64];

static void in_folder(const char *name)
{
    strcpy(folder, "/tmp/contrast-raster-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
}

static char *contents(size_t *size)
{
    char *data = NULL;
    ct_error err = {0};
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &data, size, &err), CT_OK);
    remove(path);
    rmdir(folder);
    return data;
}

static void draw_file(const char *name)
{
    static ct_svg s;
    ct_error err = {0};
    in_folder(name);
    ck_assert_int_eq(ct_svg_open(&s, path, 30, 20, &err), CT_OK);
    ct_svg_rect(&s, "#102030", 2, 3, 10, 5, "a title");
    ct_svg_map(&s, 15, 5, 2, (uint8_t[]){20, 3, 3, 20, 20, 20}, 2, 3);
    ct_svg_segment(&s, "grid", 1, 18, 29, 18);
    ck_assert_int_eq(ct_svg_close(&s), CT_OK);
}

START_TEST(a_name_that_ends_in_png_is_a_png)
{
    size_t size, want_size;
    paper(30, 20);
    ct_raster_rect(&r, CT_RASTER_FILL, 2, 3, 12, 8);
    ct_raster_ink(&r, CT_RASTER_FILL, "#102030", 1);
    ct_raster_rect(&r, CT_RASTER_FILL, 17, 5, 21, 7);
    ct_raster_ink(&r, CT_RASTER_FILL, "h3", 1);
    ct_raster_rect(&r, CT_RASTER_FILL, 15, 5, 17, 9);
    ct_raster_rect(&r, CT_RASTER_FILL, 17, 7, 21, 9);
    ct_raster_ink(&r, CT_RASTER_FILL, "h20", 1);
    ct_raster_stroke(&r, CT_RASTER_STROKE, 1, 18, 29, 18, 0, 1);
    ct_raster_ink(&r, CT_RASTER_STROKE, "grid", 1);
    const uint8_t *want = ct_png_encode(r.rgb, 60, 40, 3, &arena, &want_size);
    for (int k = 0; k < 2; k++) {
        draw_file(k == 0 ? "f.png" : "f.PNG");
        const char *got = contents(&size);
        ck_assert_uint_eq(size, want_size);
        ck_assert_int_eq(memcmp(got, want, size), 0);
    }
}
END_TEST

START_TEST(any_other_name_is_svg)
{
    size_t size;
    static const char *const NAME[] = {"f.svg", "png", "fpng", "f.png.bak"};
    for (int k = 0; k < COUNT(NAME); k++) {
        draw_file(NAME[k]);
        const char *got = contents(&size);
        ck_assert_int_eq(strncmp(got, "<svg ", 5), 0);
        ck_assert_ptr_nonnull(strstr(got, "<rect fill=\"#102030\" x=\"2\" y=\"3\" width=\"10\" "
                                          "height=\"5\"><title>a title</title></rect>"));
        ck_assert_ptr_nonnull(strstr(got, "<path class=\"c h3\" d=\"M1 0h1v1h-1zM2 0h1v1h-1z\"/>"));
        ck_assert_ptr_nonnull(strstr(got, "<path class=\"grid\" d=\"M1.0 18.0H29.0\"/>"));
    }
}
END_TEST

START_TEST(a_png_that_cannot_be_written_is_an_error)
{
    static ct_svg s;
    ct_error err = {0};
    ck_assert_int_eq(ct_svg_open(&s, "/nowhere/at/all.png", 30, 20, &err), CT_OK);
    ck_assert_int_eq(ct_svg_close(&s), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/at/all.png"));
}
END_TEST

TCase *raster_case(void)
{
    TCase *c = tcase_create("raster");
    tcase_set_timeout(c, 60); /* for valgrind */
    tcase_add_checked_fixture(c, NULL, done);
    tcase_add_test(c, a_line_between_pixels_fills_whole_ones);
    tcase_add_test(c, a_line_within_a_pixel_is_shared_by_its_neighbours);
    tcase_add_test(c, lines_end_round_and_are_as_wide_in_any_direction);
    tcase_add_test(c, discs_and_rings);
    tcase_add_test(c, a_rectangle_may_end_within_a_pixel);
    tcase_add_test(c, bars_that_touch_have_no_seam_and_opacity_counts_once);
    tcase_add_test(c, dashes_have_their_lengths_and_go_on_around_corners);
    tcase_add_test(c, what_lies_outside_is_cut_off);
    tcase_add_test(c, text_stands_on_its_line_and_hangs_on_its_anchor);
    tcase_add_test(c, turned_text_is_the_same_text_elsewhere);
    tcase_add_test(c, every_letter_has_ink_and_no_two_are_the_same);
    tcase_add_test(c, what_is_no_letter_is_a_box_or_a_space);
    tcase_add_test(c, a_name_that_ends_in_png_is_a_png);
    tcase_add_test(c, any_other_name_is_svg);
    tcase_add_test(c, a_png_that_cannot_be_written_is_an_error);
    return c;
}
