/* inflate.h -- what deflate packed: PNG, gzip, and the members of a zip. Private. */
#ifndef FORMATS_INFLATE_H
#define FORMATS_INFLATE_H

#include "contrast/arena.h"
#include "platform/file.h"

/* Can `packed` bytes hold `size` deflated ones? Deflate makes at most 1032 bytes of one, so a file
 * that promises more is refused before anything is allocated. */
bool ct_inflate_may(uint64_t packed, uint64_t size);

/* Undo deflate (RFC 1951): the bytes at `in` give exactly `size` bytes at `out`, or the answer is
 * false. Allocates nothing; takes time in proportion to n + size. */
bool ct_inflate(const uint8_t *in, size_t n, uint8_t *out, size_t size);

/* CRC-32 of what went before (0: nothing) and n more bytes, as PNG, gzip and zip have it. */
uint32_t ct_crc32(uint32_t crc, const uint8_t *data, size_t n);

/* The source, whose first bytes begin as gzip does, becomes what it unpacks to, in the arena.
 * Errors  CT_ERR_FORMAT, CT_ERR_NOMEM, CT_ERR_IO */
ct_status ct_gzip_open(ct_source *s, const uint8_t *head, size_t size, ct_arena *arena,
                       ct_error *err);

/* A zip by its central directory: `offer` is told each member's name and answers whether that is
 * it. The source becomes the last such member: a part of the file if it is stored, else unpacked
 * into the arena; nothing happens if there is none. Errors  as above */
ct_status ct_zip_open(ct_source *s, bool (*offer)(void *ctx, const char *name), void *ctx,
                      ct_arena *arena, ct_error *err);

#endif
