/* test_weights.c -- weights and matrices as files, by public calls alone. */
#include "suites.h"

#include "contrast/contrast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char file[64];
static ct_error err;

static void choose_file(void)
{
    strcpy(file, "/tmp/contrast-weights-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(file));
    strcat(file, "/w");
    err = (ct_error){0};
}

static void remove_file(void)
{
    remove(file);
    *strrchr(file, '/') = '\0';
    ck_assert_msg(remove(file) == 0, "something is left in %s", file);
}

/* One layer of `in` to 3. */
static ct_params layer(int in, uint64_t seed)
{
    ct_params p;
    ct_params_init(&p);
    ct_linear_declare(&p, "image.0", in, 3, CT_ACT_NONE, CT_INIT_CONE);
    ck_assert_int_eq(ct_params_build(&p, seed, &err), CT_OK);
    return p;
}

START_TEST(what_is_saved_is_loaded_to_the_bit)
{
    ct_params a = layer(5, 1), b = layer(5, 2);
    char unused[CT_UNUSED_BYTES] = "?";
    ck_assert(memcmp(a.x, b.x, a.size * sizeof *a.x) != 0);
    ck_assert_int_eq(ct_weights_save(&a, file, &err), CT_OK);
    ck_assert_int_eq(ct_weights_load(&b, file, unused, &err), CT_OK);
    ck_assert(memcmp(a.x, b.x, a.size * sizeof *a.x) == 0);
    ck_assert_str_eq(unused, "");
    ct_params_free(&a);
    ct_params_free(&b);
}
END_TEST

START_TEST(what_is_missing_or_of_another_shape_is_named)
{
    ct_params a = layer(5, 1), b = layer(4, 1), none;
    ct_params_init(&none);
    ct_weights_save(&a, file, &err);
    ck_assert_int_eq(ct_weights_load(&b, file, NULL, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "image.0.weight has 15 values, expected (3, 4)") != NULL, "%s",
                  err.msg);
    err = (ct_error){0};
    ct_weights_save(&none, file, &err);
    ck_assert_int_eq(ct_weights_load(&b, file, NULL, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "there is no image.0.weight") != NULL, "%s", err.msg);
    ct_params_free(&a);
    ct_params_free(&b);
}
END_TEST

START_TEST(a_matrix_is_written_and_read)
{
    const ct_real x[6] = {1, -2, 0.5f, 3, 0, 1e6f};
    ct_real *y = NULL;
    ct_arena arena;
    int rows = 0, cols = 0;
    ct_arena_open(&arena, "test", 0, &err);
    ck_assert_int_eq(ct_npy_write_matrix(file, x, 2, 3, &err), CT_OK);
    ck_assert_int_eq(ct_array_read_matrix(file, &arena, &y, &rows, &cols, &err), CT_OK);
    ck_assert_int_eq(rows, 2);
    ck_assert_int_eq(cols, 3);
    ck_assert(memcmp(x, y, sizeof x) == 0);
    ct_arena_free(&arena);
}
END_TEST

TCase *weights_case(void)
{
    TCase *c = tcase_create("weights");
    tcase_add_checked_fixture(c, choose_file, remove_file);
    add_tests(c, what_is_saved_is_loaded_to_the_bit, what_is_missing_or_of_another_shape_is_named,
              a_matrix_is_written_and_read);
    return c;
}
