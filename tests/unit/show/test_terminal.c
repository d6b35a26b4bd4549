/* test_terminal.c -- what is drawn, character by character. */
#include "platform/machine.h"
#include "show_helpers.h"

#include "show/terminal.h"

#include <math.h>
#include <string.h>

static char text[4096];

static ct_terminal open_terminal(bool colour)
{
    return (ct_terminal){.out = tmpfile(), .colour = colour, .width = 80};
}

static const char *drawn(const ct_terminal *t)
{
    return read_back(t->out, text, sizeof text);
}

START_TEST(a_matrix_without_colour_is_its_numbers)
{
    const ct_terminal t = open_terminal(false);
    ct_draw_matrix(&t, 2, (double[]){1, -0.5, -1.0 / 6, 0}, 2, 2);
    ck_assert_str_eq(drawn(&t), "    1.00  -0.50 \n   -0.17   0.00 \n");
}
END_TEST

START_TEST(a_matrix_in_colour_goes_from_blue_to_red)
{
    const ct_terminal t = open_terminal(true);
    ct_draw_matrix(&t, 0, (double[]){-1, 0, 1}, 1, 3);
    drawn(&t);
    const char *blue = strstr(text, "\033[48;5;25m"), *white = strstr(text, "\033[48;5;231m"),
               *red = strstr(text, "\033[48;5;124m");
    ck_assert_msg(blue != NULL && white > blue && red > white, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\033[0m\n")); /* nothing leaks into the next line */
}
END_TEST

START_TEST(values_beyond_the_range_are_drawn)
{
    const ct_terminal t = open_terminal(true);
    ct_draw_matrix(&t, 0, (double[]){-7, 7, (double)NAN}, 1, 3);
    ck_assert_ptr_nonnull(strstr(drawn(&t), "-7.00"));
}
END_TEST

START_TEST(cells_without_colour_are_signs)
{
    const ct_terminal all = open_terminal(false), narrow = open_terminal(false);
    static const double CELLS[] = {1, 0, 0, -1};
    ct_draw_cells(&all, 2, CELLS, 2, 1, 2);
    ck_assert_str_eq(drawn(&all), "  @%\033[K\n"); /* of two rows what is further from 0 */
    ct_draw_cells(&narrow, 2, CELLS, 2, 1, 1);
    ck_assert_str_eq(drawn(&narrow), "  @\033[K\n");
}
END_TEST

START_TEST(pictures_without_colour_are_letters)
{
    static const uint8_t RED_OVER_GREY[] = {255, 0, 0, 0, 0, 255, 40, 40, 40, 50, 50, 50};
    const ct_terminal t = open_terminal(false);
    ct_draw_pictures(&t, 1, (const uint8_t *const[]){RED_OVER_GREY, RED_OVER_GREY}, 2, 2, 2);
    ck_assert_str_eq(drawn(&t), " rb  rb\n");
}
END_TEST

START_TEST(pictures_in_colour_have_two_pixels_a_character)
{
    static const uint8_t RED_OVER_BLUE[] = {255, 0, 0, 0, 0, 255};
    const ct_terminal t = open_terminal(true);
    ct_draw_pictures(&t, 0, (const uint8_t *const[]){RED_OVER_BLUE}, 1, 1, 2);
    ck_assert_str_eq(drawn(&t), "\033[38;5;196m\033[48;5;21m\u2580\033[0m\n");
}
END_TEST

START_TEST(a_file_is_no_terminal)
{
    FILE *f = tmpfile();
    int columns = 7, lines = 8;
    ck_assert(!ct_is_terminal(f) && !ct_terminal_size(f, &columns, &lines));
    ck_assert(columns == 7 && lines == 8);
    fclose(f);
}
END_TEST

TCase *terminal_case(void)
{
    TCase *tc = tcase_create("terminal");
    add_tests(tc, a_matrix_without_colour_is_its_numbers, a_matrix_in_colour_goes_from_blue_to_red,
              values_beyond_the_range_are_drawn, cells_without_colour_are_signs,
              pictures_without_colour_are_letters, pictures_in_colour_have_two_pixels_a_character,
              a_file_is_no_terminal);
    return tc;
}
