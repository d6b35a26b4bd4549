/* test_npy.c -- NumPy's arrays, against bytes that numpy 1.24 wrote or would accept,
 * and every file that can be made of a good one by cutting it off or changing a byte. */
#include "testing.h"

#include "contrast/arena.h"
#include "formats/array.h"
#include "platform/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ct_arena arena;
static char path[64];

static void open_file(void)
{
    ct_arena_init(&arena, 0);
    strcpy(path, "/tmp/contrast-npy-XXXXXX");
    fclose(fdopen(mkstemp(path), "wb"));
}

static void close_file(void)
{
    remove(path);
    ct_arena_free(&arena);
}

/* The bytes of an array with this header, padded as numpy does; the answer is how many. */
static size_t make(unsigned char *out, int version, const char *header, const void *data,
                   size_t size)
{
    const size_t before = version == 1 ? 10 : 12, text = strlen(header) + 1;
    const size_t length = text + (64 - (before + text) % 64) % 64;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)version;
    out[7] = 0;
    for (size_t k = 8; k < before; k++)
        out[k] = (unsigned char)(length >> 8 * (k - 8));
    memset(out + before, ' ', length);
    memcpy(out + before, header, text - 1);
    out[before + length - 1] = '\n';
    memcpy(out + before + length, data, size);
    return before + length + size;
}

static void make_file(int version, const char *header, const void *data, size_t size)
{
    unsigned char bytes[1024];
    const size_t n = make(bytes, version, header, data, size);
    FILE *f = fopen(path, "wb");
    fwrite(bytes, 1, n, f);
    fclose(f);
}

static void check_matrix(int rows, int cols, const double *want)
{
    ct_real *x = NULL;
    int r, c;
    ct_error err = {0};
    ck_assert_msg(ct_array_read_matrix(path, &arena, &x, &r, &c, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(r, rows);
    ck_assert_int_eq(c, cols);
    for (int i = 0; i < rows * cols; i++)
        ck_close(x[i], want[i], 0);
}

#define HEADER(descr, fortran, shape) \
    "{'descr': '" descr "', 'fortran_order': " fortran ", 'shape': " shape ", }"

START_TEST(reads_what_numpy_writes)
{
    make_file(1, HEADER("<f4", "False", "(2, 3)"),
              "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0\xc0\xc0", 24);
    check_matrix(2, 3, (double[]){1, 2, 3, 4, 5, -6});
    make_file(1, HEADER(">f4", "False", "(2,)"), "\x3f\xc0\0\0\xc0\0\0\0", 8);
    check_matrix(2, 1, (double[]){1.5, -2});
    make_file(2, HEADER(">f8", "False", "(1, 1)"), "\x3f\xf8\0\0\0\0\0\0", 8);
    check_matrix(1, 1, (double[]){1.5});
    make_file(1, HEADER("<f8", "False", "()"), "\0\0\0\0\0\0\xf8\x3f", 8);
    check_matrix(1, 1, (double[]){1.5});
    make_file(3, HEADER("|u1", "False", "(2, 1, 4, 1)"), "\0\1\2\3\4\5\6\xff", 8);
    check_matrix(2, 4, (double[]){0, 1, 2, 3, 4, 5, 6, 255});
    make_file(1, HEADER("<i2", "False", "(1, 2)"), "\1\0\xfe\xff", 4);
    check_matrix(1, 2, (double[]){1, -2});
    make_file(1, HEADER(">f2", "False", "(2, 2)"), "\x3c\0\xc0\0\0\1\xb5\x55", 8);
    check_matrix(2, 2, (double[]){1, -2, 0x1p-24, (double)-0.333251953125f});
    make_file(1, HEADER("|b1", "False", "(2,)"), "\0\1", 2);
    check_matrix(2, 1, (double[]){0, 1});
    make_file(1, HEADER("<f4", "False", "(0, 4)"), "", 0);
    check_matrix(0, 4, NULL);
    make_file(1, HEADER("<f4", "False", "(3, 0)"), "", 0);
    check_matrix(3, 0, NULL);
}
END_TEST

START_TEST(order_of_fortran_is_turned)
{
    make_file(1, HEADER("|u1", "True", "(2, 3)"), "\1\4\2\5\3\6", 6);
    check_matrix(2, 3, (double[]){1, 2, 3, 4, 5, 6});
    /* np.arange(24).reshape(6, 1, 4), written in the order of Fortran */
    unsigned char data[24];
    double want[24];
    for (int k = 0; k < 24; k++) {
        data[k] = (unsigned char)(k % 6 * 4 + k / 6);
        want[k] = k;
    }
    make_file(1, HEADER("|u1", "True", "(6, 1, 4)"), data, sizeof data);
    check_matrix(6, 4, want);
}
END_TEST

START_TEST(header_may_be_written_otherwise)
{
    make_file(1, "{\"shape\":(2,),\"fortran_order\" : False ,\n\t'descr':\"|u1\"}", "\7\x8", 2);
    check_matrix(2, 1, (double[]){7, 8});
    make_file(1, HEADER("=u1", "False", "( 2 , 1 )"), "\7\x8",
              2); /* order of one byte means nothing */
    check_matrix(2, 1, (double[]){7, 8});
}
END_TEST

static void check_ints(const char *header, const void *data, size_t size, int n, const int *want)
{
    int *x = NULL, count;
    ct_error err = {0};
    make_file(1, header, data, size);
    ck_assert_msg(ct_array_read_ints(path, &arena, &x, &count, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(count, n);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(x[i], want[i]);
}

START_TEST(reads_integers_of_every_width)
{
    const int some[] = {1, -2};
    check_ints(HEADER("|i1", "False", "(2,)"), "\1\xfe", 2, 2, some);
    check_ints(HEADER("<i2", "False", "(2,)"), "\1\0\xfe\xff", 4, 2, some);
    check_ints(HEADER(">i4", "False", "(2,)"), "\0\0\0\1\xff\xff\xff\xfe", 8, 2, some);
    check_ints(HEADER("<i8", "True", "(2,)"), "\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff",
               16, 2, some);
    check_ints(HEADER("<u2", "False", "(1,)"), "\xfe\xff", 2, 1, (int[]){65534});
    check_ints(HEADER("<u4", "False", "(1,)"), "\xff\xff\xff\x7f", 4, 1, (int[]){INT_MAX});
    check_ints(HEADER("|b1", "False", "(2,)"), "\0\1", 2, 2, (int[]){0, 1});
    check_ints(HEADER("<i2", "True", "(2, 1)"), "\1\0\xfe\xff", 4, 2, some);
    check_ints(HEADER("<f4", "False", "(2,)"), "\0\0\x80\x3f\0\0\0\xc0", 8, 2, some);
}
END_TEST

/* Parsed from memory of exactly this size, so that a sanitizer sees every overrun. */
static ct_status parse(const unsigned char *data, size_t size, ct_npy *out, ct_error *err)
{
    unsigned char *exact = malloc(size > 0 ? size : 1);
    const ct_status status = (memcpy(exact, data, size),
                              ct_npy_parse("a.npy", exact, size, size, out, err));
    double sum = 0;
    for (size_t k = 0; status == CT_OK && k < out->count; k++)
        sum += ct_npy_value(out, exact + out->offset, k) * (double)(k + 1);
    volatile double seen = sum; /* every value was read */
    (void)seen;
    free(exact);
    return status;
}

static void check_refused(int version, const char *header, size_t size, const char *reason)
{
    unsigned char bytes[1024];
    ct_error err = {0};
    ct_npy a;
    const size_t n = make(bytes, version, header, "\0\0\0\0\0\0\0\0", size);
    ck_assert_int_eq(parse(bytes, n, &a, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "a.npy: ") == err.msg && strstr(err.msg, reason) != NULL, "%s",
                  err.msg);
}

START_TEST(says_what_is_wrong)
{
    check_refused(4, HEADER("<f4", "False", "(1,)"), 4,
                  "expected .npy version 1.0, 2.0 or 3.0, found 4.0");
    check_refused(1, HEADER("|O", "False", "(1,)"), 8, "holds Python objects: in Python: np.save(");
    check_refused(1, HEADER("<U2", "False", "(1,)"), 8, "holds strings: in Python: np.save(");
    check_refused(1, HEADER("|S1", "False", "(1,)"), 1, "return_inverse=True)[1])");
    check_refused(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4,
                  "expected floats, integers or bool");
    check_refused(1, HEADER("=f4", "False", "(1,)"), 4, "bool, e.g. '<f4', '|u1', found =f4");
    check_refused(1, HEADER("<c8", "False", "(1,)"), 8, "found <c8");
    check_refused(1, HEADER("\\u001b[2J", "False", "(1,)"), 8, "'|u1'");
    check_refused(1, HEADER("<f4", "Maybe", "(1,)"), 4, "byte 34: expected True or False");
    check_refused(1, HEADER("<f4", "False", "(1)"), 4, "expected a shape");
    check_refused(1, HEADER("<f4", "False", "(-1,)"), 4, "expected a shape");
    check_refused(1, HEADER("<f4", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 4, "expected a shape");
    check_refused(1, HEADER("<f4", "False", "(2147483648,)"), 4, "expected a shape");
    check_refused(1, HEADER("<f4", "False", "(1,), 'shape': (1,)"), 4, "each once");
    check_refused(1, "{'descr': '<f4', 'shape': (1,), }", 4,
                  "descr, fortran_order and shape}, each once, then the end");
    check_refused(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'extra': 1}", 4,
                  "each once");
    check_refused(1, HEADER("<f4", "False", "(1,)") " x", 4, "then the end");
    check_refused(1, HEADER("<f4", "False", "(1,)"), 8,
                  "its shape does not fit its 8 bytes of values");
    check_refused(1, HEADER("<f4", "False", "(2,)"), 4,
                  "its shape does not fit its 4 bytes of values");
    check_refused(1, "[]", 0, "byte 0: expected {");
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    check_refused(1, HEADER("<f4", "False", "(65536, 65536, 65536, 65536)"), 0,
                  "does not fit"); /* 2^64 is 0 */
    check_refused(1, HEADER("<f4", "False", "(1073741824, 1073741824, 16)"), 0, "does not fit");
    check_refused(1, HEADER("<f4", "False", "(0, 65536, 65536)"), 0,
                  "does not fit"); /* cols is an int */
    check_refused(1, HEADER("<f4", "False", "(1000000000, 8)"), 8,
                  "does not fit"); /* numpy asks for 32 GB */
}
END_TEST

START_TEST(every_cut_is_refused_and_every_changed_byte_is_harmless)
{
    unsigned char bytes[256], changed[256];
    const size_t n = make(bytes, 1, HEADER("<f4", "False", "(2,)"), "\0\0\x80\x3f\0\0\0\x40", 8);
    ct_npy a;
    for (size_t size = 0; size < n; size++) {
        ct_error err = {0};
        ck_assert_int_eq(parse(bytes, size, &a, &err), CT_ERR_FORMAT);
        ck_assert_int_ne(err.msg[0], '\0');
    }
    for (size_t at = 0; at < n; at++)
        for (int value = 0; value < 256; value++) {
            memcpy(changed, bytes, n);
            changed[at] = (unsigned char)value;
            if (parse(changed, n, &a, CT_IGNORE_ERROR) ==
                CT_OK) /* all eight bytes of values are used in any case */
                ck_assert_uint_eq(a.offset + a.count * (size_t)a.width, n);
        }
}
END_TEST

START_TEST(refuses_the_wrong_kind_of_array)
{
    int *id, n;
    ct_error err = {0};
    make_file(1, HEADER("<i4", "False", "(1, 2)"), "\1\0\0\0\0\0\0\0", 8);
    ck_assert_int_eq(ct_array_read_ints(path, &arena, &id, &n, &err), CT_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "found the shape (1, 2)"));
    ck_assert_ptr_nonnull(strstr(err.msg, "x.argmax(1)"));
    err = (ct_error){0};
    make_file(1, HEADER("<f4", "False", "(1,)"), "\0\0\xc0\x3f", 4);
    ck_assert_int_eq(ct_array_read_ints(path, &arena, &id, &n, &err), CT_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "value 0 is 1.5, expected a whole one"));
    err = (ct_error){0};
    ct_real *x = NULL;
    int cols;
    make_file(1, HEADER("|u1", "False", "(2, 2, 2)"), "\0\1\2\3\4\5\6\7", 8);
    ck_assert_int_eq(ct_array_read_matrix(path, &arena, &x, &n, &cols, &err), CT_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "has the shape (2, 2, 2), expected (n, d)"));
    err = (ct_error){0};
    make_file(1, HEADER("<u4", "False", "(2,)"), "\1\0\0\0\0\0\0\x80", 8);
    ck_assert_int_eq(ct_array_read_ints(path, &arena, &id, &n, &err), CT_ERR_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.msg, "value 1 is 2147483648"));
}
END_TEST

START_TEST(what_is_written_is_numpys_and_read_back)
{
    static const ct_real X[] = {1, (ct_real)-0.25, 3, 4, 5, (ct_real)1e-20};
    unsigned char want[256], got[256];
    static const unsigned char DATA[] = {0, 0, 0x80, 0x3f, 0,    0,    0x80, 0xbe,
                                         0, 0, 0x40, 0x40, 0,    0,    0x80, 0x40,
                                         0, 0, 0xa0, 0x40, 0x08, 0xe5, 0x3c, 0x1e};
    const size_t n = make(want, 1, HEADER("<f4", "False", "(3, 2)"), DATA, sizeof DATA);
    ck_assert_uint_eq(n, 128 + 24);
    ck_assert_int_eq(ct_npy_write_matrix(path, X, 3, 2, CT_IGNORE_ERROR), CT_OK);
    FILE *f = fopen(path, "rb");
    ck_assert_uint_eq(fread(got, 1, sizeof got, f), n);
    fclose(f);
    ck_assert_mem_eq(got, want, n);
    check_matrix(3, 2, (double[]){1, -0.25, 3, 4, 5, (double)1e-20f});
    ct_error err = {0};
    ck_assert_int_eq(ct_npy_write_matrix("/nowhere/a.npy", X, 3, 2, &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/a.npy: "));
}
END_TEST

START_TEST(values_come_in_pieces)
{
    enum { N = 5003, D = 7 };
    static ct_real x[N * D];
    ct_real *back;
    int n, d;
    fill(x, N * D, 3, -1, 1);
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(float)x[i];
    ck_assert_int_eq(ct_npy_write_matrix(path, x, N, D, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_array_read_matrix(path, &arena, &back, &n, &d, CT_IGNORE_ERROR), CT_OK);
    ck_assert(n == N && d == D && same_bits(x, back, N * D));
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    ct_real *x;
    int n, d, failures = 0;
    for (ct_status status = CT_ERR_NOMEM; status != CT_OK; failures++) {
        ct_arena fresh;
        ct_error err = {0};
        ct_arena_open(&fresh, path, 0, &err);
        make_file(1, HEADER("|u1", "False", "(2, 1)"), "ab", 2);
        ct_alloc_fail_at(failures);
        status = ct_array_read_matrix(path, &fresh, &x, &n, &d, &err);
        ct_alloc_fail_at(-1);
        ck_assert(status == CT_OK || status == CT_ERR_NOMEM);
        ct_arena_free(&fresh);
    }
    ck_assert_int_gt(failures, 1);
}
END_TEST

START_TEST(an_arena_that_is_full_is_an_error)
{
    ct_real *x;
    int n, d, failures = 0;
    ct_status status = CT_ERR_NOMEM;
    make_file(1, HEADER("|u1", "False", "(2, 1)"), "ab", 2);
    for (size_t limit = 1; status != CT_OK; limit *= 2, failures++) {
        ct_arena fresh; /* without an error of its own */
        ct_error err = {0};
        ct_arena_init(&fresh, limit);
        status = ct_array_read_matrix(path, &fresh, &x, &n, &d, &err);
        ck_assert_msg(status == CT_OK || status == CT_ERR_NOMEM, "%zu: %s", limit, err.msg);
        ct_arena_free(&fresh);
    }
    ck_assert_int_gt(failures, 1);
}
END_TEST

TCase *npy_case(void)
{
    TCase *c = tcase_create("npy");
    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, open_file, close_file);
    add_tests(c, reads_what_numpy_writes, order_of_fortran_is_turned,
              header_may_be_written_otherwise, reads_integers_of_every_width, says_what_is_wrong,
              sizes_that_overflow_are_refused,
              every_cut_is_refused_and_every_changed_byte_is_harmless,
              refuses_the_wrong_kind_of_array, what_is_written_is_numpys_and_read_back,
              values_come_in_pieces, no_memory_is_an_error, an_arena_that_is_full_is_an_error);
    return c;
}
