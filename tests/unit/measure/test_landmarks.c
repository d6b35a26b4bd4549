/* test_landmarks.c -- the losses by name, and their values when all embeddings are
 * equal, opposite, or at best: the closed forms against batches that reach them. */
#include "contrast/landmarks.h"

#include "../losses/batch.h"
#include "suites.h"

#include <string.h>

static const double TEMPERATURES[] = {0.02, 0.07, 0.3, 1, 10};

static batch x;
static outcome y;

static const ct_loss *loss_number(int i)
{
    int n;
    return &ct_loss_all(&n)[i];
}

static bool is(const ct_loss *loss, const char *name)
{
    return strcmp(loss->name, name) == 0;
}

static ct_loss_setting setting(void)
{
    return (ct_loss_setting){.n = x.n,
                             .d = x.d,
                             .temperature = batch_temperature(&x),
                             .bias = x.biased ? (double)x.bias : ct_loss_bias(x.n),
                             .options = &x.options,
                             .queue = x.queue != NULL ? x.queue->n : 0};
}

static ct_landmarks landmarks(const ct_loss *loss)
{
    const ct_loss_setting s = setting();
    return ct_landmarks_of(loss, &s, x.grouped ? x.group : NULL);
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

START_TEST(an_unknown_name_finds_nothing)
{
    static const char *const UNKNOWN[] = {"",      "nce",  "CLIP",        "clip ",
                                          "clipp", "info", "infonce,clip"};
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
    if (is(loss, "npair"))
        return log(n) + 0.002 / 2;
    if (is(loss, "ntxent") || is(loss, "supcon") || is(loss, "hard-negative"))
        return log(2 * n - 1);
    if (is(loss, "dcl"))
        return log(2 * (n - 1));
    if (is(loss, "siglip")) /* the bias is -ln(n-1): sigma is 1/(1 + (n-1) e^-t) */
        return log1p((n - 1) * exp(-t)) + (n - 1) * log1p(exp(t) / (n - 1));
    if (is(loss, "triplet"))
        return 0.2;
    if (is(loss, "align-uniform") || is(loss, "positives"))
        return 0;
    if (is(loss, "spectral"))
        return -1;
    return is(loss, "barlow") ? d : is(loss, "vicreg") ? 24.75 : log(n);
}

static void unit_rows(void)
{
    for (int i = 0; i < 2 * x.n; i++) {
        ct_real *row = (i < x.n ? x.a : x.b) + i % x.n * x.d;
        double square = 0;
        for (int k = 0; k < x.d; k++)
            square += (double)row[k] * (double)row[k];
        for (int k = 0; k < x.d; k++)
            row[k] = (ct_real)((double)row[k] / sqrt(square));
    }
}

/* How far rounding may move it: of n (n-1) cells of siglip none cancels. */
static double off(double want, const ct_loss *loss)
{
    return 16 * (double)REAL_EPS * (1 + fabs(want)) *
           (is(loss, "siglip") ? 1 + batch_scale(&x) : 1);
}

START_TEST(all_equal_is_worth_what_the_literature_says)
{
    const ct_loss *loss = loss_number(_i);
    for (int n = 2; n <= 64; n++)
        for (int t = 0; t < COUNT(TEMPERATURES); t++) {
            batch_all_equal(&x, n, 5, TEMPERATURES[t], 1);
            unit_rows();
            run_loss(loss->apply, &x, &y);
            const double want = worth(loss, n, 5, batch_temperature(&x));
            ck_close(all_equal(loss), want, 1e-13 * (1 + want));
            ck_close(y.value, want, off(want, loss));
            const bool own = is(loss, "vicreg") ||
                             is(loss, "align-uniform"); /* a size of their own, not the scale's */
            if (!own && !is(loss, "npair"))             /* it is pulled along its rows */
                check_stationary(&x, &y);
            for (int i = 0; own && i < 5 * n; i++)
                ck_close(y.da[i], 0, 1e3 * (double)REAL_EPS);
            if (!is(loss, "siglip"))
                ck_close(y.dlog_scale, 0,
                         64 * (double)REAL_EPS * batch_scale(&x)); /* of a sum of n^2 terms */
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
                unit_rows();
                run_loss(loss->apply, &x, &y);
                const double want = k < COUNT(SAME) ? all_equal(loss) : 2;
                ck_close(y.value, want, 4 * (double)REAL_EPS * (1 + want));
                if (!is(loss, "npair"))
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
        bounds = bounds || is(loss, BOUNDS[k]);
    ck_assert(l.bounds_information == bounds);
    ck_assert(isnan(ct_landmarks_information(&l, 1)) == !bounds);
    ck_assert(isnan(l.random) == is(loss, "vicreg") && isnan(l.duplicates));
    ck_assert(ct_landmarks_want_collapse(&l) == is(loss, "positives"));
    ck_assert(l.at.temperature == (loss->learns_scale ? 0.5 : 1));
    if (!bounds)
        return;
    ck_close(ct_landmarks_information(&l, 1), log(4) - 1, 1e-14);
    at.temperature = 0.01;
    l = ct_landmarks_of(loss, &at, group); /* two of four rows cannot be told apart */
    ck_close(l.duplicates, log(2) / 2, is(loss, "question") ? 0.5 : 1e-14);
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
           !is(loss, "align-uniform");
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
            const bool sharp = want > 0 && !is(loss, "dcl"); /* a difference, not a ln(1 + x) */
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
            unit_rows();
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
        unit_rows();
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

/* ---- with groups, masks and a queue ---- */

/* What a batch is measured with. */
enum { PLAIN, GROUPS, MASKS, QUEUE, N_WAYS };
enum { ROWS = 24, KINDS = 6, PAST = 40, WIDE = 64 };
static ct_real older[2][PAST * WIDE];
static const ct_queue past = {{older[0], older[1]}, PAST};

/* ROWS pairs, in KINDS groups of equal size where groups count. */
static void set_way(int way, int n, int kinds)
{
    x.grouped = way == GROUPS || way == MASKS;
    x.options.mask_groups = way == MASKS;
    for (int i = 0; i < n; i++)
        x.group[i] = i % kinds;
    x.queue = way == QUEUE ? &past : NULL;
}

static double measured(const ct_loss *loss)
{
    return loss_of(loss->apply, &x);
}

/* The simplex: `points` corners, row i of the batch at corner i % points, the queue at those after
 * the batch's. */
static void corners(int points, double temperature)
{
    static batch simplex;
    batch_simplex(&simplex, points, temperature);
    batch_zero(&x, ROWS, points, temperature);
    for (int i = 0; i < ROWS + PAST; i++) {
        const ct_real *from = simplex.a + i % points * points;
        if (i < ROWS) {
            memcpy(x.a + i * points, from, (size_t)points * sizeof *from);
            memcpy(x.b + i * points, from, (size_t)points * sizeof *from);
        } else {
            memcpy(older[0] + (i - ROWS) * points, from, (size_t)points * sizeof *from);
            memcpy(older[1] + (i - ROWS) * points, from, (size_t)points * sizeof *from);
        }
    }
    unit_rows();
}

/* Columns are no business of groups; a queue is one of some. */
static bool has_way(const ct_loss *loss, int way)
{
    return way != QUEUE || loss->uses_queue;
}

START_TEST(all_equal_is_that_of_real_batches)
{
    const ct_loss *loss = loss_number(_i);
    for (int way = 0; way < N_WAYS; way++)
        for (int kinds = 1; kinds <= 7; kinds += 3) {
            batch_all_equal(&x, 19, 5, 0.2, 1);
            unit_rows();
            set_way(way, x.n, kinds);
            x.group[3] = -1; /* alone */
            for (int i = 0; i < PAST; i++) {
                memcpy(older[0] + 5 * i, x.b, 5 * sizeof *x.b);
                memcpy(older[1] + 5 * i, x.b, 5 * sizeof *x.b);
            }
            const double want = all_equal(loss);
            if (has_way(loss, way))
                ck_close(measured(loss), want, off(want, loss));
        }
}
END_TEST

/* The losses that the simplex does not suit best reach theirs above; here they stay above it. */
START_TEST(floors_are_those_of_real_batches)
{
    const ct_loss *loss = loss_number(_i);
    const bool sharp = reaches(loss) || is(loss, "align-uniform") || is(loss, "triplet");
    for (int way = 0; way < N_WAYS; way++)
        for (int t = 0; t < 3 && has_way(loss, way); t++) {
            const double temperature = t == 0 ? 0.07 : t;
            const int points = way == PLAIN ? ROWS : way == QUEUE ? ROWS + PAST : KINDS;
            corners(points, temperature);
            set_way(way, ROWS, KINDS);
            x.options.in_modal = way != QUEUE; /* dcl: what is past has no rows of one's own side */
            const ct_landmarks l = landmarks(loss);
            const double got = measured(loss),
                         digits = 64 * (double)REAL_EPS * (2 + batch_scale(&x));
            const bool attracts = way == MASKS && loss->uses_groups;
            const double least = way == GROUPS ? l.duplicates : l.floor;
            ck_assert_double_ge(got, least - digits * (1 + fabs(least)));
            ck_assert(way != GROUPS || l.duplicates >= l.floor);
            if (sharp && !attracts)
                ck_close(got, least, digits * (1 + fabs(least)));
        }
}
END_TEST

static double normal(uint64_t *dice)
{
    const double u = ((double)(next_bits(dice) >> 11) + 0.5) / 9007199254740992.0,
                 v = (double)(next_bits(dice) >> 11) / 9007199254740992.0;
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979324 * v);
}

/* Rows drawn uniformly on the sphere: the mean over batches, within four of its standard errors,
 * and 1 % for what is only nearly right (hard-negative, the mean over anchors of several sizes). */
START_TEST(random_is_that_of_real_batches)
{
    enum { BATCHES = 60 };
    static const double T[] = {0.5, 0.07, 0.01};
    const ct_loss *loss = loss_number(_i);
    uint64_t dice = (uint64_t)_i + 1;
    for (int way = 0; way < N_WAYS; way++)
        for (int t = 0; t < COUNT(T) && has_way(loss, way) && !is(loss, "vicreg"); t++) {
            double sum = 0, squares = 0, want = 0;
            for (int k = 0; k < BATCHES; k++) {
                batch_zero(&x, ROWS, 16, T[t]);
                set_way(way, ROWS, KINDS);
                x.options.mining = way == MASKS ? CT_MINE_HARDEST : CT_MINE_ALL;
                for (int i = 0; i < ROWS * 16; i++) {
                    x.a[i] = (ct_real)normal(&dice);
                    x.b[i] = (ct_real)normal(&dice);
                }
                for (int i = 0; i < PAST * 16; i++) {
                    older[0][i] = (ct_real)normal(&dice);
                    older[1][i] = (ct_real)normal(&dice);
                }
                unit_rows();
                const double value = measured(loss);
                sum += value;
                squares += value * value;
                want = k == 0 ? landmarks(loss).random : want;
            }
            const double mean = sum / BATCHES,
                         error = sqrt(fmax(0, squares / BATCHES - mean * mean) / BATCHES);
            ck_assert_msg(fabs(mean - want) <= 4 * error + 0.01 * fabs(want),
                          "%s, way %d, tau %g: random %g, found %g +- %g", loss->name, way, T[t],
                          want, mean, error);
        }
}
END_TEST

/* The cases for which ln N + 1/(2 d tau^2) gave 83.0 and 1306. Simulated: 2e4 draws each. */
START_TEST(random_holds_at_small_temperatures)
{
    static const struct {
        int n, d;
        double t, want, error;
    } CASES[] = {{128, 64, 0.01, 32.0745, 0.0334},
                 {128, 384, 0.001, 132.2608, 0.1489},
                 {2, 2, 0.01, 40.2138, 0.4114},
                 {32, 16, 0.07, 7.7700, 0.0084},
                 {4096, 128, 0.02, 16.8437, 0.0118},
                 {1000, 3, 0.005, 200.8014, 0.0036},
                 {1, 8, 0.07, 0, 1e-7},
                 {128, 64, 10, 4.8521, 1e-5}};
    for (int i = 0; i < COUNT(CASES); i++) {
        const ct_loss_setting at = {.n = CASES[i].n, .d = CASES[i].d, .temperature = CASES[i].t};
        ck_close(ct_landmarks_of(ct_loss_find("clip"), &at, NULL).random, CASES[i].want,
                 4 * CASES[i].error);
    }
}
END_TEST

/* Values of the cases that were wrong once: equal rows under a mask, unicl at its optimum, several
 * batches, of which each has its own. */
START_TEST(groups_give_the_values_worked_by_hand)
{
    static const int five[] = {0, 1, 1, 2, 2, 2, 3, 3, 3, 3}, twos[] = {0, 0, 1, 1, 0, 0, 0, 0};
    ct_loss_options masked = ct_loss_defaults();
    masked.mask_groups = true;
    ct_loss_setting at = {.n = 10, .d = 8, .temperature = 0.07, .options = &masked};
    const double want = (log(10) + 2 * log(9) + 3 * log(8) + 4 * log(7)) / 10;
    ck_close(ct_landmarks_of(ct_loss_find("clip"), &at, five).all_equal, want, 1e-14);
    at.options = NULL;
    at.n = 4;
    at.rows = 8;
    const ct_landmarks l = ct_landmarks_of(ct_loss_find("unicl"), &at, twos);
    ck_close(l.floor, (log(2) + log(4)) / 2, 1e-9);
    ck_close(l.all_equal, log(4), 1e-14);
    static const int items[] = {0, 2, 4, 6, 1, 3, 5, 7};
    at.items = items;
    ck_close(ct_landmarks_of(ct_loss_find("unicl"), &at, twos).floor, (log(3) * 3 / 4), 1e-9);
}
END_TEST

START_TEST(no_batch_is_below_its_floor)
{
    const ct_loss *loss = loss_number(_i);
    for (int k = 0; k < 300; k++) {
        const int n = 2 + k % 9;
        batch_random(&x, n, 2 + k / 30, TEMPERATURES[k % COUNT(TEMPERATURES)], (unsigned)k);
        if (k % 2 == 0)
            memcpy(x.b, x.a, sizeof x.a); /* aligned: halfway there */
        set_way(k % 3, n, 1 + k % 4);
        for (int i = 0; i < n / 2; i++)
            x.group[i] = 0; /* one larger than the others */
        x.options.mining = k % 5 % 3;
        for (int i = 0; k % 4 < 2 && i < n * x.d; i++) /* each group one point, as far as rows go */
            x.a[i] = x.b[i] = x.a[x.group[i / x.d] * x.d + i % x.d];
        const double least = lowest(loss);
        const double scale = x.grouped ? batch_scale(&x) : 0; /* means of a group are rounded */
        ck_assert_double_ge(measured(loss),
                            least - 8 * (double)REAL_EPS * (1 + scale + fabs(least)));
    }
}
END_TEST

TCase *landmarks_case(void)
{
    TCase *tc = tcase_create("landmarks");
    int n;
    ct_loss_all(&n);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_loss_is_found_by_its_name);
    tcase_add_test(tc, an_unknown_name_finds_nothing);
    tcase_add_loop_test(tc, the_table_says_what_a_loss_uses, 0, n);
    tcase_add_loop_test(tc, all_equal_is_worth_what_the_literature_says, 0, n);
    tcase_add_test(tc, siglip_collapsed_is_worth_n_ln_2_and_then_about_ln_n_plus_1);
    tcase_add_test(tc, dcl_across_sides_is_worth_ln_n_minus_1);
    tcase_add_test(tc, all_opposite_is_worth_the_same_to_the_cross_losses);
    tcase_add_loop_test(tc, what_else_a_loss_is_known_for, 0, n);
    tcase_add_loop_test(tc, the_simplex_reaches_the_floor, 0, n);
    tcase_add_test(tc, siglip_reaches_its_floor_between_simplex_and_opposite_points);
    tcase_add_test(tc, each_other_loss_reaches_its_floor_somewhere);
    tcase_add_test(tc, the_floor_has_its_closed_form);
    tcase_add_test(tc, the_floor_has_the_published_values);
    tcase_add_test(tc, the_question_cannot_get_below_1_0538);
    tcase_add_test(tc, a_circle_and_an_orthant_are_worth_more_than_the_simplex);
    tcase_add_loop_test(tc, all_equal_is_that_of_real_batches, 0, n);
    tcase_add_loop_test(tc, floors_are_those_of_real_batches, 0, n);
    tcase_add_loop_test(tc, random_is_that_of_real_batches, 0, n);
    tcase_add_test(tc, random_holds_at_small_temperatures);
    tcase_add_test(tc, groups_give_the_values_worked_by_hand);
    tcase_add_loop_test(tc, no_batch_is_below_its_floor, 0, n);
    return tc;
}
