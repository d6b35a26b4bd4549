/* fuzz_safetensors.c -- any bytes are a safetensors file or are refused; what is
 * accepted can be read to the last value, and has the size of the file. */
#include "formats/safetensors.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ct_safetensors file;
    ct_error err = {0};
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    if (ct_safetensors_describe("fuzz", copy, size, size, &file, &err) == CT_OK) {
        size_t bytes = 0;
        for (int i = 0; i < file.n_tensors; i++) {
            const ct_safetensor *t = &file.tensor[i];
            ct_real *x = malloc(t->count * sizeof(ct_real) + 1);
            ct_safetensor_values(t, x);
            free(x);
            bytes += t->count * t->width;
            CT_ASSERT(ct_safetensors_find(&file, t->name) == t);
        }
        for (int i = 0; i < file.n_metadata; i++)
            CT_ASSERT(ct_safetensors_metadata(&file, file.metadata[i].key) ==
                      file.metadata[i].value);
        CT_ASSERT(bytes < size);
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    free(copy);
    return 0;
}
