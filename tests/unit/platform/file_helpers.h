/* file_helpers.h -- a folder of its own for each test that reads and writes files. */
#ifndef FILE_HELPERS_H
#define FILE_HELPERS_H

#include "suites.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[128], tmp[160];
static ct_arena arena;
static ct_error err;

static void make_folder(void)
{
    strcpy(folder, "/tmp/contrast-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(tmp, sizeof tmp, "%s.tmp", path);
    ct_arena_init(&arena, 0);
    err = (ct_error){0};
}

static void remove_folder(void)
{
    ct_arena_free(&arena);
    remove(path);
    ck_assert_msg(remove(folder) == 0, "something is left in %s", folder); /* a .tmp, for one */
}

static void put(const char *text)
{
    FILE *f = fopen(path, "wb");
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void check_contents(const char *text)
{
    char *data;
    size_t size;
    ct_error why = {0};
    ck_assert_msg(ct_file_read(path, 0, &arena, &data, &size, &why) == CT_OK, "%s", why.msg);
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_str_eq(data, text); /* there is a NUL after it */
}

static void check_error(ct_status status, const char *message)
{
    ck_assert_int_eq(status, CT_ERR_IO);
    ck_assert_int_eq(err.status, CT_ERR_IO);
    ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
}

#endif
