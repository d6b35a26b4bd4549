/* test_trainer.c -- the training step, on a task with a known
 * answer: pairs of vectors that share a latent, which towers must find. */
#include "suites.h"
#include "training.h"

#include "contrast/scalar.h"
#include "platform/memory.h"

#include <math.h>
#include <string.h>

static ct_recipe small_recipe(const char *settings)
{
    return recipe_of("data.kind=latent data.dim=8 data.shared=4 data.rho=0.99 data.n_train=128 "
                     "data.n_validation=32 data.n_test=64 image.layers=16,8 text.layers=16,8 "
                     "loss.temperature=0.2 optim.rate=0.01 train.batch=32 train.steps=60",
                     settings);
}

static void open_small(ct_trainer *t, const char *settings, int threads, const char *isa)
{
    const ct_recipe r = small_recipe(settings);
    open_trainer(t, &r, threads, isa);
}

static ct_step train(ct_trainer *f, int steps)
{
    ct_step s = {0};
    for (int i = 0; i < steps; i++)
        ck_assert_int_eq(ct_trainer_step(f, &s, CT_IGNORE_ERROR), CT_OK);
    return s;
}

static void check_same_weights(const ct_trainer *a, const ct_trainer *b)
{
    const ct_params *p = &a->model.params;
    ck_assert_mem_eq(p->x, b->model.params.x, p->size * sizeof *p->x);
}

START_TEST(the_schedule_ends_with_the_training)
{
    ct_trainer t;
    open_small(&t, "optim.schedule=cosine optim.warmup=2 train.steps=20", 1, NULL);
    const double high = train(&t, 2).rate;
    ck_assert_double_gt(train(&t, 10).rate, 0.2 * high);
    const double last = train(&t, 8).rate;
    ck_assert(last > 0 && last < 0.02 * high);
    close_trainer(&t);
}
END_TEST

START_TEST(towers_find_what_the_sides_share)
{
    ct_trainer f;
    ct_evaluation before, after;
    open_small(&f, "data.n_train=512 train.steps=200", 1, NULL);
    ck_assert_int_eq(ct_trainer_evaluate(&f, CT_TEST, 0, &before, NULL, CT_IGNORE_ERROR), CT_OK);
    const ct_step s = train(&f, 200);
    ck_assert_int_eq(ct_trainer_evaluate(&f, CT_TEST, 0, &after, NULL, CT_IGNORE_ERROR), CT_OK);
    ck_assert_int_eq(s.step, 200);
    ck_assert_int_eq(after.measures.rows, 64);
    ck_assert_int_eq(after.landmarks.at.n, 32);
    ck_assert_double_lt(before.measures.recall_at_1[0], 0.15);
    ck_assert_double_gt(after.measures.recall_at_1[0], 0.4);
    ck_assert_double_gt(after.measures.recall_at_1[1], 0.4);
    ck_assert_double_eq_tol(after.information, ct_scalar_log(32) - after.loss, 1e-12);
    ck_assert_double_gt(after.information, 1);
    ck_assert(isnan(after.prompt_accuracy)); /* no classes here */
    ck_assert(isnan(after.measures.tolerance[0]) &&
              isnan(after.measures.tolerance[1])); /* and no groups */
    close_trainer(&f);
}
END_TEST

START_TEST(evaluation_says_how_close_groups_are)
{
    ct_trainer f;
    ct_evaluation e;
    ct_real x[64 * 8];
    int group[64];
    open_small(&f, "data.kind=shapes data.first_object=true text.buckets=64 train.steps=200", 1,
               NULL);
    ck_assert_int_eq(ct_trainer_width(&f), 8);
    ck_assert_int_eq(ct_trainer_evaluate(&f, CT_TEST, 64, &e, NULL, CT_IGNORE_ERROR), CT_OK);
    const int *items = f.pairs->index[CT_TEST];
    for (int i = 0; i < 64; i++)
        group[i] = f.pairs->group[items[i]];
    for (int side = 0; side < 2; side++) {
        const ct_embedded alone = {.a = x, .n = 64, .d = 8, .group = group, .device = f.device};
        ct_measures m;
        ck_assert_int_eq(ct_trainer_embed(&f, side, items, 64, x, CT_IGNORE_ERROR), CT_OK);
        ck_assert_int_eq(ct_measure(&alone, &m, NULL, CT_IGNORE_ERROR), CT_OK);
        ck_assert(e.measures.tolerance[side] == m.tolerance[0]); /* and not NaN */
    }
    close_trainer(&f);
}
END_TEST

START_TEST(weights_do_not_depend_on_the_device)
{
    static const struct {
        int threads;
        const char *isa;
    } OTHER[] = {{2, NULL}, {3, "portable"}, {1, "avx2"}, {2, "avx512"}};
    ct_trainer one, other;
    ct_device *there = ct_device_new(1, OTHER[_i].isa, CT_IGNORE_ERROR);
    ct_device_free(there);
    if (there == NULL) /* not an instruction set of this machine */
        return;
    open_small(&one, "optim.clip=0.5 image.dropout=0.2", 1, NULL);
    open_small(&other, "optim.clip=0.5 image.dropout=0.2", OTHER[_i].threads, OTHER[_i].isa);
    train(&one, 20);
    train(&other, 20);
    check_same_weights(&one, &other);
    close_trainer(&one);
    close_trainer(&other);
}
END_TEST

/* Chunks that divide the batch, that do not, and one that is larger; bags, biases and dropout
 * included. */
START_TEST(a_batch_in_chunks_has_the_bits_of_the_whole)
{
    static const char *const CHUNK[] = {"4", "12", "16", "64"};
    const char *const settings =
        "data.kind=shapes data.size=8 data.n_train=64 data.n_validation=8 data.n_test=8 "
        "data.n_composition=8 text.dropout=0.3 image.dropout=0.2 image.activation=gelu "
        "loss.name=clip loss.learn_temperature=true text.buckets=128 optim.clip=1 loss.queue=64";
    char chunked[400];
    ct_trainer one, other;
    snprintf(chunked, sizeof chunked, "%s train.chunk=%s", settings, CHUNK[_i]);
    open_small(&one, settings, 1, NULL);
    open_small(&other, chunked, 2, NULL);
    const ct_step a = train(&one, 5), b = train(&other, 5);
    ck_assert_double_eq(a.loss, b.loss);
    ck_assert_double_eq(a.gradient_norm, b.gradient_norm);
    check_same_weights(&one, &other);
    close_trainer(&one);
    close_trainer(&other);
}
END_TEST

/* Pairs of one group in the batches of the first steps. */
static int repeats(const char *settings)
{
    ct_trainer f;
    int n = 0;
    open_small(&f, settings, 1, NULL);
    for (long step = 0; step < 4; step++) {
        const int *items = ct_sampler_batch(&f.sampler, step);
        for (int i = 0; i < f.recipe.train.batch; i++)
            for (int j = 0; j < i; j++)
                n += f.pairs->group[items[i]] == f.pairs->group[items[j]];
    }
    close_trainer(&f);
    return n;
}

START_TEST(a_recipe_keeps_duplicates_apart)
{
    const char *const settings = "data.kind=shapes data.size=8 data.n_train=2048 "
                                 "data.n_validation=8 data.n_test=8 data.n_composition=8 "
                                 "train.batch=512";
    char apart[300];
    snprintf(apart, sizeof apart, "%s train.no_duplicates=true", settings);
    ck_assert_int_gt(repeats(settings), 0);
    ck_assert_int_eq(repeats(apart), 0);
}
END_TEST

/* Batches come, the oldest go; the first step has no past, the second is compared with more. */
START_TEST(a_queue_holds_the_last_batches)
{
    ct_trainer without, with;
    open_small(&without, "loss.name=clip", 1, NULL);
    open_small(&with, "loss.name=clip loss.queue=96", 1, NULL);
    ck_assert_double_eq(train(&without, 1).loss, train(&with, 1).loss);
    ck_assert_double_gt(train(&with, 1).loss,
                        train(&without, 1).loss + 0.3); /* ln 64 - ln 32 is 0.69 */
    train(&with, 2);
    const size_t size = 32 * 8, bytes = size * sizeof(ct_real);
    ct_real before[3 * 32 * 8];
    memcpy(before, with.queue[1], 3 * bytes);
    train(&with, 1); /* the fifth: place 1 of 0, 1, 2 */
    ck_assert_mem_eq(with.queue[1], before, bytes);
    ck_assert_mem_eq(with.queue[1] + size, with.last[1], bytes);
    ck_assert_mem_ne(with.queue[1] + size, before + size, bytes);
    ck_assert_mem_eq(with.queue[1] + 2 * size, before + 2 * size, bytes);
    close_trainer(&without);
    close_trainer(&with);
}
END_TEST

/* What a chunk is for: activations of 1024 pairs are more than 2 Mi values, those of 64 are not. */
START_TEST(a_batch_in_chunks_needs_the_activations_of_one)
{
    const char *const settings = "data.n_train=1024 train.batch=1024 "
                                 "image.layers=256,256,256,256,8 text.layers=256,256,256,256,8";
    char chunked[400];
    ct_trainer f;
    ct_step s;
    snprintf(chunked, sizeof chunked, "%s train.chunk=64", settings);
    for (int i = 0; i < 2; i++) {
        open_small(&f, i == 0 ? settings : chunked, 1, NULL);
        f.graph.arena.limit = (size_t)2 << 20 << (sizeof(ct_real) == 4 ? 2 : 3);
        ck_assert_int_eq(ct_trainer_step(&f, &s, CT_IGNORE_ERROR), i == 0 ? CT_ERR_NOMEM : CT_OK);
        close_trainer(&f);
    }
}
END_TEST

START_TEST(a_warm_step_allocates_nothing)
{
    ct_trainer f;
    open_small(&f, "image.dropout=0.1", 1, NULL);
    train(&f, 9); /* two epochs of four batches, and the arena's one block */
    const long before = ct_alloc_count();
    train(&f, 9);
    ck_assert_int_eq(ct_alloc_count(), before);
    close_trainer(&f);
}
END_TEST

START_TEST(measuring_changes_no_weight)
{
    ct_trainer one, other;
    ct_evaluation e;
    open_small(&one, "image.dropout=0.2", 1, NULL);
    open_small(&other, "image.dropout=0.2", 1, NULL);
    for (int i = 0; i < 10; i++) {
        train(&one, 1);
        train(&other, 1);
        ck_assert_int_eq(ct_trainer_evaluate(&other, CT_VALIDATION, 20, &e, NULL, CT_IGNORE_ERROR),
                         CT_OK);
        ck_assert_int_eq(e.measures.rows, 20);
    }
    check_same_weights(&one, &other);
    close_trainer(&one);
    close_trainer(&other);
}
END_TEST

START_TEST(embeddings_do_not_depend_on_their_neighbours)
{
    ct_trainer f;
    ct_real all[64 * 8], one[8];
    open_small(&f, "", 1, NULL);
    train(&f, 5);
    const int *items = f.pairs->index[CT_TEST];
    ck_assert_int_eq(ct_trainer_embed(&f, 1, items, 64, all, CT_IGNORE_ERROR), CT_OK);
    for (int i = 0; i < 64; i += 21) {
        ck_assert_int_eq(ct_trainer_embed(&f, 1, items + i, 1, one, CT_IGNORE_ERROR), CT_OK);
        ck_assert_mem_eq(one, all + 8 * i, sizeof one);
    }
    close_trainer(&f);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_names_step_and_tensor)
{
    ct_trainer f;
    ct_error err = {0};
    ct_step s;
    ct_status status = CT_OK;
    open_small(&f, "loss.name=vicreg", 1, NULL);
    train(&f, 3);
    ct_params_find(&f.model.params, "image.1.weight")->x[5] = (ct_real)INFINITY;
    status = ct_trainer_step(&f, &s, &err);
    ck_assert_int_eq(status, CT_ERR_NUMERIC);
    /* whatever sign this processor gives to what is infinite less itself */
    ck_assert_msg(strstr(err.msg, "step 4: the loss is nan;") == err.msg, "%s", err.msg);
    ck_assert_msg(strstr(err.msg, "image.1.weight (8, 16)") != NULL, "%s", err.msg);
    close_trainer(&f);
}
END_TEST

START_TEST(a_batch_larger_than_the_data_is_refused)
{
    ct_error err = {0};
    ct_trainer t;
    ct_recipe r = small_recipe("train.batch=129");
    ct_pairs *pairs = ct_recipe_data(&r, CT_IGNORE_ERROR);
    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_int_eq(ct_trainer_init(&t, &r, pairs, device, &err), CT_ERR_CONFIG);
    ck_assert_msg(strstr(err.msg, "at most 128 (all training pairs); try train.batch=32") != NULL,
                  "%s", err.msg);
    ct_trainer_free(&t);
    ct_pairs_free(pairs);
    ct_device_free(device);
}
END_TEST

START_TEST(a_run_survives_every_failed_allocation)
{
    const ct_recipe r = small_recipe("train.steps=2");
    ct_status status;
    long n = 0;
    ct_device *device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ct_pairs *pairs = ct_recipe_data(&r, CT_IGNORE_ERROR);
    do {
        ct_trainer t;
        ct_step s;
        ct_evaluation e;
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_trainer_init(&t, &r, pairs, device, &err);
        if (status == CT_OK)
            status = ct_trainer_step(&t, &s, &err);
        if (status == CT_OK)
            status = ct_trainer_evaluate(&t, CT_TEST, 16, &e, NULL, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || status == CT_ERR_NOMEM, "%s", err.msg);
        ck_assert(status == CT_OK || err.msg[0] != '\0');
        ct_trainer_free(&t);
    } while (status != CT_OK);
    ck_assert_int_gt(n, 10);
    ct_pairs_free(pairs);
    ct_device_free(device);
}
END_TEST

TCase *trainer_case(void)
{
    TCase *tc = tcase_create("trainer");
    tcase_set_timeout(tc, 60);
    add_tests(tc, the_schedule_ends_with_the_training, towers_find_what_the_sides_share,
              evaluation_says_how_close_groups_are);
    tcase_add_loop_test(tc, weights_do_not_depend_on_the_device, 0, 4);
    tcase_add_loop_test(tc, a_batch_in_chunks_has_the_bits_of_the_whole, 0, 4);
    add_tests(tc, a_recipe_keeps_duplicates_apart, a_queue_holds_the_last_batches,
              a_batch_in_chunks_needs_the_activations_of_one, a_warm_step_allocates_nothing,
              measuring_changes_no_weight, embeddings_do_not_depend_on_their_neighbours,
              a_loss_that_is_not_finite_names_step_and_tensor,
              a_batch_larger_than_the_data_is_refused, a_run_survives_every_failed_allocation);
    return tc;
}
