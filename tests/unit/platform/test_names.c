/* test_names.c -- names in a folder from elsewhere, which need not be files. */
#include "suites.h"

#include "platform/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];
static ct_error err;
static ct_writer w;

static void make_folder(void)
{
    strcpy(folder, "/tmp/contrast-names-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    err = (ct_error){0};
}

static void remove_folder(void)
{
    ck_assert_msg(remove(folder) == 0, "something is left in %s", folder);
}

static void check_error(ct_status status, const char *message)
{
    ck_assert_int_eq(status, CT_ERR_IO);
    ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
}

START_TEST(a_log_is_a_file_of_its_own)
{
    char other[140];
    snprintf(other, sizeof other, "%s.other", path);
    ct_writer_open(&w, other, &err);
    ct_writer_bytes(&w, "precious", 8);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    for (int kind = 0; kind < 4; kind++) {
        int reader = -1;
        unlink(path);
        switch (kind) {
        case 0: ck_assert_int_eq(symlink(other, path), 0); break;
        case 1: ck_assert_int_eq(link(other, path), 0); break;
        case 2: ck_assert_int_eq(mkfifo(path, 0666), 0); break;
        default:
            ck_assert_int_eq(mkfifo(path, 0666), 0);
            reader = open(path, O_RDONLY | O_NONBLOCK);
        }
        err = (ct_error){0};
        check_error(ct_writer_reopen(&w, path, 0, &err), "expected a file of its own");
        err = (ct_error){0};
        check_error(ct_writer_reopen(&w, path, 4, &err), "expected a file of its own");
        if (reader >= 0)
            close(reader);
    }
    struct stat st;
    ck_assert_int_eq(stat(other, &st), 0);
    ck_assert_int_eq(st.st_size, 8);
    unlink(path);
    unlink(other);
}
END_TEST

START_TEST(what_cannot_be_looked_at_is_there)
{
    char inside[140];
    snprintf(inside, sizeof inside, "%s/inside", path);
    unlink(path);
    ck_assert(!ct_file_exists(path));
    ck_assert(!ct_file_exists(inside)); /* nor is its folder */
    ck_assert_int_eq(symlink("nowhere", path), 0);
    ck_assert(ct_file_exists(path)); /* a link that leads nowhere */
    unlink(path);
    ck_assert_int_eq(symlink(path, path), 0);
    ck_assert(ct_file_exists(inside)); /* nobody can say what lies behind a circle */
    unlink(path);
}
END_TEST

START_TEST(a_file_in_the_way_of_a_folder_is_an_error)
{
    char below[160];
    fclose(fopen(path, "wb"));
    check_error(ct_folder_make(path, &err), "log: cannot make the folder: File exists");
    err = (ct_error){0};
    snprintf(below, sizeof below, "%s/below", path);
    check_error(ct_folder_make(below, &err), "log: cannot make the folder: File exists");
    err = (ct_error){0};
    check_error(ct_folder_make("", &err), "cannot make the folder");
    remove(path);
}
END_TEST

TCase *names_case(void)
{
    TCase *c = tcase_create("names");
    tcase_add_checked_fixture(c, make_folder, remove_folder);
    add_tests(c, a_log_is_a_file_of_its_own, what_cannot_be_looked_at_is_there,
              a_file_in_the_way_of_a_folder_is_an_error);
    return c;
}
