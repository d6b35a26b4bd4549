/* test_file.c -- reading, replacing and growing files, and what is left behind when
 * the system refuses: each refusal here is a real one. */
#include "file_helpers.h"

#include "platform/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- reading ---- */

START_TEST(reads_a_file_an_empty_one_and_up_to_a_limit)
{
    char *data;
    size_t size;
    put("");
    check_contents("");
    put("some\ntext");
    check_contents("some\ntext");
    ck_assert_int_eq(ct_file_read(path, 9, &arena, &data, &size, &err), CT_OK);
    check_error(ct_file_read(path, 8, &arena, &data, &size, &err),
                "file: expected at most 8 bytes, found 9");
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
    char *data;
    size_t size;
    check_error(ct_file_read(folder, 0, &arena, &data, &size, &err), "expected a regular file");
    err = (ct_error){0};
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* without a writer: must not wait for one */
    check_error(ct_file_read(path, 0, &arena, &data, &size, &err),
                "expected a regular file, not a folder, pipe");
    remove(path);
    err = (ct_error){0};
    check_error(ct_file_read(path, 0, &arena, &data, &size, &err), "file: No such file");
}
END_TEST

START_TEST(reading_without_memory_is_an_error)
{
    char *data;
    size_t size;
    put("12345");
    ct_alloc_fail_at(0);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &data, &size, &err), CT_ERR_NOMEM);
    ct_alloc_fail_at(-1);
    ck_assert_ptr_nonnull(strstr(err.msg, path));
}
END_TEST

/* Linux says that these files are empty, and then they have contents. */
START_TEST(a_file_that_grows_is_refused)
{
    char *data;
    size_t size;
    if (ct_file_exists("/proc/self/status"))
        check_error(ct_file_read("/proc/self/status", 0, &arena, &data, &size, &err),
                    "changed while it was read");
}
END_TEST

/* ---- replacing ---- */

static ct_writer w;

START_TEST(a_file_appears_when_it_is_whole)
{
    ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
    ct_writer_bytes(&w, "hello ", 6);
    ct_writer_bytes(&w, "", 0);
    ct_writer_bytes(&w, "world", 5);
    ck_assert_int_eq(ct_writer_flush(&w), CT_OK);
    ck_assert(!ct_file_exists(path));
    ck_assert(ct_file_exists(tmp));
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    check_contents("hello world");
    ck_assert_int_eq(rename(path, tmp), 0); /* as if another writer had begun */
    ct_writer_abandon(&w);                  /* after commit it changes nothing */
    ck_assert_int_eq(rename(tmp, path), 0);
}
END_TEST

/* Pieces around the size of the buffer, which is 8192. */
START_TEST(every_byte_arrives_in_order)
{
    static const size_t SIZES[] = {1, 8190, 1, 1, 8191, 8192, 8193, 3, 20000, 0, 8189, 4};
    static char all[70000];
    size_t used = 0;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)('a' + i % 26 + i / 1000 % 2);
    ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        ct_writer_bytes(&w, all + used, SIZES[i]);
        used += SIZES[i];
    }
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    all[used] = '\0';
    check_contents(all);
}
END_TEST

START_TEST(abandoning_and_another_failure_keep_the_old_file)
{
    put("old");
    for (int failure = 0; failure < 2; failure++) {
        ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
        ct_writer_bytes(&w, "new", 3);
        if (failure) {
            CT_FAIL(&err, CT_ERR_IO, "no data");
            check_error(ct_writer_commit(&w), "no data");
        }
        ct_writer_abandon(&w);
        check_contents("old");
        ck_assert(!ct_file_exists(tmp));
        ct_writer_abandon(&w);
    }
}
END_TEST

START_TEST(another_failure_leaves_a_log_what_it_was_given)
{
    ck_assert_int_eq(ct_writer_reopen(&w, path, 0, &err), CT_OK);
    ct_writer_bytes(&w, "before\n", 7);
    CT_FAIL(&err, CT_ERR_IO, "no data");
    ct_writer_bytes(&w, "why\n", 4);
    check_error(ct_writer_commit(&w), "no data");
    check_contents("before\nwhy\n");
}
END_TEST

START_TEST(nothing_is_done_once_something_has_failed)
{
    char *data;
    size_t size;
    int lock;
    ct_source s;
    put("kept");
    CT_FAIL(&err, CT_ERR_IO, "no data");
    ct_file_read(path, 0, &arena, &data, &size, &err);
    ct_source_open(&s, path, &err);
    ct_source_read(&s, 0, tmp, 4, &err);
    ct_source_close(&s);
    ct_writer_reopen(&w, path, 0, &err);
    ct_writer_bytes(&w, "new", 3);
    ct_writer_commit(&w);
    ct_writer_reopen(&w, path, 0, &err);
    ct_writer_abandon(&w);
    ct_file_remove(path, &err);
    ct_folder_make(tmp, &err);
    ct_folder_lock(folder, &lock, &err);
    ck_assert(lock == -1 && !ct_file_exists(tmp));
    check_error(err.status, "no data");
    check_contents("kept");
}
END_TEST

START_TEST(a_tmp_that_a_killed_run_left_is_replaced)
{
    char elsewhere[160];
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    put("mine");
    ck_assert_int_eq(rename(path, elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, tmp), 0); /* or planted: must not be followed */
    ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
    ct_writer_bytes(&w, "new", 3);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    check_contents("new");
    ck_assert_int_eq(rename(elsewhere, path), 0);
    check_contents("mine");
}
END_TEST

/* A limit on the size of files stands for a full disk. */
START_TEST(a_full_disk_keeps_the_old_file)
{
    struct rlimit before, small;
    static char block[3000];
    memset(block, 'x', sizeof block);
    put("old");
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 10000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
    for (int i = 0; i < 10; i++)
        ct_writer_bytes(&w, block, sizeof block);
    const ct_status status = ct_writer_commit(&w);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    check_error(status, "file: File too large");
    ck_assert(!ct_file_exists(tmp));
    check_contents("old");
}
END_TEST

START_TEST(the_first_failure_is_the_one_reported)
{
    char missing[160];
    snprintf(missing, sizeof missing, "%s/no/file", folder);
    check_error(ct_writer_open(&w, missing, &err), "no/file: No such file or directory");
    ct_writer_bytes(&w, "x", 1);
    check_error(ct_writer_flush(&w), "No such file");
    check_error(ct_writer_commit(&w), "No such file");
    ct_writer_abandon(&w);
}
END_TEST

/* Also a device: a file would take its place. */
START_TEST(what_is_no_file_is_not_replaced)
{
    check_error(ct_writer_open(&w, "/dev/null", &err), "/dev/null: expected a file");
    err = (ct_error){0};
    ck_assert_int_eq(mkdir(path, 0700), 0);
    check_error(ct_writer_open(&w, path, &err), "file: expected a file");
    check_error(ct_writer_commit(&w), "expected a file");
    ck_assert(!ct_file_exists(tmp));
}
END_TEST

/* The last step, the rename, is refused: nothing may be left beside what is there. */
START_TEST(a_name_that_was_taken_meanwhile_is_an_error)
{
    ck_assert_int_eq(ct_writer_open(&w, path, &err), CT_OK);
    ct_writer_bytes(&w, "new", 3);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    check_error(ct_writer_commit(&w), "file: Is a directory");
    ck_assert(!ct_file_exists(tmp));
}
END_TEST

START_TEST(a_read_only_folder_is_an_error)
{
    put("old");
    ck_assert_int_eq(chmod(folder, 0555), 0);
    if (getuid() != 0 || (forking() && seteuid(65534) == 0)) { /* root may write anywhere */
        check_error(ct_writer_open(&w, path, &err), "file: Permission denied");
        check_error(ct_writer_commit(&w), "Permission denied");
        if (getuid() == 0)
            ck_assert_int_eq(seteuid(0), 0);
    }
    ck_assert_int_eq(chmod(folder, 0755), 0);
    check_contents("old");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_an_error)
{
    char long_path[2 * CT_PATH_BYTES];
    memset(long_path, 'x', sizeof long_path);
    long_path[CT_PATH_BYTES] = '\0';
    check_error(ct_writer_open(&w, long_path, &err), "path longer than 1023 bytes");
    ck_assert_int_eq(ct_writer_commit(&w), CT_ERR_IO);
    err = (ct_error){0};
    check_error(ct_folder_make(long_path, &err), "path longer than 1023 bytes");
}
END_TEST

START_TEST(works_in_the_root_folder)
{
    static const char ROOT[] = "/contrast-test-of-file";
    if (access("/", W_OK) != 0 || ct_file_exists(ROOT))
        return;
    ck_assert_int_eq(ct_writer_open(&w, ROOT, &err), CT_OK);
    const ct_status status = ct_writer_commit(&w);
    remove(ROOT);
    ck_assert_msg(status == CT_OK, "%s", err.msg);
}
END_TEST

START_TEST(works_beside_the_program)
{
    char before[1024];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(ct_writer_open(&w, "file", &err), CT_OK); /* its folder is "." */
    ct_writer_bytes(&w, "x", 1);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    ck_assert_int_eq(ct_writer_open(&w, "no/file", &err), CT_ERR_IO);
    ck_assert_int_eq(chdir(before), 0);
    check_contents("x");
}
END_TEST

/* ---- logs ---- */

START_TEST(a_log_grows_in_its_own_name)
{
    put("of the last run");
    ck_assert_int_eq(ct_writer_reopen(&w, path, 0, &err), CT_OK);
    check_contents("");
    ct_writer_bytes(&w, "one\n", 4);
    check_contents("");
    ck_assert_int_eq(ct_writer_flush(&w), CT_OK);
    check_contents("one\n");
    ct_writer_bytes(&w, "two\n", 4);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    check_contents("one\ntwo\n");
    ck_assert(!ct_file_exists(tmp));
}
END_TEST

START_TEST(a_log_is_never_split_within_a_line)
{
    char line[100];
    memset(line, 'x', sizeof line);
    line[99] = '\n';
    ck_assert_int_eq(ct_writer_reopen(&w, path, 0, &err), CT_OK);
    for (int i = 0; i < 500; i++) {
        struct stat st;
        ct_writer_bytes(&w, line, sizeof line);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_size % 100, 0);
    }
    ct_writer_abandon(&w); /* what has reached the system stays */
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_gt(st.st_size, 40000);
}
END_TEST

START_TEST(a_log_may_be_a_device_which_may_be_full)
{
    ck_assert_int_eq(ct_writer_reopen(&w, "/dev/null", 0, &err), CT_OK);
    ct_writer_bytes(&w, "line\n", 5);
    ck_assert_msg(ct_writer_commit(&w) == CT_OK, "%s", err.msg);
    if (!ct_file_exists("/dev/full"))
        return;
    ck_assert_int_eq(ct_writer_reopen(&w, "/dev/full", 0, &err), CT_OK);
    ct_writer_bytes(&w, "line\n", 5);
    check_error(ct_writer_flush(&w), "/dev/full: No space left on device");
    ct_writer_bytes(&w, "line\n", 5);
    check_error(ct_writer_commit(&w), "No space left on device");
    ck_assert(ct_file_exists("/dev/full"));
}
END_TEST

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* A slow reader at the other end of a pipe, and a timer: write is interrupted both
 * after a part of the bytes and before the first. */
START_TEST(signals_lose_nothing)
{
    static unsigned char bytes[400000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i % 251);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    const pid_t reader = fork();
    if (reader == 0) {
        FILE *f = fopen(path, "rb");
        size_t n = 0;
        for (int c; (c = fgetc(f)) != EOF; n++) {
            if (n >= sizeof bytes || c != bytes[n])
                _exit(1);
            if (n % 50000 == 0)
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
        _exit(n == sizeof bytes ? 0 : 2);
    }
    struct sigaction act = {.sa_handler = ignore}; /* without SA_RESTART */
    const struct itimerval every = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
    int how = -1;
    ck_assert_int_eq(ct_writer_reopen(&w, tmp, 0, &err), CT_OK);
    const int pipe_end = open(path, O_WRONLY); /* no log may be one; it stands for a slow disk */
    ck_assert_int_eq(dup2(pipe_end, w.fd), w.fd);
    close(pipe_end);
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    ct_writer_bytes(&w, bytes, sizeof bytes);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_msg(ct_writer_commit(&w) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(waitpid(reader, &how, 0), reader);
    ck_assert_int_eq(how, 0);
    unlink(tmp);
}
END_TEST

/* ---- folders ---- */

START_TEST(makes_a_folder_and_its_parents)
{
    char deep[160];
    struct stat st;
    snprintf(deep, sizeof deep, "%s/a//b/c/", folder);
    for (int i = 0; i < 2; i++) /* the second time they exist */
        ck_assert_msg(ct_folder_make(deep, &err) == CT_OK, "%s", err.msg);
    ck_assert(stat(deep, &st) == 0 && S_ISDIR(st.st_mode));
    ck_assert_int_eq(ct_folder_make("/", &err), CT_OK);
    ck_assert_int_eq(ct_folder_make(".", &err), CT_OK);
    for (size_t n = strlen(folder); strlen(deep) > n; *strrchr(deep, '/') = '\0')
        rmdir(deep);
}
END_TEST

START_TEST(a_source_is_read_where_it_is_needed)
{
    ct_source s;
    char got[4] = "";
    put("0123456789");
    ck_assert_int_eq(ct_source_open(&s, path, &err), CT_OK);
    ck_assert_uint_eq(s.size, 10);
    ck_assert_int_eq(ct_source_read(&s, 7, got, 3, &err), CT_OK);
    ck_assert_str_eq(got, "789");
    ck_assert_int_eq(ct_source_read(&s, 2, got, 3, &err), CT_OK);
    ck_assert_str_eq(got, "234");
    check_error(ct_source_read(&s, 8, got, 3, &err), "changed while it was read");
    ct_source_close(&s);
    ct_source_close(&s);
}
END_TEST

/* As where standard input is closed. */
START_TEST(descriptor_0_is_one_like_others)
{
    const int input = dup(0);
    close(0);
    ct_writer_reopen(&w, path, 0, &err);
    ck_assert_msg(err.status == CT_OK && w.fd == 0, "%s", err.msg);
    ct_writer_bytes(&w, "zero", 4);
    ck_assert_int_eq(ct_writer_commit(&w), CT_OK);
    check_contents("zero");
    if (input >= 0) {
        dup2(input, 0);
        close(input);
    }
}
END_TEST

TCase *file_case(void)
{
    TCase *c = tcase_create("file");
    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, make_folder, remove_folder);
    add_tests(c, reads_a_file_an_empty_one_and_up_to_a_limit, a_source_is_read_where_it_is_needed,
              what_is_no_regular_file_is_refused, reading_without_memory_is_an_error,
              a_file_that_grows_is_refused, a_file_appears_when_it_is_whole,
              every_byte_arrives_in_order, abandoning_and_another_failure_keep_the_old_file,
              another_failure_leaves_a_log_what_it_was_given,
              nothing_is_done_once_something_has_failed, a_tmp_that_a_killed_run_left_is_replaced,
              a_full_disk_keeps_the_old_file, the_first_failure_is_the_one_reported,
              what_is_no_file_is_not_replaced, a_name_that_was_taken_meanwhile_is_an_error,
              a_read_only_folder_is_an_error, a_path_that_is_too_long_is_an_error,
              works_in_the_root_folder, works_beside_the_program, a_log_grows_in_its_own_name,
              a_log_is_never_split_within_a_line, a_log_may_be_a_device_which_may_be_full,
              signals_lose_nothing, makes_a_folder_and_its_parents,
              descriptor_0_is_one_like_others);
    return c;
}
