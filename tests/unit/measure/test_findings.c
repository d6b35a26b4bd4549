/* What a diagnosis looks at: against NumPy, against the exact metrics, closed forms. */
#include "metric_helpers.h"
#include "suites.h"
#include "testing.h"

#include "contrast/diagnose.h"

/* a_ik = sin(1.7 i + 0.9 k^2 + 0.3 i k) + 0.5, b_ik = a_ik + 1.5 cos(2.3 i - 1.1 k + 0.7 i k), 12
 * rows of 5, as float32; the expected numbers are NumPy's, of unit rows in double: svd(a -
 * a.mean(0)); (T >= T.diagonal()[:, None]).sum(1) - 1 for T = a b' and b a'; argsort(-T,
 * kind="stable")[:, :10] counted with bincount for the hubs; and so on. */
START_TEST(numpy_finds_the_same)
{
    enum { N = 12, D = 5 };
    static const double SIGMA[D] = {1.72918365, 1.53413724, 1.29264613, 0.81168423, 0.66109854};
    static const double BINS[CT_COSINE_BINS] = {0,  0, 0, 4,  2,  2,  4, 4, 6, 10,
                                                14, 4, 2, 16, 30, 18, 6, 6, 2, 2};
    ct_real a[N * D], b[N * D];
    ct_device *dev = one_thread();
    ct_findings f;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) {
            const double x = sin(1.7 * i + 0.9 * k * k + 0.3 * i * k) + 0.5;
            a[i * D + k] = (ct_real)(float)x;
            b[i * D + k] = (ct_real)(float)(x + 1.5 * cos(2.3 * i - 1.1 * k + 0.7 * i * k));
        }
    CK_OK(ct_findings_measure(dev, a, b, N, D, NULL, &f, &err));
    for (int k = 0; k < D; k++)
        ck_close(f.side[0].spectrum[k], SIGMA[k], 1e-6);
    for (int k = 0; k < CT_COSINE_BINS; k++)
        ck_close(f.side[0].histogram[k], BINS[k] / (N * (N - 1)), 1e-12);
    ck_close(f.side[0].rank, 4.723292930730314, 1e-5);
    ck_close(f.side[0].rank_centred, 4.706720010814763, 1e-5);
    ck_close(f.side[0].participation, 3.675466202930323, 1e-5);
    ck_close(f.side[0].variance, 0.6758724790341363, 1e-9);
    ck_close(f.side[0].mean_cosine, 0.26268456832639675, 1e-9);
    ck_close(f.side[0].uniformity, -2.173173508304871, 1e-5);
    ck_close(f.cross_covariance, 0.31683317668388006, 1e-9);
    ck_close(f.gap, 0.16611558685878286, 1e-9);
    ck_close(f.alignment, 0.8810035641046466, 1e-9);
    ck_close(f.diagonal_mean, 0.5594982179476767, 1e-9);
    ck_close(f.off_diagonal_mean, 0.21386202520162576, 1e-9);
    ck_close(f.ahead[0], 0.25757575757575757, 1e-12);
    ck_close(f.ahead[1], 0.25757575757575757, 1e-12);
    ck_close(f.recall[0].at1, 4 / 12.0, 1e-12);
    ck_close(f.recall[1].at1, 3 / 12.0, 1e-12);
    ck_close(f.hubness[0], -1.4905416081794851, 1e-9);
    ck_close(f.hubness[1], -0.2805658588748473, 1e-9);
    ck_close(f.matched, 0.25, 1e-12);
    ck_close(f.matched_elsewhere, 0.25, 1e-12);
    ck_close(f.nearer, 0.75, 1e-12);
    ct_device_free(dev);
}
END_TEST

static const int SIZE[][2] = {{2, 3},     {7, 1},    {40, 90},  {90, 40},
                              {130, 130}, {300, 20}, {500, 260}};

/* The same as the metrics that are exact and slow, and have slow twins themselves. */
START_TEST(agrees_with_the_exact_metrics)
{
    const int n = SIZE[_i][0], d = SIZE[_i][1];
    ct_device *dev = one_thread();
    ct_real *a = random_reals((size_t)n * (size_t)d, 31),
            *b = random_reals((size_t)n * (size_t)d, 32);
    int *group = calloc((size_t)n, sizeof *group);
    ct_findings f;
    ct_geometry g;
    ct_recall r[2];
    for (int i = 0; i < n; i++)
        group[i] = i * 7 % 5 == 0 ? 0 : i;
    for (int i = 0; i < n * d; i++) { /* pairs that match in part, rows that repeat */
        b[i] = a[i] + b[i] + (ct_real)0.5;
        a[i] = i >= d && i / d % 9 == 0 ? a[i - d] : a[i];
    }
    for (int with = 0; with < 2; with++) {
        CK_OK(ct_findings_measure(dev, a, b, n, d, with ? group : NULL, &f, &err));
        CK_OK(ct_recall_measure(dev, a, b, n, d, with ? group : NULL, &r[0], &err));
        CK_OK(ct_recall_measure(dev, b, a, n, d, with ? group : NULL, &r[1], &err));
        for (int s = 0; s < 2; s++) {
            ck_close(f.recall[s].at1, r[s].at1, 0);
            ck_close(f.recall[s].at5, r[s].at5, 0);
            ck_close(f.recall[s].at10, r[s].at10, 0);
            ck_close(f.recall[s].median_rank, r[s].median_rank, 0);
        }
    }
    CK_OK(ct_geometry_measure(dev, a, b, n, d, &g, &err));
    for (int s = 0; s < 2; s++) {
        ck_close(f.side[s].rank, g.rank[s],
                 2e-2 + 1e-3 * g.rank[s]); /* what is below NOISE is dropped */
        ck_close(f.side[s].rank_centred, g.rank_centred[s], 2e-2 + 1e-3 * g.rank_centred[s]);
        ck_close(f.side[s].mean_cosine, g.mean_cosine[s], 1e-9);
        ck_close(f.side[s].std_sqrt_d, g.std_sqrt_d[s], 1e-9);
        ck_close(f.side[s].uniformity, g.uniformity[s], 1e-9);
    }
    ck_close(f.diagonal_mean, g.diagonal_mean, 1e-9);
    ck_close(f.off_diagonal_mean, g.off_diagonal_mean, 1e-9);
    ck_close(f.alignment, g.alignment, 1e-9);
    ck_close(f.gap, g.gap, 1e-9);
    int repeated = 0;
    for (int i = 9; i < n; i += 9)
        repeated++;
    ck_assert_int_eq(f.side[0].duplicates, d > 1 ? repeated : f.side[0].duplicates);
    free(a), free(b), free(group);
    ct_device_free(dev);
}
END_TEST

/* Near a collapse nothing but digits far behind the point is left of the spectrum. */
START_TEST(a_near_collapse_keeps_its_spectrum)
{
    enum { N = 300, D = 40 };
    ct_device *dev = one_thread();
    ct_real *x = random_reals(N * D, 33);
    ct_findings f, spread;
    CK_OK(ct_findings_measure(dev, x, NULL, N, D, NULL, &spread, &err));
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)1e-4 * x[i] + (i % D == 0 ? 1 : 0);
    CK_OK(ct_findings_measure(dev, x, NULL, N, D, NULL, &f, &err));
    ck_close(f.side[0].variance, (D - 1) * 1e-8,
             2e-8); /* the first column only stretches; 3 sigma of the draw */
    ck_close(f.side[0].rank, 1, 0.2);
    ck_assert_double_gt(f.side[0].rank_centred, 36);
    ck_assert_double_gt(f.side[0].participation, 30);
    free(x);
    ct_device_free(dev);
}
END_TEST

START_TEST(total_collapse_scores_nothing)
{
    enum { N = 50, D = 8 };
    ct_device *dev = one_thread();
    ct_real x[N * D];
    ct_findings f;
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(1 + i % D);
    CK_OK(ct_findings_measure(dev, x, x, N, D, NULL, &f, &err));
    ck_close(f.recall[0].at1 + f.recall[1].at10, 0, 0);
    ck_close(f.ahead[0], 1, 1e-12);
    ck_close(f.side[0].variance, 0, 1e-15);
    ck_close(f.side[0].participation + f.side[0].rank_centred, 0, 1e-6);
    ck_close(f.matched_elsewhere + f.nearer, 0, 0);
    ck_close(f.separability, 0.5, 0);
    ck_assert_int_eq(f.side[0].duplicates, N - 1);
    ct_device_free(dev);
}
END_TEST

/* m directions of equal variance are m directions. */
START_TEST(participation_counts_directions)
{
    enum { D = 64 };
    ct_device *dev = one_thread();
    for (int m = 1; m <= 32; m *= 2) {
        ct_real x[2 * 32 * D] = {0};
        ct_findings f;
        for (int k = 0; k < m; k++) /* +e_k and -e_k */
            x[2 * k * D + k] = 1, x[(2 * k + 1) * D + k] = -1;
        CK_OK(ct_findings_measure(dev, x, NULL, 2 * m, D, NULL, &f, &err));
        ck_close(f.side[0].participation, m, 1e-5);
        ck_close(f.side[0].rank_centred, m, 5e-3); /* RankMe's own 1e-7 adds some */
    }
    ct_device_free(dev);
}
END_TEST

/* Sides that differ by a shift are told apart, sides drawn alike are not; more
 * columns than rows must not help. */
START_TEST(a_separator_is_judged_on_rows_it_has_not_seen)
{
    const int n = SIZE[_i][0], d = SIZE[_i][1];
    ct_device *dev = one_thread();
    ct_real *a = random_reals((size_t)n * (size_t)d, 41),
            *b = random_reals((size_t)n * (size_t)d, 42);
    ct_findings f;
    if (n >= 40) {
        CK_OK(ct_findings_measure(dev, a, b, n, d, NULL, &f, &err));
        ck_close(f.separability, 0.5, 2.5 / sqrt(n)); /* 5 sigma of n judged rows */
        for (int i = 0; i < n; i++)
            for (int k = 0; k < d; k++)
                b[i * d + k] += (ct_real)(20 / sqrt(d));
        CK_OK(ct_findings_measure(dev, a, b, n, d, NULL, &f, &err));
        ck_assert_double_gt(f.separability, 0.97);
    }
    free(a), free(b);
    ct_device_free(dev);
}
END_TEST

/* b is a in another order: no pair matches, every row has a partner. */
START_TEST(another_order_is_seen)
{
    enum { N = 200, D = 16 };
    ct_device *dev = one_thread();
    ct_real *a = random_reals(N * D, 51), b[N * D];
    ct_findings f;
    for (int i = 0; i < N; i++)
        memcpy(b + i * D, a + (i + 1) % N * D, D * sizeof *b);
    CK_OK(ct_findings_measure(dev, a, b, N, D, NULL, &f, &err));
    ck_close(f.matched_elsewhere, 1, 0);
    ck_close(f.nearer, 1, 0);
    ck_close(f.matched, 0, 0);
    free(a);
    ct_device_free(dev);
}
END_TEST

START_TEST(bad_rows_are_a_finding)
{
    ct_device *dev = one_thread();
    ct_real a[4 * 3] = {1, 2, 3, 0, 0, 0, (ct_real)NAN, 0, 0, (ct_real)INFINITY, 1, 1};
    ct_findings f;
    CK_OK(ct_findings_measure(dev, a, a, 4, 3, NULL, &f, &err));
    ck_assert_int_eq(f.side[0].bad_rows, 2);
    ck_assert_int_eq(f.side[1].zero_rows, 1);
    ck_assert(ct_findings_measure(dev, a, a, 0, 3, NULL, &f, CT_IGNORE_ERROR) == CT_ERR_SHAPE);
    ct_device_free(dev);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
    ct_device *dev = one_thread();
    ct_real *x = random_reals(60 * 20, 61);
    ct_findings f;
    ct_status status;
    long n = 0;
    do {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_findings_measure(dev, x, x, 60, 20, NULL, &f, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || (status == CT_ERR_NOMEM && err.msg[0] != '\0'), "%s",
                      err.msg);
    } while (status != CT_OK);
    ck_assert_int_gt(n, 1);
    free(x);
    ct_device_free(dev);
}
END_TEST

START_TEST(no_device_changes_a_bit)
{
    enum { N = 300, D = 40 };
    ct_real *x = random_reals(N * D, 71), *y = random_reals(N * D, 72);
    ct_findings first, f;
    for (int i = 0; i < N_DEVICES; i++) {
        ct_device *dev = device_of(i);
        if (dev == NULL)
            continue;
        memset(&f, 0, sizeof f);
        CK_OK(ct_findings_measure(dev, x, y, N, D, NULL, i == 0 ? &first : &f, &err));
        for (int s = 0; s < 2 && i > 0; s++) {
            ck_assert(memcmp(first.side[s].spectrum, f.side[s].spectrum, D * sizeof(double)) == 0);
            ck_assert(first.side[s].uniformity == f.side[s].uniformity &&
                      first.side[s].rank == f.side[s].rank);
            ck_assert(first.hubness[s] == f.hubness[s] && first.ahead[s] == f.ahead[s]);
        }
        ck_assert(i == 0 || (first.separability == f.separability && first.nearer == f.nearer));
        ck_assert(i == 0 || (first.matched == f.matched && first.alignment == f.alignment));
        ct_device_free(dev);
    }
    free(x), free(y);
}
END_TEST

TCase *findings_case(void)
{
    TCase *tc = tcase_create("findings");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, numpy_finds_the_same);
    tcase_add_loop_test(tc, agrees_with_the_exact_metrics, 0, COUNT(SIZE));
    tcase_add_test(tc, a_near_collapse_keeps_its_spectrum);
    tcase_add_test(tc, total_collapse_scores_nothing);
    tcase_add_test(tc, participation_counts_directions);
    tcase_add_loop_test(tc, a_separator_is_judged_on_rows_it_has_not_seen, 0, COUNT(SIZE));
    tcase_add_test(tc, another_order_is_seen);
    tcase_add_test(tc, bad_rows_are_a_finding);
    tcase_add_test(tc, survives_every_failed_allocation);
    tcase_add_test(tc, no_device_changes_a_bit);
    return tc;
}
