/* pnm.c -- PGM and PPM to checked pictures, of any size asked for.
 *
 * Layer: formats. Used by the loader of pairs. */
#include "formats/pnm.h"

#include "formats/bytes.h"
#include "platform/memory.h"

#include <math.h>

/* The number 1..65535 behind white space and comments; *at moves to its end. */
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
