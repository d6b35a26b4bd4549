/* test_number.c -- numbers as text, against values known by hand, the exact
 * neighbours of a double, and a locale with another decimal point. */
#include "suites.h"

#include "contrast/random.h"
#include "formats/text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *text;
    double x;
} EXACT[] = {
    {"0", 0},
    {"-0", -0.0},
    {"1", 1},
    {"0.07", 0.07},
    {"-12.5e-3", -0.0125},
    {"1E+2", 100},
    {"0.1", 0.1},
    {"2.2250738585072014e-308", DBL_MIN},
    {"4.9e-324", 4.9406564584124654e-324},
    {"1e-400", 0},
    {"1.5e-99999999999999999999", 0},
    {"0e99999999999999999999", 0},
    {"1.7976931348623157e308", DBL_MAX},
    {"9007199254740993", 9007199254740992.0},      /* 2^53 + 1: a tie, to even */
    {"9007199254740993.0001", 9007199254740994.0}, /* just above it           */
    {"123456789012345678901234567890", 123456789012345678901234567890.0},
    {".07", 0.07}, /* as people write; JSON does not (json.c) */
    {"+0.07", 0.07},
    {"-.5e+2", -50},
    {"007", 7},
};

START_TEST(reads_numbers_to_the_nearest_double)
{
    for (size_t i = 0; i < sizeof EXACT / sizeof *EXACT; i++) {
        double x = (double)NAN;
        ck_assert_uint_eq(ct_number_get(EXACT[i].text, &x), strlen(EXACT[i].text));
        ck_assert_msg(x == EXACT[i].x && signbit(x) == signbit(EXACT[i].x), "%s gave %.17g",
                      EXACT[i].text, x);
    }
}
END_TEST

START_TEST(stops_where_the_number_ends)
{
    double x;
    ck_assert_uint_eq(ct_number_get("1,2", &x), 1);
    ck_assert_uint_eq(ct_number_get("1.5]", &x), 3);
    ck_assert_uint_eq(ct_number_get("2e3x", &x), 3);
    ck_assert_uint_eq(ct_number_get("0x10", &x), 1);
}
END_TEST

START_TEST(refuses_what_is_no_number)
{
    static const char *const CASES[] = {
        "",
        "-",
        "+",
        "+-1",
        ".",
        ".e1",
        "1.",
        "1e",
        "1e+",
        "1.e3",
        "1e 3",
        " 1",
        "nan",
        "inf",
        "Infinity",
        "1e999",
        "-1e309",
        "1e99999999999999999999",
        "12345678901234567890123456789012345678901234567890123456789012345", /* 65 digits */
    };
    double x;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        ck_assert_msg(ct_number_get(CASES[i], &x) == 0, "%s", CASES[i]);
}
END_TEST

START_TEST(writes_the_shortest_number)
{
    static const struct {
        double x;
        bool single;
        const char *text;
    } CASES[] = {
        {0, false, "0"},
        {-0.0, false, "-0"},
        {1, false, "1"},
        {100, false, "100"},
        {0.07, false, "0.07"},
        {(double)0.07F, true, "0.07"},
        {(double)0.07F, false, "0.07000000029802322"},
        {0.1 + 0.2, false, "0.30000000000000004"},
        {-1.9459101, false, "-1.9459101"},
        {3.5e-7, false, "3.5e-07"},
        {0.00001, false, "0.00001"},
        {1e21, false, "1e+21"},
        {123456789012345, false, "123456789012345"},
        {16777216, true, "1.6777216e+07"},
        {1234567, true, "1234567"},
        {(double)FLT_MAX, true, "3.4028235e+38"},
        {1.401298464324817e-45, true, "1e-45"},
        {DBL_MAX, false, "1.7976931348623157e+308"},
        {9.5, false, "9.5"},
        {9.999999, true, "9.999999"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char out[CT_NUMBER_BYTES];
        ct_number_put(out, CASES[i].x, CASES[i].single);
        ck_assert_str_eq(out, CASES[i].text);
    }
}
END_TEST

/* Random bits, so that every exponent occurs. */
START_TEST(what_is_written_reads_back)
{
    ct_random r = ct_random_make(1, CT_STREAM_TEST, 0);
    for (int i = 0; i < 5000; i++) {
        char out[CT_NUMBER_BYTES];
        double x, back = (double)NAN;
        float f;
        const uint32_t low = ct_random_bits(&r), high = ct_random_bits(&r);
        const uint64_t bits = (uint64_t)high << 32 | low;
        memcpy(&x, &bits, sizeof x);
        memcpy(&f, &low, sizeof f);
        if (isfinite(x)) {
            ct_number_put(out, x, false);
            ck_assert_uint_eq(ct_number_get(out, &back), strlen(out));
            ck_assert_msg(back == x, "%s for %.17g", out, x);
        }
        if (isfinite(f)) {
            ct_number_put(out, (double)f, true);
            ck_assert_uint_eq(ct_number_get(out, &back), strlen(out));
            ck_assert_msg((float)back == f, "%s for %.9g", out, (double)f);
        }
    }
}
END_TEST

START_TEST(the_locale_changes_nothing)
{
    static const char *const LOCALES[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8",
                                          "fa_IR.UTF-8"};
    char out[CT_NUMBER_BYTES];
    double x = (double)NAN;
    for (size_t i = 0; i < sizeof LOCALES / sizeof *LOCALES; i++) {
        setlocale(LC_ALL, LOCALES[i]); /* has no effect where it is not installed */
        ck_assert_uint_eq(ct_number_get("12.5e-3", &x), 7);
        ck_assert_msg(x == 0.0125, "%g", x);
        ct_number_put(out, 0.0125, false);
        ck_assert_str_eq(out, "0.0125");
        ct_number_put(out, 1.25e-30, false);
        ck_assert_str_eq(out, "1.25e-30");
    }
    setlocale(LC_ALL, "C");
}
END_TEST

TCase *number_case(void)
{
    TCase *c = tcase_create("number");
    tcase_set_timeout(c, 30);
    add_tests(c, reads_numbers_to_the_nearest_double, stops_where_the_number_ends,
              refuses_what_is_no_number, writes_the_shortest_number, what_is_written_reads_back,
              the_locale_changes_nothing);
    return c;
}
