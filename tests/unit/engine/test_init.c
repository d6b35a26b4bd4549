/* test_init.c -- what parameters begin with: the moments of each distribution
 * over 20,000 draws, and which random number each element takes. */
#include "contrast/nn.h"
#include "contrast/random.h"
#include "suites.h"
#include "testing.h"

#include <string.h>

enum { ROWS = 50, COLS = 400, N = ROWS * COLS };

/* A parameter (ROWS, COLS) as number `before` of a set built with `seed`; those
 * before it are (1, before_cols). */
static void build(ct_params *p, ct_init init, double value, uint64_t seed, int before,
                  int before_cols)
{
    ct_params_init(p);
    for (int k = 0; k < before; k++) {
        const char name[] = {(char)('a' + k), 0};
        ct_params_declare(p, name, 1, before_cols, CT_INIT_NORMAL, 1, true);
    }
    const int k = ct_params_declare(p, "tested", ROWS, COLS, init, COLS, true);
    p->list[k].value = value;
    ck_assert_int_eq(ct_params_build(p, seed, CT_IGNORE_ERROR), CT_OK);
}

static double mean_of_products(const ct_real *a, const ct_real *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum / n;
}

/* Fourth moment over the squared second: 3 for a normal, 9/5 for a uniform. */
static double kurtosis(const ct_real *x, int n)
{
    double s2 = 0, s4 = 0;
    for (int i = 0; i < n; i++) {
        const double z = (double)x[i] * (double)x[i];
        s2 += z;
        s4 += z * z;
    }
    return s4 * n / (s2 * s2);
}

static const struct {
    ct_init init;
    double variance, kurtosis;
} SHAPES[] = {
    {CT_INIT_HE, 2.0 / COLS, 3},
    {CT_INIT_GLOROT, 2.0 / (COLS + ROWS), 1.8}, /* a^2/3, a^2 = 6/(in + out) */
    {CT_INIT_LECUN, 1.0 / COLS, 3},
    {CT_INIT_CONE, 1.0 / COLS, 3},
    {CT_INIT_NORMAL, 1, 3},
};

/* Each within five standard errors of what theory says. */
START_TEST(moments_are_those_of_the_distribution)
{
    ct_params p;
    build(&p, SHAPES[_i].init, 0, 11, 0, 0);
    const ct_real *x = p.list[0].x;
    const double v = SHAPES[_i].variance;
    double mean = 0;
    for (int i = 0; i < N; i++)
        mean += (double)x[i] / N;
    ck_close(mean, 0, 5 * sqrt(v / N));
    ck_close(mean_of_products(x, x, N) / v, 1, 5 * sqrt((SHAPES[_i].kurtosis - 1) / N));
    ck_close(kurtosis(x, N), SHAPES[_i].kurtosis, 5 * sqrt(24.0 / N));
    ct_params_free(&p);
}
END_TEST

START_TEST(glorot_fills_its_interval)
{
    ct_params p;
    build(&p, CT_INIT_GLOROT, 0, 12, 0, 0);
    const double bound = sqrt(6.0 / (ROWS + COLS));
    double low = 0, high = 0;
    for (int i = 0; i < N; i++) {
        low = fmin(low, (double)p.list[0].x[i]);
        high = fmax(high, (double)p.list[0].x[i]);
    }
    ck_assert(low >= -bound * (1 + 1e-7) && low < -0.999 * bound);
    ck_assert(high <= bound * (1 + 1e-7) && high > 0.999 * bound);
    ct_params_free(&p);
}
END_TEST

/* Correlations of neighbours: in a row, down a column, and between parameters.
 * Standard error 1/sqrt(N). */
START_TEST(neighbours_are_independent)
{
    ct_params p;
    build(&p, CT_INIT_NORMAL, 0, 13, 1, N);
    const ct_real *x = p.list[1].x, *other = p.list[0].x;
    const double tol = 5 / sqrt(N);
    ck_close(mean_of_products(x, x + 1, N - 1), 0, tol);
    ck_close(mean_of_products(x, x + 2, N - 2), 0, tol);
    ck_close(mean_of_products(x, x + 4, N - 4), 0,
             tol); /* the same place in the next block of Philox */
    ck_close(mean_of_products(x, x + COLS, N - COLS), 0, tol);
    ck_close(mean_of_products(x, other, N), 0, tol);
    ck_close(mean_of_products(x, other + 1, N - 1), 0, tol);
    ct_params_free(&p);
}
END_TEST

START_TEST(element_takes_the_number_of_its_place)
{
    ct_params p;
    build(&p, CT_INIT_NORMAL, 0, 14, 2, 3);
    ct_random r = ct_random_make(14, CT_STREAM_INIT, 2);
    for (int i = 0; i < N; i++)
        ck_assert(p.list[2].x[i] == (ct_real)ct_random_normal(&r));
    ct_params_free(&p);
}
END_TEST

START_TEST(values_do_not_depend_on_the_sizes_of_others)
{
    ct_params p, q;
    build(&p, CT_INIT_HE, 0, 15, 2, 3);
    build(&q, CT_INIT_HE, 0, 15, 2, 100);
    ck_assert(same_bits(p.list[2].x, q.list[2].x, N));
    ct_params_free(&q);
    build(&q, CT_INIT_HE, 0, 15, 1, 3); /* but they do on the number */
    ck_assert(!same_bits(p.list[2].x, q.list[1].x, 4));
    ct_params_free(&q);
    build(&q, CT_INIT_HE, 0, 16, 2, 3); /* and on the seed */
    ck_assert(!same_bits(p.list[2].x, q.list[2].x, 4));
    ct_params_free(&q);
    ct_params_free(&p);
}
END_TEST

START_TEST(value_is_added_to_the_draw)
{
    ct_params p, q;
    build(&p, CT_INIT_ZERO, 2.5, 17, 0, 0);
    for (int i = 0; i < N; i++)
        ck_assert(p.list[0].x[i] == (ct_real)2.5);
    ct_params_free(&p);
    build(&p, CT_INIT_NORMAL, 8, 17, 0, 0);
    build(&q, CT_INIT_NORMAL, 0, 17, 0, 0);
    for (int i = 0; i < N; i++)
        ck_close(p.list[0].x[i], (double)q.list[0].x[i] + 8, 16 * (double)REAL_EPS);
    ct_params_free(&p);
    ct_params_free(&q);
}
END_TEST

/* Under CONE the bias is drawn as its weight is, N(0, 1/fan_in); else it is 0. */
START_TEST(only_cone_draws_biases)
{
    for (int cone = 0; cone < 2; cone++) {
        ct_params p;
        ct_params_init(&p);
        ct_linear_layer l = ct_linear_declare(&p, "l", 3, N, CT_ACT_NONE,
                                              cone ? CT_INIT_CONE : CT_INIT_LECUN);
        ck_assert_int_eq(ct_params_build(&p, 18, CT_IGNORE_ERROR), CT_OK);
        const ct_real *b = p.list[l.bias].x;
        if (cone)
            ck_close(mean_of_products(b, b, N) * 3, 1, 5 * sqrt(2.0 / N));
        else
            ck_close(mean_of_products(b, b, N), 0, 0);
        ct_params_free(&p);
    }
}
END_TEST

TCase *init_case(void)
{
    TCase *tc = tcase_create("init");
    tcase_set_timeout(tc, 60); /* for valgrind */
    tcase_add_loop_test(tc, moments_are_those_of_the_distribution, 0, COUNT(SHAPES));
    add_tests(tc, glorot_fills_its_interval, neighbours_are_independent,
              element_takes_the_number_of_its_place, values_do_not_depend_on_the_sizes_of_others,
              value_is_added_to_the_draw, only_cone_draws_biases);
    return tc;
}
