/* test_nearest.c -- "did you mean": distances counted by hand. */
#include "suites.h"

#include "formats/text.h"

#include <string.h>

static const char *nearest(const char *word)
{
    static const char *const KEYS[] = {"temperature", "steps", "seed", "learning_rate",
                                       "weight_decay"};
    return ct_name_nearest(word, KEYS, 5, sizeof *KEYS);
}

START_TEST(finds_the_name_that_was_meant)
{
    ck_assert_str_eq(nearest("temprature"), "temperature");   /* one missing */
    ck_assert_str_eq(nearest("temperrature"), "temperature"); /* one too many */
    ck_assert_str_eq(nearest("tempetarure"), "temperature");  /* two wrong */
    ck_assert_str_eq(nearest("step"), "steps");
    ck_assert_str_eq(nearest("sed"), "seed");
    ck_assert_str_eq(nearest("learning-rate"), "learning_rate");
    ck_assert_str_eq(nearest("seed"), "seed");
}
END_TEST

START_TEST(stays_silent_when_nothing_is_near)
{
    ck_assert_ptr_null(nearest("margin"));
    ck_assert_ptr_null(nearest(""));
    ck_assert_ptr_null(nearest("tempxxxxxre")); /* 5 of 11 */
}
END_TEST

START_TEST(a_third_may_be_wrong_and_no_more)
{
    const char *const names[] = {"abcdef"};
    ck_assert_ptr_nonnull(ct_name_nearest("abcdxx", names, 1, sizeof *names));
    ck_assert_ptr_null(ct_name_nearest("abcxxx", names, 1, sizeof *names));
}
END_TEST

START_TEST(the_first_of_equals_wins)
{
    const char *const names[] = {"cat", "car"};
    ck_assert_str_eq(ct_name_nearest("cap", names, 2, sizeof *names), "cat");
}
END_TEST

START_TEST(long_words_are_left_alone)
{
    char word[200];
    memset(word, 'a', sizeof word);
    word[199] = '\0';
    const char *const names[] = {word};
    ck_assert_ptr_null(ct_name_nearest(word, names, 1, sizeof *names));
    ck_assert_ptr_null(ct_name_nearest("aaa", names, 1, sizeof *names));
    ck_assert_ptr_null(nearest(word));
}
END_TEST

START_TEST(a_word_is_as_a_shell_takes_it)
{
    char out[CT_WORD_BYTES], word[2 * CT_WORD_BYTES];
    ck_assert_str_eq(ct_text_word(out, "runs/a-1.x"), "runs/a-1.x");
    ck_assert_str_eq(ct_text_word(out, ""), "''");
    ck_assert_str_eq(ct_text_word(out, "it's"), "'it'\\''s'");
    for (int quotes = 0; quotes < 2; quotes++) { /* the longest: one that is cut ends in ... */
        memset(word, quotes ? '\'' : 'a', sizeof word);
        size_t fits = 0;
        do {
            word[fits] = quotes ? '\'' : 'a';
            word[++fits] = '\0';
            ct_text_word(out, word);
        } while (strstr(out, "...") == NULL);
        ck_assert_uint_ge(fits * (quotes ? 4 : 1), CT_WORD_BYTES - 12);
        ck_assert_str_eq(out + strlen(out) - 5, quotes ? "''..." : "aa...");
    }
}
END_TEST

TCase *nearest_case(void)
{
    TCase *c = tcase_create("nearest");
    add_tests(c, finds_the_name_that_was_meant, stays_silent_when_nothing_is_near,
              a_third_may_be_wrong_and_no_more, the_first_of_equals_wins, long_words_are_left_alone,
              a_word_is_as_a_shell_takes_it);
    return c;
}
