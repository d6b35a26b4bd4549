/* fuzz_idx.c -- any bytes are an IDX file or are refused. The first one says how
 * many dimensions are expected. */
#include "contrast/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ct_idx idx;
    ct_error err = {0};
    if (size == 0)
        return 0;
    if (ct_idx_parse("fuzz", data + 1, size - 1, data[0] % 4 + 1, &idx, &err) == CT_OK) {
        size_t count = 1;
        volatile uint8_t last = 0;
        for (int k = 0; k < idx.n_dims; k++)
            count *= (size_t)idx.dim[k];
        for (size_t i = 0; i < count; i++)
            last = idx.data[i];
        (void)last;
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    return 0;
}
