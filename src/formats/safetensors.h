/* safetensors.h -- named arrays in a file that other tools read too. Private.
 *
 * 8 bytes: length of the header, little endian. The header: JSON, name -> dtype,
 * shape, data_offsets, and "__metadata__": text -> text. Then the data, row by
 * row, little endian. Source: github.com/huggingface/safetensors. */
#ifndef FORMATS_SAFETENSORS_H
#define FORMATS_SAFETENSORS_H

#include "contrast/arena.h"
#include "contrast/real.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CT_SAFETENSORS_HEADER = 1 << 20, /* most bytes of a header */
    CT_SAFETENSORS_NAME = 256,       /* most bytes of a name or metadata key */
    CT_SAFETENSORS_MAX = 512,        /* most tensors */
    CT_SAFETENSORS_MAX_METADATA = 64,
};

typedef struct ct_metadata {
    const char *key, *value;
} ct_metadata;

typedef struct ct_named_matrix {
    const char *name;
    const ct_real *x; /* (rows, cols) */
    int rows, cols;
    bool vector; /* one row, written as (cols): PyTorch's biases */
} ct_named_matrix;

/* Metadata that stands for all bytes of the file: written as ZEROS, it becomes their
 * hash (FNV-1a, 64 bits, over the file with zeros in this place); read, it must be, unless another
 * program left the zeros. */
#define CT_SAFETENSORS_HASH  "contrast.hash"
#define CT_SAFETENSORS_ZEROS "0000000000000000"

/* Write matrices as F32 (F64 in the double build), which it sorts by name as the reference
 * writer does, replacing the file whole or not at all.
 * Errors    CT_ERR_IO; CT_ERR_NOMEM; CT_ERR_CONFIG (header too long)
 * Requires  names that differ, numbers within the limits above (asserted) */
ct_status ct_safetensors_write(const char *path, ct_named_matrix *m, int n,
                               const ct_metadata *metadata, int n_metadata, ct_error *err);

typedef struct ct_safetensor {
    const char *name;
    const unsigned char *bytes; /* as in the file: see ct_safetensor_values */
    size_t count;               /* product of its n_dims sizes */
    size_t width;               /* bytes of a value */
    char kind;                  /* as in npy.h */
    char dtype[16];             /* "F16", "BF16", "F32", "F64", "I8" to "I64", "U8" .., "BOOL" */
    int n_dims, dim[4];
    long offset[2]; /* in the data, where its own begins and ends */
} ct_safetensor;

typedef struct ct_safetensors {
    int n_tensors, n_metadata;
    ct_safetensor tensor[CT_SAFETENSORS_MAX]; /* in the order of their data */
    ct_metadata metadata[CT_SAFETENSORS_MAX_METADATA];
} ct_safetensors;

/* Read a file of tensors of floats, integers and bool into the arena, which needs its size and no
 * more. Strict: no hole, no overlap, no byte to spare, no name twice.
 * Errors  CT_ERR_IO; CT_ERR_NOMEM; CT_ERR_FORMAT */
ct_status ct_safetensors_read(const char *path, ct_arena *arena, ct_safetensors *out,
                              ct_error *err);

/* The same from memory, whose header it changes and which must outlive `out`; `path` is for
 * messages. Of the `file_size` bytes `data` has at least the header. Unless it has all, tensors
 * have no `bytes`, only their offset, and a hash is not checked. */
ct_status ct_safetensors_describe(const char *path, char *data, size_t size, uint64_t file_size,
                                  ct_safetensors *out, ct_error *err);

const ct_safetensor *ct_safetensors_find(const ct_safetensors *f, const char *name); /* or NULL */
const char *ct_safetensors_metadata(const ct_safetensors *f, const char *key);       /* or NULL */

/* All its values, as ct_real, into out[count], or NULL; is none of them infinite or NaN? */
bool ct_safetensor_values(const ct_safetensor *t, ct_real *out);

#endif
