/* test_landmarks.c -- the losses by name, and their values when all embeddings are
 * equal, opposite, or at best: the closed forms against batches that reach them. */
#include "contrast/landmarks.h"

#include "../losses/batch.h"
#include "suites.h"

#include <string.h>

static const double TEMPERATURES[] = {0.02, 0.07, 0.3, 1, 10};

static batch x;
static outcome y;

static ct_loss_setting setting(void)
{
    return (ct_loss_setting){.n = x.n,
                             .d = x.d,
                             .temperature = batch_temperature(&x),
                             .bias = x.biased ? (double)x.bias : ct_loss_bias(x.n),
                             .options = &x.options};
}

static ct_landmarks landmarks(const ct_loss *loss)
{
    const ct_loss_setting s = setting();
    return ct_landmarks_of(loss, &s, NULL);
}

static double all_equal(const ct_loss *loss)
{
    return landmarks(loss).all_equal;
}

static double lowest(const ct_loss *loss)
{
    return landmarks(loss).floor;
}

/* ---- names ---- */

START_TEST(every_loss_is_found_by_its_name)
{
    static const char *const NAMES[] = {"question", "npair",         "infonce",       "clip",
                                        "ntxent",   "siglip",        "dcl",           "unicl",
                                        "triplet",  "hard-negative", "align-uniform", "spectral",
                                        "barlow",   "vicreg",        "positives",     "supcon"};
    int n = 0;
    const ct_loss *all = ct_loss_all(&n);
    ck_assert_int_eq(n, COUNT(NAMES));
    for (int i = 0; i < n; i++) {
        const ct_loss *loss = ct_loss_find(NAMES[i]);
        ck_assert(loss != NULL && loss >= all && loss < all + n);
        ck_assert_str_eq(loss->name, NAMES[i]);
        for (int k = 0; k < i; k++)
            ck_assert(loss->apply != ct_loss_find(NAMES[k])->apply);
        ck_assert(strlen(loss->summary) > 0 && strchr(loss->summary, '\n') == NULL);
        ck_assert(strlen(landmarks(loss).floor_is) > 0 &&
                  strchr(landmarks(loss).floor_is, '\n') == NULL);
    }
}
END_TEST

START_TEST(names_that_people_use_find_a_loss)
{
    static const char *const CALLED[][2] = {{"CLIP", "clip"},
                                            {"InfoNCE", "infonce"},
                                            {"NT-Xent", "ntxent"},
                                            {"nt_xent", "ntxent"},
                                            {"NTXentLoss", "ntxent"},
                                            {"SimCLR", "ntxent"},
                                            {"SupCon", "supcon"},
                                            {"SupConLoss", "supcon"},
                                            {"mnr", "infonce"},
                                            {"multiple-negatives", "infonce"},
                                            {"MultipleNegativesRankingLoss", "infonce"},
                                            {"hard_negative", "hard-negative"},
                                            {"TripletMarginLoss", "triplet"},
                                            {"Barlow Twins", "barlow"},
                                            {"SigLIP", "siglip"},
                                            {"VICReg", "vicreg"}};
    for (int i = 0; i < COUNT(CALLED); i++) {
        const ct_loss *loss = ct_loss_find(CALLED[i][0]);
        ck_assert_msg(loss != NULL && loss_is(loss, CALLED[i][1]), "%s", CALLED[i][0]);
    }
}
END_TEST

START_TEST(an_unknown_name_finds_nothing)
{
    static const char *const UNKNOWN[] = {"",      "-",    "loss",         "clips",
                                          "clipp", "info", "infonce,clip", "lossclip"};
    for (int i = 0; i < COUNT(UNKNOWN); i++)
        ck_assert_ptr_null(ct_loss_find(UNKNOWN[i]));
}
END_TEST

START_TEST(the_table_says_what_a_loss_uses)
{
    const ct_loss *loss = loss_number(_i);
    batch_random(&x, 6, 4, 0.5, 3);
    run_loss(loss->apply, &x, &y);
    ck_assert(loss->learns_scale == (y.dlog_scale != 0));
    x.grouped = true; /* all in one group */
    ck_assert(loss->uses_groups == (loss_of(loss->apply, &x) != (double)y.value));
}
END_TEST

/* ---- all equal, all opposite ---- */

/* What the literature says that all equal is worth, of unit rows and by default. */
static double worth(const ct_loss *loss, int n, int d, double temperature)
{
    const double t = 1 / temperature;
    if (loss_is(loss, "npair"))
        return log(n) + 0.002 / 2;
    if (loss_is(loss, "ntxent") || loss_is(loss, "supcon") || loss_is(loss, "hard-negative"))
        return log(2 * n - 1);
    if (loss_is(loss, "dcl"))
        return log(2 * (n - 1));
    if (loss_is(loss, "siglip")) /* the bias is -ln(n-1): sigma is 1/(1 + (n-1) e^-t) */
        return log1p((n - 1) * exp(-t)) + (n - 1) * log1p(exp(t) / (n - 1));
    if (loss_is(loss, "triplet"))
        return 0.2;
    if (loss_is(loss, "align-uniform") || loss_is(loss, "positives"))
        return 0;
    if (loss_is(loss, "spectral"))
        return -1;
    return loss_is(loss, "barlow") ? d : loss_is(loss, "vicreg") ? 24.75 : log(n);
}

/* How far rounding may move it: of n (n-1) cells of siglip none cancels. */
static double off(double want, const ct_loss *loss)
{
    return 16 * (double)REAL_EPS * (1 + fabs(want)) *
           (loss_is(loss, "siglip") ? 1 + batch_scale(&x) : 1);
}

/* By a difference, along the logarithm of the scale. */
static double slope_of_all_equal(const ct_loss *loss)
{
    const ct_real at = x.log_scale, h = (ct_real)1 / 1024;
    x.log_scale = at + h;
    const double up = all_equal(loss);
    x.log_scale = at - h;
    const double down = all_equal(loss);
    x.log_scale = at;
    return (up - down) / (2 * (double)h);
}

START_TEST(all_equal_is_worth_what_the_literature_says)
{
    const ct_loss *loss = loss_number(_i);
    for (int n = 2; n <= 64; n++)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            batch_all_equal(&x, n, 5, TEMPERATURES[t], 1);
            batch_unit_rows(&x);
            run_loss(loss->apply, &x, &y);
            const double want = worth(loss, n, 5, batch_temperature(&x));
            ck_close(all_equal(loss), want, 1e-13 * (1 + want));
            ck_close(y.value, want, off(want, loss));
            const bool own = loss_is(loss, "vicreg") ||
                             loss_is(loss,
                                     "align-uniform"); /* a size of their own, not the scale's */
            if (!own && !loss_is(loss, "npair"))       /* it is pulled along its rows */
                check_stationary(&x, &y);
            for (int i = 0; own && i < 5 * n; i++)
                ck_close(y.da[i], 0, 1e3 * (double)REAL_EPS);
            /* The scale is pulled as the landmark says; 64 roundings: of a sum of n^2 terms. */
            const double slope = slope_of_all_equal(loss);
            ck_close(y.dlog_scale, slope,
                     64 * (double)REAL_EPS * batch_scale(&x) + 1e-3 * fabs(slope));
        }
}
END_TEST

/* With the constants of the paper, and with the bias that is best for it. */
START_TEST(siglip_collapsed_is_worth_n_ln_2_and_then_about_ln_n_plus_1)
{
    const ct_loss *loss = ct_loss_find("siglip");
    for (int n = 2; n <= 64; n += 31) {
        batch_all_equal(&x, n, 5, 0.1, 1);
        x.biased = true;
        x.bias = -10;
        ck_close(loss_of(loss->apply, &x), n * log(2), 1e3 * n * (double)REAL_EPS);
        ck_close(all_equal(loss), n * log(2), 1e3 * n * (double)REAL_EPS);
        x.bias = (ct_real)(-10 - log(n - 1));
        run_loss(loss->apply, &x, &y);
        ck_close(y.value, log(n) + (n - 1) * log(n / (n - 1.0)), 1e3 * n * (double)REAL_EPS);
        ck_close(y.dbias, 0, 1e3 * n * (double)REAL_EPS);
    }
}
END_TEST

START_TEST(dcl_across_sides_is_worth_ln_n_minus_1)
{
    batch_all_equal(&x, 9, 5, 0.1, 1);
    x.options.in_modal = false;
    ck_close(loss_of(ct_loss_dcl, &x), log(8), 1e2 * (double)REAL_EPS);
    ck_close(all_equal(ct_loss_find("dcl")), log(8), 1e-14);
}
END_TEST

/* b = -a is a collapse as well, and the question's loss cannot tell it from the first. */
START_TEST(all_opposite_is_worth_the_same_to_the_cross_losses)
{
    static const char *const SAME[] = {"question", "infonce", "clip", "unicl", "npair", "triplet"};
    for (int k = 0; k <= COUNT(SAME); k++)
        for (int n = 2; n <= 64; n += 5)
            for (int t = 0; t < COUNT(TEMPERATURES); t++) {
                const ct_loss *loss = ct_loss_find(k < COUNT(SAME) ? SAME[k] : "positives");
                batch_all_equal(&x, n, 5, TEMPERATURES[t], -1);
                batch_unit_rows(&x);
                run_loss(loss->apply, &x, &y);
                const double want = k < COUNT(SAME) ? all_equal(loss) : 2;
                ck_close(y.value, want, 4 * (double)REAL_EPS * (1 + want));
                if (!loss_is(loss, "npair"))
                    check_stationary(&x, &y);
            }
}
END_TEST

/* ln N - loss is a bound for a softmax over N candidates of which one is right, and for no other
 * loss; equal embeddings are the optimum of the loss that has no negatives, and of no other. */
START_TEST(what_else_a_loss_is_known_for)
{
    static const char *const BOUNDS[] = {"question", "infonce", "clip", "unicl"};
    static const int group[4] = {0, 0, 1, 2};
    const ct_loss *loss = loss_number(_i);
    ct_loss_options masked = ct_loss_defaults();
    ct_loss_setting at = {.n = 4, .d = 8, .temperature = 0.5, .bias = ct_loss_bias(4)};
    ct_landmarks l = ct_landmarks_of(loss, &at, NULL);
    bool bounds = false;
    for (int k = 0; k < COUNT(BOUNDS); k++)
        bounds = bounds || loss_is(loss, BOUNDS[k]);
    ck_assert(l.bounds_information == bounds);
    ck_assert(isnan(ct_landmarks_information(&l, 1)) == !bounds);
    static const char *const NOT_KNOWN[] = {"vicreg", "triplet", "hard-negative", "align-uniform"};
    bool random = true;
    for (int k = 0; k < COUNT(NOT_KNOWN); k++)
        random = random && !loss_is(loss, NOT_KNOWN[k]);
    ck_assert(isnan(l.random) == !random && isnan(l.duplicates));
    ck_assert(ct_landmarks_want_collapse(&l) == loss_is(loss, "positives"));
    ck_assert(l.at.temperature == (loss->learns_scale ? 0.5 : 1));
    if (!bounds)
        return;
    ck_close(ct_landmarks_information(&l, 1), log(4) - 1, 1e-14);
    at.temperature = 0.01;
    l = ct_landmarks_of(loss, &at, group); /* two of four rows cannot be told apart */
    ck_close(fmax(l.floor, l.duplicates), log(2) / 2, loss_is(loss, "question") ? 0.5 : 1e-14);
    at.temperature = 0.5;
    ck_assert(l.bounds_information == !loss->uses_groups);
    masked.mask_groups = true;
    at.options = &masked; /* then some rows have fewer than N candidates */
    ck_assert(!ct_landmarks_of(loss, &at, group).bounds_information);
}
END_TEST

/* ---- at best ---- */

/* Where the simplex is said to be the best there is. */
static bool reaches(const ct_loss *loss)
{
    return strncmp(landmarks(loss).floor_is, "a regular simplex", 17) == 0 &&
           !loss_is(loss, "align-uniform");
}

START_TEST(the_simplex_reaches_the_floor)
{
    static const double T[] = {0.05, 0.07, 0.2, 0.5, 1};
    const ct_loss *loss = loss_number(_i);
    for (int n = 2; n <= 32 && reaches(loss); n++)
        for (int t = 0; t < COUNT(T); t++) {
            batch_simplex(&x, n, T[t]);
            run_loss(loss->apply, &x, &y);
            const double want = lowest(loss); /* tiny, and right in its own digits */
            const double digits = 4 * (double)REAL_EPS;
            const bool sharp = want > 0 &&
                               !loss_is(loss, "dcl"); /* a difference, not a ln(1 + x) */
            ck_close(y.value, want,
                     digits * (sharp ? want * (1 + batch_scale(&x)) : 4 + batch_scale(&x)));
            check_stationary(&x, &y);
        }
}
END_TEST

/* siglip lies between a simplex (q = 0) and two opposite points (q = 1): a walk along
 * q finds the floor. */
START_TEST(siglip_reaches_its_floor_between_simplex_and_opposite_points)
{
    static const struct {
        double t, bias;
    } CASES[] = {{10, -2}, {1, -2}, {30, -10}};
    for (int k = 0; k < COUNT(CASES); k++) {
        double best = (double)INFINITY;
        for (double q = 0; q < 1.0005; q += 1.0 / 512) {
            batch_simplex(&x, 8, 1);
            batch_unit_rows(&x);
            const batch simplex = x;
            batch_zero(&x, 8, 9, 1 / CASES[k].t);
            x.biased = true;
            x.bias = (ct_real)CASES[k].bias;
            for (int i = 0; i < 8; i++) {
                x.a[9 * i] = (ct_real)sqrt(q);
                x.b[9 * i] = (ct_real)-sqrt(q);
                for (int j = 0; j < 8; j++)
                    x.a[9 * i + j + 1] = x.b[9 * i + j + 1] = (ct_real)sqrt(fmax(1 - q, 0)) *
                                                              simplex.a[8 * i + j];
            }
            best = fmin(best, loss_of(ct_loss_siglip, &x));
        }
        const double least = lowest(ct_loss_find("siglip"));
        ck_close(best, least, 2e-4 * (1e-3 + least));
    }
}
END_TEST

START_TEST(each_other_loss_reaches_its_floor_somewhere)
{
    const double digits = 64 * (double)REAL_EPS;
    batch_simplex(&x, 9, 0.5);
    ck_close(loss_of(ct_loss_align_uniform, &x), lowest(ct_loss_find("align-uniform")), digits);
    ck_close(loss_of(ct_loss_triplet, &x), lowest(ct_loss_find("triplet")), digits);
    ck_close(loss_of(ct_loss_positives, &x), lowest(ct_loss_find("positives")), digits);
    x.options.margin = 3;
    ck_close(loss_of(ct_loss_triplet, &x), 0.75, digits); /* 3 - 2 * 9/8 */
    ck_close(lowest(ct_loss_find("triplet")), 0.75, digits);
    batch_orthonormal(&x, 9, 0.5);
    ck_close(loss_of(ct_loss_spectral, &x), lowest(ct_loss_find("spectral")), digits);
    batch_simplex(&x, 4, 0.5); /* 6 negatives: debiasing leaves something */
    ck_close(loss_of(ct_loss_hard_negative, &x), lowest(ct_loss_find("hard-negative")), digits);
    batch_simplex(&x, 5, 1); /* n-pair: the length at which penalty and pull agree */
    const double least = lowest(ct_loss_find("npair"));
    double best = 1e9;
    for (double r = 0.5; r < 6; r += 0.01) {
        batch_simplex(&x, 5, 1);
        batch_unit_rows(&x);
        for (int i = 0; i < 25; i++)
            x.a[i] *= (ct_real)r, x.b[i] *= (ct_real)r;
        best = fmin(best, loss_of(ct_loss_npair, &x));
    }
    ck_close(best, least, 1e-4 * least);
}
END_TEST

START_TEST(the_floor_has_its_closed_form)
{
    for (int n = 2; n <= 300; n++)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            const double want = log1p((n - 1) * exp(-n / ((n - 1) * TEMPERATURES[t])));
            ck_close(ct_simplex_floor(n, TEMPERATURES[t]), want, 1e-14 * (want + 1e-300) * 50);
            ck_assert_double_lt(ct_simplex_floor(n, TEMPERATURES[t]), log(n));
        }
    ck_assert(ct_simplex_floor(1, 0.07) == 0);
    ck_assert(ct_simplex_floor(7, 1e-6) == 0);
    ck_close(ct_simplex_floor(7, 1e9), log(7), 1e-8);
}
END_TEST

START_TEST(the_floor_has_the_published_values)
{
    static const struct {
        int n;
        double temperature, floor, tol;
    } TABLE[] = {{7, 1, 1.0538, 5e-5},     {7, 0.5, 0.4586, 5e-5},   {7, 0.3, 0.1158, 5e-5},
                 {7, 0.2, 0.01742, 5e-6},  {7, 0.1, 5.1e-5, 5e-7},   {7, 0.07, 3.46665e-7, 5e-13},
                 {32, 1, 2.488, 5e-4},     {32, 0.07, 1.2e-5, 5e-7}, {64, 0.5, 2.226, 5e-4},
                 {128, 0.07, 7.1e-5, 5e-7}};
    for (int i = 0; i < COUNT(TABLE); i++)
        ck_close(ct_simplex_floor(TABLE[i].n, TABLE[i].temperature), TABLE[i].floor, TABLE[i].tol);
}
END_TEST

START_TEST(the_question_cannot_get_below_1_0538)
{
    batch_simplex(&x, 7, 1);
    ck_close(loss_of(ct_loss_question, &x), 1.0538, 5e-5);
    x.log_scale = 3; /* it has no temperature */
    ck_close(lowest(ct_loss_find("question")), 1.0538, 5e-5);
    batch_simplex(&x, 7,
                  0.07); /* and this is what a temperature does, five digits of it in float */
    ck_close(loss_of(ct_loss_infonce, &x), 3.46665e-7, 2e-12);
    ck_close(loss_of(ct_loss_clip, &x), 3.46665e-7, 2e-12);
}
END_TEST

/* Too few dimensions, or outputs that cannot be negative, have higher floors. */
START_TEST(a_circle_and_an_orthant_are_worth_more_than_the_simplex)
{
    batch_zero(&x, 7, 2, 1);
    for (int i = 0; i < 7; i++) { /* a heptagon */
        x.a[2 * i] = x.b[2 * i] = (ct_real)cos(i * 2 * 3.14159265358979324 / 7);
        x.a[2 * i + 1] = x.b[2 * i + 1] = (ct_real)sin(i * 2 * 3.14159265358979324 / 7);
    }
    ck_close(loss_of(ct_loss_question, &x), 1.182, 5e-4);
    batch_orthonormal(&x, 7, 1);
    ck_close(loss_of(ct_loss_question, &x), 1.165, 5e-4);
}
END_TEST

TCase *landmarks_case(void)
{
    TCase *tc = tcase_create("landmarks");
    int n;
    ct_loss_all(&n);
    tcase_set_timeout(tc, 60);
    add_tests(tc, every_loss_is_found_by_its_name, names_that_people_use_find_a_loss,
              an_unknown_name_finds_nothing);
    tcase_add_loop_test(tc, the_table_says_what_a_loss_uses, 0, n);
    tcase_add_loop_test(tc, all_equal_is_worth_what_the_literature_says, 0, n);
    add_tests(tc, siglip_collapsed_is_worth_n_ln_2_and_then_about_ln_n_plus_1,
              dcl_across_sides_is_worth_ln_n_minus_1,
              all_opposite_is_worth_the_same_to_the_cross_losses);
    tcase_add_loop_test(tc, what_else_a_loss_is_known_for, 0, n);
    tcase_add_loop_test(tc, the_simplex_reaches_the_floor, 0, n);
    add_tests(tc, siglip_reaches_its_floor_between_simplex_and_opposite_points,
              each_other_loss_reaches_its_floor_somewhere, the_floor_has_its_closed_form,
              the_floor_has_the_published_values, the_question_cannot_get_below_1_0538,
              a_circle_and_an_orthant_are_worth_more_than_the_simplex);
    return tc;
}
