/* idx.c -- the IDX files of MNIST and its kin: 00 00 TT DD, then DD big-endian 32-bit sizes, then
 * the values, C order. Bytes only (TT = 08); other types are refused. */
#include "formats/bytes.h"
#include "formats/npy.h"

#include <limits.h>

ct_status ct_idx_describe(const char *path, const unsigned char *head, size_t size,
                          uint64_t file_size, ct_npy *out, ct_error *err)
{
    if (size < 4 || head[0] != 0 || head[1] != 0 || head[2] < 8 || head[2] > 14)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected an IDX file: two zeros, type, dimensions",
                       path);
    if (head[2] != 8)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected unsigned bytes, type 8, found type %d",
                       path, head[2]);
    const size_t begin = 4 + 4 * (size_t)head[3];
    if (head[3] < 1 || head[3] > CT_NPY_DIMS || size < begin)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: expected 1 to %d dimensions and %zu bytes of header, found %d and %zu",
                       path, CT_NPY_DIMS, begin, head[3], size);
    *out = (ct_npy){.kind = 'u', .width = 1, .n_dims = head[3], .offset = begin};
    for (int k = 0; k < out->n_dims; k++) {
        const uint64_t dim = ct_bytes_get(head + 4 + 4 * k, 4, true);
        out->dim[k] = dim <= INT_MAX ? (int)dim : -1;
    }
    return ct_npy_check_sizes(path, out, file_size, err);
}
