/* onnx.h -- small ONNX models, written by hand: IR version 8, operators 17. Private.
 *
 * A model is one protobuf message; a graph's nodes, weights, inputs and outputs may
 * come in any order. Begin, add, write. If memory ends, write says so.
 * Source: onnx.proto3 of github.com/onnx/onnx.
 */
#ifndef FORMATS_ONNX_H
#define FORMATS_ONNX_H

#include "contrast/real.h"
#include "contrast/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ct_onnx {
    unsigned char *bytes;
    size_t used, cap, open[8]; /* open: where the length of each open message stands */
    int depth;
    bool failed;
} ct_onnx;

typedef enum ct_onnx_type { CT_ONNX_FLOAT = 1, CT_ONNX_INT64 = 7 } ct_onnx_type;

/* Start with {0}. */
void ct_onnx_begin(ct_onnx *o, const char *graph);
/* A tensor that goes in or out: (N, second), second a size or, if 0, `name_of_second`. */
void ct_onnx_input(ct_onnx *o, const char *name, ct_onnx_type type, int second,
                   const char *name_of_second);
void ct_onnx_output(ct_onnx *o, const char *name, int second);
/* output = op(inputs), inputs separated by spaces; with a whole attribute if it is
 * not NULL, which is a list of one where `list`. */
void ct_onnx_node(ct_onnx *o, const char *op, const char *inputs, const char *output,
                  const char *attribute, int value, bool list);
/* Constants: a matrix as float, or (rows 0) a vector; one integer in a list. */
void ct_onnx_floats(ct_onnx *o, const char *name, int rows, int cols, const ct_real *x);
void ct_onnx_integer(ct_onnx *o, const char *name, long long value);
/* Close, write, free. Errors  CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_onnx_write(ct_onnx *o, const char *path, ct_error *err);

#endif
