/* show_helpers.h -- what was written, read back. */
#ifndef SHOW_HELPERS_H
#define SHOW_HELPERS_H

#include "testing.h"

#include "platform/file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of a file, which it closes. */
static inline char *read_back(FILE *f, char *text, size_t size)
{
    rewind(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* A file of no name yet, and what it holds once it is whole. */
static inline void open_writer(ct_writer *w, ct_error *err)
{
    char path[] = "/tmp/ct-show-XXXXXX";
    close(mkstemp(path));
    ck_assert_int_eq(ct_writer_open(w, path, err), CT_OK);
}

/* Each tag of a page ends, those within before it. */
static inline void ends_what_it_begins(const char *text)
{
    const char *begun[32];
    int depth = 0;
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const bool ends = at[1] == '/';
        const char *name = at + 1 + ends, *after = strchr(at, '>');
        const size_t n = strcspn(name, " />\n");
        ck_assert_ptr_nonnull(after);
        if (ends) {
            ck_assert_int_gt(depth, 0);
            depth--;
            ck_assert_msg(strncmp(begun[depth], name, n) == 0 && strchr(" >\n", begun[depth][n]),
                          "%.*s ends within %.9s", (int)n, name, begun[depth]);
        } else if (after[-1] != '/') {
            ck_assert_int_lt(depth, 32);
            begun[depth] = name;
            depth++;
        }
    }
    ck_assert_msg(depth == 0, "%.9s has no end", depth > 0 ? begun[0] : "");
}

static inline char *written(ct_writer *w, char *text, size_t size)
{
    ck_assert_int_eq(ct_writer_commit(w), CT_OK);
    FILE *f = fopen(w->path, "r");
    remove(w->path);
    read_back(f, text, size);
    ends_what_it_begins(text);
    return text;
}

static inline void holds(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

#endif
