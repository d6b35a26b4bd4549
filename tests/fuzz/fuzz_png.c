/* fuzz_png.c -- any chunks, made right where their checksums are wrong, are a PNG picture or are
 * refused; what is accepted has a byte for each value. */
#include "formats/inflate.h"
#include "formats/picture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(uint8_t *file, size_t size)
{
    memcpy(file, "\x89PNG\r\n\x1A\n", size < 8 ? size : 8);
    for (size_t at = 8, n; size > at && size - at >= 12; at += 12 + n) {
        n = (size_t)file[at + 2] << 8 | file[at + 3]; /* no chunk is longer than an input */
        file[at] = file[at + 1] = 0;
        if (n > size - at - 12)
            return;
        const uint32_t crc = ct_crc32(0, file + at + 4, n + 4);
        for (int k = 0; k < 4; k++)
            file[at + 8 + n + (size_t)k] = (uint8_t)(crc >> (24 - 8 * k));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 1);
    ct_picture p;
    ct_error err = {0};
    ct_arena arena;
    ct_arena_open(&arena, "fuzz", (size_t)1 << 28, &err);
    if (file == NULL)
        return 0;
    if (size > 0)
        memcpy(file, data, size);
    mend(file, size);
    if (ct_picture_parse("fuzz", file, size, &arena, &p, &err) == CT_OK) {
        volatile uint8_t sum = 0;
        for (size_t k = 0; k < (size_t)p.width * (size_t)p.height * (size_t)p.channels; k++)
            sum = (uint8_t)(sum + p.data[k]);
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    ct_arena_free(&arena);
    free(file);
    return 0;
}
