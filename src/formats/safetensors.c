/* safetensors.c -- matrices and metadata to a safetensors file and back.
 *
 * A file may come from anywhere. Its danger is two sizes that disagree: of the header
 * and the file, of a shape and its data_offsets, of the offsets of two tensors. Each is
 * compared before it is used, products are checked, and nothing is allocated for a size
 * that a file claims. What is written depends on names and values, not on the order of
 * the list; only metadata stays in the order given. */
#include "formats/safetensors.h"

#include "formats/bytes.h"
#include "formats/field.h"
#include "formats/text.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the hash of all bytes (safetensors.h) ---- */

#define HASH_KEY "\"" CT_SAFETENSORS_HASH "\":\""

/* Its 16 digits in a header of n bytes; NULL: there are none. */
static char *find_digits(char *header, size_t n)
{
    char *key = strstr(header, HASH_KEY);
    const bool whole = key != NULL && (size_t)(header + n - key) >= sizeof HASH_KEY + 16;
    return whole ? key + sizeof HASH_KEY - 1 : NULL;
}

/* Of what comes before the data: the length, the header, and spaces after it. */
static uint64_t hash_header(const char *header, size_t n, size_t spaces)
{
    unsigned char length[8];
    ct_bytes_put(length, 8, n + spaces);
    uint64_t hash = ct_bytes_hash(CT_BYTES_HASH, length, 8);
    hash = ct_bytes_hash(hash, header, n);
    return ct_bytes_hash(hash, "        ", spaces);
}

static void put_digits(char *out, uint64_t hash)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%016jx", (uintmax_t)hash);
    memcpy(out, digits, 16);
}

/* ---- what the header says of a tensor ---- */

/* {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} */
static const ct_field TENSOR[] = {
    {.key = "dtype", .kind = CT_TEXT, CT_AT(ct_safetensor, dtype)},
    {.key = "shape", .kind = CT_INT, CT_LIST(ct_safetensor, dim, n_dims), .most = INT_MAX},
    {.key = "data_offsets", .kind = CT_LONG, CT_ARRAY(ct_safetensor, offset), .most = 1e15},
};
static const ct_fields TENSOR_FIELDS = CT_FIELDS(TENSOR);

static const struct {
    const char *name;
    char kind; /* as in npy.h */
    size_t width;
} TYPE[] = {{"F32", 'f', 4}, {"F64", 'f', 8}, {"F16", 'f', 2}, {"BF16", 'B', 2}, {"BOOL", 'b', 1},
            {"I8", 'i', 1},  {"I16", 'i', 2}, {"I32", 'i', 4}, {"I64", 'i', 8},  {"U8", 'u', 1},
            {"U16", 'u', 2}, {"U32", 'u', 4}, {"U64", 'u', 8}};

/* ---- reading ---- */

typedef struct parser {
    const char *path;
    ct_json_reader json;
    const unsigned char *data; /* after the header */
    size_t data_size;
    ct_safetensors *out;
    ct_error *err;
} parser;

static void refuse(parser *p, const char *why)
{
    const size_t at = 8 + (size_t)(p->json.at - p->json.start);
    const bool invalid = p->json.problem != NULL && p->json.problem != p->json.key;
    why = invalid ? p->json.problem : why;
    CT_REFUSE(p->err, "%s: byte %zu: %s", p->path, at, why);
}

static void refuse_tensor(parser *p, const char *name, const char *why)
{
    CT_REFUSE(p->err, "%s: tensor '%s': %s", p->path, name, why);
}

/* Names stand in messages, so they are short and printable. */
static bool is_name(const char *s)
{
    return strlen(s) <= CT_SAFETENSORS_NAME && *ct_text_unprintable(s) == '\0';
}

/* Keep the list in the order of the data; of tensors that begin together, the one
 * that has some comes last. */
static void add_tensor(parser *p, const ct_safetensor *t)
{
    ct_safetensor *list = p->out->tensor;
    if (ct_safetensors_find(p->out, t->name) != NULL)
        refuse_tensor(p, t->name, "occurs twice");
    if (p->out->n_tensors == CT_SAFETENSORS_MAX)
        refuse_tensor(p, t->name, "there are too many before it");
    if (p->err->status != CT_OK)
        return;
    int i = p->out->n_tensors++;
    for (; i > 0 && (list[i - 1].offset[0] > t->offset[0] ||
                     (list[i - 1].offset[0] == t->offset[0] && t->count == 0));
         i--)
        list[i] = list[i - 1];
    list[i] = *t;
}

static void read_tensor(parser *p, const char *name)
{
    ct_safetensor t = {.name = name, .count = 1};
    const long most = (long)p->data_size;
    size_t bytes = 0;
    bool seen[3] = {false};
    bool ok = ct_fields_read(&p->json, &TENSOR_FIELDS, &t, seen) && is_name(t.dtype);
    if (!ok || !seen[0] || !seen[1] || !seen[2] || t.offset[0] > most || t.offset[1] > most) {
        refuse(p,
               "expected dtype, shape (up to 4 sizes), data_offsets (within the file), each once");
        return;
    }
    for (size_t k = 0; k < sizeof TYPE / sizeof *TYPE; k++)
        if (strcmp(t.dtype, TYPE[k].name) == 0) {
            t.kind = TYPE[k].kind;
            t.width = TYPE[k].width;
        }
    if (t.width == 0)
        CT_REFUSE(p->err,
                  "%s: tensor '%s': expected F16, BF16, F32, F64, integers or BOOL, found %s",
                  p->path, name, t.dtype);
    for (int k = 0; k < t.n_dims; k++)
        ok = ok && ct_size_mul(t.count, (size_t)t.dim[k], &t.count);
    ok = ok && ct_size_mul(t.count, t.width, &bytes) && t.offset[0] <= t.offset[1];
    if (!ok || bytes != (size_t)(t.offset[1] - t.offset[0]))
        refuse_tensor(p, name, "shape and data_offsets disagree");
    t.bytes = p->data != NULL ? p->data + t.offset[0] : NULL;
    add_tensor(p, &t);
}

static void read_metadata(parser *p)
{
    ct_safetensors *out = p->out;
    ct_json_type type;
    while ((type = ct_json_next(&p->json)) == CT_JSON_STRING) {
        if (!is_name(p->json.key) || ct_safetensors_metadata(out, p->json.key) != NULL ||
            out->n_metadata == CT_SAFETENSORS_MAX_METADATA) {
            refuse(p, "expected a metadata key that is new, short, printable and not too many");
            return;
        }
        out->metadata[out->n_metadata++] = (ct_metadata){p->json.key, p->json.text};
    }
    if (type != CT_JSON_CLOSE)
        refuse(p, "expected a string");
}

static void read_header(parser *p)
{
    bool has_metadata = false;
    ct_json_next(&p->json); /* its '{' */
    while (p->err->status == CT_OK && ct_json_next(&p->json) == CT_JSON_OBJECT) {
        const char *name = p->json.key;
        const bool is_metadata = strcmp(name, "__metadata__") == 0;
        if (!is_name(name) || (is_metadata && has_metadata))
            refuse(p, "expected a name that is new, short and printable");
        else if (is_metadata)
            read_metadata(p);
        else
            read_tensor(p, name);
        has_metadata = has_metadata || is_metadata;
    }
    if (p->err->status == CT_OK && ct_json_next(&p->json) != CT_JSON_END) /* after its '}' */
        refuse(p, "expected tensors, then the end");
}

/* Every byte of the data belongs to one tensor: no hole, no overlap, no rest. */
static void check_layout(parser *p)
{
    size_t at = 0;
    for (const ct_safetensor *t = p->out->tensor; t < p->out->tensor + p->out->n_tensors; t++) {
        if ((size_t)t->offset[0] != at)
            refuse_tensor(p, t->name, "its data does not begin where the one before it ends");
        at += t->count * t->width;
    }
    if (at != p->data_size)
        CT_REFUSE(p->err, "%s: expected %zu bytes of data, found %zu", p->path, at, p->data_size);
}

/* If the file has its hash: is it that of its bytes? */
static void check_hash(parser *p, char *header, size_t n)
{
    char *digits = find_digits(header, n), was[17] = "", is[17] = "";
    if (digits == NULL || memcmp(digits, CT_SAFETENSORS_ZEROS, 16) == 0) /* there is none */
        return;
    memcpy(was, digits, 16);
    memcpy(digits, CT_SAFETENSORS_ZEROS, 16);
    put_digits(is, ct_bytes_hash(hash_header(header, n, 0), p->data, p->data_size));
    memcpy(digits, was, 16);
    if (strcmp(was, is) != 0)
        CT_REFUSE(p->err, "%s: is damaged: its hash is %s, expected the one that it names", p->path,
                  is);
}

ct_status ct_safetensors_describe(const char *path, char *data, size_t size, uint64_t file_size,
                                  ct_safetensors *out, ct_error *err)
{
    const uint64_t n = size < 8 ? 0 : ct_bytes_get((const unsigned char *)data, 8, false);
    if (n == 0 || n > CT_SAFETENSORS_HEADER || n > size - 8 || data[8] != '{')
        return CT_REFUSE(err, "%s: expected a safetensors file (header up to 1 MiB)", path);
    parser p = {.path = path, .out = out, .err = err};
    if (size == file_size)
        p.data = (unsigned char *)data + 8 + n;
    p.data_size = (size_t)(file_size - 8 - n);
    memmove(data, data + 8, (size_t)n); /* to make room for a NUL */
    data[n] = '\0';
    out->n_tensors = out->n_metadata = 0;
    ct_json_reader_init(&p.json, data);
    p.json.strict = true;
    if (p.data != NULL)
        check_hash(&p, data, (size_t)n);
    read_header(&p);
    if (p.json.at != data + n)
        refuse(&p, "expected no NUL");
    check_layout(&p);
    return err->status;
}

ct_status ct_safetensors_read(const char *path, ct_arena *arena, ct_safetensors *out, ct_error *err)
{
    char *data;
    size_t size;
    if (ct_file_read(path, 0, arena, &data, &size, err) == CT_OK)
        ct_safetensors_describe(path, data, size, size, out, err);
    return err->status;
}

const ct_safetensor *ct_safetensors_find(const ct_safetensors *f, const char *name)
{
    for (int i = 0; i < f->n_tensors; i++)
        if (strcmp(f->tensor[i].name, name) == 0)
            return &f->tensor[i];
    return NULL;
}

const char *ct_safetensors_metadata(const ct_safetensors *f, const char *key)
{
    for (int i = 0; i < f->n_metadata; i++)
        if (strcmp(f->metadata[i].key, key) == 0)
            return f->metadata[i].value;
    return NULL;
}

bool ct_safetensor_values(const ct_safetensor *t, ct_real *out)
{
    bool finite = true;
    for (size_t i = 0; i < t->count; i++) {
        const double x = ct_bytes_number(t->bytes + i * t->width, t->kind, (int)t->width, false);
        finite = finite && isfinite(x);
        if (out != NULL)
            out[i] = (ct_real)x;
    }
    return finite;
}

/* ---- writing ---- */

static int by_name(const void *a, const void *b)
{
    const ct_named_matrix *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static size_t count_of(const ct_named_matrix *m)
{
    return (size_t)m->rows * (size_t)m->cols;
}

static void put_header(ct_json *j, const ct_named_matrix *m, int n, const ct_metadata *metadata,
                       int n_metadata)
{
    long at = 0;
    ct_json_open(j, NULL, '{');
    if (n_metadata > 0)
        ct_json_open(j, "__metadata__", '{');
    for (int i = 0; i < n_metadata; i++)
        ct_json_string(j, metadata[i].key, metadata[i].value);
    if (n_metadata > 0)
        ct_json_close(j);
    for (int i = 0; i < n; i++) {
        const ct_named_matrix *t = &m[i];
        CT_ASSERT(strlen(t->name) <= CT_SAFETENSORS_NAME && (!t->vector || t->rows == 1));
        CT_ASSERT(i == 0 || strcmp(m[i - 1].name, t->name) != 0);
        ct_safetensor e = {.n_dims = t->vector ? 1 : 2, .offset = {at}};
        e.dim[0] = t->vector ? t->cols : t->rows;
        e.dim[1] = t->cols;
        memcpy(e.dtype, sizeof(ct_real) == 4 ? "F32" : "F64", 4);
        at += (long)(count_of(t) * sizeof(ct_real));
        e.offset[1] = at;
        ct_json_open(j, t->name, '{');
        ct_fields_json(j, &TENSOR_FIELDS, &e);
        ct_json_close(j);
    }
    ct_json_close(j);
}

/* The values of all matrices to the file, or NULL, and into the hash, which is the answer. */
static uint64_t put_values(const ct_named_matrix *m, int n, ct_writer *w, uint64_t hash)
{
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < count_of(&m[i]); k++) {
            unsigned char bytes[8];
            ct_bytes_put_real(bytes, sizeof(ct_real), (double)m[i].x[k]);
            if (w != NULL)
                ct_writer_bytes(w, bytes, sizeof(ct_real));
            else
                hash = ct_bytes_hash(hash, bytes, sizeof(ct_real));
        }
    return hash;
}

ct_status ct_safetensors_write(const char *path, ct_named_matrix *m, int n,
                               const ct_metadata *metadata, int n_metadata, ct_error *err)
{
    CT_ASSERT(n <= CT_SAFETENSORS_MAX && n_metadata <= CT_SAFETENSORS_MAX_METADATA);
    ct_json header = {0};
    ct_writer w;
    unsigned char length[8];
    if (n > 0)
        qsort(m, (size_t)n, sizeof *m, by_name); /* as the reference writer does */
    put_header(&header, m, n, metadata, n_metadata);
    const size_t padding = (8 - header.used % 8) % 8; /* so that the data is aligned */
    char *digits = header.failed ? NULL : find_digits(header.text, header.used);
    if (digits != NULL)
        put_digits(digits, put_values(m, n, NULL, hash_header(header.text, header.used, padding)));
    if (header.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    if (header.used + padding > CT_SAFETENSORS_HEADER)
        CT_FAIL(err, CT_ERR_CONFIG,
                "%s: expected at most %d bytes of names and metadata, found %zu", path,
                CT_SAFETENSORS_HEADER, header.used);
    if (ct_writer_open(&w, path, err) == CT_OK) {
        ct_bytes_put(length, 8, header.used + padding);
        ct_writer_bytes(&w, length, 8);
        ct_writer_bytes(&w, header.text, header.used);
        ct_writer_bytes(&w, "        ", padding);
        put_values(m, n, &w, 0);
        ct_writer_commit(&w);
    }
    ct_json_free(&header);
    return err->status;
}
