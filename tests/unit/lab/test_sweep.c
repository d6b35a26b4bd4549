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
    ct_error err = {0};
    ct_arena arena;
    ct_runs runs;
    ct_arena_open(&arena, "test", 0, &err);
    open_sweep(&s);
    add(&s, "optim.rate=0.1,1,10");
    add(&s, "train.steps=7");
    add(&s, "image.layers=64,32|32");
    add(&s, "text.layers=32");
    add(&s, "seed=3..5");
    ck_assert_int_eq(s.n_points, 6);
    ck_assert_int_eq(s.n_seeds, 3);
    ck_assert_int_eq(s.first_seed, 3);
    ck_assert_int_eq(s.base.train.steps, 7);
    ck_assert_int_eq(s.base.tower[1].model.mlp.n_layers, 1);
    ck_assert_int_eq(ct_sweep_runs(&s, &arena, &runs, &err), CT_OK);
    ck_assert_str_eq(runs.variant[0].settings, "optim.rate=0.1 image.layers=64,32");
    ck_assert_str_eq(runs.variant[3].settings, "optim.rate=1 image.layers=32");
    ck_assert_str_eq(runs.variant[5].settings, "optim.rate=10 image.layers=32");
    ck_assert_str_eq(runs.head[1], "image.layers");
    ck_assert_str_eq(runs.variant[5].cell[1], "32");
    ct_arena_free(&arena);
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

START_TEST(a_row_is_over_the_seeds_of_a_point)
{
    static ct_sweep s;
    static const char *const SIDES[] = {"loss",
                                        "training_loss",
                                        "recall_at_1_text_to_image",
                                        "median_rank_text_to_image",
                                        "wrong_ahead_image_to_text",
                                        "hubness_image",
                                        "uniformity_text"};
    const char
        *shown = "recall_at_1 escape_step state"; /* of two sides the first; its key says so */
    ct_error err = {0};
    ct_arena arena;
    ct_runs r;
    ct_arena_open(&arena, "test", 0, &err);
    ct_study_rows *rows = ct_arena_zeroed(&arena, 1, sizeof *rows);
    open_sweep(&s);
    add(&s, "optim.rate=0.1,1");
    add(&s, "seed=1..4");
    ck_assert_int_eq(ct_sweep_runs(&s, &arena, &r, &err), CT_OK);
    for (int k = 4; k < 8; k++)
        r.run[k] = (ct_outcome){.done = true,
                                .state = k < 6 ? CT_PLATEAU : CT_HEALTHY,
                                .all_equal = 1,
                                .escape_step = k == 4 ? 0 : 10 * k,
                                .test.measures.recall_at_1 = {0.1 * k, 0},
                                .training_loss = k};
    ck_assert_int_eq(ct_runs_rows(&r, shown, true, &arena, rows, &err), CT_OK);
    ck_assert_int_eq(rows->n, 1); /* of the first point nothing is known */
    const ct_study_row *row = rows->row;
    ck_assert_str_eq(row->variant.settings, "optim.rate=1");
    ck_assert_int_eq(row->runs, 4);
    ck_assert_int_eq(row->state, CT_HEALTHY); /* the first of equals */
    ck_assert_str_eq(row->variant.cell[0], "1");
    ck_close(row->value[0].median, 0.55, 1e-12);
    ck_close(row->value[1].median, 65, 1e-12);
    ck_assert(isinf(row->value[1].most));
    ck_assert_str_eq(rows->key[0], "recall_at_1_image_to_text");
    ck_assert_int_gt(rows->n_values, 12); /* all measures; what is not shown is detail */
    for (int i = 0; i < COUNT(SIDES); i++) {
        int k = 0;
        while (k < rows->n_values && strcmp(rows->key[k], SIDES[i]) != 0)
            k++;
        ck_assert_msg(k < rows->n_values, "no column %s", SIDES[i]);
    }
    r.run[7].state = r.run[6].state = CT_DIVERGED;
    ck_assert_int_eq(ct_runs_rows(&r, shown, false, &arena, rows, &err), CT_OK);
    row = rows->row;
    ck_assert_int_eq(row->of[CT_DIVERGED], 2);
    ck_assert_int_eq(row->state, CT_PLATEAU);
    ck_assert_int_eq(rows->n_values, 2);
    ck_assert(isnan(row->value[0].most) && row->value[0].least == 0.4);
    ct_arena_free(&arena);
}
END_TEST

TCase *sweep_case(void)
{
    TCase *tc = tcase_create("sweep");
    add_tests(tc, a_grid_is_the_product_of_its_lists, ranges_are_even_or_even_in_the_logarithm,
              mistakes_are_named, a_row_is_over_the_seeds_of_a_point);
    return tc;
}
