/* device.h -- where the arithmetic runs: one set of kernels and some threads.
 *
 * Every graph has a device. Results do not depend on it: neither the number of
 * threads nor the instruction set changes a bit (src/kernels/kernels.h). */
#ifndef CT_DEVICE_H
#define CT_DEVICE_H

#include "contrast/status.h"

CT_C_BEGIN

typedef struct ct_device ct_device;

/* A device of `threads` threads (0: as many as this process may use) with the kernels for `isa`:
 * "avx512", "avx2", "portable", or NULL for the best that this processor has.
 * Errors   CT_ERR_CONFIG (no such instruction set here, or more than 1024 threads), CT_ERR_NOMEM
 * Returns  NULL on error; caller frees with ct_device_free
 * A device serves one caller at a time: give each thread of yours its own. */
ct_device *ct_device_new(int threads, const char *isa, ct_error *err);
void ct_device_free(ct_device *dev); /* accepts NULL */

const char *ct_device_isa(const ct_device *dev);
int ct_device_threads(const ct_device *dev);

CT_C_END
#endif
