/* test_bmp.c -- a BMP read back by hand: headers, palette, padded rows, order of colours. */
#include "testing.h"

#include "formats/picture.h"

static size_t number(const uint8_t *p, int n)
{
    size_t x = 0;
    while (n-- > 0)
        x = x << 8 | p[n];
    return x;
}

/* Every pixel of the file, as a reader of the format finds it. */
static void check_picture(int width, int height, int channels)
{
    uint8_t pixels[3 * 64];
    const int n = width * height * channels;
    size_t size;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (int i = 0; i < n; i++)
        pixels[i] = (uint8_t)(i * 37 + 5);
    const uint8_t *bmp = ct_bmp_encode(pixels, width, height, channels, &arena, &size);
    const size_t begin = number(bmp + 10, 4), row = (size_t)((width * channels + 3) & ~3);
    ck_assert(bmp[0] == 'B' && bmp[1] == 'M' && number(bmp + 2, 4) == size);
    ck_assert_uint_eq(number(bmp + 14, 4), 40);
    ck_assert_int_eq((int32_t)number(bmp + 18, 4), width);
    ck_assert_int_eq((int32_t)(uint32_t)number(bmp + 22, 4), -height); /* from the top */
    ck_assert(number(bmp + 26, 2) == 1 && number(bmp + 28, 2) == 8 * (size_t)channels);
    ck_assert_uint_eq(number(bmp + 30, 4), 0); /* not compressed */
    ck_assert_uint_eq(begin + row * (size_t)height, size);
    for (int i = 0; i < width * height; i++) {
        const uint8_t *at = bmp + begin + (size_t)(i / width) * row +
                            (size_t)(i % width * channels);
        const uint8_t *blue = channels == 1 ? bmp + 54 + 4 * *at : at;
        for (int c = 0; c < 3; c++)
            ck_assert_uint_eq(blue[2 - c], pixels[i * channels + (channels == 1 ? 0 : c)]);
    }
    ct_arena_free(&arena);
}

START_TEST(pixels_come_back)
{
    check_picture(1, 1, 1);
    check_picture(1, 1, 3);
    check_picture(5, 3, 1);
    check_picture(8, 8, 3);
    check_picture(3, 2, 3);
}
END_TEST

START_TEST(no_memory_is_null)
{
    static const uint8_t black = 0;
    size_t size;
    ct_arena arena;
    ct_arena_init(&arena, 100);
    ck_assert_ptr_null(ct_bmp_encode(&black, 1, 1, 1, &arena, &size));
    ct_arena_free(&arena);
}
END_TEST

TCase *bmp_case(void)
{
    TCase *c = tcase_create("bmp");
    add_tests(c, pixels_come_back, no_memory_is_null);
    return c;
}
