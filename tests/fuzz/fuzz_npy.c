/* fuzz_npy.c -- any bytes are a .npy array or are refused; of what is accepted every
 * value can be read, and the last ends the file. */
#include "formats/npy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ct_npy a;
    ct_error err = {0};
    unsigned char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (ct_npy_parse("fuzz", copy, size, size, &a, &err) == CT_OK) {
        CT_ASSERT(a.offset + a.count * (size_t)a.width == size);
        CT_ASSERT((size_t)a.rows * (size_t)a.cols == a.count);
        for (size_t k = 0; k < a.count; k++) {
            volatile double value = ct_npy_value(&a, data + a.offset, k);
            (void)value;
        }
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    free(copy);
    return 0;
}
