/* fuzz_pnm.c -- any bytes are a PGM or PPM picture or are refused; what is accepted
 * can be made small and large. */
#include "formats/picture.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[9 * 5 * 3], *copy = malloc(size + 1);
    ct_picture p;
    ct_error err = {0};
    ct_arena arena;
    ct_arena_open(&arena, "fuzz", 0, &err);
    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    if (copy != NULL && ct_picture_parse("fuzz", copy, size, &arena, &p, &err) == CT_OK) {
        CT_ASSERT((size_t)p.width * (size_t)p.height * (size_t)(p.channels * p.bytes) < size);
        ct_picture_resize(&p, 9, 5, out);
        ct_picture_resize(&p, 1, 1, out);
    } else if (copy != NULL) {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    free(copy);
    ct_arena_free(&arena);
    return 0;
}
