/* show_helpers.h -- what was written, read back. */
#ifndef SHOW_HELPERS_H
#define SHOW_HELPERS_H

#include "testing.h"

#include "platform/file.h"

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
    ck_assert_int_eq(ct_writer_open(w, path, CT_REPLACE, err), CT_OK);
}

static inline char *written(ct_writer *w, char *text, size_t size)
{
    ck_assert_int_eq(ct_writer_commit(w), CT_OK);
    FILE *f = fopen(w->path, "r");
    remove(w->path);
    return read_back(f, text, size);
}

static inline void holds(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}

#endif
