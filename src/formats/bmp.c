/* bmp.c -- a header, a palette if the picture is grey, and rows of pixels as they are.
 *
 * Thumbnails are small, so nothing is compressed. A height below 0 says that the first row
 * is the top one. Colours are stored blue first, rows padded to four bytes.
 * Source: BITMAPFILEHEADER and BITMAPINFOHEADER of Windows.
 *
 * Layer: formats. */
#include "formats/bmp.h"

#include "formats/bytes.h"

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
