/* suites.h -- what every unit test includes first. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>
#include <stdbool.h>

/* The tests of a case, in this order. */
#define add_tests(tc, ...) add_each((tc), (const TTest *const[]){__VA_ARGS__, NULL})
void add_each(TCase *tc, const TTest *const *test);

/* False under CK_FORK=no (a debugger): tests of aborts are then left out. */
bool forking(void);

#endif
