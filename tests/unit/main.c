/* main.c -- runs every case. CK_RUN_CASE=normalize runs one of them.
 *
 * cases.h is made by the Makefile: one X(name) for each tests/unit/.../test_name.c. */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name) TCase *name##_case(void);
#include "cases.h"
#undef X

void add_each(TCase *tc, const TTest *const *test)
{
    while (*test != NULL)
        tcase_add_test(tc, *test++);
}

bool forking(void)
{
    const char *v = getenv("CK_FORK");
    return v == NULL || strcmp(v, "no") != 0;
}

int main(void)
{
    Suite *s = suite_create("contrast");
#define X(name) suite_add_tcase(s, name##_case());
#include "cases.h"
#undef X
    puts("(lines that begin with \"contrast: bug:\" are tests of assertions at work)");
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int run = srunner_ntests_run(sr), failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    if (run == 0) /* a misspelt CK_RUN_CASE selects nothing and "passes" */
        fprintf(stderr, "no test ran: no such case\n");
    return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
