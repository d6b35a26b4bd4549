/* lines.c -- a text file to checked lines.
 *
 * Layer: formats. Used by the loader of pairs. */
#include "formats/lines.h"

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

ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n' || i + 1 == size;
    *line = count < INT_MAX ? ct_arena_zeroed(arena, count + 1, sizeof **line) : NULL;
    if (*line == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its %zu lines", path, count);
    *n = 0;
    for (char *at = text, *end; at < text + size; at = end + 1) {
        char *newline = memchr(at, '\n', (size_t)(text + size - at));
        end = newline != NULL ? newline : text + size;
        *end = '\0';
        char *stop = end > at && end[-1] == '\r' ? end - 1 : end;
        *stop = '\0';
        (*line)[(*n)++] = at;
        const char *bad = first_bad(at);
        if (bad != stop)
            return CT_FAIL(err, CT_ERR_FORMAT,
                           "%s:%d: byte %d: expected UTF-8 without control characters", path, *n,
                           (int)(bad - at) + 1);
        if (*at == '\0')
            return CT_FAIL(err, CT_ERR_FORMAT, "%s:%d: is empty, expected something for each pair",
                           path, *n);
    }
    return CT_OK;
}

ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err)
{
    char *text;
    size_t size;
    ct_status status = ct_file_read(path, 0, arena, &text, &size, err);
    return status == CT_OK ? ct_lines_parse(path, text, size, arena, line, n, err) : status;
}
