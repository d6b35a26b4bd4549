/* test_export.c -- what is exported is read back as the same data, and as the same run. */
#include "testing.h"
#include "training.h"

#include "contrast/datasets.h"
#include "lab/export.h"
#include "train/checkpoint.h"
#include "train/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of the exported pairs; "" if it is not there, as options of data want it. */
static const char *file(char path[128], const char *name)
{
    snprintf(path, 128, "%s/pairs/%s", scratch, name);
    return access(path, F_OK) == 0 ? path : "";
}

static ct_pairs *read_back(const ct_pairs *p, ct_error *err)
{
    char path[4][128];
    ct_data_options o = ct_data_defaults();
    o.image = file(path[0], p->side[0].text != NULL ? "image.txt" : "image.npy");
    o.text = file(path[1], p->side[1].text != NULL ? "text.txt" : "text.npy");
    o.groups = file(path[2], "groups.npy");
    o.split = file(path[3], "split.txt");
    return ct_pairs_from_files(&o, err);
}

static void check_rows(const ct_pairs *p, const ct_pairs *q, int side)
{
    const ct_side *s = &p->side[side], *t = &q->side[side];
    const ct_standard raw = {0, 1};
    ct_standard fit[2];
    ck_assert_int_eq(s->dim, t->dim);
    ck_assert(s->width == t->width && s->height == t->height && s->channels == t->channels);
    ct_real *x = malloc(2 * (size_t)s->dim * sizeof *x);
    for (int i = 0; i < p->n; i++) {
        ct_pairs_rows(p, side, &raw, &i, 1, x, CT_IGNORE_ERROR);
        ct_pairs_rows(q, side, &raw, &i, 1, x + s->dim, CT_IGNORE_ERROR);
        ck_assert_msg(same_bits(x, x + s->dim, (size_t)s->dim), "row %d of side %d", i, side);
    }
    free(x);
    ct_standard_fit(p, side, &fit[0], CT_IGNORE_ERROR);
    ct_standard_fit(q, side, &fit[1], CT_IGNORE_ERROR);
    ck_assert(fit[0].mean == fit[1].mean && fit[0].spread == fit[1].spread);
}

static void check_same(const ct_pairs *p, const ct_pairs *q)
{
    ck_assert_int_eq(p->n, q->n);
    for (int s = 0; s < CT_N_SPLITS; s++) {
        ck_assert_int_eq(p->count[s], q->count[s]);
        ck_assert(p->count[s] == 0 ||
                  memcmp(p->index[s], q->index[s], (size_t)p->count[s] * sizeof(int)) == 0);
    }
    for (int side = 0; side < 2; side++)
        if (p->side[side].text == NULL)
            check_rows(p, q, side);
        else
            for (int i = 0; i < p->n; i++)
                ck_assert_str_eq(p->side[side].text[p->side[side].text_of[i]],
                                 q->side[side].text[q->side[side].text_of[i]]);
    for (int i = 0; i < p->n && p->group != NULL; i++)
        ck_assert_int_eq(p->group[i], q->group[i]);
}

/* Pictures and captions; numbers on both sides; numbers of 64 bits that come from a file. */
START_TEST(data_are_read_back_as_they_were)
{
    ct_data_options o = ct_data_defaults();
    ct_error err = {.status = CT_OK};
    char path[80];
    o.n_train = 21;
    o.n_validation = 5;
    o.n_test = 4;
    o.n_composition = 3;
    snprintf(path, sizeof path, "%s/pairs", scratch);
    ct_pairs *p = _i == 0 ? ct_shapes(&o, &err) : ct_latent(&o, &err);
    if (_i == 2) { /* thirds are no float32 */
        FILE *f = fopen(strcat(strcpy(path, scratch), "/third.npy"), "wb");
        fprintf(f, "\x93NUMPY\x01%c\x76%c%-117s\n", 0, 0,
                "{'descr': '<f8', 'fortran_order': False, 'shape': (30, 2), }");
        for (int i = 1; i <= 60; i++)
            fwrite(&(double){i / 3.0}, sizeof(double), 1, f);
        fclose(f);
        ct_pairs_free(p);
        o.image = o.text = path;
        p = ct_pairs_from_files(&o, &err);
    }
    ck_assert_msg(p != NULL, "%s", err.msg);
    char to[80];
    snprintf(to, sizeof to, "%s/pairs", scratch);
    ck_assert_msg(ct_export_data(p, to, &err) == CT_OK, "%s", err.msg);
    ct_pairs *q = read_back(p, &err);
    ck_assert_msg(q != NULL, "%s", err.msg);
    check_same(p, q);
    ct_pairs_free(p);
    ct_pairs_free(q);
}
END_TEST

START_TEST(a_run_is_exported_with_the_state_of_its_optimiser)
{
    const ct_run_watch nobody = {.ctx = NULL};
    const ct_recipe recipe = recipe_of(
        "data.kind=latent data.n_train=30 data.n_test=9 train.batch=10 image.layers=12,6 "
        "text.layers=6 train.steps=4 monitor.snapshots=0 optim.warmup=0 data.n_validation=8",
        "train.keep_best=false");
    ct_recipe again;
    ct_error err = {.status = CT_OK};
    ct_trainer run, other;
    char place[96], module[128], weights[128];
    snprintf(place, sizeof place, "%s/run", scratch);
    snprintf(module, sizeof module, "%s/model.py", scratch);
    snprintf(weights, sizeof weights, "%s/model.safetensors", scratch);
    open_trainer(&run, &recipe, 1, NULL);
    ct_run_train(&run, place, NULL, &nobody, &err);
    ct_export_torch(&run, module, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ck_assert_int_eq(access(module, R_OK), 0);

    ct_checkpoint_recipe(weights, &again, &err);
    open_trainer(&other, &again, 1, NULL);
    ct_checkpoint_load(&other, true, weights, NULL, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ck_assert_int_eq(other.step, 4);
    const size_t size = other.model.params.size;
    ck_assert_uint_eq(size, run.model.params.size);
    ck_assert(same_bits(run.model.params.x, other.model.params.x, size));
    ck_assert(same_bits(run.optim.m, other.optim.m, size));
    ck_assert(same_bits(run.optim.v, other.optim.v, size));
    double moments = 0;
    for (size_t i = 0; i < size; i++)
        moments += (double)other.optim.v[i];
    ck_assert(moments > 0);

    ck_assert_int_eq(ct_export_torch(&run, "model", &err), CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, "--torch model: expected a name that ends in .py");
    close_trainer(&run);
    close_trainer(&other);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error)
{
    ct_data_options o = ct_data_defaults();
    ct_error err = {.status = CT_OK};
    o.n_train = 3;
    o.n_validation = o.n_test = 0;
    ct_pairs *p = ct_latent(&o, CT_IGNORE_ERROR);
    ck_assert_int_eq(ct_export_data(p, "/dev/null/pairs", &err), CT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.msg, "/dev/null"));
    ct_pairs_free(p);
}
END_TEST

TCase *export_case(void)
{
    TCase *tc = tcase_create("export");
    tcase_add_checked_fixture(tc, open_scratch, close_scratch);
    tcase_add_loop_test(tc, data_are_read_back_as_they_were, 0, 3);
    add_tests(tc, a_run_is_exported_with_the_state_of_its_optimiser,
              a_folder_that_cannot_be_made_is_an_error);
    return tc;
}
