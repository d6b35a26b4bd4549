/* devices.h -- a fixture: every device that this machine can make. */
#ifndef KERNELS_DEVICES_H
#define KERNELS_DEVICES_H

#include "testing.h"

static ct_device *devices[MAX_DEVICES];
static int n_devices;

static inline void open_all(void)
{
    n_devices = open_devices(devices);
}

static inline void close_all(void)
{
    close_devices(devices, n_devices);
}

#endif
