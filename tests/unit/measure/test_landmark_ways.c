/* test_landmark_ways.c -- landmarks with groups, masks and a queue, and at random, against real
 * batches that are put through the loss. */
#include "contrast/landmarks.h"

#include "../losses/batch.h"
#include "suites.h"

#include <string.h>

static batch x;

static ct_landmarks landmarks(const ct_loss *loss)
{
    const ct_loss_setting at = {.n = x.n,
                                .d = x.d,
                                .temperature = batch_temperature(&x),
                                .bias = ct_loss_bias(x.n),
                                .options = &x.options,
                                .queue = x.queue != NULL ? x.queue->n : 0};
    return ct_landmarks_of(loss, &at, x.grouped ? x.group : NULL);
}

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
    batch_unit_rows(&x);
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
            batch_unit_rows(&x);
            set_way(way, x.n, kinds);
            x.group[3] = -1; /* alone */
            for (int i = 0; i < PAST; i++) {
                memcpy(older[0] + 5 * i, x.b, 5 * sizeof *x.b);
                memcpy(older[1] + 5 * i, x.b, 5 * sizeof *x.b);
            }
            const double want = landmarks(loss).all_equal;
            if (has_way(loss, way))
                ck_close(loss_of(loss->apply, &x), want,
                         16 * (double)REAL_EPS * (1 + fabs(want)) * (1 + batch_scale(&x)));
        }
}
END_TEST

/* The losses that the simplex does not suit best reach theirs above; here they stay above it. */
START_TEST(floors_are_those_of_real_batches)
{
    const ct_loss *loss = loss_number(_i);
    const bool sharp = strncmp(landmarks(loss).floor_is, "a regular simplex", 17) == 0 ||
                       loss_is(loss, "triplet");
    for (int way = 0; way < N_WAYS; way++)
        for (int t = 0; t < 3 && has_way(loss, way); t++) {
            const double temperature = t == 0 ? 0.07 : t;
            const int points = way == PLAIN ? ROWS : way == QUEUE ? ROWS + PAST : KINDS;
            corners(points, temperature);
            set_way(way, ROWS, KINDS);
            x.options.in_modal = way != QUEUE; /* dcl: what is past has no rows of one's own side */
            const ct_landmarks l = landmarks(loss);
            const double got = loss_of(loss->apply, &x),
                         digits = 64 * (double)REAL_EPS * (2 + batch_scale(&x));
            const bool attracts = way == MASKS && loss->uses_groups;
            const double least = way == GROUPS ? fmax(l.floor, l.duplicates) : l.floor;
            ck_assert_double_ge(got, least - digits * (1 + fabs(least)));
            ck_assert(way == GROUPS || isnan(l.duplicates));
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

static bool has_random(const ct_loss *loss)
{
    return !loss_is(loss, "vicreg") && !loss_is(loss, "triplet") &&
           !loss_is(loss, "hard-negative") && !loss_is(loss, "align-uniform");
}

/* Rows drawn uniformly on the sphere: the mean over batches, within four of its standard errors,
 * and 1 % for what is only nearly right (the mean over anchors of several sizes). */
START_TEST(random_is_that_of_real_batches)
{
    enum { BATCHES = 60 };
    static const double T[] = {0.5, 0.07, 0.01};
    const ct_loss *loss = loss_number(_i);
    uint64_t dice = (uint64_t)_i + 1;
    for (int way = 0; way < N_WAYS; way++)
        for (int t = 0; t < COUNT(T) && has_way(loss, way) && has_random(loss); t++) {
            double sum = 0, squares = 0, want = 0;
            for (int k = 0; k < BATCHES; k++) {
                batch_zero(&x, ROWS, 16, T[t]);
                set_way(way, ROWS, KINDS);
                for (int i = 0; i < ROWS * 16; i++) {
                    x.a[i] = (ct_real)normal(&dice);
                    x.b[i] = (ct_real)normal(&dice);
                }
                for (int i = 0; i < PAST * 16; i++) {
                    older[0][i] = (ct_real)normal(&dice);
                    older[1][i] = (ct_real)normal(&dice);
                }
                batch_unit_rows(&x);
                const double value = loss_of(loss->apply, &x);
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
    static const int mixed[] = {0, 1, 0, 0, 0, 1, 0, 0};
    ck_close(ct_landmarks_of(ct_loss_find("unicl"), &at, mixed).floor, (log(3) * 3 / 4), 1e-9);
}
END_TEST

START_TEST(no_batch_is_below_its_floor)
{
    static const double T[] = {0.02, 0.07, 0.3, 1, 10};
    const ct_loss *loss = loss_number(_i);
    for (int k = 0; k < 300; k++) {
        const int n = 2 + k % 9;
        batch_random(&x, n, 2 + k / 30, T[k % COUNT(T)], (unsigned)k);
        if (k % 2 == 0)
            memcpy(x.b, x.a, sizeof x.a); /* aligned: halfway there */
        set_way(k % 3, n, 1 + k % 4);
        for (int i = 0; i < n / 2; i++)
            x.group[i] = 0; /* one larger than the others */
        x.options.mining = k % 5 % 3;
        for (int i = 0; k % 4 < 2 && i < n * x.d; i++) /* each group one point, as far as rows go */
            x.a[i] = x.b[i] = x.a[x.group[i / x.d] * x.d + i % x.d];
        const double least = landmarks(loss).floor;
        const double scale = x.grouped ? batch_scale(&x) : 0; /* means of a group are rounded */
        ck_assert_double_ge(loss_of(loss->apply, &x),
                            least - 8 * (double)REAL_EPS * (1 + scale + fabs(least)));
    }
}
END_TEST

TCase *landmark_ways_case(void)
{
    TCase *tc = tcase_create("landmark_ways");
    int n;
    ct_loss_all(&n);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, all_equal_is_that_of_real_batches, 0, n);
    tcase_add_loop_test(tc, floors_are_those_of_real_batches, 0, n);
    tcase_add_loop_test(tc, random_is_that_of_real_batches, 0, n);
    add_tests(tc, random_holds_at_small_temperatures, groups_give_the_values_worked_by_hand);
    tcase_add_loop_test(tc, no_batch_is_below_its_floor, 0, n);
    return tc;
}
