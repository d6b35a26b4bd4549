/* test_unicl.c -- ct_loss_unicl: with groups against differences and
 * values worked out by hand (and the oracle, in test_losses.c); without, it is ct_loss_clip. */
#include "batch.h"
#include "gradcheck.h"
#include "suites.h"

#include <string.h>

static const double TEMPERATURES[] = {0.005, 0.07, 0.3, 1, 10};

static batch x, other;
static outcome y, z;

/* Group numbers mean nothing by themselves: any int, in any order. */
static void random_groups(batch *p, int n_groups, unsigned seed)
{
    uint64_t dice = seed;
    p->grouped = true;
    for (int i = 0; i < p->n; i++)
        p->group[i] = 1000000 * ((int)(next_bits(&dice) >> 40) % n_groups) - 2000000;
}

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *group)
{
    return ct_loss_unicl(g, in[0], in[1], &(ct_loss_inputs){.log_scale = in[2], .group = group});
}

START_TEST(backward_matches_difference)
{
    static const int GROUPS[][6] = {{0, 0, 1, 2, 1, 0},
                                    {5, 5, 5, 5, 5, 5},
                                    {3, -1, 3, 8, 9, 10},
                                    {1, 2, 3, 4, 5, 6}};
    batch_random(&x, 6, 5, 0.7, 40);
    gradcheck_input in[] = {{6, 5, x.a}, {6, 5, x.b}, {1, 1, &x.log_scale}};
    ck_gradcheck(op, GROUPS[_i], in, 3);
}
END_TEST

/* Three orthonormal pairs at temperature 1. Each anchor's ln sum is ln(e + 2); an
 * anchor alone subtracts 1, one of a group of k subtracts 1/k. */
START_TEST(orthonormal_pairs_by_hand)
{
    static const int GROUPS[][3] = {{4, 4, 9}, {9, 4, 4}, {4, 9, 4}, {0, 0, 0}, {1, 2, 3}};
    static const double MEAN[] = {2.0 / 3, 2.0 / 3, 2.0 / 3, 1.0 / 3, 1};
    for (int k = 0; k < COUNT(MEAN); k++) {
        batch_orthonormal(&x, 3, 1);
        x.grouped = true;
        memcpy(x.group, GROUPS[k], sizeof GROUPS[k]);
        run_loss(ct_loss_unicl, &x, &y);
        ck_close(y.value, 1.5514447139320511 - MEAN[k], 4 * (double)REAL_EPS);
        /* sum of p s, e / (e + 2), against what the positives have */
        ck_close(y.dlog_scale, 0.57611688476582912 - MEAN[k], 4 * (double)REAL_EPS);
    }
}
END_TEST

/* Rows and columns are weighed apart:
 *     s = 1 0    rows      lse ln(1 + e), mean of positives 1/2    0.8133 each
 *         1 0    columns   lse ln 2e and ln 2, means 1 and 0       0.6931 each */
START_TEST(one_group_by_hand)
{
    batch_zero(&x, 2, 2, 1);
    memcpy(x.a, (ct_real[]){1, 0, 1, 0}, 4 * sizeof *x.a);
    memcpy(x.b, (ct_real[]){1, 0, 0, 1}, 4 * sizeof *x.b);
    x.grouped = true;
    const double rows = 0.81326168751822286, columns = 0.69314718055994531;
    ck_close(loss_of(ct_loss_unicl, &x), (rows + columns) / 2, 4 * (double)REAL_EPS);
}
END_TEST

/* What repeated captions cost at least: the mean of ln of the group's size. */
START_TEST(perfect_groups_are_worth_the_logarithm_of_their_size)
{
    static const int GROUPS[] = {0, 1, 1, 2, 2, 2, 0, 2};
    for (int t = 1; t < COUNT(TEMPERATURES); t++) {
        double want = 0;
        batch_zero(&x, 8, 3, TEMPERATURES[t]);
        x.grouped = true;
        for (int i = 0; i < 8; i++) {
            const double size = GROUPS[i] == 2 ? 4 : 2;
            x.group[i] = GROUPS[i];
            x.a[i * 3 + GROUPS[i]] = x.b[i * 3 + GROUPS[i]] = 1;
            want += log(size + (8 - size) * exp(-batch_scale(&x))) / 8;
        }
        run_loss(ct_loss_unicl, &x, &y);
        ck_close(y.value, want, value_tolerance(&x));
        x.grouped = false; /* one positive a row: the same value, and no way below it */
        ck_close(loss_of(ct_loss_unicl, &x), want, value_tolerance(&x));
    }
}
END_TEST

/* All in one group: equal embeddings are the best there is. */
START_TEST(one_group_is_at_best_when_all_are_equal)
{
    for (int n = 2; n <= 40; n += 19) {
        batch_all_equal(&x, n, 6, 0.2, 1);
        x.grouped = true;
        run_loss(ct_loss_unicl, &x, &y);
        ck_close(y.value, log(n), value_tolerance(&x));
        check_stationary(&x, &y);
        batch_random(&other, n, 6, 0.2, (unsigned)n);
        other.grouped = true;
        ck_assert_double_gt(loss_of(ct_loss_unicl, &other), log(n) + 0.01);
    }
}
END_TEST

START_TEST(without_repeated_groups_it_is_clip_to_the_bit)
{
    for (int n = 1; n <= 33; n += 8) {
        batch_random(&x, n, 9, 0.07, (unsigned)n);
        run_loss(ct_loss_clip, &x, &z);
        run_loss(ct_loss_unicl, &x, &y);
        check_same_bits(&x, &y, &z);
        x.grouped = true;
        for (int i = 0; i < n; i++)
            x.group[i] = 7 * (n - i);
        run_loss(ct_loss_unicl, &x, &y);
        check_same_bits(&x, &y, &z);
        x.log_scale = (ct_real)0.5; /* clip does not look at groups */
        memset(x.group, 0, sizeof x.group);
        run_loss(ct_loss_clip, &x, &y);
        x.grouped = false;
        run_loss(ct_loss_clip, &x, &z);
        check_same_bits(&x, &y, &z);
    }
}
END_TEST

START_TEST(one_pair_is_worth_exactly_nothing)
{
    batch_random(&x, 1, 4, 0.07, 2);
    x.grouped = true;
    run_loss(ct_loss_unicl, &x, &y);
    ck_assert(y.value == 0 && y.dlog_scale == 0);
    for (int j = 0; j < 4; j++)
        ck_assert(y.da[j] == 0 && y.db[j] == 0);
}
END_TEST

START_TEST(it_does_not_care_which_side_is_which)
{
    batch_random(&x, 12, 7, 0.1, 3);
    random_groups(&x, 4, 3);
    run_loss(ct_loss_unicl, &x, &y);
    other = x;
    memcpy(other.a, x.b, sizeof x.b);
    memcpy(other.b, x.a, sizeof x.a);
    run_loss(ct_loss_unicl, &other, &z);
    ck_close(z.value, y.value, value_tolerance(&x));
    ck_close(z.dlog_scale, y.dlog_scale, value_tolerance(&x) * batch_scale(&x));
    for (int i = 0; i < x.n * x.d; i++) {
        ck_close(z.da[i], y.db[i], 1e3 * (double)REAL_EPS);
        ck_close(z.db[i], y.da[i], 1e3 * (double)REAL_EPS);
    }
}
END_TEST

TCase *unicl_case(void)
{
    TCase *tc = tcase_create("unicl");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, backward_matches_difference, 0, 4);
    add_tests(tc, orthonormal_pairs_by_hand, one_group_by_hand,
              perfect_groups_are_worth_the_logarithm_of_their_size,
              one_group_is_at_best_when_all_are_equal,
              without_repeated_groups_it_is_clip_to_the_bit, one_pair_is_worth_exactly_nothing,
              it_does_not_care_which_side_is_which);
    return tc;
}
