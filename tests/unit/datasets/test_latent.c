/* test_latent.c -- vector pairs against what their options promise, by statistics
 * that do not know the rotations. */
#include "testing.h"

#include "contrast/datasets.h"

#include <math.h>
#include <string.h>

static ct_pairs *make(int dim, int shared, double rho, int n)
{
    ct_data_options o = {.dim = dim, .shared = shared, .rho = rho, .n_train = n, .seed = 5};
    ct_error err = {0};
    ct_pairs *p = ct_latent(&o, &err);
    ck_assert_msg(p != NULL, "%s", err.msg);
    return p;
}

/* c (d, d) = mean over items of the outer product of side a and side b. */
static void second_moment(const ct_pairs *p, int a, int b, double *c)
{
    int d = p->side[a].dim;
    for (int k = 0; k < d * d; k++) {
        double sum = 0;
        for (int i = 0; i < p->n; i++)
            sum += (double)p->side[a].f32[i * d + k / d] * (double)p->side[b].f32[i * d + k % d];
        c[k] = sum / p->n;
    }
}

static double determinant(double *m, int d)
{
    double det = 1;
    for (int k = 0; k < d; k++) { /* elimination; the matrices here are positive definite */
        det *= m[k * d + k];
        for (int i = k + 1; i < d; i++)
            for (int j = d - 1; j >= k; j--)
                m[i * d + j] -= m[i * d + k] / m[k * d + k] * m[k * d + j];
    }
    return det;
}

START_TEST(each_side_is_white)
{
    ct_pairs *p = make(6, 3, 0.9, 20000);
    for (int side = 0; side < 2; side++) {
        double c[36];
        second_moment(p, side, side, c);
        for (int k = 0; k < 36; k++) /* standard error 1/141, 1/100 on the diagonal */
            ck_assert_double_eq_tol(c[k], k % 7 == 0, 0.04);
    }
    ct_pairs_free(p);
}
END_TEST

/* For Gaussians I(x; y) = 1/2 ln(det X det Y / det [X C; C' Y]) with the sides'
 * covariances X, Y and C = E[x y']. */
START_TEST(mutual_information_is_that_of_the_sample)
{
    enum { D = 6 };
    ct_pairs *p = make(D, 3, 0.9, 20000);
    double x[D * D], y[D * D], c[D * D], both[4 * D * D];
    second_moment(p, 0, 0, x);
    second_moment(p, 1, 1, y);
    second_moment(p, 0, 1, c);
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) {
            both[i * 2 * D + j] = x[i * D + j];
            both[i * 2 * D + D + j] = both[(D + j) * 2 * D + i] = c[i * D + j];
            both[(D + i) * 2 * D + D + j] = y[i * D + j];
        }
    double estimate = 0.5 * log(determinant(x, D) * determinant(y, D) / determinant(both, 2 * D));
    ck_assert_double_eq_tol(estimate, p->mutual_information, 0.03); /* standard error 0.011 */
    ct_pairs_free(p);
}
END_TEST

/* -(8/2) ln(1 - 0.81) = 6.642924827286604 in Python; no correlation, no information */
START_TEST(mutual_information_follows_the_formula)
{
    ct_pairs *p = make(32, 8, 0.9, 1), *q = make(32, 8, -0.9, 1), *none = make(4, 4, 0, 1);
    ck_assert_double_eq_tol(p->mutual_information, 6.642924827286604, 1e-13);
    ck_assert_double_eq(q->mutual_information, p->mutual_information);
    ck_assert_double_eq(none->mutual_information, 0);
    ct_pairs_free(p);
    ct_pairs_free(q);
    ct_pairs_free(none);
}
END_TEST

START_TEST(one_dimension_has_the_correlation_asked_for)
{
    ct_pairs *p = make(1, 1, -0.7, 20000);
    double c;
    second_moment(p, 0, 1, &c);
    ck_assert_double_eq_tol(c, -0.7, 0.03);
    ct_pairs_free(p);
}
END_TEST

/* No single coordinate is shared with its namesake: the rotations hide which are.
 * Each entry of C is a sum of `shared` products of about 1/dim; with one rotation
 * for both sides C would be symmetric. */
START_TEST(rotations_hide_the_shared_coordinates)
{
    ct_pairs *p = make(16, 4, 0.95, 4000);
    double c[256], square = 0, skew = 0;
    second_moment(p, 0, 1, c);
    for (int k = 0; k < 256; k++) {
        double other = c[k % 16 * 16 + k / 16];
        ck_assert_double_lt(fabs(c[k]), 0.6);
        square += c[k] * c[k];
        skew += (c[k] - other) * (c[k] - other);
    }
    ck_assert_double_gt(skew, 2);
    ck_assert_double_eq_tol(square, 4 * 0.95 * 0.95, 0.3); /* |C|^2 = shared rho^2 */
    ct_pairs_free(p);
}
END_TEST

START_TEST(an_item_does_not_depend_on_how_many_there_are)
{
    ct_data_options few = {
        .dim = 5, .shared = 2, .rho = 0.5, .n_train = 4, .n_validation = 2, .n_test = 3, .seed = 9};
    ct_data_options many = few, other = few;
    many.n_train = 9;
    many.n_validation = 0;
    many.n_test = 5;
    other.seed = 10;
    ct_pairs *a = ct_latent(&few, CT_IGNORE_ERROR), *b = ct_latent(&many, CT_IGNORE_ERROR),
             *c = ct_latent(&other, CT_IGNORE_ERROR);
    for (int side = 0; side < 2; side++) {
        const float *x = a->side[side].f32, *y = b->side[side].f32, *z = c->side[side].f32;
        ck_assert_int_eq(memcmp(x, y, 4 * 5 * sizeof *x), 0);
        ck_assert_int_eq(memcmp(x + 5 * a->index[CT_TEST][0], y + 5 * b->index[CT_TEST][0],
                                3 * 5 * sizeof *x),
                         0);
        ck_assert_int_ne(memcmp(x, z, 4 * 5 * sizeof *x), 0);
    }
    ct_pairs_free(a);
    ct_pairs_free(b);
    ct_pairs_free(c);
}
END_TEST

/* Recorded on x86-64; every machine must find the same. */
START_TEST(values_are_the_same_everywhere)
{
    ct_pairs *p = make(8, 3, 0.9, 20);
    uint32_t h = 2166136261u;
    for (int k = 0; k < 2 * 20 * 8; k++) {
        uint32_t bits;
        memcpy(&bits, &p->side[k % 2].f32[k / 2], sizeof bits);
        h = (h ^ bits) * 16777619u;
    }
    ck_assert_uint_eq(h, 1620949813u);
    ct_pairs_free(p);
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
    static const struct {
        ct_data_options o;
        const char *says;
    } WRONG[] = {
        {{.dim = 0, .shared = 1, .n_train = 1}, "latent: dim is 0; expected 1 to 1024"},
        {{.dim = 1025, .shared = 1, .n_train = 1}, "latent: dim is 1025; expected 1 to 1024"},
        {{.dim = 4, .shared = 5, .n_train = 1}, "latent: shared is 5; expected 1 to dim, 4"},
        {{.dim = 4, .shared = 0, .n_train = 1}, "latent: shared is 0; expected 1 to dim, 4"},
        {{.dim = 4, .shared = 1, .rho = 1, .n_train = 1},
         "latent: rho is 1; expected a number between -1 and 1"},
        {{.dim = 4, .shared = 1, .rho = (double)NAN, .n_train = 1},
         "latent: rho is nan; expected a number between -1 and 1"},
        {{.dim = 4, .shared = 1}, "latent: 0 items in the train split; expected 1 to"},
    };
    for (int k = 0; k < 7; k++) {
        ct_error err = {0};
        ck_assert_ptr_null(ct_latent(&WRONG[k].o, &err));
        ck_assert_int_eq(err.status, CT_ERR_CONFIG);
        ck_assert_msg(strncmp(err.msg, WRONG[k].says, strlen(WRONG[k].says)) == 0, "%s", err.msg);
    }
}
END_TEST

START_TEST(failed_allocations_leave_nothing_behind)
{
    ct_data_options o = {.dim = 64, .shared = 2, .rho = 0.5, .n_train = 100, .seed = 1};
    ck_assert_int_gt(fail_each_allocation(ct_latent, &o), 3);
}
END_TEST

TCase *latent_case(void)
{
    TCase *tc = tcase_create("latent");
    tcase_set_timeout(tc, 30);
    add_tests(tc, each_side_is_white, mutual_information_is_that_of_the_sample,
              mutual_information_follows_the_formula, one_dimension_has_the_correlation_asked_for,
              rotations_hide_the_shared_coordinates, an_item_does_not_depend_on_how_many_there_are,
              values_are_the_same_everywhere, options_out_of_range_are_refused,
              failed_allocations_leave_nothing_behind);
    return tc;
}
