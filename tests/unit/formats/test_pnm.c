/* test_pnm.c -- pictures, against bytes written by hand. */
#include "suites.h"

#include "formats/picture.h"

#include <stdlib.h>
#include <string.h>

static uint8_t kept[64];

/* From memory of exactly this size; the picture's bytes are kept. */
static ct_status parse(const char *data, size_t size, ct_picture *out, ct_error *err)
{
    uint8_t *exact = malloc(size > 0 ? size : 1), pixels[12];
    ct_arena none;
    ct_arena_init(&none, 0);
    memcpy(exact, data, size);
    const ct_status status = ct_picture_parse("p.pgm", exact, size, &none, out, err);
    if (status == CT_OK) {
        ct_picture_resize(out, 2, 2, pixels);
        memcpy(kept, out->data, (size_t)(out->width * out->height * out->channels * out->bytes));
        out->data = kept;
    }
    free(exact);
    return status;
}

static void check_refused(const char *data, size_t size, const char *reason)
{
    ct_picture p;
    ct_error err = {0};
    ck_assert_int_eq(parse(data, size, &p, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "p.pgm: ") == err.msg && strstr(err.msg, reason) != NULL, "%s",
                  err.msg);
}

START_TEST(reads_grey_colour_and_deep_pictures)
{
    ct_picture p;
    uint8_t out[6];
    ck_assert_int_eq(parse("P5\n# made by hand\n3 2 # wide\n255\n\0\1\2\3\4\5", 39, &p,
                           CT_IGNORE_ERROR),
                     CT_OK);
    ck_assert(p.width == 3 && p.height == 2 && p.channels == 1 && p.bytes == 1);
    ct_picture_resize(&p, 3, 2, out);
    ck_assert_mem_eq(out, "\0\1\2\3\4\5", 6);
    ck_assert_int_eq(parse("P6 2 1 255\n\1\2\3\4\5\6", 17, &p, CT_IGNORE_ERROR), CT_OK);
    ck_assert(p.width == 2 && p.height == 1 && p.channels == 3);
    ct_picture_resize(&p, 2, 1, out);
    ck_assert_mem_eq(out, "\1\2\3\4\5\6", 6);
    ck_assert_int_eq(parse("P5 2 1 1023\n\3\xff\1\xff", 16, &p, CT_IGNORE_ERROR),
                     CT_OK); /* 1023 and 511 */
    ct_picture_resize(&p, 2, 1, out);
    ck_assert_mem_eq(out, "\xff\x7f", 2);
    ck_assert_int_eq(parse("P5 2 1 5\n\5\2", 11, &p, CT_IGNORE_ERROR),
                     CT_OK); /* 0..5 becomes 0..255 */
    ct_picture_resize(&p, 2, 1, out);
    ck_assert_mem_eq(out, "\xff\x66", 2);
}
END_TEST

START_TEST(reads_decimal_values)
{
    ct_picture p;
    ck_assert_int_eq(parse("P2 3 1 15\n15 0 # black\n7", 25, &p, CT_IGNORE_ERROR), CT_OK);
    ck_assert(p.width == 3 && p.height == 1 && p.channels == 1 && p.bytes == 1);
    ck_assert_mem_eq(p.data, "\17\0\7", 3);
    ck_assert_int_eq(parse("P3 1 2 300\n1 2 3\n4 5 300\n", 25, &p, CT_IGNORE_ERROR), CT_OK);
    ck_assert(p.channels == 3 && p.bytes == 2);
    ck_assert_mem_eq(p.data, "\0\1\0\2\0\3\0\4\0\5\1\54", 12);
    check_refused("P2 3 1 15\n15 0", 14, "3 x 1 pixels up to 15 do not fit its 14 bytes");
    check_refused("P2 2 1 15\n15 16", 15, "pixels up to 15 do not fit");
    check_refused("P3 1 1 9\n1 2 x", 14, "do not fit");
}
END_TEST

START_TEST(a_pixel_is_the_mean_of_its_area)
{
    ct_picture p;
    uint8_t out[9];
    ck_assert_int_eq(parse("P5 2 2 255\n\0\xa\x14\x1e", 15, &p, CT_IGNORE_ERROR),
                     CT_OK); /* 0 10 / 20 30 */
    ct_picture_resize(&p, 1, 1, out);
    ck_assert_int_eq(out[0], 15);
    ct_picture_resize(&p, 3, 3, out); /* the middle column is half and half */
    ck_assert_mem_eq(out, "\0\5\xa\xa\xf\x14\x14\x19\x1e", 9);
    ck_assert_int_eq(parse("P5 3 1 255\n\0\x1e\x3c", 14, &p, CT_IGNORE_ERROR), CT_OK); /* 0 30 60 */
    ct_picture_resize(&p, 2, 1, out); /* 0 and a half of 30 over 1.5; half of 30 and 60 */
    ck_assert_mem_eq(out, "\xa\x32", 2);
}
END_TEST

START_TEST(says_what_is_wrong)
{
    check_refused("P4", 2, "expected a picture in PNG, PGM or PPM");
    check_refused("P5", 2, "byte 2: expected a width");
    check_refused("P5 0 1 255\n", 11, "expected a width from 1 to 65535");
    check_refused("P5 99999999999999999999 1 255\n", 30, "expected a width");
    check_refused("P5 1 -1 255\n", 12, "expected a height");
    check_refused("P5 1 1 65536\nxx", 15, "expected a largest value");
    check_refused("P5 1 1 255", 10, "do not fit");
    check_refused("P5 1 1 255\nxx", 13, "do not fit");
    check_refused("P5 65535 65535 65535\nxx", 23,
                  "65535 x 65535 pixels up to 65535 do not fit its 23 bytes");
    check_refused("P5 1 1 10\nx", 11, "byte 10: a value above the largest, 10");
}
END_TEST

START_TEST(every_cut_is_refused)
{
    const char *picture = "P6 2 1 255\n\1\2\3\4\5\6";
    ct_picture p;
    for (size_t n = 0; n < 17; n++)
        ck_assert_int_eq(parse(picture, n, &p, CT_IGNORE_ERROR), CT_ERR_FORMAT);
}
END_TEST

TCase *pnm_case(void)
{
    TCase *c = tcase_create("pnm");
    add_tests(c, reads_grey_colour_and_deep_pictures, reads_decimal_values,
              a_pixel_is_the_mean_of_its_area, says_what_is_wrong, every_cut_is_refused);
    return c;
}
