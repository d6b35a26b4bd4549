/* folder.c -- what is in a folder, and who may write there.
 *
 * The lock is flock's, on the folder itself: it leaves no file behind, and the
 * system takes it back when the process ends, killed or not.
 *
 * Layer: platform. */
#define _DEFAULT_SOURCE /* flock */
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

ct_status ct_folder_list(const char *path, ct_arena *arena, char ***name, int *n, ct_error *err)
{
    DIR *dir = err->status == CT_OK ? opendir(path) : NULL;
    struct dirent *entry;
    int room = 0;
    *n = 0;
    *name = NULL;
    if (dir == NULL)
        return CT_FAIL(err, CT_ERR_IO, "%s: %s", path, strerror(errno));
    while ((entry = readdir(dir)) != NULL && err->status == CT_OK) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (*n == room) { /* copies double: an arena does not grow in place */
            char **more = ct_arena_zeroed(arena, 2 * (size_t)room + 64, sizeof *more);
            if (more != NULL && room > 0)
                memcpy(more, *name, (size_t)room * sizeof *more);
            *name = more;
            room = 2 * room + 64;
        }
        if (*name == NULL || ((*name)[*n] = ct_arena_strdup(arena, entry->d_name)) == NULL)
            CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its list of files", path);
        else
            ++*n;
    }
    closedir(dir);
    if (*n > 0)
        qsort(*name, (size_t)*n, sizeof **name, compare_names);
    return err->status;
}

ct_status ct_folder_lock(const char *path, int *fd, ct_error *err)
{
    *fd = -1;
    if (err->status != CT_OK)
        return err->status;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return CT_FAIL(err, CT_ERR_IO, "%s: %s", path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) { /* else there are no locks */
        close(*fd);
        *fd = -1;
        CT_FAIL(err, CT_ERR_IO, "%s: another process is writing there", path);
    }
    return err->status;
}

void ct_folder_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}
