/* test_numbers.c -- a loss and nothing else: the landmark that it is near; since when a curve is
 * flat. */
#include "measure/numbers.h"

#include "suites.h"
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A loss as somebody tells it, and the landmark that is the right answer. */
static const struct {
    double loss;
    int batch, queue, dim;
    double temperature;
    const char *name, *formula;
} TOLD[] = {
    {4.852, 128, 0, 0, 0, NULL, "ln N"},
    {6.920, 64, 0, 0, 0.1, "supcon", "ln(2N-1) x 0.1/0.07"},
    {6.920, 64, 0, 0, 0, NULL, "ln(2N-1) x 0.1/0.07"},
    {4.844, 64, 0, 0, 0.1, "ntxent", "ln(2N-1)"},
    {0.5, 48, 0, 0, 0, "triplet", "the margin"},
    {32.1, 128, 0, 64, 0.01, "clip", "random rows of 64 at this tau"},
    {11.093, 256, 65536, 0, 0.07, "infonce", "ln N, N + queue for N"},
    {88.72, 128, 0, 0, 0, "siglip", "N ln 2: tau 0.1, bias -10"},
    {6.931, 128, 0, 0, 0.07, "clip", "ln N of 8 x 128"},
    {2.772, 64, 0, 0, 0.07, "clip", "ln(N/4)"},
    {0.693, 64, 0, 0, 0.07, "clip", "ln 2"},
    {3.867, 128, 0, 0, 0.07, "clip", "ln(e + N-1) - 1"},
    {1.654, 64, 0, 0, 0.07, "clip", "floor at tau 1/ln(1/0.07)"},
    {1.6636, 64, 0, 0, 0.2, "clip", "ln N x 2 x 0.2"},
    {9.704, 128, 0, 0, 0.07, "clip", "ln N x 2"},
    {0.6931, 64, 0, 0, 0, "siglip", "ln 2: tau 0.1, bias -10"},
    {0.1563, 64, 0, 0, 0, "siglip", "random rows / N: tau 0.1, bias -10"},
};

START_TEST(a_told_loss_is_near_its_landmark)
{
    ct_loss_options options = ct_loss_defaults();
    options.margin = 0.5;
    const ct_loss_setting at = {.n = TOLD[_i].batch,
                                .d = TOLD[_i].dim,
                                .temperature = TOLD[_i].temperature,
                                .bias = ct_loss_bias(TOLD[_i].batch),
                                .options = &options,
                                .queue = TOLD[_i].queue};
    static ct_numbers x;
    ct_numbers_of(TOLD[_i].name != NULL ? ct_loss_find(TOLD[_i].name) : NULL, &at, TOLD[_i].loss, 0,
                  &x);
    bool found = false;
    for (int i = 0; i < x.n; i++) {
        found = found || strcmp(x.near[i].formula, TOLD[_i].formula) == 0;
        ck_assert_double_le(fabs(x.near[i].off), 0.01 * fmax(fabs(x.near[i].value), 0.05));
        ck_assert(i == 0 || x.near[i].order >= x.near[i - 1].order);
        ck_assert(x.near[i].meaning != NULL && x.near[i].apart != NULL);
    }
    ck_assert_msg(found, "%g: no %s among %d, the first %s", TOLD[_i].loss, TOLD[_i].formula, x.n,
                  x.near[0].formula);
    ck_assert_double_le(fabs(x.near[0].off), 0.005 * fabs(TOLD[_i].loss));
}
END_TEST

START_TEST(a_loss_between_landmarks_has_neighbours)
{
    const ct_loss_setting at = {.n = 64, .temperature = 0.07};
    static ct_numbers x;
    ct_numbers_of(ct_loss_find("clip"), &at, 1.5, 0, &x);
    ck_assert_int_eq(x.n, 0);
    ck_assert(x.below.value < 1.5 && x.above.value > 1.5);
    ck_assert_str_eq(x.below.formula, "ln 2");
}
END_TEST

/* What is plain comes before what is not, where the loss tells no difference. */
START_TEST(the_likely_landmark_comes_first)
{
    const ct_loss_setting at = {.n = 128};
    static ct_numbers x;
    ct_numbers_of(NULL, &at, 4.8531, 0, &x); /* nearer to ln N + penalty/2 */
    ck_assert_str_eq(x.near[0].formula, "ln N");
    ck_assert_str_eq(x.near[0].losses, "question, infonce, clip, unicl");
    ck_assert(x.near[0].collapse);
    ct_numbers_of(NULL, &at, 4.8917, 0.07, &x); /* a mean that is known to 0.07 */
    ck_assert_str_eq(x.near[0].formula, "ln N");
    ct_numbers_of(ct_loss_find("clip"), &at, 0, 0, &x);
    ck_assert(x.n > 0 && !x.near[0].collapse);
}
END_TEST

/* ---- curves ---- */

static char text[1 << 20];

/* What the first bytes of a file say. */
static bool begins(const char *of)
{
    char head[1024];
    snprintf(head, sizeof head, "%.*s", (int)sizeof head - 1, of);
    return ct_curve_begins(head);
}

/* n lines of `line`, which takes a step and a loss that falls from 5 to `to` within `fall` steps.
 */
static ct_curve read_curve(const char *head, const char *line, int n, double to, double fall)
{
    ct_curve c;
    ct_error err = {.status = CT_OK};
    size_t used = (size_t)snprintf(text, sizeof text, "%s", head);
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, line, 10 * i,
                                 to + (5 - to) * exp(-10 * i / fall) + 0.002 * sin(i));
    ck_assert(begins(text));
    ct_curve_read("curve", text, &c, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    return c;
}

static const char *const WRITTEN[][2] = {
    {"step,loss\n", "%d,%.4f\n"},
    {"\"Wall time\",Step,Value\r\n", "1700000000.5,%d,%.4f\r\n"},
    {"Step;val_loss;Train Loss\n", "%d;9;%.4f\n"},
    {"", "{\"step\":%d,\"loss\":%.4f}\n"},
    {"{\"split\":\"test\",\"step\":3,\"loss\":9}\n",
     "{\"global_step\":%d,\"a\":[1],\"train_loss\":%.4f}\n"},
    {"epoch,iter,iteration,step,loss\n", "1,7,7,%d,%.4f\n"},
    {"lr\tstep\tloss\n", "0.1\t%d\t%.4f\n0.1\t7\t\n"},
    {"\"lr\"; \"Step\"; \"Train Loss\"\n", "0.1;%d; \"%.4f\"\n"},
};

START_TEST(a_curve_is_flat_since_it_reached_its_level)
{
    const ct_curve c = read_curve(WRITTEN[_i][0], WRITTEN[_i][1], 300, 4.158, 100);
    ck_assert_int_eq(c.points, 300);
    ck_close(c.level, 4.158, 0.002);
    ck_assert_msg(c.since > 250 && c.since < 900, "flat since %g", c.since);
    ck_assert(isnan(c.bad));
}
END_TEST

START_TEST(a_long_curve_is_joined_to_fewer_points)
{
    const ct_curve c = read_curve("step,loss\n", "%d,%.4f\n", 20000, 4.158, 20000);
    ck_assert_int_eq(c.points, 20000);
    ck_close(c.level, 4.158, 0.003);
    ck_assert_msg(c.since > 80000 && c.since < 170000, "flat since %g", c.since);
}
END_TEST

START_TEST(a_curve_that_falls_is_not_flat)
{
    ck_assert(isnan(read_curve("step,loss\n", "%d,%.4f\n", 300, 1, 2000).since));
    ck_assert(isnan(read_curve("step,loss\n", "%d,%.4f\n", 5, 1, 1).since));
}
END_TEST

START_TEST(a_curve_that_ends_in_nan_says_where)
{
    ct_error err = {.status = CT_OK};
    ct_curve c;
    char nan[] = "epoch,loss\n1,2.5\n2,nan\n3,nan\n";
    ct_curve_read("curve", nan, &c, &err);
    ck_assert(err.status == CT_OK && c.bad == 2 && isnan(c.since));
}
END_TEST

/* 100 lines of a loss that is 5 - fall i until line `turn`, and then rises by `rise` a line. */
static ct_curve read_turn(const char *head, const char *before, int first, int by, double fall,
                          int turn, double rise)
{
    ct_curve c;
    ct_error err = {.status = CT_OK};
    size_t used = (size_t)snprintf(text, sizeof text, "%s", head);
    for (int k = 0; k < 100; k++) {
        const int i = first + by * k;
        const double loss = 5 - fall * (i < turn ? i : turn) + rise * (i > turn ? i - turn : 0);
        if (*before != '\0')
            used += (size_t)snprintf(text + used, sizeof text - used, "%d%s", i, before);
        used += (size_t)snprintf(text + used, sizeof text - used, "%.4f\n", loss);
    }
    ck_assert(begins(text));
    ct_curve_read("curve", text, &c, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    return c;
}

START_TEST(a_curve_has_other_shapes_too)
{
    const ct_curve rises = read_turn("step,loss\n", ",", 0, 1, 0.1, 30, 0.05);
    ck_close(rises.least, 2, 0.1);
    ck_close(rises.least_at, 30, 2);
    ck_assert(isnan(rises.since));
    const ct_curve diverges = read_turn("step,loss\n", ",", 0, 1, 0, 0, 0.3);
    ck_close(diverges.least, 5, 0.3);
    const ct_curve alone = read_turn("", "", 0, 1, 0.1, 20, 0);
    ck_close(alone.level, 3, 1e-3);
    ck_close(alone.since, 20, 2);
    ck_assert(isnan(alone.least));
    const ct_curve back = read_turn("step;objective\n", ";", 99, -1, 0.1, 20, 0);
    ck_close(back.level, 3, 1e-3);
    ck_close(back.since, 20, 2);
    ck_close(back.first, 5, 1e-3);
    ck_close(back.last, 3, 1e-3);
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
    static const char *const BAD[] = {"step,loss\n0,5\n1,abc\n", "step;loss\n0;5\n1;4,852\n",
                                      "step,loss\n0,5\n1,5.0x\n", "4.8\n4,7\n"};
    for (int i = 0; i < COUNT(BAD); i++) {
        ct_error err = {.status = CT_OK};
        ct_curve c;
        snprintf(text, sizeof text, "%s", BAD[i]);
        ck_assert(begins(text));
        ck_assert(ct_curve_read("curve", text, &c, &err) == CT_ERR_FORMAT);
        ck_assert_msg(strstr(err.msg, i < 3 ? "curve:3: " : "curve:2: ") != NULL, "%s", err.msg);
    }
}
END_TEST

START_TEST(python_writes_nan_in_json)
{
    ct_error err = {.status = CT_OK};
    ct_curve c;
    char nan[] = "{\"step\":1,\"metrics\":{\"loss\":2}}\n{\"step\":2,\"metrics\":{\"loss\":NaN}}\n";
    ct_curve_read("curve", nan, &c, &err);
    ck_assert(err.status == CT_OK && c.points == 2 && c.bad == 2);
}
END_TEST

START_TEST(what_is_no_curve_is_told_apart)
{
    static const char *const OTHER[] = {
        "",         "1,2\n3,4\n", "x0,x1\n1,2\n", "{\"a\":1}\n", "{\n\"loss\": 3,\n\"x\": 4\n}\n",
        "\x93NUMPY"};
    ct_error err = {.status = CT_OK};
    ct_curve c;
    char empty[] = "step,loss\n";
    for (int i = 0; i < (int)(sizeof OTHER / sizeof *OTHER); i++)
        ck_assert(!begins(OTHER[i]));
    ck_assert(ct_curve_read("curve", empty, &c, &err) == CT_ERR_FORMAT);
}
END_TEST

TCase *numbers_case(void)
{
    TCase *tc = tcase_create("numbers");
    tcase_add_loop_test(tc, a_told_loss_is_near_its_landmark, 0, sizeof TOLD / sizeof *TOLD);
    add_tests(tc, a_loss_between_landmarks_has_neighbours, the_likely_landmark_comes_first);
    tcase_add_loop_test(tc, a_curve_is_flat_since_it_reached_its_level, 0,
                        sizeof WRITTEN / sizeof *WRITTEN);
    add_tests(tc, a_long_curve_is_joined_to_fewer_points, a_curve_that_falls_is_not_flat,
              a_curve_that_ends_in_nan_says_where, a_curve_has_other_shapes_too,
              what_is_no_number_is_refused, python_writes_nan_in_json,
              what_is_no_curve_is_told_apart);
    return tc;
}
