/* measure_helpers.h -- numbers, devices and a slow spectrum for the tests of measures. */
#ifndef MEASURE_HELPERS_H
#define MEASURE_HELPERS_H

#include "suites.h"

#include "contrast/measures.h"
#include "contrast/random.h"
#include "platform/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CK_OK(call)                                    \
    do {                                               \
        ct_error err = {0};                            \
        ck_assert_msg((call) == CT_OK, "%s", err.msg); \
    } while (0)

/* n normal numbers; caller frees. */
static inline ct_real *random_reals(size_t n, uint64_t seed)
{
    ct_random r = ct_random_make(seed, CT_STREAM_TEST, 0);
    ct_real *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (ct_real)ct_random_normal(&r);
    return x;
}

/* Devices that must agree to the bit; NULL: this processor has no such kernels. */
#define N_DEVICES 5
static inline ct_device *device_of(int i)
{
    static const struct {
        int threads;
        const char *isa;
    } KIND[N_DEVICES] = {{1, "portable"}, {2, "portable"}, {3, NULL}, {1, "avx2"}, {1, "avx512"}};
    return ct_device_new(KIND[i].threads, KIND[i].isa, CT_IGNORE_ERROR);
}

static inline ct_device *one_thread(void)
{
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    return dev;
}

/* All measures of a (n, d) and b, which may be NULL. */
static inline ct_measures measured(const ct_real *a, const ct_real *b, int n, int d,
                                   const int *group, ct_distributions *shape)
{
    ct_device *dev = one_thread();
    const ct_embedded e = {.a = a, .b = b, .n = n, .d = d, .group = group, .device = dev};
    ct_measures m;
    memset(&m, 0xff, sizeof m); /* NaN: what is not filled is seen */
    CK_OK(ct_measure(&e, &m, shape, &err));
    ct_device_free(dev);
    return m;
}

static inline int by_size_down(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Slow twin of the spectrum, by another method: one-sided Jacobi. Rotate pairs of
 * columns until all are orthogonal; their lengths are the values. x (n, d); sigma (d). */
static inline void jacobi(const double *x, int n, int d, double *sigma)
{
    double *y = malloc((size_t)n * (size_t)d * sizeof *y);
    memcpy(y, x, (size_t)n * (size_t)d * sizeof *y);
    for (int round = 0; round < 40; round++)
        for (int p = 0; p < d; p++)
            for (int q = p + 1; q < d; q++) {
                double a = 0, b = 0, c = 0;
                for (int i = 0; i < n; i++) {
                    a += y[i * d + p] * y[i * d + p];
                    b += y[i * d + q] * y[i * d + q];
                    c += y[i * d + p] * y[i * d + q];
                }
                if (fabs(c) <= 1e-17 * sqrt(a * b))
                    continue;
                const double z = (b - a) / (2 * c),
                             t = (z < 0 ? -1 : 1) / (fabs(z) + sqrt(1 + z * z));
                const double cosine = 1 / sqrt(1 + t * t), sine = cosine * t;
                for (int i = 0; i < n; i++) {
                    const double u = y[i * d + p], v = y[i * d + q];
                    y[i * d + p] = cosine * u - sine * v;
                    y[i * d + q] = sine * u + cosine * v;
                }
            }
    for (int k = 0; k < d; k++) {
        sigma[k] = 0;
        for (int i = 0; i < n; i++)
            sigma[k] += y[i * d + k] * y[i * d + k];
        sigma[k] = sqrt(sigma[k]);
    }
    qsort(sigma, (size_t)d, sizeof *sigma, by_size_down);
    free(y);
}

#endif
