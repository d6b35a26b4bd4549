/* ini.h -- recipes: sections of "key = value" lines into the members of a struct. Private.
 *
 *     [loss]                  ; names: letters, digits, '_', '-', '.'
 *     temperature = 0.07      # a comment follows white space
 *
 * A value is what remains of the line: there are no quotes, escapes or continued lines to learn. */
#ifndef FORMATS_INI_H
#define FORMATS_INI_H

#include "contrast/arena.h"
#include "formats/field.h"

#define CT_INI_BYTES ((size_t)1 << 16) /* most bytes of a file */

/* Read a file into `object`; key k of section s is the row "s.k" of its fields. The text stays in
 * the arena, for members that borrow it. What the file does not name stays as it is.
 * Errors  CT_ERR_IO; CT_ERR_NOMEM
 *         CT_ERR_CONFIG  "path:line: ...": a line that is none of the above, a key set twice or
 *                        that no row has, a value that its row refuses, no UTF-8 */
ct_status ct_ini_read(const char *path, ct_arena *arena, const ct_fields *fields, void *object,
                      ct_error *err);

/* The same from memory that ends with a NUL and is changed; `path` is for messages. */
ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_arena *arena,
                       const ct_fields *fields, void *object, ct_error *err);

#endif
