/* test_scalar.c -- exp, log, log1p and cos against libm's long double ones,
 * within the header's 4e-16, and the edges of what a double holds. */
#include "testing.h"

#include "contrast/scalar.h"

static double tolerance(void)
{
    return long_double_is_wide() ? 4e-16 : 6e-16; /* libm's own half ulp comes on top */
}

/* The k-th of n numbers spread over [low, high], not on a regular grid. */
static double spread(int k, int n, double low, double high)
{
    uint64_t s = (uint64_t)k;
    return low + (high - low) * (k + (double)(next_bits(&s) >> 11) * 0x1p-53) / n;
}

static void check_relative(const char *name, double x, double got, long double want)
{
    const double err = (double)fabsl(((long double)got - want) / want);
    if (!(want == 0 ? got == 0 : err < tolerance()))
        ck_abort_msg("%s(%a) is %a, off by %g", name, x, got, err);
}

static void check_circle(double x)
{
    const double c = (double)fabsl((long double)ct_scalar_cos(x) - cosl((long double)x));
    if (!(c < tolerance()))
        ck_abort_msg("at %a: cos off by %g", x, c);
}

enum { N = 20000 };

START_TEST(exp_is_within_bounds)
{
    for (int i = 0; i < N; i++) {
        const double wide = spread(i, N, -708, 709.7), near = spread(i, N, -1, 1);
        const double tiny = ldexp(near, -i % 60);
        check_relative("exp", wide, ct_scalar_exp(wide), expl((long double)wide));
        check_relative("exp", near, ct_scalar_exp(near), expl((long double)near));
        check_relative("exp", tiny, ct_scalar_exp(tiny), expl((long double)tiny));
    }
}
END_TEST

START_TEST(exp_of_edges)
{
    ck_assert(ct_scalar_exp(0) == 1 && ct_scalar_exp(-0.0) == 1);
    ck_assert(ct_scalar_exp(709.8) == HUGE_VAL && ct_scalar_exp(710) == HUGE_VAL);
    ck_assert(ct_scalar_exp(1e300) == HUGE_VAL && ct_scalar_exp(HUGE_VAL) == HUGE_VAL);
    ck_assert(ct_scalar_exp(-HUGE_VAL) == 0 && ct_scalar_exp(-746) == 0 &&
              ct_scalar_exp(-1e300) == 0);
    ck_assert(isnan(ct_scalar_exp((double)NAN)));
    check_relative("exp", 709.78, ct_scalar_exp(709.78), expl((long double)709.78));
    for (double x = -745; x < -708.5; x += 0.37) /* results below the normal range */
        ck_assert_double_le(fabs(ct_scalar_exp(x) - (double)expl((long double)x)), 0x1p-1074);
}
END_TEST

START_TEST(log_is_within_bounds)
{
    for (int i = 0; i < N; i++) {
        const double near = spread(i, N, 0.5, 2), wide = ldexp(near, i % 2000 - 1000);
        const double close = 1 + ldexp(spread(i, N, -1, 1), -(i % 50) - 1);
        check_relative("log", near, ct_scalar_log(near), logl((long double)near));
        check_relative("log", wide, ct_scalar_log(wide), logl((long double)wide));
        check_relative("log", close, ct_scalar_log(close), logl((long double)close));
    }
}
END_TEST

START_TEST(log_of_edges)
{
    ck_assert(ct_scalar_log(1) == 0);
    ck_assert(ct_scalar_log(0) == -HUGE_VAL && ct_scalar_log(-0.0) == -HUGE_VAL);
    ck_assert(ct_scalar_log(HUGE_VAL) == HUGE_VAL);
    ck_assert(isnan(ct_scalar_log(-1)) && isnan(ct_scalar_log(-HUGE_VAL)));
    ck_assert(isnan(ct_scalar_log((double)NAN)) && isnan(ct_scalar_log(-0x1p-1074)));
    check_relative("log", DBL_MAX, ct_scalar_log(DBL_MAX), logl((long double)DBL_MAX));
    check_relative("log", DBL_MIN, ct_scalar_log(DBL_MIN), logl((long double)DBL_MIN));
    check_relative("log", 0x1p-1074, ct_scalar_log(0x1p-1074), logl(0x1p-1074L));
    check_relative("log", 0x1.8p-1060, ct_scalar_log(0x1.8p-1060), logl(0x1.8p-1060L));
}
END_TEST

START_TEST(log1p_is_within_bounds)
{
    for (int i = 0; i < N; i++) {
        const double near = spread(i, N, -0.9999, 3), wide = ldexp(fabs(near), i % 1000);
        const double small = ldexp(spread(i, N, -1, 1), -(i % 1000));
        check_relative("log1p", near, ct_scalar_log1p(near), log1pl((long double)near));
        check_relative("log1p", wide, ct_scalar_log1p(wide), log1pl((long double)wide));
        if (small > -1)
            check_relative("log1p", small, ct_scalar_log1p(small), log1pl((long double)small));
    }
}
END_TEST

START_TEST(log1p_of_edges)
{
    ck_assert(ct_scalar_log1p(0) == 0 && ct_scalar_log1p(0x1p-1074) == 0x1p-1074);
    ck_assert(ct_scalar_log1p(-1) == -HUGE_VAL && ct_scalar_log1p(HUGE_VAL) == HUGE_VAL);
    ck_assert(isnan(ct_scalar_log1p(-1.5)) && isnan(ct_scalar_log1p(-HUGE_VAL)));
    ck_assert(isnan(ct_scalar_log1p((double)NAN)));
    check_relative("log1p", -1 + 0x1p-53, ct_scalar_log1p(-1 + 0x1p-53), log1pl(-1 + 0x1p-53L));
    check_relative("log1p", DBL_MAX, ct_scalar_log1p(DBL_MAX), log1pl((long double)DBL_MAX));
    check_relative("log1p", 0x1p53, ct_scalar_log1p(0x1p53), log1pl(0x1p53L));
}
END_TEST

START_TEST(cos_is_within_bounds)
{
    static const double reach[] = {1e-8, 1, 10, 1000, 1e5};
    for (int r = 0; r < COUNT(reach); r++)
        for (int i = 0; i <= N; i++)
            check_circle(i == N ? reach[r] : spread(i, N, -reach[r], reach[r]));
}
END_TEST

START_TEST(circle_at_multiples_of_a_quarter_turn) /* where the reduced argument is smallest */
{
    for (int k = -60000; k <= 60000; k += 7)
        check_circle(k * 1.5707963267948966);
    ck_assert(ct_scalar_cos(0) == 1 && isnan(ct_scalar_cos((double)NAN)));
}
END_TEST

/* The same on every machine and compiler. The number is this library's own; that it
 * is right is what the tests above say. */
START_TEST(bits_are_golden)
{
    static double y[4 * 4000];
    for (int i = 0; i < 4000; i++) {
        const double x = spread(i, 4000, 0, 300);
        y[4 * i] = ct_scalar_exp(x - 150);
        y[4 * i + 1] = ct_scalar_log(x);
        y[4 * i + 2] = ct_scalar_log1p(x / 300 - 0.5);
        y[4 * i + 3] = ct_scalar_cos(x * 300);
    }
    ck_assert_uint_eq(hash_bits(y, sizeof y), UINT64_C(9216574124335148613));
}
END_TEST

TCase *scalar_case(void)
{
    TCase *tc = tcase_create("scalar");
    tcase_set_timeout(tc, 30);
    add_tests(tc, exp_is_within_bounds, exp_of_edges, log_is_within_bounds, log_of_edges,
              log1p_is_within_bounds, log1p_of_edges, cos_is_within_bounds,
              circle_at_multiples_of_a_quarter_turn, bits_are_golden);
    return tc;
}
