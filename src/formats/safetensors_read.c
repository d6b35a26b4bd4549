/* safetensors_read.c -- a safetensors file to checked tensors.
 *
 * The file may come from anywhere. Its danger is two sizes that disagree: of the
 * header and the file, of a shape and its data_offsets, of the offsets of two
 * tensors. Each is compared before it is used, products are checked, and nothing
 * is allocated for a size that a file claims.
 *
 * Layer: formats. */
#include "formats/safetensors.h"

#include "formats/bytes.h"
#include "formats/json.h"
#include "formats/text.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct parser {
    const char *path;
    ct_json_reader json;
    const unsigned char *data; /* after the header */
    size_t data_size;
    ct_safetensors *out;
    ct_error *err;
} parser;

static ct_status refuse(parser *p, const char *why)
{
    const size_t at = 8 + (size_t)(p->json.at - p->json.start);
    why = p->json.problem != NULL ? p->json.problem : why;
    return CT_FAIL(p->err, CT_ERR_FORMAT, "%s: byte %zu: %s", p->path, at, why);
}

static ct_status refuse_tensor(parser *p, const char *name, const char *why)
{
    return CT_FAIL(p->err, CT_ERR_FORMAT, "%s: tensor '%s': %s", p->path, name, why);
}

/* Names stand in messages, so they are short and printable. */
static bool is_name(const char *s)
{
    return strlen(s) <= CT_SAFETENSORS_NAME && *ct_text_unprintable(s) == '\0';
}

/* An array of at most `max` natural numbers up to `limit`; how many, or -1. */
static int read_sizes(ct_json_reader *r, size_t limit, size_t *out, int max)
{
    ct_json_type type;
    int n = 0;
    while ((type = ct_json_next(r)) == CT_JSON_NUMBER && n < max && r->natural &&
           r->number <= (double)limit)
        out[n++] = (size_t)r->number;
    return type == CT_JSON_CLOSE ? n : -1;
}

/* Keep the list in the order of the data; of tensors that begin together, the one
 * that has some comes last. */
static ct_status add_tensor(parser *p, const ct_safetensor *t)
{
    ct_safetensor *list = p->out->tensor;
    if (ct_safetensors_find(p->out, t->name) != NULL)
        return refuse_tensor(p, t->name, "occurs twice");
    if (p->out->n_tensors == CT_SAFETENSORS_MAX)
        return refuse_tensor(p, t->name, "there are too many before it");
    int i = p->out->n_tensors++;
    for (; i > 0 &&
           (list[i - 1].bytes > t->bytes || (list[i - 1].bytes == t->bytes && t->count == 0));
         i--)
        list[i] = list[i - 1];
    list[i] = *t;
    return CT_OK;
}

/* {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, after its '{'. */
static ct_status read_tensor(parser *p, const char *name)
{
    ct_json_reader *r = &p->json;
    const char *dtype = NULL;
    ct_safetensor t = {.name = name, .count = 1, .n_dims = -1};
    size_t dim[4], offset[2] = {0, 0}, bytes;
    int n_offsets = -1;
    bool ok = true;
    ct_json_type type;
    while (ok && (type = ct_json_next(r)) != CT_JSON_CLOSE) { /* three fields, each once */
        ok = false;
        if (type == CT_JSON_STRING && strcmp(r->key, "dtype") == 0 && dtype == NULL)
            ok = is_name(dtype = r->text);
        else if (type == CT_JSON_ARRAY && strcmp(r->key, "shape") == 0 && t.n_dims < 0)
            ok = (t.n_dims = read_sizes(r, INT_MAX, dim, 4)) >= 0;
        else if (type == CT_JSON_ARRAY && strcmp(r->key, "data_offsets") == 0 && n_offsets < 0)
            ok = (n_offsets = read_sizes(r, p->data_size, offset, 2)) == 2;
    }
    if (!ok || dtype == NULL || t.n_dims < 0 || n_offsets < 0)
        return refuse(
            p, "expected dtype, shape (up to 4 sizes), data_offsets (within the file), each once");

    t.brain = strcmp(dtype, "BF16") == 0;
    t.width = t.brain || strcmp(dtype, "F16") == 0 ? 2
              : strcmp(dtype, "F32") == 0          ? 4
              : strcmp(dtype, "F64") == 0          ? 8
                                                   : 0;
    if (t.width == 0)
        return CT_FAIL(p->err, CT_ERR_FORMAT,
                       "%s: tensor '%s': expected F16, BF16, F32 or F64, found %s", p->path, name,
                       dtype);
    for (int k = 0; k < t.n_dims; k++) {
        ok = ok && ct_size_mul(t.count, dim[k], &t.count);
        t.dim[k] = (int)dim[k];
    }
    ok = ok && ct_size_mul(t.count, t.width, &bytes) && offset[0] <= offset[1];
    if (!ok || bytes != offset[1] - offset[0])
        return refuse_tensor(p, name, "shape and data_offsets disagree");
    t.bytes = p->data + offset[0];
    return add_tensor(p, &t);
}

static ct_status read_metadata(parser *p)
{
    ct_safetensors *out = p->out;
    ct_json_type type;
    while ((type = ct_json_next(&p->json)) == CT_JSON_STRING) {
        if (out->n_metadata == CT_SAFETENSORS_MAX_METADATA || !is_name(p->json.key) ||
            ct_safetensors_metadata(out, p->json.key) != NULL)
            return refuse(
                p, "expected a metadata key that is new, short and printable, and not too many");
        out->metadata[out->n_metadata++] = (ct_metadata){p->json.key, p->json.text};
    }
    return type == CT_JSON_CLOSE ? CT_OK : refuse(p, "expected a string");
}

static ct_status read_header(parser *p)
{
    bool has_metadata = false;
    ct_status status = CT_OK;
    ct_json_next(&p->json); /* its '{' */
    while (status == CT_OK && ct_json_next(&p->json) == CT_JSON_OBJECT) {
        const char *name = p->json.key;
        const bool is_metadata = strcmp(name, "__metadata__") == 0;
        if (!is_name(name) || (is_metadata && has_metadata))
            return refuse(p, "expected a name that is new, short and printable");
        status = is_metadata ? read_metadata(p) : read_tensor(p, name);
        has_metadata |= is_metadata;
    }
    if (status == CT_OK && ct_json_next(&p->json) != CT_JSON_END) /* after its '}' */
        return refuse(p, "expected tensors, then the end");
    return status;
}

/* Every byte of the data belongs to one tensor: no hole, no overlap, no rest. */
static ct_status check_layout(parser *p)
{
    const unsigned char *at = p->data;
    for (int i = 0; i < p->out->n_tensors; i++) {
        const ct_safetensor *t = &p->out->tensor[i];
        if (t->bytes != at)
            return refuse_tensor(p, t->name,
                                 "its data does not begin where the one before it ends");
        at += t->count * t->width;
    }
    const size_t used = (size_t)(at - p->data);
    if (used != p->data_size)
        return CT_FAIL(p->err, CT_ERR_FORMAT, "%s: expected %zu bytes of data, found %zu", p->path,
                       used, p->data_size);
    return CT_OK;
}

/* If the file carries its hash (safetensors.h): is it that of its bytes? */
static ct_status check_hash(parser *p, char *header, size_t n)
{
    static const char KEY[] = "\"" CT_SAFETENSORS_HASH "\":\"";
    char *digits = strstr(header, KEY), was[17] = "", is[17];
    unsigned char length[8];
    if (digits == NULL || (size_t)(header + n - digits) < sizeof KEY + 16)
        return CT_OK;
    digits += sizeof KEY - 1;
    memcpy(was, digits, 16);
    memcpy(digits, CT_SAFETENSORS_ZEROS, 16);
    ct_bytes_put(length, 8, n);
    uint64_t hash = ct_bytes_hash(CT_BYTES_HASH, length, 8);
    hash = ct_bytes_hash(hash, header, n);
    hash = ct_bytes_hash(hash, p->data, p->data_size);
    snprintf(is, sizeof is, "%016jx", (uintmax_t)hash);
    memcpy(digits, was, 16);
    if (memcmp(was, is, 16) != 0)
        return CT_FAIL(p->err, CT_ERR_FORMAT,
                       "%s: is damaged: its hash is %s, expected the one that it names", p->path,
                       is);
    return CT_OK;
}

ct_status ct_safetensors_parse(const char *path, char *data, size_t size, ct_safetensors *out,
                               ct_error *err)
{
    const uint64_t n = size < 8 ? 0 : ct_bytes_get((const unsigned char *)data, 8, false);
    if (n == 0 || n > CT_SAFETENSORS_HEADER || n > size - 8 || data[8] != '{')
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected a safetensors file (header up to 1 MiB)",
                       path);
    parser p = {.path = path, .out = out, .err = err};
    p.data = (unsigned char *)data + 8 + n;
    p.data_size = size - 8 - (size_t)n;
    memmove(data, data + 8, (size_t)n); /* to make room for a NUL */
    data[n] = '\0';
    out->n_tensors = out->n_metadata = 0;
    ct_json_reader_init(&p.json, data);
    ct_status status = check_hash(&p, data, (size_t)n);
    if (status == CT_OK)
        status = read_header(&p);
    if (status == CT_OK && p.json.at != data + n)
        status = refuse(&p, "expected no NUL");
    return status == CT_OK ? check_layout(&p) : status;
}

ct_status ct_safetensors_read(const char *path, ct_arena *arena, ct_safetensors *out, ct_error *err)
{
    char *data;
    size_t size;
    ct_status status = ct_file_read(path, 0, arena, &data, &size, err);
    return status == CT_OK ? ct_safetensors_parse(path, data, size, out, err) : status;
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

/* sign, 5 bits of exponent, 10 of fraction */
static double half_value(unsigned bits)
{
    const int exponent = (int)(bits >> 10 & 31);
    const double fraction = bits & 1023, sign = bits >> 15 != 0 ? -1 : 1;
    if (exponent == 31)
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25));
}

void ct_safetensor_values(const ct_safetensor *t, ct_real *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const uint64_t bits = ct_bytes_get(t->bytes + i * t->width, (int)t->width, false);
        if (t->width == 2)
            out[i] = (ct_real)(t->brain ? ct_bytes_real(bits << 16, 4)
                                        : half_value((unsigned)bits));
        else
            out[i] = (ct_real)ct_bytes_real(bits, (int)t->width);
    }
}
