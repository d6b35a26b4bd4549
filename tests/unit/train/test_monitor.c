/* test_monitor.c -- looking changes nothing, and sees what was planted. */
#include "suites.h"
#include "testing.h"
#include "training.h"

#include "contrast/scalar.h"
#include "train/snapshot.h"

#include <math.h>
#include <string.h>

static void open_small(ct_trainer *t, const char *settings)
{
    const ct_recipe r = recipe_of(
        "data.kind=latent data.dim=8 data.shared=4 data.n_train=128 data.n_validation=64 "
        "data.n_test=64 image.layers=16,8 text.layers=16,8 train.batch=32",
        settings);
    open_trainer(t, &r, 1, NULL);
}

static void look(ct_trainer *f, ct_monitor *m)
{
    ct_evaluation e;
    ct_error err = {0};
    ck_assert_msg(ct_trainer_evaluate(f, CT_VALIDATION, 0, &e, &m->diagnosis, &err) == CT_OK &&
                      ct_monitor_look(f, m, &err) == CT_OK,
                  "%s", err.msg);
}

START_TEST(looking_changes_no_bit_of_the_run)
{
    ct_trainer a, b;
    ct_monitor m;
    ct_step s;
    open_small(&a, "image.dropout=0.2");
    open_small(&b, "image.dropout=0.2");
    for (int step = 0; step < 12; step++) {
        if (step % 3 == 1)
            look(&b, &m);
        ct_trainer_step(&a, &s, CT_IGNORE_ERROR);
        ct_trainer_step(&b, &s, CT_IGNORE_ERROR);
    }
    ck_assert(same_bits(a.model.params.x, b.model.params.x, a.model.params.size));
    close_trainer(&a);
    close_trainer(&b);
}
END_TEST

/* The loss and the gradients of the batch that comes next are those of the next step. */
START_TEST(it_looks_at_the_next_batch)
{
    ct_trainer f;
    ct_monitor m;
    ct_step s;
    double square = 0;
    open_small(&f, "");
    ct_trainer_step(&f, &s, CT_IGNORE_ERROR);
    look(&f, &m);
    ct_trainer_step(&f, &s, CT_IGNORE_ERROR);
    ck_close(m.loss, s.loss, 0);
    for (int k = 0; k < m.seen.n; k++)
        square += m.seen.layer[k].gradient * m.seen.layer[k].gradient;
    ck_assert_double_le(sqrt(square), s.gradient_norm * (1 + 1e-6)); /* biases have the rest */
    ck_assert_double_gt(sqrt(square), s.gradient_norm * 0.5);
    ck_close(m.landmarks.all_equal, ct_scalar_log(32), 1e-12);
    ck_assert_int_eq(m.seen.n, 4);
    ck_assert_str_eq(m.seen.layer[0].weight, "image.0.weight");
    close_trainer(&f);
}
END_TEST

static void set(ct_trainer *f, const char *parameter, int from, int to, double value)
{
    ct_param *p = ct_params_find(&f->model.params, parameter);
    ck_assert_ptr_nonnull(p);
    for (int i = from; i < to; i++)
        p->x[i] = (ct_real)value;
}

START_TEST(dead_units_are_counted)
{
    ct_trainer f;
    ct_monitor m;
    open_small(&f, "");
    set(&f, "image.0.bias", 0, 4, -1e3); /* 4 of 16 are never above 0 */
    look(&f, &m);
    ck_close(m.seen.layer[0].dead, 0.25, 1e-12);
    ck_close(m.seen.layer[2].dead, 0, 1e-12);
    close_trainer(&f);
}
END_TEST

/* Near the saddle the loss is ln N less the meter: with the embeddings of a trained run around one
 * far point. */
START_TEST(the_escape_meter_is_how_far_the_loss_is_below_ln_n)
{
    ct_trainer f;
    ct_monitor m;
    ct_evaluation e;
    ct_step s;
    open_small(&f, "train.batch=64 loss.name=infonce loss.temperature=0.5 "
                   "loss.learn_temperature=false optim.rate=0.01");
    for (int step = 0; step < 100; step++)
        ct_trainer_step(&f, &s, CT_IGNORE_ERROR);
    set(&f, "image.1.bias", 0, 8, 40);
    set(&f, "text.1.bias", 0, 8, 40);
    look(&f, &m);
    ck_assert_int_eq(ct_trainer_evaluate(&f, CT_VALIDATION, 0, &e, NULL, CT_IGNORE_ERROR), CT_OK);
    ck_assert_double_gt(m.escape, 1e-4);
    ck_close((ct_scalar_log(64) - e.loss) / m.escape, 1, 0.05);
    close_trainer(&f);
}
END_TEST

START_TEST(saturated_units_and_equal_rows_are_seen)
{
    ct_trainer f;
    ct_monitor m;
    open_small(&f, "text.activation=sigmoid text.last_activation=tanh");
    set(&f, "text.0.bias", 0, 8, 1e3); /* 8 of 16 always 1 */
    set(&f, "text.1.weight", 0, 8 * 16, 0);
    set(&f, "text.1.bias", 0, 8, 0.5); /* every row tanh(0.5) */
    look(&f, &m);
    ck_assert_double_ge(m.seen.layer[2].saturated, 0.5);
    ck_close(m.seen.layer[3].cosine, 1, 1e-6);
    ck_close(m.seen.layer[3].saturated, 0, 0);
    ck_close(m.escape, 0, 1e-9);
    ck_assert_int_eq(m.diagnosis.state, CT_COLLAPSED);
    close_trainer(&f);
}
END_TEST

/* A diagnosis sees a run's loss as its evaluation does: with the bias that was learned, and the
 * recipe's options. */
START_TEST(a_diagnosis_has_the_loss_of_the_run)
{
    static const char *const SETTING[] = {"loss.name=siglip loss.learn_temperature=true",
                                          "loss.name=triplet loss.margin=0.7",
                                          "loss.name=clip loss.dot=true",
                                          "loss.name=vicreg loss.variance=5"};
    char settings[256];
    ct_error err = {0};
    ct_trainer t;
    ct_step s;
    snprintf(settings, sizeof settings, "%s %s",
             "data.n_train=96 data.n_test=8 train.steps=20 optim.rate=0.05 loss.temperature=0.2",
             SETTING[_i]);
    open_small(&t, settings);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(ct_trainer_step(&t, &s, &err), CT_OK);
    ct_evaluation e;
    static ct_diagnosis a;
    ck_assert_int_eq(ct_trainer_evaluate(&t, CT_VALIDATION, 0, &e, NULL, &err), CT_OK);
    ck_assert_int_eq(ct_trainer_evaluate(&t, CT_VALIDATION, 0, NULL, &a, &err), CT_OK);
    ck_close((ct_real)a.loss, e.loss, 1e-6);
    close_trainer(&t);
}
END_TEST

TCase *monitor_case(void)
{
    TCase *tc = tcase_create("monitor");
    add_tests(tc, looking_changes_no_bit_of_the_run, it_looks_at_the_next_batch,
              dead_units_are_counted, the_escape_meter_is_how_far_the_loss_is_below_ln_n,
              saturated_units_and_equal_rows_are_seen);
    tcase_add_loop_test(tc, a_diagnosis_has_the_loss_of_the_run, 0, 4);
    return tc;
}
