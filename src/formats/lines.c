/* lines.c -- a text file to checked lines.
 *
 * Layer: formats. Used by recipes and by the loader of pairs. */
#include "formats/lines.h"

#include "formats/foreign.h"
#include "formats/text.h"
#include "platform/file.h"

#include <limits.h>
#include <string.h>

/* The first byte that a line must not have; its end if there is none. */
static const char *first_bad(const char *at)
{
    while (*(at = ct_text_unprintable(at)) == '\t')
        at++;
    return at;
}

ct_status ct_lines_split(const char *path, char *text, size_t size, ct_status kind, ct_arena *arena,
                         char ***line, int *n, ct_error *err)
{
    *line = NULL;
    *n = 0;
    if (err->status != CT_OK) /* `text` may be none */
        return err->status;
    char *const end = text + size;
    size_t count = 1;
    for (const char *at = text; at < end; at++)
        count += *at == '\n';
    *line = count < INT_MAX ? ct_arena_zeroed(arena, count, sizeof **line) : NULL;
    if (*line == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its %zu lines", path, count);
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* the byte order mark of some editors */
    for (char *at = text, *stop; err->status == CT_OK && at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        char *last = stop > at && stop[-1] == '\r' ? stop - 1 : stop; /* lines of Windows */
        *last = '\0';
        (*line)[(*n)++] = at;
        if (first_bad(at) != last)
            CT_FAIL(err, kind, "%s:%d: byte %d: expected UTF-8 without control characters", path,
                    *n, (int)(first_bad(at) - at) + 1);
    }
    return err->status;
}

ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err)
{
    ct_lines_split(path, text, size, CT_ERR_FORMAT, arena, line, n, err);
    for (int i = 0; err->status == CT_OK && i < *n; i++) {
        const size_t length = strlen((*line)[i]);
        if (length == 0)
            CT_FAIL(err, CT_ERR_FORMAT, "%s:%d: is empty, expected something for each pair", path,
                    i + 1);
        if (length > CT_LINE_BYTES)
            CT_FAIL(err, CT_ERR_FORMAT, "%s:%d: has %zu bytes, expected at most %d in one item",
                    path, i + 1, length, CT_LINE_BYTES);
    }
    return err->status;
}

ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err)
{
    char *text = NULL;
    size_t size = 0;
    if (ct_file_read(path, 0, arena, &text, &size, err) == CT_OK)
        ct_foreign_refuse(path, text, size, err);
    return ct_lines_parse(path, text, size, arena, line, n, err);
}
