/* test_recipe.c -- recipes: reading, overriding, refusing, writing. */
#include "suites.h"

#include "train/trainer.h"

#include <string.h>

enum { N_LOSSES = 16 };

static ct_recipe parsed(const char *text)
{
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    ck_assert_msg(ct_recipe_read(&r, "test.ini", text, &err) == CT_OK, "%s", err.msg);
    return r;
}

static void check_refused(const char *text, const char *message)
{
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    ck_assert_int_eq(ct_recipe_read(&r, "test.ini", text, &err), CT_ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, message) != NULL, "\"%s\" lacks \"%s\"", err.msg, message);
}

START_TEST(values_of_every_kind_are_read)
{
    const ct_recipe r = parsed(
        "[data]\nkind = latent\nseed = 123456789012\nrho = -2.5e-1\ndir = a b\n"
        "[text]\nlayers = 8, 4\nactivation = gelu\nwords = false\n[train]\nbatch = 7\n");
    ck_assert_int_eq(r.data.kind, CT_DATA_LATENT);
    ck_assert_int_eq(r.data.seed, 123456789012);
    ck_assert(r.data.options.rho == -0.25);
    ck_assert_str_eq(r.data.dir, "a b");
    ck_assert_int_eq(r.tower[1].model.mlp.n_layers, 2);
    ck_assert_int_eq(r.tower[1].model.mlp.widths[0], 8);
    ck_assert_int_eq(r.tower[1].model.mlp.widths[1], 4);
    ck_assert_int_eq(r.tower[1].model.mlp.activation, CT_ACT_GELU);
    ck_assert(!r.tower[1].text.words);
    ck_assert_int_eq(r.train.batch, 7);
    ck_assert_int_eq(r.tower[0].model.mlp.activation,
                     ct_recipe_defaults().tower[0].model.mlp.activation); /* not said: default */
}
END_TEST

START_TEST(what_is_written_reads_back_as_the_same)
{
    char text[1 << 14], again[1 << 14];
    ct_recipe r = parsed("[loss]\ntemperature = 0.1234567890123456\n[image]\nlayers = 3,2,1,64\n");
    const bool help = _i == 1;
    const ct_recipe plain = r;
    const size_t size = ct_fields_ini(&ct_recipe_fields, &r, help, text, sizeof text);
    ck_assert_uint_lt(size, sizeof text);
    ck_assert_uint_eq(strlen(text), size);
    r = parsed(text);
    ct_fields_ini(&ct_recipe_fields, &r, help, again, sizeof again);
    ck_assert_str_eq(text, again);
    ck_assert(r.loss.temperature == plain.loss.temperature);
    ck_assert_int_eq(r.tower[0].model.mlp.n_layers, 4);
    ck_assert_mem_eq(r.tower[0].model.mlp.widths, plain.tower[0].model.mlp.widths, 4 * sizeof(int));
}
END_TEST

START_TEST(mistakes_name_the_line_and_what_was_expected)
{
    check_refused("[train]\nbacth = 7\n",
                  "test.ini:2: train.bacth: there is no such key; did you mean \"train.batch\"?");
    check_refused("[train]\nbatch = 7.5\n",
                  "test.ini:2: train.batch = 7.5: expected a whole number from 1");
    check_refused("[optim]\nrate = fast\n", "expected a number from 0");
    check_refused("[optim]\nrate = nan\n", "expected a number from 0");
    check_refused("[optim]\nname = adam\n", "expected one of: sgd adamw");
    check_refused("[optim]\nname = sgd adamw\n", "expected one of: sgd adamw");
    check_refused("[text]\nwords = yes\n", "expected one of: true false");
    check_refused("[image]\nlayers = \n", "expected 1 to 16 values with commas");
    check_refused("[image]\nlayers = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n",
                  "expected 1 to 16 values with commas");
    check_refused("batch = 7\n", "batch: there is no such key");
    check_refused("[train]\nzzzzzzzzzzzz = 7\n", "`contrast help recipe` lists them");
}
END_TEST

START_TEST(a_refused_override_changes_nothing)
{
    ct_recipe r = ct_recipe_defaults();
    const ct_recipe before = r;
    static const char *const BAD[] = {"image.layers=5,4,x",
                                      "train.batch=0",
                                      "optim.rate=-1",
                                      "train",
                                      "train.batch",
                                      "=",
                                      ".=1",
                                      "a=b.c"};
    for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++)
        ck_assert_int_eq(ct_recipe_override(&r, BAD[k], CT_IGNORE_ERROR), CT_ERR_CONFIG);
    ck_assert_mem_eq(&r, &before, sizeof r);
    ck_assert_int_eq(ct_recipe_override(&r, "train.batch=9", CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(r.train.batch, 9);
}
END_TEST

START_TEST(values_that_do_not_go_together_are_refused)
{
    static const struct {
        const char *setting, *message;
    } BAD[] = {
        {"image.layers=64,32", "one embedding width"},
        {"loss.name=clop", "did you mean \"clip\"?"},
        {"text.ngram_min=5", "text.ngram_min = 5 is above ngram_max"},
        {"loss.queue=100", "expected a multiple of train.batch = 128"},
        {"train.chunk=6", "expected a multiple of 4"},
    };
    for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++) {
        ct_error err = {0};
        ct_recipe r = ct_recipe_defaults();
        ck_assert_int_eq(ct_recipe_check(&r, &err), CT_OK);
        ck_assert_int_eq(ct_recipe_override(&r, BAD[k].setting, &err), CT_OK);
        ck_assert_int_eq(ct_recipe_check(&r, &err), CT_ERR_CONFIG);
        ck_assert_msg(strstr(err.msg, BAD[k].message) != NULL, "%s", err.msg);
    }
    ct_recipe r = ct_recipe_defaults();
    ck_assert_int_eq(ct_recipe_override(&r, "loss.learn_temperature=true", CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_recipe_override(&r, "loss.temperature=2", CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_recipe_check(&r, CT_IGNORE_ERROR),
                     CT_ERR_CONFIG); /* the clamp would change it */
    r = ct_recipe_defaults();
    ck_assert_int_eq(ct_recipe_override(&r, "text.ngram_min=3", CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_recipe_override(&r, "text.ngram_max=3", CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_recipe_check(&r, CT_IGNORE_ERROR), CT_OK); /* of one length alone */
}
END_TEST

START_TEST(built_in_recipes_are_sound)
{
    int n = 0;
    for (; ct_recipe_builtin_name(n) != NULL; n++) {
        ct_recipe r = parsed(ct_recipe_builtin(ct_recipe_builtin_name(n)));
        ct_error err = {0};
        ck_assert_msg(ct_recipe_check(&r, &err) == CT_OK, "%s", err.msg);
    }
    ck_assert_int_ge(n, 4);
    ck_assert_ptr_null(ct_recipe_builtin("nothing"));
    ck_assert_ptr_null(ct_recipe_builtin_name(-1));
}
END_TEST

/* ---- what has an effect ---- */

static ct_device *alone;

static void open_device(void)
{
    alone = ct_device_new(1, NULL, CT_IGNORE_ERROR);
}

static void close_device(void)
{
    ct_device_free(alone);
}

/* Losses of four steps, added up; some captions are of one group. */
static double trained(const char *name, const char *optimiser, const char *setting)
{
    static const char *const SMALL[] = {"data.first_object=true", "data.n_train=48",
                                        "data.n_validation=8",    "data.n_test=8",
                                        "data.n_composition=8",   "data.size=8",
                                        "image.layers=8,4",       "text.layers=8,4",
                                        "text.buckets=16",        "text.bag_dim=4",
                                        "train.batch=24",         "train.steps=4",
                                        "optim.rate=0.1",         "loss.temperature=0.5"};
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    ct_trainer t;
    ct_step s;
    double sum = 0;
    for (size_t i = 0; i < sizeof SMALL / sizeof *SMALL; i++)
        ct_recipe_override(&r, SMALL[i], &err);
    snprintf(r.loss.name, sizeof r.loss.name, "%s", name);
    r.optim.config.kind = strcmp(optimiser, "sgd") == 0 ? CT_SGD : CT_ADAMW;
    ct_recipe_override(&r, setting, &err);
    ck_assert_msg(ct_trainer_init(&t, &r, NULL, alone, &err) == CT_OK, "%s", err.msg);
    while (t.step < 4 && ct_trainer_step(&t, &s, &err) == CT_OK)
        sum += s.loss;
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ct_trainer_free(&t);
    return sum;
}

/* The help of a key says who looks at it: those whose training it changes. */
START_TEST(a_setting_is_used_if_it_changes_training)
{
    static const char *const SETTING[] = {"loss.temperature=0.3", "loss.learn_temperature=true",
                                          "loss.bias=-1",         "loss.queue=24",
                                          "loss.dot=true",        "loss.mask_groups=true",
                                          "loss.in_modal=false",  "loss.penalty=0.5",
                                          "loss.margin=1.5",      "loss.mining=hardest",
                                          "loss.beta=2",          "loss.tau_plus=0.3",
                                          "loss.align_power=1",   "loss.uniform_t=1",
                                          "loss.uniform=2",       "loss.mu=2",
                                          "loss.lambda=0.1",      "loss.invariance=1",
                                          "loss.variance=1",      "loss.covariance=5"};
    int n;
    const ct_loss *loss = &ct_loss_all(&n)[_i];
    const double usual = trained(loss->name, "adamw", "train.seed=1");
    ct_recipe r = ct_recipe_defaults();
    snprintf(r.loss.name, sizeof r.loss.name, "%s", loss->name);
    for (size_t k = 0; k < sizeof SETTING / sizeof *SETTING; k++)
        ck_assert_msg((trained(loss->name, "adamw", SETTING[k]) != usual) ==
                          ct_recipe_uses(&r, SETTING[k]),
                      "%s: %s", loss->name, SETTING[k]);
}
END_TEST

START_TEST(so_is_one_of_the_optimiser)
{
    static const char *const OPTIMISER[] = {"sgd", "adamw"};
    static const char *const SETTING[] = {"optim.momentum=0.5",    "optim.beta1=0.5",
                                          "optim.beta2=0.5",       "optim.eps=0.1",
                                          "optim.weight_decay=1",  "optim.clip=0.01",
                                          "optim.schedule=cosine", "optim.warmup=3"};
    const char *name = OPTIMISER[_i];
    const double usual = trained("clip", name, "train.seed=1");
    ct_recipe r = ct_recipe_defaults();
    r.optim.config.kind = _i == 0 ? CT_SGD : CT_ADAMW;
    for (size_t k = 0; k < sizeof SETTING / sizeof *SETTING; k++)
        ck_assert_msg((trained("clip", name, SETTING[k]) != usual) ==
                          ct_recipe_uses(&r, SETTING[k]),
                      "%s: %s", name, SETTING[k]);
}
END_TEST

/* ---- remedies ---- */

/* Whatever the recipe and the state, an override has an effect and changes a value. */
START_TEST(a_remedy_changes_the_run)
{
    static const char *const ALSO[] = {"train.batch=7",          "loss.mining=hardest",
                                       "optim.rate=1",           "optim.rate=1e-6",
                                       "optim.weight_decay=10",  "loss.variance=0",
                                       "loss.uniform=0",         "loss.temperature=1",
                                       "loss.temperature=0.002", "image.layers=8,8,64",
                                       "optim.name=sgd",         "train.batch=512"};
    int n, n_given = 0;
    const ct_loss *loss = &ct_loss_all(&n)[_i];
    for (size_t k = 0; k < sizeof ALSO / sizeof *ALSO; k++)
        for (int state = 0; state < CT_N_STATES; state++) {
            ct_error err = {0};
            ct_recipe r = ct_recipe_defaults();
            r.tower[0].model.mlp.activation = CT_ACT_SIGMOID;
            snprintf(r.loss.name, sizeof r.loss.name, "%s", loss->name);
            ct_recipe_override(&r, ALSO[k], &err);
            ct_remedy remedy = ct_remedy_of(&r, (ct_state)state);
            ct_recipe cured = r;
            ck_assert(state != CT_HEALTHY || *remedy.settings == '\0');
            for (char *word = strtok(remedy.settings, " "); word; word = strtok(NULL, " ")) {
                const ct_recipe before = cured;
                ct_recipe_override(&cured, word, &err);
                ck_assert_msg(memcmp(&before, &cured, sizeof cured) != 0 ||
                                  !ct_recipe_uses(&r, word), /* had no effect before */
                              "%s, %s: %s", loss->name, ALSO[k], word);
                n_given++;
            }
            char again[200];
            snprintf(again, sizeof again, "%s", ct_remedy_of(&r, (ct_state)state).settings);
            for (char *word = strtok(again, " "); word; word = strtok(NULL, " "))
                ct_recipe_expect_used(&cured, "", word, &err);
            ct_recipe_check(&cured, &err);
            ck_assert_msg(err.status == CT_OK, "%s, %s: %s", loss->name, ALSO[k], err.msg);
        }
    ck_assert_int_gt(n_given, 20);
}
END_TEST

START_TEST(advice_fits_the_loss)
{
    static const struct {
        const char *loss, *setting, *settings, *never;
        ct_state state;
    } CASE[] = {
        {"clip", "optim.rate=1", "optim.rate=0.001", "negatives", CT_COLLAPSED},
        {"triplet", "loss.mining=hardest", "loss.mining=semi-hard", "batch", CT_COLLAPSED},
        {"vicreg", "train.batch=256", "", "needs negatives", CT_COLLAPSED},
        {"barlow", "train.batch=256", "", "needs negatives", CT_DIMENSIONAL_COLLAPSE},
        {"clip", "optim.weight_decay=0", "", "decay", CT_DIMENSIONAL_COLLAPSE},
        {"align-uniform", "loss.uniform=0", "loss.uniform=1", "decay", CT_COLLAPSED},
        {"align-uniform", "loss.uniform=1", "", "spreads", CT_COLLAPSED},
        {"positives", "train.batch=256", "loss.name=clip loss.temperature=0.07", "decay",
         CT_COLLAPSED},
    };
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    snprintf(r.loss.name, sizeof r.loss.name, "%s", CASE[_i].loss);
    ct_recipe_override(&r, CASE[_i].setting, &err);
    const ct_remedy remedy = ct_remedy_of(&r, CASE[_i].state);
    ck_assert_str_eq(remedy.settings, CASE[_i].settings);
    ck_assert(*remedy.why != '\0' && strstr(remedy.why, CASE[_i].never) == NULL);
}
END_TEST

/* What a recipe trains that says nothing about its towers. */
START_TEST(towers_that_nobody_described)
{
    const ct_recipe r = ct_recipe_defaults();
    const ct_tower_recipe *t = &r.tower[_i];
    ck_assert_int_eq(t->model.mlp.n_layers, 2);
    ck_assert_int_eq(t->model.mlp.widths[0], 256);
    ck_assert_int_eq(t->model.mlp.widths[1], 64);
    ck_assert_int_eq(t->model.bag_dim, 64);
    ck_assert_int_eq(t->text.buckets, 4096);
}
END_TEST

TCase *recipe_case(void)
{
    TCase *tc = tcase_create("recipe");
    tcase_add_test(tc, values_of_every_kind_are_read);
    tcase_add_loop_test(tc, what_is_written_reads_back_as_the_same, 0, 2);
    add_tests(tc, mistakes_name_the_line_and_what_was_expected, a_refused_override_changes_nothing,
              values_that_do_not_go_together_are_refused, built_in_recipes_are_sound);
    tcase_add_loop_test(tc, towers_that_nobody_described, 0, 2);
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, open_device, close_device);
    tcase_add_loop_test(tc, a_setting_is_used_if_it_changes_training, 0, N_LOSSES);
    tcase_add_loop_test(tc, so_is_one_of_the_optimiser, 0, 2);
    tcase_add_loop_test(tc, a_remedy_changes_the_run, 0, N_LOSSES);
    tcase_add_loop_test(tc, advice_fits_the_loss, 0, 8);
    return tc;
}
