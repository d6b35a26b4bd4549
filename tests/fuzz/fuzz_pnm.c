/* fuzz_pnm.c -- any bytes are a PGM or PPM picture or are refused; what is accepted
 * can be made small and large. */
#include "formats/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[9 * 5 * 3];
    ct_pnm p;
    ct_error err = {0};
    if (ct_pnm_parse("fuzz", data, size, &p, &err) == CT_OK) {
        CT_ASSERT((size_t)p.width * (size_t)p.height * (size_t)(p.channels * p.bytes) < size);
        ct_pnm_resize(&p, 9, 5, out);
        ct_pnm_resize(&p, 1, 1, out);
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    return 0;
}
