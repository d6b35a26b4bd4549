/* lines.c -- a text file to checked lines, and a recipe's lines to its settings.
 *
 * A recipe is part of a command: a mistake in it is CT_ERR_CONFIG, like one on the command line. */
#include "formats/lines.h"

#include "formats/text.h"
#include "platform/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The first byte that a line must not have; its end if there is none. */
static const char *first_bad(const char *at)
{
    while (*(at = ct_text_unprintable(at)) == '\t')
        at++;
    return at;
}

/* Cut a text into lines without their ends (LF or CR LF; the last needs none). What is wrong with
 * one is an error of this `kind`. An item is not empty: one that is ends the reading, and the count
 * before it, so that a text of nothing else takes no memory for its lines. */
static ct_status split(const char *path, char *text, size_t size, ct_status kind, ct_arena *arena,
                       char ***line, int *n, ct_error *err)
{
    *line = NULL;
    *n = 0;
    if (err->status != CT_OK) /* `text` may be none */
        return err->status;
    char *const end = text + size;
    const bool items = kind == CT_ERR_FORMAT;
    size_t count = 2;
    for (const char *at = text;
         at < end && !(items && *at == '\n' && at[1 + (at[1] == '\r')] == '\n'); at++)
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
        if (items && last == at)
            CT_FAIL(err, kind, "%s:%d: is empty, expected something for each pair", path, *n);
        if (items && last - at > CT_LINE_BYTES)
            CT_FAIL(err, kind, "%s:%d: has %td bytes, expected at most %d in one item", path, *n,
                    last - at, CT_LINE_BYTES);
        if (first_bad(at) != last)
            CT_FAIL(err, kind, "%s:%d: byte %d: expected UTF-8 without control characters", path,
                    *n, (int)(first_bad(at) - at) + 1);
    }
    return err->status;
}

ct_status ct_lines_parse(const char *path, char *text, size_t size, ct_arena *arena, char ***line,
                         int *n, ct_error *err)
{
    return split(path, text, size, CT_ERR_FORMAT, arena, line, n, err);
}

ct_status ct_lines_read(const char *path, ct_arena *arena, char ***line, int *n, ct_error *err)
{
    char *text = NULL;
    size_t size = 0;
    if (ct_file_read(path, 0, arena, &text, &size, err) == CT_OK)
        ct_foreign_refuse(path, text, size, err);
    return ct_lines_parse(path, text, size, arena, line, n, err);
}

/* ---- recipes ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* [s, end) without white space around it, ended by a NUL. */
static char *trim(char *s, char *end)
{
    while (s < end && is_space(*s))
        s++;
    while (s < end && is_space(end[-1]))
        end--;
    *end = '\0';
    return s;
}

/* Where the comment begins, or the end: # or ; come first or follow white space. */
static char *find_comment(char *s)
{
    char *at = s;
    while (*at != '\0' && !((*at == '#' || *at == ';') && (at == s || is_space(at[-1]))))
        at++;
    return at;
}

static bool is_name(const char *s)
{
    const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return n > 0 && s[n] == '\0';
}

typedef struct item {
    const char *section, *key, *value;
    int line;
} item;

/* One line: nothing, [section], or key = value, into the item; its key is NULL unless it is the
 * last. The answer is what was expected instead of `found`, or NULL. */
static const char *read_line(char *s, item *out, const char **found)
{
    *found = s = trim(s, find_comment(s));
    char *end = s + strlen(s), *equals = strchr(s, '=');
    out->key = NULL;
    if (s == end)
        return NULL;
    if (*s == '[' && end[-1] == ']') {
        *found = out->section = trim(s + 1, end - 1);
        return is_name(out->section) ? NULL : "a section of letters, digits, '_', '-', '.'";
    }
    if (equals == NULL)
        return "[section] or key = value";
    out->value = trim(equals + 1, end);
    *found = out->key = trim(s, equals);
    return is_name(out->key) ? NULL : "a key of letters, digits, '_', '-', '.'";
}

/* Set the last of n items, if none before it has its name. */
static void set_last(const char *path, const item *all, int n, const ct_fields *fields,
                     void *object, ct_error *err)
{
    const item *last = &all[n - 1];
    char place[CT_PATH_BYTES + 32], key[320];
    for (const item *i = all; i < last; i++)
        if (strcmp(i->key, last->key) == 0 && strcmp(i->section, last->section) == 0)
            CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: [%s] %s is set already; remove this or line %d",
                    path, last->line, last->section, last->key, i->line);
    snprintf(place, sizeof place, "%s:%d: ", path, last->line);
    snprintf(key, sizeof key, "%s%s%s", last->section, *last->section != '\0' ? "." : "",
             last->key);
    if (err->status == CT_OK)
        ct_fields_set(fields, object, key, last->value, place, err);
}

ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_arena *arena,
                       const ct_fields *fields, void *object, ct_error *err)
{
    char **line;
    const char *found;
    int n_lines, n = 0;
    item now = {.section = ""};
    split(path, text, size, CT_ERR_CONFIG, arena, &line, &n_lines, err);
    item *all = ct_arena_zeroed(arena, (size_t)n_lines + 1, sizeof *all);
    for (int i = 0; err->status == CT_OK && i < n_lines; i++) {
        const char *expected = read_line(line[i], &now, &found);
        now.line = i + 1;
        if (expected != NULL) {
            CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: expected %s, found '%s'", path, now.line, expected,
                    found);
        } else if (now.key != NULL) {
            all[n++] = now;
            set_last(path, all, n, fields, object, err);
        }
    }
    return err->status;
}
