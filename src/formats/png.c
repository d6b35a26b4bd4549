/* png.c -- PNG with "stored" blocks: two checksums and no compression.
 * Source: RFC 1950, 1951, 2083.
 *
 * What is not compressed has a length that is known before anything is written, so
 * that a file needs no copy of the picture in memory.
 *
 * Layer: formats. */
#include "formats/png.h"

#include "formats/bytes.h"
#include "platform/file.h"

#define STORED 65535 /* most bytes of a block */

typedef struct png {
    ct_writer *file; /* or NULL: into memory, at `at` */
    uint8_t   *at;
    uint32_t   crc, a, b; /* of the chunk; Adler-32 of the rows */
    size_t     left, in_block; /* bytes of rows still to come, of these in the block that is begun */
} png;

/* Out, and into the chunk's CRC-32, a bit at a time. */
static void put(png *p, const void *data, size_t n)
{
    const uint8_t *byte = data;
    if (p->file != NULL) {
        ct_writer_bytes(p->file, data, n);
    } else {
        memcpy(p->at, data, n);
        p->at += n;
    }
    for (size_t i = 0; i < n; i++) {
        p->crc ^= byte[i];
        for (int k = 0; k < 8; k++)
            p->crc = p->crc >> 1 ^ (p->crc & 1 ? 0xEDB88320u : 0);
    }
}

static void put_32(png *p, uint32_t x)
{
    const uint8_t byte[4] = {(uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8), (uint8_t)x};
    put(p, byte, 4);
}

static void begin_chunk(png *p, const char type[4], size_t length)
{
    put_32(p, (uint32_t)length);
    p->crc = 0xFFFFFFFFu;
    put(p, type, 4);
}

static void end_chunk(png *p)
{
    put_32(p, ~p->crc);
}

static void begin_block(png *p)
{
    uint8_t head[5] = {p->left <= STORED}; /* the last one */
    p->in_block = p->left < STORED ? p->left : STORED;
    ct_bytes_put(head + 1, 2, p->in_block);
    ct_bytes_put(head + 3, 2, ~(uint64_t)p->in_block);
    put(p, head, 5);
}

static void put_rows(png *p, const uint8_t *data, size_t n)
{
    while (n > 0) {
        if (p->in_block == 0)
            begin_block(p);
        const size_t here = n < p->in_block ? n : p->in_block;
        for (size_t i = 0; i < here; i++) {
            p->a = (p->a + data[i]) % 65521;
            p->b = (p->b + p->a) % 65521;
        }
        put(p, data, here);
        p->in_block -= here;
        p->left -= here;
        data += here;
        n -= here;
    }
}

/* Bytes of the zlib stream: its head, blocks, sum. Each row has a filter byte (0: none) in front. */
static size_t stream_size(size_t row, int height)
{
    const size_t all = (row + 1) * (size_t)height;
    return 2 + all + 5 * ((all + STORED - 1) / STORED) + 4;
}

static void put_png(png *p, const uint8_t *pixels, int width, int height, int channels)
{
    const size_t  row = (size_t)width * (size_t)channels;
    const uint8_t kind[5] = {8, channels == 1 ? 0 : 2, 0, 0, 0}; /* depth, colour, deflate, filter, whole */
    CT_ASSERT(width > 0 && height > 0 && (channels == 1 || channels == 3));
    p->a = 1;
    p->left = (row + 1) * (size_t)height;
    put(p, "\x89PNG\r\n\x1a\n", 8);
    begin_chunk(p, "IHDR", 13);
    put_32(p, (uint32_t)width);
    put_32(p, (uint32_t)height);
    put(p, kind, 5);
    end_chunk(p);
    begin_chunk(p, "IDAT", stream_size(row, height));
    put(p, "\x78\x01", 2);
    for (int y = 0; y < height; y++) {
        put_rows(p, (const uint8_t *)"", 1);
        put_rows(p, pixels + (size_t)y * row, row);
    }
    put_32(p, p->b << 16 | p->a);
    end_chunk(p);
    begin_chunk(p, "IEND", 0);
    end_chunk(p);
}

ct_status ct_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels, ct_error *err)
{
    ct_writer       w;
    png             p = {.file = &w};
    const ct_status status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    put_png(&p, pixels, width, height, channels);
    return ct_writer_commit(&w);
}

uint8_t *ct_png_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena, size_t *size)
{
    *size = 8 + 25 + 12 + stream_size((size_t)width * (size_t)channels, height) + 12; /* signature, IHDR, IDAT, IEND */
    uint8_t *out = ct_arena_alloc(arena, *size);
    png      p = {.at = out};
    if (out == NULL)
        return NULL;
    put_png(&p, pixels, width, height, channels);
    CT_ASSERT((size_t)(p.at - out) == *size);
    return out;
}
