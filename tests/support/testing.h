/* testing.h -- what tests of numbers share: comparisons that fail on NaN, slow
 * and certain measures of error, and every device that this machine can make. */
#ifndef TESTING_H
#define TESTING_H

#include "contrast/data.h"
#include "contrast/device.h"
#include "contrast/real.h"
#include "contrast/tensor.h"
#include "suites.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifdef CT_REAL_DOUBLE
#define REAL_EPS      DBL_EPSILON
#define REAL_MAX      DBL_MAX
#define REAL_MIN      DBL_MIN
#define REAL_TRUE_MIN 0x1p-1074
#define REAL_DIGITS   DBL_MANT_DIG
#define REAL_MIN_EXP  DBL_MIN_EXP
#else
#define REAL_EPS      FLT_EPSILON
#define REAL_MAX      FLT_MAX
#define REAL_MIN      FLT_MIN
#define REAL_TRUE_MIN 0x1p-149f
#define REAL_DIGITS   FLT_MANT_DIG
#define REAL_MIN_EXP  FLT_MIN_EXP
#endif

/* In these builds arithmetic takes ten times as long: what needs millions of steps to say something
 * about rates, not about lines of code, is left to the others. */
#if defined(CT_REAL_DOUBLE) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW_BUILD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW_BUILD 1
#endif
#endif

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* |got - want| <= tol; NaN fails. Unlike Check's own, it costs no system call where it
 * holds, and may stand in a loop. */
#define ck_close(got, want, tol)                                             \
    do {                                                                     \
        const double got_ = (double)(got), want_ = (double)(want);           \
        if (!(fabs(got_ - want_) <= (tol)))                                  \
            ck_abort_msg("%s is %.17g, should be %.17g", #got, got_, want_); \
    } while (0)

/* The tensor exists, has this shape, and these values up to 16 roundings of the
 * largest of them. */
#define ck_values(t, rows, cols, ...) \
    check_values(#t, (t), (rows), (cols), (const double[]){__VA_ARGS__})
#define ck_grads(t, ...) check_grads(#t, (t), (const double[]){__VA_ARGS__})
void check_values(const char *what, const ct_tensor *t, int rows, int cols, const double *want);
void check_grads(const char *what, const ct_tensor *t, const double *want);

/* The graph's error has this status and a message with all these pieces, the
 * first of them at its beginning. */
#define ck_graph_fails(g, status, ...) \
    check_graph_fails((g), (status), (const char *[]){__VA_ARGS__, NULL})
void check_graph_fails(const ct_graph *g, ct_status status, const char *const *pieces);

/* A folder of a test's own: these two are a fixture, and close removes it with all that it holds.
 */
extern char scratch[64];
void open_scratch(void);
void close_scratch(void);

/* Make a data set with each of its allocations failing in turn, which must be an error and leave
 * nothing behind. The answer is how many there are. */
typedef ct_pairs *(*maker)(const ct_data_options *o, ct_error *err);
int fail_each_allocation(maker make, const ct_data_options *o);

/* An empty graph on a one-thread device that close_graph frees with it. */
void open_graph(ct_graph *g);
void close_graph(ct_graph *g);

/* Numbers from low to high, the same on every machine. */
void fill(ct_real *x, size_t n, unsigned seed, double low, double high);

/* 64 random bits; *state is any number. */
uint64_t next_bits(uint64_t *state);

/* The same bits everywhere; any NaN equals any other. */
bool same_bits(const ct_real *a, const ct_real *b, size_t n);

/* A number that stands for all bits of a little-endian array (FNV-1a). */
uint64_t hash_bits(const void *data, size_t size);

/* Distance in units of the last place of a ct_real near `want`. Infinite if one
 * of them is NaN or infinite and the other is not the same. */
double ulps(ct_real got, long double want);

/* Whether long double is wider than double, so that libm's long functions can
 * judge double ones. Not so on some systems, nor under valgrind. */
bool long_double_is_wide(void);

/* Devices of every instruction set this machine has with 1, 2 and 3 threads.
 * Number 0 is the portable one with one thread. */
#define MAX_DEVICES 12
int open_devices(ct_device *dev[MAX_DEVICES]);
void close_devices(ct_device **dev, int n);
#define ck_same_on(dev, a, b, n)                                                              \
    ck_assert_msg(same_bits((a), (b), (n)), "%s with %d threads differs", ct_device_isa(dev), \
                  ct_device_threads(dev))

#endif
