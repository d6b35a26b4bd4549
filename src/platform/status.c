/* status.c -- recording failures, and stopping at broken preconditions. */
#include "contrast/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

ct_status ct_error_set(ct_error *err, ct_status status, const char *file, int line, const char *fmt,
                       ...)
{
    if (err->status == CT_OK) { /* first cause wins */
        err->status = status;
        err->file = file;
        err->line = line;
        va_list args;
        va_start(args, fmt);
        if (vsnprintf(err->msg, sizeof err->msg, fmt, args) >= (int)sizeof err->msg)
            snprintf(err->msg + sizeof err->msg - 4, 4, "..."); /* a cut hint must not look whole */
        va_end(args);
    }
    return err->status;
}

void ct_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "contrast: bug: %s:%d: %s\n", file, line, cond);
    abort();
}
