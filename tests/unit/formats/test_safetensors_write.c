/* test_safetensors_write.c -- what is written: the bytes of the reference
 * implementation (those of test_safetensors.c), whole or not at all.
 */
#include "suites.h"

#include "formats/safetensors.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char GOLDEN[] =
    "\xa0\0\0\0\0\0\0\0{\"__metadata__\":{\"recipe\":\"tau = 0.07\\n\\\"\xc3\xa9\\\"\"},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]}} "
    "\0\0\x80>\0\0\x80?\0\0\0@\0\0@@\0\0\x80@\0\0\xa0@\0\0\0\xbf";
#define SIZE(golden) (sizeof golden - 1)

static ct_safetensors file;

static const ct_real W[] = {1, 2, 3, 4, 5, -0.5F}, B[] = {0.25F};
static ct_named_matrix MATRICES[] = {{"w", W, 2, 3, false}, {"b", B, 1, 1, false}};
static const ct_metadata METADATA[] = {{"recipe", "tau = 0.07\n\"\xc3\xa9\""}};

static char folder[] = "/tmp/contrast-st-XXXXXX", path[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/contrast-st-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.st", folder);
}

static void remove_folder(void)
{
    remove(path);
    ck_assert_int_eq(remove(folder), 0); /* nothing else is left in it */
}

START_TEST(writes_the_bytes_of_the_reference)
{
    ct_arena arena;
    char *data;
    size_t size;
    ct_error err = {0};
    ct_arena_init(&arena, 0);
    ck_assert_msg(ct_safetensors_write(path, MATRICES, 2, METADATA, 1, &err) == CT_OK, "%s",
                  err.msg);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &data, &size, CT_IGNORE_ERROR), CT_OK);
    if (sizeof(ct_real) == 4) {
        ck_assert_uint_eq(size, SIZE(GOLDEN));
        ck_assert_mem_eq(data, GOLDEN, size);
    }
    ck_assert_int_eq(data[0] % 8, 0); /* the data is aligned */
    ct_arena_free(&arena);
}
END_TEST

START_TEST(the_header_is_padded_to_8_and_no_more)
{
    for (int length = 0; length < 9; length++) {
        const ct_metadata metadata[] = {{"k", &"12345678"[length]}};
        ct_arena arena;
        char *data;
        size_t size;
        ct_arena_init(&arena, 0);
        ck_assert_int_eq(ct_safetensors_write(path, MATRICES, 1, metadata, 1, CT_IGNORE_ERROR),
                         CT_OK);
        ck_assert_int_eq(ct_file_read(path, 0, &arena, &data, &size, CT_IGNORE_ERROR), CT_OK);
        const size_t n = (unsigned char)data[0], end = 8 + n - 8;
        ck_assert_uint_eq(n % 8, 0);
        ck_assert_uint_eq(size, 8 + n + 6 * sizeof(ct_real));
        ck_assert_msg(memchr(data + end, '}', 8) != NULL, "8 or more spaces after %.*s", (int)n,
                      data + 8);
        ct_arena_free(&arena);
    }
}
END_TEST

/* NaN, infinities, the sign of zero, subnormals: the bits come back. */
START_TEST(what_is_written_reads_back_bit_by_bit)
{
    static ct_real x[4000];
    for (int i = 0; i < 4000; i++)
        x[i] = (ct_real)(i - 2000) / 7;
    x[0] = (ct_real)NAN;
    x[1] = (ct_real)INFINITY;
    x[2] = (ct_real)-0.0;
    x[3] = (ct_real)1e-40;
    ct_named_matrix many[] = {{"image.0.weight", x, 40, 75, false},
                              {"none", x, 0, 5, false},
                              {"\xC3\xA9", x + 1, 1, 3999, false}};
    ct_arena arena;
    ct_error err = {0};
    ct_arena_init(&arena, 0);
    ck_assert_int_eq(ct_safetensors_write(path, many, 3, NULL, 0, &err), CT_OK);
    ck_assert_msg(ct_safetensors_read(path, &arena, &file, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(file.n_tensors, 3);
    ck_assert_int_eq(file.n_metadata, 0);
    for (int i = 0; i < 3; i++) {
        static ct_real back[4000];
        const ct_safetensor *t = ct_safetensors_find(&file, many[i].name);
        ck_assert(t != NULL && t->dim[0] == many[i].rows && t->dim[1] == many[i].cols);
        ct_safetensor_values(t, back);
        ck_assert(memcmp(back, many[i].x, t->count * sizeof(ct_real)) == 0);
    }
    ct_arena_free(&arena);
}
END_TEST

START_TEST(an_empty_file_of_tensors_is_fine)
{
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ck_assert_int_eq(ct_safetensors_write(path, NULL, 0, NULL, 0, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_safetensors_read(path, &arena, &file, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(file.n_tensors, 0);
    ct_arena_free(&arena);
}
END_TEST

START_TEST(a_header_that_could_not_be_read_is_not_written)
{
    char *long_text = malloc(CT_SAFETENSORS_HEADER + 1);
    ct_error err = {0};
    memset(long_text, 'x', CT_SAFETENSORS_HEADER);
    long_text[CT_SAFETENSORS_HEADER] = '\0';
    const ct_metadata metadata[] = {{"text", long_text}};
    ck_assert_int_eq(ct_safetensors_write(path, MATRICES, 2, metadata, 1, &err), CT_ERR_CONFIG);
    ck_assert(!ct_file_exists(path));
    long_text[CT_SAFETENSORS_HEADER - 200] = '\0'; /* just fits */
    ck_assert_int_eq(ct_safetensors_write(path, MATRICES, 2, metadata, 1, CT_IGNORE_ERROR), CT_OK);
    ct_arena arena;
    ct_arena_init(&arena, 0);
    ck_assert_int_eq(ct_safetensors_read(path, &arena, &file, CT_IGNORE_ERROR), CT_OK);
    ck_assert_str_eq(ct_safetensors_metadata(&file, "text"), long_text);
    ct_arena_free(&arena);
    free(long_text);
}
END_TEST

START_TEST(a_failed_allocation_is_an_error)
{
    ct_error err = {0};
    ct_alloc_fail_at(0);
    ck_assert_int_eq(ct_safetensors_write(path, MATRICES, 2, METADATA, 1, &err), CT_ERR_NOMEM);
    ck_assert(!ct_file_exists(path));
    ck_assert_int_eq(ct_safetensors_write(path, MATRICES, 2, METADATA, 1, CT_IGNORE_ERROR), CT_OK);
    ct_arena arena;
    ct_arena_init(&arena, 0);
    err = (ct_error){0};
    ct_alloc_fail_at(0);
    ck_assert_int_eq(ct_safetensors_read(path, &arena, &file, &err), CT_ERR_NOMEM);
    ct_alloc_fail_at(-1);
    ct_arena_free(&arena);
}
END_TEST

/* Lists that could not be read again: a name twice, a long one, too many of either. */
START_TEST(a_list_beyond_the_limits_is_a_bug)
{
    remove_folder(); /* the abort leaves no time for it */
    static char name[CT_SAFETENSORS_MAX + 1][CT_SAFETENSORS_NAME + 2];
    static ct_named_matrix m[CT_SAFETENSORS_MAX + 1];
    static ct_metadata metadata[CT_SAFETENSORS_MAX_METADATA + 1];
    for (int i = 0; i <= CT_SAFETENSORS_MAX; i++) {
        snprintf(name[i], sizeof name[i], "%d", i);
        m[i] = (ct_named_matrix){name[i], W, 1, 1, false};
    }
    for (int i = 0; i <= CT_SAFETENSORS_MAX_METADATA; i++)
        metadata[i] = (ct_metadata){name[i], "value"};
    if (_i == 0)
        strcpy(name[2], "0");
    if (_i == 1)
        memset(name[2], 'x', sizeof name[2] - 1);
    ct_safetensors_write("/nowhere/m.st", m, _i == 2 ? CT_SAFETENSORS_MAX + 1 : 3, metadata,
                         _i == 3 ? CT_SAFETENSORS_MAX_METADATA + 1 : 1, CT_IGNORE_ERROR);
}
END_TEST

TCase *safetensors_write_case(void)
{
    TCase *c = tcase_create("safetensors_write");
    tcase_set_timeout(c, 40);
    tcase_add_checked_fixture(c, make_folder, remove_folder);
    add_tests(c, writes_the_bytes_of_the_reference, the_header_is_padded_to_8_and_no_more,
              what_is_written_reads_back_bit_by_bit, an_empty_file_of_tensors_is_fine,
              a_header_that_could_not_be_read_is_not_written, a_failed_allocation_is_an_error);
    if (forking())
        tcase_add_loop_test_raise_signal(c, a_list_beyond_the_limits_is_a_bug, 6 /* SIGABRT */, 0,
                                         4);
    return c;
}
