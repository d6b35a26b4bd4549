/* test_tolerance.c -- cosines within groups: by hand, and against a twin that walks every pair. */
#include "suites.h"

#include "measure_helpers.h"

static double cosine(const ct_real *a, const ct_real *b, int d)
{
    double product = 0, x = 0, y = 0;
    for (int k = 0; k < d; k++) {
        product += (double)a[k] * (double)b[k];
        x += (double)a[k] * (double)a[k];
        y += (double)b[k] * (double)b[k];
    }
    return product / sqrt(x * y);
}

/* Group 7: cosines 0, 1, 0; group -5: 1; group 9 has one row. */
START_TEST(tolerance_by_hand)
{
    const ct_real x[] = {1, 0, 0, -1, 0, 2, 5, 5, 3, 0, 0, -4};
    const int group[] = {7, -5, 7, 9, 7, -5};
    double tolerance = 0;
    tolerance = measured(x, NULL, 6, 2, group, NULL).tolerance[0];
    ck_assert_double_eq_tol(tolerance, (3 * 1. / 3 + 1) / 4, 1e-14);
    tolerance = measured(x, NULL, 6, 2, (const int[]){1, 2, 3, 4, 5, 6}, NULL).tolerance[0];
    ck_assert(isnan(tolerance));
}
END_TEST

START_TEST(tolerance_agrees_with_its_twin)
{
    enum { N = 200, D = 7 };
    ct_real *x = random_reals(N * D, 41);
    int group[N], pairs = 0;
    double tolerance = 0, sum = 0;
    for (int i = 0; i < N; i++)
        group[i] = i * i % 23;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            if (i != j && group[i] == group[j])
                sum += cosine(x + i * D, x + j * D, D), pairs++;
    tolerance = measured(x, NULL, N, D, group, NULL).tolerance[0];
    ck_assert_double_eq_tol(tolerance, sum / pairs, 1e-12);
    free(x);
}
END_TEST

TCase *tolerance_case(void)
{
    TCase *tc = tcase_create("tolerance");
    tcase_set_timeout(tc, 60); /* for valgrind */
    add_tests(tc, tolerance_by_hand, tolerance_agrees_with_its_twin);
    return tc;
}
