/* safetensors_write.c -- matrices and metadata to a safetensors file.
 *
 * For checkpoints and embeddings. The bytes depend on names and values, not on
 * the order of the list; only metadata stays in the order given.
 *
 * Layer: formats. */
#include "formats/safetensors.h"

#include "formats/bytes.h"
#include "formats/json.h"
#include "platform/file.h"

#include <string.h>

static size_t bytes_of(const ct_named_matrix *m)
{
    return (size_t)m->rows * (size_t)m->cols * sizeof(ct_real);
}

/* The matrix that follows `last` (NULL: the first) in the order of names. Lists
 * are short: searching is cheaper than keeping a sorted copy. */
static const ct_named_matrix *next_by_name(const ct_named_matrix *m, int n, const ct_named_matrix *last)
{
    const ct_named_matrix *next = NULL;
    for (int i = 0; i < n; i++) {
        const bool later = last == NULL || strcmp(m[i].name, last->name) > 0;
        if (later && (next == NULL || strcmp(m[i].name, next->name) < 0))
            next = &m[i];
    }
    return next;
}

static void put_pair(ct_json *j, const char *key, size_t a, size_t b)
{
    ct_json_open(j, key, '[');
    ct_json_integer(j, NULL, (long long)a);
    ct_json_integer(j, NULL, (long long)b);
    ct_json_close(j);
}

static void build_header(ct_json *j, const ct_named_matrix *m, int n, const ct_metadata *metadata,
                         int n_metadata)
{
    ct_json_open(j, NULL, '{');
    if (n_metadata > 0) {
        ct_json_open(j, "__metadata__", '{');
        for (int i = 0; i < n_metadata; i++)
            ct_json_string(j, metadata[i].key, metadata[i].value);
        ct_json_close(j);
    }
    size_t begin = 0;
    int    written = 0;
    for (const ct_named_matrix *t = NULL; (t = next_by_name(m, n, t)) != NULL; written++) {
        CT_ASSERT(strlen(t->name) <= CT_SAFETENSORS_NAME);
        ct_json_open(j, t->name, '{');
        ct_json_string(j, "dtype", sizeof(ct_real) == 4 ? "F32" : "F64");
        put_pair(j, "shape", (size_t)t->rows, (size_t)t->cols);
        put_pair(j, "data_offsets", begin, begin + bytes_of(t));
        ct_json_close(j);
        begin += bytes_of(t);
    }
    ct_json_close(j);
    CT_ASSERT(written == n); /* else two have one name */
}

static void write_little_endian(ct_writer *w, uint64_t bits, size_t n_bytes)
{
    unsigned char byte[8];
    ct_bytes_put(byte, (int)n_bytes, bits);
    ct_writer_bytes(w, byte, n_bytes);
}

static void write_values(ct_writer *w, const ct_named_matrix *m)
{
    for (size_t i = 0; i < bytes_of(m) / sizeof(ct_real); i++) {
#ifdef CT_REAL_DOUBLE
        uint64_t bits;
#else
        uint32_t bits;
#endif
        memcpy(&bits, &m->x[i], sizeof bits);
        write_little_endian(w, bits, sizeof bits);
    }
}

ct_status ct_safetensors_write(const char *path, const ct_named_matrix *m, int n, const ct_metadata *metadata,
                               int n_metadata, ct_error *err)
{
    CT_ASSERT(n <= CT_SAFETENSORS_MAX && n_metadata <= CT_SAFETENSORS_MAX_METADATA);
    ct_json   header = {0};
    ct_writer w;
    ct_status status;
    build_header(&header, m, n, metadata, n_metadata);
    const size_t padding = (8 - header.used % 8) % 8; /* so that the data is aligned */
    if (header.failed)
        status = CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    else if (header.used + padding > CT_SAFETENSORS_HEADER)
        status = CT_FAIL(err, CT_ERR_CONFIG, "%s: expected at most %d bytes of names and metadata, found %zu",
                         path, CT_SAFETENSORS_HEADER, header.used);
    else
        status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status == CT_OK) {
        write_little_endian(&w, header.used + padding, 8);
        ct_writer_bytes(&w, header.text, header.used);
        ct_writer_bytes(&w, "        ", padding);
        for (const ct_named_matrix *t = NULL; (t = next_by_name(m, n, t)) != NULL;)
            write_values(&w, t);
        status = ct_writer_commit(&w);
    }
    ct_json_free(&header);
    return status;
}
