/* test_base64.c -- the vectors of RFC 4648, and what is refused. */
#include "testing.h"

#include "formats/text.h"

#include <string.h>

START_TEST(the_vectors_of_the_standard)
{
    static const char *const PAIR[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
    for (size_t k = 0; k < sizeof PAIR / sizeof *PAIR; k++) {
        char text[16];
        uint8_t back[16];
        const size_t n = strlen(PAIR[k][0]);
        ct_base64_put(text, (const uint8_t *)PAIR[k][0], n);
        ck_assert_str_eq(text, PAIR[k][1]);
        ck_assert_uint_eq(strlen(text) + 1, CT_BASE64_BYTES(n));
        ck_assert_uint_eq(ct_base64_get(text, back), n);
        ck_assert_int_eq(memcmp(back, PAIR[k][0], n), 0);
    }
}
END_TEST

START_TEST(what_is_not_that_is_refused)
{
    static const char *const BAD[] = {"Zm8",      "Zm9",  "Zm8*", "=m8=", "Zm8=Zm8=",
                                      "Zg==Zg==", "Z===", "Zm=8", ""};
    uint8_t back[16];
    for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++)
        ck_assert_uint_eq(ct_base64_get(BAD[k], back), 0);
}
END_TEST

TCase *base64_case(void)
{
    TCase *c = tcase_create("base64");
    add_tests(c, the_vectors_of_the_standard, what_is_not_that_is_refused);
    return c;
}
