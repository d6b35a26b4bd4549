/* test_run.c -- a run that is stopped at any step and resumed leaves the bytes of one
 * that was not; what a checkpoint refuses. */
#include "testing.h"
#include "training.h"

#include "train/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char other[96];
static ct_arena arena;

static void open_folder(void)
{
    open_scratch();
    ct_arena_init(&arena, 0);
    snprintf(other, sizeof other, "%s/other", scratch);
}

static void close_folder(void)
{
    close_scratch();
    ct_arena_free(&arena);
}

/* 17 steps of 5 batches an epoch, with everything that has state. */
static ct_recipe small_recipe(const char *settings)
{
    return recipe_of("data.kind=latent data.n_train=43 data.n_validation=11 data.n_test=13 "
                     "data.dim=9 data.shared=3 "
                     "image.layers=12,6 text.layers=10,6 image.dropout=0.2 "
                     "loss.learn_temperature=true train.batch=8 "
                     "train.steps=17 optim.warmup=3 optim.schedule=cosine monitor.log_every=2 "
                     "monitor.evaluate_every=5",
                     settings);
}

static volatile sig_atomic_t stop;
static long stop_at;

static void stop_there(void *ctx, const ct_trainer *t, const ct_step *s, double seconds)
{
    (void)ctx, (void)t, (void)seconds;
    stop = s->step == stop_at;
}

/* Train in a folder with the weights `from`, or resume there from that checkpoint; stop after step
 * `at` (0: never; -1: before the first). */
static ct_status go(const ct_recipe *r, const char *in, const char *from, bool resuming, long at,
                    ct_error *err)
{
    const ct_run_watch watch = {.on_step = stop_there, .stop = &stop};
    ct_trainer t;
    stop = at < 0;
    stop_at = at;
    open_trainer(&t, r, 1, NULL);
    const ct_status status = resuming ? ct_run_resume(&t, in, from, &watch, err)
                                      : ct_run_train(&t, in, from, &watch, err);
    close_trainer(&t);
    return status;
}

static void check_same_file(const char *name)
{
    char path[128], *a, *b;
    size_t n, m;
    snprintf(path, sizeof path, "%s/whole/%s", scratch, name);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &a, &n, CT_IGNORE_ERROR), CT_OK);
    snprintf(path, sizeof path, "%s/%s", other, name);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &b, &m, CT_IGNORE_ERROR), CT_OK);
    ck_assert_msg(n == m && memcmp(a, b, n) == 0, "%s differs", name);
}

static void train_whole(const ct_recipe *r)
{
    char whole[96];
    ct_error err = {0};
    snprintf(whole, sizeof whole, "%s/whole", scratch);
    ck_assert_msg(go(r, whole, NULL, false, 0, &err) == CT_OK, "%s", err.msg);
}

static void check_every_step(const char *settings)
{
    const ct_recipe r = small_recipe(settings);
    ct_error err = {0};
    train_whole(&r);
    for (long k = 1; k <= r.train.steps; k++) {
        ck_assert_msg(go(&r, other, NULL, false, k, &err) == CT_OK, "%s", err.msg);
        ck_assert_msg(go(&r, other, NULL, true, k + 3, &err) == CT_OK, "%s", err.msg);
        ck_assert_msg(go(&r, other, NULL, true, 0, &err) == CT_OK, "%s", err.msg);
        check_same_file("log.jsonl");
        check_same_file("latest.safetensors");
        check_same_file("best.safetensors");
    }
}

START_TEST(resuming_from_any_step_gives_the_same_bytes)
{
    check_every_step("optim.name=adamw optim.weight_decay=0.1");
}
END_TEST

START_TEST(with_momentum_too)
{
    check_every_step("optim.name=sgd optim.momentum=0.9 optim.rate=0.1 optim.clip=0.5");
}
END_TEST

/* As `import` does: with the recipe that it holds and all of its state, in a new folder. */
START_TEST(a_checkpoint_alone_is_trained_to_the_same_end)
{
    const ct_recipe r = small_recipe("optim.weight_decay=0.1");
    const ct_run_watch nobody = {.ctx = NULL};
    char path[128], place[96], *a, *b;
    size_t n, m;
    ct_recipe again;
    ct_trainer run;
    ct_error err = {0};
    train_whole(&r);
    ck_assert_msg(go(&r, other, NULL, false, 7, &err) == CT_OK, "%s", err.msg);
    snprintf(path, sizeof path, "%s/latest.safetensors", other);
    snprintf(place, sizeof place, "%s/new", scratch);
    ct_checkpoint_recipe(path, &again, &err);
    open_trainer(&run, &again, 1, NULL);
    ct_checkpoint_load(&run, true, path, NULL, &err);
    ck_assert_int_eq(run.step, 7);
    ct_run_train(&run, place, NULL, &nobody, &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ck_assert_int_eq(run.step, r.train.steps);
    close_trainer(&run);

    /* The last step's line, of both logs; how much of each there is differs. */
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s/log.jsonl", scratch, i == 0 ? "new" : "whole");
        ct_file_read(path, 0, &arena, i == 0 ? &a : &b, i == 0 ? &n : &m, &err);
    }
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    a = strstr(a, "{\"kind\":\"step\",\"step\":17");
    b = strstr(b, "{\"kind\":\"step\",\"step\":17");
    ck_assert_ptr_nonnull(a);
    ck_assert_str_eq(a, b); /* the step, and the evaluation after it */
}
END_TEST

START_TEST(the_best_checkpoint_will_do)
{
    const ct_recipe r = small_recipe("train.checkpoint_every=1");
    ct_error err = {0};
    train_whole(&r);
    ck_assert_int_eq(go(&r, other, NULL, false, 0, &err), CT_OK);
    check_same_file("best.safetensors");
    ck_assert_msg(go(&r, other, "best", true, 9, &err) == CT_OK, "%s", err.msg);
    ck_assert_msg(go(&r, other, NULL, true, 0, &err) == CT_OK, "%s", err.msg);
    check_same_file("log.jsonl");
    check_same_file("latest.safetensors");
    check_same_file("best.safetensors");
    ck_assert_int_eq(go(&r, other, "99", true, 0, &err), CT_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.msg, "expected latest or best"));
}
END_TEST

/* Weights that stay as they are are as good at every step. */
START_TEST(of_equals_the_first_is_the_best)
{
    const ct_recipe r = small_recipe("optim.rate=0");
    ct_error err = {0};
    ct_trainer t;
    char path[CT_PATH_BYTES];
    ck_assert_int_eq(go(&r, other, NULL, false, 0, &err), CT_OK);
    open_trainer(&t, &r, 1, NULL);
    ct_run_checkpoint(other, "latest", path, &err);
    ck_assert_msg(ct_checkpoint_load(&t, true, path, NULL, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_gt(t.step, 2 * r.monitor.evaluate_every);
    ck_assert_int_eq(t.progress.best_step, r.monitor.evaluate_every);
    ct_run_checkpoint(other, "best", path, &err);
    ck_assert_msg(ct_checkpoint_load(&t, true, path, NULL, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(t.step, r.monitor.evaluate_every);
    close_trainer(&t);
}
END_TEST

START_TEST(given_weights_are_there_before_the_first_step)
{
    const ct_recipe r = small_recipe(""), seed = small_recipe("train.seed=2");
    char first[96], whole[96], weights[128];
    ct_error err = {0};
    snprintf(first, sizeof first, "%s/first", scratch);
    snprintf(whole, sizeof whole, "%s/whole", scratch);
    snprintf(weights, sizeof weights, "%s/latest.safetensors", first);
    ck_assert_int_eq(go(&seed, first, NULL, false, 0, &err), CT_OK);
    ck_assert_msg(go(&r, whole, weights, false, 0, &err) == CT_OK, "%s", err.msg);
    ck_assert_int_eq(go(&r, other, weights, false, -1, &err), CT_OK);
    ck_assert_int_eq(go(&r, other, NULL, true, 0, &err), CT_OK);
    check_same_file("log.jsonl");
    check_same_file("latest.safetensors");
    ck_assert_int_eq(go(&r, other, "nowhere", false, 0, &err), CT_ERR_IO);
    check_same_file("latest.safetensors"); /* nothing of it was touched */
}
END_TEST

START_TEST(without_a_checkpoint_it_begins_anew)
{
    const ct_recipe r = small_recipe("");
    char path[128];
    train_whole(&r);
    ck_assert_int_eq(go(&r, other, NULL, false, 3, CT_IGNORE_ERROR), CT_OK);
    snprintf(path, sizeof path, "%s/latest.safetensors", other);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(go(&r, other, NULL, true, 0, CT_IGNORE_ERROR), CT_OK);
    check_same_file("log.jsonl");
    check_same_file("latest.safetensors");
}
END_TEST

static void check_refused(const ct_recipe *r, ct_status status, const char *reason)
{
    ct_error err = {0};
    ck_assert_int_eq(go(r, other, NULL, true, 0, &err), status);
    ck_assert_msg(strstr(err.msg, reason) != NULL, "%s", err.msg);
}

/* Values of the first or of the last item of a side, or items of a split: mean and spread stay. */
static void swap_two(ct_pairs *p, int what)
{
    const int dim = p->side[0].dim, last = dim * p->n - 1;
    float *x = (float *)p->side[what % 2].f32; /* of a data set that this test owns */
    const float was = x[what < 2 ? 0 : last];
    int *item = what < 4 ? NULL : p->index[what == 4 ? CT_TRAIN : CT_TEST];
    if (item != NULL) {
        const int first = item[0];
        item[0] = item[1];
        item[1] = first;
    } else {
        x[what < 2 ? 0 : last] = x[what < 2 ? 1 : last - 1];
        x[what < 2 ? 1 : last - 1] = was;
    }
}

START_TEST(another_recipe_or_other_data_is_refused)
{
    const ct_recipe r = small_recipe(""), rate = small_recipe("optim.rate=0.5"),
                    wide = small_recipe("image.layers=13,6");
    ck_assert_int_eq(go(&r, other, NULL, false, 7, CT_IGNORE_ERROR), CT_OK);
    check_refused(&rate, CT_ERR_CONFIG,
                  "is of a run with 'rate = 0.001'; the recipe says 'rate = 0.5'");
    check_refused(&wide, CT_ERR_FORMAT, "image.0.weight has 108 values, expected (13, 9)");

    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ct_pairs *pairs = ct_recipe_data(&r, CT_IGNORE_ERROR);
    for (int what = 0; what < 6; what++) {
        ct_trainer t;
        ct_error err = {0};
        char path[CT_PATH_BYTES];
        ck_assert_int_eq(ct_run_checkpoint(other, NULL, path, CT_IGNORE_ERROR), CT_OK);
        swap_two(pairs, what);
        ck_assert_int_eq(ct_trainer_init(&t, &r, pairs, device, CT_IGNORE_ERROR), CT_OK);
        ck_assert_int_eq(ct_checkpoint_load(&t, true, path, NULL, &err), CT_ERR_CONFIG);
        ck_assert_msg(strstr(err.msg, "the data is not what it was trained on") != NULL,
                      "change %d: %s", what, err.msg);
        ct_trainer_free(&t);
        swap_two(pairs, what);
    }
    ct_pairs_free(pairs);
    ct_device_free(device);
}
END_TEST

START_TEST(a_missing_log_is_named)
{
    const ct_recipe r = small_recipe("");
    char path[128];
    ck_assert_int_eq(go(&r, other, NULL, false, 7, CT_IGNORE_ERROR), CT_OK);
    snprintf(path, sizeof path, "%s/log.jsonl", other);
    ck_assert_int_eq(truncate(path, 10), 0);
    check_refused(&r, CT_ERR_FORMAT, "log.jsonl: expected at least");
}
END_TEST

START_TEST(weights_without_a_recipe_are_no_checkpoint)
{
    ct_real x[] = {1};
    ct_named_matrix m = {.name = "w", .x = x, .rows = 1, .cols = 1};
    ct_recipe r;
    ct_error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/w.safetensors", scratch);
    ck_assert_int_eq(ct_safetensors_write(path, &m, 1, NULL, 0, &err), CT_OK);
    ck_assert_int_eq(ct_checkpoint_recipe(path, &r, &err), CT_ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "w.safetensors: expected a checkpoint, with its recipe") != NULL,
                  "%s", err.msg);
}
END_TEST

/* The state before anything is learned is looked at too: once, and not again after a stop. */
START_TEST(the_first_snapshot_is_of_step_0)
{
    static const char MARK[] = "{\"kind\":\"snapshot\",\"step\":";
    const ct_recipe r = small_recipe("");
    char path[128], *log;
    size_t n;
    train_whole(&r);
    snprintf(path, sizeof path, "%s/whole/log.jsonl", scratch);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &log, &n, CT_IGNORE_ERROR), CT_OK);
    const char *first = strstr(log, MARK);
    ck_assert_ptr_nonnull(first);
    ck_assert_int_eq(strtol(first + strlen(MARK), NULL, 10), 0);
    ck_assert_int_eq(strtol(strstr(first + 1, MARK) + strlen(MARK), NULL, 10), 1);
}
END_TEST

START_TEST(two_writers_are_refused)
{
    const ct_recipe r = small_recipe("");
    int lock;
    ck_assert_int_eq(go(&r, other, NULL, false, 7, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_folder_lock(other, &lock, CT_IGNORE_ERROR), CT_OK);
    check_refused(&r, CT_ERR_IO, "another process is writing there");
    ct_folder_unlock(lock);
    ck_assert_int_eq(go(&r, other, NULL, true, 0, CT_IGNORE_ERROR), CT_OK);
}
END_TEST

/* Every truncation and every changed byte of a checkpoint is an error. */
START_TEST(every_damaged_checkpoint_is_refused)
{
    const ct_recipe r = small_recipe(
        "image.layers=2 text.layers=2 data.dim=3 train.steps=2 optim.warmup=0");
    ct_error err = {0};
    ct_trainer t;
    char path[CT_PATH_BYTES], *good;
    size_t n;
    ck_assert_int_eq(go(&r, other, NULL, false, 0, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_run_checkpoint(other, NULL, path, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(ct_file_read(path, 0, &arena, &good, &n, CT_IGNORE_ERROR), CT_OK);
    open_trainer(&t, &r, 1, NULL);
    ck_assert_msg(ct_checkpoint_load(&t, true, path, NULL, &err) == CT_OK, "%s", err.msg);
    for (size_t k = 0; k < 2 * n; k++) {
        FILE *f = fopen(path, "wb");
        if (k < n) { /* cut after k bytes */
            fwrite(good, 1, k, f);
        } else { /* one bit */
            good[k - n] ^= (char)(1 << k % 8);
            fwrite(good, 1, n, f);
            good[k - n] ^= (char)(1 << k % 8);
        }
        fclose(f);
        err = (ct_error){0};
        ck_assert_msg(ct_checkpoint_load(&t, true, path, NULL, &err) != CT_OK,
                      "%s of byte %zu passed", k < n ? "a cut" : "a bit", k % n);
        ck_assert(err.msg[0] != '\0');
    }
    close_trainer(&t);
}
END_TEST

TCase *run_case(void)
{
    TCase *c = tcase_create("run");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, open_folder, close_folder);
    add_tests(c, resuming_from_any_step_gives_the_same_bytes, with_momentum_too,
              a_checkpoint_alone_is_trained_to_the_same_end, the_best_checkpoint_will_do,
              of_equals_the_first_is_the_best, given_weights_are_there_before_the_first_step,
              without_a_checkpoint_it_begins_anew, another_recipe_or_other_data_is_refused,
              a_missing_log_is_named, two_writers_are_refused,
              weights_without_a_recipe_are_no_checkpoint, the_first_snapshot_is_of_step_0,
              every_damaged_checkpoint_is_refused);
    return c;
}
