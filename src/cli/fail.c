/* fail.c -- the only place where an error becomes text and an exit code, and JSON output.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include <stdarg.h>

static int exit_code(ct_status status)
{
    switch (status) { /* no default: a new status must choose its code here */
    case CT_OK: return 0;
    case CT_ERR_IO:
    case CT_ERR_FORMAT:
    case CT_ERR_NOMEM:
    case CT_ERR_SHAPE: return 1;
    case CT_ERR_CONFIG: return 2;
    case CT_ERR_NUMERIC: return 3;
    }
    return 1;
}

int cli_fail(const ct_error *err)
{
    fprintf(stderr, "contrast: error: %s\n", err->msg);
    if (cli.verbose)
        fprintf(stderr, "contrast: raised at %s:%d\n", err->file, err->line);
    return exit_code(err->status);
}

int cli_usage(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("contrast: error: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return 2;
}

void cli_put_json(ct_json *j)
{
    while (j->depth > 0)
        ct_json_close(j);
    if (j->failed)
        fputs("contrast: error: no memory for JSON\n", stderr);
    else
        puts(j->text);
    cli.incomplete = cli.incomplete || j->failed;
    ct_json_free(j);
}
