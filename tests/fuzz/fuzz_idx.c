/* fuzz_idx.c -- any bytes are an IDX file or are refused. The first one is passed over, as the
 * corpus has it. */
#include "formats/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ct_npy a = {0};
    ct_error err = {0};
    if (size == 0)
        return 0;
    if (ct_idx_describe("fuzz", data + 1, size - 1, size - 1, &a, &err) == CT_OK) {
        volatile uint8_t last = 0;
        for (size_t i = 0; i < a.count; i++)
            last = data[1 + a.offset + i];
        (void)last;
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    return 0;
}
