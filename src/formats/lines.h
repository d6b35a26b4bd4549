/* lines.h -- text files, a line at a time. Private. */
#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stddef.h>

/* Cut a text into lines without their ends (LF or CR LF; the last needs none). It has a NUL
 * after its `size` bytes, is changed, and must outlive the lines; `path` is for messages. A byte
 * order mark is passed over. Errors  CT_ERR_NOMEM; `kind` "path:line: ...": a control character
 * other than a tab, or what is not UTF-8 */
ct_status ct_lines_split(const char *path, char *text, size_t size, ct_status kind, ct_arena *arena,
                         char ***line, int *n, ct_error *err);

/* Items, one a line, so no line is empty or longer than CT_LINE_BYTES. Errors  as above with
 * CT_ERR_FORMAT */
#define CT_LINE_BYTES 65536
ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err);

/* The same of a file. Errors  CT_ERR_IO too */
ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err);

#endif
