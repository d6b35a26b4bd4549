/* test_infonce.c -- ct_loss_infonce, ct_loss_clip and ct_loss_question: values worked out
 * by hand, and what softmax and cosine promise of any gradient. test_plain.c compares them
 * with compositions and differences. */
#include "batch.h"
#include "suites.h"

#include <string.h>

static const loss_fn LOSSES[] = {ct_loss_infonce, ct_loss_clip};

static const double TEMPERATURES[] = {0.005, 0.05, 0.07, 0.2, 1, 10};

static batch x, other;
static outcome y, z;

static void exchange_sides(const batch *from, batch *to)
{
    *to = *from;
    memcpy(to->a, from->b, sizeof to->a);
    memcpy(to->b, from->a, sizeof to->b);
}

/* ---- values and gradients ---- */

START_TEST(orthonormal_pairs_by_hand) /* two of them at temperature 1: ln(1 + 1/e) */
{
    const double share = 0.2689414213699951; /* 1 / (1 + e) = 1 - p_ii */
    ct_graph g;
    open_graph(&g);
    ct_tensor *a = ct_leaf(&g, 2, 2, (ct_real[]){1, 0, 0, 1});
    ct_tensor *b = ct_leaf(&g, 2, 2, (ct_real[]){1, 0, 0, 1}), *log_scale = ct_leaf(&g, 1, 1, NULL);
    ct_tensor *loss = LOSSES[_i](&g, a, b, &(ct_loss_inputs){.log_scale = log_scale});
    ck_values(loss, 1, 1, 0.31326168751822286);
    ct_backward(&g, loss, NULL);
    ck_grads(a, 0, share / 2, share / 2, 0);
    ck_grads(b, 0, share / 2, share / 2, 0);
    ck_grads(log_scale, -share);
    close_graph(&g);
}
END_TEST

/* Both anchors of a look alike, so a column never tells them apart:
 *     s = 1 0    rows: ln(1 + 1/e), ln(1 + e)    columns: ln 2, ln 2
 *         1 0 */
START_TEST(rows_and_columns_by_hand)
{
    const double rows = (0.31326168751822286 + 1.3132616875182228) / 2,
                 columns = 0.69314718055994531;
    batch_zero(&x, 2, 2, 1);
    memcpy(x.a, (ct_real[]){1, 0, 1, 0}, 4 * sizeof *x.a);
    memcpy(x.b, (ct_real[]){1, 0, 0, 1}, 4 * sizeof *x.b);
    run_loss(ct_loss_infonce, &x, &y);
    ck_close(y.value, rows, 4 * (double)REAL_EPS);
    ck_close(y.dlog_scale, 0.23105857863000490, 4 * (double)REAL_EPS); /* e/(1+e) - 1/2 */
    run_loss(ct_loss_clip, &x, &y);
    ck_close(y.value, (rows + columns) / 2, 4 * (double)REAL_EPS);
    ck_close(y.dlog_scale, 0.23105857863000490 / 2, 4 * (double)REAL_EPS);
    exchange_sides(&x, &other); /* columns become rows */
    ck_close(loss_of(ct_loss_infonce, &other), columns, 4 * (double)REAL_EPS);
}
END_TEST

/* a = b = the identity: every p_ij off the diagonal is p = e^(-1/tau) p_ii, and
 * da = db = scale p / n everywhere off the diagonal. At tau = 0.03 p is 3e-15:
 * in float, 1 - p_ii taken from p_ii would be 0. */
START_TEST(nearly_perfect_batches_keep_their_digits)
{
    static const double T[] = {0.03, 0.05, 0.07, 0.2, 1};
    for (int t = 0; t < COUNT(T); t++)
        for (int n = 2; n <= 9; n++) {
            batch_orthonormal(&x, n, T[t]);
            run_loss(LOSSES[_i], &x, &y);
            const double scale = batch_scale(&x), odds = (n - 1) * exp(-scale),
                         p = exp(-scale) / (1 + odds);
            const double digits = 4 * (double)REAL_EPS * (1 + scale);
            ck_close(y.value, log1p(odds), digits * log1p(odds));
            ck_close(y.dlog_scale, -scale * (n - 1) * p, digits * scale * (n - 1) * p);
            for (int i = 0; i < n * n; i++) {
                const double want = i % (n + 1) == 0 ? 0 : scale * p / n;
                ck_close(y.da[i], want, digits * want);
                ck_close(y.db[i], want, digits * want);
            }
        }
}
END_TEST

/* Each anchor sits on another's partner: the loss is 2/tau, its gradient finite. */
START_TEST(swapped_pairs_at_any_temperature_are_finite)
{
    static const double T[] = {0.001, 0.005, 0.05, 1, 10}; /* e^2000 overflows even a double */
    for (int t = 0; t < COUNT(T); t++) {
        batch_zero(&x, 2, 1, T[t]);
        x.a[0] = x.b[1] = 1;
        x.a[1] = x.b[0] = -1;
        run_loss(LOSSES[_i], &x, &y);
        const double gap = 2 * batch_scale(&x), want = gap + log1p(exp(-gap));
        ck_close(y.value, want, 4 * (double)REAL_EPS * want);
        ck_close(y.dlog_scale, gap / (1 + exp(-gap)), 4 * (double)REAL_EPS * gap);
    }
}
END_TEST

/* Two copies of each of two orthogonal pairs: no temperature gets below ln 2. */
START_TEST(duplicated_rows_leave_ln_2)
{
    for (int t = 1; t < COUNT(TEMPERATURES); t++) {
        batch_zero(&x, 4, 2, TEMPERATURES[t]);
        for (int i = 0; i < 4; i++)
            x.a[i * 2 + i / 2] = x.b[i * 2 + i / 2] = 1;
        run_loss(LOSSES[_i], &x, &y);
        ck_close(y.value, log(2 + 2 * exp(-batch_scale(&x))), value_tolerance(&x));
    }
}
END_TEST

START_TEST(zero_rows_are_finite)
{
    batch_random(&x, 6, 5, 0.07, 8);
    memset(x.a + 10, 0, 5 * sizeof *x.a);
    memset(x.b + 20, 0, 5 * sizeof *x.b);
    run_loss(LOSSES[_i], &x, &y);
    for (int i = 0; i < 30; i++)
        ck_assert(isfinite(y.da[i]) && isfinite(y.db[i]));
    batch_zero(&x, 7, 3, 0.07); /* nothing but zeros: every cosine is 0 */
    run_loss(LOSSES[_i], &x, &y);
    ck_close(y.value, log(7), 4 * (double)REAL_EPS);
    check_stationary(&x, &y);
}
END_TEST

/* ---- what every gradient obeys ---- */

START_TEST(gradient_is_orthogonal_to_each_row)
{
    for (int t = 0; t < COUNT(TEMPERATURES); t++) {
        batch_random(&x, 12, 19, TEMPERATURES[t], 50u + (unsigned)t);
        run_loss(LOSSES[_i], &x, &y);
        for (int i = 0; i < x.n; i++) {
            double along = 0, length = 0;
            for (int j = i * x.d; j < (i + 1) * x.d; j++) {
                along += (double)x.a[j] * (double)y.da[j];
                length += (double)y.da[j] * (double)y.da[j];
            }
            ck_close(along, 0, 40 * (double)REAL_EPS * batch_scale(&x) / x.n);
            ck_assert_msg(length > 0 || TEMPERATURES[t] < 0.05, "no gradient");
        }
    }
}
END_TEST

START_TEST(length_of_a_row_changes_no_bit) /* powers of 2 are exact */
{
    static const ct_real FACTORS[] = {1, 4, (ct_real)0.125, 2};
    batch_random(&x, 11, 13, 0.1, 9);
    run_loss(LOSSES[_i], &x, &y);
    other = x;
    for (int i = 0; i < x.n * x.d; i++) {
        other.a[i] *= FACTORS[i / x.d % 4];
        other.b[i] *= FACTORS[i / x.d % 3];
    }
    run_loss(LOSSES[_i], &other, &z);
    for (int i = 0; i < x.n * x.d; i++) {
        z.da[i] *= FACTORS[i / x.d % 4];
        z.db[i] *= FACTORS[i / x.d % 3];
    }
    check_same_bits(&x, &y, &z);
}
END_TEST

START_TEST(order_of_the_pairs_does_not_matter)
{
    batch_random(&x, 9, 6, 0.2, 12);
    run_loss(LOSSES[_i], &x, &y);
    other = x;
    for (int i = 0; i < x.n * x.d; i++) { /* pair i becomes pair 4 i mod 9 */
        const int to = i / x.d * 4 % 9 * x.d + i % x.d;
        other.a[to] = x.a[i];
        other.b[to] = x.b[i];
        z.da[to] = y.da[i];
        z.db[to] = y.db[i];
    }
    z.value = y.value;
    z.dlog_scale = y.dlog_scale;
    run_loss(LOSSES[_i], &other, &y);
    check_outcome(&other, &y, &z);
}
END_TEST

START_TEST(clip_does_not_care_which_side_is_which)
{
    batch_random(&x, 10, 7, 0.1, 3);
    run_loss(ct_loss_clip, &x, &y);
    exchange_sides(&x, &other);
    run_loss(ct_loss_clip, &other, &z);
    ck_close(z.value, y.value, value_tolerance(&x));
    ck_close(z.dlog_scale, y.dlog_scale, value_tolerance(&x) * batch_scale(&x));
    for (int i = 0; i < x.n * x.d; i++) {
        ck_close(z.da[i], y.db[i], 1e3 * (double)REAL_EPS);
        ck_close(z.db[i], y.da[i], 1e3 * (double)REAL_EPS);
    }
}
END_TEST

START_TEST(clip_is_the_mean_of_both_directions)
{
    static outcome back;
    batch_random(&x, 13, 8, 0.3, 6);
    run_loss(ct_loss_infonce, &x, &z);
    exchange_sides(&x, &other);
    run_loss(ct_loss_infonce, &other, &back);
    z.value = (z.value + back.value) / 2;
    z.dlog_scale = (z.dlog_scale + back.dlog_scale) / 2;
    for (int i = 0; i < x.n * x.d; i++) {
        z.da[i] = (z.da[i] + back.db[i]) / 2;
        z.db[i] = (z.db[i] + back.da[i]) / 2;
    }
    run_loss(ct_loss_clip, &x, &y);
    check_outcome(&x, &y, &z);
}
END_TEST

/* Column 0 of b is the same for all and column 1 is 0, so turning a_i from one to
 * the other adds a constant to row i of the cosines: InfoNCE cannot see it (the
 * sum of ds over a row is 0), the symmetric loss can. */
static void add_a_constant_to_each_row(batch *p, double step)
{
    batch_random(p, 8, 7, 0.1, 21);
    for (int i = 0; i < p->n; i++) {
        ct_real *a = p->a + i * p->d, *b = p->b + i * p->d;
        double aa = 0, bb = 0;
        const double turn = step * i;
        for (int j = 2; j < p->d; j++) {
            aa += (double)a[j] * (double)a[j];
            bb += (double)b[j] * (double)b[j];
        }
        for (int j = 2; j < p->d; j++) { /* all rows of one length */
            a[j] = (ct_real)((double)a[j] / sqrt(aa));
            b[j] = (ct_real)((double)b[j] / sqrt(bb));
        }
        a[0] = (ct_real)sin(turn);
        a[1] = (ct_real)cos(turn);
        b[0] = 1;
        b[1] = 0;
    }
}

START_TEST(infonce_cannot_see_a_constant_added_to_a_row)
{
    add_a_constant_to_each_row(&x, 0);
    add_a_constant_to_each_row(&other, 0.1);
    ck_close(loss_of(ct_loss_infonce, &other), loss_of(ct_loss_infonce, &x), value_tolerance(&x));
    ck_assert_double_gt(fabs(loss_of(ct_loss_clip, &other) - loss_of(ct_loss_clip, &x)), 0.01);
    run_loss(ct_loss_infonce, &x, &y);
    run_loss(ct_loss_clip, &x, &z);
    double clip = 0;
    for (int i = 0; i < x.n; i++) { /* a[i, 0] is 0: the projection leaves this element alone */
        ck_close(y.da[i * x.d], 0, value_tolerance(&x) * batch_scale(&x) / x.n);
        clip = fmax(clip, fabs((double)z.da[i * x.d]));
    }
    ck_assert_double_gt(clip, 0.01);
}
END_TEST

/* ---- the question ---- */

START_TEST(the_question_is_infonce_at_temperature_1)
{
    batch_random(&x, 7, 20, 1, 5);
    run_loss(ct_loss_infonce, &x, &z);
    ck_assert(z.dlog_scale != 0);
    z.dlog_scale = 0; /* a constant of the question */
    x.log_scale = 3;  /* not looked at */
    run_loss(ct_loss_question, &x, &y);
    check_same_bits(&x, &y, &z);
}
END_TEST

TCase *infonce_case(void)
{
    TCase *tc = tcase_create("infonce");
    const int both = COUNT(LOSSES);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, orthonormal_pairs_by_hand, 0, both);
    tcase_add_test(tc, rows_and_columns_by_hand);
    tcase_add_loop_test(tc, nearly_perfect_batches_keep_their_digits, 0, both);
    tcase_add_loop_test(tc, swapped_pairs_at_any_temperature_are_finite, 0, both);
    tcase_add_loop_test(tc, duplicated_rows_leave_ln_2, 0, both);
    tcase_add_loop_test(tc, zero_rows_are_finite, 0, both);
    tcase_add_loop_test(tc, gradient_is_orthogonal_to_each_row, 0, both);
    tcase_add_loop_test(tc, length_of_a_row_changes_no_bit, 0, both);
    tcase_add_loop_test(tc, order_of_the_pairs_does_not_matter, 0, both);
    add_tests(tc, clip_does_not_care_which_side_is_which, clip_is_the_mean_of_both_directions,
              infonce_cannot_see_a_constant_added_to_a_row,
              the_question_is_infonce_at_temperature_1);
    return tc;
}
