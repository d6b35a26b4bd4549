/* npy.c -- NumPy's arrays, read and written.
 *
 * The header is Python; what numpy writes of it is read and no more, in any
 * order. NumPy itself believes the shape and asks for 32 GB because of a file of
 * 128 bytes: here the shape must give the file's length to the byte before
 * anything is allocated.
 *
 * Layer: formats. */
#include "formats/npy.h"

#include "formats/bytes.h"
#include "platform/memory.h"

#include <limits.h>
#include <stdio.h>

#define MAGIC "\x93NUMPY"

/* The header being read: at <= end. */
typedef struct scanner {
    const char *at, *end;
} scanner;

static void skip_space(scanner *s)
{
    while (s->at < s->end && memchr(" \t\r\n", *s->at, 4) != NULL)
        s->at++;
}

/* Is `word` next, after white space? Then pass over it. */
static bool skip(scanner *s, const char *word)
{
    const size_t n = strlen(word);
    skip_space(s);
    const bool found = (size_t)(s->end - s->at) >= n && memcmp(s->at, word, n) == 0;
    s->at += found ? n : 0;
    return found;
}

/* 'text' or "text", without escapes, shorter than 16. */
static bool scan_string(scanner *s, char out[16])
{
    const char *quote = skip(s, "'") ? "'" : "\"";
    int n = 0;
    if (*quote == '"' && !skip(s, quote))
        return false;
    while (n < 15 && s->at < s->end && *s->at != *quote && *s->at != '\\')
        out[n++] = *s->at++;
    out[n] = '\0';
    return skip(s, quote);
}

/* '<f4', '|u1', ...: order of bytes, kind, how many */
static bool scan_type(scanner *s, ct_npy *a)
{
    static const char KNOWN[] = "f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1";
    char text[16];
    if (!scan_string(s, text) || strlen(text) != 3 || strchr("<>|=", text[0]) == NULL)
        return false;
    a->big_endian = text[0] == '>';
    a->kind = text[1];
    a->width = text[2] - '0';
    const char *known = strstr(KNOWN, text + 1);
    return known != NULL && (known - KNOWN) % 3 == 0 &&
           (a->width == 1 || strchr("<>", text[0]) != NULL);
}

static bool scan_bool(scanner *s, bool *out)
{
    *out = skip(s, "True");
    return *out || skip(s, "False");
}

/* (), (3,), (3, 4), ... */
static bool scan_shape(scanner *s, ct_npy *a)
{
    bool comma = true;
    if (!skip(s, "("))
        return false;
    for (a->n_dims = 0; !skip(s, ")"); a->n_dims++) {
        const char *start = s->at; /* after white space */
        long dim = 0;
        while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && dim <= INT_MAX)
            dim = 10 * dim + (*s->at++ - '0');
        if (!comma || a->n_dims == CT_NPY_DIMS || s->at == start || dim > INT_MAX)
            return false;
        a->dim[a->n_dims] = (int)dim;
        comma = skip(s, ",");
    }
    return a->n_dims != 1 || comma; /* (3) is a number */
}

/* A member of the dictionary. The answer is what was expected instead, or NULL. */
static const char *scan_member(scanner *s, ct_npy *a, unsigned *seen)
{
    static const char *const KEY[] = {"descr", "fortran_order", "shape"};
    char word[16];
    int k = 0;
    if (!scan_string(s, word) || !skip(s, ":"))
        return "'descr', 'fortran_order' or 'shape', and a colon";
    while (k < 3 && strcmp(word, KEY[k]) != 0)
        k++;
    if (k == 3 || (*seen >> k & 1) != 0)
        return "descr, fortran_order and shape, each once";
    *seen |= 1U << k;
    if (k == 0 && !scan_type(s, a))
        return "floats of 4 or 8 bytes or integers, e.g. '<f4', '|u1'; no objects or records";
    if (k == 1 && !scan_bool(s, &a->fortran))
        return "True or False";
    if (k == 2 && !scan_shape(s, a))
        return "a shape of up to 8 sizes below 2^31, e.g. (3, 4)";
    return NULL;
}

/* {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } in any order. */
static const char *scan_header(scanner *s, ct_npy *a)
{
    unsigned seen = 0;
    if (!skip(s, "{"))
        return "{";
    for (bool comma = true; !skip(s, "}"); comma = skip(s, ",")) {
        const char *expected = comma ? scan_member(s, a, &seen) : "a comma or }";
        if (expected != NULL)
            return expected;
    }
    skip_space(s);
    return seen == 7 && s->at == s->end ? NULL : "descr, fortran_order and shape, then the end";
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
        CT_FAIL(err, CT_ERR_FORMAT,
                "%s: its shape does not fit its %ju bytes of values; is it complete?", path,
                (uintmax_t)(file_size - a->offset));
    return err->status;
}

ct_status ct_npy_parse(const char *path, const unsigned char *head, size_t size, uint64_t file_size,
                       ct_npy *out, ct_error *err)
{
    *out = (ct_npy){0};
    if (size < 10 || memcmp(head, MAGIC, 6) != 0)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected a .npy file", path);
    if (head[6] < 1 || head[6] > 3 || head[7] != 0)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected .npy version 1.0, 2.0 or 3.0, found %d.%d",
                       path, head[6], head[7]);
    const int n_length = head[6] == 1 ? 2 : 4, before = 8 + n_length;
    const uint64_t length = size < 12 ? 0 : ct_bytes_get(head + 8, n_length, false);
    if (length == 0 || length > CT_NPY_HEAD - 12 || length > size - (size_t)before)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: expected a header of 1 to %d bytes within the file, found %ju", path,
                       CT_NPY_HEAD - 12, (uintmax_t)length);
    const char *start = (const char *)head + before;
    scanner s = {start, start + length};
    const char *expected = scan_header(&s, out);
    if (expected != NULL)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: header, byte %d: expected %s", path,
                       (int)(s.at - start), expected);
    out->offset = (uint64_t)before + length;
    return ct_npy_check_sizes(path, out, file_size, err);
}

double ct_npy_value(const ct_npy *a, const unsigned char *p, size_t k)
{
    const uint64_t bits = ct_bytes_get(p + k * (size_t)a->width, a->width, a->big_endian);
    if (a->kind == 'f')
        return ct_bytes_real(bits, a->width);
    const int spare = 64 - 8 * a->width; /* of an 'i': move its sign to the top and back */
    return a->kind == 'i' ? (double)((int64_t)(bits << spare) / ((int64_t)1 << spare))
                          : (double)bits;
}

/* In Fortran's order the first index runs fastest, in C's the last. */
size_t ct_npy_place(const ct_npy *a, size_t k)
{
    size_t place = 0, stride = a->count;
    for (int d = 0; a->fortran && d < a->n_dims; d++) {
        const size_t dim = (size_t)a->dim[d];
        stride /= dim;
        place += k % dim * stride;
        k /= dim;
    }
    return a->fortran ? place : k;
}

/* ---- whole files ---- */

static bool is_idx(const unsigned char head[2])
{
    return head[0] == 0 && head[1] == 0;
}

bool ct_npy_begins(const char *path)
{
    unsigned char head[4];
    ct_error err = {.status = CT_OK};
    ct_source s;
    ct_source_open(&s, path, &err);
    ct_source_read(&s, 0, head, sizeof head, &err);
    ct_source_close(&s);
    return err.status == CT_OK && (is_idx(head) || memcmp(head, MAGIC, 4) == 0);
}

ct_status ct_npy_open(ct_source *source, const char *path, ct_arena *arena, ct_npy *out,
                      ct_error *err)
{
    *out = (ct_npy){0};
    ct_source_open(source, path, err);
    const size_t size = source->size < CT_NPY_HEAD ? (size_t)source->size : CT_NPY_HEAD;
    unsigned char *head = ct_arena_zeroed(arena, size + 2, 1);
    if (head == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    if (ct_source_read(source, 0, head, size, err) != CT_OK)
        return err->status;
    return is_idx(head) ? ct_idx_describe(path, head, size, source->size, out, err)
                        : ct_npy_parse(path, head, size, source->size, out, err);
}

ct_status ct_npy_check_reals(const char *path, const ct_npy *a, ct_error *err)
{
    if (a->kind != 'f' && !(a->kind == 'u' && a->width == 1))
        CT_FAIL(err, CT_ERR_FORMAT, "%s: expected float32, float64 or uint8, found %c%d", path,
                a->kind, a->width);
    return err->status;
}

/* Every value into x, or, whole numbers, into id; the other is NULL. */
static ct_status read_values(ct_source *source, const ct_npy *a, ct_real *x, int *id, ct_error *err)
{
    unsigned char buffer[8192];
    const size_t width = (size_t)a->width;
    for (size_t done = 0, n; err->status == CT_OK && done < a->count; done += n) {
        n = a->count - done < sizeof buffer / width ? a->count - done : sizeof buffer / width;
        ct_source_read(source, a->offset + done * width, buffer, n * width, err);
        for (size_t k = 0; k < n && err->status == CT_OK; k++) {
            const double value = ct_npy_value(a, buffer, k);
            if (x != NULL)
                x[ct_npy_place(a, done + k)] = (ct_real)value;
            else if (value >= INT_MIN && value <= INT_MAX)
                id[done + k] = (int)value;
            else
                CT_FAIL(err, CT_ERR_FORMAT, "%s: value %zu is %.0f, expected %d to %d",
                        source->path, done + k, value, INT_MIN, INT_MAX);
        }
    }
    return err->status;
}

/* All of a file: ct_real, or integers. */
static void *read_array(const char *path, ct_arena *arena, bool ints, ct_npy *a, ct_error *err)
{
    ct_source source;
    ct_npy_open(&source, path, arena, a, err);
    if (!ints)
        ct_npy_check_reals(path, a, err);
    else if (err->status == CT_OK && (a->kind == 'f' || a->n_dims != 1))
        CT_FAIL(err, CT_ERR_FORMAT,
                "%s: expected integers of shape (n,), found %c%d of %d dimensions", path, a->kind,
                a->width, a->n_dims);
    void *x = ct_arena_zeroed(arena, a->count, ints ? sizeof(int) : sizeof(ct_real));
    if (x == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for %d x %d values", path, a->rows, a->cols);
    read_values(&source, a, ints ? NULL : x, ints ? x : NULL, err);
    ct_source_close(&source);
    return x;
}

ct_status ct_npy_read_matrix(const char *path, ct_arena *arena, ct_real **x, int *rows, int *cols,
                             ct_error *err)
{
    ct_npy a;
    *x = read_array(path, arena, false, &a, err);
    *rows = a.rows;
    *cols = a.cols;
    return err->status;
}

ct_status ct_npy_read_ints(const char *path, ct_arena *arena, int **x, int *n, ct_error *err)
{
    ct_npy a;
    *x = read_array(path, arena, true, &a, err);
    *n = a.rows;
    return err->status;
}

ct_status ct_npy_write_matrix(const char *path, const ct_real *x, int rows, int cols, ct_error *err)
{
    ct_writer w;
    char shape[118], head[129];
    unsigned char value[4];
    snprintf(shape, sizeof shape, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
             rows, cols);
    memcpy(head, MAGIC "\1\0\x76\0", 10);
    snprintf(head + 10, sizeof head - 10, "%-117s\n", shape);
    ct_writer_open(&w, path, CT_REPLACE, err);
    ct_writer_bytes(&w, head, 128);
    for (size_t i = 0; i < (size_t)rows * (size_t)cols; i++) {
        ct_bytes_put_real(value, 4, (double)x[i]);
        ct_writer_bytes(&w, value, 4);
    }
    return ct_writer_commit(&w);
}
