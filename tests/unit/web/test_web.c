/* test_web.c -- what the playground's page asks: the weights of a run, in words and in JSON. */
#include "testing.h"
#include "training.h"

#include "platform/memory.h"
#include "train/run.h"
#include "web/web.h"

#include <stdio.h>
#include <string.h>

static const char SETTINGS[] = "data.n_train=64\ndata.n_validation=20\ndata.n_test=5\n"
                               "data.n_composition=5\nimage.layers=12,3\ntext.layers=9,3\n"
                               "text.buckets=64\ntext.bag_dim=8\ntrain.batch=8\ntrain.steps=30\n"
                               "optim.warmup=0\noptim.schedule=constant";
static ct_web *web;
static char at[96];

static void open_web(void)
{
    open_scratch();
    web = ct_web_new();
    ck_assert_ptr_nonnull(web);
    snprintf(at, sizeof at, "%s/at.safetensors", scratch);
}

static void close_web(void)
{
    ct_web_free(web);
    close_scratch();
}

#define ck_says(answer, piece)                                                        \
    do {                                                                              \
        const char *said_ = (answer);                                                 \
        ck_assert_msg(strstr(said_, (piece)) != NULL, "no %s in %s", (piece), said_); \
    } while (0)

static void hash_at(int steps, char out[64])
{
    ck_assert_ptr_null(strstr(ct_web_step(web, steps), "error"));
    snprintf(out, 64, "%.63s", strstr(ct_web_save(web, at), "\"hash\""));
}

START_TEST(run_has_the_weights_of_the_program)
{
    const ct_run_watch nobody = {.on_step = NULL};
    char folder[96], path[CT_PATH_BYTES], mine[64], want[64], settings[sizeof SETTINGS];
    ct_safetensors file;
    ct_arena arena;
    ct_trainer t;
    ct_recipe r = ct_recipe_defaults();
    ct_error err = {0};
    ct_arena_init(&arena, 0);
    snprintf(folder, sizeof folder, "%s/run", scratch);
    snprintf(settings, sizeof settings, "%s", SETTINGS);
    ct_recipe_load(&r, "shapes", &err);
    for (char *one = strtok(settings, "\n"); one != NULL; one = strtok(NULL, "\n"))
        ct_recipe_override(&r, one, &err);
    r.train.steps = 6;
    ck_assert_str_eq(err.msg, "");
    open_trainer(&t, &r, 2, NULL);
    ck_assert_int_eq(ct_run_train(&t, folder, NULL, &nobody, &err), CT_OK);
    close_trainer(&t);
    ct_run_checkpoint(folder, NULL, path, &err);
    ck_assert_int_eq(ct_safetensors_read(path, &arena, &file, &err), CT_OK);
    snprintf(want, sizeof want, "\"hash\":\"%016llx\"", (unsigned long long)ct_weights_hash(&file));
    ck_says(ct_web_open(web, "shapes", SETTINGS), "\"pairs\":20");
    hash_at(6, mine);
    ck_assert_msg(strncmp(mine, want, strlen(want)) == 0, "%s, should be %s", mine, want);
    ct_arena_free(&arena);
}
END_TEST

START_TEST(going_back_and_forward_gives_the_same_weights)
{
    char then[64], again[64];
    ct_web_open(web, "shapes", SETTINGS);
    hash_at(4, then); /* this is where it goes back to */
    hash_at(5, then);
    ct_web_open(web, "shapes", SETTINGS);
    hash_at(4, again);
    ct_web_step(web, 9);
    ck_says(ct_web_load(web, at), "\"step\":4");
    hash_at(5, again);
    ck_assert_str_eq(again, then);
}
END_TEST

START_TEST(looking_changes_nothing)
{
    char then[64], again[64];
    ct_web_open(web, "shapes", SETTINGS);
    hash_at(6, then);
    ct_web_open(web, "shapes", SETTINGS);
    for (int i = 0; i < 6; i++) {
        ck_says(ct_web_look(web), "\"cosines\":");
        ck_says(ct_web_rows(web), "\"images\":\"");
        ck_says(ct_web_judge(web), "\"escape_meter\":");
        ck_says(ct_web_embed(web, "a red star"), "\"row\":\"");
        ck_says(ct_web_step(web, 1), "\"all_equal\":2.0794415");
    }
    ct_web_save(web, at);
    hash_at(0, again);
    ck_assert_str_eq(again, then);
}
END_TEST

/* Eight rows of three numbers, their gradients, and captions: in the base64 of 32 bits, or of 64.
 */
START_TEST(batch_of_the_last_step_is_shown)
{
    static const char *const KEYS[] = {"images", "gradients", "texts"};
    const size_t size = (8 * 3 * sizeof(ct_real) + 2) / 3 * 4;
    ct_web_open(web, "shapes", SETTINGS);
    ck_says(ct_web_batch(web), "no step has been made");
    ct_web_step(web, 2);
    const char *said = ct_web_batch(web);
    for (int i = 0; i < COUNT(KEYS); i++) {
        char key[32];
        snprintf(key, sizeof key, "\"%s\":\"", KEYS[i]);
        ck_says(said, key);
        ck_assert_uint_eq(strcspn(strstr(said, key) + strlen(key), "\""), size);
    }
    int words = 0;
    const char *word = strstr(said, "\"captions\":[");
    for (; (word = strstr(word, "\",\"")) != NULL; word++)
        words++;
    ck_assert_int_eq(words, 7);
}
END_TEST

START_TEST(mistakes_are_told_in_words)
{
    static const char *const REFUSED[][2] = {
        {"loss.temperatur=1", "did you mean"},
        {"loss.name=clap", "there is no such loss"},
        {"train.batch=100", "at most 64 (all training pairs); try train.batch=32"},
        {"image.layers=8", "image.layers ends in 8"},
    };
    char settings[512];
    ck_says(ct_web_step(web, 1), "there is no run");
    ck_says(ct_web_open(web, "shape", ""), "\"error\":");
    for (int i = 0; i < COUNT(REFUSED); i++) {
        snprintf(settings, sizeof settings, "%s\n%s", SETTINGS, REFUSED[i][0]);
        ck_says(ct_web_open(web, "shapes", settings), REFUSED[i][1]);
        ck_says(ct_web_look(web), "there is no run");
    }
    snprintf(settings, sizeof settings, "%s\noptim.rate=1e12\noptim.name=sgd", SETTINGS);
    ct_web_open(web, "shapes", settings);
    ck_says(ct_web_step(web, 30), "first bad tensor");
    ct_web_open(web, "latent", "data.n_train=300\ndata.n_validation=4");
    ck_says(ct_web_embed(web, "a red star"), "has no captions");
}
END_TEST

START_TEST(settings_without_effect_are_named)
{
    static const char LATENT[] = "data.n_train=40\ndata.n_validation=4\ndata.n_test=4\n"
                                 "train.batch=8\nloss.name=";
    char settings[256];
    snprintf(settings, sizeof settings, "%s%s", LATENT, "question\noptim.name=sgd");
    const char *opened = ct_web_open(web, "latent", settings);
    ck_says(opened, "\"unused\":[\"data.image\"");
    ck_says(opened, "\"loss.temperature\"");
    ck_says(opened, "\"text.buckets\"");
    ck_says(opened, "\"optim.beta1\"");
    snprintf(settings, sizeof settings, "%s%s", LATENT, "infonce");
    opened = ct_web_open(web, "latent", settings);
    ck_says(opened, "\"optim.momentum\"");
    ck_assert_ptr_null(strstr(opened, "\"loss.temperature\""));
}
END_TEST

START_TEST(embeddings_of_others_are_diagnosed)
{
    char a[96], b[96];
    for (int side = 0; side < 2; side++) {
        snprintf(side == 0 ? a : b, 96, "%s/%d.csv", scratch, side);
        FILE *f = fopen(side == 0 ? a : b, "w");
        for (int i = 0; i < 60; i++)
            fprintf(f, "1,%d,0.001\n", side);
        fclose(f);
    }
    ck_says(ct_web_diagnose(web, a, ""), "\"state\":\"collapsed\"");
    ck_says(ct_web_diagnose(web, a, b), "\"state\":\"collapsed\"");
    ck_says(ct_web_diagnose(web, "/nowhere.npy", b), "/nowhere.npy: ");
    FILE *f = fopen(b, "w");
    fputs("1,2\n", f);
    fclose(f);
    ck_says(ct_web_diagnose(web, a, b), "0.csv is (60, 3)");
    ck_says(ct_web_diagnose(web, a, b), "1.csv is (1, 2): expected pairs of rows");
    ck_says(ct_web_numbers(web, 4.852, 128), "\"formula\":\"ln N\"");
    ck_says(ct_web_numbers(web, 4.852, 0), "\"error\":");
}
END_TEST

/* Seven pairs in seven dimensions: nothing moves where all are equal; from elsewhere they reach the
 * floor. */
START_TEST(free_rows_leave_all_but_the_saddle)
{
    enum { N = 7, D = 7 };
    ct_real x[2 * N * D], start[2 * N * D];
    for (int k = 0; k < 2 * N * D; k++)
        start[k] = x[k] = k % D == 0;
    ck_says(ct_web_free_rows(web, x, N, D, 1, 1, 50), "\"loss\":1.94591");
    for (int k = 0; k < 2 * N * D; k++)
        ck_close(x[k], start[k], 1e-5);
    fill(x, COUNT(x), 3, -1, 1);
    ck_says(ct_web_free_rows(web, x, N, D, 1, 20, 800), "\"loss\":1.0537");
    ck_says(ct_web_free_rows(web, x, N, D, 1, 0, 0), "\"floor\":1.0537");
}
END_TEST

START_TEST(free_rows_are_measured_where_they_are)
{
    ct_real x[] = {0, 0, 1, -1, 1, -1}; /* two sides of two rows, after what is none */
    ck_says(ct_web_free_rows(web, x + 2, 2, 1, 1, 0, 0), "\"common_part\":2}");
    x[4] = -1;
    x[5] = 1;
    ck_says(ct_web_free_rows(web, x + 2, 2, 1, 1, 0, 0), "\"common_part\":0}");
}
END_TEST

/* Question k of the page; NULL past the last. */
static const char *ask(int k)
{
    static ct_real x[2 * 3 * 2] = {1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1, 2};
    switch (k) {
    case 0: return ct_web_look(web);
    case 1: return ct_web_rows(web);
    case 2: return ct_web_batch(web);
    case 3: return ct_web_judge(web);
    case 4: return ct_web_embed(web, "a red star");
    case 5: return ct_web_save(web, at);
    case 6: return ct_web_load(web, at);
    case 7: return ct_web_numbers(web, 4.852, 128);
    case 8: return ct_web_free_rows(web, x, 3, 2, 1, 1, 2);
    case 9: return ct_web_open(web, "shapes", SETTINGS);
    case 10: return ct_web_step(web, 2);
    default: return NULL;
    }
}

START_TEST(memory_that_ends_is_told_by_each_answer)
{
    int failures = 0;
    ct_alloc_fail_at(0);
    ck_assert_ptr_null(ct_web_new());
    ct_alloc_fail_at(1);
    ck_assert_ptr_null(ct_web_new());
    ct_alloc_fail_at(-1);
    ct_web_free(NULL);
    ct_web_open(web, "shapes", SETTINGS);
    ct_web_step(web, 2);
    for (int k = 0; ask(k) != NULL; k++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            ct_alloc_fail_at(n);
            const char *said = ask(k);
            ct_alloc_fail_at(-1);
            done = strstr(said, "\"error\":") == NULL;
            ck_assert_msg(done || strstr(said, "memory") != NULL, "question %d: %s", k, said);
            failures += !done;
        }
    }
    ck_assert_int_gt(failures, 20);
}
END_TEST

TCase *web_case(void)
{
    TCase *tc = tcase_create("web");
    tcase_add_checked_fixture(tc, open_web, close_web);
    add_tests(tc, run_has_the_weights_of_the_program, going_back_and_forward_gives_the_same_weights,
              looking_changes_nothing, batch_of_the_last_step_is_shown, mistakes_are_told_in_words,
              settings_without_effect_are_named, embeddings_of_others_are_diagnosed,
              free_rows_leave_all_but_the_saddle, free_rows_are_measured_where_they_are,
              memory_that_ends_is_told_by_each_answer);
    return tc;
}
