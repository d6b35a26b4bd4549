/* test_study.c -- many small runs: what single runs are, whatever runs beside them. */
#include "suites.h"
#include "testing.h"
#include "training.h"

#include "contrast/scalar.h"
#include "lab/study.h"

#include <math.h>
#include <string.h>

#define SEEDS 2

static const ct_variant VARIANT[] = {
    {.name = "plain", .settings = ""},
    {.name = "shuffled", .settings = "", .shuffled = true},
    {.name = "data of its own", .settings = "data.rho=0.5"},
    {.name = "diverges", .settings = "optim.name=sgd optim.rate=1e12 image.layers=16,16,16,8"},
};
enum { PLAIN, SHUFFLED, OWN, DIVERGES, N };

static ct_recipe small_recipe(void)
{
    return recipe_of("data.kind=latent data.dim=8 data.shared=4 data.rho=0.99 data.n_train=128 "
                     "data.n_validation=32 data.n_test=64 image.layers=16,8  text.layers=16,8 "
                     "loss.temperature=0.2 optim.rate=0.01 train.batch=32 train.steps=60",
                     "");
}

static void make(ct_outcome *run, int threads)
{
    ct_error err = {0};
    ct_runs r = {.base = small_recipe(),
                 .variant = VARIANT,
                 .n_variants = N,
                 .n_seeds = SEEDS,
                 .first_seed = 1,
                 .run = run,
                 .validation = true};
    memset(run, 0, N * SEEDS * sizeof *run);
    ck_assert_msg(ct_runs_make(&r, threads, &err) == CT_OK, "%s", err.msg);
}

START_TEST(runs_are_what_single_runs_are)
{
    ct_outcome one[N * SEEDS], two[N * SEEDS];
    ct_error err = {0};
    make(one, 1);
    make(two, 2);
    for (int k = 0; k < N * SEEDS; k++) {
        /* a double holds even that */
        const bool diverges = k / SEEDS == DIVERGES && sizeof(ct_real) == 4;
        ck_assert(one[k].done && (one[k].state == CT_DIVERGED) == diverges);
        ck_assert(two[k].state == one[k].state);
        if (diverges)
            continue;
        ck_assert(one[k].training_loss == two[k].training_loss &&
                  one[k].escape_step == two[k].escape_step);
        ck_assert(one[k].test.measures.recall_at_1[0] == two[k].test.measures.recall_at_1[0]);
        ck_assert_double_eq_tol(one[k].all_equal, ct_scalar_log(32), 1e-12);
    }
    ck_assert_int_ge(one[0].escape_step, CT_STUDY_WINDOW);
    ck_assert(one[0].training_loss != one[1].training_loss); /* seeds differ */

    ct_recipe r = small_recipe(); /* variant 0, seed 2, alone */
    ct_trainer t;
    ct_step s;
    double sum = 0;
    r.train.seed = 2;
    open_trainer(&t, &r, 1, NULL);
    for (int i = 0; i < 60; i++) {
        ck_assert_int_eq(ct_trainer_step(&t, &s, &err), CT_OK);
        sum += i >= 60 - CT_STUDY_WINDOW ? s.loss : 0;
    }
    ck_assert_double_eq_tol(one[1].training_loss, sum / CT_STUDY_WINDOW, 1e-9);
    close_trainer(&t);
}
END_TEST

START_TEST(a_control_learns_nothing_and_own_data_is_used)
{
    ct_outcome run[N * SEEDS];
    make(run, 2);
    for (int s = 0; s < SEEDS; s++) {
        const ct_outcome *plain = &run[PLAIN * SEEDS + s];
        ck_assert_double_gt(ct_outcome_value(plain, "recall_at_1"), 0.1);
        ck_assert_double_gt(ct_outcome_value(plain, "validation.recall_at_1"), 0.1);
        ck_assert(ct_outcome_value(plain, "recall_at_1[1]") == plain->test.measures.recall_at_1[1]);
        ck_assert_double_lt(run[SHUFFLED * SEEDS + s].test.measures.recall_at_1[0],
                            0.1); /* of 64 */
        ck_assert_double_lt(run[OWN * SEEDS + s].test.measures.recall_at_1[0],
                            plain->test.measures.recall_at_1[0]);
        ck_assert(isnan(ct_outcome_value(plain, "no_such_key")));
    }
    if (sizeof(ct_real) == 4)
        ck_assert(isnan(ct_outcome_value(&run[DIVERGES * SEEDS], "recall_at_1")));
}
END_TEST

START_TEST(a_wrong_setting_is_told_before_any_run)
{
    const ct_variant bad[] = {VARIANT[0], {.name = "bad", .settings = "optim.speed=1"}};
    ct_outcome run[2] = {{.done = false}};
    ct_error err = {0};
    ct_runs r = {.base = small_recipe(), .variant = bad, .n_variants = 2, .n_seeds = 1, .run = run};
    ck_assert_int_eq(ct_runs_make(&r, 1, &err), CT_ERR_CONFIG);
    ck_assert(!run[0].done && !run[1].done);
    const ct_variant large[] = {{.name = "large", .settings = "train.batch=1024"}};
    err = (ct_error){.status = CT_OK};
    r.variant = large;
    r.n_variants = 1;
    ck_assert_int_eq(ct_runs_make(&r, 1, &err), CT_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "large, seed 0: train.batch = 1024"));
}
END_TEST

TCase *study_case(void)
{
    TCase *tc = tcase_create("study");
    tcase_set_timeout(tc, 60);
    add_tests(tc, runs_are_what_single_runs_are, a_control_learns_nothing_and_own_data_is_used,
              a_wrong_setting_is_told_before_any_run);
    return tc;
}
