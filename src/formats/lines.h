/* lines.h -- text files, a line at a time: items, and recipes. Private.
 *
 * Lines are UTF-8 without control characters other than tabs; a byte order mark is passed over. A
 * text that is parsed has a NUL after its `size` bytes, is changed, and must outlive the result;
 * `path` is for messages. */
#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include "contrast/arena.h"
#include "formats/field.h"

/* Items, one a line, so no line is empty or longer than CT_LINE_BYTES.
 * Errors  CT_ERR_NOMEM; CT_ERR_FORMAT "path:line: ..." */
#define CT_LINE_BYTES 65536
ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err);

/* The same of a file. Errors  CT_ERR_IO too */
ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err);

/* A recipe, into the members of `object`: sections of "key = value" lines. Key k of section s is
 * the row "s.k" of its fields; what the text does not name stays as it is.
 *
 *     [loss]                  ; names: letters, digits, '_', '-', '.'
 *     temperature = 0.07      # a comment follows white space
 *
 * A value is what remains of the line: there are no quotes, escapes or continued lines to learn.
 * Errors  CT_ERR_NOMEM
 *         CT_ERR_CONFIG  "path:line: ...": a line that is none of the above, a key set twice or
 *                        that no row has, a value that its row refuses, no UTF-8 */
ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_arena *arena,
                       const ct_fields *fields, void *object, ct_error *err);
#define CT_INI_BYTES ((size_t)1 << 16) /* most bytes of a file */

#endif
