/* test_files.c -- pairs of one's own: every kind of side, splits, groups, and one
 * line for every mistake. */
#include "testing.h"

#include "contrast/data.h"
#include "formats/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char path[8][128];

/* Write a file; its path. */
static const char *put(int slot, const char *name, const void *data, size_t size)
{
    snprintf(path[slot], sizeof path[slot], "%s/%s", scratch, name);
    FILE *f = fopen(path[slot], "wb");
    fwrite(data, 1, size, f);
    fclose(f);
    return path[slot];
}

static const char *put_text(int slot, const char *name, const char *text)
{
    return put(slot, name, text, strlen(text));
}

static const char *put_matrix(int slot, const char *name, const ct_real *x, int rows, int cols)
{
    snprintf(path[slot], sizeof path[slot], "%s/%s", scratch, name);
    ck_assert_int_eq(ct_npy_write_matrix(path[slot], x, rows, cols, CT_IGNORE_ERROR), CT_OK);
    return path[slot];
}

static ct_data_options options(const char *image, const char *text)
{
    return (ct_data_options){.image = image, .text = text, .groups = "", .split = ""};
}

static ct_pairs *load(const ct_data_options *o)
{
    ct_error err = {0};
    ct_pairs *p = ct_pairs_from_files(o, &err);
    ck_assert_msg(p != NULL, "%s", err.msg);
    return p;
}

static void check_refused(const ct_data_options *o, ct_status status, const char *reason)
{
    ct_error err = {0};
    ck_assert_ptr_null(ct_pairs_from_files(o, &err));
    ck_assert_msg(err.status == status && strstr(err.msg, reason) != NULL, "%s", err.msg);
}

static const ct_real X[] = {1, 2, 3, 4, 5, 6, 7, 8};

START_TEST(vectors_stay_in_their_file_and_captions_are_joined)
{
    ct_data_options o = options(put_matrix(0, "x.npy", X, 4, 2),
                                put_text(1, "c.txt", "one\ntwo words\r\none\nfour"));
    ct_pairs *p = load(&o);
    ct_real row[4];
    ck_assert(p->n == 4 && p->side[0].dim == 2 && p->side[0].f32 == NULL &&
              p->count[CT_TRAIN] == 4);
    const ct_standard s = {1, 2};
    ck_assert_int_eq(ct_pairs_rows(p, 0, &s, (int[]){3, 1}, 2, row, CT_IGNORE_ERROR), CT_OK);
    ck_close(row[0], 3, 0);
    ck_close(row[1], 3.5, 0);
    ck_close(row[3], 1.5, 0);
    ck_assert_int_eq(p->side[1].n_texts, 3);
    ck_assert_str_eq(p->side[1].text[p->side[1].text_of[1]], "two words");
    ck_assert_int_eq(p->group[0], p->group[2]); /* equal captions mean the same */
    ck_assert_int_ne(p->group[0], p->group[1]);
    ct_standard fitted;
    ck_assert_int_eq(ct_standard_fit(p, 0, &fitted, CT_IGNORE_ERROR), CT_OK);
    ck_close(fitted.mean, 4.5, 1e-15);
    ct_pairs_free(p);
}
END_TEST

START_TEST(idx_pictures_and_rows_longer_than_a_piece)
{
    enum { N = 3, DIM = 5000 };
    static uint8_t idx[16 + N * DIM] = {0, 0, 8, 3, 0, 0, 0, N, 0, 0, 0, 50, 0, 0, 0, 100};
    static ct_real row[DIM];
    for (int i = 0; i < N * DIM; i++)
        idx[16 + i] = (uint8_t)(i * 7 + i / DIM);
    ct_data_options o = options(put(0, "x-idx", idx, sizeof idx), put_text(1, "c.txt",
                                                                           "\xEF\xBB\xBF"
                                                                           "a\nb\nc\n"));
    ct_pairs *p = load(&o);
    ck_assert_str_eq(p->side[1].text[0], "a"); /* without the byte order mark */
    ck_assert(p->side[0].dim == DIM && p->side[0].height == 50 && p->side[0].width == 100 &&
              p->side[0].channels == 1);
    const ct_standard none = {0, 1};
    ck_assert_int_eq(ct_pairs_rows(p, 0, &none, (int[]){2}, 1, row, CT_IGNORE_ERROR), CT_OK);
    for (int k = 0; k < DIM; k++)
        ck_close(row[k], idx[16 + 2 * DIM + k], 0);
    ck_assert_ptr_null(p->group); /* no caption twice */
    ct_pairs_free(p);
}
END_TEST

START_TEST(a_table_of_pictures_and_captions)
{
    put(2, "a.pgm", "P5 2 2 255\n\0\xa\x14\x1e", 15);
    put(3, "b.pgm", "P5 1 1 255\n\x2a", 12);
    ct_data_options o = options(put_text(0, "t.tsv", "a.pgm\tfirst one\nb.pgm\tsecond\n"), "");
    check_refused(&o, CT_ERR_FORMAT, "t.tsv:2: ");
    check_refused(&o, CT_ERR_FORMAT,
                  "b.pgm is 1 x 1, grey; expected 2 x 2, grey, as the first (or set data.resize)");
    o.resize = 1;
    ct_pairs *p = load(&o);
    ck_assert(p->n == 2 && p->side[0].dim == 1 && p->side[0].u8[0] == 15 && p->side[0].u8[1] == 42);
    ck_assert_str_eq(p->side[1].text[p->side[1].text_of[1]], "second");
    ct_pairs_free(p);
    put(3, "b.pgm", "P6 1 1 255\nabc", 14);
    check_refused(&o, CT_ERR_FORMAT, "b.pgm is 1 x 1, colour; expected 1 x 1, grey, as the first");
    remove(path[3]);
    check_refused(&o, CT_ERR_IO, "t.tsv:2: ");
    o = options(put_text(0, "t.tsv", "a.pgm\tone\nb.pgm two\n"), "");
    check_refused(&o, CT_ERR_FORMAT, "t.tsv:2: expected a picture, a tab and a caption");
    o.text = "c.txt";
    check_refused(&o, CT_ERR_CONFIG, "data.text = c.txt: the captions are in");
}
END_TEST

START_TEST(a_csv_has_quotes)
{
    put(2, "a,b.pgm", "P5 1 1 255\n\x2a", 12);
    ct_data_options o = options(put_text(0, "t.csv",
                                         "\"a,b.pgm\",\"a \"\"red\"\" star, above\"\r\n"
                                         "\"a,b.pgm\",a blue ring\n"),
                                "");
    ct_pairs *p = load(&o);
    ck_assert(p->n == 2 && p->side[0].u8[0] == 42);
    ck_assert_str_eq(p->side[1].text[0], "a \"red\" star, above");
    ck_assert_str_eq(p->side[1].text[1], "a blue ring");
    ct_pairs_free(p);
    static const char *const BAD[] = {"a.pgm,one, two", "a.pgm",       ",one",
                                      "a.pgm,",         "a.pgm,\"one", "\"a.pgm,one",
                                      "\"a\"x,one",     "\"a\"\"b,one"};
    for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++) {
        o = options(put_text(0, "t.csv", BAD[k]), "");
        check_refused(
            &o, CT_ERR_FORMAT,
            "t.csv:1: expected a picture, a comma and a caption, in quotes if it has commas");
    }
    o = options(put_text(0, "t.tsv", "filepath\ttitle\na,b.pgm\tone\n"), "");
    check_refused(&o, CT_ERR_IO, "filepath: No such file or directory; is line 1 a header?");
}
END_TEST

START_TEST(a_table_of_numbers_is_an_array)
{
    ct_data_options o = options(put_text(0, "x.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n"),
                                put_text(1, "c.txt", "a\nb\nc\nd\n"));
    ct_pairs *p = load(&o);
    ct_real row[2];
    const ct_standard none = {0, 1};
    ck_assert(p->n == 4 && p->side[0].dim == 2 && p->side[0].text == NULL);
    ck_assert_int_eq(ct_pairs_rows(p, 0, &none, (int[]){2}, 1, row, CT_IGNORE_ERROR), CT_OK);
    ck_assert(row[0] == 5 && row[1] == 6);
    ct_pairs_free(p);
}
END_TEST

START_TEST(captions_that_teach_nothing_are_refused)
{
    ct_data_options o = options(put_matrix(0, "x.npy", X, 4, 2),
                                put_text(1, "c.txt", "a photo\na photo\na photo\na photo\n"));
    check_refused(&o, CT_ERR_FORMAT,
                  "c.txt: all 4 captions are 'a photo'; expected some that differ");
    put_text(1, "c.txt", "!\n?\n \n...\n");
    check_refused(&o, CT_ERR_FORMAT, "c.txt: no caption has a letter or a digit");
    put_text(1, "c.txt", "caption\na\nb\nc\nd\n");
    check_refused(&o, CT_ERR_FORMAT, "c.txt: 5 items; expected one for each of the 4 of ");
    check_refused(&o, CT_ERR_FORMAT, "x.npy; is line 1 a header?");
    static char text[70000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "a\nb\n", 4);
    put_text(1, "c.txt", text);
    check_refused(&o, CT_ERR_FORMAT,
                  "c.txt:3: has 69995 bytes, expected at most 65536 in one item");
    static const unsigned char GZIP[] = {31,  139, 8,   0,   0,  0,   0,  0,   2, 3,
                                         75,  228, 74,  226, 74, 230, 74, 225, 2, 0,
                                         116, 12,  223, 23,  8,  0,   0,  0}; /* a, b, c, d */
    put(1, "c.txt", GZIP, sizeof GZIP);
    check_refused(&o, CT_ERR_FORMAT, "c.txt: is gzip: gunzip it");
    put(1, "c.txt",
        "\xff\xfe"
        "a\0",
        4);
    check_refused(&o, CT_ERR_FORMAT, "c.txt: is UTF-16: iconv");
}
END_TEST

START_TEST(splits_by_file_and_by_share)
{
    ct_data_options o = options(put_matrix(0, "x.npy", X, 4, 2),
                                put_text(1, "c.txt", "a\nb\nc\nd\n"));
    o.split = put_text(2, "s.txt", "test\ntrain\nvalidation\ntrain\n");
    ct_pairs *p = load(&o);
    ck_assert(p->count[CT_TRAIN] == 2 && p->count[CT_VALIDATION] == 1 && p->count[CT_TEST] == 1);
    ck_assert(p->index[CT_TRAIN][0] == 1 && p->index[CT_TRAIN][1] == 3 &&
              p->index[CT_TEST][0] == 0 && p->index[CT_VALIDATION][0] == 2);
    ct_pairs_free(p);
    put_text(2, "s.txt", "test\ntrain\nvalid\ntrain\n");
    check_refused(&o, CT_ERR_FORMAT, "s.txt:3: valid: expected train, validation, test");
    put_text(2, "s.txt", "test\ntrain\n");
    check_refused(&o, CT_ERR_FORMAT, "s.txt: expected 4 lines, one per pair; found 2");
    put_text(2, "s.txt", "test\ntest\ntest\ntest\n");
    check_refused(&o, CT_ERR_CONFIG, "0 items in the train split");

    ct_real many[200];
    char text[1024] = "";
    int seen[100] = {0};
    fill(many, 200, 1, 0, 1);
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "c%d\n", i);
    o = options(put_matrix(0, "x.npy", many, 100, 2), put_text(1, "c.txt", text));
    o.validation = 0.2;
    o.test = 0.1;
    p = load(&o);
    ck_assert(p->count[CT_TRAIN] == 70 && p->count[CT_VALIDATION] == 20 && p->count[CT_TEST] == 10);
    for (int i = 0; i < 100; i++)
        seen[p->index[CT_TRAIN][i]]++; /* the three lie behind one another */
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(seen[i], 1);
    ck_assert_int_ne(p->index[CT_TEST][9], 99); /* drawn, not the last ones */
    ct_pairs_free(p);
    o.test = 0.8;
    check_refused(&o, CT_ERR_CONFIG, "data.validation + data.test = 1");
}
END_TEST

START_TEST(groups_come_from_a_file)
{
    static const unsigned char IDS[] =
        "\x93NUMPY\1\0\x36\0{'descr': '|u1', 'fortran_order': False, 'shape': (4,)}\0\1\0\1";
    unsigned char ids[128];
    ct_data_options o = options(put_matrix(0, "x.npy", X, 4, 2),
                                put_text(1, "c.txt", "a\nb\nc\nd\n"));
    memcpy(ids, IDS, sizeof IDS);
    ids[8] = (unsigned char)(sizeof IDS - 1 - 10 - 4);
    o.groups = put(2, "g.npy", ids, sizeof IDS - 1);
    ct_pairs *p = load(&o);
    ck_assert(p->group[0] == 0 && p->group[1] == 1 && p->group[2] == 0 && p->group[3] == 1);
    ct_pairs_free(p);
    o.groups = put(4, "labels-idx", "\0\0\10\1\0\0\0\4\5\7\5\7", 12); /* or from an IDX file */
    p = load(&o);
    ck_assert(p->group[0] == 5 && p->group[1] == 7 && p->group[2] == 5 && p->group[3] == 7);
    ct_pairs_free(p);
    o.groups = path[2];
    o.image = put_matrix(3, "y.npy", X, 2, 4);
    put_text(1, "c.txt", "a\nb\n");
    check_refused(&o, CT_ERR_FORMAT, "g.npy: expected 2 numbers, one per pair; found 4");
}
END_TEST

START_TEST(every_mistake_has_a_line)
{
    ct_data_options o = options(put_matrix(0, "x.npy", X, 4, 2), put_text(1, "c.txt", "a\nb\nc\n"));
    check_refused(&o, CT_ERR_FORMAT, "c.txt: 3 items; expected one for each of the 4 of ");
    put_text(1, "c.txt", "a\nb\n\nd\n");
    check_refused(&o, CT_ERR_FORMAT, "c.txt:3: is empty");
    put_text(1, "c.txt", "a\nb\nc\xff\nd\n");
    check_refused(&o, CT_ERR_FORMAT, "c.txt:3: byte 2: expected UTF-8");
    put(1, "c.txt", "a\nb\0x\nc\nd\n", 10);
    check_refused(&o, CT_ERR_FORMAT, "c.txt:2: byte 2: expected UTF-8");
    o.text = "";
    check_refused(&o, CT_ERR_CONFIG, "data.text: expected a file of pairs");
    o.text = "/nowhere/c.txt";
    check_refused(&o, CT_ERR_IO, "/nowhere/c.txt: No such file");
    put_text(1, "c.txt", "a\nb\nc\nd\n");
    o.text = path[1];
    o.image = put(2, "y.npy", "\x93NUMPY\1\0", 8);
    check_refused(&o, CT_ERR_FORMAT, "y.npy: expected a .npy file");
}
END_TEST

START_TEST(one_value_is_enough)
{
    ct_data_options o = options(put_matrix(0, "x.npy", X, 1, 1), put_text(1, "c.txt", "one"));
    ct_pairs_free(load(&o));
    put_matrix(0, "x.npy", X, 0, 2);
    check_refused(&o, CT_ERR_FORMAT, "x.npy: there are no values in it");
}
END_TEST

START_TEST(what_is_not_finite_has_a_place)
{
    ct_real x[8] = {1, 2, 3, 4, 5, (ct_real)NAN, 7, 8};
    ct_data_options o = options(put_matrix(0, "x.npy", x, 4, 2),
                                put_text(1, "c.txt", "a\nb\nc\nd\n"));
    ct_pairs *p = load(&o);
    ct_standard s;
    ct_error err = {0};
    ck_assert_int_eq(ct_standard_fit(p, 0, &s, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "x.npy: row 2, value 1 is nan") != NULL, "%s", err.msg);
    ct_pairs_free(p);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    put(2, "a.pgm", "P5 1 1 255\n\x2a", 12);
    ct_data_options o[2] = {options(put_matrix(0, "x.npy", X, 4, 2),
                                    put_text(1, "c.txt", "a\nb\nc\nd\n")),
                            options(put_text(3, "t.tsv", "a.pgm\tx\n"), "")};
    for (int k = 0; k < 2; k++)
        ck_assert_int_gt(fail_each_allocation(ct_pairs_from_files, &o[k]), 1);
}
END_TEST

TCase *files_case(void)
{
    TCase *c = tcase_create("files");
    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    add_tests(c, vectors_stay_in_their_file_and_captions_are_joined,
              idx_pictures_and_rows_longer_than_a_piece, a_table_of_pictures_and_captions,
              a_csv_has_quotes, a_table_of_numbers_is_an_array,
              captions_that_teach_nothing_are_refused, splits_by_file_and_by_share,
              groups_come_from_a_file, every_mistake_has_a_line, one_value_is_enough,
              what_is_not_finite_has_a_place, no_memory_is_an_error);
    return c;
}
