/* fuzz_curve.c -- any text is a curve of losses or is refused; of what is accepted something can be
 * said. */
#include "measure/numbers.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ct_numbers x;
    ct_curve curve;
    ct_error err = {.status = CT_OK};
    char *text = malloc(size + 1), *begin = malloc(size + 1);
    if (text == NULL || begin == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    strcpy(begin, text);
    ct_curve_begins(begin);
    if (ct_curve_read("fuzz", text, &curve, &err) == CT_OK) {
        const ct_loss_setting at = {.n = 8, .d = 4};
        if (isfinite(curve.level))
            ct_numbers_of(NULL, &at, curve.level, curve.known_to, &x);
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    free(begin);
    free(text);
    return 0;
}
