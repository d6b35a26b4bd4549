/* ini.c -- a recipe's text to its settings, in order.
 *
 * A recipe is part of a command: a mistake in it is CT_ERR_CONFIG, like one on
 * the command line. Lines are cut up where they stand. A value is what remains of
 * the line: there are no quotes, escapes or continued lines to learn.
 *
 * Layer: formats. Used by recipes. */
#include "formats/ini.h"

#include "formats/text.h"
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

static ct_status add_item(const char *path, const ct_ini_item *item, ct_ini *out, ct_error *err)
{
    for (const ct_ini_item *i = out->item; i < out->item + out->n; i++)
        if (strcmp(i->key, item->key) == 0 && strcmp(i->section, item->section) == 0)
            return CT_FAIL(err, CT_ERR_CONFIG,
                           "%s:%d: [%s] %s is set already; remove this or line %d", path,
                           item->line, item->section, item->key, i->line);
    if (out->n == CT_INI_MAX)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: expected at most %d settings", path, item->line,
                       CT_INI_MAX);
    out->item[out->n++] = *item;
    return CT_OK;
}

ct_status ct_ini_parse(const char *path, char *text, size_t size, ct_ini *out, ct_error *err)
{
    ct_status status = CT_OK;
    ct_ini_item item = {.section = ""};
    char *end = text + size, *next;
    out->n = 0;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* the byte order mark of some editors */
    for (char *at = text; at < end && status == CT_OK; at = next) {
        char *newline = memchr(at, '\n', (size_t)(end - at)),
             *stop = newline != NULL ? newline : end;
        next = newline != NULL ? newline + 1 : end;
        stop -= stop > at && stop[-1] == '\r'; /* lines of Windows */
        *stop = '\0';
        item.line++;

        const char *bad = at, *found;
        while (*(bad = ct_text_unprintable(bad)) == '\t')
            bad++;
        if (bad != stop)
            return CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: byte %d: control character, or not UTF-8",
                           path, item.line, (int)(bad - at) + 1);
        const char *expected = read_line(at, &item, &found);
        if (expected != NULL)
            return CT_FAIL(err, CT_ERR_CONFIG, "%s:%d: expected %s, found '%s'", path, item.line,
                           expected, found);
        if (item.key != NULL)
            status = add_item(path, &item, out, err);
    }
    return status;
}

ct_status ct_ini_read(const char *path, ct_arena *arena, ct_ini *out, ct_error *err)
{
    char *text;
    size_t size;
    ct_status status = ct_file_read(path, CT_INI_BYTES, arena, &text, &size, err);
    return status == CT_OK ? ct_ini_parse(path, text, size, out, err) : status;
}
