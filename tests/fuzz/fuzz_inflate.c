/* fuzz_inflate.c -- any bytes are what deflate makes of as many bytes as the first two say, or are
 * refused; in either case nothing beyond them is read or written. */
#include "formats/inflate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t n = data[0] + 256U * data[1];
    uint8_t *out = malloc(n + 1);
    if (out != NULL && ct_inflate(data + 2, size - 2, out, n))
        CT_ASSERT(ct_inflate_may(size - 2, n));
    free(out);
    return 0;
}
