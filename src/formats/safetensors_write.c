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

#include <stdio.h>
#include <string.h>

static size_t bytes_of(const ct_named_matrix *m)
{
    return (size_t)m->rows * (size_t)m->cols * sizeof(ct_real);
}

/* The matrix that follows `last` (NULL: the first) in the order of names. Lists
 * are short: searching is cheaper than keeping a sorted copy. */
static const ct_named_matrix *next_by_name(const ct_named_matrix *m, int n,
                                           const ct_named_matrix *last)
{
    const ct_named_matrix *next = NULL;
    for (int i = 0; i < n; i++) {
        const bool later = last == NULL || strcmp(m[i].name, last->name) > 0;
        if (later && (next == NULL || strcmp(m[i].name, next->name) < 0))
            next = &m[i];
    }
    return next;
}

/* [a, b], or [b] alone. */
static void put_sizes(ct_json *j, const char *key, bool both, size_t a, size_t b)
{
    ct_json_open(j, key, '[');
    if (both)
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
    int written = 0;
    for (const ct_named_matrix *t = NULL; (t = next_by_name(m, n, t)) != NULL; written++) {
        CT_ASSERT(strlen(t->name) <= CT_SAFETENSORS_NAME && (!t->vector || t->rows == 1));
        ct_json_open(j, t->name, '{');
        ct_json_string(j, "dtype", sizeof(ct_real) == 4 ? "F32" : "F64");
        put_sizes(j, "shape", !t->vector, (size_t)t->rows, (size_t)t->cols);
        put_sizes(j, "data_offsets", true, begin, begin + bytes_of(t));
        ct_json_close(j);
        begin += bytes_of(t);
    }
    ct_json_close(j);
    CT_ASSERT(written == n); /* else two have one name */
}

static uint64_t bits_of(ct_real x)
{
#ifdef CT_REAL_DOUBLE
    uint64_t bits;
#else
    uint32_t bits;
#endif
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The values of all matrices, sorted, to the file, or into the hash. */
static void put_values(const ct_named_matrix *m, int n, ct_writer *w, uint64_t *hash)
{
    unsigned char buffer[4096];
    for (const ct_named_matrix *t = NULL; (t = next_by_name(m, n, t)) != NULL;) {
        const size_t count = bytes_of(t) / sizeof(ct_real);
        for (size_t i = 0, used = 0; i < count; i++) {
            ct_bytes_put(buffer + used, sizeof(ct_real), bits_of(t->x[i]));
            used += sizeof(ct_real);
            if (used < sizeof buffer && i + 1 < count)
                continue;
            if (w != NULL)
                ct_writer_bytes(w, buffer, used);
            else
                *hash = ct_bytes_hash(*hash, buffer, used);
            used = 0;
        }
    }
}

/* Put the hash in the place of its zeros, if there are any. */
static void sign(ct_json *header, const unsigned char length[8], size_t padding,
                 const ct_named_matrix *m, int n)
{
    char *zeros = header->failed ? NULL
                                 : strstr(header->text, "\"" CT_SAFETENSORS_HASH
                                                        "\":\"" CT_SAFETENSORS_ZEROS "\"");
    char digits[17];
    if (zeros == NULL)
        return;
    uint64_t hash = ct_bytes_hash(CT_BYTES_HASH, length, 8);
    hash = ct_bytes_hash(hash, header->text, header->used);
    hash = ct_bytes_hash(hash, "        ", padding);
    put_values(m, n, NULL, &hash);
    snprintf(digits, sizeof digits, "%016jx", (uintmax_t)hash);
    memcpy(zeros + sizeof CT_SAFETENSORS_HASH + 3, digits, 16);
}

ct_status ct_safetensors_write(const char *path, const ct_named_matrix *m, int n,
                               const ct_metadata *metadata, int n_metadata, ct_error *err)
{
    CT_ASSERT(n <= CT_SAFETENSORS_MAX && n_metadata <= CT_SAFETENSORS_MAX_METADATA);
    ct_json header = {0};
    ct_writer w;
    unsigned char length[8];
    ct_status status;
    build_header(&header, m, n, metadata, n_metadata);
    const size_t padding = (8 - header.used % 8) % 8; /* so that the data is aligned */
    ct_bytes_put(length, 8, header.used + padding);
    sign(&header, length, padding, m, n);
    if (header.failed)
        status = CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its header", path);
    else if (header.used + padding > CT_SAFETENSORS_HEADER)
        status = CT_FAIL(err, CT_ERR_CONFIG,
                         "%s: expected at most %d bytes of names and metadata, found %zu", path,
                         CT_SAFETENSORS_HEADER, header.used);
    else
        status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status == CT_OK) {
        ct_writer_bytes(&w, length, 8);
        ct_writer_bytes(&w, header.text, header.used);
        ct_writer_bytes(&w, "        ", padding);
        put_values(m, n, &w, NULL);
        status = ct_writer_commit(&w);
    }
    ct_json_free(&header);
    return status;
}
