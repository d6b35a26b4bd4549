/* device.h -- the inside of a ct_device. Private to kernels/. */
#ifndef KERNELS_DEVICE_H
#define KERNELS_DEVICE_H

#include "kernels/isa.h"
#include "platform/pool.h"

#define K_PANELS       (320 * 2048) /* 2.5 MiB, in the last-level cache */
#define K_MAX_PARTIALS 1024         /* block sums that one round of a long sum keeps */

struct ct_device {
    const k_isa *isa;
    ct_pool *pool;
    ct_real *panels; /* K_PANELS values: the part of b that all threads read in a product */
    ct_real partial[K_MAX_PARTIALS];
};

#endif
