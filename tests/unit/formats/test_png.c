/* test_png.c -- PNG pictures of every kind, encoded by Python's zlib with all five filters, and
 * what numpy makes of them; every cut, every changed byte, and promises that are too large. */
#include "suites.h"

#include "formats/inflate.h"
#include "formats/picture.h"

#include <stdlib.h>
#include <string.h>

/* 2 x 5 of random bytes, row y with filter y, in two IDAT; 3 colours of 4 bits, of which one is not
 * there and one half; 2 pixels of alpha 1 and 0.2; 2 of 16 bits; 5 of one bit; 2 bits, of which 1
 * is transparent. */
static uint8_t RGB[] = {
    137, 80,  78,  71,  13,  10,  26,  10,  0,   0,   0,   13,  73,  72,  68,  82,  0,  0,   0,
    2,   0,   0,   0,   5,   8,   2,   0,   0,   0,   224, 209, 170, 203, 0,   0,   0,  22,  73,
    68,  65,  84,  120, 218, 99,  88,  125, 142, 245, 92,  69,  51,  227, 66,  207, 95, 57,  255,
    50,  152, 62,  202, 171, 255, 166, 125, 136, 79,  0,   0,   0,   22,  73,  68,  65, 84,  219,
    185, 138, 249, 238, 105, 133, 126, 71,  57,  22,  165, 2,   225, 160, 125, 139, 0,  38,  183,
    15,  173, 154, 103, 112, 206, 0,   0,   0,   0,   73,  69,  78,  68,  174, 66,  96, 130,
};
static uint8_t PALETTE[] = {
    137, 80,  78, 71, 13,  10,  26,  10, 0,   0,   0,   13,  73,  72,  68,  82, 0,   0,
    0,   3,   0,  0,  0,   1,   4,   3,  0,   0,   0,   233, 206, 9,   135, 0,  0,   0,
    9,   80,  76, 84, 69,  255, 0,   0,  0,   128, 0,   0,   0,   64,  13,  22, 20,  137,
    0,   0,   0,  3,  116, 82,  78,  83, 255, 0,   128, 169, 86,  115, 19,  0,  0,   0,
    11,  73,  68, 65, 84,  120, 218, 99, 96,  84,  0,   0,   0,   37,  0,   34, 233, 130,
    135, 229, 0,  0,  0,   0,   73,  69, 78,  68,  174, 66,  96,  130,
};
static uint8_t RGBA[] = {
    137, 80,  78,  71,  13,  10, 26,  10, 0,   0,   0,   13,  73,  72,  68, 82, 0,   0,   0,
    2,   0,   0,   0,   1,   8,  6,   0,  0,   0,   244, 34,  127, 138, 0,  0,  0,   17,  73,
    68,  65,  84,  120, 218, 99, 224, 18, 145, 251, 207, 144, 114, 194, 24, 0,  9,   131, 2,
    155, 148, 234, 255, 175, 0,  0,   0,  0,   73,  69,  78,  68,  174, 66, 96, 130,
};
static uint8_t GREY16[] = {
    137, 80, 78,  71,  13, 10,  26,  10, 0,  0,  0,   13,  73,  72,  68, 82,  0, 0,
    0,   2,  0,   0,   0,  1,   16,  0,  0,  0,  0,   129, 217, 252, 21, 0,   0, 0,
    13,  73, 68,  65,  84, 120, 218, 99, 16, 50, 249, 255, 31,  0,   3,  230, 2, 69,
    241, 28, 132, 101, 0,  0,   0,   0,  73, 69, 78,  68,  174, 66,  96, 130,
};
static uint8_t BITS[] = {
    137, 80,  78,  71,  13, 10, 26, 10,  0,   0,  0,   13, 73,  72,  68,  82,  0,
    0,   0,   5,   0,   0,  0,  1,  1,   0,   0,  0,   0,  62,  133, 89,  94,  0,
    0,   0,   10,  73,  68, 65, 84, 120, 218, 99, 216, 0,  0,   0,   178, 0,   177,
    248, 130, 146, 167, 0,  0,  0,  0,   73,  69, 78,  68, 174, 66,  96,  130,
};
static uint8_t CLEAR[] = {
    137, 80,  78,  71,  13,  10, 26, 10, 0,   0,   0,  13,  73, 72,  68,  82, 0,   0,   0,  2,  0,
    0,   0,   1,   2,   0,   0,  0,  0,  155, 249, 56, 247, 0,  0,   0,   2,  116, 82,  78, 83, 0,
    1,   1,   148, 253, 174, 0,  0,  0,  10,  73,  68, 65,  84, 120, 218, 99, 184, 0,   0,  0,  210,
    0,   209, 118, 81,  116, 58, 0,  0,  0,   0,   73, 69,  78, 68,  174, 66, 96,  130,
};

static ct_arena arena;

static void open_arena(void)
{
    ct_arena_init(&arena, 0);
}

static void close_arena(void)
{
    ct_arena_free(&arena);
}

/* From memory of exactly this size; the picture at its own size. */
static ct_status parse(const uint8_t *data, size_t size, ct_picture *p, uint8_t *out, ct_error *err)
{
    uint8_t *exact = malloc(size + (size == 0));
    memcpy(exact, data, size);
    arena.user = "p.png";
    arena.err = err;
    const ct_status status = ct_picture_parse("p.png", exact, size, &arena, p, err);
    if (status == CT_OK && p->width * p->height <= 16)
        ct_picture_resize(p, p->width, p->height, out);
    free(exact);
    return status;
}

static void check_picture(const uint8_t *data, size_t size, int width, int height, int channels,
                          const uint8_t *want)
{
    ct_picture p;
    uint8_t out[48];
    ct_error err = {0};
    ck_assert_msg(parse(data, size, &p, out, &err) == CT_OK, "%s", err.msg);
    ck_assert(p.width == width && p.height == height && p.channels == channels);
    ck_assert_mem_eq(out, want, (size_t)(width * height * channels));
}

#define CHECK(file, width, height, channels, ...) \
    check_picture(file, sizeof file, width, height, channels, (const uint8_t[]){__VA_ARGS__})

START_TEST(every_kind_of_colour)
{
    CHECK(RGB, 2, 5, 3, 171, 206, 5, 206, 120, 131, 161, 73, 250, 13, 71, 98, 146, 104, 33, 11, 0,
          12, 38, 255, 48, 167, 192, 60, 72, 111, 67, 249, 45, 229);
    CHECK(PALETTE, 3, 1, 3, 255, 0, 0, 255, 255, 255, 127, 127, 159);
    CHECK(RGBA, 2, 1, 3, 10, 20, 30, 204, 224, 244);
    CHECK(GREY16, 2, 1, 1, 18, 255);
    CHECK(BITS, 5, 1, 1, 255, 0, 255, 255, 0);
    CHECK(CLEAR, 2, 1, 1, 255, 255);
}
END_TEST

/* Write `value` at `at` and make the checksum of the chunk of `n` bytes at `chunk` right again. */
static void change(uint8_t *file, size_t at, int value, size_t chunk, size_t n)
{
    file[at] = (uint8_t)value;
    const uint32_t crc = ct_crc32(0, file + chunk + 4, n + 4);
    for (int k = 0; k < 4; k++)
        file[chunk + 8 + n + (size_t)k] = (uint8_t)(crc >> (24 - 8 * k));
}

static void check_refused(const uint8_t *data, size_t size, const char *reason)
{
    ct_picture p;
    uint8_t out[48];
    ct_error err = {0};
    ck_assert_int_eq(parse(data, size, &p, out, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "p.png: ") == err.msg && strstr(err.msg, reason) != NULL, "%s",
                  err.msg);
}

START_TEST(says_what_is_wrong)
{
    static const struct {
        size_t at;
        int value;
        const char *reason;
    } HEADER[] = {{28, 1, "is an interlaced PNG: in Python: PIL.Image"},
                  {24, 4, "found depth 4, kind 2"},
                  {25, 5, "found depth 8, kind 5"},
                  {25, 7, "found depth 8, kind 7"},
                  {18, 255,
                   "65282 x 5 pixels do not fit"}, /* more than deflate could make of them */
                  {16, 1, "16777218 x 5 pixels: expected 1 to 89 million"},
                  {19, 0, "0 x 5 pixels"},
                  {23, 6, "its pixels are damaged"}};
    uint8_t file[sizeof RGB], colours[sizeof PALETTE];
    for (size_t k = 0; k < sizeof HEADER / sizeof *HEADER; k++) {
        memcpy(file, RGB, sizeof RGB);
        change(file, HEADER[k].at, HEADER[k].value, 8, 13);
        check_refused(file, sizeof file, HEADER[k].reason);
    }
    memcpy(file, RGB, sizeof RGB);
    file[20] ^= 1;
    check_refused(file, sizeof file, "byte 8: a damaged chunk");
    memcpy(colours, PALETTE, sizeof PALETTE); /* a palette of one colour less is of another name */
    colours[8 + 25 + 4] ^= 32;
    check_refused(colours, sizeof colours, "byte 33: a damaged chunk");
    change(colours, 8 + 25 + 4, 'x', 33, 9);
    check_refused(colours, sizeof colours, "its pixels are damaged");
    check_refused((const uint8_t *)"\xff\xd8\xff\xe0", 4, "is JPEG: in Python: PIL.Image");
    check_refused((const uint8_t *)"P7", 2, "expected a picture in PNG, PGM or PPM");
}
END_TEST

START_TEST(every_cut_and_every_changed_byte_is_refused)
{
    uint8_t file[sizeof RGB], out[48];
    ct_picture p;
    for (size_t n = 0; n < sizeof RGB; n++)
        ck_assert_int_eq(parse(RGB, n, &p, out, CT_IGNORE_ERROR), CT_ERR_FORMAT);
    for (size_t at = 0; at < sizeof RGB; at++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(file, RGB, sizeof RGB);
            file[at] ^= (uint8_t)(1 << bit);
            ck_assert_int_eq(parse(file, sizeof RGB, &p, out, CT_IGNORE_ERROR), CT_ERR_FORMAT);
        }
}
END_TEST

TCase *png_case(void)
{
    TCase *c = tcase_create("png");
    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, open_arena, close_arena);
    add_tests(c, every_kind_of_colour, says_what_is_wrong,
              every_cut_and_every_changed_byte_is_refused);
    return c;
}
