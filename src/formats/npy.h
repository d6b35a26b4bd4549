/* npy.h -- how an array lies in its file: NumPy's format, read and written, and IDX, read. Private.
 *
 * .npy: \x93NUMPY, version, length of the header, the header (a Python dictionary: descr,
 * fortran_order, shape), the values. Versions 1 to 3 are read, 1 is written.
 * Source: numpy/lib/format.py. */
#ifndef FORMATS_NPY_H
#define FORMATS_NPY_H

#include "contrast/npy.h"
#include "platform/file.h"

enum {
    CT_NPY_DIMS = 8,          /* most dimensions */
    CT_NPY_HEAD = 12 + 65536, /* most bytes before the values */
    CT_NPY_SHAPE = 100,       /* of a shape as text */
};

#define CT_NPY_MAGIC "\x93NUMPY"

/* Any array, in the words of .npy. */
typedef struct ct_npy {
    int type;  /* in npy.c's list: the next three, of a .npy file */
    char kind; /* 'f' of 2, 4 or 8 bytes; 'B' bfloat16; 'i', 'u' of 1, 2, 4 or 8; 'b' bool of 1 */
    int width; /* bytes a value */
    bool big_endian, fortran;
    int n_dims, dim[CT_NPY_DIMS];
    int rows, cols;  /* the first dimension (1 without any), the product of the others */
    size_t count;    /* rows cols */
    uint64_t offset; /* of the first value in the file */
} ct_npy;

/* The description of an array from the beginning of its file: `head` has the first `size` of its
 * `file_size` bytes, all of them or at least CT_NPY_HEAD. Nothing is allocated; the header changes.
 * Pickled objects and records are refused by name. Errors  CT_ERR_FORMAT "path: ...", also if the
 * file is longer or shorter than the array by a byte, or rows or cols do not fit an int */
ct_status ct_npy_parse(const char *path, unsigned char *head, size_t size, uint64_t file_size,
                       ct_npy *out, ct_error *err);

/* The same of an IDX file of bytes. */
ct_status ct_idx_describe(const char *path, const unsigned char *head, size_t size,
                          uint64_t file_size, ct_npy *out, ct_error *err);

/* For both: set rows, cols and count from dim, and check them against the length of the file. A
 * negative dim is an error. */
ct_status ct_npy_check_sizes(const char *path, ct_npy *a, uint64_t file_size, ct_error *err);

/* Value k in the order of the file, where p points at value 0. A whole number beyond 2^53 is
 * rounded. */
double ct_npy_value(const ct_npy *a, const unsigned char *p, size_t k);

/* "(3, 4)", as Python writes it. */
const char *ct_npy_shape(const int *dim, int n_dims, char out[CT_NPY_SHAPE]);

/* Open a file for an array of that type ("<f4") and of up to 4 dimensions, and write what comes
 * before its values; those follow, and ct_writer_commit. Errors  CT_ERR_IO */
ct_status ct_npy_begin(ct_writer *w, const char *path, const char *type, const int *dim, int n_dims,
                       ct_error *err);

#endif
