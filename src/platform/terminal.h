/* terminal.h -- streams that somebody watches. Private. */
#ifndef PLATFORM_TERMINAL_H
#define PLATFORM_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Does somebody watch what is written here? */
bool ct_is_terminal(FILE *f);

/* Its size now; false, and nothing changed, if it is none or does not say. */
bool ct_terminal_size(FILE *f, int *columns, int *lines);

#endif
