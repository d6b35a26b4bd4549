/* test_optim.c -- updates, schedules and clipping against values worked by hand,
 * numbers from PyTorch, and what the formulas must do for any input. */
#include "contrast/optim.h"
#include "platform/memory.h"
#include "suites.h"
#include "testing.h"

#include <signal.h>
#include <string.h>

#define TOL (16 * (double)REAL_EPS)

static ct_device *device;

static void open_device(void)
{
    device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(device);
}

static void close_device(void)
{
    ct_device_free(device);
}

static ct_optim start(ct_optim_config c, size_t size)
{
    ct_optim o;
    ck_assert_int_eq(ct_optim_init(&o, &c, size, CT_IGNORE_ERROR), CT_OK);
    return o;
}

static ct_optim_config sgd(double momentum, double decay)
{
    ct_optim_config c = ct_optim_defaults(CT_SGD);
    c.momentum = momentum;
    c.weight_decay = decay;
    return c;
}

static ct_optim_config adamw(double decay)
{
    ct_optim_config c = ct_optim_defaults(CT_ADAMW);
    c.weight_decay = decay;
    return c;
}

START_TEST(defaults_are_those_of_torch)
{
    for (int kind = CT_SGD; kind <= CT_ADAMW; kind++) {
        const ct_optim_config c = ct_optim_defaults((ct_optim_kind)kind);
        ck_assert_int_eq((int)c.kind, kind);
        ck_assert(c.momentum == 0 && c.beta1 == 0.9 && c.beta2 == 0.999 && c.eps == 1e-8);
        ck_assert(c.weight_decay == 0);
    }
}
END_TEST

/* rate 1/8, momentum 1/2, decay 1/4, all exact:
 *   v = 1/2 + 1/4 = 3/4                     x = 1 - 3/32 = 29/32
 *   v = 3/8 - 1/4 + 29/128 = 45/128         x = 29/32 - 45/1024 = 883/1024 */
START_TEST(sgd_works_as_by_hand)
{
    ct_optim o = start(sgd(0.5, 0.25), 1);
    ct_real x = 1;
    ct_optim_step(&o, device, &x, (ct_real[]){(ct_real)0.5}, 1, 0.125);
    ck_close(x, 29.0 / 32, 0);
    ct_optim_step(&o, device, &x, (ct_real[]){(ct_real)-0.25}, 1, 0.125);
    ck_close(x, 883.0 / 1024, 0);
    ck_assert_int_eq(o.step, 2);
    ct_optim_free(&o);
}
END_TEST

/* Four steps with a rate that changes, decay on the first three of five values:
 *
 *   import torch; torch.set_default_dtype(torch.float64)
 *   X = [0.5, -1.25, 2.0, 0.0, -0.75]; G, R as below
 *   def run(make):
 *       a = torch.tensor(X[:3], requires_grad=True); b = torch.tensor(X[3:], requires_grad=True)
 *       o = make([{"params": [a], "weight_decay": 0.1}, {"params": [b], "weight_decay": 0.0}])
 *       for g, r in zip(G, R):
 *           for q in o.param_groups: q["lr"] = r
 *           a.grad, b.grad = torch.tensor(g[:3]), torch.tensor(g[3:])
 *           o.step()
 *       print(a.tolist() + b.tolist())
 *   run(lambda p: torch.optim.SGD(p, lr=1, momentum=0.9))
 *   run(lambda p: torch.optim.AdamW(p, lr=1))             # torch 2.13.0 */
static const ct_real X[5] = {(ct_real)0.5, (ct_real)-1.25, 2, 0, (ct_real)-0.75};
static const double G[4][5] = {{0.3, -1.0, 0.25, 0.5, -2.0},
                               {-0.6, 0.125, 1.5, 0.0, 0.75},
                               {0.1, 0.2, -0.7, 1e-3, 3.0},
                               {2.0, -0.5, 0.0, 0.25, -1.0}};
static const double R[4] = {0.1, 0.05, 0.2, 0.1};
static const double TORCH[2][5] = {
    {0.29143951000000007, -0.7933209250000001, 1.4353463700000002, -0.21524000000000004,
     -0.9934499999999999},
    {0.38567179462167916, -0.9607485289512528, 1.6828105587602213, -0.30140075349565715,
     -0.7159638344796628},
};

START_TEST(four_steps_agree_with_torch)
{
    ct_optim o = start(_i == 0 ? sgd(0.9, 0.1) : adamw(0.1), 5);
    ct_real x[5], dx[5];
    memcpy(x, X, sizeof x);
    for (int t = 0; t < 4; t++) {
        for (int i = 0; i < 5; i++)
            dx[i] = (ct_real)G[t][i];
        ct_optim_step(&o, device, x, dx, 3, R[t]);
    }
    for (int i = 0; i < 5; i++)
        ck_close(x[i], TORCH[_i][i], TOL);
    ct_optim_free(&o);
}
END_TEST

/* mhat = g and vhat = g^2 at every step, so each moves x by rate g / (|g| + eps): the
 * bias corrections must undo exactly what the kernel's betas did, for gradients of
 * 1e-3 and of 1e6. Correcting by 0.999 where the kernel used 0.999f is 7e-6 off;
 * in double 1 - 0.999^t loses three digits. */
START_TEST(constant_gradient_makes_equal_steps)
{
    ct_optim o = start(adamw(0), 3);
    const ct_real dx[3] = {1, (ct_real)-1e6, (ct_real)1e-3};
    const double tol = TOL + 1e-13;
    for (int t = 0; t < 300; t++) {
        ct_real x[3] = {0, 0, 0};
        ct_optim_step(&o, device, x, dx, 3, 0.5);
        ck_close(x[0], -0.5 / (1 + 1e-8), tol);
        ck_close(x[1], 0.5 / (1 + 1e-14), tol);
        ck_close(x[2], -0.5 / (1 + 1e-5), tol);
    }
    ct_optim_free(&o);
}
END_TEST

/* Without gradients decay alone acts: x (1 - rate decay), on the first n_decay. */
START_TEST(only_the_first_values_decay)
{
    ct_optim o = start(_i == 0 ? sgd(0, 0.5) : adamw(0.5), 40);
    ct_real x[40];
    const ct_real zero[40] = {0};
    for (int i = 0; i < 40; i++)
        x[i] = (ct_real)(i + 1);
    ct_optim_step(&o, device, x, zero, 17, 0.125);
    for (int i = 0; i < 40; i++)
        ck_close(x[i], (i + 1) * (i < 17 ? 0.9375 : 1), 0);
    ct_optim_free(&o);
}
END_TEST

START_TEST(zero_with_zero_gradient_stays_zero)
{
    ct_optim o = start(_i == 0 ? sgd(0.9, 0.5) : adamw(0.5), 20);
    ct_real x[20] = {0}, dx[20] = {0};
    for (int t = 0; t < 3; t++) {
        x[0] = dx[0] = 1; /* a parameter in front of its padding */
        ct_optim_step(&o, device, x, dx, 10, 0.1);
    }
    for (int i = 1; i < 20; i++)
        ck_close(x[i], 0, 0);
    ct_optim_free(&o);
}
END_TEST

/* Numbers must not depend on threads or kernels: 40,000 values are more than one
 * block of work, and 12,345 is no multiple of anything. */
START_TEST(same_bits_on_every_device)
{
    enum { SIZE = 40000 };
    static ct_real first[SIZE], x[SIZE], dx[SIZE];
    ct_device *dev[MAX_DEVICES];
    const int n = open_devices(dev);
    double norm[3];
    for (int k = 0; k < n; k++) {
        ct_optim o = start(_i == 0 ? sgd(0.9, 0.01) : adamw(0.01), SIZE);
        fill(x, SIZE, 1, -1, 1);
        for (unsigned t = 0; t < 3; t++) {
            fill(dx, SIZE, 2 + t, -1, 1);
            const double now = ct_grad_norm(dev[k], dx, SIZE);
            norm[t] = k == 0 ? now : norm[t];
            ck_close(now, norm[t], 0);
            ct_grad_clip(dev[k], dx, SIZE, now, 3);
            ct_optim_step(&o, dev[k], x, dx, 12345, 0.01);
        }
        if (k == 0)
            memcpy(first, x, sizeof x);
        ck_same_on(dev[k], x, first, SIZE);
        ct_optim_free(&o);
    }
    close_devices(dev, n);
}
END_TEST

/* All of the state is in the struct: a copy of it goes on where the original was. */
START_TEST(state_can_be_saved_and_restored)
{
    ct_optim a = start(adamw(0.1), 5), b = start(adamw(0.1), 5);
    ct_real x[5], y[5], dx[5];
    memcpy(x, X, sizeof x);
    for (int t = 0; t < 4; t++) {
        if (t == 2) {
            b.step = a.step;
            b.b1t = a.b1t;
            b.b2t = a.b2t;
            memcpy(b.m, a.m, sizeof x);
            memcpy(b.v, a.v, sizeof x);
            memcpy(y, x, sizeof x);
        }
        for (int i = 0; i < 5; i++)
            dx[i] = (ct_real)G[t][i];
        ct_optim_step(&a, device, x, dx, 3, R[t]);
        if (t >= 2)
            ct_optim_step(&b, device, y, dx, 3, R[t]);
    }
    ck_assert(same_bits(x, y, 5));
    ck_assert_int_eq(b.step, 4);
    ct_optim_free(&a);
    ct_optim_free(&b);
}
END_TEST

/* SGD has one array, AdamW two. */
START_TEST(failed_allocation_is_reported)
{
    const struct {
        ct_optim_kind kind;
        long fail_at;
    } cases[] = {{CT_SGD, 0}, {CT_ADAMW, 0}, {CT_ADAMW, 1}};
    for (int k = 0; k < COUNT(cases); k++) {
        const ct_optim_config c = ct_optim_defaults(cases[k].kind);
        ct_optim o;
        ct_error err = {0};
        ct_alloc_fail_at(cases[k].fail_at);
        ck_assert_int_eq(ct_optim_init(&o, &c, 77, &err), CT_ERR_NOMEM);
        ct_alloc_fail_at(-1);
        ck_assert_str_eq(err.msg, "optimiser: no memory for the moments of 77 values");
        ck_assert(o.m == NULL && o.v == NULL);
        ct_optim_free(&o); /* a second time: harmless */
    }
}
END_TEST

START_TEST(unusable_setting_aborts)
{
    ct_optim o;
    ct_optim_config c = ct_optim_defaults(CT_ADAMW);
    switch (_i) {
    case 0: c.beta1 = 1; break;
    case 1: c.beta2 = 1 - (double)REAL_EPS / 8; break; /* 1 as ct_real */
    case 2: c.beta2 = -0.5; break;
    case 3: c.eps = 0; break;
    case 4: c.eps = (double)NAN; break;
    }
    if (ct_optim_init(&o, &c, 4, CT_IGNORE_ERROR) == CT_OK && _i == 5)
        ct_optim_step(&o, device, (ct_real[4]){0}, (ct_real[4]){0}, 5, 1); /* n_decay above size */
}
END_TEST

START_TEST(sgd_ignores_settings_of_adamw)
{
    ct_optim_config c = {.kind = CT_SGD};
    ct_optim o = start(c, 4);
    ck_assert_ptr_null(o.v);
    ct_optim_free(&o);
}
END_TEST

START_TEST(schedule_works_as_by_hand)
{
    const ct_schedule constant = {CT_CONSTANT, 0.5, 4, 10}, cosine = {CT_COSINE, 0.5, 4, 16};
    const double rise[] = {0.125, 0.25, 0.375, 0.5};
    for (long t = 0; t < 4; t++) {
        ck_close(ct_schedule_rate(&constant, t), rise[t], 0);
        ck_close(ct_schedule_rate(&cosine, t), rise[t], 0);
    }
    for (long t = 4; t < 12; t++)
        ck_close(ct_schedule_rate(&constant, t), 0.5, 0);
    /* cos of 0, 60, 90, 120 and 180 degrees: 1, 1/2, 0, -1/2, -1 */
    const struct {
        long step;
        double rate;
    } table[] = {{4, 0.5}, {8, 0.375}, {10, 0.25}, {12, 0.125}, {16, 0}, {17, 0}, {1000, 0}};
    for (int i = 0; i < COUNT(table); i++)
        ck_close(ct_schedule_rate(&cosine, table[i].step), table[i].rate, 1e-15);
    ck_assert(ct_schedule_rate(&cosine, 16) == 0);
}
END_TEST

START_TEST(schedule_without_warm_up_begins_at_its_peak)
{
    ck_close(ct_schedule_rate(&(ct_schedule){CT_CONSTANT, 0.1, 0, 100}, 0), 0.1, 0);
    ck_close(ct_schedule_rate(&(ct_schedule){CT_COSINE, 0.1, 0, 100}, 0), 0.1, 0);
}
END_TEST

START_TEST(schedule_that_is_all_warm_up_divides_by_nothing)
{
    const ct_schedule s = {CT_COSINE, 1, 10, 10};
    ck_close(ct_schedule_rate(&s, 9), 1, 0);
    ck_close(ct_schedule_rate(&s, 10), 0, 0);
    const ct_schedule cut = {CT_COSINE, 1, 10, 5}; /* stops while it rises */
    ck_close(ct_schedule_rate(&cut, 4), 0.5, 0);
}
END_TEST

START_TEST(cosine_falls_and_stays_positive)
{
    const ct_schedule s = {CT_COSINE, 1, 0, 30011};
    double last = 2;
    for (long t = 0; t < s.steps; t++) {
        const double rate = ct_schedule_rate(&s, t);
        ck_assert_msg(rate > 0 && rate <= last, "step %ld: %.17g after %.17g", t, rate, last);
        last = rate;
    }
    ck_assert(last < 1e-8);
}
END_TEST

START_TEST(norm_is_the_euclidean_length)
{
    ct_real x[32] = {3, 0, -4};
    x[31] = 12;
    ck_close(ct_grad_norm(device, x, 32), 13, 0);
    ck_close(ct_grad_norm(device, x, 3), 5, 0);
    ck_close(ct_grad_norm(device, x, 0), 0, 0);
}
END_TEST

/* g = torch.nn.Parameter(torch.zeros(5)); g.grad = torch.tensor(G[1])
 * print(torch.nn.utils.clip_grad_norm_([g], 0.5), g.grad)
 * torch divides by norm + 1e-6, hence the tolerance. */
START_TEST(clipping_agrees_with_torch)
{
    const double want[] = {-0.16801704452311025, 0.03500355094231464, 0.42004261130777565, 0.0,
                           0.21002130565388782};
    ct_real dx[5];
    for (int i = 0; i < 5; i++)
        dx[i] = (ct_real)G[1][i];
    const double norm = ct_grad_norm(device, dx, 5);
    ck_close(norm, 1.7855321335669094, TOL);
    ct_grad_clip(device, dx, 5, norm, 0.5);
    for (int i = 0; i < 5; i++)
        ck_close(dx[i], want[i], 1e-6);
    ck_close(ct_grad_norm(device, dx, 5), 0.5, TOL);
}
END_TEST

START_TEST(clipping_leaves_alone_what_it_should)
{
    const struct {
        double norm, max_norm;
    } untouched[] = {
        {5, 5}, {5, 6}, {5, 0}, {5, -1}, {(double)NAN, 1}, {(double)INFINITY, 1},
    };
    const ct_real was[2] = {3, -4};
    for (int k = 0; k < COUNT(untouched); k++) {
        ct_real dx[2] = {3, -4};
        ct_grad_clip(device, dx, 2, untouched[k].norm, untouched[k].max_norm);
        ck_assert_msg(same_bits(dx, was, 2), "norm %g, limit %g", untouched[k].norm,
                      untouched[k].max_norm);
    }
}
END_TEST

TCase *optim_case(void)
{
    TCase *tc = tcase_create("optim");
    tcase_set_timeout(tc, 60); /* for valgrind */
    tcase_add_checked_fixture(tc, open_device, close_device);
    add_tests(tc, defaults_are_those_of_torch, sgd_works_as_by_hand);
    tcase_add_loop_test(tc, four_steps_agree_with_torch, 0, 2);
    tcase_add_test(tc, constant_gradient_makes_equal_steps);
    tcase_add_loop_test(tc, only_the_first_values_decay, 0, 2);
    tcase_add_loop_test(tc, zero_with_zero_gradient_stays_zero, 0, 2);
    tcase_add_loop_test(tc, same_bits_on_every_device, 0, 2);
    add_tests(tc, state_can_be_saved_and_restored, failed_allocation_is_reported,
              sgd_ignores_settings_of_adamw, schedule_works_as_by_hand,
              schedule_without_warm_up_begins_at_its_peak,
              schedule_that_is_all_warm_up_divides_by_nothing, cosine_falls_and_stays_positive,
              norm_is_the_euclidean_length, clipping_agrees_with_torch,
              clipping_leaves_alone_what_it_should);
    if (forking())
        tcase_add_loop_test_raise_signal(tc, unusable_setting_aborts, SIGABRT, 0, 6);
    return tc;
}
