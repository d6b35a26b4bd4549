/* The diagnosis on cases whose state is known, and its rules one by one. */
#include "diagnosis_cases.h"
#include "metric_helpers.h"
#include "testing.h"

#include <stdio.h>

static const char *name_of(ct_state s)
{
    return ct_state_describe(s)->name;
}

#ifndef SLOW_BUILD
static bool calls_it_collapsed(ct_state s)
{
    return s == CT_COLLAPSED || s == CT_DIMENSIONAL_COLLAPSE || s == CT_PLATEAU;
}

/* What is claimed of the release build is sampled in slow ones, without real training. */
#if defined CT_REAL_DOUBLE || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define STRIDE 31
#else
#define STRIDE 1
#endif

/* Even cases may be looked at to change a rule, odd ones are kept aside.
 * CONTRAST_REPORT=1 in the environment prints the misses of the former and the shares. */
START_TEST(names_the_state_of_95_of_100_cases)
{
    const bool report = getenv("CONTRAST_REPORT") != NULL;
    ct_device *device = one_thread();
    trained_set *trained = STRIDE == 1 ? train_all(device) : NULL;
    static ct_findings f;
    int right[2] = {0, 0}, of[2] = {0, 0}, slandered = 0;
    for (int k = 0; k < N_CASES; k += STRIDE) {
        diagnosis_case c = make_case(k, trained);
        ct_diagnosis d;
        CK_OK(ct_findings_measure(device, c.a, c.b, c.n, c.d, NULL, &f, &err));
        ct_diagnose(&f, c.has_loss ? &c.loss : NULL, &d);
        right[k % 2] += d.state == c.label;
        of[k % 2]++;
        slandered += c.label == CT_HEALTHY && calls_it_collapsed(d.state);
        if (report && k % 2 == 0 && d.state != c.label)
            printf("case %d, %s (n %d, d %d): %s, should be %s\n    %s\n    %s\n    %s\n", k,
                   c.kind, c.n, c.d, name_of(d.state), name_of(c.label), d.evidence[0],
                   d.n_evidence > 1 ? d.evidence[1] : "", d.n_evidence > 2 ? d.evidence[2] : "");
        ck_assert_int_gt(d.n_evidence, 0);
        free_case(&c);
    }
    if (report)
        printf("right: %d of %d even cases, %d of %d odd ones; healthy called collapsed: %d\n",
               right[0], of[0], right[1], of[1], slandered);
    ck_assert_int_ge(right[0] * 100, (STRIDE == 1 ? 95 : 75) * of[0]);
    ck_assert_int_ge(right[1] * 100, (STRIDE == 1 ? 95 : 75) * of[1]);
    ck_assert_int_eq(slandered, 0);
    free_trained(trained);
    ct_device_free(device);
}
END_TEST

/* A state for each row of the table, and words for each. */
#endif

START_TEST(every_state_is_described)
{
    for (int s = 0; s < CT_N_STATES; s++) {
        const ct_state_text *t = ct_state_describe((ct_state)s);
        ck_assert(t->name[0] != '\0' && t->meaning[0] != '\0' && t->remedy[0] != '\0');
        ck_assert(s == CT_UNCERTAIN || t->look_alikes[0] != '\0');
    }
}
END_TEST

/* Numbers of a set that is fine, to spoil one at a time. */
static ct_findings fine(void)
{
    ct_findings f = {.n = 200, .d = 64, .n_sides = 2};
    for (int s = 0; s < 2; s++) {
        f.side[s] = (ct_side_findings){.norm_least = 1,
                                       .norm_median = 2,
                                       .norm_most = 3,
                                       .variance = 0.95,
                                       .mean_cosine = 0.05,
                                       .rank_centred = 30,
                                       .participation = 20};
        f.recall[s].at1 = 0.9;
        f.ahead[s] = 0.01;
    }
    f.alignment = 0.2, f.gap = 0.05, f.separability = 0.6, f.matched = 0.85, f.nearer = 0.9,
    f.nearer_rows = 200;
    return f;
}

static ct_state state_of(const ct_findings *f, const ct_loss_reading *loss)
{
    ct_diagnosis d;
    ct_diagnose(f, loss, &d);
    return d.state;
}

START_TEST(one_number_changes_the_verdict)
{
    ct_findings f = fine();
    ck_assert_int_eq(state_of(&f, NULL), CT_HEALTHY);
    f.side[1].variance = 1e-9;
    ck_assert_int_eq(state_of(&f, NULL), CT_COLLAPSED);
    f = fine(), f.side[0].variance = f.side[1].variance = 1e-4;
    ck_assert_int_eq(state_of(&f, NULL), CT_COLLAPSED);
    f = fine(), f.side[0].variance = f.side[1].variance = 0.05, f.ahead[0] = f.ahead[1] = 0.49;
    ck_assert_int_eq(state_of(&f, NULL), CT_PLATEAU);
    f = fine(), f.side[0].participation = 2;
    f.recall[0].at1 = 0.02;
    ck_assert_int_eq(state_of(&f, NULL), CT_DIMENSIONAL_COLLAPSE);
    f.side[0].duplicates = 195; /* five distinct rows have no more directions */
    ck_assert_int_eq(state_of(&f, NULL), CT_HEALTHY);
    f = fine(), f.ahead[0] = f.ahead[1] = 0.5, f.nearer = 0.5;
    ck_assert_int_eq(state_of(&f, NULL), CT_UNALIGNED);
    f.matched_elsewhere = 0.9;
    f.nearer = 0.95;
    ck_assert_int_eq(state_of(&f, NULL), CT_MISPAIRED);
    f = fine(), f.gap = 0.8, f.alignment = 0.9, f.separability = 1;
    ck_assert_int_eq(state_of(&f, NULL), CT_MODALITY_GAP);
    f = fine(), f.side[1].bad_rows = 1;
    ck_assert_int_eq(state_of(&f, NULL), CT_DEGENERATE_NORMS);
    f = fine(), f.n = 5;
    ck_assert_int_eq(state_of(&f, NULL), CT_UNCERTAIN);
}
END_TEST

START_TEST(the_loss_alone_names_nothing)
{
    const ct_findings f = fine();
    for (double share = 0; share < 1.5; share += 0.05) {
        const ct_loss_reading loss = {.loss = share * 4, .all_equal = 4, .floor = 0};
        const ct_state s = state_of(&f, &loss);
        ck_assert_msg(s == CT_HEALTHY || s == CT_UNCERTAIN, "share %g: %s", share, name_of(s));
    }
    ck_assert_int_eq(state_of(&f, &(ct_loss_reading){.loss = 4, .all_equal = 4}), CT_UNCERTAIN);
    ck_assert_int_eq(state_of(&f, &(ct_loss_reading){.loss = 0.1, .all_equal = 4, .floor = 0.2}),
                     CT_UNCERTAIN);
    ck_assert_int_eq(state_of(&f, &(ct_loss_reading){.loss = (double)NAN, .all_equal = 4}),
                     CT_HEALTHY);
}
END_TEST

TCase *diagnose_case(void)
{
    TCase *tc = tcase_create("diagnose");
    tcase_set_timeout(tc, 600);
#ifndef SLOW_BUILD
    tcase_add_test(tc, names_the_state_of_95_of_100_cases);
#endif
    tcase_add_test(tc, every_state_is_described);
    tcase_add_test(tc, one_number_changes_the_verdict);
    tcase_add_test(tc, the_loss_alone_names_nothing);
    return tc;
}
