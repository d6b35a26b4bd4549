/* row_file.c -- data that may be larger than memory: rows are read when a batch
 * wants them, and the system's cache keeps what fits.
 *
 * Not mapped: a file that is cut while it is mapped ends the program, one that is
 * read is an error.
 *
 * Layer: data. Needs formats (npy). */
#include "data/row_file.h"

#include <math.h>

ct_status data_row_file_open(const char *path, ct_arena *arena, ct_row_file **out, ct_error *err)
{
    ct_row_file *f = ct_arena_zeroed(arena, 1, sizeof *f);
    const char *name = ct_arena_strdup(arena, path);
    *out = f;
    if (err->status != CT_OK)
        return err->status;
    ct_array_open(&f->source, name, arena, &f->array, err);
    if (f->array.fortran && f->array.n_dims > 1)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: is in Fortran's order; save np.ascontiguousarray of it",
                path);
    if (f->array.count == 0)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: there are no values in it", path);
    return err->status;
}

void data_row_file_close(ct_row_file *f)
{
    if (f != NULL)
        ct_source_close(&f->source);
}

bool data_are_bytes(const ct_npy *a)
{
    return a->kind == 'u' && a->width == 1;
}

ct_status data_values(const ct_side *s, int item, int from, int n, double *out, ct_error *err)
{
    const int row = s->row_of != NULL ? s->row_of[item] : item;
    const size_t at = (size_t)row * (size_t)s->dim + (size_t)from;
    if (s->file == NULL) {
        for (int k = 0; k < n; k++)
            out[k] = s->u8 != NULL ? s->u8[at + (size_t)k] : (double)s->f32[at + (size_t)k];
        return err->status;
    }
    unsigned char bytes[8 * DATA_PIECE];
    const ct_npy *a = &s->file->array;
    const size_t width = (size_t)a->width;
    CT_ASSERT(n <= DATA_PIECE);
    ct_source_read(&s->file->source, a->offset + at * width, bytes, (size_t)n * width, err);
    for (int k = 0; k < n && err->status == CT_OK; k++) {
        out[k] = data_are_bytes(a) ? bytes[k] : ct_npy_value(a, bytes, (size_t)k);
        if (!isfinite(out[k]))
            CT_FAIL(err, CT_ERR_FORMAT, "%s: row %d, value %d is %g, expected a finite number",
                    s->file->source.path, row, from + k, out[k]);
    }
    return err->status;
}
