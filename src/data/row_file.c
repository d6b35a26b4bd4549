/* row_file.c -- data that may be larger than memory: rows are read when a batch
 * wants them, and the system's cache keeps what fits.
 *
 * Not mapped: a file that is cut while it is mapped ends the program, one that is
 * read is an error.
 *
 * Layer: data. Needs formats (npy, idx). */
#include "data/row_file.h"

#include "formats/bytes.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* The beginning of a file; how many bytes of `size` there are. */
static size_t read_head(const char *path, unsigned char *head, size_t size)
{
    ct_source s;
    const bool open = ct_source_open(&s, path, CT_IGNORE_ERROR) == CT_OK;
    const size_t n = open && s.size < size ? (size_t)s.size : size;
    const bool ok = open && ct_source_read(&s, 0, head, n, CT_IGNORE_ERROR) == CT_OK;
    ct_source_close(&s);
    return ok ? n : 0;
}

bool data_is_row_file(const char *path)
{
    unsigned char head[4];
    return read_head(path, head, 4) == 4 &&
           (memcmp(head, "\x93NUM", 4) == 0 || (head[0] == 0 && head[1] == 0));
}

/* An IDX file of images, as if it were an array of bytes. */
static ct_status describe_idx(ct_row_file *f, const unsigned char *head, size_t size, ct_error *err)
{
    ct_npy *a = &f->array;
    const int n_dims = size >= 4 ? head[3] : 0;
    if (head[2] != 8 || n_dims < 1 || n_dims > CT_NPY_DIMS || size < 4 + 4 * (size_t)n_dims)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: expected an IDX file of bytes with up to %d dimensions", f->path,
                       CT_NPY_DIMS);
    *a = (ct_npy){.kind = 'u', .width = 1, .n_dims = n_dims, .offset = 4 + 4 * (uint64_t)n_dims};
    for (int k = 0; k < n_dims; k++) {
        const uint64_t dim = ct_bytes_get(head + 4 + 4 * k, 4, true);
        a->dim[k] = dim <= INT_MAX ? (int)dim : -1;
    }
    return ct_npy_check_sizes(f->path, a, f->source.size, err);
}

static ct_status describe(ct_row_file *f, ct_arena *arena, ct_error *err)
{
    const size_t size = f->source.size < CT_NPY_HEAD ? (size_t)f->source.size : CT_NPY_HEAD;
    unsigned char *head = ct_arena_zeroed(arena, size + 4, 1);
    if (head == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", f->path);
    ct_status status = ct_source_read(&f->source, 0, head, size, err);
    if (status == CT_OK)
        status = head[0] == 0 ? describe_idx(f, head, size, err)
                              : ct_npy_parse(f->path, head, size, f->source.size, &f->array, err);
    const ct_npy *a = &f->array;
    if (status == CT_OK && a->kind != 'f' && !(a->kind == 'u' && a->width == 1))
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected float32, float64 or uint8, found %c%d",
                       f->path, a->kind, a->width);
    if (status == CT_OK && a->fortran && a->n_dims > 1)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: is in Fortran's order; save np.ascontiguousarray of it", f->path);
    if (status == CT_OK && a->count == 0)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: there are no values in it", f->path);
    return status;
}

ct_status data_row_file_open(const char *path, ct_arena *arena, ct_row_file **out, ct_error *err)
{
    ct_row_file *f = ct_arena_zeroed(arena, 1, sizeof *f);
    *out = f;
    if (f == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path);
    f->source.fd = -1;
    if (strlen(path) >= sizeof f->path)
        return CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", path);
    strcpy(f->path, path);
    const ct_status status = ct_source_open(&f->source, f->path, err);
    return status == CT_OK ? describe(f, arena, err) : status;
}

void data_row_file_close(ct_row_file *f)
{
    if (f != NULL)
        ct_source_close(&f->source);
}

ct_status data_values(const ct_side *s, int item, int from, int n, double *out, ct_error *err)
{
    const size_t at = (size_t)item * (size_t)s->dim + (size_t)from;
    if (s->file == NULL) {
        for (int k = 0; k < n; k++)
            out[k] = s->u8 != NULL ? s->u8[at + (size_t)k] : (double)s->f32[at + (size_t)k];
        return CT_OK;
    }
    unsigned char bytes[8 * DATA_PIECE];
    const ct_npy *a = &s->file->array;
    const size_t width = (size_t)a->width;
    CT_ASSERT(n <= DATA_PIECE);
    ct_status status = ct_source_read(&s->file->source, a->offset + at * width, bytes,
                                      (size_t)n * width, err);
    for (int k = 0; k < n && status == CT_OK; k++) {
        out[k] = a->kind == 'u' ? bytes[k] : ct_npy_value(a, bytes, (size_t)k);
        if (!isfinite(out[k]))
            status = CT_FAIL(err, CT_ERR_FORMAT,
                             "%s: row %d, value %d is %g, expected a finite number", s->file->path,
                             item, from + k, out[k]);
    }
    return status;
}
