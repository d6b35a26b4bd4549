/* png.c -- PNG with "stored" blocks: two checksums and no compression.
 * Source: RFC 1950, 1951, 2083.
 *
 * A row is a block: its filter byte (0: none) and its pixels, so that lengths are
 * known before anything is written.
 *
 * Layer: formats. */
#include "formats/png.h"

#include "formats/bytes.h"
#include "platform/file.h"

typedef struct png {
    ct_writer w;
    uint32_t  crc, a, b; /* of the chunk; Adler-32 of the rows */
} png;

/* To the file and into the chunk's CRC-32, a bit at a time. */
static void put(png *p, const void *data, size_t n)
{
    const uint8_t *byte = data;
    ct_writer_bytes(&p->w, data, n);
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

static void begin_chunk(png *p, const char type[4], uint32_t length)
{
    put_32(p, length);
    p->crc = 0xFFFFFFFFu;
    put(p, type, 4);
}

static void end_chunk(png *p)
{
    put_32(p, ~p->crc);
}

static void put_rows(png *p, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p->a = (p->a + data[i]) % 65521;
        p->b = (p->b + p->a) % 65521;
    }
    put(p, data, n);
}

ct_status ct_png_write(const char *path, const uint8_t *rgb, int width, int height, ct_error *err)
{
    const size_t row = 3 * (size_t)width;
    png          p = {.a = 1};
    CT_ASSERT(width > 0 && height > 0 && row < 65535); /* a block's most */
    ct_status status = ct_writer_open(&p.w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    put(&p, "\x89PNG\r\n\x1a\n", 8);
    begin_chunk(&p, "IHDR", 13);
    put_32(&p, (uint32_t)width);
    put_32(&p, (uint32_t)height);
    put(&p, "\x08\x02\0\0\0", 5); /* 8 bits, red green blue */
    end_chunk(&p);
    begin_chunk(&p, "IDAT", (uint32_t)(2 + (row + 6) * (size_t)height + 4));
    put(&p, "\x78\x01", 2);
    for (int y = 0; y < height; y++) {
        uint8_t head[5] = {y == height - 1};
        ct_bytes_put(head + 1, 2, row + 1);
        ct_bytes_put(head + 3, 2, ~(uint64_t)(row + 1));
        put(&p, head, 5);
        put_rows(&p, (const uint8_t *)"", 1);
        put_rows(&p, rgb + (size_t)y * row, row);
    }
    put_32(&p, p.b << 16 | p.a);
    end_chunk(&p);
    begin_chunk(&p, "IEND", 0);
    end_chunk(&p);
    return ct_writer_commit(&p.w);
}
