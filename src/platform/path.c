/* path.c -- where a file is, seen from elsewhere. */
#include "platform/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Drop ".", empty names, and "name/..", in place. The last is wrong where a name is a link. */
static void simplify(char *path)
{
    const bool absolute = *path == '/';
    char *const begin = path + absolute, *end = begin;
    for (char *name = begin, *next; *name != '\0'; name = next) {
        const size_t n = strcspn(name, "/");
        next = name + n + (name[n] == '/');
        char *last = end; /* of the names that are kept */
        while (last > begin && last[-1] != '/')
            last--;
        const bool up = n == 2 && memcmp(name, "..", 2) == 0;
        const bool can = end > begin && !(end - last == 2 && memcmp(last, "..", 2) == 0);
        if (n == 0 || (n == 1 && *name == '.') || (up && absolute && !can))
            continue;
        if (up && can) {
            end = last > begin ? last - 1 : last;
            continue;
        }
        if (end > begin)
            *end++ = '/';
        memmove(end, name, n);
        end += n;
    }
    *end = '\0';
}

void ct_path_from(char out[CT_PATH_BYTES], const char *folder, const char *path, ct_error *err)
{
    const size_t size = strlen(folder);
    const bool alone = *path == '/' || size == 0, joined = alone || folder[size - 1] == '/';
    const int n = snprintf(out, CT_PATH_BYTES, "%s%s%s", alone ? "" : folder, joined ? "" : "/",
                           path);
    if (n >= CT_PATH_BYTES)
        CT_FAIL(err, CT_ERR_IO, "%s/%s: too long", folder, path);
}

void ct_path_to(char out[CT_PATH_BYTES], const char *folder, const char *path, ct_error *err)
{
    char here[CT_PATH_BYTES], from[CT_PATH_BYTES], to[CT_PATH_BYTES];
    size_t same = 0, used = 0;
    if (getcwd(here, sizeof here) == NULL)
        CT_FAIL(err, CT_ERR_IO, "the working directory cannot be found");
    *out = '\0';
    if (err->status != CT_OK)
        return;
    ct_path_from(from, here, folder, err);
    ct_path_from(to, here, path, err);
    simplify(from);
    simplify(to);
    for (size_t i = 0; from[i] == to[i] || (from[i] == '\0' && to[i] == '/'); i++) {
        if (to[i] == '/' || to[i] == '\0')
            same = i; /* up to here the folders are the same */
        if (from[i] == '\0')
            break;
    }
    for (const char *up = from + same; *up != '\0' && used < CT_PATH_BYTES - 4; up++)
        if (*up == '/')
            used += (size_t)snprintf(out + used, CT_PATH_BYTES - used, "../");
    const char *rest = to[same] == '\0' ? "" : to + same + 1; /* "": the folder itself, or above */
    if (strlen(rest) + 2 > CT_PATH_BYTES - used)
        CT_FAIL(err, CT_ERR_IO, "%s: too long", path);
    snprintf(out + used, CT_PATH_BYTES - used, "%s", used == 0 && *rest == '\0' ? "." : rest);
    /* These were names. If one is a link, they may lead to another file; a folder that is still to
     * be made has none. */
    const bool is_there = *folder == '\0' || ct_file_stamp(folder) != 0;
    ct_path_from(from, folder, out, err);
    if (is_there && ct_file_stamp(from) != ct_file_stamp(path))
        ct_path_from(out, here, path, err);
}
