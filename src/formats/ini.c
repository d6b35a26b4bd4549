/* ini.c -- a recipe's text to its settings, in order.
 *
 * A recipe is part of a command: a mistake in it is CT_ERR_CONFIG, like one on the command line.
 * A value is what remains of the line: there are no quotes, escapes or continued lines to learn.
 *
 * Layer: formats. Used by recipes. */
#include "formats/ini.h"

#include "formats/lines.h"
#include "platform/file.h"

#include <string.h>

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

/* One line: nothing, [section], or key = value, into item; key is NULL unless it is
 * the last. Answers what was expected instead of `found`, or NULL. */
static const char *read_line(char *s, ct_ini_item *item, const char **found)
{
    *found = s = trim(s, find_comment(s));
    char *end = s + strlen(s), *equals = strchr(s, '=');
    item->key = NULL;
    if (s == end)
        return NULL;
    if (*s == '[' && end[-1] == ']') {
        *found = item->section = trim(s + 1, end - 1);
        return is_name(item->section) ? NULL : "a section of letters, digits, '_', '-', '.'";
    }
    if (equals == NULL)
        return "[section] or key = value";
    item->value = trim(equals + 1, end);
    *found = item->key = trim(s, equals);
    return is_name(item->key) ? NULL : "a key of letters, digits, '_', '-', '.'";
}

static void add_item(const char *path, const ct_ini_item *item, ct_ini *out, ct_error *err)
{
    for (const ct_ini_item *i = out->item; i < out->item + out->n; i++)
        if (strcmp(i->key, item->key) == 0 && strcmp(i->section, item->section) == 0)
            CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: [%s] %s is set already; remove this or line %d",
                    path, item->line, item->section, item->key, i->line);
    if (out->n == CT_INI_MAX)
        CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: expected at most %d settings", path, item->line,
                CT_INI_MAX);
    if (err->status == CT_OK)
        out->item[out->n++] = *item;
}

ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_arena *arena, ct_ini *out,
                       ct_error *err)
{
    ct_ini_item item = {.section = ""};
    char **line;
    int n;
    out->n = 0;
    ct_lines_split(path, text, size, CT_ERR_CONFIG, arena, &line, &n, err);
    for (int i = 0; err->status == CT_OK && i < n; i++) {
        const char *found;
        const char *expected = read_line(line[i], &item, &found);
        item.line = i + 1;
        if (expected != NULL)
            CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: expected %s, found '%s'", path, i + 1, expected,
                    found);
        else if (item.key != NULL)
            add_item(path, &item, out, err);
    }
    return err->status;
}

ct_status ct_ini_read(const char *path, ct_arena *arena, ct_ini *out, ct_error *err)
{
    char *text = NULL;
    size_t size = 0;
    ct_file_read(path, CT_INI_BYTES, arena, &text, &size, err);
    return ct_ini_parse(path, text, size, arena, out, err);
}
