/* test_recipe_walk.c -- whatever the table of keys accepts, the program can run or refuses by name:
 * every key at its least and its most, alone and with each key that it interacts with. */
#include "testing.h"

#include "platform/memory.h"
#include "train/run.h"
#include "train/snapshot.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_KEYS = 256 };

/* More than this at once is "no memory": a tiny run does not need it. */
#define MOST_BYTES ((size_t)1 << 20)

typedef struct key {
    char name[64]; /* "train.batch" */
    const ct_field *field;
} key;

static key keys[MOST_KEYS];
static int n_keys;

static void list_keys(const ct_fields *fields, const char *prefix)
{
    for (int i = 0; i < fields->n; i++) {
        const ct_field *f = &fields->row[i];
        char full[64];
        snprintf(full, sizeof full, "%s%s%s", prefix, f->key != NULL ? f->key : "",
                 f->kind == CT_GROUP && f->key != NULL ? "." : "");
        if (f->kind == CT_GROUP) {
            list_keys(f->members, full);
            continue;
        }
        CT_ASSERT(n_keys < MOST_KEYS);
        keys[n_keys].field = f;
        memcpy(keys[n_keys++].name, full, sizeof full);
    }
}

static bool is_in(const key *k, const char *section)
{
    return strncmp(k->name, section, strlen(section)) == 0;
}

/* Value number v of a key, as text; false after the last. */
static bool value_of(const key *k, int v, char *out, size_t size)
{
    const ct_field *f = k->field;
    const char *word = f->kind == CT_BOOL ? "false true" : f->choices;
    int n_losses;
    const ct_loss *loss = ct_loss_all(&n_losses);
    if (strcmp(k->name, "loss.name") == 0) {
        snprintf(out, size, "%s", v < n_losses ? loss[v].name : "");
        return v < n_losses;
    }
    if (f->kind == CT_TEXT) {
        out[0] = '\0';
        if (v == 1)
            snprintf(out, size, "%0*d", CT_RECIPE_TEXT - 1, 0);
        return v < 2;
    }
    if (word != NULL) {
        for (; v > 0 && *word != '\0'; v--) {
            word += strcspn(word, " ");
            word += *word == ' ';
        }
        snprintf(out, size, "%.*s", (int)strcspn(word, " "), word);
        return *word != '\0';
    }
    snprintf(out, size, "%.17g", v == 0 ? f->least : f->most);
    if (f->kind == CT_INT || f->kind == CT_LONG)
        snprintf(out, size, "%.0f", v == 0 ? f->least : f->most);
    for (int i = 1; f->count > 0 && v > 1 && i < f->count; i++)
        snprintf(out + strlen(out), size - strlen(out), ",%.0f", f->most);
    return v < (f->count > 0 ? 3 : 2);
}

/* ---- a tiny run ---- */

static const char BASE[] =
    "data.n_train=16 data.n_validation=8 data.n_test=4 data.n_composition=4 data.size=8 data.dim=4 "
    "data.shared=2 image.layers=4,4 text.layers=4,4 text.buckets=16 text.bag_dim=2 train.batch=4 "
    "train.steps=4";

static ct_device *device;
static ct_pairs *shared[2]; /* shapes, latent */
static char now[1024];      /* the settings that are tried, for a report of a signal */

static void report(int number)
{
    if (write(STDERR_FILENO, now, strlen(now)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static ct_status set_all(ct_recipe *r, const char *settings, ct_error *err)
{
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        ct_recipe_override(r, word, err);
    return err->status;
}

static void open_walk(void)
{
    device = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    for (int kind = 0; kind < 2; kind++) {
        ct_error err = {0};
        ct_recipe r = ct_recipe_defaults();
        set_all(&r, BASE, &err);
        r.data.kind = kind;
        shared[kind] = ct_recipe_data(&r, &err);
        ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    }
    signal(SIGABRT, report);
    signal(SIGSEGV, report);
    signal(SIGFPE, report);
    ct_alloc_most(MOST_BYTES);
    open_scratch();
    char path[128];
    snprintf(path, sizeof path, "%s/words", scratch);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 16; i++)
        fprintf(f, "word%d\n", i);
    fclose(f);
}

static void close_walk(void)
{
    ct_pairs_free(shared[0]);
    ct_pairs_free(shared[1]);
    ct_device_free(device);
    close_scratch();
}

/* Pairs of files: a run's own order, in a folder. What the recipe or the data rule out is refused
 * before the first step. */
static void run(const ct_recipe *r, ct_error *err)
{
    char folder[128];
    ct_trainer t;
    snprintf(folder, sizeof folder, "%s/run", scratch);
    if (ct_trainer_init(&t, r, NULL, device, err) == CT_OK)
        ct_run_train(&t, folder, NULL, &(ct_run_watch){.stop = NULL}, err);
    ck_assert_msg(err->status != CT_ERR_CONFIG || t.step == 0, "%s: refused at step %ld: %s", now,
                  t.step, err->msg);
    ct_trainer_free(&t);
}

/* What a run does, without its folder. */
static void train(const ct_recipe *r, const ct_pairs *pairs, ct_error *err)
{
    static ct_snapshot snapshot;
    static ct_monitor monitor;
    ct_evaluation evaluation;
    ct_trainer t;
    ct_step s;
    ct_status status = ct_trainer_init(&t, r, pairs, device, err);
    for (int i = 0; i < 2 && status == CT_OK; i++)
        status = ct_trainer_step(&t, &s, err);
    if (status == CT_OK && ct_snapshot_due(t.step, r->train.steps, r->monitor.snapshots))
        status = ct_snapshot_take(&t, &snapshot, err);
    if (status == CT_OK)
        status = ct_trainer_evaluate(&t, CT_VALIDATION, r->monitor.pairs, &evaluation,
                                     &monitor.diagnosis, err);
    if (status == CT_OK)
        status = ct_monitor_look(&t, &monitor, err);
    ct_trainer_free(&t);
}

/* Ends in a run or in one line. `own` data, if a setting is about it. */
static void try(int kind, const char *settings, bool own)
{
    static const char *const KIND[] = {"shapes", "latent", "", "pairs"};
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    r.data.kind = kind;
    snprintf(now, sizeof now, "%s %s", KIND[kind], settings);
    set_all(&r, BASE, &err);
    if (kind == CT_DATA_PAIRS) {
        snprintf(r.data.image, sizeof r.data.image, "%s/words", scratch);
        snprintf(r.data.text, sizeof r.data.text, "%s/words", scratch);
        r.monitor.evaluate_every = 2;
    }
    set_all(&r, settings, &err);
    ct_recipe_check(&r, &err);
    if (err.status == CT_OK && kind == CT_DATA_PAIRS) {
        run(&r, &err);
    } else if (err.status == CT_OK) {
        ct_pairs *pairs = own ? ct_recipe_data(&r, &err) : shared[kind];
        if (pairs != NULL)
            train(&r, pairs, &err);
        if (own)
            ct_pairs_free(pairs);
    }
    ck_assert_msg(err.status == CT_OK || err.msg[0] != '\0', "%s: no reason", now);
    ck_assert_msg(strchr(err.msg, '\n') == NULL, "%s: more than a line: %s", now, err.msg);
}

START_TEST(alone)
{
    const key *k = &keys[_i];
    char value[320], settings[640];
    for (int v = 0; value_of(k, v, value, sizeof value); v++) {
        snprintf(settings, sizeof settings, "%s=%s", k->name, value);
        try(CT_DATA_SHAPES, settings, is_in(k, "data."));
        try(CT_DATA_LATENT, settings, is_in(k, "data."));
        if (strcmp(k->name, "train.steps") != 0 && !is_in(k, "data.kind"))
            try(CT_DATA_PAIRS, settings, true);
    }
}
END_TEST

/* Any split may be empty but the one to train on. */
START_TEST(without_a_split)
{
    try(CT_DATA_PAIRS, "data.validation=0 data.test=0", true);
    try(CT_DATA_PAIRS, "data.validation=0", true);
    try(CT_DATA_PAIRS, "data.test=0", true);
}
END_TEST

/* Keys of one section do, what a batch is made of with the loss and the towers, and its size with
 * the data. */
static bool interact(const key *a, const key *b)
{
    const size_t section = strcspn(a->name, ".");
    if (a->field->kind == CT_TEXT || b->field->kind == CT_TEXT)
        return is_in(a, "loss.name") && (is_in(b, "loss.") || is_in(b, "train."));
    if (is_in(a, "data."))
        return is_in(b, "data.") || is_in(b, "train.batch") || is_in(b, "train.no_duplicates");
    return strncmp(a->name, b->name, section + 1) == 0 ||
           (is_in(b, "train.") && !is_in(a, "optim.")) ||
           (is_in(a, "image.layers") && is_in(b, "text.layers"));
}

START_TEST(with_another)
{
    const key *a = &keys[_i];
    char one[320], other[320], settings[900];
    for (int j = _i + 1; j < n_keys; j++) {
        const key *b = &keys[j];
        const bool own = is_in(a, "data.");
        if (!interact(a, b))
            continue;
        for (int u = 0; value_of(a, u, one, sizeof one); u++)
            for (int v = 0; value_of(b, v, other, sizeof other); v++) {
                snprintf(settings, sizeof settings, "%s=%s %s=%s", a->name, one, b->name, other);
                try(CT_DATA_LATENT, settings, own);
                if (own || is_in(a, "text.") || is_in(b, "train."))
                    try(CT_DATA_SHAPES, settings, own);
            }
    }
}
END_TEST

TCase *recipe_walk_case(void)
{
    TCase *c = tcase_create("recipe_walk");
    n_keys = 0;
    list_keys(&ct_recipe_fields, "");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, open_walk, close_walk);
    tcase_add_test(c, without_a_split);
    tcase_add_loop_test(c, alone, 0, n_keys);
    tcase_add_loop_test(c, with_another, 0, n_keys);
    return c;
}
