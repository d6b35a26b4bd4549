/* test_inflate.c -- deflate undone, against what zlib made of known bytes; and every cut and
 * changed byte of it. */
#include "suites.h"

#include "formats/inflate.h"

#include <stdlib.h>
#include <string.h>

/* zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy) of 600 letters of "abcdefgh     " at random:
 * codes of its own; of 51 letters: fixed codes; of bytes 0 to 7: stored. */
static const uint8_t DYNAMIC[] = {
    37,  82,  217, 21,  128, 48,  8,   91,  37,  171, 17,  206, 253, 39,  48,  169, 207, 15,  133,
    210, 92,  152, 0,   216, 60,  220, 97,  81,  188, 216, 85,  43,  112, 13,  20,  56,  17,  161,
    82,  71,  171, 102, 121, 172, 166, 252, 209, 106, 130, 9,   52,  49,  186, 162, 170, 186, 97,
    152, 184, 82,  189, 72,  247, 129, 17,  60,  136, 196, 206, 233, 44,  26,  111, 60,  19,  101,
    72,  67,  15,  230, 94,  219, 160, 208, 168, 187, 113, 99,  13,  123, 179, 19,  63,  210, 61,
    17,  58,  78,  170, 236, 0,   41,  64,  125, 149, 84,  136, 175, 153, 217, 58,  23,  86,  159,
    198, 143, 209, 59,  82,  223, 124, 126, 54,  42,  54,  3,   121, 79,  66,  25,  212, 98,  31,
    173, 216, 54,  208, 89,  209, 164, 172, 228, 170, 136, 223, 118, 254, 226, 106, 88,  239, 226,
    17,  43,  179, 49,  122, 69,  150, 141, 230, 108, 53,  104, 51,  74,  65,  89,  34,  164, 70,
    38,  219, 157, 158, 25,  182, 9,   31,  150, 130, 93,  58,  131, 177, 145, 229, 11,  187, 71,
    34,  121, 178, 18,  237, 212, 169, 126, 148, 9,   147, 186, 85,  41,  116, 9,   109, 61,  103,
    33,  111, 57,  237, 88,  228, 145, 28,  220, 207, 96,  254, 105, 51,  151, 4,   11,  238, 76,
    50,  37,  169, 227, 157, 116, 61,  86,  113, 149, 55,  176, 202, 134, 160, 156, 62,  172, 123,
    217, 122, 66,  226, 211, 153, 58,  234, 20,  187, 162, 248, 55,  42,  41,  45,  241, 225, 149,
    235, 170, 119, 238, 205, 235, 231, 153, 108, 239, 99,  63,
};
static const uint8_t FIXED[] = {
    75, 76, 68, 5, 73, 137, 4, 5, 0,
};
static const uint8_t STORED[] = {1, 8, 0, 0xF7, 0xFF, 0, 1, 2, 3, 4, 5, 6, 7};

/* In memory of exactly these sizes, so that a sanitizer sees every overrun. */
static bool inflate(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
    uint8_t *exact = malloc(n + (n == 0)), *to = malloc(size + (size == 0));
    memcpy(exact, in, n);
    const bool ok = ct_inflate(exact, n, to, size);
    if (ok)
        memcpy(out, to, size);
    free(exact);
    free(to);
    return ok;
}

START_TEST(undoes_what_zlib_did)
{
    uint8_t out[600];
    ck_assert(inflate(DYNAMIC, sizeof DYNAMIC, out, 600));
    ck_assert_uint_eq(ct_crc32(0, out, 600), 281594145u);
    ck_assert_uint_eq(ct_crc32(ct_crc32(0, out, 77), out + 77, 523), 281594145u);
    ck_assert(inflate(FIXED, sizeof FIXED, out, 51));
    ck_assert_mem_eq(out, "aaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaab", 51);
    ck_assert(inflate(STORED, sizeof STORED, out, 8));
    ck_assert_mem_eq(out, STORED + 5, 8);
    ck_assert_uint_eq(ct_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926u);
}
END_TEST

START_TEST(every_other_length_is_refused)
{
    uint8_t out[601];
    for (size_t size = 0; size < 602; size++)
        ck_assert(inflate(DYNAMIC, sizeof DYNAMIC, out, size) == (size == 600));
    for (size_t n = 0; n < sizeof DYNAMIC; n++)
        ck_assert(!inflate(DYNAMIC, n, out, 600));
}
END_TEST

START_TEST(every_changed_byte_is_harmless)
{
    uint8_t changed[sizeof DYNAMIC], out[600];
    int accepted = 0;
    for (size_t at = 0; at < sizeof DYNAMIC; at++)
        for (int value = 0; value < 256; value += at < 60 ? 1 : 17) {
            memcpy(changed, DYNAMIC, sizeof DYNAMIC);
            changed[at] = (uint8_t)value;
            accepted += inflate(changed, sizeof DYNAMIC, out, 600);
        }
    ck_assert_int_gt(accepted, 0);
}
END_TEST

START_TEST(wrong_codes_are_refused)
{
    uint8_t out[8];
    ck_assert(!inflate((const uint8_t *)"\7", 1, out, 0));          /* a block of type 3 */
    ck_assert(!inflate((const uint8_t *)"\1\1\0\1\0x", 6, out, 1)); /* a length and no complement */
    ck_assert(
        !inflate((const uint8_t *)"\3\2\0", 3, out, 3));    /* a distance before the first byte */
    ck_assert(inflate((const uint8_t *)"\3\0", 2, out, 0)); /* nothing at all */
}
END_TEST

START_TEST(more_than_deflate_can_make_is_known_before)
{
    ck_assert(ct_inflate_may(1, 1032) && ct_inflate_may(100, 103200) && ct_inflate_may(0, 1000));
    ck_assert(ct_inflate_may(1, 2063) && !ct_inflate_may(1, 2064));
    ck_assert(!ct_inflate_may(10, UINT64_MAX) && !ct_inflate_may(SIZE_MAX, 8));
    ck_assert(!ct_inflate_may(SIZE_MAX - 1, SIZE_MAX) && ct_inflate_may(SIZE_MAX - 1, 8));
}
END_TEST

TCase *inflate_case(void)
{
    TCase *c = tcase_create("inflate");
    tcase_set_timeout(c, 20);
    add_tests(c, undoes_what_zlib_did, every_other_length_is_refused,
              every_changed_byte_is_harmless, wrong_codes_are_refused,
              more_than_deflate_can_make_is_known_before);
    return c;
}
