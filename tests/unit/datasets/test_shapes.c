/* test_shapes.c -- the splits do not share what they must not share, by a reader of
 * captions that knows nothing of how they are made. */
#include "testing.h"

#include "caption_reader.h"
#include "contrast/datasets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const HELD_OUT[] = {"yellow circle", "purple square", "red triangle",
                                       "green star",    "pink cross",    "orange ring",
                                       "blue diamond",  "white heart"};

static ct_pairs *make(int n_train, int n_validation, int n_test, int n_composition)
{
    ct_data_options o = ct_data_defaults();
    ct_error err = {0};
    o.n_train = n_train;
    o.n_validation = n_validation;
    o.n_test = n_test;
    o.n_composition = n_composition;
    o.seed = 1;
    ct_pairs *p = ct_shapes(&o, &err);
    ck_assert_msg(p != NULL, "%s", err.msg);
    return p;
}

START_TEST(the_reader_of_captions_can_read)
{
    meaning m = read_caption("at the bottom left, a little red star");
    ck_assert(m.n == 1 && m.colour[0] == 0 && m.shape[0] == 3 && m.column == -1 && m.row == 1 &&
              !m.large);
    m = read_caption("two shapes: red star right of white ring");
    ck_assert(m.n == 2 && m.colour[0] == 7 && m.shape[0] == 5 && m.colour[1] == 0 &&
              m.shape[1] == 3 && !m.vertical);
    ck_assert_int_eq(meaning_number("a red star above a blue ring"),
                     meaning_number("blue ring below, red star above"));
    ck_assert_int_ne(meaning_number("a red star above a blue ring"),
                     meaning_number("a red star below a blue ring"));
}
END_TEST

/* "A star above a star" would not bind a place to a colour for a bag of word pairs. */
static bool one_shape_each(const char *caption)
{
    meaning m = read_caption(caption);
    return m.n == 1 || m.shape[0] != m.shape[1];
}

START_TEST(groups_are_meanings)
{
    ct_pairs *p = make(2000, 100, 100, 100);
    int n_numbers = 3 * 64 * 64 * 4 * 9, *group_of = malloc((size_t)n_numbers * sizeof *group_of);
    int meaning_of[9344]; /* more than there are groups */
    for (int k = 0; k < n_numbers; k++)
        group_of[k] = -1;
    for (int k = 0; k < 9344; k++)
        meaning_of[k] = -1;
    for (int i = 0; i < p->n; i++) {
        int g = p->group[i], m = meaning_number(caption_of(p, i));
        ck_assert(g >= 0 && g < 9344 && m < n_numbers);
        ck_assert(one_shape_each(caption_of(p, i)));
        ck_assert_msg(group_of[m] == -1 || group_of[m] == g, "%s", caption_of(p, i));
        ck_assert_msg(meaning_of[g] == -1 || meaning_of[g] == m, "%s", caption_of(p, i));
        group_of[m] = g;
        meaning_of[g] = m;
    }
    free(group_of);
    ct_pairs_free(p);
}
END_TEST

START_TEST(splits_share_no_meaning)
{
    ct_pairs *p = make(6000, 504, 1008, 576);
    char split_of[9344] = {0};
    for (int s = 0; s < CT_N_SPLITS; s++)
        for (int k = 0; k < p->count[s]; k++) {
            char *known = &split_of[p->group[p->index[s][k]]];
            ck_assert_msg(*known == 0 || (s == CT_TRAIN && *known == 1), "%s",
                          caption_of(p, p->index[s][k]));
            *known = (char)(s + 1);
        }
    ct_pairs_free(p);
}
END_TEST

START_TEST(captions_of_test_pairs_are_distinct)
{
    ct_pairs *p = make(1, 0, 1000, 500);
    ck_assert_int_ge(p->side[1].n_texts, 1500);
    ct_pairs_free(p);
}
END_TEST

static bool says_held_out(const char *caption)
{
    for (int k = 0; k < 8; k++)
        if (strstr(caption, HELD_OUT[k]) != NULL)
            return true;
    return false;
}

START_TEST(held_out_combinations_are_in_their_split_alone)
{
    ct_pairs *p = make(3000, 500, 1000, 500);
    for (int s = 0; s < CT_N_SPLITS; s++)
        for (int k = 0; k < p->count[s]; k++) {
            const char *caption = caption_of(p, p->index[s][k]);
            ck_assert_msg(says_held_out(caption) == (s == CT_COMPOSITION), "%s: %s",
                          ct_split_name((ct_split)s), caption);
        }
    ct_pairs_free(p);
}
END_TEST

START_TEST(a_meaning_has_several_wordings)
{
    ct_pairs *p = make(4000, 0, 0, 0);
    int first[9344], repeated = 0, reworded = 0;
    memset(first, 0xFF, sizeof first);
    for (int i = 0; i < p->n; i++) {
        int *f = &first[p->group[i]];
        if (*f >= 0) {
            repeated++;
            reworded += p->side[1].text_of[i] != p->side[1].text_of[*f];
        } else {
            *f = i;
        }
    }
    ck_assert_int_gt(repeated, 500);
    ck_assert_int_gt(reworded, repeated * 3 / 4);
    ct_pairs_free(p);
}
END_TEST

START_TEST(of_the_first_object_alone)
{
    ct_data_options o = ct_data_defaults();
    o.n_train = 500;
    o.n_validation = o.n_test = o.n_composition = 50;
    o.seed = 1;
    ct_pairs *whole = ct_shapes(&o, CT_IGNORE_ERROR);
    o.first_object = true;
    ct_pairs *first = ct_shapes(&o, CT_IGNORE_ERROR);
    int n_wordings = 0;
    for (int i = 0; i < whole->n; i++) {
        const meaning all = read_caption(caption_of(whole, i)),
                      one = read_caption(caption_of(first, i));
        ck_assert(one.n == 1 && one.shape[0] == all.shape[0] && one.colour[0] == all.colour[0]);
        ck_assert_int_eq(first->group[i], one.shape[0] + 8 * one.colour[0]);
        ck_assert_int_eq(whole->group[i] % CT_SHAPES_KINDS, first->group[i]);
        ck_assert_mem_eq(pixels_of(whole, i), pixels_of(first, i), (size_t)whole->side[0].dim);
        n_wordings += strncmp(caption_of(first, i), "there is", 8) == 0;
    }
    ck_assert(n_wordings > first->n / 8 && n_wordings < first->n / 2);
    ck_assert_int_le(first->side[1].n_texts, 4 * CT_SHAPES_KINDS);
    ct_pairs_free(whole);
    ct_pairs_free(first);
}
END_TEST

static ct_pairs *make_repeating(double share, int n_train, uint64_t seed)
{
    ct_data_options o = ct_data_defaults();
    o.n_train = n_train;
    o.n_validation = o.n_test = o.n_composition = 100;
    o.seed = seed;
    o.repeats = share;
    return ct_shapes(&o, CT_IGNORE_ERROR);
}

/* Rows whose caption an earlier row of the training split has. */
static int count_repeats(const ct_pairs *p)
{
    bool *seen = calloc((size_t)p->side[1].n_texts, sizeof *seen);
    int n = 0;
    for (int k = 0; k < p->count[CT_TRAIN]; k++) {
        bool *known = &seen[p->side[1].text_of[p->index[CT_TRAIN][k]]];
        n += *known;
        *known = true;
    }
    free(seen);
    return n;
}

START_TEST(the_share_that_is_asked_for_repeats)
{
    static const double SHARE[] = {0, 0.1, 0.5, 0.9, 1};
    enum { ROWS = 2000 };
    for (int j = 0; j < 5; j++) {
        ct_pairs *p = make_repeating(SHARE[j], ROWS, 3);
        const double expected = SHARE[j] * (ROWS - 1), found = count_repeats(p);
        /* Four standard deviations; 2 % of the captions are equal without being asked to be. */
        const double noise = 4 * sqrt(expected * (1 - SHARE[j])) + 1e-9;
        ck_assert_msg(found >= expected - noise && found <= expected + noise + 0.03 * ROWS,
                      "share %g: %g of %d", SHARE[j], found, ROWS);
        for (int i = 0; i < p->n; i++) /* what repeats means the same, and is another picture */
            for (int k = i - 1; k >= 0 && k > i - 30; k--)
                if (p->side[1].text_of[i] == p->side[1].text_of[k]) {
                    ck_assert_int_eq(p->group[i], p->group[k]);
                    ck_assert_mem_ne(pixels_of(p, i), pixels_of(p, k), (size_t)p->side[0].dim);
                }
        ct_pairs_free(p);
    }
}
END_TEST

START_TEST(repeats_leave_the_other_rows_alone)
{
    ct_pairs *none = make_repeating(0, 400, 5), *half = make_repeating(0.5, 400, 5),
             *again = make_repeating(0.5, 300, 5), *other = make_repeating(0.5, 400, 6);
    int own = 0, changed = 0;
    for (int k = 0; k < 400; k++) {
        const int i = half->index[CT_TRAIN][k];
        own += strcmp(caption_of(none, i), caption_of(half, i)) == 0 &&
               memcmp(pixels_of(none, i), pixels_of(half, i), (size_t)none->side[0].dim) == 0;
        changed += strcmp(caption_of(half, i), caption_of(other, i)) != 0;
        if (k < 300) /* the seed alone decides */
            ck_assert_str_eq(caption_of(half, i), caption_of(again, again->index[CT_TRAIN][k]));
    }
    ck_assert_msg(own > 160 && own < 240, "%d", own);
    ck_assert_int_gt(changed, 300);
    for (int s = CT_TRAIN + 1; s < CT_N_SPLITS; s++)
        for (int k = 0; k < none->count[s]; k++)
            ck_assert_str_eq(caption_of(none, none->index[s][k]),
                             caption_of(half, half->index[s][k]));
    ct_pairs_free(none);
    ct_pairs_free(half);
    ct_pairs_free(again);
    ct_pairs_free(other);
}
END_TEST

START_TEST(an_item_does_not_depend_on_how_many_there_are)
{
    ct_pairs *few = make(10, 3, 5, 2), *many = make(50, 9, 40, 20);
    for (int s = 0; s < CT_N_SPLITS; s++)
        for (int k = 0; k < few->count[s]; k++) {
            int a = few->index[s][k], b = many->index[s][k];
            ck_assert_str_eq(caption_of(few, a), caption_of(many, b));
            ck_assert_int_eq(few->group[a], many->group[b]);
            ck_assert_int_eq(memcmp(pixels_of(few, a), pixels_of(many, b),
                                    (size_t)few->side[0].dim),
                             0);
        }
    ct_pairs_free(few);
    ct_pairs_free(many);
}
END_TEST

static uint32_t fnv(uint32_t h, const void *data, size_t size)
{
    const unsigned char *b = data;
    for (size_t k = 0; k < size; k++)
        h = (h ^ b[k]) * 16777619u;
    return h;
}

/* Recorded on x86-64; every machine must find the same. */
START_TEST(pixels_and_captions_are_the_same_everywhere)
{
    ct_pairs *p = make(100, 20, 40, 20);
    uint32_t h = fnv(2166136261u, p->side[0].u8, (size_t)p->n * (size_t)p->side[0].dim),
             words = 2166136261u;
    for (int i = 0; i < p->n; i++)
        words = fnv(words, caption_of(p, i), strlen(caption_of(p, i)) + 1);
    ck_assert_msg(h == 0xa0c2a9f0u && words == 0x2821389du, "pixels %08x, captions %08x", h, words);
    ct_pairs_free(p);
}
END_TEST

START_TEST(describes_its_pictures)
{
    ct_pairs *p = make(1, 0, 0, 0);
    ck_assert_int_eq(p->side[0].width, 16);
    ck_assert_int_eq(p->side[0].height, 16);
    ck_assert_int_eq(p->side[0].channels, 3);
    ck_assert_int_eq(p->side[0].dim, 768);
    ck_assert(isnan(p->mutual_information));
    ct_pairs_free(p);
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
    static const struct {
        int size, n_train, n_validation, n_test, n_composition;
        double noise;
        const char *says;
    } WRONG[] = {
        {7, 9, 9, 9, 9, 8, "shapes: size is 7; expected 8 to 64 pixels"},
        {65, 9, 9, 9, 9, 8, "shapes: size is 65; expected 8 to 64 pixels"},
        {16, 9, 9, 9, 9, -1, "shapes: noise is -1; expected 0 to 128"},
        {16, 9, 9, 9, 9, (double)NAN, "shapes: noise is nan; expected 0 to 128"},
        {16, 0, 9, 9, 9, 8, "shapes: 0 items in the train split"},
        {16, 9, 505, 9, 9, 8,
         "shapes: 505 items in the validation split; expected at most 504, all different"},
        {16, 9, 9, 1009, 9, 8,
         "shapes: 1009 items in the test split; expected at most 1008, all different"},
        {16, 9, 9, 9, 577, 8,
         "shapes: 577 items in the composition split; expected at most 576, all different"},
    };
    ct_error why = {0};
    ct_data_options much = ct_data_defaults();
    much.repeats = 1.5;
    ck_assert_ptr_null(ct_shapes(&much, &why));
    ck_assert_str_eq(why.msg, "shapes: repeats is 1.5; expected 0 to 1");
    for (int k = 0; k < 8; k++) {
        ct_data_options o = ct_data_defaults();
        ct_error err = {0};
        o.size = WRONG[k].size;
        o.n_train = WRONG[k].n_train;
        o.n_validation = WRONG[k].n_validation;
        o.n_test = WRONG[k].n_test;
        o.n_composition = WRONG[k].n_composition;
        o.noise = WRONG[k].noise;
        ck_assert_ptr_null(ct_shapes(&o, &err));
        ck_assert_int_eq(err.status, CT_ERR_CONFIG);
        ck_assert_msg(strncmp(err.msg, WRONG[k].says, strlen(WRONG[k].says)) == 0, "%s", err.msg);
        ck_assert_ptr_null(ct_shapes(&o, CT_IGNORE_ERROR));
    }
}
END_TEST

START_TEST(failed_allocations_leave_nothing_behind)
{
    ct_data_options o = ct_data_defaults();
    o.n_train = 800; /* more than the arena's first block, so that it asks more than once */
    o.size = 8;
    o.n_validation = o.n_test = o.n_composition = 0;
    ck_assert_int_gt(fail_each_allocation(ct_shapes, &o), 3);
}
END_TEST

TCase *shapes_case(void)
{
    TCase *tc = tcase_create("shapes");
    tcase_set_timeout(tc, 60); /* seconds; a thirtieth of it suffices without sanitizers */
    add_tests(tc, the_reader_of_captions_can_read, groups_are_meanings, splits_share_no_meaning,
              captions_of_test_pairs_are_distinct, held_out_combinations_are_in_their_split_alone,
              a_meaning_has_several_wordings, of_the_first_object_alone,
              the_share_that_is_asked_for_repeats, repeats_leave_the_other_rows_alone,
              an_item_does_not_depend_on_how_many_there_are,
              pixels_and_captions_are_the_same_everywhere, describes_its_pictures,
              options_out_of_range_are_refused, failed_allocations_leave_nothing_behind);
    return tc;
}
