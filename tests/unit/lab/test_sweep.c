/* test_sweep.c -- the grid of a sweep, and its summary. What a sweep leaves in its
 * folder is in tests/system/sweep.sh. */
#include "suites.h"
#include "testing.h"

#include "lab/sweep.h"

#include <math.h>
#include <string.h>

static void open_sweep(ct_sweep *s)
{
    memset(s, 0, sizeof *s);
    s->base = ct_recipe_defaults();
}

static void add(ct_sweep *s, const char *setting)
{
    ct_error err = {0};
    ck_assert_msg(ct_sweep_add(s, setting, &err) == CT_OK, "%s", err.msg);
}

START_TEST(a_grid_is_the_product_of_its_lists)
{
    static ct_sweep s;
    char text[512];
    open_sweep(&s);
    add(&s, "optim.rate=0.1,1,10");
    add(&s, "train.steps=7");
    add(&s, "image.layers=64,32|32");
    add(&s, "text.layers=16,32");
    add(&s, "seed=3..5");
    ck_assert_int_eq(s.n_points, 6);
    ck_assert_int_eq(s.n_seeds, 3);
    ck_assert_int_eq(s.first_seed, 3);
    ck_assert_int_eq(s.base.train.steps, 7);
    ck_assert_int_eq(s.base.tower[1].model.mlp.n_layers, 2);
    ct_sweep_settings(&s, 0, text, sizeof text);
    ck_assert_str_eq(text, "optim.rate=0.1 image.layers=64,32");
    ct_sweep_settings(&s, 3, text, sizeof text);
    ck_assert_str_eq(text, "optim.rate=1 image.layers=32");
    ct_sweep_settings(&s, 5, text, sizeof text);
    ck_assert_str_eq(text, "optim.rate=10 image.layers=32");
}
END_TEST

START_TEST(ranges_are_even_or_even_in_the_logarithm)
{
    static ct_sweep s;
    open_sweep(&s);
    add(&s, "loss.temperature=0.01..100:5(log)");
    add(&s, "optim.momentum=0..0.9:4");
    add(&s, "train.batch=4..64:5(log)");
    static const char *const WANT[3][5] = {{"0.01", "0.1", "1", "10", "100"},
                                           {"0", "0.3", "0.6", "0.9"},
                                           {"4", "8", "16", "32", "64"}};
    for (int a = 0; a < 3; a++)
        for (int k = 0; k < s.axis[a].n; k++)
            ck_assert_str_eq(s.axis[a].value[k], WANT[a][k]);
    ck_assert_int_eq(s.n_points, 5 * 4 * 5);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static const struct {
        const char *setting, *says;
    } BAD[] = {
        {"optim.rat=1,2", "optim.rate"},
        {"optim.rate", "expected section.key=values"},
        {"optim.rate=1,-2", "optim.rate = -2"},
        {"optim.rate=-2", "optim.rate = -2"},
        {"optim.rate=1,,2", "value 2 has 0 characters"},
        {"optim.rate=0..1:5(log)", "positive ends"},
        {"optim.rate=1..2:1", "2 to 128 values"},
        {"seed=5..2", "seed=3 or seed=1..8"},
        {"seed=a", "seed=3 or seed=1..8"},
        {"loss.name=clip,clop", ""}, /* told by the check of the whole recipe */
    };
    for (int k = 0; k < COUNT(BAD); k++) {
        static ct_sweep s;
        ct_error err = {0};
        open_sweep(&s);
        const ct_status status = ct_sweep_add(&s, BAD[k].setting, &err);
        ck_assert_msg((status == CT_ERR_CONFIG && strstr(err.msg, BAD[k].says) != NULL) ||
                          BAD[k].says[0] == '\0',
                      "%s: %s", BAD[k].setting, err.msg);
    }
}
END_TEST

START_TEST(a_summary_is_over_seeds)
{
    static ct_sweep s;
    open_sweep(&s);
    add(&s, "optim.rate=0.1,1");
    add(&s, "seed=1..4");
    ct_sweep_run r[8] = {{.done = false}};
    for (int k = 4; k < 8; k++)
        r[k] = (ct_sweep_run){.done = true,
                              .state = k < 6 ? CT_PLATEAU : CT_HEALTHY,
                              .escape = k == 4 ? 0 : 10 * k,
                              .recall = {0.1 * k, 0},
                              .loss = k};
    ck_assert_int_eq(ct_sweep_summary(&s, r, 0).n, 0);
    ct_sweep_point p = ct_sweep_summary(&s, r, 1);
    ck_assert_int_eq(p.n, 4);
    ck_assert_int_eq(p.state, CT_HEALTHY); /* the first of equals */
    ck_close(p.recall[0].median, 0.55, 1e-12);
    ck_close(p.escape.median, 65, 1e-12);
    ck_assert(isinf(p.escape.most));
    r[7].diverged = r[6].diverged = true;
    p = ct_sweep_summary(&s, r, 1);
    ck_assert_int_eq(p.n_diverged, 2);
    ck_assert_int_eq(p.state, CT_PLATEAU);
    ck_assert(isnan(p.recall[0].most) && p.recall[0].least == 0.4);
}
END_TEST

TCase *sweep_case(void)
{
    TCase *tc = tcase_create("sweep");
    tcase_add_test(tc, a_grid_is_the_product_of_its_lists);
    tcase_add_test(tc, ranges_are_even_or_even_in_the_logarithm);
    tcase_add_test(tc, mistakes_are_named);
    tcase_add_test(tc, a_summary_is_over_seeds);
    return tc;
}
