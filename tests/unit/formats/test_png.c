/* test_png.c -- a PNG read back by hand: chunks, check sums, deflate with its fixed codes, pixels.
 */
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
    size_t size;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const uint8_t *png = ct_png_encode(&black, 1, 1, 1, &arena, &size);
    ck_assert_ptr_nonnull(png);
    ck_assert_int_eq(memcmp(png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0", 29),
                     0);
    ck_assert_uint_eq(u32(png + 29), 0x3a7e9b55u);
    ck_assert_uint_eq(u32(png + size - 4), 0xae426082u);
    ct_arena_free(&arena);
}
END_TEST

/* The data of all IDAT joined, in the arena. */
static uint8_t *joined(const uint8_t *png, size_t size, ct_arena *arena, size_t *n)
{
    uint8_t *all = ct_arena_alloc(arena, size);
    size_t at = 8 + 25;
    for (*n = 0; memcmp(png + at + 4, "IDAT", 4) == 0; at += 12 + u32(png + at)) {
        memcpy(all + *n, png + at + 8, u32(png + at));
        *n += u32(png + at);
    }
    ck_assert_uint_eq(at + 12, size);
    ck_assert_int_eq(memcmp(png + at, "\0\0\0\0IEND", 8), 0);
    return all;
}

static const uint8_t *in;
static size_t bit;

static unsigned number(int n) /* lowest bit first */
{
    unsigned x = 0;
    for (int k = 0; k < n; k++, bit++)
        x |= (unsigned)(in[bit / 8] >> bit % 8 & 1) << k;
    return x;
}

static unsigned code(unsigned x, int n) /* x and n more bits, highest first */
{
    while (n-- > 0)
        x = x << 1 | number(1);
    return x;
}

/* RFC 1951, 3.2.6, by the ranges of its codes. */
static unsigned symbol(void)
{
    unsigned c = code(0, 7);
    if (c < 24)
        return 256 + c;
    c = code(c, 1);
    if (c < 192)
        return c - 48;
    if (c < 200)
        return 280 + c - 192;
    return code(c, 1) - 400 + 144;
}

/* RFC 1951, 3.2.5: the tables as they stand there. */
static const unsigned LENGTH[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const unsigned BACK[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                  33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                  1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

static size_t inflate(const uint8_t *data, uint8_t *out, size_t most)
{
    size_t n = 0;
    in = data;
    bit = 16;
    ck_assert_uint_eq(u32(data) >> 16, 0x7801);
    ck_assert_uint_eq(number(3), 3); /* the last block, fixed codes */
    for (unsigned s; (s = symbol()) != 256;) {
        if (s < 256) {
            ck_assert_msg(n < most, "too long");
            out[n++] = (uint8_t)s;
            continue;
        }
        const unsigned k = s - 257,
                       length = LENGTH[k] + number(k < 8 || k == 28 ? 0 : (int)(k / 4) - 1);
        const unsigned d = code(0, 5),
                       back = (d < 30 ? BACK[d] : ~0u / 2) + number(d < 4 ? 0 : (int)(d / 2) - 1);
        if (back > n || n + length > most)
            ck_abort_msg("%u bytes from %u back, at %zu of %zu", length, back, n, most);
        for (unsigned i = 0; i < length; i++, n++)
            out[n] = out[n - back];
    }
    return n;
}

/* Bytes of the file. */
static size_t check_pixels(const uint8_t *pixels, int width, int height, int channels)
{
    const size_t row = (size_t)(width * channels), total = (row + 1) * (size_t)height;
    size_t size, n, wrong = 0;
    uint32_t a = 1, b = 0;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const uint8_t *png = ct_png_encode(pixels, width, height, channels, &arena, &size),
                  *all = joined(png, size, &arena, &n);
    uint8_t *out = ct_arena_alloc(&arena, total);
    ck_assert_uint_eq(inflate(all, out, total), total);
    for (size_t i = 0; i < total; i++) {
        wrong += out[i] !=
                 (i % (row + 1) == 0 ? 0 : pixels[i / (row + 1) * row + i % (row + 1) - 1]);
        a = (a + out[i]) % 65521;
        b = (b + a) % 65521;
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq((bit + 7) / 8 + 4, n);
    ck_assert_uint_eq(u32(all + n - 4), b << 16 | a);
    ct_arena_free(&arena);
    return size;
}

START_TEST(a_file_has_the_same_bytes)
{
    uint8_t some[3 * 90 * 250], *want;
    char path[] = "/tmp/contrast-png-XXXXXX", *got = NULL;
    size_t size = 0, want_size;
    ct_error err = {0};
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof some; i++)
        some[i] = (uint8_t)(i * 7 + i / 251);
    want = ct_png_encode(some, 90, 250, 3, &arena, &want_size); /* more than one chunk */
    close(mkstemp(path));
    ck_assert_int_eq(ct_png_write(path, some, 90, 250, 3, &err), CT_OK);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &got, &size, &err), CT_OK);
    remove(path);
    ck_assert_uint_eq(size, want_size);
    ck_assert_int_eq(memcmp(got, want, size), 0);
    ck_assert_int_eq(ct_png_write("/nowhere/f.png", some, 90, 250, 3, &err), CT_ERR_IO);
    ct_arena_free(&arena);
}
END_TEST

enum { MOST = 3 * 400 * 300 };
static uint8_t pixels[MOST];

/* Bytes with no pattern that a row or a pixel back could tell. */
static void noise(uint32_t seed)
{
    for (int i = 0; i < MOST; i++) {
        seed = seed * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(seed >> 24);
    }
}

START_TEST(pixels_come_back)
{
    noise(1);
    check_pixels(pixels, 3, 2, 3);
    check_pixels(pixels, 1, 1, 1);
    check_pixels(pixels, 16, 16, 1);
    ck_assert_uint_lt(check_pixels(pixels, 400, 300, 3), MOST * 9 / 8); /* many chunks */
    memcpy(pixels + 35000, pixels, 35000);
    check_pixels(pixels, 35000, 2, 1); /* a row is farther back than deflate can look */
    memcpy(pixels + 32768, pixels, 32768);
    memcpy(pixels + 32767, pixels, 32767);
    check_pixels(pixels, 32767, 2, 1); /* just as far as it can */
    memset(pixels, 255, MOST);
    check_pixels(pixels, 400, 300, 1);
}
END_TEST

START_TEST(matches_of_every_length_and_kind)
{
    for (int length = 1; length < 300; length += length < 36 ? 1 : 6) {
        noise((uint32_t)length);
        memset(pixels + 20, 7, (size_t)length);                   /* beside */
        memcpy(pixels + 900 + 100, pixels + 100, (size_t)length); /* above */
        check_pixels(pixels, 300, 3, 3);
        check_pixels(pixels, 900, 3, 1);
    }
    for (int width = 1; width < 3000; width += 29) { /* every code of a distance up to there */
        memcpy(pixels + width, pixels, (size_t)width);
        check_pixels(pixels, width, 2, 1);
    }
}
END_TEST

START_TEST(what_repeats_takes_little)
{
    memset(pixels, 255, MOST);
    ck_assert_uint_lt(check_pixels(pixels, 400, 300, 3), MOST / 100);
    for (int i = 0; i < MOST; i++)
        pixels[i] = (uint8_t)(i % 1200 * 37 + i % 1200 / 256 * 11); /* every row as the one above */
    ck_assert_uint_lt(check_pixels(pixels, 400, 300, 3), MOST / 50);
}
END_TEST

TCase *png_case(void)
{
    TCase *c = tcase_create("png");
    tcase_set_timeout(c, 60); /* for valgrind */
    tcase_add_test(c, the_known_check_sums);
    tcase_add_test(c, a_file_has_the_same_bytes);
    tcase_add_test(c, pixels_come_back);
    tcase_add_test(c, matches_of_every_length_and_kind);
    tcase_add_test(c, what_repeats_takes_little);
    return c;
}
