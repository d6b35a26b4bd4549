/* archive.c -- gzip, and zip as numpy.savez makes it.
 *
 * Both say how long the unpacked bytes are and what their CRC-32 is. That length is allocated, once
 * it is no more than deflate could make of the packed bytes, and nothing else. */
#include "formats/inflate.h"

#include "formats/bytes.h"
#include "platform/memory.h"

#include <stdio.h>

#define CUT "%s: is damaged, or truncated at its byte %ju: checksum or length do not fit"

/* All bytes of the source against their checksum. */
static ct_status check_bytes(const ct_source *s, uint64_t crc, ct_error *err)
{
    uint8_t piece[8192];
    uint32_t got = 0;
    for (uint64_t at = 0, n; at < s->size && err->status == CT_OK; at += n) {
        n = s->size - at < sizeof piece ? s->size - at : sizeof piece;
        if (ct_source_read(s, at, piece, (size_t)n, err) == CT_OK)
            got = ct_crc32(got, piece, (size_t)n);
    }
    return got == crc ? err->status : CT_REFUSE(err, CUT, s->path, (uintmax_t)s->size);
}

/* The source becomes the `size` bytes that `packed` bytes from `at` on were deflated from. */
static ct_status unpack(ct_source *s, uint64_t at, uint64_t packed, uint64_t size, uint64_t crc,
                        ct_arena *arena, ct_error *err)
{
    if (packed > s->size || !ct_inflate_may(packed, size))
        return CT_REFUSE(err, CUT, s->path, (uintmax_t)s->size);
    uint8_t *in = ct_alloc_for(s->path, (size_t)packed + 1, 1, err);
    uint8_t *out = ct_arena_alloc(arena, (size_t)size + 1);
    if (ct_source_read(s, at, in, (size_t)packed, err) == CT_OK &&
        !ct_inflate(in, (size_t)packed, out, (size_t)size))
        CT_REFUSE(err, CUT, s->path, (uintmax_t)s->size);
    ct_free(in);
    s->bytes = out;
    s->begin = 0;
    s->size = size;
    return check_bytes(s, crc, err);
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
        return CT_REFUSE(err, CUT, s->path, (uintmax_t)s->size);
    ct_source_read(s, s->size - sizeof tail, tail, sizeof tail, err);
    return unpack(s, at, s->size - sizeof tail - at, ct_bytes_get(tail + 4, 4, false),
                  ct_bytes_get(tail, 4, false), arena, err);
}

/* A member's entry in the directory at the end of the file. Source: PKWARE's APPNOTE.TXT, 4.3.12 */
enum { METHOD = 10, CRC = 16, PACKED = 20, SIZE = 24, PLACE = 42, ENTRY = 46 };
enum { NAME_LENGTH = 28, EXTRA_LENGTH = 30, COMMENT_LENGTH = 32 };

/* The same again comes before the bytes, with a length of its own for the extras. */
enum { LOCAL = 30, LOCAL_NAME_LENGTH = 26, LOCAL_EXTRA_LENGTH = 28 };

static size_t get(const uint8_t *p, int n)
{
    return (size_t)ct_bytes_get(p, n, false);
}

static ct_status open_member(ct_source *s, const uint8_t *entry, ct_arena *arena, ct_error *err)
{
    const size_t method = get(entry + METHOD, 2), packed = get(entry + PACKED, 4);
    const size_t size = get(entry + SIZE, 4);
    uint64_t at = get(entry + PLACE, 4);
    uint8_t local[LOCAL];
    if (ct_source_read(s, at, local, LOCAL, err) != CT_OK)
        return err->status;
    at += LOCAL + get(local + LOCAL_NAME_LENGTH, 2) + get(local + LOCAL_EXTRA_LENGTH, 2);
    if (method == 8)
        return unpack(s, at, packed, size, get(entry + CRC, 4), arena, err);
    if (method != 0 || packed != size || at > s->size || size > s->size - at)
        return CT_REFUSE(err, "%s: expected a stored or deflated member below 4 GB; np.save it",
                         s->path);
    s->begin += at;
    s->size = size;
    return check_bytes(s, get(entry + CRC, 4), err);
}

ct_status ct_zip_open(ct_source *s, bool (*offer)(void *ctx, const char *name), void *ctx,
                      ct_arena *arena, ct_error *err)
{
    uint8_t end[22] = {0}, *entry = NULL, *chosen = NULL;
    const uint64_t last = s->size < sizeof end ? 0 : s->size - sizeof end;
    ct_source_read(s, last, end, sizeof end, err);
    const size_t size = get(end + 12, 4), at = get(end + 16, 4);
    if (memcmp(end, "PK\5\6", 4) != 0 || size > last || at > last - size)
        CT_REFUSE(err, "%s: expected a zip with its directory at the end", s->path);
    else
        entry = ct_arena_alloc(arena, size + 1);
    ct_source_read(s, at, entry, size, err);
    for (size_t left = size, n; err->status == CT_OK && left >= ENTRY; left -= n) {
        char name[256];
        const size_t length = get(entry + NAME_LENGTH, 2);
        n = ENTRY + length + get(entry + EXTRA_LENGTH, 2) + get(entry + COMMENT_LENGTH, 2);
        if (memcmp(entry, "PK\1\2", 4) != 0 || n > left)
            return CT_REFUSE(err, "%s: its directory is damaged", s->path);
        snprintf(name, sizeof name, "%.*s", (int)length, (const char *)entry + ENTRY);
        chosen = offer(ctx, name) ? entry : chosen;
        entry += n;
    }
    if (err->status == CT_OK && chosen != NULL)
        open_member(s, chosen, arena, err);
    return err->status;
}
