/* lines.h -- text files of one item a line. Private. */
#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stddef.h>

/* The lines of a UTF-8 file, without their ends (LF or CR LF; the last needs none).
 * Tabs are the only control characters, and no line is empty.
 * Errors  CT_ERR_IO; CT_ERR_FORMAT "path:line: ..."; CT_ERR_NOMEM */
ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err);

/* The same from memory with a NUL behind its `size` bytes, which is changed and must
 * outlive the lines; `path` is for messages. */
ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err);

#endif
