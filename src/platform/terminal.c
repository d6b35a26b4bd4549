/* terminal.c -- whether a stream is watched, and how wide it is. */
#include "platform/machine.h"

#include <sys/ioctl.h>
#include <unistd.h>

bool ct_is_terminal(FILE *f)
{
    return isatty(fileno(f)) == 1;
}

bool ct_terminal_size(FILE *f, int *columns, int *lines)
{
    struct winsize size;
    if (ioctl(fileno(f), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *columns = size.ws_col;
    *lines = size.ws_row;
    return true;
}
