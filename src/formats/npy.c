/* npy.c -- NumPy's arrays, read and written.
 *
 * The header is Python; what numpy writes of it is read and no more, in any order, as the JSON that
 * it nearly is. NumPy itself believes the shape and asks for 32 GB because of a file of 128 bytes:
 * here the shape must give the file's length to the byte before anything is allocated. */
#include "formats/npy.h"

#include "formats/bytes.h"
#include "formats/field.h"
#include "formats/text.h"
#include "platform/memory.h"

#include <limits.h>
#include <stdio.h>

/* Order of bytes, kind, how many; of one byte the order means nothing. */
static const char TYPES[] =
    "<f2 >f2 <f4 >f4 <f8 >f8 <i2 >i2 <i4 >i4 <i8 >i8 <u2 >u2 <u4 >u4 <u8 >u8 "
    "|b1 =b1 <b1 >b1 |i1 =i1 <i1 >i1 |u1 =u1 <u1 >u1";

static const ct_field ROWS[] = {
    /* clang-format off */
    {CT_ROW("descr", CT_CHOICE, ct_npy, type), .choices = TYPES,
     .help = "floats, integers or bool, e.g. '<f4', '|u1'"},
    {CT_ROW("fortran_order", CT_BOOL, ct_npy, fortran), .help = "True or False"},
    {CT_ROWS("shape", CT_INT, ct_npy, dim, n_dims), .most = INT_MAX,
     .help = "a shape of up to 8 sizes below 2^31, e.g. (3, 4)"},
    /* clang-format on */
};
static const ct_fields FIELDS = CT_FIELDS(ROWS);

/* Is `c` a bracket that closes, after white space? */
static bool closes(const char *s)
{
    s += strspn(s, " \t\r\n");
    return *s == ')' || *s == '}';
}

/* A Python dictionary to JSON of the same length: quotes, tuples, True and False, and no comma
 * before a bracket that closes. Lists, and a number in brackets that has no comma and so is no
 * tuple, become what JSON refuses. */
static void make_json(char *s)
{
    bool comma = true;
    for (; *s != '\0'; s++) {
        if (*s == ',') {
            comma = true;
            *s = closes(s + 1) ? ' ' : ',';
        } else if (*s == '(') {
            comma = closes(s + 1);
            *s = '[';
        } else if (*s == ')') {
            *s = comma ? ']' : ')';
        } else if (*s == '[' || *s == ']') {
            *s = '(';
        } else if (*s == '\'') {
            *s = '"';
        } else if (strncmp(s, "True", 4) == 0 || strncmp(s, "False", 5) == 0) {
            *s = *s == 'T' ? 't' : 'f';
        }
    }
}

/* The header, `length` bytes and a NUL: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 * in any order. */
static void read_header(const char *path, char *header, size_t length, ct_npy *a, ct_error *err)
{
    ct_json_reader r;
    const char *expected = "{descr, fortran_order and shape}, each once, then the end";
    bool seen[3] = {false};
    make_json(header);
    ct_json_reader_init(&r, header);
    r.strict = true;
    if (ct_json_next(&r) != CT_JSON_OBJECT || !ct_fields_read(&r, &FIELDS, a, seen) ||
        !(seen[0] && seen[1] && seen[2]) || ct_json_next(&r) != CT_JSON_END ||
        r.at != header + length) {
        for (int i = 0; i < FIELDS.n; i++)
            if (r.key != NULL && !seen[i] && strcmp(r.key, ROWS[i].key) == 0)
                expected = ROWS[i].help;
        const bool is_type = expected == ROWS[0].help && r.text != NULL &&
                             *ct_text_unprintable(r.text) == '\0';
        if (is_type && strcmp(r.text, "|O") == 0)
            CT_REFUSE(err,
                      "%s: holds Python objects: in Python: np.save('x.npy', "
                      "np.stack(np.load('x.npy', allow_pickle=True)).astype('float32'))",
                      path);
        if (is_type && strlen(r.text) > 1 && (r.text[1] == 'U' || r.text[1] == 'S'))
            CT_REFUSE(err,
                      "%s: holds strings: in Python: np.save('x.npy', "
                      "np.unique(np.load('x.npy'), return_inverse=True)[1])",
                      path);
        CT_REFUSE(err, "%s: header, byte %d: expected %s%s%.8s", path, (int)(r.at - header),
                  expected, is_type ? ", found " : "", is_type ? r.text : "");
    }
    const char *type = TYPES + strlen("<f4 ") * (size_t)a->type;
    a->big_endian = type[0] == '>';
    a->kind = type[1];
    a->width = type[2] - '0';
}

/* The shape and the length of the file, each checked by the other. */
ct_status ct_npy_check_sizes(const char *path, ct_npy *a, uint64_t file_size, ct_error *err)
{
    size_t cols = 1, bytes = 0;
    bool ok = true;
    for (int k = 0; k < a->n_dims; k++)
        ok = ok && a->dim[k] >= 0;
    for (int k = 1; k < a->n_dims && ok; k++)
        ok = ct_size_mul(cols, (size_t)a->dim[k], &cols);
    a->rows = a->n_dims > 0 ? a->dim[0] : 1;
    ok = ok && cols <= INT_MAX && ct_size_mul((size_t)a->rows, cols, &a->count) &&
         ct_size_mul(a->count, (size_t)a->width, &bytes);
    a->cols = ok ? (int)cols : 0;
    if (!ok || bytes != file_size - a->offset)
        CT_REFUSE(err, "%s: its shape does not fit its %ju bytes of values; is it complete?", path,
                  (uintmax_t)(file_size - a->offset));
    return err->status;
}

ct_status ct_npy_parse(const char *path, unsigned char *head, size_t size, uint64_t file_size,
                       ct_npy *out, ct_error *err)
{
    *out = (ct_npy){0};
    if (size < 10 || memcmp(head, CT_NPY_MAGIC, 6) != 0)
        return CT_REFUSE(err, "%s: expected a .npy file", path);
    if (head[6] < 1 || head[6] > 3 || head[7] != 0)
        return CT_REFUSE(err, "%s: expected .npy version 1.0, 2.0 or 3.0, found %d.%d", path,
                         head[6], head[7]);
    const int n_length = head[6] == 1 ? 2 : 4, before = 8 + n_length;
    const uint64_t length = size < 12 ? 0 : ct_bytes_get(head + 8, n_length, false);
    if (length == 0 || length > CT_NPY_HEAD - 12 || length > size - (size_t)before)
        return CT_REFUSE(err, "%s: expected a header of 1 to %d bytes within the file, found %ju",
                         path, CT_NPY_HEAD - 12, (uintmax_t)length);
    char *header = memmove(head, head + before, length); /* to make room for a NUL */
    header[length] = '\0';
    read_header(path, header, length, out, err);
    out->offset = (uint64_t)before + length;
    return ct_npy_check_sizes(path, out, file_size, err);
}

double ct_npy_value(const ct_npy *a, const unsigned char *p, size_t k)
{
    return ct_bytes_number(p + k * (size_t)a->width, a->kind, a->width, a->big_endian);
}

/* ---- IDX ----
 *
 * The files of MNIST and its kin: 00 00 TT DD, then DD big-endian 32-bit sizes, then the values, C
 * order. Bytes only (TT = 08); other types are refused. */

ct_status ct_idx_describe(const char *path, const unsigned char *head, size_t size,
                          uint64_t file_size, ct_npy *out, ct_error *err)
{
    if (size < 4 || head[0] != 0 || head[1] != 0 || head[2] < 8 || head[2] > 14)
        return CT_REFUSE(err, "%s: expected an IDX file: two zeros, type, dimensions", path);
    if (head[2] != 8)
        return CT_REFUSE(err, "%s: expected unsigned bytes, type 8, found type %d", path, head[2]);
    const size_t begin = 4 + 4 * (size_t)head[3];
    if (head[3] < 1 || head[3] > CT_NPY_DIMS || size < begin)
        return CT_REFUSE(
            err, "%s: expected 1 to %d dimensions and %zu bytes of header, found %d and %zu", path,
            CT_NPY_DIMS, begin, head[3], size);
    *out = (ct_npy){.kind = 'u', .width = 1, .n_dims = head[3], .offset = begin};
    for (int k = 0; k < out->n_dims; k++) {
        const uint64_t dim = ct_bytes_get(head + 4 + 4 * k, 4, true);
        out->dim[k] = dim <= INT_MAX ? (int)dim : -1;
    }
    return ct_npy_check_sizes(path, out, file_size, err);
}

/* ---- writing ---- */

const char *ct_npy_shape(const int *dim, int n_dims, char out[CT_NPY_SHAPE])
{
    int n = snprintf(out, CT_NPY_SHAPE, "(");
    for (int i = 0; i < n_dims; i++)
        n += snprintf(out + n, CT_NPY_SHAPE - (size_t)n, "%s%d", i > 0 ? ", " : "", dim[i]);
    snprintf(out + n, CT_NPY_SHAPE - (size_t)n, "%s)", n_dims == 1 ? "," : "");
    return out;
}

ct_status ct_npy_begin(ct_writer *w, const char *path, const char *type, const int *dim, int n_dims,
                       ct_error *err)
{
    char shape[CT_NPY_SHAPE], header[64 + CT_NPY_SHAPE], head[129];
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type,
             ct_npy_shape(dim, n_dims, shape));
    memcpy(head, CT_NPY_MAGIC "\1\0\x76\0", 10);
    snprintf(head + 10, sizeof head - 10, "%-117.117s\n", header);
    ct_writer_open(w, path, err);
    ct_writer_bytes(w, head, 128);
    return err->status;
}

ct_status ct_npy_write_matrix(const char *path, const ct_real *x, int rows, int cols, ct_error *err)
{
    ct_writer w;
    unsigned char value[4];
    ct_npy_begin(&w, path, "<f4", (const int[]){rows, cols}, 2, err);
    for (size_t i = 0; i < (size_t)rows * (size_t)cols; i++) {
        ct_bytes_put_real(value, 4, (double)x[i]);
        ct_writer_bytes(&w, value, 4);
    }
    return ct_writer_commit(&w);
}
