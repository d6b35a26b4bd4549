/* test_png.c -- a PNG read back by hand: chunks, check sums, pixels; across stored blocks. */
#include "testing.h"

#include "formats/png.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

START_TEST(the_known_check_sums)
{
    /* One black pixel, by Python: zlib.crc32(b"IEND") and of the IHDR of 1 x 1 grey. */
    static const uint8_t black = 0;
    size_t               size;
    ct_arena             arena;
    ct_arena_init(&arena, 0);
    const uint8_t *png = ct_png_encode(&black, 1, 1, 1, &arena, &size);
    ck_assert_ptr_nonnull(png);
    ck_assert_int_eq(memcmp(png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 29), 0);
    ck_assert_uint_eq(u32(png + 29), 0x3a7e9b55u);
    ck_assert_uint_eq(u32(png + size - 4), 0xae426082u);
    ct_arena_free(&arena);
}
END_TEST

static void check_pixels(int width, int height, int channels)
{
    const size_t n = (size_t)(width * height * channels), row = (size_t)(width * channels);
    size_t       size, got = 0, total = (row + 1) * (size_t)height;
    uint32_t     a = 1, b = 0;
    ct_arena     arena;
    ct_arena_init(&arena, 0);
    uint8_t *pixels = ct_arena_alloc(&arena, n);
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)(i * 7 + i / 251);
    const uint8_t *png = ct_png_encode(pixels, width, height, channels, &arena, &size), *at = png + 33;
    ck_assert_int_eq(memcmp(at + 4, "IDAT", 4), 0);
    const uint8_t *end = at + 8 + u32(at);
    at += 8 + 2;
    for (bool last = false; !last;) {
        last = *at & 1;
        const unsigned here = at[1] | (unsigned)at[2] << 8;
        ck_assert_uint_eq(here ^ 0xffff, at[3] | (unsigned)at[4] << 8);
        at += 5;
        for (unsigned k = 0; k < here; k++, got++, at++) {
            const size_t col = got % (row + 1);
            ck_assert_uint_eq(*at, col == 0 ? 0 : pixels[got / (row + 1) * row + col - 1]);
            a = (a + *at) % 65521;
            b = (b + a) % 65521;
        }
    }
    ck_assert_uint_eq(got, total);
    ck_assert_uint_eq(u32(at), b << 16 | a);
    ck_assert_ptr_eq(at + 4, end);
    ck_assert_int_eq(memcmp(end + 8, "IEND", 4), 0);
    ck_assert_ptr_eq(png + size, end + 4 + 12);
    ct_arena_free(&arena);
}

START_TEST(a_file_has_the_same_bytes)
{
    uint8_t  pixels[3 * 90 * 250], *want;
    char     path[] = "/tmp/contrast-png-XXXXXX", *got = NULL;
    size_t   size = 0, want_size;
    ct_error err = {0};
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 7 + i / 251);
    want = ct_png_encode(pixels, 90, 250, 3, &arena, &want_size); /* more than one block */
    close(mkstemp(path));
    ck_assert_int_eq(ct_png_write(path, pixels, 90, 250, 3, &err), CT_OK);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &got, &size, &err), CT_OK);
    remove(path);
    ck_assert_uint_eq(size, want_size);
    ck_assert_int_eq(memcmp(got, want, size), 0);
    ck_assert_int_eq(ct_png_write("/nowhere/f.png", pixels, 90, 250, 3, &err), CT_ERR_IO);
    ct_arena_free(&arena);
}
END_TEST

START_TEST(pixels_come_back)
{
    check_pixels(3, 2, 3);
    check_pixels(16, 16, 1);
    check_pixels(300, 200, 3); /* more than one block */
    check_pixels(65534, 1, 1); /* exactly one */
}
END_TEST

TCase *png_case(void)
{
    TCase *c = tcase_create("png");
    tcase_add_test(c, the_known_check_sums);
    tcase_add_test(c, a_file_has_the_same_bytes);
    tcase_add_test(c, pixels_come_back);
    return c;
}
