/* folder.c -- who may write in a folder.
 *
 * The lock is flock's, on the folder itself: it leaves no file behind, and the
 * system takes it back when the process ends, killed or not.
 *
 * Layer: platform. */
#define _DEFAULT_SOURCE /* flock */
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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
