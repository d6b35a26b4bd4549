/* suites.h -- what every unit test includes first. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>
#include <stdbool.h>

/* False under CK_FORK=no (a debugger): tests of aborts are then left out. */
bool forking(void);

#endif
