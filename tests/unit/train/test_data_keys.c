/* test_data_keys.c -- keys of [data], [image] and [text]: whatever the data, a key has an effect or
 * is refused. */
#include "suites.h"

#include "testing.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

enum { N = 40, N_SECTIONS = 3 }; /* items of a file; [data] [image] [text] */

static ct_device *alone;

static FILE *open_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    return f;
}

/* Pictures or labels of Fashion-MNIST. */
static void write_idx(const char *name, bool pictures)
{
    const unsigned char head[16] = {0, 0, 8, pictures ? 3 : 1, 0, 0, 0, N, 0, 0, 0, 28, 0,
                                    0, 0, 28};
    FILE *f = open_file(name);
    fwrite(head, 1, pictures ? 16 : 8, f);
    for (int i = 0; i < N * (pictures ? 28 * 28 : 1); i++)
        putc(pictures ? i * 37 % 251 : i % 10, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void open_files(void)
{
    alone = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    open_scratch();
    write_idx("train-images-idx3-ubyte", true);
    write_idx("train-labels-idx1-ubyte", false);
    write_idx("t10k-images-idx3-ubyte", true);
    write_idx("t10k-labels-idx1-ubyte", false);
    FILE *numbers = open_file("numbers.csv"), *captions = open_file("captions.txt");
    FILE *splits = open_file("splits.txt"), *table = open_file("pictures.tsv");
    for (int i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d.pgm", i);
        FILE *picture = open_file(name);
        fprintf(picture, "P5\n3 3\n255\n%c%c%c%c%c%c%c%c%c", 'a', 'b' + i % 7, 'c', 'd', 'e',
                'f' + i % 3, 'g', 'h', '0' + i);
        ck_assert_int_eq(fclose(picture), 0);
        fprintf(numbers, "%d,%d,%d,%d\n", i, i * i % 7, i % 3, -i);
        fprintf(captions, "caption %d of forty\n", i);
        fprintf(table, "%s\tthe picture %d\n", name, i);
        fputs(i < 30 ? "train\n" : i < 35 ? "validation\n" : "test\n", splits);
    }
    ck_assert(fclose(numbers) == 0 && fclose(captions) == 0);
    ck_assert(fclose(splits) == 0 && fclose(table) == 0);
}

static void close_files(void)
{
    ct_device_free(alone);
    close_scratch();
}

/* The losses of three steps, and how many pairs each split has; NaN: it cannot be trained. */
static double trained(const ct_recipe *r)
{
    ct_error err = {0};
    ct_trainer t;
    ct_step s;
    double sum = 0;
    ct_trainer_init(&t, r, NULL, alone, &err);
    for (int k = 0; k < CT_N_SPLITS && err.status == CT_OK; k++)
        sum = 41 * sum + t.pairs->count[k];
    while (t.step < 3 && ct_trainer_step(&t, &s, &err) == CT_OK)
        sum += s.loss;
    ct_trainer_free(&t);
    return err.status == CT_OK ? sum : (double)NAN;
}

/* Another value, inside its range. */
static void change(const ct_field *f, char *section)
{
    void *at = section + f->offset;
    if (f->kind == CT_INT)
        *(int *)at += 1;
    else if (f->kind == CT_LONG)
        *(long *)at += 1;
    else if (f->kind == CT_REAL)
        *(double *)at = *(double *)at / 2 + 0.3;
    else if (f->kind == CT_BOOL)
        *(bool *)at = !*(bool *)at;
    else if (f->kind == CT_CHOICE)
        *(int *)at = *(int *)at == 2 ? 1 : 2;
    else
        strcpy(at, "nowhere");
}

static const char *const KIND[][4] = {
    {"data.kind=shapes", "data.size=8"},
    {"data.kind=latent", "data.dim=8", "data.shared=4"},
    {"data.kind=fashion-mnist", "data.dir=@"},
    {"data.kind=pairs", "data.image=@/numbers.csv", "data.text=@/captions.txt"},
    {"data.kind=pairs", "data.image=@/numbers.csv", "data.text=@/numbers.csv"},
    {"data.kind=pairs", "data.image=@/captions.txt", "data.text=@/numbers.csv"},
    {"data.kind=pairs", "data.image=@/pictures.tsv"},
    {"data.kind=pairs", "data.image=@/numbers.csv", "data.text=@/captions.txt",
     "data.split=@/splits.txt"},
};
#define N_KINDS COUNT(KIND)

static ct_recipe recipe_of(int kind)
{
    static const char *const SMALL[] = {"data.n_train=24",    "data.n_validation=8",
                                        "data.n_test=8",      "data.n_composition=8",
                                        "image.layers=8,4",   "text.layers=8,4",
                                        "text.buckets=32",    "text.bag_dim=4",
                                        "image.buckets=32",   "image.bag_dim=4",
                                        "train.batch=16",     "train.steps=3",
                                        "image.dropout=0.25", "text.dropout=0.25"};
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    for (int i = 0; i < COUNT(SMALL); i++)
        ct_recipe_override(&r, SMALL[i], &err);
    for (int i = 0; i < 4 && KIND[kind][i] != NULL; i++) { /* "@": the scratch folder */
        char setting[160];
        const char *at = strchr(KIND[kind][i], '@');
        const int length = (int)strcspn(KIND[kind][i], "@");
        snprintf(setting, sizeof setting, "%.*s%s%s", length, KIND[kind][i],
                 at != NULL ? scratch : "", at != NULL ? at + 1 : "");
        ct_recipe_override(&r, setting, &err);
    }
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    return r;
}

START_TEST(a_key_changes_the_run_or_is_refused)
{
    const ct_recipe r = recipe_of(_i);
    const double usual = trained(&r);
    int n_used = 0, n_refused = 0;
    ck_assert_msg(isfinite(usual), "%s %s", KIND[_i][0], KIND[_i][1]);
    for (int s = 0; s < N_SECTIONS; s++) {
        const ct_field *section = &ct_recipe_fields.row[s];
        for (int i = s == 0; i < section->members->n; i++) { /* not the kind */
            const ct_field *f = &section->members->row[i];
            ct_recipe other = r;
            ct_error err = {0};
            char key[64];
            snprintf(key, sizeof key, "%s.%s=x", section->key, f->key);
            change(f, (char *)&other + section->offset);
            const bool same = trained(&other) == usual;
            ct_recipe_expect_used(&r, "", key, &err);
            ck_assert_msg(same == (err.status == CT_ERR_CONFIG), "%s %s: %s: %s", KIND[_i][0],
                          KIND[_i][1], key, same ? "changes nothing" : "has an effect");
            n_used += !same;
            n_refused += same;
        }
    }
    ck_assert(n_used > 10 && n_refused > 5);
}
END_TEST

static void load(ct_recipe *r, const char *text, ct_error *err)
{
    char path[128];
    FILE *f = open_file("own.ini");
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    snprintf(path, sizeof path, "%s/own.ini", scratch);
    ct_recipe_load(r, path, err);
}

/* What another kind leaves without effect is dropped; what a file says for its own is refused. */
START_TEST(a_file_says_nothing_without_effect)
{
    static const char *const BAD[] = {"[data]\nkind = latent\nsize = 32\n",
                                      "[data]\nkind = shapes\n[image]\nwords = false\n",
                                      "[data]\nkind = latent\n[text]\nbuckets = 64\n"};
    for (int k = 0; k < COUNT(BAD); k++) {
        ct_error err = {0};
        ct_recipe r = ct_recipe_defaults();
        load(&r, BAD[k], &err);
        ck_assert_msg(err.status == CT_ERR_CONFIG && strstr(err.msg, "own.ini: ") != NULL &&
                          strstr(err.msg, "no effect with ") != NULL,
                      "%s", err.msg);
    }
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    load(&r, "[data]\nsize = 32\n[text]\nbuckets = 64\n", &err);
    ct_recipe_override(&r, "data.kind=latent", &err);
    ct_recipe_check(&r, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ck_assert_int_eq(r.data.options.size, ct_recipe_defaults().data.options.size);
    ck_assert_int_eq(r.tower[1].text.buckets, ct_recipe_defaults().tower[1].text.buckets);
}
END_TEST

TCase *data_keys_case(void)
{
    TCase *tc = tcase_create("data_keys");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, open_files, close_files);
    tcase_add_loop_test(tc, a_key_changes_the_run_or_is_refused, 0, N_KINDS);
    tcase_add_test(tc, a_file_says_nothing_without_effect);
    return tc;
}
