/* idx.c -- the IDX files of MNIST and its kin to checked arrays of bytes.
 *
 * A file says how large it is, and may lie: the product of its sizes is checked
 * for overflow and must be the file's length to the byte.
 *
 * Layer: formats. Used by the loaders in datasets/. */
#include "contrast/idx.h"

#include "formats/bytes.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <limits.h>

/* What a value is, by the third byte of the file. */
static const char *const TYPES[] = {
    [0x08] = "unsigned bytes",  [0x09] = "signed bytes", [0x0B] = "16-bit integers",
    [0x0C] = "32-bit integers", [0x0D] = "floats",       [0x0E] = "doubles",
};
#define N_TYPES (sizeof TYPES / sizeof *TYPES)

ct_status ct_idx_parse(const char *path, const uint8_t *data, size_t size, int n_dims, ct_idx *out,
                       ct_error *err)
{
    CT_ASSERT(n_dims >= 1 && n_dims <= 4);
    if (size >= 2 && data[0] == 0x1F && data[1] == 0x8B)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: is compressed; run gunzip on it first", path);
    if (size < 4 || data[0] != 0 || data[1] != 0 || data[2] >= N_TYPES || TYPES[data[2]] == NULL)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected an IDX file: two zeros, type, dimensions",
                       path);
    if (data[2] != 0x08)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected %s, found %s", path, TYPES[8],
                       TYPES[data[2]]);
    if (data[3] != n_dims)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: expected %d dimensions, found %d; images have 3, labels 1", path,
                       n_dims, data[3]);
    const size_t header = 4 + 4 * (size_t)n_dims;
    if (size < header)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected %zu bytes of header, found %zu", path,
                       header, size);

    size_t count = 1;
    bool ok = true;
    *out = (ct_idx){.n_dims = n_dims, .data = data + header};
    for (int k = 0; k < n_dims; k++) {
        const uint32_t dim = (uint32_t)ct_bytes_get(data + 4 + 4 * k, 4, true);
        ok = ok && dim <= INT_MAX && ct_size_mul(count, dim, &count);
        out->dim[k] = (int)dim;
    }
    if (!ok || count != size - header)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: its sizes do not fit its %zu values; is it complete?", path,
                       size - header);
    return CT_OK;
}

ct_status ct_idx_read(const char *path, int n_dims, ct_arena *arena, ct_idx *out, ct_error *err)
{
    char *data;
    size_t size;
    ct_status status = ct_file_read(path, 0, arena, &data, &size, err);
    return status == CT_OK ? ct_idx_parse(path, (const uint8_t *)data, size, n_dims, out, err)
                           : status;
}
