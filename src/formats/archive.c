/* archive.c -- gzip, and zip as numpy.savez makes it.
 *
 * Both say how long the unpacked bytes are and what their CRC-32 is. That length is allocated, once
 * it is no more than deflate could make of the packed bytes, and nothing else.
 *
 * Layer: formats. */
#include "formats/inflate.h"

#include "formats/bytes.h"
#include "platform/memory.h"

#include <stdio.h>

/* The source becomes the `size` bytes that `packed` bytes from `at` on were deflated from. */
static ct_status unpack(ct_source *s, uint64_t at, uint64_t packed, uint64_t size, uint32_t crc,
                        ct_arena *arena, ct_error *err)
{
    if (packed > s->size || !ct_inflate_may(packed, size))
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: %ju bytes cannot be %ju deflated ones", s->path,
                       (uintmax_t)packed, (uintmax_t)size);
    uint8_t *in = ct_alloc_for(s->path, (size_t)packed + 1, 1, err);
    uint8_t *out = ct_arena_alloc(arena, (size_t)size + 1);
    if (out == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for %ju bytes", s->path, (uintmax_t)size);
    if (ct_source_read(s, at, in, (size_t)packed, err) == CT_OK &&
        (!ct_inflate(in, (size_t)packed, out, (size_t)size) ||
         ct_crc32(0, out, (size_t)size) != crc))
        CT_FAIL(err, CT_ERR_FORMAT, "%s: is damaged: expected %ju deflated bytes", s->path,
                (uintmax_t)size);
    ct_free(in);
    s->bytes = out;
    s->begin = 0;
    s->size = size;
    return err->status;
}

/* Ten bytes; then, if the flags say so, an extra field, a name, a comment and a checksum; the
 * deflated bytes; their CRC-32 and length. Source: RFC 1952. */
ct_status ct_gzip_open(ct_source *s, const uint8_t *head, size_t size, ct_arena *arena,
                       ct_error *err)
{
    const unsigned flags = size > 10 ? head[3] : 0;
    uint8_t tail[8] = {0};
    size_t at = 10;
    if (flags & 4)
        at += 2 + (size > 12 ? (size_t)ct_bytes_get(head + 10, 2, false) : 0);
    for (unsigned text = flags >> 3 & 3; text != 0; text &= text - 1)
        do
            at++;
        while (at < size && head[at - 1] != 0);
    at += flags & 2;
    if (s->size < at + sizeof tail || head[2] != 8)
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: is gzip and cut short; is it complete?", s->path);
    ct_source_read(s, s->size - sizeof tail, tail, sizeof tail, err);
    return unpack(s, at, s->size - sizeof tail - at, ct_bytes_get(tail + 4, 4, false),
                  (uint32_t)ct_bytes_get(tail, 4, false), arena, err);
}

/* A member's entry in the directory at the end of the file. Source: PKWARE's APPNOTE.TXT, 4.3.12 */
enum {
    ENTRY = 46,
    METHOD = 10,
    CRC = 16,
    PACKED = 20,
    SIZE = 24,
    NAME_LENGTH = 28,
    EXTRA_LENGTH = 30,
    COMMENT_LENGTH = 32,
    PLACE = 42,
};

static ct_status open_member(ct_source *s, const uint8_t *entry, ct_arena *arena, ct_error *err)
{
    const uint64_t place = ct_bytes_get(entry + PLACE, 4, false);
    const uint64_t packed = ct_bytes_get(entry + PACKED, 4, false),
                   size = ct_bytes_get(entry + SIZE, 4, false);
    const uint64_t method = ct_bytes_get(entry + METHOD, 2, false);
    uint8_t
        local[30]; /* the same again before the bytes, with a length of its own for the extras */
    if (ct_source_read(s, place, local, sizeof local, err) != CT_OK)
        return err->status;
    const uint64_t at = place + sizeof local + ct_bytes_get(local + 26, 2, false) +
                        ct_bytes_get(local + 28, 2, false);
    if (method == 8)
        return unpack(s, at, packed, size, (uint32_t)ct_bytes_get(entry + CRC, 4, false), arena,
                      err);
    if (method != 0 || packed != size || at > s->size || size > s->size - at)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: expected a stored or deflated member below 4 GB; np.save it", s->path);
    s->begin += at;
    s->size = size;
    return err->status;
}

ct_status ct_zip_open(ct_source *s, bool (*offer)(void *ctx, const char *name), void *ctx,
                      ct_arena *arena, ct_error *err)
{
    uint8_t end[22] = {0}, *entry = NULL, *chosen = NULL;
    const uint64_t last = s->size < sizeof end ? 0 : s->size - sizeof end;
    ct_source_read(s, last, end, sizeof end, err);
    const uint64_t size = ct_bytes_get(end + 12, 4, false), at = ct_bytes_get(end + 16, 4, false);
    if (memcmp(end, "PK\5\6", 4) != 0 || size > last || at > last - size)
        CT_FAIL(err, CT_ERR_FORMAT, "%s: expected a zip with its directory at the end", s->path);
    else
        entry = ct_arena_alloc(arena, (size_t)size + 1);
    if (entry == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its directory", s->path);
    ct_source_read(s, at, entry, (size_t)size, err);
    for (size_t left = (size_t)size, n; err->status == CT_OK && left >= ENTRY; left -= n) {
        char name[256];
        const size_t length = (size_t)ct_bytes_get(entry + NAME_LENGTH, 2, false);
        n = ENTRY + length + (size_t)ct_bytes_get(entry + EXTRA_LENGTH, 2, false) +
            (size_t)ct_bytes_get(entry + COMMENT_LENGTH, 2, false);
        if (memcmp(entry, "PK\1\2", 4) != 0 || n > left)
            return CT_FAIL(err, CT_ERR_FORMAT, "%s: its directory is damaged", s->path);
        snprintf(name, sizeof name, "%.*s", (int)length, (const char *)entry + ENTRY);
        chosen = offer(ctx, name) ? entry : chosen;
        entry += n;
    }
    return err->status == CT_OK && chosen != NULL ? open_member(s, chosen, arena, err)
                                                  : err->status;
}
