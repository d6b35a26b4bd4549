/* onnx.c -- protobuf without a library: numbers as varints, messages with their
 * length before them.
 *
 * A length is known when its message ends, so it gets five bytes at the beginning,
 * the upper ones perhaps empty: a longer varint than needed is valid.
 *
 * Layer: formats. */
#include "formats/onnx.h"

#include "formats/bytes.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <string.h>

static unsigned char *reserve(ct_onnx *o, size_t n)
{
    if (!o->failed && n > o->cap - o->used) {
        const size_t half = o->used + n + 1024;
        unsigned char *more = ct_alloc(half, 2);
        o->failed = more == NULL;
        if (more != NULL) {
            if (o->used > 0)
                memcpy(more, o->bytes, o->used);
            ct_free(o->bytes);
            o->bytes = more;
            o->cap = 2 * half;
        }
    }
    if (o->failed)
        return NULL;
    o->used += n;
    return o->bytes + o->used - n;
}

static void put_varint(ct_onnx *o, uint64_t x)
{
    do {
        unsigned char *p = reserve(o, 1);
        if (p != NULL)
            *p = (unsigned char)((x & 0x7F) | (x > 0x7F ? 0x80 : 0));
        x >>= 7;
    } while (x > 0);
}

static void put_integer(ct_onnx *o, int field, long long x)
{
    put_varint(o, (uint64_t)field << 3);
    put_varint(o, (uint64_t)x);
}

static void put_text(ct_onnx *o, int field, const char *s, size_t n)
{
    put_varint(o, (uint64_t)field << 3 | 2);
    put_varint(o, n);
    unsigned char *p = reserve(o, n);
    if (p != NULL && n > 0)
        memcpy(p, s, n);
}

static void put_string(ct_onnx *o, int field, const char *s)
{
    put_text(o, field, s, strlen(s));
}

static void open_message(ct_onnx *o, int field)
{
    put_varint(o, (uint64_t)field << 3 | 2);
    CT_ASSERT(o->depth < 8);
    o->open[o->depth++] = o->used;
    reserve(o, 5);
}

static void close_message(ct_onnx *o)
{
    const size_t at = o->open[--o->depth];
    size_t length = o->used - at - 5;
    for (int k = 0; k < 5 && !o->failed; k++, length >>= 7)
        o->bytes[at + (size_t)k] = (unsigned char)((length & 0x7F) | (k < 4 ? 0x80 : 0));
}

enum { /* fields of the messages */
       MODEL_IR = 1,
       MODEL_PRODUCER = 2,
       MODEL_GRAPH = 7,
       MODEL_OPERATORS = 8,
       OPERATORS_VERSION = 2,
       GRAPH_NODE = 1,
       GRAPH_NAME = 2,
       GRAPH_CONSTANT = 5,
       GRAPH_INPUT = 11,
       GRAPH_OUTPUT = 12,
       NODE_INPUT = 1,
       NODE_OUTPUT = 2,
       NODE_OP = 4,
       NODE_ATTRIBUTE = 5,
       ATTRIBUTE_NAME = 1,
       ATTRIBUTE_INT = 3,
       ATTRIBUTE_INTS = 8,
       ATTRIBUTE_TYPE = 20,
       TYPE_INT = 2,
       TYPE_INTS = 7,
       TENSOR_DIM = 1,
       TENSOR_TYPE = 2,
       TENSOR_NAME = 8,
       TENSOR_BYTES = 9,
       VALUE_NAME = 1,
       VALUE_TYPE = 2,
       TYPE_TENSOR = 1,
       TENSOR_TYPE_ELEMENT = 1,
       TENSOR_TYPE_SHAPE = 2,
       SHAPE_DIM = 1,
       DIM_VALUE = 1,
       DIM_NAME = 2,
};

void ct_onnx_begin(ct_onnx *o, const char *graph)
{
    put_integer(o, MODEL_IR, 8);
    put_string(o, MODEL_PRODUCER, "contrast");
    open_message(o, MODEL_OPERATORS);
    put_integer(o, OPERATORS_VERSION, 17);
    close_message(o);
    open_message(o, MODEL_GRAPH);
    put_string(o, GRAPH_NAME, graph);
}

static void put_dim(ct_onnx *o, int value, const char *name)
{
    open_message(o, SHAPE_DIM);
    if (value > 0)
        put_integer(o, DIM_VALUE, value);
    else
        put_string(o, DIM_NAME, name);
    close_message(o);
}

static void put_value(ct_onnx *o, int field, const char *name, ct_onnx_type type, int second,
                      const char *name_of_second)
{
    open_message(o, field);
    put_string(o, VALUE_NAME, name);
    open_message(o, VALUE_TYPE);
    open_message(o, TYPE_TENSOR);
    put_integer(o, TENSOR_TYPE_ELEMENT, type);
    open_message(o, TENSOR_TYPE_SHAPE);
    put_dim(o, 0, "N");
    put_dim(o, second, name_of_second);
    for (int k = 0; k < 4; k++)
        close_message(o);
}

void ct_onnx_input(ct_onnx *o, const char *name, ct_onnx_type type, int second,
                   const char *name_of_second)
{
    put_value(o, GRAPH_INPUT, name, type, second, name_of_second);
}

void ct_onnx_output(ct_onnx *o, const char *name, int second)
{
    put_value(o, GRAPH_OUTPUT, name, CT_ONNX_FLOAT, second, NULL);
}

void ct_onnx_node(ct_onnx *o, const char *op, const char *inputs, const char *output,
                  const char *attribute, int value, bool list)
{
    open_message(o, GRAPH_NODE);
    for (size_t n; (n = strcspn(inputs, " ")) > 0; inputs += n + (inputs[n] == ' '))
        put_text(o, NODE_INPUT, inputs, n);
    put_string(o, NODE_OUTPUT, output);
    put_string(o, NODE_OP, op);
    if (attribute != NULL) {
        open_message(o, NODE_ATTRIBUTE);
        put_string(o, ATTRIBUTE_NAME, attribute);
        put_integer(o, list ? ATTRIBUTE_INTS : ATTRIBUTE_INT, value);
        put_integer(o, ATTRIBUTE_TYPE, list ? TYPE_INTS : TYPE_INT);
        close_message(o);
    }
    close_message(o);
}

void ct_onnx_floats(ct_onnx *o, const char *name, int rows, int cols, const ct_real *x)
{
    const size_t n = (size_t)(rows > 0 ? rows : 1) * (size_t)cols;
    open_message(o, GRAPH_CONSTANT);
    if (rows > 0)
        put_integer(o, TENSOR_DIM, rows);
    put_integer(o, TENSOR_DIM, cols);
    put_integer(o, TENSOR_TYPE, CT_ONNX_FLOAT);
    put_string(o, TENSOR_NAME, name);
    put_varint(o, TENSOR_BYTES << 3 | 2);
    put_varint(o, 4 * n);
    unsigned char *p = reserve(o, 4 * n);
    for (size_t i = 0; i < n && p != NULL; i++) {
        const float narrow = (float)x[i];
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        ct_bytes_put(p + 4 * i, 4, bits);
    }
    close_message(o);
}

void ct_onnx_integer(ct_onnx *o, const char *name, long long value)
{
    unsigned char bytes[8];
    ct_bytes_put(bytes, 8, (uint64_t)value);
    open_message(o, GRAPH_CONSTANT);
    put_integer(o, TENSOR_DIM, 1);
    put_integer(o, TENSOR_TYPE, CT_ONNX_INT64);
    put_string(o, TENSOR_NAME, name);
    put_text(o, TENSOR_BYTES, (const char *)bytes, 8);
    close_message(o);
}

ct_status ct_onnx_write(ct_onnx *o, const char *path, ct_error *err)
{
    ct_writer w;
    close_message(o); /* the graph */
    ct_status status = o->failed || o->used > INT32_MAX
                           ? CT_FAIL(err, CT_ERR_NOMEM,
                                     "%s: no memory for the model, or it is beyond 2 GB", path)
                           : ct_writer_open(&w, path, CT_REPLACE, err);
    if (status == CT_OK) {
        ct_writer_bytes(&w, o->bytes, o->used);
        status = ct_writer_commit(&w);
    }
    ct_free(o->bytes);
    *o = (ct_onnx){0};
    return status;
}
