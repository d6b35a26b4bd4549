/* fuzz_array.c -- any bytes are an array or are refused, with little more memory than they promise;
 * of what is accepted every value can be read. */
#include "formats/array.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const MEMBER[] = {NULL, "a"};
    for (int k = 0; k < 2; k++) {
        ct_source s = {.fd = -1, .size = size, .bytes = data, .path = "fuzz"};
        ct_arena arena;
        ct_error err = {0};
        ct_npy a;
        unsigned char value[8];
        ct_arena_open(&arena, "fuzz", 0, &err);
        if (ct_array_parse(&s, MEMBER[k], &arena, &a, &err) == CT_OK) {
            CT_ASSERT((size_t)a.rows * (size_t)a.cols == a.count);
            for (size_t i = 0; i < a.count; i++) {
                const uint64_t at = a.offset + i * (size_t)a.width;
                CT_ASSERT(ct_source_read(&s, at, value, (size_t)a.width, &err) == CT_OK);
                volatile double x = ct_npy_value(&a, value, 0);
                (void)x;
            }
            ct_real *rows = ct_arena_alloc(&arena, a.count * sizeof *rows); /* in either order */
            if (rows != NULL && a.n_dims <= 2)
                ct_array_rows(&s, &a, 0, a.rows, rows, &err);
            CT_ASSERT(err.status == CT_OK || rows == NULL);
        } else {
            CT_ASSERT(err.status == CT_ERR_FORMAT || err.status == CT_ERR_IO);
            CT_ASSERT(err.msg[0] != '\0');
        }
        ct_arena_free(&arena);
    }
    return 0;
}
