/* test_text.c -- captions to ids: golden numbers from Python, a slow twin that
 * builds every "<word>", and what broken UTF-8 may not do. */
#include "suites.h"

#include "contrast/data.h"
#include "data/inside.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const ct_text_config WORDS = {.buckets = 1 << 30, .words = true};
static const ct_text_config ALL = {
    .buckets = 10007, .words = true, .word_pairs = true, .ngram_min = 3, .ngram_max = 4};

static void assert_same_ids(const char *a, const char *b, const ct_text_config *c)
{
    int x[200], y[200], n = ct_text_ids(a, c, x, 200);
    ck_assert_int_eq(n, ct_text_ids(b, c, y, 200));
    ck_assert_int_gt(n, 0);
    ck_assert_msg(memcmp(x, y, (size_t)n * sizeof *x) == 0, "'%s' is not '%s'", a, b);
}

static void assert_other_ids(const char *a, const char *b, const ct_text_config *c)
{
    int x[200], y[200], n = ct_text_ids(a, c, x, 200), m = ct_text_ids(b, c, y, 200);
    ck_assert_msg(n != m || memcmp(x, y, (size_t)n * sizeof *x) != 0, "'%s' is '%s'", a, b);
}

/* def fnv(s):
 *     h = 2166136261
 *     for c in s: h = ((h ^ ord(c)) * 16777619) % 2**32
 *     return h
 * for w in "Red Ώra".lower().split(): for i, for n in (3, 4): fnv("~" + ("<" + w + ">")[i+1-n :
 * i+1]); then fnv(w), then fnv(previous + " " + w); all modulo 10007 */
START_TEST(ids_are_those_of_the_python_twin)
{
    static const int GOLDEN[] = {4797, 6959, 46,   1765, 6389, 3296, 66,
                                 2448, 6194, 5440, 9638, 3110, 9333};
    int id[20];
    ck_assert_int_eq(ct_text_ids("Red Ώra", &ALL, id, 20), 13);
    for (int k = 0; k < 13; k++)
        ck_assert_int_eq(id[k], GOLDEN[k]);
}
END_TEST

/* for c in [*range(0x250), *range(0x386, 0x3cf), *range(0x400, 0x460), *range(0x1e00, 0x1f00)]:
 *     h = ((h ^ lower_case(c)) * 16777619) % 2**32        # as in models/two_tower.py
 * where lower_case(c) is ord(chr(c).lower()) for all capitals that occur in NFC */
START_TEST(lower_case_is_that_of_python)
{
    static const struct {
        uint32_t from, to;
    } RANGE[] = {{0, 0x250}, {0x386, 0x3CF}, {0x400, 0x460}, {0x1E00, 0x1F00}};
    uint32_t h = 2166136261u;
    for (int k = 0; k < 4; k++)
        for (uint32_t c = RANGE[k].from; c < RANGE[k].to; c++)
            h = (h ^ data_lower_case(c)) * 16777619u;
    ck_assert_uint_eq(h, 0x5839453au);
    ck_assert_uint_eq(data_lower_case(0x4E00), 0x4E00); /* CJK has no case */
}
END_TEST

/* for c in [*range(0x20, 0x460), *range(0x1e00, 0x1f00)]: if lower_case(c) == c:
 *     for m in range(0x300, 0x370): h = ((h ^ (compose(c, m) or 0)) * 16777619) % 2**32 */
START_TEST(marks_are_composed_as_unicodedata_does)
{
    uint32_t h = 2166136261u;
    for (uint32_t c = 0x20; c < 0x1F00; c = c == 0x45F ? 0x1E00 : c + 1)
        for (uint32_t m = 0x300; m < 0x370 && data_lower_case(c) == c; m++)
            h = (h ^ data_compose(c, m)) * 16777619u;
    ck_assert_uint_eq(h, 0x166b80c1u);
    assert_same_ids("cafe\u0301 Tie\u0302\u0301ng Vie\u0323\u0302t", "café tiếng việt", &ALL);
    assert_same_ids("CAFE\u0301 A\u0302\u0301 \u1EA4", "CAFÉ ấ ấ", &ALL);
    assert_same_ids("\u0419 \u0418\u0306 I\u0307stanbul", "й й \u0130stanbul", &ALL);
    assert_other_ids("cafe\u0301", "cafe", &ALL);
    assert_other_ids("q\u0301", "q", &ALL); /* no letter is both */
}
END_TEST

START_TEST(capitals_do_not_matter)
{
    assert_same_ids("RED Star", "red star", &ALL);
    assert_same_ids("ÀÖØÞ ŁÓDŹ Ÿ", "àöøþ łódź ÿ", &ALL);
    assert_same_ids("ΆΈ ΌΏ ΑΣΫ", "άέ όώ ασϋ", &ALL);
    assert_same_ids("ЁЖИК ДЯДЯ", "ёжик дядя", &ALL);
}
END_TEST

START_TEST(punctuation_only_separates)
{
    assert_same_ids("  star,ring;...", "star ring", &ALL);
    assert_same_ids("star\xE2\x80\x94ring", "star ring", &ALL); /* em dash */
    assert_same_ids("2×3«4»", "2 3 4", &ALL);
    assert_other_ids("starring", "star ring", &ALL);
    ck_assert_int_eq(ct_text_ids(" .,!", &ALL, NULL, 0), 0);
    ck_assert_int_eq(ct_text_ids("", &ALL, NULL, 0), 0);
}
END_TEST

START_TEST(word_pairs_know_the_order)
{
    const ct_text_config pairs = {.buckets = 1 << 30, .word_pairs = true};
    ck_assert_int_eq(ct_text_ids("red star blue ring", &pairs, NULL, 0), 3);
    ck_assert_int_eq(ct_text_ids("red", &pairs, NULL, 0), 0);
    assert_other_ids("red star", "star red", &pairs);
    assert_other_ids("ab c", "a bc", &pairs);
}
END_TEST

START_TEST(what_is_not_utf8_counts_byte_by_byte)
{
#define BAD "\xEF\xBF\xBD" /* U+FFFD */
    assert_same_ids("a\xFF\xFE", "a" BAD BAD, &WORDS);
    assert_same_ids("a\xE2\x82", "a" BAD BAD, &WORDS);            /* cut short by the end */
    assert_same_ids("a\xE2\x82q", "a" BAD BAD "q", &WORDS);       /* by a letter */
    assert_same_ids("\xC0\xAF", BAD BAD, &WORDS);                 /* overlong */
    assert_same_ids("\xED\xA0\x80", BAD BAD BAD, &WORDS);         /* surrogate */
    assert_same_ids("\xF4\x90\x80\x80", BAD BAD BAD BAD, &WORDS); /* above U+10FFFF */
}
END_TEST

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Every substring of "<word>" of n_min to n_max letters, hashed on its own. */
static int slow_ngrams(const char *word, int n_min, int n_max, int buckets, int *id)
{
    char s[64] = "<";
    int n_ids = 0;
    strcat(strcat(s, word), ">");
    for (int at = 0, length = (int)strlen(s); at < length; at++)
        for (int n = n_min; n <= n_max && at + n <= length; n++) {
            uint32_t h = (2166136261u ^ '~') * 16777619u;
            for (int k = 0; k < n; k++)
                h = (h ^ (unsigned char)s[at + k]) * 16777619u;
            id[n_ids++] = (int)(h % (uint32_t)buckets);
        }
    return n_ids;
}

START_TEST(ngrams_are_those_of_the_slow_twin)
{
    static const char *const WORD[] = {"a", "ring", "abcdefgh", "internationalisation"};
    for (int w = 0; w < 4; w++)
        for (int lo = 1; lo <= CT_NGRAM_MAX; lo++)
            for (int hi = lo; hi <= CT_NGRAM_MAX; hi++) {
                const ct_text_config c = {.buckets = 1000003, .ngram_min = lo, .ngram_max = hi};
                int fast[200], slow[200], n = ct_text_ids(WORD[w], &c, fast, 200);
                ck_assert_int_eq(n, slow_ngrams(WORD[w], lo, hi, c.buckets, slow));
                qsort(fast, (size_t)n, sizeof *fast, compare_ints);
                qsort(slow, (size_t)n, sizeof *slow, compare_ints);
                ck_assert_int_eq(memcmp(fast, slow, (size_t)n * sizeof *fast), 0);
            }
}
END_TEST

START_TEST(no_ngram_is_a_word)
{
    const ct_text_config ngrams = {.buckets = INT_MAX, .ngram_min = 3, .ngram_max = 3};
    int word, id[20];
    ck_assert_int_eq(ct_text_ids("red", &(ct_text_config){.buckets = INT_MAX, .words = true}, &word,
                                 1),
                     1);
    int n = ct_text_ids("hundreds", &ngrams, id, 20);
    for (int k = 0; k < n; k++)
        ck_assert_int_ne(id[k], word);
}
END_TEST

START_TEST(never_writes_more_than_there_is_room_for)
{
    int id[4] = {-1, -1, -1, -1};
    ck_assert_int_eq(ct_text_ids("a b c d e", &WORDS, id, 3), 5);
    ck_assert_int_ge(id[2], 0);
    ck_assert_int_eq(id[3], -1);
}
END_TEST

START_TEST(ids_are_rows_of_the_table)
{
    const ct_text_config c = {
        .buckets = 3, .words = true, .word_pairs = true, .ngram_min = 2, .ngram_max = 5};
    int id[200], n = ct_text_ids("a small red star at the top left", &c, id, 200), seen[3] = {0};
    ck_assert_int_le(n, 200);
    for (int k = 0; k < n; k++) {
        ck_assert_int_ge(id[k], 0);
        ck_assert_int_lt(id[k], 3);
        seen[id[k]]++;
    }
    ck_assert(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}
END_TEST

START_TEST(a_long_ngram_is_a_bug_of_the_caller)
{
    ct_text_ids("a", &(ct_text_config){.buckets = 1, .ngram_max = CT_NGRAM_MAX + 1}, NULL, 0);
}
END_TEST

START_TEST(no_buckets_is_a_bug_of_the_caller)
{
    ct_text_ids("a", &(ct_text_config){.words = true}, NULL, 0);
}
END_TEST

TCase *text_case(void)
{
    TCase *tc = tcase_create("text");
    add_tests(tc, ids_are_those_of_the_python_twin, lower_case_is_that_of_python,
              capitals_do_not_matter, marks_are_composed_as_unicodedata_does,
              punctuation_only_separates, word_pairs_know_the_order,
              what_is_not_utf8_counts_byte_by_byte, ngrams_are_those_of_the_slow_twin,
              no_ngram_is_a_word, never_writes_more_than_there_is_room_for,
              ids_are_rows_of_the_table);
    if (forking()) {
        tcase_add_test_raise_signal(tc, a_long_ngram_is_a_bug_of_the_caller, SIGABRT);
        tcase_add_test_raise_signal(tc, no_buckets_is_a_bug_of_the_caller, SIGABRT);
    }
    return tc;
}
