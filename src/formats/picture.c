/* picture.c -- PGM, PPM and PNG to checked pictures, of any size asked for; pixels to BMP. */
#include "formats/picture.h"

#include "formats/bytes.h"
#include "formats/inflate.h"
#include "formats/text.h"
#include "platform/memory.h"

#include <math.h>
#include <stdlib.h>

/* ---- PGM and PPM ---- */

/* The number least..65535 after white space and comments; -1: none. *at moves to its end. */
static int read_number(const uint8_t *data, size_t size, size_t *at, int least)
{
    long x = 0;
    size_t i = *at;
    while (i < size && (memchr(" \t\r\n\v\f", data[i], 6) != NULL || data[i] == '#'))
        if (data[i++] == '#')
            while (i < size && data[i] != '\n')
                i++;
    const size_t first = i;
    while (i < size && data[i] >= '0' && data[i] <= '9' && x <= 65535)
        x = 10 * x + (data[i++] - '0');
    *at = i;
    return i > first && x >= least && x <= 65535 ? (int)x : -1;
}

static ct_status parse_pnm(const char *path, uint8_t *data, size_t size, ct_picture *out,
                           ct_error *err)
{
    static const char *const WHAT[] = {"a width", "a height", "a largest value"};
    const bool decimal = data[1] < '4';
    size_t at = 2, count = 0;
    *out = (ct_picture){.channels = data[1] % 3 == 0 ? 3 : 1};
    int *const number[] = {&out->width, &out->height, &out->largest};
    for (int k = 0; k < 3; k++)
        if ((*number[k] = read_number(data, size, &at, 1)) < 0)
            return CT_REFUSE(err, "%s: byte %zu: expected %s from 1 to 65535", path, at, WHAT[k]);
    out->bytes = out->largest > 255 ? 2 : 1;
    out->data = data;
    const size_t row = (size_t)out->width * (size_t)out->channels, n = (size_t)out->bytes;
    bool fits = at < size && memchr(" \t\r\n", data[at], 4) != NULL &&
                ct_size_mul(row, (size_t)out->height, &count) && count < size &&
                (decimal || count * n == size - at - 1);
    at += !decimal;
    /* Values move to the beginning: a decimal one and what divides it are two bytes at least. */
    for (size_t k = 0; fits && k < count; k++, at += decimal ? 0 : n) {
        const int x = decimal ? read_number(data, size, &at, 0)
                              : (int)ct_bytes_get(data + at, out->bytes, true);
        if (x > out->largest && !decimal)
            return CT_REFUSE(err, "%s: byte %zu: a value above the largest, %d", path, at,
                             out->largest);
        fits = x >= 0 && x <= out->largest;
        if (!fits)
            break;
        data[k * n] = (uint8_t)(x >> 8);
        data[k * n + n - 1] = (uint8_t)x;
    }
    if (!fits)
        CT_REFUSE(err, "%s: %d x %d pixels up to %d do not fit its %zu bytes; is it complete?",
                  path, out->width, out->height, out->largest, size);
    return err->status;
}

/* ---- PNG ----
 *
 * Chunks: length, type, bytes, CRC-32. IHDR says what the picture is, PLTE which colours numbers
 * stand for, tRNS what is transparent; the bytes of all IDAT are one zlib stream of rows, each with
 * the filter that made it smaller in front. Source: W3C PNG, second edition. */

#define SIGNATURE "\x89PNG\r\n\x1A\n"
#define MOST      ((size_t)1 << 28) /* values of a picture */

enum { COLOUR = 2, PALETTE_USED = 1, ALPHA = 4 };

typedef struct png {
    int width, height, depth, kind; /* kind: the three above, or'ed */
    int samples;                    /* of a pixel */
    size_t row, packed_size, palette_size, clear_size;
    uint8_t *packed;
    const uint8_t *palette, *clear;
} png;

static ct_status read_header(const char *path, const uint8_t *h, png *p, ct_error *err)
{
    static const uint8_t SAMPLES[] = {1, 0, 3, 1, 2, 0, 4};
    static const uint8_t DEPTHS[] = {31, 0, 24, 15, 24, 0, 24}; /* that there are, added up */
    const uint64_t width = ct_bytes_get(h, 4, true), height = ct_bytes_get(h + 4, 4, true);
    p->depth = h[8];
    p->kind = h[9];
    p->samples = p->kind <= 6 ? SAMPLES[p->kind] : 0;
    if (h[12] == 1)
        CT_REFUSE(err, "%s: is an interlaced PNG: in Python: PIL.Image.open('x.png').save('y.png')",
                  path);
    if (p->samples == 0 || (DEPTHS[p->kind] & p->depth) == 0 || (p->depth & (p->depth - 1)) != 0 ||
        h[10] != 0 || h[11] != 0 || h[12] != 0)
        CT_REFUSE(err, "%s: expected a PNG of a known kind, found depth %d, kind %d", path,
                  p->depth, p->kind);
    if (width < 1 || height < 1 || width > 65535 || height > 65535 || 3 * width * height > MOST)
        return CT_REFUSE(err, "%s: %ju x %ju pixels: expected 1 to 89 million", path,
                         (uintmax_t)width, (uintmax_t)height);
    p->width = (int)width;
    p->height = (int)height;
    p->row = ((size_t)width * (size_t)(p->samples * p->depth) + 7) / 8;
    return err->status;
}

/* All chunks; those of IDAT join where the first begins. */
static ct_status read_chunks(const char *path, uint8_t *data, size_t size, png *p, ct_error *err)
{
    size_t n;
    for (size_t at = 8; err->status == CT_OK; at += 12 + n) {
        const size_t left = size - at;
        uint8_t *type = data + at + 4, *body = type + 4;
        n = left < 12 ? 0 : (size_t)ct_bytes_get(data + at, 4, true);
        if (left < 12 || n > left - 12 ||
            ct_crc32(0, type, n + 4) != ct_bytes_get(body + n, 4, true))
            return CT_REFUSE(err, "%s: byte %zu: a damaged chunk; is it complete?", path, at);
        if ((at == 8) != (memcmp(type, "IHDR", 4) == 0 && n == 13))
            return CT_REFUSE(err, "%s: byte %zu: expected one IHDR", path, at);
        if (at == 8) {
            read_header(path, body, p, err);
        } else if (memcmp(type, "PLTE", 4) == 0) {
            p->palette = body;
            p->palette_size = n / 3;
        } else if (memcmp(type, "tRNS", 4) == 0) {
            p->clear = body;
            p->clear_size = n;
        } else if (memcmp(type, "IDAT", 4) == 0) {
            p->packed = p->packed == NULL ? body : p->packed;
            memmove(p->packed + p->packed_size, body, n);
            p->packed_size += n;
        } else if (memcmp(type, "IEND", 4) == 0) {
            break;
        }
    }
    return err->status;
}

/* Undo the filter of a row: each byte is a difference from what those before and above it predict.
 * `step`: bytes to the pixel before. */
static bool unfilter(uint8_t *row, const uint8_t *above, size_t n, size_t step)
{
    const int filter = row[-1];
    for (size_t i = 0; i < n && filter <= 4; i++) {
        const int a = i >= step ? row[i - step] : 0, b = above != NULL ? above[i] : 0;
        const int c = above != NULL && i >= step ? above[i - step] : 0;
        const int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
        const int bc = pb <= pc ? b : c;
        const int predicted[] = {0, a, b, (a + b) / 2, pa <= pb && pa <= pc ? a : bc};
        row[i] = (uint8_t)(row[i] + predicted[filter]);
    }
    return filter <= 4;
}

/* Sample k of a row, as it is stored. */
static unsigned sample(const png *p, const uint8_t *row, size_t k)
{
    const size_t bit = k * (size_t)p->depth;
    if (p->depth >= 8)
        return (unsigned)ct_bytes_get(row + bit / 8, p->depth / 8, true);
    return row[bit / 8] >> (8 - p->depth - (int)(bit % 8)) & ((1U << p->depth) - 1);
}

/* Pixel x of a row, over white; the answer is whether there is such a colour. */
static bool put_pixel(const png *p, const uint8_t *row, size_t x, uint8_t *out)
{
    const unsigned most = (1U << p->depth) - 1;
    const int colours = p->kind & COLOUR ? 3 : 1;
    unsigned value[4] = {0}, alpha = 255;
    bool clear = !(p->kind & PALETTE_USED) && p->clear_size == 2 * (size_t)colours;
    for (int c = 0; c < p->samples; c++) {
        value[c] = sample(p, row, x * (size_t)p->samples + (size_t)c);
        clear = clear && c < colours && value[c] == ct_bytes_get(p->clear + 2 * c, 2, true);
    }
    const size_t index = value[0];
    if (p->kind & PALETTE_USED) {
        alpha = index < p->clear_size ? p->clear[index] : 255;
        for (int c = 0; c < 3 && index < p->palette_size; c++)
            value[c] = p->palette[3 * index + (size_t)c];
    } else {
        for (int c = 0; c < p->samples; c++)
            value[c] = (value[c] * 255 + most / 2) / most;
        alpha = p->kind & ALPHA ? value[p->samples - 1] : 255;
        alpha = clear ? 0 : alpha;
    }
    for (int c = 0; c < colours; c++)
        out[c] = (uint8_t)((value[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    return !(p->kind & PALETTE_USED) || index < p->palette_size;
}

static ct_status parse_png(const char *path, uint8_t *data, size_t size, ct_arena *arena,
                           ct_picture *out, ct_error *err)
{
    png p = {.width = 0};
    if (read_chunks(path, data, size, &p, err) != CT_OK)
        return err->status;
    *out = (ct_picture){p.width, p.height, p.kind & COLOUR ? 3 : 1, 255, 1, NULL};
    const size_t raw_size = (size_t)p.height * (p.row + 1), width = (size_t)p.width;
    if (p.packed_size < 2 || !ct_inflate_may(p.packed_size, raw_size))
        return CT_REFUSE(err, "%s: %d x %d pixels do not fit its %zu bytes", path, p.width,
                         p.height, size);
    uint8_t *raw = ct_arena_alloc(arena, raw_size), *row = raw;
    uint8_t *pixels = ct_arena_alloc(arena, width * (size_t)p.height * (size_t)out->channels);
    if (err->status != CT_OK)
        return err->status;
    const size_t step = p.samples * p.depth > 8 ? (size_t)(p.samples * p.depth) / 8 : 1;
    bool ok = ct_inflate(p.packed + 2, p.packed_size - 2, raw, raw_size);
    out->data = pixels;
    for (int y = 0; y < p.height && ok; y++, row += p.row + 1) {
        ok = unfilter(row + 1, y > 0 ? row - p.row : NULL, p.row, step);
        for (size_t x = 0; x < width && ok; x++, pixels += out->channels)
            ok = put_pixel(&p, row + 1, x, pixels);
    }
    if (!ok)
        CT_REFUSE(err, "%s: its pixels are damaged", path);
    return err->status;
}

ct_status ct_picture_parse(const char *path, uint8_t *data, size_t size, ct_arena *arena,
                           ct_picture *out, ct_error *err)
{
    if (err->status != CT_OK)
        return err->status;
    if (size >= 8 && memcmp(data, SIGNATURE, 8) == 0)
        return parse_png(path, data, size, arena, out, err);
    if (size >= 2 && data[0] == 'P' && memchr("2356", data[1], 4) != NULL)
        return parse_pnm(path, data, size, out, err);
    ct_foreign_refuse(path, data, size, err);
    return CT_REFUSE(err, "%s: expected a picture in PNG, PGM or PPM", path);
}

/* ---- other sizes ---- */

/* Sum of one channel over the area [x0, x1) x [y0, y1), pixels cut by its edge by their share. */
static double area(const ct_picture *p, double x0, double x1, double y0, double y1, int channel)
{
    double sum = 0;
    for (int y = (int)y0; y < p->height && y < y1; y++)
        for (int x = (int)x0; x < p->width && x < x1; x++) {
            const double w = fmin(x + 1, x1) - fmax(x, x0), h = fmin(y + 1, y1) - fmax(y, y0);
            const size_t at = ((size_t)y * (size_t)p->width + (size_t)x) * (size_t)p->channels +
                              (size_t)channel;
            sum += w * h * (double)ct_bytes_get(p->data + at * (size_t)p->bytes, p->bytes, true);
        }
    return sum;
}

void ct_picture_resize(const ct_picture *p, int width, int height, uint8_t *out)
{
    const double sx = (double)p->width / width, sy = (double)p->height / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < p->channels; c++) {
                const double mean = area(p, x * sx, (x + 1) * sx, y * sy, (y + 1) * sy, c) /
                                    (sx * sy);
                *out++ = (uint8_t)fmin(255, floor(mean * 255 / p->largest + 0.5));
            }
}

/* ---- BMP ----
 *
 * A header, a palette if the picture is grey, and rows of pixels as they are: thumbnails are small,
 * so nothing is compressed. A height below 0 says that the first row is the top one. Colours are
 * stored blue first, rows padded to four bytes.
 * Source: BITMAPFILEHEADER and BITMAPINFOHEADER of Windows. */

enum { HEAD = 14 + 40, PALETTE = 4 * 256 };

uint8_t *ct_bmp_encode(const uint8_t *pixels, int width, int height, int channels, ct_arena *arena,
                       size_t *size)
{
    const size_t row = (size_t)width * (size_t)channels, padded = (row + 3) / 4 * 4;
    const size_t begin = HEAD + (channels == 1 ? PALETTE : 0);
    CT_ASSERT(width > 0 && height > 0 && (channels == 1 || channels == 3));
    *size = begin + padded * (size_t)height;
    uint8_t *out = ct_arena_zeroed(arena, *size, 1);
    if (out == NULL)
        return NULL;
    memcpy(out, "BM", 2);
    ct_bytes_put(out + 2, 4, *size);
    ct_bytes_put(out + 10, 4, begin);
    ct_bytes_put(out + 14, 4, 40); /* of the second header, which begins here */
    ct_bytes_put(out + 18, 4, (uint64_t)width);
    ct_bytes_put(out + 22, 4, (uint64_t)-height);
    ct_bytes_put(out + 26, 2, 1); /* planes */
    ct_bytes_put(out + 28, 2, 8 * (uint64_t)channels);
    for (size_t grey = 0; channels == 1 && grey < 256; grey++)
        memset(out + HEAD + 4 * grey, (int)grey, 3);
    for (size_t y = 0; y < (size_t)height; y++)
        for (size_t i = 0; i < row; i++)
            out[begin + y * padded + i] =
                pixels[y * row + (channels == 1 ? i : i + 2 - 2 * (i % 3))];
    return out;
}
