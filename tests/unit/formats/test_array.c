/* test_array.c -- any file of numbers: zip and gzip that Python wrote, safetensors, text; and what
 * is refused, by its name. */
#include "testing.h"

#include "formats/array.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* zipfile: a.npy, [[1, 2], [3, -4]] as <f4, deflated, and b.npy, [5, 6] as <i2, stored; gzip: the
 * first. */
static const unsigned char ZIP[] = {
    80,  75,  3,   4,   20,  0,   0,   0,   8,   0,   0,   0,   33,  0,   110, 120, 152, 152, 83,
    0,   0,   0,   144, 0,   0,   0,   5,   0,   0,   0,   97,  46,  110, 112, 121, 155, 236, 23,
    234, 27,  16,  201, 200, 80,  198, 80,  173, 158, 146, 90,  156, 92,  164, 110, 165, 160, 110,
    147, 102, 162, 174, 163, 160, 158, 150, 95,  84,  82,  148, 152, 23,  159, 95,  148, 146, 10,
    18,  119, 75,  204, 41,  78,  5,   138, 23,  103, 36,  22,  164, 2,   249, 26,  70,  58,  10,
    70,  154, 58,  10,  181, 10,  100, 3,   46,  6,   134, 6,   123, 6,   6,   6,   7,   32,  2,
    226, 134, 3,   0,   80,  75,  3,   4,   20,  0,   0,   0,   0,   0,   0,   0,   33,  0,   206,
    96,  139, 209, 132, 0,   0,   0,   132, 0,   0,   0,   5,   0,   0,   0,   98,  46,  110, 112,
    121, 147, 78,  85,  77,  80,  89,  1,   0,   118, 0,   123, 39,  100, 101, 115, 99,  114, 39,
    58,  32,  39,  60,  105, 50,  39,  44,  32,  39,  102, 111, 114, 116, 114, 97,  110, 95,  111,
    114, 100, 101, 114, 39,  58,  32,  70,  97,  108, 115, 101, 44,  32,  39,  115, 104, 97,  112,
    101, 39,  58,  32,  40,  50,  44,  41,  44,  32,  125, 32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,
    32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  32,  10,  5,   0,   6,   0,
    80,  75,  1,   2,   20,  3,   20,  0,   0,   0,   8,   0,   0,   0,   33,  0,   110, 120, 152,
    152, 83,  0,   0,   0,   144, 0,   0,   0,   5,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   128, 1,   0,   0,   0,   0,   97,  46,  110, 112, 121, 80,  75,  1,   2,   20,  3,
    20,  0,   0,   0,   0,   0,   0,   0,   33,  0,   206, 96,  139, 209, 132, 0,   0,   0,   132,
    0,   0,   0,   5,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   128, 1,   118, 0,
    0,   0,   98,  46,  110, 112, 121, 80,  75,  5,   6,   0,   0,   0,   0,   2,   0,   2,   0,
    102, 0,   0,   0,   29,  1,   0,   0,   0,   0,
};

static const unsigned char GZIP[] = {
    31,  139, 8,   0,   0,   0,   0,   0,   2,   3,   155, 236, 23,  234, 27,  16,  201,
    200, 80,  198, 80,  173, 158, 146, 90,  156, 92,  164, 110, 165, 160, 110, 147, 102,
    162, 174, 163, 160, 158, 150, 95,  84,  82,  148, 152, 23,  159, 95,  148, 146, 10,
    18,  119, 75,  204, 41,  78,  5,   138, 23,  103, 36,  22,  164, 2,   249, 26,  70,
    58,  10,  70,  154, 58,  10,  181, 10,  100, 3,   46,  6,   134, 6,   123, 6,   6,
    6,   7,   32,  2,   226, 134, 3,   0,   110, 120, 152, 152, 144, 0,   0,   0,
};

static ct_arena arena;

static void open_arena(void)
{
    ct_arena_init(&arena, 0);
}

static void close_arena(void)
{
    ct_arena_free(&arena);
}

/* The values of a file of these bytes, from memory of exactly that size. */
static ct_status parse(const void *data, size_t size, const char *member, ct_npy *a, double *x,
                       ct_error *err)
{
    unsigned char *exact = malloc(size + (size == 0)), value[8];
    memcpy(exact, data, size);
    ct_source s = {.fd = -1, .size = size, .bytes = exact, .path = "f"};
    arena.user = s.path;
    arena.err = err;
    ct_array_parse(&s, member, &arena, a, err);
    for (size_t k = 0; k < a->count && err->status == CT_OK; k++) {
        ct_source_read(&s, a->offset + k * (size_t)a->width, value, (size_t)a->width, err);
        x[k] = ct_npy_value(a, value, 0);
    }
    free(exact);
    return err->status;
}

static void check_read(const void *data, size_t size, const char *member, int rows, int cols,
                       const double *want)
{
    ct_npy a;
    double x[64];
    ct_error err = {0};
    ck_assert_msg(parse(data, size, member, &a, x, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(a.rows, rows);
    ck_assert_int_eq(a.cols, cols);
    for (int k = 0; k < rows * cols; k++)
        ck_assert_msg(isnan(want[k]) ? isnan(x[k]) : x[k] == want[k], "%d: %g", k, x[k]);
}

static void check_refused(const void *data, size_t size, const char *member, const char *reason)
{
    ct_npy a;
    double x[64];
    ct_error err = {0};
    ck_assert_int_eq(parse(data, size, member, &a, x, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "f:") == err.msg && strstr(err.msg, reason) != NULL, "%s",
                  err.msg);
}

static const double A[] = {1, 2, 3, -4};

START_TEST(members_of_an_npz_and_gzip)
{
    check_read(ZIP, sizeof ZIP, "a", 2, 2, A);
    check_read(ZIP, sizeof ZIP, "b", 2, 1, (double[]){5, 6});
    check_refused(ZIP, sizeof ZIP, NULL,
                  "expected FILE:NAME with the name of one of its 2 arrays: a, b");
    check_refused(ZIP, sizeof ZIP, "ab", "2 arrays: a, b");
    check_refused(ZIP, sizeof ZIP, "", "2 arrays: a, b");
    check_read(GZIP, sizeof GZIP, NULL, 2, 2, A);
    unsigned char named[sizeof GZIP + 4]; /* the name "x.y" in the header */
    memcpy(named, GZIP, 10);
    memcpy(named + 10, "x.y", 4);
    memcpy(named + 14, GZIP + 10, sizeof GZIP - 10);
    named[3] = 8;
    check_read(named, sizeof named, NULL, 2, 2, A);
}
END_TEST

START_TEST(every_cut_and_every_changed_byte_is_harmless)
{
    static const struct {
        const unsigned char *data;
        size_t size;
        const char *member; /* deflated, or stored */
        int count;
        double x[4];
    } FILES[] = {{ZIP, sizeof ZIP, "a", 4, {1, 2, 3, -4}},
                 {ZIP, sizeof ZIP, "b", 2, {5, 6}},
                 {GZIP, sizeof GZIP, NULL, 4, {1, 2, 3, -4}}};
    unsigned char changed[sizeof ZIP];
    double x[64];
    ct_npy a;
    for (int f = 0; f < 3; f++) {
        const size_t n = FILES[f].size;
        for (size_t size = 0; size < n; size++)
            ck_assert_int_ne(parse(FILES[f].data, size, FILES[f].member, &a, x, CT_IGNORE_ERROR),
                             CT_OK);
        for (size_t at = 0; at < n; at++)
            for (int bit = 0; bit < 8; bit++) {
                ct_error err = {0};
                memcpy(changed, FILES[f].data, n);
                changed[at] ^= (unsigned char)(1 << bit);
                if (parse(changed, n, FILES[f].member, &a, x, &err) != CT_OK)
                    continue;
                ck_assert_int_eq((int)a.count, FILES[f].count); /* the values have a checksum */
                for (int k = 0; k < FILES[f].count; k++)
                    ck_assert(x[k] == FILES[f].x[k]);
                ct_arena_reset(&arena);
            }
    }
}
END_TEST

START_TEST(a_promise_beyond_deflate_allocates_nothing)
{
    unsigned char changed[sizeof GZIP];
    memcpy(changed, GZIP, sizeof GZIP);
    memset(changed + sizeof GZIP - 4, 0xFF, 4);
    ct_arena_free(&arena);
    ct_arena_init(&arena, 1 << 18);
    check_refused(changed, sizeof changed, NULL, "is damaged, or truncated at its byte 101");
}
END_TEST

#define TEXT(s) s, sizeof(s) - 1

START_TEST(numbers_in_a_text)
{
    check_read(TEXT("1,2\n3,-4\n"), NULL, 2, 2, A);
    check_read(TEXT("\xEF\xBB\xBF"
                    "1\t2\r\n3\t-4"),
               NULL, 2, 2, A);
    check_read(TEXT("# by hand\n 1.000e+00 +2\n.3e1  -4\n\n"), NULL, 2, 2, A);
    check_read(TEXT("width;height\n1; 2\n3;-4"), NULL, 2, 2, A);
    check_read(TEXT("nan,-inf\nInf,NaN"), NULL, 2, 2,
               (double[]){(double)NAN, -(double)INFINITY, (double)INFINITY, (double)NAN});
    check_read(TEXT("-Infinity,+1"), NULL, 1, 2, (double[]){-(double)INFINITY, 1});
    check_read(TEXT("7"), NULL, 1, 1, (double[]){7});
    check_refused(TEXT("1,2\n3,x4\n"), NULL, "f:2: byte 3: expected a number, found 'x4'");
    check_refused(TEXT("1,2\n3,4z\n"), NULL, "f:2: byte 3: expected a number, found '4z'");
    check_refused(TEXT("1,2\n\n3\n"), NULL, "f:3: has 1 number, expected 2 as before");
    check_refused(TEXT("1;2\n1,5;2,5\n"), NULL, "f:2: byte 1: expected a number, found '1,5;2,5'");
    check_refused(TEXT("a red star\na \x1b[2Jblue ring\n"), NULL,
                  "f:2: byte 1: expected a number, found 'a '");
    check_refused(TEXT("1,2\0003,4"), NULL, "expected .npy, .npz, safetensors, IDX, or a text");
}
END_TEST

START_TEST(tensors_of_a_safetensors_file)
{
#define HALF "\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[0,8]"
#define LONG "\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[8,12]"
    static const char ONE[] = "\x38\0\0\0\0\0\0\0{\"x\":{" HALF "}}\0\x3c\0\x40\0\x42\0\xc4";
    static const char TWO[] = "\x70\0\0\0\0\0\0\0{\"x\":{" HALF "},\"n.y\":{" LONG
                              "}}\0\x3c\0\x40\0\x42\0\xc4\xfd\xff\xff\xff";
    ck_assert_uint_eq((unsigned char)ONE[0], sizeof ONE - 1 - 8 - 8);
    ck_assert_uint_eq((unsigned char)TWO[0], sizeof TWO - 1 - 8 - 12);
    check_read(ONE, sizeof ONE - 1, NULL, 2, 2, A);
    check_read(TWO, sizeof TWO - 1, "x", 2, 2, A);
    check_read(TWO, sizeof TWO - 1, "n.y", 1, 1, (double[]){-3});
    check_refused(TWO, sizeof TWO - 1, NULL, "one of its 2 arrays: x, n.y");
    check_refused(TWO, sizeof TWO - 2, "x", "data_offsets (within the file)");
    check_refused(TWO, 50, "x", "expected a safetensors file");
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    static const struct {
        const void *data;
        size_t size;
    } FILES[] = {{ZIP, sizeof ZIP}, {GZIP, sizeof GZIP}, {TEXT("1,2\n3,-4")}};
    for (int f = 0; f < 3; f++) {
        ct_status status = CT_ERR_NOMEM;
        int failures = 0;
        for (; status != CT_OK; failures++) {
            ct_npy a;
            double x[64];
            ct_arena_free(&arena);
            ct_alloc_fail_at(failures);
            status = parse(FILES[f].data, FILES[f].size, f == 0 ? "a" : NULL, &a, x,
                           CT_IGNORE_ERROR);
            ct_alloc_fail_at(-1);
            ck_assert(status == CT_OK || status == CT_ERR_NOMEM);
        }
        ck_assert_int_gt(failures, 1);
    }
}
END_TEST

START_TEST(others_are_refused_by_name)
{
    check_refused("", 0, NULL, "f: is empty");
    check_refused(GZIP, sizeof GZIP - 9, NULL, "f: is damaged, or truncated at its byte 92");
    check_refused(TEXT("\x80\4\x95 "), NULL, "f: is a pickle: in Python: np.save(");
    check_refused(TEXT("\x80\2\x8a\nl\xfc\x9c"), NULL,
                  "f: is a PyTorch file: in Python: np.save('x.npy', torch.load(");
    check_refused(TEXT("\xff\xd8\xff\xe0\0\x10JFIF"), NULL, "f: is JPEG: in Python: PIL.Image");
    check_refused(TEXT("\x89HDF\r\n\x1a\n"), NULL, "f: is HDF5: ");
    check_refused(TEXT("BZh9"), NULL, "f: is bzip2: bunzip2 it");
    unsigned char pt[sizeof ZIP]; /* a member of PyTorch's name, as long as ours */
    memcpy(pt, ZIP, sizeof ZIP);
    for (size_t k = 0; k + 5 <= sizeof pt; k++)
        if (memcmp(pt + k, "b.npy", 5) == 0)
            memcpy(pt + k, "/data", 5);
    check_refused(pt, sizeof pt, NULL, "one of its 2 arrays: a, /data");
}
END_TEST

START_TEST(what_begins_as_an_array)
{
    static const struct {
        const char *text;
        bool is;
    } FILES[] = {{"1,2\n3,4\n", true},    {"a;b\n1;2", true},
                 {"1\t2", true},          {"1 2\n3 4\n", false},
                 {"1\n2\n", false},       {"3, 4 dogs\n3, 4 dogs\n", false},
                 {"a red star\n", false}, {"\x93NUMPY", true},
                 {"PK\3\4", true},        {"", false}};
    char path[64] = "/tmp/contrast-array-XXXXXX";
    fclose(fdopen(mkstemp(path), "wb"));
    for (size_t k = 0; k < sizeof FILES / sizeof *FILES; k++) {
        FILE *f = fopen(path, "wb");
        fputs(FILES[k].text, f);
        fclose(f);
        ck_assert_msg(ct_array_begins(path, CT_IGNORE_ERROR) == FILES[k].is, "%s", FILES[k].text);
    }
    FILE *f = fopen(path, "wb");
    for (int k = 0; k < 30000; k++)
        fputs("-5,", f);
    fclose(f);
    ck_assert(ct_array_begins(path, CT_IGNORE_ERROR)); /* of its beginning, which ends in a sign */
    remove(path);
    ct_error err = {0};
    ck_assert(!ct_array_begins(path, &err) && err.status == CT_ERR_IO);
}
END_TEST

TCase *array_case(void)
{
    TCase *c = tcase_create("array");
    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, open_arena, close_arena);
    add_tests(c, members_of_an_npz_and_gzip, every_cut_and_every_changed_byte_is_harmless,
              a_promise_beyond_deflate_allocates_nothing, numbers_in_a_text,
              tensors_of_a_safetensors_file, no_memory_is_an_error, others_are_refused_by_name,
              what_begins_as_an_array);
    return c;
}
