/* class.c -- contrast class -o DIR [-n N]: a recipe per student, and the run that it must end as;
 * contrast class RUN ... -o DIR: the runs that students send back, compared with those. */
#include "cli/cli.h"

#include "lab/lessons/lesson.h"
#include "platform/pool.h"

#include <math.h>
#include <string.h>

/* A student, and a run: the answer, or what was sent. */
typedef struct row {
    char name[24], setting[64], hash[CLI_HASH_BYTES];
    char answer[CT_PATH_BYTES]; /* its folder */
    const char *run, *state, *verdict;
    double recall_at_1;
    ct_recipe recipe;
    ct_error error; /* of training it */
} row;

static const ct_field ROW[] = {
    {CT_ROW("student", CT_TEXT, row, name)},
    {CT_ROW("setting", CT_TEXT, row, setting)},
    {CT_ROW("state", CT_STRING, row, state)},
    {CT_ROW("recall_at_1", CT_REAL, row, recall_at_1), .label = "recall@1", .format = "%.3f"},
    {CT_ROW("hash", CT_TEXT, row, hash)},
    {CT_ROW("verdict", CT_STRING, row, verdict), .label = "hash is"},
    {CT_ROW("run", CT_STRING, row, run)},
};
static const ct_fields SENT = CT_FIELDS(ROW), ANSWER = {ROW, 5};

/* Student k, from 0. Each setting is given to one student before any gets its next seed. */
static ct_status assign(const cli_call *c, const ct_lesson *l, int k, row *out, ct_error *err)
{
    char folder[40];
    const ct_study *s = l->study;
    int all = 0;
    for (int i = 0; i < l->n_studies; i++)
        all += s[i].n_variants;
    CT_ASSERT(all > 0);
    int v = k % all;
    for (; v >= s->n_variants; s++)
        v -= s->n_variants;
    snprintf(out->name, sizeof out->name, "student-%02d", k + 1);
    snprintf(out->setting, sizeof out->setting, "%s, %s, seed %d", s->recipe, s->variant[v].name,
             1 + k / all);
    snprintf(folder, sizeof folder, "answers/%s", out->name);
    ct_folder_path(out->answer, c->output, folder, err);
    out->recipe = ct_study_recipe(s->recipe, s->common, err);
    out->recipe.train.seed = 1 + k / all;
    ct_variant_apply(&out->recipe, s->variant[v].settings, err);
    return ct_recipe_check(&out->recipe, err); /* as a run's recipe has been */
}

/* What came of a run. */
static void look_at(cli_call *c, const char *folder, row *out, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_evaluation e = {.step = 0};
    out->run = folder;
    out->recall_at_1 = (double)NAN;
    if (cli_hash(folder, NULL, out->hash, path, err) == CT_OK && cli_open(c, folder, err) == CT_OK)
        ct_trainer_evaluate(&c->trainer, ct_pairs_split(c->trainer.pairs, CT_TEST), 0, &e, NULL,
                            err);
    if (err->status == CT_OK) {
        out->state = ct_state_describe(e.state)->name;
        out->recall_at_1 = e.measures.recall_at_1[0];
    }
}

/* ---- the answers ---- */

static void write_recipe(const row *s, const char *folder, ct_error *err)
{
    char name[40], path[CT_PATH_BYTES], text[CT_RECIPE_BYTES];
    ct_writer w;
    snprintf(name, sizeof name, "%s.ini", s->name);
    const int used = snprintf(text, sizeof text, "# %s: contrast train %s\n", s->setting, name);
    ct_fields_ini(&ct_recipe_fields, &s->recipe, false, text + used, sizeof text - (size_t)used);
    ct_folder_path(path, folder, name, err);
    ct_writer_open(&w, path, err);
    ct_writer_bytes(&w, text, strlen(text));
    ct_writer_commit(&w);
}

/* One thread for each; what is there is only finished. */
static void train_one(void *ctx, int k)
{
    row *s = (row *)ctx + k;
    ct_error *err = &s->error;
    ct_run_watch watch = {.stop = &cli_stop};
    ct_trainer t;
    if (cli_stop != 0)
        return;
    ct_device *device = ct_device_new(1, NULL, err);
    if (ct_trainer_init(&t, &s->recipe, NULL, device, err) == CT_OK && ct_run_exists(s->answer))
        ct_run_resume(&t, s->answer, NULL, &watch, err);
    else
        ct_run_train(&t, s->answer, NULL, &watch, err);
    ct_trainer_free(&t);
    ct_device_free(device);
}

static void make(cli_call *c, row *s, int n, ct_error *err)
{
    ct_pool *pool = ct_pool_new(c->threads, err);
    ct_folder_make(c->output, err);
    for (int k = 0; k < n; k++)
        write_recipe(&s[k], c->output, err);
    cli_catch_signals();
    if (!c->quiet && err->status == CT_OK)
        fprintf(stderr, "training, one run per thread; runs that are there are kept\n");
    if (err->status == CT_OK)
        ct_pool_run(pool, n, train_one, s);
    ct_pool_free(pool);
    for (int k = 0; k < n && err->status == CT_OK && cli_stop == 0; k++) {
        *err = s[k].error;
        look_at(c, s[k].answer, &s[k], err);
    }
}

/* ---- what students send back ---- */

/* Whose run it is, its recipe says. One that cannot be read is a row too: it must not hide the
 * others. */
static bool is_right(cli_call *c, const row *s, int n, row *sent, ct_error *err)
{
    char is[CT_RECIPE_BYTES], wanted[CT_RECIPE_BYTES], path[CT_PATH_BYTES];
    ct_error bad = {.status = CT_OK};
    char right[CLI_HASH_BYTES] = "";
    look_at(c, sent->run, sent, &bad);
    if (bad.status == CT_ERR_NOMEM) /* not the student's fault */
        *err = bad;
    else if (bad.status != CT_OK)
        fprintf(stderr, "contrast: %s\n", bad.msg);
    sent->verdict = bad.status != CT_OK ? "not readable" : "of no student's recipe";
    ct_fields_ini(&ct_recipe_fields, &c->trainer.recipe, false, is, sizeof is);
    for (int k = 0; k < n && bad.status == CT_OK; k++) {
        ct_fields_ini(&ct_recipe_fields, &s[k].recipe, false, wanted, sizeof wanted);
        if (strcmp(is, wanted) != 0)
            continue;
        memcpy(sent->name, s[k].name, sizeof sent->name);
        memcpy(sent->setting, s[k].setting, sizeof sent->setting);
        cli_hash(s[k].answer, NULL, right, path, err);
        sent->verdict = strcmp(sent->hash, right) == 0 ? "right" : "wrong";
    }
    return *sent->verdict == 'r';
}

int cli_run_class(cli_call *c, ct_error *err)
{
    const int most = c->argc > 0 ? CLI_STUDENTS : c->students;
    int n = 0, right = 0;
    char word[CT_WORD_BYTES];
    ct_lesson l;
    row *s = ct_arena_zeroed(&c->arena, (size_t)most, sizeof *s);
    row *sent = ct_arena_zeroed(&c->arena, (size_t)c->argc + 1, sizeof *sent);
    if (c->output == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "class: -o DIR is missing: the folder of the class");
    ct_lesson_read("class", &c->arena, &l, err);
    while (err->status == CT_OK && n < most && assign(c, &l, n, &s[n], err) == CT_OK &&
           (c->argc == 0 || ct_run_exists(s[n].answer)))
        n++;
    if (n == 0 && err->status == CT_OK)
        CT_FAIL(err, CT_ERR_CONFIG, "%s holds no class: %s class -o %s makes one", c->output,
                cli_name, ct_text_word(word, c->output));
    if (c->argc == 0 && err->status == CT_OK)
        make(c, s, n, err);
    for (int i = 0; i < c->argc && err->status == CT_OK; i++) {
        sent[i].run = c->argv[i];
        right += is_right(c, s, n, &sent[i], err);
    }
    if (cli_stop != 0 || err->status != CT_OK)
        return cli_stop != 0 ? 128 + cli_stop : 0;
    const ct_table t = c->argc == 0 ? CT_TABLE(&ANSWER, s, n) : CT_TABLE(&SENT, sent, c->argc);
    ct_doc_table(&c->doc, "runs", &t);
    if (c->argc > 0)
        ct_doc_text(&c->doc, "Right hashes: %d of %d.", right, c->argc);
    return right < c->argc ? 3 : 0;
}
