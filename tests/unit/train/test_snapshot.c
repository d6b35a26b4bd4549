/* test_snapshot.c -- what is recorded of the probe, against closed forms. */
#include "testing.h"
#include "training.h"

#include "train/snapshot.h"

#include <math.h>

START_TEST(they_lie_denser_at_the_start_and_include_both_ends)
{
    long seen = 0, last = 0, gap = 0;
    for (long step = 0; step <= 2000; step++)
        if (ct_snapshot_due(step, 2000, 30)) {
            ck_assert_int_ge(step - last, gap == 0 ? 0 : gap - 1);
            gap = step - last;
            last = step;
            seen++;
        }
    ck_assert_int_eq(seen, 30);
    ck_assert_int_eq(last, 2000);
    ck_assert(ct_snapshot_due(0, 2000, 30));
    ck_assert(ct_snapshot_due(5, 5, 1) && !ct_snapshot_due(0, 5, 1));
    ck_assert(!ct_snapshot_due(3, 5, 0));
}
END_TEST

/* The probe of a small run after so many steps. */
static void take(const char *setting, int steps, ct_snapshot *out)
{
    const ct_recipe r = recipe_of(
        "data.kind=latent data.n_train=64 data.n_validation=40 data.n_test=8 data.dim=9 "
        "data.shared=3 image.layers=12,6 text.layers=10,6 train.batch=8",
        setting);
    ct_error err = {0};
    ct_trainer t;
    ct_step s;
    open_trainer(&t, &r, 1, NULL);
    for (int i = 0; i < steps; i++)
        ct_trainer_step(&t, &s, &err);
    ck_assert_msg(ct_snapshot_take(&t, out, &err) == CT_OK, "%s", err.msg);
    close_trainer(&t);
}

START_TEST(its_numbers_agree_with_each_other)
{
    static ct_snapshot s;
    double trace = 0, variance = 0, share[2] = {0, 0}, plane = 0;
    take("train.seed=3", 0, &s);
    const ct_moment *m = &s.moment;
    ck_assert_int_eq(s.n, CT_PROBE);
    for (int i = 0; i < s.n; i++)
        trace += s.s[i * s.n + i] / s.n;
    for (int i = 0; i < m->n_plane; i++)
        plane += m->plane[i] * m->plane[i];
    for (int i = 0; i < s.n * s.n; i++)
        ck_assert_double_eq_tol((m->cosine[i] - 128) / 127.0, s.s[i], 0.5 / 127 + 1e-9);
    ck_assert_double_eq_tol(m->alignment, 2 - 2 * trace, 1e-6);
    for (int b = 0; b < 2 * CT_PROBE_BINS; b++)
        share[b / CT_PROBE_BINS] += m->bin[b / CT_PROBE_BINS][b % CT_PROBE_BINS];
    ck_assert_double_eq_tol(share[0], 1, 1e-12);
    ck_assert_double_eq_tol(share[1], 1, 1e-12);
    for (int k = 0; k < m->n_spectrum[0]; k++)
        variance += m->spectrum[0][k] * m->spectrum[0][k] / s.n;
    ck_assert_double_gt(variance, 0);
    ck_assert_double_le(variance, 1 + 1e-6); /* of unit rows: 1 - |mean|^2 */
    ck_assert_double_gt(m->share,
                        2.0 / 12); /* the best plane of 6 dimensions shows more than any two axes */
    ck_assert_double_le(m->share, 1);
    ck_assert_double_gt(plane, 0);
}
END_TEST

START_TEST(when_all_are_equal_everything_says_so)
{
    static ct_snapshot s;
    take("image.init=zero", 0, &s); /* image rows are all zero: cosine 0 with everything */
    for (int i = 0; i < s.n * s.n; i++)
        ck_assert_double_eq_tol(s.s[i], 0, 1e-12);
    for (int k = 0; k < s.moment.n_spectrum[0]; k++)
        ck_assert_double_eq_tol(s.moment.spectrum[0][k], 0, 1e-9);
    ck_assert_double_eq_tol(s.moment.bin[0][CT_PROBE_BINS / 2], 1, 1e-12);
    ck_assert_double_eq_tol(s.moment.bin[1][CT_PROBE_BINS / 2], 1, 1e-12);
}
END_TEST

/* Pulled together with nothing that holds them apart. */
START_TEST(rows_that_are_nearly_equal_have_a_plane_too)
{
    static ct_snapshot s;
    take("loss.name=positives optim.warmup=0 optim.rate=0.02", 2000, &s);
    double mean = 0;
    for (int i = 0; i < s.n * s.n; i++)
        mean += s.s[i] / (s.n * s.n);
    ck_assert_double_gt(mean, 0.99); /* of all the variance of 2 n rows less than 1 is left */
    ck_assert_double_gt(s.moment.share, 2.0 / 12);
    ck_assert_double_le(s.moment.share, 1);
}
END_TEST

/* Every other pixel of a picture of 4 x 4; one in shares of 255 is as bright as one in bytes. */
START_TEST(pictures_are_bytes_whatever_their_numbers)
{
    static const uint8_t want[] = {0, 51, 204, 255};
    float x[2][16] = {{0}};
    ct_error err = {0};
    for (int i = 0; i < 4; i++) {
        const int at = i / 2 * 8 + i % 2 * 2; /* rows 0 and 2, columns 0 and 2 */
        x[0][at] = want[i];
        x[1][at] = (float)want[i] / 255;
    }
    ct_pairs *p = ct_pairs_new("test", (const int[CT_N_SPLITS]){1, 1}, &err);
    ck_assert_ptr_nonnull(p);
    p->side[0] = (ct_side){.n = 2, .dim = 16, .f32 = x[0], .width = 4, .height = 4, .channels = 1};
    for (int item = 0; item < 2; item++) {
        uint8_t grey[4], coloured[12];
        ct_picture_bytes(p, item, 2, 1, &p->arena, grey, &err);
        ck_assert_msg(ct_picture_bytes(p, item, 2, 3, &p->arena, coloured, &err) == CT_OK, "%s",
                      err.msg);
        ck_assert_mem_eq(grey, want, sizeof want);
        for (int i = 0; i < 12; i++)
            ck_assert_int_eq(coloured[i], want[i / 3]);
    }
    ct_pairs_free(p);
}
END_TEST

TCase *snapshot_case(void)
{
    TCase *c = tcase_create("snapshot");
    add_tests(c, they_lie_denser_at_the_start_and_include_both_ends,
              its_numbers_agree_with_each_other, when_all_are_equal_everything_says_so,
              rows_that_are_nearly_equal_have_a_plane_too,
              pictures_are_bytes_whatever_their_numbers);
    return c;
}
