/* test_k_update.c -- axpy, scale, add, muladd and the optimisers' passes, against
 * plain loops; the simple ones to the last bit. */
#include "devices.h"

#include "kernels/kernels.h"

#include <string.h>

enum { MOST = 40000 }; /* enough for every thread to get some */

/* Every tail, and both sides of a block. */
static const size_t LENGTHS[] = {0,  1,  2,  3,    4,    5,    7,    8,     9,   15,
                                 16, 17, 23, 31,   32,   33,   47,   48,    63,  64,
                                 65, 67, 95, 4095, 4096, 4097, 8192, 32768, MOST};

static ct_real a[MOST], b[MOST], want[MOST + 1], got[MOST + 1];

static void open_filled(void)
{
    open_all();
    fill(a, MOST, 1, -2, 2);
    fill(b, MOST, 2, -2, 2);
}

/* What got and want hold before an operation of n elements; one more must survive. */
static void prepare(size_t n)
{
    fill(want, n + 1, 3, -2, 2);
    fill(got, n + 1, 3, -2, 2);
}

START_TEST(simple_loops_match_to_the_last_bit)
{
    const ct_real c = (ct_real)-1.7;
    for (int d = 0; d < n_devices; d++)
        for (int t = 0; t < COUNT(LENGTHS); t++) {
            const size_t n = LENGTHS[t];
            prepare(n);
            for (size_t i = 0; i < n; i++) {
                const ct_real product = _i == 3 ? a[i] * b[i] : c * a[i]; /* rounded: no fma */
                want[i] = _i == 1 ? product : _i == 2 ? a[i] + b[i] : want[i] + product;
            }
            switch (_i) {
            case 0: k_axpy(devices[d], n, c, a, got); break;
            case 1: k_scale(devices[d], n, c, a, got); break;
            case 2: k_add(devices[d], n, a, b, got); break;
            default: k_muladd(devices[d], n, a, b, got);
            }
            ck_same_on(devices[d], got, want, n + 1);
        }
}
END_TEST

START_TEST(output_may_be_the_input)
{
    for (int d = 0; d < n_devices; d++) {
        memcpy(got, a, sizeof a);
        k_scale(devices[d], MOST, 3, got, got);
        k_add(devices[d], MOST, got, a, got);
        k_axpy(devices[d], MOST, 1, got, got);
        for (int i = 0; i < MOST; i++)
            want[i] = (3 * a[i] + a[i]) + (3 * a[i] + a[i]);
        ck_same_on(devices[d], got, want, MOST);
    }
}
END_TEST

/* v = momentum v + g + decay x;  x -= rate v. */
START_TEST(sgd_follows_its_formula)
{
    static ct_real x[MOST], m[MOST], x1[MOST], m1[MOST];
    const ct_real rate = (ct_real)0.1, momentum = (ct_real)0.9, decay = (ct_real)0.01;
    for (int t = 0; t < COUNT(LENGTHS); t++) {
        const size_t n = LENGTHS[t];
        for (int d = 0; d < n_devices; d++) {
            ct_real *gx = d == 0 ? x : x1, *gm = d == 0 ? m : m1;
            memcpy(gx, a, n * sizeof *a);
            memcpy(gm, b, n * sizeof *b);
            prepare(n);
            k_sgd(devices[d], n, rate, momentum, decay, got, gm, gx);
            k_sgd(devices[d], n, rate, momentum, decay, got, gm, gx);
            ck_same_on(devices[d], gx, x, n);
            ck_same_on(devices[d], gm, m, n);
            ck_same_on(devices[d], got, want, n + 1); /* the gradient is read alone */
        }
        for (size_t i = 0; i < n; i++) {
            double v = (double)b[i], z = (double)a[i];
            for (int step = 0; step < 2; step++) {
                v = (double)momentum * v + (double)got[i] + (double)decay * z;
                z -= (double)rate * v;
            }
            ck_close(m[i], v, 8 * (double)REAL_EPS * 4);
            ck_close(x[i], z, 8 * (double)REAL_EPS * 4);
        }
    }
}
END_TEST

START_TEST(sgd_without_momentum_ignores_the_past)
{
    ct_real x[3] = {1, 2, 3}, m[3] = {100, 200, 300};
    const ct_real dx[3] = {4, 8, -4};
    k_sgd(devices[_i % n_devices], 3, (ct_real)0.25, 0, 0, dx, m, x);
    ck_assert(x[0] == 0 && x[1] == 0 && x[2] == 4);
}
END_TEST

/* m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  x -= rate decay x;
 * x -= rate (m / bias1) / (sqrt(v / bias2) + eps). */
START_TEST(adamw_follows_its_formula)
{
    static ct_real x[MOST], m[MOST], v[MOST], x1[MOST], m1[MOST], v1[MOST];
    const double b1 = 0.9, b2 = 0.99;
    k_adamw_args p = {(ct_real)0.1, (ct_real)b1, (ct_real)b2, (ct_real)1e-3, (ct_real)0.05, 0, 0};
    for (int t = 0; t < COUNT(LENGTHS); t++) {
        const size_t n = LENGTHS[t];
        prepare(n);
        for (int d = 0; d < n_devices; d++) {
            ct_real *gx = d == 0 ? x : x1, *gm = d == 0 ? m : m1, *gv = d == 0 ? v : v1;
            memcpy(gx, a, n * sizeof *a);
            memset(gm, 0, n * sizeof *gm);
            memset(gv, 0, n * sizeof *gv);
            for (int step = 1; step <= 3; step++) {
                p.bias1 = (ct_real)(1 - pow(b1, step));
                p.bias2 = (ct_real)(1 - pow(b2, step));
                k_adamw(devices[d], n, &p, got, gm, gv, gx);
            }
            ck_same_on(devices[d], gx, x, n);
            ck_same_on(devices[d], gm, m, n);
            ck_same_on(devices[d], gv, v, n);
        }
        for (size_t i = 0; i < n; i++) {
            double mi = 0, vi = 0, xi = (double)a[i];
            const double g = (double)got[i], beta1 = (double)p.beta1, beta2 = (double)p.beta2;
            for (int step = 1; step <= 3; step++) {
                mi = beta1 * mi + (1 - beta1) * g;
                vi = beta2 * vi + (1 - beta2) * g * g;
                xi -= (double)p.rate * (double)p.decay * xi;
                const double mean = mi / (1 - pow(b1, step)), square = vi / (1 - pow(b2, step));
                xi -= (double)p.rate * mean / (sqrt(square) + (double)p.eps);
            }
            ck_close(m[i], mi, 8 * (double)REAL_EPS);
            ck_close(v[i], vi, 8 * (double)REAL_EPS);
            ck_close(x[i], xi, 12 * (double)REAL_EPS);
        }
    }
}
END_TEST

START_TEST(adamw_moves_by_the_rate_at_first) /* whatever the gradient's size */
{
    ct_real x[2] = {0, 0}, m[2] = {0}, v[2] = {0};
    k_adamw_args p = {(ct_real)0.5, (ct_real)0.9,  (ct_real)0.999, 0, 0,
                      (ct_real)0.1, (ct_real)0.001};
    k_adamw(devices[_i % n_devices], 2, &p, (ct_real[]){1000, -(ct_real)0.001}, m, v, x);
    ck_close(x[0], -0.5, 1e-3 * 0.5); /* 1 - 0.999 is coarse in float */
    ck_close(x[1], 0.5, 1e-3 * 0.5);
}
END_TEST

START_TEST(zero_gradient_leaves_only_decay)
{
    ct_real x[2] = {8, -4}, m[2] = {0}, v[2] = {0};
    k_adamw_args p = {
        (ct_real)0.5, (ct_real)0.9, (ct_real)0.999, (ct_real)1e-8, (ct_real)0.5, 1, 1};
    k_adamw(devices[_i % n_devices], 2, &p, (ct_real[]){0, 0}, m, v, x);
    ck_assert(x[0] == 6 && x[1] == -3);
}
END_TEST

/* Moments so small that the kernel takes another way: subnormal ones, of both signs, and up to
 * where that way ends; gradients that are 0, or as small; values large and small beside the move.
 */
START_TEST(adamw_of_faint_moments_matches_to_the_last_bit)
{
    static const ct_real G[] = {0, -(ct_real)0.0, (ct_real)1e-38, -(ct_real)1e-30},
                         X[] = {1, -(ct_real)1e-5, (ct_real)1e-24, 0, -(ct_real)0.0},
                         BETA[] = {(ct_real)0.9, (ct_real)0.5, (ct_real)0.05, 0};
    static ct_real m[MOST], v[MOST], x[MOST], m1[MOST], v1[MOST], x1[MOST];
    for (int t = 0; t < 2 * COUNT(BETA); t++) {
        k_adamw_args p = {(ct_real)0.1,
                          BETA[t / 2],
                          (ct_real)0.999,
                          t % 2 ? (ct_real)1e-30 : (ct_real)1e-8,
                          (ct_real)0.01,
                          (ct_real)0.5,
                          1};
        const ct_real keep = 1 - p.rate * p.decay, step = p.rate / p.bias1;
        for (int i = 0; i < MOST; i++) {
            got[i] = G[i % COUNT(G)];
            m[i] = (ct_real)ldexp((double)a[i], -90 - i % 61);
            v[i] = i % 3 == 0 ? 0 : (ct_real)ldexp(1, -i % 50);
            x[i] = X[i / 7 % COUNT(X)];
        }
        for (int d = 0; d < n_devices; d++) {
            memcpy(m1, m, sizeof m);
            memcpy(v1, v, sizeof v);
            memcpy(x1, x, sizeof x);
            k_adamw(devices[d], MOST, &p, got, m1, v1, x1);
            for (int i = 0; i < MOST; i++) {
                const ct_real mi = p.beta1 * m[i] + (1 - p.beta1) * got[i],
                              vi = p.beta2 * v[i] + (1 - p.beta2) * (got[i] * got[i]),
                              xi = keep * x[i] - step * mi / ((ct_real)sqrt((double)vi) + p.eps);
                ck_same_on(devices[d], &m1[i], &mi, 1);
                ck_same_on(devices[d], &v1[i], &vi, 1);
                ck_same_on(devices[d], &x1[i], &xi, 1);
            }
        }
    }
}
END_TEST

TCase *k_update_case(void)
{
    TCase *tc = tcase_create("k_update");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_filled, close_all);
    tcase_add_loop_test(tc, simple_loops_match_to_the_last_bit, 0, 4);
    add_tests(tc, output_may_be_the_input, sgd_follows_its_formula);
    tcase_add_loop_test(tc, sgd_without_momentum_ignores_the_past, 0, MAX_DEVICES);
    add_tests(tc, adamw_follows_its_formula, adamw_of_faint_moments_matches_to_the_last_bit);
    tcase_add_loop_test(tc, adamw_moves_by_the_rate_at_first, 0, MAX_DEVICES);
    tcase_add_loop_test(tc, zero_gradient_leaves_only_decay, 0, MAX_DEVICES);
    return tc;
}
