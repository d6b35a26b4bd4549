/* test_k_vector.c -- exp, log, tanh, erf and the activations: within 2 units of the
 * last place of libm's long double functions, over dense and special values, and
 * the same bits on every instruction set, number of threads, length and place. */
#include "devices.h"

#include "kernels/elementary.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

typedef void (*vector_fn)(ct_device *dev, size_t n, const ct_real *x, ct_real *y);
typedef long double (*scalar_fn)(long double x);

/* Largest error, and the interval in which the function neither overflows nor is constant. */
#ifdef CT_REAL_DOUBLE
#define BOUND    3.0 /* this build takes libm's functions */
#define EXP_LOW  -745.2
#define EXP_HIGH 709.78
#define ERF_HIGH 6.0
#else
#define BOUND    2.0
#define EXP_LOW  -104.0
#define EXP_HIGH 88.72
#define ERF_HIGH 4.0
#endif

static void vector_tanh(ct_device *dev, size_t n, const ct_real *x, ct_real *y)
{
    k_activation(dev, CT_ACT_TANH, n, x, y);
}

/* A part of GELU, not a loop of its own. */
static void scalar_erf(ct_device *dev, size_t n, const ct_real *x, ct_real *y)
{
    (void)dev;
    for (size_t i = 0; i < n; i++)
        y[i] = erf_real(x[i]);
}

static const struct {
    const char *name;
    vector_fn f;
    scalar_fn exact;
    double low, high;
} FUNCTIONS[] = {
    {"exp", k_exp, expl, EXP_LOW, EXP_HIGH},
    {"log", k_log, logl, 1e-3, 20},
    {"tanh", vector_tanh, tanhl, -20, 20},
    {"erf", scalar_erf, erfl, -ERF_HIGH, ERF_HIGH},
};

enum { MANY = 40000 }; /* enough for every thread to get some */

/* Accuracy on the first device, and its bits on all others. */
static void check_function(int which, const ct_real *x, size_t n)
{
    ct_real *want = malloc(2 * n * sizeof *want), *got = want + n;
    ck_assert_ptr_nonnull(want);
    FUNCTIONS[which].f(devices[0], n, x, want);
    for (size_t i = 0; i < n; i++) {
        const double off = ulps(want[i], FUNCTIONS[which].exact((long double)x[i]));
        if (!(off <= BOUND))
            ck_abort_msg("%s(%a) is %a, off by %g", FUNCTIONS[which].name, (double)x[i],
                         (double)want[i], off);
    }
    for (int d = 1; d < n_devices; d++) {
        FUNCTIONS[which].f(devices[d], n, x, got);
        ck_same_on(devices[d], got, want, n);
    }
    free(want);
}

START_TEST(dense_values_are_within_two_ulps)
{
    static ct_real x[MANY];
    const double low = FUNCTIONS[_i].low, high = FUNCTIONS[_i].high;
    for (int i = 0; i < MANY; i++)
        x[i] = (ct_real)(low + (high - low) * (i + 0.37) / MANY);
    check_function(_i, x, MANY);
    fill(x, MANY, 5, -1.5, 1.5); /* around 0 */
    for (int i = 0; FUNCTIONS[_i].f == k_log && i < MANY; i++)
        x[i] = 1 + x[i] / 16; /* around 1, where log is small */
    check_function(_i, x, MANY);
}
END_TEST

START_TEST(every_exponent_is_within_two_ulps) /* 12 numbers in each binade, both signs */
{
    static ct_real x[2 * 12 * 2200];
    uint64_t s = 3;
    size_t n = 0;
    for (int e = REAL_MIN_EXP - REAL_DIGITS; e < (sizeof(ct_real) == 8 ? DBL_MAX_EXP : FLT_MAX_EXP);
         e++)
        for (int i = 0; i < 12; i++) {
            const double f = ldexp(1 + (double)(next_bits(&s) >> 12) * 0x1p-52, e);
            x[n++] = (ct_real)(f > (double)REAL_MAX ? (double)REAL_MAX : f);
            x[n] = -x[n - 1];
            n++;
        }
    check_function(_i, x, n);
}
END_TEST

START_TEST(special_values_are_exact)
{
    const ct_real inf = (ct_real)HUGE_VAL, nan = (ct_real)NAN, least = (ct_real)REAL_TRUE_MIN;
    const ct_real x[] = {0,
                         -(ct_real)0.0,
                         inf,
                         -inf,
                         nan,
                         1,
                         -1,
                         least,
                         -least,
                         REAL_MIN,
                         -REAL_MIN,
                         REAL_MAX,
                         -REAL_MAX,
                         2,
                         1000,
                         -1000,
                         89,
                         -88,
                         (ct_real)EXP_HIGH,
                         (ct_real)EXP_LOW,
                         (ct_real)0.5};
    ct_real y[COUNT(x)];
    check_function(_i, x, COUNT(x));
    FUNCTIONS[_i].f(devices[0], COUNT(x), x, y);
    switch (_i) {
    case 0: ck_assert(y[0] == 1 && y[1] == 1 && y[2] == inf && y[3] == 0 && isnan(y[4])); break;
    case 1:
        ck_assert(y[0] == -inf && y[1] == -inf && y[2] == inf);
        ck_assert(isnan(y[3]) && isnan(y[4]) && y[5] == 0);
        break;
    default:
        ck_assert(y[0] == 0 && y[1] == 0 && y[2] == 1 && y[3] == -1);
        ck_assert(isnan(y[4]) && y[7] != 0 && y[8] == -y[7]);
    }
}
END_TEST

START_TEST(overflow_and_underflow_have_sharp_edges)
{
    ct_real x[400];
    for (int i = 0; i < 200; i++) {
        x[i] = (ct_real)(EXP_HIGH + (i - 100) * 1e-3);
        x[200 + i] = (ct_real)(EXP_LOW + (i - 100) * 1e-2);
    }
    check_function(0, x, 400);
}
END_TEST

START_TEST(every_length_and_place_gives_the_same_bits)
{
    enum { MOST = 67, SHIFT = 5 };
    ct_real x[MOST + SHIFT], all[MOST + SHIFT], y[MOST + SHIFT + 1];
    fill(x, MOST + SHIFT, 8, FUNCTIONS[_i].low, FUNCTIONS[_i].high / 4);
    FUNCTIONS[_i].f(devices[0], MOST + SHIFT, x, all);
    for (int d = 0; d < n_devices; d++)
        for (size_t n = 0; n <= MOST; n++)
            for (size_t from = 0; from < SHIFT; from += 2) {
                y[n] = 123;
                FUNCTIONS[_i].f(devices[d], n, x + from, y);
                ck_same_on(devices[d], y, all + from, n);
                ck_assert(y[n] == 123); /* nothing beyond the end */
            }
}
END_TEST

START_TEST(output_may_be_the_input)
{
    enum { N = MANY };
    static ct_real x[N], want[N], y[N];
    fill(x, N, 9, FUNCTIONS[_i].low, FUNCTIONS[_i].high / 4);
    FUNCTIONS[_i].f(devices[0], N, x, want);
    for (int d = 0; d < n_devices; d++) {
        memcpy(y, x, sizeof y);
        FUNCTIONS[_i].f(devices[d], N, y, y);
        ck_same_on(devices[d], y, want, N);
    }
}
END_TEST

/* In float the functions are this library's own and every machine gives these bits;
 * that they are right is what the tests above say. */
START_TEST(bits_are_golden)
{
#ifndef CT_REAL_DOUBLE
    static const uint64_t golden[] = {UINT64_C(2783991786168787711), UINT64_C(327284943503927393),
                                      UINT64_C(1978463835077282028), UINT64_C(8143890949907663592)};
    static float x[MANY], y[MANY];
    for (int i = 0; i < MANY; i++)
        x[i] = (float)(FUNCTIONS[_i].low + (FUNCTIONS[_i].high - FUNCTIONS[_i].low) * i / MANY);
    FUNCTIONS[_i].f(devices[0], MANY, x, y);
    ck_assert_uint_eq(hash_bits(y, sizeof y), golden[_i]);
#endif
}
END_TEST

/* ---- activations ---- */

static long double exact_activation(ct_activation f, long double z)
{
    switch (f) {
    case CT_ACT_NONE: return z;
    case CT_ACT_RELU: return z > 0 ? z : 0;
    case CT_ACT_GELU: return z * 0.5L * erfcl(-z * sqrtl(0.5L));
    case CT_ACT_TANH: return tanhl(z);
    case CT_ACT_SIGMOID: return 1 / (1 + expl(-z));
    }
    return 0;
}

static long double exact_slope(ct_activation f, long double z)
{
    const long double y = exact_activation(f, z), pi = 3.14159265358979323846264338327950288L;
    switch (f) {
    case CT_ACT_NONE: return 1;
    case CT_ACT_RELU: return z > 0;
    case CT_ACT_GELU: return 0.5L * erfcl(-z * sqrtl(0.5L)) + z * expl(-z * z / 2) / sqrtl(2 * pi);
    case CT_ACT_TANH: return 1 - y * y;
    case CT_ACT_SIGMOID: return y * (1 - y);
    }
    return 0;
}

/* Absolute error: GELU and the slopes subtract numbers near 1. */
START_TEST(activations_and_slopes_match)
{
    enum { N = MANY + 1 };
    static ct_real z[N], y[N], dy[N], dz[N], got[N];
    const ct_activation f = (ct_activation)_i;
    fill(z, N, 4, -12, 12);
    fill(dy, N, 5, -2, 2);
    k_activation(devices[0], f, N, z, y);
    k_activation_grad(devices[0], f, N, f == CT_ACT_GELU ? z : NULL, y, dy, dz);
    for (int i = 0; i < N; i++) {
        const long double want = exact_activation(f, (long double)z[i]);
        const long double slope = exact_slope(f, (long double)z[i]);
        ck_close(y[i], want, 4 * (double)REAL_EPS * fmax(1, fabs((double)z[i])));
        ck_close(dz[i], (long double)dy[i] * slope, 8 * (double)REAL_EPS * fabs((double)dy[i]));
    }
    for (int d = 1; d < n_devices; d++) {
        k_activation(devices[d], f, N, z, got);
        ck_same_on(devices[d], got, y, N);
        k_activation_grad(devices[d], f, N, f == CT_ACT_GELU ? z : NULL, y, dy, got);
        ck_same_on(devices[d], got, dz, N);
    }
    memcpy(got, z, sizeof got);
    k_activation(devices[0], f, N, got, got);
    ck_assert(same_bits(got, y, N));
}
END_TEST

START_TEST(sigmoid_is_accurate_where_it_is_small)
{
    enum { N = 1000 };
    ct_real z[N], y[N];
    fill(z, N, 6, -80, 0);
    k_activation(devices[0], CT_ACT_SIGMOID, N, z, y);
    for (int i = 0; i < N; i++)
        ck_assert_double_le(ulps(y[i], exact_activation(CT_ACT_SIGMOID, (long double)z[i])), 5);
}
END_TEST

START_TEST(activations_of_extremes)
{
    const ct_real inf = (ct_real)HUGE_VAL, big = REAL_MAX, nan = (ct_real)NAN;
    const ct_activation f = (ct_activation)_i;
    const ct_real z[] = {-big, big, -1e4, 1e4, nan, -inf, inf};
    ct_real y[7], dz[7], dy[7] = {1, 1, 1, 1, 1, 1, 1};
    k_activation(devices[0], f, 7, z, y);
    k_activation_grad(devices[0], f, 7, z, y, dy, dz);
    for (int i = 0; i < 4; i++) {
        const long double want = exact_activation(f, (long double)z[i]);
        ck_assert_double_le(ulps(y[i], want), 2);
        ck_close(dz[i], f == CT_ACT_NONE || (f <= CT_ACT_GELU && i % 2 == 1), 0);
    }
    ck_assert(isnan(y[4]));
    ck_assert(f == CT_ACT_GELU || (ulps(y[5], exact_activation(f, (long double)-inf)) <= 0));
    ck_assert(ulps(y[6], exact_activation(f, (long double)inf)) <= 0);
}
END_TEST

TCase *k_vector_case(void)
{
    TCase *tc = tcase_create("k_vector");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_all, close_all);
    tcase_add_loop_test(tc, dense_values_are_within_two_ulps, 0, COUNT(FUNCTIONS));
    tcase_add_loop_test(tc, every_exponent_is_within_two_ulps, 0, COUNT(FUNCTIONS));
    tcase_add_loop_test(tc, special_values_are_exact, 0, COUNT(FUNCTIONS));
    tcase_add_test(tc, overflow_and_underflow_have_sharp_edges);
    tcase_add_loop_test(tc, every_length_and_place_gives_the_same_bits, 0, COUNT(FUNCTIONS));
    tcase_add_loop_test(tc, output_may_be_the_input, 0, COUNT(FUNCTIONS));
    tcase_add_loop_test(tc, bits_are_golden, 0, COUNT(FUNCTIONS));
    tcase_add_loop_test(tc, activations_and_slopes_match, 0, CT_ACT_SIGMOID + 1);
    tcase_add_test(tc, sigmoid_is_accurate_where_it_is_small);
    tcase_add_loop_test(tc, activations_of_extremes, 0, CT_ACT_SIGMOID + 1);
    return tc;
}
