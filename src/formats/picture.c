/* picture.c -- PGM and PPM to checked pictures, of any size asked for; pixels to BMP.
 *
 * Layer: formats. Used by the loader of pairs and by pages. */
#include "formats/picture.h"

#include "formats/bytes.h"
#include "platform/memory.h"

#include <math.h>

/* ---- PGM and PPM ---- */

/* The number 1..65535 after white space and comments; *at moves to its end. */
static int read_number(const uint8_t *data, size_t size, size_t *at)
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
    return i > first && x >= 1 && x <= 65535 ? (int)x : 0;
}

ct_status ct_pnm_parse(const char *path, const uint8_t *data, size_t size, ct_pnm *out,
                       ct_error *err)
{
    static const char *const WHAT[] = {"a width", "a height", "a largest value"};
    size_t at = 2, count;
    if (err->status != CT_OK)
        return err->status;
    if (size < 2 || data[0] != 'P' || (data[1] != '5' && data[1] != '6'))
        return CT_FAIL(err, CT_ERR_FORMAT, "%s: expected a picture in PGM (P5) or PPM (P6)", path);
    *out = (ct_pnm){.channels = data[1] == '6' ? 3 : 1};
    int *const number[] = {&out->width, &out->height, &out->largest};
    for (int k = 0; k < 3; k++)
        if ((*number[k] = read_number(data, size, &at)) == 0)
            return CT_FAIL(err, CT_ERR_FORMAT, "%s: byte %zu: expected %s from 1 to 65535", path,
                           at, WHAT[k]);
    out->bytes = out->largest > 255 ? 2 : 1;
    const bool ok = at < size && memchr(" \t\r\n", data[at], 4) != NULL &&
                    ct_size_mul((size_t)out->width * (size_t)out->channels, (size_t)out->height,
                                &count) &&
                    ct_size_mul(count, (size_t)out->bytes, &count);
    if (!ok || count != size - at - 1)
        return CT_FAIL(err, CT_ERR_FORMAT,
                       "%s: %d x %d pixels do not fit its %zu bytes; is it complete?", path,
                       out->width, out->height, size);
    out->data = data + at + 1;
    for (size_t i = 0; i < count; i += (size_t)out->bytes)
        if ((int)ct_bytes_get(out->data + i, out->bytes, true) > out->largest)
            return CT_FAIL(err, CT_ERR_FORMAT, "%s: byte %zu: a value above the largest, %d", path,
                           at + 1 + i, out->largest);
    return CT_OK;
}

/* Sum of one channel over the area [x0, x1) x [y0, y1), pixels cut by its edge by their share. */
static double area(const ct_pnm *p, double x0, double x1, double y0, double y1, int channel)
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

void ct_pnm_resize(const ct_pnm *p, int width, int height, uint8_t *out)
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
