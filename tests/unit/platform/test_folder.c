/* test_folder.c -- the lock of a folder, the removal of a file, and logs that are continued. */
#include "suites.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[128];
static ct_arena arena;
static ct_error err;
static ct_writer w;

static void make_folder(void)
{
    strcpy(folder, "/tmp/contrast-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    ct_arena_init(&arena, 0);
    err = (ct_error){0};
}

static void remove_folder(void)
{
    ct_arena_free(&arena);
    remove(path);
    ck_assert_msg(remove(folder) == 0, "something is left in %s", folder); /* a .tmp, for one */
}

static void put(const char *text)
{
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void check_contents(const char *text)
{
    char *data;
    size_t size;
    ct_error why = {0};
    ck_assert_msg(ct_file_read(path, 0, &arena, &data, &size, &why) == CT_OK, "%s", why.msg);
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_str_eq(data, text); /* there is a NUL after it */
}

static void check_error(ct_status status, const char *message)
{
    ck_assert_int_eq(status, CT_ERR_IO);
    ck_assert_int_eq(err.status, CT_ERR_IO);
    ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
}

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
