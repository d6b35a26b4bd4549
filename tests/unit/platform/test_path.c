/* test_path.c -- names of files seen from a folder, and from the working directory. */
#include "testing.h"

#include "platform/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char out[CT_PATH_BYTES];

START_TEST(seen_from_a_folder_a_path_is_joined_to_it)
{
    static const char *const CASES[][3] = {
        {"a", "b", "a/b"},
        {"a/", "b", "a/b"},
        {"a/b", "../c", "a/b/../c"}, /* b may be a link */
        {"..", "x", "../x"},
        {"/", "x", "/x"},
        {"", "x", "x"},
        {"a", "/b//c", "/b//c"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ct_error err = {0};
        ct_folder_path(out, CASES[i][0], CASES[i][1], &err);
        ck_assert_int_eq(err.status, CT_OK);
        ck_assert_str_eq(out, CASES[i][2]);
    }
}
END_TEST

START_TEST(what_is_seen_from_a_folder_is_found_again)
{
    static const char *const CASES[][3] = {
        {"runs/a", "x", "../../x"},
        {"runs//a/", ".//x", "../../x"},
        {"runs/a", "runs/a/x", "x"},
        {"a..", "b/../...", "../..."},
        {"runs/a", "runs/ab/x", "../ab/x"},
        {"runs/ab", "runs/a/x", "../a/x"},
        {"a", "../x", "../../x"},
        {".", "x", "x"},
        {"a", "a", "."},
        {"x/y", "x", "../../x"},
        {"a/..", "x", "x"},
        {"a/../..", "../x", "x"},
        {"/..", "/../a/../b", "../b"}, /* above the root is the root */
        {"/a", "/", "../"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ct_error err = {0};
        ct_path_to(out, CASES[i][0], CASES[i][1], &err);
        ck_assert_str_eq(out, CASES[i][2]);
        ck_assert_int_eq(err.status, CT_OK);
    }
}
END_TEST

START_TEST(beside_the_working_directory_its_name_is_needed)
{
    char here[CT_PATH_BYTES], expected[2 * CT_PATH_BYTES];
    ct_error err = {0};
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    snprintf(expected, sizeof expected, "..%s/x", strrchr(here, '/'));
    ct_path_to(out, "../other", "x", &err);
    ck_assert_str_eq(out, expected);
    ct_path_to(out, here, "x", &err); /* an absolute folder, a path that is none */
    ck_assert_str_eq(out, "x");
    snprintf(expected, sizeof expected, "%s/x", here);
    ct_path_to(out, "a", expected, &err);
    ck_assert_str_eq(out, "../x");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
    char name[CT_PATH_BYTES];
    ct_error err = {0};
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    ct_folder_path(out, "a", name, &err);
    ck_assert_int_eq(err.status, CT_ERR_IO);
    err = (ct_error){0};
    ct_path_to(out, "a", name, &err);
    ck_assert_int_eq(err.status, CT_ERR_IO);
}
END_TEST

START_TEST(a_working_directory_that_is_gone_is_an_error)
{
    char here[CT_PATH_BYTES];
    ct_error err = {0};
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_int_eq(chdir(scratch), 0);
    ck_assert_int_eq(rmdir(scratch), 0);
    ct_path_to(out, "a", "x", &err);
    ck_assert_int_eq(chdir(here), 0);
    ck_assert_str_eq(err.msg, "the working directory cannot be found");
    ck_assert_str_eq(out, "");
}
END_TEST

TCase *path_case(void)
{
    TCase *c = tcase_create("path");
    tcase_add_checked_fixture(c, open_scratch, close_scratch);
    add_tests(c, seen_from_a_folder_a_path_is_joined_to_it,
              what_is_seen_from_a_folder_is_found_again,
              beside_the_working_directory_its_name_is_needed, a_path_that_is_too_long_is_refused,
              a_working_directory_that_is_gone_is_an_error);
    return c;
}
