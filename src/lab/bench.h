/* bench.h -- how fast this machine does what training does. Private.
 *
 * Every figure is the median of repeated measurements of at least a millisecond
 * each, after a warm-up; beside it stands the limit that the machine sets, measured
 * in the same run: multiply-adds by independent chains of fma in registers on all
 * threads at once, bytes by a copy between arrays of the size the kernels work on.
 */
#ifndef EXPERIMENT_BENCH_H
#define EXPERIMENT_BENCH_H

#include "contrast/device.h"

#include <stdbool.h>

typedef struct ct_bench_row {
    const char *kind; /* "machine", "product", "kernel", "loss", "step"                  */
    char name[80];
    double seconds; /* median of one call                                       */
    double gflops;  /* 1e9 operations a second; a multiply-add counts as two    */
    double gbytes;  /* 1e9 bytes a second, read and written; 0: not measured    */
    int pairs;      /* of a step, else 0                                        */
    double mbytes;  /* 1e6 bytes that a step holds: graph, parameters, moments  */
    double limit;   /* seconds that the machine's limits allow; 0: none stated  */
} ct_bench_row;

/* Measure every row whose "kind name" contains `only` (NULL: all) and give each to
 * `emit`. Errors  CT_ERR_NOMEM; CT_ERR_CONFIG if nothing is called like that */
ct_status ct_bench(ct_device *device, const char *only,
                   void (*emit)(void *ctx, const ct_bench_row *row), void *ctx, ct_error *err);

#endif
