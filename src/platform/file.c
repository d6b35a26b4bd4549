/* file.c -- reading whole files, replacing them without loss, keeping a log.
 *
 * Easy to get wrong: write may take a part of the bytes, or none because a
 * signal came. rename makes a file visible, not durable: without the sync before
 * it a power cut may leave an empty file, without the sync of the folder after it
 * the old one. A failed sync is never repeated: the system may have dropped the
 * bytes, and the second would succeed. close, stat and unlink overwrite errno. */
#define _DEFAULT_SOURCE /* flock */
#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

ct_status ct_source_open(ct_source *s, const char *path, ct_error *err)
{
    struct stat st;
    *s = (ct_source){.fd = -1, .path = path};
    if (err->status != CT_OK)
        return err->status;
    /* nonblock: a pipe must not make us wait */
    s->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0)
        return CT_FAIL(err, CT_ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        ct_source_close(s);
        return CT_FAIL(err, CT_ERR_IO, "%s: expected a regular file, not a folder, pipe or device",
                       path);
    }
    s->size = (uint64_t)st.st_size;
    return CT_OK;
}

void ct_source_close(ct_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* How many of `size` bytes there are; -1 and errno. */
static ssize_t read_some(const ct_source *s, uint64_t at, char *out, size_t size)
{
    size_t got = 0;
    ssize_t k;
    while ((k = pread(s->fd, out + got, size - got, (off_t)(at + got))) > 0 ||
           (k < 0 && errno == EINTR))
        got += k > 0 ? (size_t)k : 0;
    return k < 0 ? -1 : (ssize_t)got;
}

ct_status ct_source_read(const ct_source *s, uint64_t at, void *out, size_t size, ct_error *err)
{
    if (err->status != CT_OK)
        return err->status;
    const bool inside = size <= s->size && at <= s->size - size;
    if (inside && s->bytes != NULL) {
        memcpy(out, s->bytes + s->begin + at, size);
        return CT_OK;
    }
    const ssize_t got = inside ? read_some(s, s->begin + at, out, size) : 0;
    if (got < 0 || (size_t)got != size)
        return CT_FAIL(err, CT_ERR_IO, "%s: %s", s->path,
                       got < 0 ? strerror(errno) : "changed while it was read");
    return CT_OK;
}

ct_status ct_file_read(const char *path, size_t limit, ct_arena *arena, char **data, size_t *size,
                       ct_error *err)
{
    ct_source s;
    char *p = NULL;
    ct_source_open(&s, path, err);
    if (err->status == CT_OK && limit != 0 && s.size > limit)
        CT_FAIL(err, CT_ERR_IO, "%s: expected at most %zu bytes, found %ju", path, limit,
                (uintmax_t)s.size);
    if (err->status == CT_OK && s.size < SIZE_MAX)
        p = ct_arena_alloc(arena, (size_t)s.size + 1);
    if (p == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its %ju bytes", path, (uintmax_t)s.size);
    ct_source_read(&s, 0, p, (size_t)s.size, err);
    if (err->status == CT_OK && read_some(&s, s.size, p + s.size, 1) != 0) /* it has grown */
        CT_FAIL(err, CT_ERR_IO, "%s: changed while it was read", path);
    ct_source_close(&s);
    if (err->status == CT_OK) {
        p[s.size] = '\0';
        *data = p;
        *size = (size_t)s.size;
    }
    return err->status;
}

/* EINVAL comes from what cannot be synced at all: a device, some network folders. */
static bool sync_fd(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;
}

/* Make the name `path` itself durable. */
static void sync_folder_of(const char *path, ct_error *err)
{
    char folder[CT_PATH_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && sync_fd(fd);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (!ok)
        CT_FAIL(err, CT_ERR_IO, "%s: cannot sync its folder: %s", path, strerror(reason));
}

static void fail_with_errno(ct_writer *w)
{
    w->status = CT_FAIL(w->err, CT_ERR_IO, "%s: %s", w->path, strerror(errno));
}

static ct_status copy_path(char out[CT_PATH_BYTES], const char *path, ct_error *err)
{
    if (snprintf(out, CT_PATH_BYTES, "%s", path) >= CT_PATH_BYTES)
        CT_FAIL(err, CT_ERR_IO, "%.60s...: path longer than %d bytes", path, CT_PATH_BYTES - 1);
    return err->status;
}

ct_status ct_writer_open(ct_writer *w, const char *path, ct_error *err)
{
    struct stat st;
    *w = (ct_writer){.fd = -1, .err = err};
    if (copy_path(w->path, path, err) == CT_OK && stat(path, &st) == 0 &&
        !S_ISREG(st.st_mode)) /* a rename would put a file in place of a device */
        CT_FAIL(err, CT_ERR_IO, "%s: expected a file or a free name, found something else", path);
    w->status = err->status;
    if (w->status != CT_OK)
        return w->status;
    snprintf(w->tmp, sizeof w->tmp, "%s.tmp", path);
    unlink(w->tmp); /* a killed program may have left one, or it is a link to elsewhere */
    w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0)
        fail_with_errno(w);
    return w->status;
}

ct_status ct_writer_reopen(ct_writer *w, const char *path, uint64_t keep, ct_error *err)
{
    struct stat st;
    *w = (ct_writer){.fd = -1, .err = err, .size = keep};
    w->status = copy_path(w->path, path, err);
    if (w->status != CT_OK)
        return w->status;
    /* Written in place, so what is also elsewhere, or waited for by somebody, is refused. */
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    const bool seen = w->fd >= 0 && fstat(w->fd, &st) == 0;
    const bool refused = seen ? S_ISFIFO(st.st_mode) || st.st_nlink > 1
                              : errno == ELOOP || errno == ENXIO; /* a link, a pipe */
    if (refused)
        w->status = CT_FAIL(err, CT_ERR_IO, "%s: expected a file of its own, not a link or a pipe",
                            path);
    else if (!seen)
        fail_with_errno(w);
    else if ((uint64_t)st.st_size < keep)
        w->status = CT_FAIL(err, CT_ERR_FORMAT, "%s: expected at least %ju bytes, found %ju", path,
                            (uintmax_t)keep, (uintmax_t)st.st_size);
    else if (S_ISREG(st.st_mode) &&
             (ftruncate(w->fd, (off_t)keep) != 0 || lseek(w->fd, (off_t)keep, SEEK_SET) < 0))
        fail_with_errno(w);
    if (w->status != CT_OK && w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
    }
    return w->status;
}

static void write_all(ct_writer *w, const unsigned char *p, size_t size)
{
    while (size > 0 && w->status == CT_OK) {
        const ssize_t k = write(w->fd, p, size);
        if (k < 0 && errno != EINTR)
            fail_with_errno(w);
        p += k > 0 ? k : 0;
        size -= k > 0 ? (size_t)k : 0;
    }
}

ct_status ct_writer_flush(ct_writer *w)
{
    write_all(w, w->buffer, w->used);
    w->used = 0;
    return w->status;
}

ct_status ct_writer_sync(ct_writer *w)
{
    ct_writer_flush(w);
    if (w->status == CT_OK && !sync_fd(w->fd))
        fail_with_errno(w);
    return w->status;
}

void ct_writer_bytes(ct_writer *w, const void *data, size_t size)
{
    w->size += size;
    if (size > sizeof w->buffer - w->used)
        ct_writer_flush(w);
    if (size > sizeof w->buffer) {
        write_all(w, data, size);
    } else {
        memcpy(w->buffer + w->used, data, size);
        w->used += size;
    }
}

/* Close; PATH.tmp becomes PATH if that is wanted and nothing has failed, else it goes. */
static void close_writer(ct_writer *w, bool keep)
{
    if (w->fd >= 0 && close(w->fd) != 0) /* a network disk may say only now that it is full */
        fail_with_errno(w);
    w->fd = -1;
    if (w->tmp[0] == '\0')
        return;
    keep = keep && w->err->status == CT_OK;
    if (keep && rename(w->tmp, w->path) != 0)
        fail_with_errno(w);
    if (!keep || w->status != CT_OK)
        unlink(w->tmp);
    w->tmp[0] = '\0';
}

ct_status ct_writer_commit(ct_writer *w)
{
    if (w->fd < 0)
        return w->status;
    ct_writer_sync(w);
    close_writer(w, true);
    if (w->status == CT_OK)
        sync_folder_of(w->path, w->err);
    return w->err->status;
}

void ct_writer_abandon(ct_writer *w)
{
    close_writer(w, false);
}

uint64_t ct_file_stamp(const char *path)
{
    struct stat st;
    char file[CT_PATH_BYTES];
    const char *name = strrchr(path, ':');
    snprintf(file, sizeof file, "%.*s", name != NULL ? (int)(name - path) : CT_PATH_BYTES, path);
    if (stat(path, &st) != 0 && stat(file, &st) != 0)
        return 0;
#ifdef __APPLE__
    const long fraction = st.st_mtimensec;
#else
    const long fraction = st.st_mtim.tv_nsec;
#endif
    uint64_t stamp = (uint64_t)st.st_mtime * 1000000000 + (uint64_t)fraction;
    stamp = stamp * 31 + (uint64_t)st.st_size;
    return stamp * 31 + (uint64_t)st.st_ino;
}

bool ct_file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

ct_status ct_file_remove(const char *path, ct_error *err)
{
    if (err->status == CT_OK && unlink(path) != 0 && errno != ENOENT)
        CT_FAIL(err, CT_ERR_IO, "%s: cannot remove it: %s", path, strerror(errno));
    return err->status;
}

const char *ct_folder_path(char out[CT_PATH_BYTES], const char *folder, const char *path,
                           ct_error *err)
{
    const size_t size = strlen(folder);
    const bool alone = *path == '/' || size == 0, joined = alone || folder[size - 1] == '/';
    if (snprintf(out, CT_PATH_BYTES, "%s%s%s", alone ? "" : folder, joined ? "" : "/", path) >=
        CT_PATH_BYTES)
        CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", folder);
    return out;
}

ct_status ct_folder_make(const char *path, ct_error *err)
{
    char p[CT_PATH_BYTES], *at = p;
    struct stat st;
    if (copy_path(p, path, err) != CT_OK)
        return err->status;
    do { /* a, then a/b, then a/b/c */
        at += strspn(at, "/");
        at += strcspn(at, "/");
        const char rest = *at;
        *at = '\0';
        const int reason = mkdir(p, 0777) == 0 ? 0 : errno;
        if (reason == 0)
            sync_folder_of(p, err);
        else if (stat(p, &st) != 0 || !S_ISDIR(st.st_mode))
            CT_FAIL(err, CT_ERR_IO, "%s: cannot make the folder: %s", p, strerror(reason));
        *at = rest;
    } while (err->status == CT_OK && *at != '\0');
    return err->status;
}

/* The lock is flock's, on the folder itself: it leaves no file behind, and the system takes it back
 * when the process ends, killed or not. */
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

/* ---- where a file is, seen from elsewhere ---- */

/* Drop ".", empty names, and "name/..", of an absolute path in place. The last is wrong where a
 * name is a link. */
static void simplify(char *path)
{
    char *end = path; /* of what is kept, which is never longer than what was read */
    for (const char *name = path; *name != '\0';) {
        name += strspn(name, "/");
        const size_t n = strcspn(name, "/");
        if (n == 2 && memcmp(name, "..", 2) == 0) {
            while (end > path && *--end != '/')
                ;
        } else if (n > 1 || (n == 1 && *name != '.')) {
            *end++ = '/';
            memmove(end, name, n);
            end += n;
        }
        name += n;
    }
    if (end == path) /* the root */
        end++;
    *end = '\0';
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
    ct_folder_path(from, here, folder, err);
    ct_folder_path(to, here, path, err);
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
    ct_folder_path(from, folder, out, err);
    if (is_there && ct_file_stamp(from) != ct_file_stamp(path))
        ct_folder_path(out, here, path, err);
}
