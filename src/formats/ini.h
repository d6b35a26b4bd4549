/* ini.h -- recipes: sections of "key = value" lines. Private.
 *
 *     [loss]                  ; names: letters, digits, '_', '-', '.'
 *     temperature = 0.07      # a comment follows white space
 *
 * What the keys mean, and which there are, the experiment layer knows.
 */
#ifndef FORMATS_INI_H
#define FORMATS_INI_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stddef.h>

#define CT_INI_BYTES ((size_t)1 << 16) /* most bytes of a file */
#define CT_INI_MAX   512               /* most settings */

typedef struct ct_ini_item {
    const char *section;     /* "" before the first */
    const char *key, *value; /* value: without white space around it; may be empty */
    int line;
} ct_ini_item;

typedef struct ct_ini {
    int n;
    ct_ini_item item[CT_INI_MAX]; /* in the order of the file */
} ct_ini;

/* Read a file into the arena.
 * Errors  CT_ERR_IO; CT_ERR_NOMEM
 *         CT_ERR_CONFIG  "path:line: ...": a line that is none of the above, a key
 *                        set twice, control characters, what is not UTF-8 */
ct_status ct_ini_read(const char *path, ct_arena *arena, ct_ini *out, ct_error *err);

/* The same from memory, which ends with a NUL, is changed, and must outlive `out`; `path` is for
 * messages. */
ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_arena *arena, ct_ini *out,
                       ct_error *err);

#endif
