/* file.h -- reading whole files, replacing them without loss, logs. Private. Errors of all:
 * CT_ERR_IO with "path: reason"; CT_ERR_NOMEM. All do nothing once err is set. */
#ifndef PLATFORM_FILE_H
#define PLATFORM_FILE_H

#include "contrast/arena.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CT_PATH_BYTES 1024 /* longest path that can be written, with its NUL */

/* Contents of a regular file of at most `limit` bytes (0: any), followed by a
 * NUL that `size` does not count. Owned by the arena. A folder, a pipe or a file
 * that changes its length while it is read is an error. */
ct_status ct_file_read(const char *path, size_t limit, ct_arena *arena, char **data, size_t *size,
                       ct_error *err);

/* A regular file whose length stays, read where it is needed. `path` is borrowed. Who finds that
 * part of the file is meant sets `begin` and `size`; who unpacks it, `bytes`. */
typedef struct ct_source {
    int fd; /* -1: closed */
    uint64_t begin, size;
    const unsigned char *bytes; /* instead of the file; NULL: there are none */
    const char *path;
} ct_source;

ct_status ct_source_open(ct_source *s, const char *path, ct_error *err);
/* `size` bytes from `at`, counted from its begin; fewer are an error. Several threads may read at
 * once. */
ct_status ct_source_read(const ct_source *s, uint64_t at, void *out, size_t size, ct_error *err);
void ct_source_close(ct_source *s); /* also after a failed open */

/* A file being written. After a failure of its own later calls do nothing, so a
 * caller writes everything and asks once, at commit. After any other failure in
 * `err` a log still gets what it was given, for it tells how that came; but a file
 * that replaces another stays unpublished, for it may be incomplete. */
typedef struct ct_writer {
    int fd;
    size_t used;
    uint64_t size; /* bytes of the file with those in the buffer */
    ct_error *err; /* lives at least as long as the writer */
    ct_status status;
    char path[CT_PATH_BYTES];
    char tmp[CT_PATH_BYTES + 4]; /* written until commit; "" for a log */
    unsigned char buffer[8192];
} ct_writer;

/* A file that appears under its name when it is whole: written as PATH.tmp, synced, renamed, its
 * folder synced; on failure the old file stays. */
ct_status ct_writer_open(ct_writer *w, const char *path, ct_error *err);
/* A log: created at once, or continued after its first `keep` bytes; what follows them is cut off.
 * The buffer never splits what one call hands over, so a killed run's log ends with a whole line. A
 * link, pipe or device is refused. */
ct_status ct_writer_reopen(ct_writer *w, const char *path, uint64_t keep, ct_error *err);
void ct_writer_bytes(ct_writer *w, const void *data, size_t size);
ct_status ct_writer_flush(ct_writer *w);  /* hand the buffer to the system */
ct_status ct_writer_sync(ct_writer *w);   /* and have it put on the disk */
ct_status ct_writer_commit(ct_writer *w); /* and close it; fine if it is not open */
void ct_writer_abandon(ct_writer *w);     /* remove PATH.tmp, PATH untouched; closes */

/* Is something of that name there? Also if it cannot be looked at: who opens it learns why, and
 * nothing is written over what was not seen. */
bool ct_file_exists(const char *path);
ct_status ct_file_remove(const char *path, ct_error *err); /* fine if it is not there */
/* What writing a file (FILE, or FILE:NAME in it) changes, in one number: when it was written, its
 * size, which file it is. 0: it is not there. */
uint64_t ct_file_stamp(const char *path);
/* A path that is seen from `folder` as the working directory sees it, in `out`: "runs/a" and
 * "../x.npy" are "runs/a/../x.npy"; an absolute path stays. Errors  CT_ERR_IO: too long */
const char *ct_folder_path(char out[CT_PATH_BYTES], const char *folder, const char *path,
                           ct_error *err);
/* And the other way: what leads from `folder` to the file `path`, relative unless links between
 * them lead elsewhere. Errors  CT_ERR_IO: too long; there is no working directory */
void ct_path_to(char out[CT_PATH_BYTES], const char *folder, const char *path, ct_error *err);
ct_status ct_folder_make(const char *path, ct_error *err); /* and its parents; fine if it exists */

/* Only one process at a time holds the lock of a folder; it ends with the process,
 * however that ends. `fd` is for ct_folder_unlock, -1 after an error. */
ct_status ct_folder_lock(const char *path, int *fd, ct_error *err);
void ct_folder_unlock(int fd);

#endif
