/* test_status.c -- the first cause wins, a long message is cut, and a broken
 * precondition stops the program. */
#include "testing.h"

#include "contrast/status.h"

#include <signal.h>
#include <string.h>

START_TEST(failure_is_recorded_with_its_place)
{
    ct_error err = {0};
    const int line = __LINE__ + 1;
    ck_assert_int_eq(CT_FAIL(&err, CT_ERR_IO, "%s: line %d", "a.csv", 7), CT_ERR_IO);
    ck_assert_int_eq(err.status, CT_ERR_IO);
    ck_assert_str_eq(err.msg, "a.csv: line 7");
    ck_assert_ptr_nonnull(strstr(err.file, "test_status.c"));
    ck_assert_int_eq(err.line, line);
}
END_TEST

START_TEST(first_cause_wins)
{
    ct_error err = {0};
    CT_FAIL(&err, CT_ERR_FORMAT, "first");
    const int line = err.line;
    CT_FAIL(&err, CT_ERR_NOMEM, "second");
    ck_assert_int_eq(err.status, CT_ERR_FORMAT);
    ck_assert_str_eq(err.msg, "first");
    ck_assert_int_eq(err.line, line);
}
END_TEST

START_TEST(status_of_the_first_cause_comes_back)
{
    ct_error err = {0};
    ck_assert_int_eq(CT_FAIL(&err, CT_ERR_CONFIG, "first"), CT_ERR_CONFIG);
    ck_assert_int_eq(CT_FAIL(&err, CT_ERR_IO, "second"), CT_ERR_CONFIG);
    ck_assert_int_eq(CT_FAIL(CT_IGNORE_ERROR, CT_ERR_IO, "nobody reads %d", 1), CT_ERR_IO);
}
END_TEST

START_TEST(long_message_is_cut_and_ends)
{
    struct {
        ct_error err;
        char after;
    } here = {.after = 'x'};
    char text[2 * sizeof here.err.msg];
    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CT_FAIL(&here.err, CT_ERR_IO, "%s", text);
    ck_assert_uint_eq(strlen(here.err.msg), sizeof here.err.msg - 1);
    ck_assert_str_eq(here.err.msg + sizeof here.err.msg - 6, "mm..."); /* and says so */
    ck_assert_int_eq(here.after, 'x');
}
END_TEST

START_TEST(true_condition_does_nothing)
{
    CT_ASSERT(1 + 1 == 2);
}
END_TEST

START_TEST(broken_precondition_aborts)
{
    CT_ASSERT(1 + 1 == 3);
}
END_TEST

TCase *status_case(void)
{
    TCase *tc = tcase_create("status");
    add_tests(tc, failure_is_recorded_with_its_place, first_cause_wins,
              status_of_the_first_cause_comes_back, long_message_is_cut_and_ends,
              true_condition_does_nothing);
    if (forking())
        tcase_add_test_raise_signal(tc, broken_precondition_aborts, SIGABRT);
    return tc;
}
