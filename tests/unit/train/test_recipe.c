/* test_recipe.c -- recipes: reading, overriding, refusing, writing. */
#include "suites.h"

#include "formats/lines.h"
#include "train/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
                  "test.ini:2: train.bacth: there is no such key; did you mean train.batch");
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
        {"loss.name=clop", "did you mean clip"},
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
}
END_TEST

START_TEST(a_file_is_read_up_to_a_limit)
{
    char path[] = "/tmp/contrast-ini-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");
    fputs("[loss]\nname = dcl\n", f);
    fflush(f);
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_OK);
    ck_assert_str_eq(r.loss.name, "dcl");
    for (size_t i = 0; i < CT_INI_BYTES; i++)
        fputc('#', f);
    fclose(f);
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "expected at most 65536 bytes, found 65554"));
    remove(path);
    err = (ct_error){0};
    ck_assert_int_eq(ct_recipe_read(&r, path, NULL, &err), CT_ERR_IO);
}
END_TEST

START_TEST(built_in_recipes_are_sound)
{
    int n = 0;
    for (; ct_recipe_builtin_name(n) != NULL; n++) {
        const ct_recipe r = parsed(ct_recipe_builtin(ct_recipe_builtin_name(n)));
        ct_error err = {0};
        ck_assert_msg(ct_recipe_check(&r, &err) == CT_OK, "%s", err.msg);
    }
    ck_assert_int_ge(n, 4);
    ck_assert_ptr_null(ct_recipe_builtin("nothing"));
    ck_assert_ptr_null(ct_recipe_builtin_name(-1));
}
END_TEST

TCase *recipe_case(void)
{
    TCase *tc = tcase_create("recipe");
    tcase_add_test(tc, values_of_every_kind_are_read);
    tcase_add_loop_test(tc, what_is_written_reads_back_as_the_same, 0, 2);
    tcase_add_test(tc, mistakes_name_the_line_and_what_was_expected);
    tcase_add_test(tc, a_refused_override_changes_nothing);
    tcase_add_test(tc, values_that_do_not_go_together_are_refused);
    tcase_add_test(tc, a_file_is_read_up_to_a_limit);
    tcase_add_test(tc, built_in_recipes_are_sound);
    return tc;
}
