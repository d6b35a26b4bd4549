/* png.c -- PNG, compressed by what pictures of ours have: runs of a colour, and rows like the
 * one above. Source: RFC 1950, 1951, 2083.
 *
 * One block of deflate with its fixed codes. A match is looked for in two places only, a
 * pixel back and a row back: axes and cells shrink to a few per cent, photographs hardly.
 *
 * Layer: formats. */
#include "formats/png.h"

#include "platform/file.h"

#include <string.h>

enum {
    LONGEST = 258,    /* match */
    FARTHEST = 32768, /* back */
    CHUNK = 8192,
};

typedef struct png {
    ct_writer *file; /* or NULL: into memory, at `at` */
    uint8_t *at;
    uint32_t crc, a, b; /* of the chunk; Adler-32 of the rows */
    uint32_t bits;      /* of the next byte, lowest first */
    int n_bits, used;
    uint8_t data[CHUNK]; /* of the next IDAT */
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

static void chunk(png *p, const char type[4], const void *data, int length)
{
    put_32(p, (uint32_t)length);
    p->crc = 0xFFFFFFFFu;
    put(p, type, 4);
    put(p, data, (size_t)length);
    put_32(p, ~p->crc);
}

/* ---- deflate ---- */

static void put_byte(png *p, uint32_t byte)
{
    p->data[p->used++] = (uint8_t)byte;
    if (p->used == CHUNK) {
        chunk(p, "IDAT", p->data, p->used);
        p->used = 0;
    }
}

static void put_bits(png *p, uint32_t bits, int n)
{
    p->bits |= bits << p->n_bits;
    for (p->n_bits += n; p->n_bits >= 8; p->n_bits -= 8, p->bits >>= 8)
        put_byte(p, p->bits & 255);
}

/* Codes, unlike numbers, begin with their highest bit. */
static void put_code(png *p, uint32_t code, int n)
{
    while (n-- > 0)
        put_bits(p, code >> n & 1, 1);
}

/* A byte, the end of the block (256) or a kind of length. */
static void put_symbol(png *p, uint32_t s)
{
    if (s < 144)
        put_code(p, 0x30 + s, 8);
    else if (s < 256)
        put_code(p, 0x190 + s - 144, 9);
    else if (s < 280)
        put_code(p, s - 256, 7);
    else
        put_code(p, 0xC0 + s - 280, 8);
}

/* Bits of x below its highest `keep`. */
static int low_bits(uint32_t x, int keep)
{
    int n = 0;
    while (x >> n >> keep != 0)
        n++;
    return n;
}

static void put_match(png *p, uint32_t length, uint32_t back)
{
    const uint32_t l = length - 3, d = back - 1;
    const int l_bits = low_bits(l, 3), d_bits = low_bits(d, 2);
    if (length == LONGEST) {
        put_symbol(p, 285);
    } else {
        put_symbol(p, 257 + 4 * (uint32_t)l_bits + (l >> l_bits));
        put_bits(p, l & ((1u << l_bits) - 1), l_bits);
    }
    put_code(p, 2 * (uint32_t)d_bits + (d >> d_bits), 5);
    put_bits(p, d & ((1u << d_bits) - 1), d_bits);
}

/* How many bytes from `at` on, at most n, are those `back` before them. */
static size_t match(const uint8_t *at, size_t back, size_t n)
{
    const uint8_t *from = at - back;
    size_t k = 0;
    while (k < n && k < LONGEST && at[k] == from[k])
        k++;
    return k;
}

/* A row: its filter byte (0: none) and its pixels, which in memory follow those of the row above.
 */
static void put_row(png *p, const uint8_t *row, size_t size, bool first, size_t channels)
{
    put_symbol(p, 0);
    p->b = (p->b + p->a) % 65521;
    for (size_t i = 0; i < size; i++) {
        p->a = (p->a + row[i]) % 65521;
        p->b = (p->b + p->a) % 65521;
    }
    for (size_t i = 0, n; i < size; i += n) {
        const size_t beside = i < channels ? 0 : match(row + i, channels, size - i);
        const size_t above = first || size + 1 > FARTHEST ? 0 : match(row + i, size, size - i);
        const bool is_above = above > beside + 2; /* the nearer place has the shorter code */
        n = is_above ? above : beside;
        if (n >= 3) {
            put_match(p, (uint32_t)n, (uint32_t)(is_above ? size + 1 : channels));
        } else {
            put_symbol(p, row[i]);
            n = 1;
        }
    }
}

static void put_png(png *p, const uint8_t *pixels, int width, int height, int channels)
{
    const size_t row = (size_t)width * (size_t)channels;
    uint8_t head[13] = {0, 0, 0, 0, 0,
                        0, 0, 0, 8, channels == 1 ? 0 : 2}; /* 8 bits; grey or colours */
    CT_ASSERT(width > 0 && height > 0 && (channels == 1 || channels == 3));
    for (int k = 0; k < 4; k++) {
        head[k] = (uint8_t)((uint32_t)width >> (24 - 8 * k));
        head[k + 4] = (uint8_t)((uint32_t)height >> (24 - 8 * k));
    }
    p->a = 1;
    put(p, "\x89PNG\r\n\x1a\n", 8);
    chunk(p, "IHDR", head, 13);
    put_bits(p, 0x0178, 16); /* zlib */
    put_bits(p, 3, 3);       /* the last block, fixed codes */
    for (int y = 0; y < height; y++)
        put_row(p, pixels + (size_t)y * row, row, y == 0, (size_t)channels);
    put_symbol(p, 256);
    put_bits(p, 0, 7); /* whatever has begun of a byte */
    for (int k = 24; k >= 0; k -= 8)
        put_byte(p, (p->b << 16 | p->a) >> k & 255);
    if (p->used > 0)
        chunk(p, "IDAT", p->data, p->used);
    chunk(p, "IEND", "", 0);
}

ct_status ct_png_write(const char *path, const uint8_t *pixels, int width, int height, int channels,
                       ct_error *err)
{
    ct_writer w;
    png p = {.file = &w};
    const ct_status status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    put_png(&p, pixels, width, height, channels);
    return ct_writer_commit(&w);
}

uint8_t *ct_png_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size)
{
    /* at worst 9 bits a byte; each chunk has 12 bytes more */
    const size_t all = ((size_t)width * (size_t)channels + 1) * (size_t)height,
                 most = all + all / 8 + 16;
    uint8_t *out = ct_arena_alloc(arena, most + 12 * (most / CHUNK + 1) + 8 + 25 + 12);
    png p = {.at = out};
    if (out == NULL)
        return NULL;
    put_png(&p, pixels, width, height, channels);
    *size = (size_t)(p.at - out);
    return out;
}
