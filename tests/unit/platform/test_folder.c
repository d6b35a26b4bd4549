/* test_folder.c -- the lock of a folder, the removal of a file, and logs that are continued. */
#include "file_helpers.h"

static ct_writer w;

START_TEST(one_process_at_a_time_holds_a_folder)
{
    int first, second;
    ck_assert_int_eq(ct_folder_lock(folder, &first, &err), CT_OK);
    check_error(ct_folder_lock(folder, &second, &err), "another process is writing there");
    ck_assert_int_eq(second, -1);
    ct_folder_unlock(second);
    ct_folder_unlock(first);
    err = (ct_error){0};
    ck_assert_int_eq(ct_folder_lock(folder, &first, &err), CT_OK);
    ct_folder_unlock(first);
    check_error(ct_folder_lock(path, &first, &err), "file: No such file or directory");
}
END_TEST

START_TEST(a_file_is_removed_or_the_reason_given)
{
    char name[CT_PATH_BYTES], long_name[CT_PATH_BYTES];
    put("here");
    ck_assert_int_eq(ct_file_remove(path, &err), CT_OK);
    ck_assert(!ct_file_exists(path));
    ck_assert_int_eq(ct_file_remove(path, &err), CT_OK);
    check_error(ct_file_remove(folder, &err), "cannot remove it");
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    err = (ct_error){0};
    ct_folder_path(name, folder, long_name, &err);
    check_error(err.status, "the path is too long");
}
END_TEST

START_TEST(a_log_goes_on_where_it_is_told_or_not_at_all)
{
    put("kept, cut off");
    ck_assert_int_eq(ct_writer_reopen(&w, path, 4, &err), CT_OK);
    ct_writer_bytes(&w, "!", 1);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    check_contents("kept!");
    ck_assert_int_eq(ct_writer_reopen(&w, path, 6, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "expected at least 6 bytes, found 5") != NULL, "%s", err.msg);
    ck_assert_int_eq(ct_writer_commit(&w), CT_ERR_FORMAT);
    check_contents("kept!");
    err = (ct_error){0};
    check_error(ct_writer_reopen(&w, "/nowhere/log", 0, &err), "No such file or directory");
    ck_assert_int_eq(ct_writer_commit(&w), CT_ERR_IO);
}
END_TEST

TCase *folder_case(void)
{
    TCase *c = tcase_create("folder");
    tcase_add_checked_fixture(c, make_folder, remove_folder);
    add_tests(c, one_process_at_a_time_holds_a_folder, a_file_is_removed_or_the_reason_given,
              a_log_goes_on_where_it_is_told_or_not_at_all);
    return c;
}
