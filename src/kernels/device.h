/* device.h -- the inside of a ct_device. Private to kernels/. */
#ifndef KERNELS_DEVICE_H
#define KERNELS_DEVICE_H

#include "kernels/isa.h"
#include "platform/pool.h"

#define K_MAX_PARTIALS 1024 /* block sums that one round of a long sum keeps */

struct ct_device {
    const k_isa *isa;
    ct_pool     *pool;
    ct_real      partial[K_MAX_PARTIALS];
};

#endif
