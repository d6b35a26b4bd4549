/* test_idx.c -- IDX files, against bytes written by hand; and every file that can
 * be made of a good one by cutting it off or by changing a byte. */
#include "suites.h"

#include "formats/npy.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t IMAGES[] = {0, 0, 8, 3, 0, 0,  0,  2,  0,  0,  0,
                                 3, 0, 0, 0, 1, 10, 11, 12, 13, 14, 255};

/* Parse a copy of exactly this size, so that a sanitizer sees every overrun. */
static ct_status parse(const uint8_t *data, size_t size, ct_npy *out, ct_error *err)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    memcpy(exact, data, size);
    const ct_status status = ct_idx_describe("images", exact, size, size, out, err);
    if (status == CT_OK) { /* what it promises can be read */
        size_t sum = 0;
        for (size_t i = 0; i < out->count; i++)
            sum += exact[out->offset + i];
        ck_assert_uint_le(sum, 255 * out->count);
    }
    free(exact);
    return status;
}

START_TEST(reads_images)
{
    ct_npy idx;
    ck_assert_int_eq(parse(IMAGES, sizeof IMAGES, &idx, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(idx.n_dims, 3);
    ck_assert_int_eq(idx.dim[0], 2);
    ck_assert_int_eq(idx.dim[1], 3);
    ck_assert_int_eq(idx.dim[2], 1);
    ck_assert_uint_eq(idx.offset, 16);
}
END_TEST

START_TEST(sizes_have_their_highest_byte_first)
{
    static uint8_t many[8 + 0x010203] = {0, 0, 8, 1, 0, 1, 2, 3};
    ct_npy idx;
    ck_assert_int_eq(parse(many, sizeof many, &idx, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(idx.dim[0], 0x010203);
}
END_TEST

START_TEST(reads_an_empty_set)
{
    static const uint8_t NONE[] = {0, 0, 8, 1, 0, 0, 0, 0};
    ct_npy idx;
    ck_assert_int_eq(parse(NONE, sizeof NONE, &idx, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(idx.dim[0], 0);
}
END_TEST

static void check_refused(const void *data, size_t size, const char *reason)
{
    ct_error err = {0};
    ct_npy idx;
    ck_assert_int_eq(parse(data, size, &idx, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "images: ") == err.msg && strstr(err.msg, reason) != NULL, "%s",
                  err.msg);
}

START_TEST(says_what_is_wrong)
{
    check_refused("P5\n2 2", 6, "expected an IDX file");
    check_refused("\0\0\x07\x01", 4, "expected an IDX file");
    check_refused("\0\0\xFF\x01", 4, "expected an IDX file");
    check_refused("\0\0\x0D\x02", 4, "expected unsigned bytes, type 8, found type 13");
    check_refused(IMAGES, 15, "16 bytes of header, found 3 and 15");
    check_refused(IMAGES, sizeof IMAGES - 1, "its shape does not fit its 5 bytes of values");
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    /* 2^31 items; 65536^4 = 2^64, which is 0 in 64 bits; 65536^2 the same in 32 */
    static const uint8_t HUGE1[] = {0, 0, 8, 1, 0x80, 0, 0, 0};
    static const uint8_t HUGE4[] = {0, 0, 8, 4, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0};
    static const uint8_t HUGE2[] = {0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0};
    static const uint8_t MINUS[] = {0, 0, 8, 2, 0x80, 0, 0, 0, 0, 0, 0, 0}; /* 2^31 by 0 */
    check_refused(HUGE1, sizeof HUGE1, "its shape does not fit");
    check_refused(MINUS, sizeof MINUS, "its shape does not fit");
    check_refused(HUGE4, sizeof HUGE4, "its shape does not fit");
    check_refused(HUGE2, sizeof HUGE2, "its shape does not fit");
}
END_TEST

START_TEST(every_cut_is_refused)
{
    for (size_t size = 0; size < sizeof IMAGES; size++) {
        ct_error err = {0};
        ct_npy idx;
        ck_assert_int_eq(parse(IMAGES, size, &idx, &err), CT_ERR_FORMAT);
        ck_assert_int_ne(err.msg[0], '\0');
    }
}
END_TEST

/* Only sizes that multiply to the same number, and values, may change. */
START_TEST(every_changed_byte_is_harmless)
{
    for (size_t at = 0; at < sizeof IMAGES; at++)
        for (int value = 0; value < 256; value++) {
            uint8_t changed[sizeof IMAGES];
            ct_error err = {0};
            ct_npy idx;
            memcpy(changed, IMAGES, sizeof IMAGES);
            changed[at] = (uint8_t)value;
            const bool same = at >= 16 || value == IMAGES[at];
            ck_assert_int_eq(parse(changed, sizeof changed, &idx, &err),
                             same ? CT_OK : CT_ERR_FORMAT);
        }
}
END_TEST

TCase *idx_case(void)
{
    TCase *c = tcase_create("idx");
    tcase_set_timeout(c, 20);
    add_tests(c, reads_images, sizes_have_their_highest_byte_first, reads_an_empty_set,
              says_what_is_wrong, sizes_that_overflow_are_refused, every_cut_is_refused,
              every_changed_byte_is_harmless);
    return c;
}
