/* test_lessons.c -- the rules by which a row of a lesson passes, and the lessons that
 * have no chance in them. */
#include "suites.h"
#include "testing.h"

#include "contrast/landmarks.h"
#include "lab/descent.h"
#include "lab/lessons/lesson.h"
#include "lab/sweep.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ct_verdict last(const ct_lesson_run *run)
{
    return (ct_verdict)run->row[run->n_rows - 1].verdict;
}

START_TEST(rows_pass_by_their_rule_alone)
{
    ct_lesson_run run = {.n_rows = 0};
    ct_row_exact(&run, 1.01, 1, 0.02, "near");
    ck_assert_int_eq(last(&run), CT_PASSES);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_PASSES);
    double x[3] = {0.9, 1.3, 1.2};
    ct_row_near(ct_lesson_add(&run, "the range reaches it, the median does not"), x, 3, 1, 0.05);
    ck_assert_int_eq(last(&run), CT_INCONCLUSIVE);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_INCONCLUSIVE);
    double y[3] = {1.9, 1.3, 1.2};
    ct_row_near(ct_lesson_add(&run, "out of reach"), y, 3, 1, 0.05);
    ck_assert_int_eq(last(&run), CT_DIFFERS);
    ct_row_show(ct_lesson_add(&run, "shown"), y, 3);
    ck_assert_int_eq(last(&run), CT_SHOWN);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_DIFFERS);
    ct_row_exact(&run, (double)NAN, 1, 1e9, "not a number");
    ck_assert_int_eq(last(&run), CT_DIFFERS);
}
END_TEST

START_TEST(data_that_is_not_there_is_a_note_and_no_verdict)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson_run *run = calloc(1, sizeof *run);
    ct_lesson lesson = {.study = {{.recipe = "fashion-mnist"}, {.recipe = "unifont"}},
                        .n_studies = 2};
    for (int k = 0; k < 2; k++) {
        lesson.study[k].common = "";
        lesson.study[k].shown = "training_loss";
        lesson.study[k].seeds = 1;
        lesson.study[k].variant[0] = (ct_variant){.name = "as it is", .settings = ""};
        lesson.study[k].n_variants = 1;
    }
    char before[4096];
    ct_arena_open(&arena, "test", 0, &err);
    ck_assert(getcwd(before, sizeof before) != NULL && chdir("/") == 0);
    ct_lesson_give(&lesson, run, &arena, &err);
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_int_eq(err.status, CT_OK);
    ck_assert_int_eq(run->n_rows, 2);
    ck_assert_ptr_nonnull(strstr(run->row[0].what, "fashion-mnist.sh")); /* not cut short */
    ck_assert_str_eq(run->row[1].what, "unifont: left out; bring it with sh datasets/unifont.sh");
    ck_assert(isnan(run->row[0].measured.median) && run->row[0].measured.n == 0);
    ck_assert_int_eq(last(run), CT_SHOWN);
    ct_arena_free(&arena);
    free(run);
}
END_TEST

/* z of complete separation with 4 and 4 is 2.31, with 8 and 8 it is 3.36. */
START_TEST(below_needs_ranks_that_chance_does_not_give)
{
    ct_lesson_run run = {.n_rows = 0};
    double low[8] = {1, 2, 3, 4, 5, 6, 7, 8}, high[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_row_below(ct_lesson_add(&run, "ranges apart"), low, high, 4);
    ck_assert_int_eq(last(&run), CT_PASSES);
    ct_row_below(ct_lesson_add(&run, "the opposite"), high, low, 8);
    ck_assert_int_eq(last(&run), CT_DIFFERS);
    double a[8] = {1, 2, 3, 4, 5, 6, 7, 9.5}, b[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_row_below(ct_lesson_add(&run, "one of 64 pairs the wrong way: z = 3.26"), a, b, 8);
    ck_assert_int_eq(last(&run), CT_PASSES);
    double c[8] = {1, 2, 3, 4, 5, 6, 15.5, 14.5}, d[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_row_below(ct_lesson_add(&run, "13 of 64: z = 2"), c, d, 8);
    ck_assert_int_eq(last(&run), CT_INCONCLUSIVE);
    ct_row_below(ct_lesson_add(&run, "of three too, the opposite"), high, low, 3);
    ck_assert_int_eq(last(&run), CT_DIFFERS);
}
END_TEST

START_TEST(a_recipe_that_is_none_is_a_bug_and_not_left_out)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson_run run = {.threads = 1};
    const ct_lesson lesson = {.study = {{.recipe = "shaeps", .common = "", .seeds = 1}},
                              .n_studies = 1};
    ct_arena_open(&arena, "test", 0, &err);
    ct_lesson_give(&lesson, &run, &arena, &err);
}
END_TEST

static ct_verdict claimed(ct_lesson_run *run, const ct_runs *r, const char *claim)
{
    ct_lesson_claim(run, r, claim);
    return last(run);
}

/* Three variants of two seeds, whose recall and validation the test makes up. */
START_TEST(claims_name_variants_and_of_several_the_best_on_validation)
{
    const ct_variant variant[] = {{.name = "8, rate 1"}, {.name = "8, rate 2"}, {.name = "128"}};
    static const double recall[] = {0.9, 0.9, 0.4, 0.5, 0.6, 0.7};
    ct_outcome made[6] = {{.done = true}};
    const ct_runs r = {.variant = variant, .n_variants = 3, .n_seeds = 2, .run = made};
    ct_lesson_run run = {.n_rows = 0};
    for (int k = 0; k < 6; k++) {
        made[k].done = true;
        made[k].state = k < 5 ? CT_HEALTHY : CT_PLATEAU;
        made[k].test.measures.recall_at_1[0] = recall[k];
        made[k].validation.measures.recall_at_1[0] = k / 2;
    }
    ck_assert_int_eq(claimed(&run, &r, "recall_at_1: 8, rate < 128"), CT_PASSES);
    ck_assert_str_eq(run.row[0].what, "recall@1: 8, rate 2 below 128"); /* 0.4, 0.5; 0.6, 0.7 */
    ck_assert_int_eq(claimed(&run, &r, "recall_at_1: 8, rate 1 < 128"), CT_DIFFERS);
    ck_assert_int_eq(claimed(&run, &r, "recall_at_1: 128 ~ 0.65 +- 0.01"), CT_PASSES);
    ck_assert_str_eq(run.row[2].what, "recall@1: 128");
    ck_assert_int_eq(claimed(&run, &r, "recall_at_1: every run of 128 ~ 0.65 +- 0.04"), CT_DIFFERS);
    ck_assert_int_eq(claimed(&run, &r, "healthy: every run of 8, rate 1 ~ 1"), CT_PASSES);
    ck_assert_int_eq(claimed(&run, &r, "healthy: every run of 128 ~ 1"), CT_DIFFERS);
}
END_TEST

/* Free embeddings end at the simplex; the lesson's table holds for another N. */
START_TEST(descent_ends_at_the_floor)
{
    ct_error err = {0};
    ct_device *device = ct_device_new(1, NULL, &err);
    ct_free_embeddings m;
    const ct_free_descent f = {
        .loss = "infonce", .steps = 800, .temperature = 0.5, .rate = 0.05, .from = 1};
    ct_free_embeddings_init(&m, 5, 5, 3, &err);
    ck_close(ct_descend_free(device, &m, &f, &err), ct_simplex_floor(5, 0.5), 1e-4);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    for (int k = 0; k < 25; k++)
        ck_close(ct_cosine(m.params.list[m.a].x + k / 5 * 5, m.params.list[m.b].x + k % 5 * 5, 5),
                 k % 6 == 0 ? 1 : -0.25, 0.02);
    ct_free_embeddings_free(&m);
    ct_device_free(device);
}
END_TEST

#if defined CT_REAL_DOUBLE || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* slow \
                                                                                           */
static const char *const CERTAIN[] = {"false-negatives"};
#else
static const char *const CERTAIN[] = {"floor", "false-negatives"};
#endif

START_TEST(a_lesson_without_chance_passes)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson lesson;
    ct_lesson_run *run = calloc(1, sizeof *run);
    ct_arena_open(&arena, "test", 0, &err);
    run->device = ct_device_new(1, NULL, &err);
    run->threads = 1;
    ct_lesson_read(CERTAIN[_i], &arena, &lesson, &err);
    ck_assert_msg(ct_lesson_give(&lesson, run, &arena, &err) == CT_OK, "%s", err.msg);
    for (int k = 0; k < run->n_rows; k++)
        ck_assert_msg(run->row[k].verdict == CT_PASSES, "%s: %g, expected %g", run->row[k].what,
                      run->row[k].measured.median, run->row[k].expected);
    ck_assert_int_gt(run->n_rows, 5);
    ct_device_free(run->device);
    ct_arena_free(&arena);
    free(run);
}
END_TEST

/* What these measure without training has no chance in it, whatever their studies come to. */
START_TEST(what_is_measured_without_training_passes)
{
#ifdef SLOW_BUILD
    static const char *const NAMES[] = {"gap"};
#else
    static const char *const NAMES[] = {"gap",    "symmetry", "masks",
                                        "broken", "escape",   "information"};
#endif
    ct_error err = {0};
    ct_arena arena;
    ct_lesson lesson;
    ct_lesson_run *run = calloc(1, sizeof *run);
    ct_arena_open(&arena, "test", 0, &err);
    run->device = ct_device_new(1, NULL, &err);
    run->threads = 1;
    for (int i = 0; i < COUNT(NAMES); i++) {
        ct_lesson_read(NAMES[i], &arena, &lesson, &err);
        ck_assert_ptr_nonnull(lesson.measure);
        lesson.measure(run, &err);
    }
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    for (int k = 0; k < run->n_rows; k++)
        ck_assert_msg(run->row[k].verdict == CT_PASSES || run->row[k].verdict == CT_SHOWN,
                      "%s: %g, expected %g", run->row[k].what, run->row[k].measured.median,
                      run->row[k].expected);
    ck_assert_int_gt(run->n_rows, 10);
    ct_device_free(run->device);
    ct_arena_free(&arena);
    free(run);
}
END_TEST

/* Every variant of it can be run, and its table and claims name what there is: a claim of variants
 * that are not there is asserted. */
static void check_study(const ct_study *s, ct_arena *arena, ct_error *err)
{
    ct_study_rows *rows = ct_arena_zeroed(arena, 1, sizeof *rows);
    ct_lesson_run *run = ct_arena_zeroed(arena, 1, sizeof *run);
    ct_runs r = {.base = ct_recipe_defaults(), .variant = s->variant, .n_seeds = s->seeds};
    ct_recipe_load(&r.base, s->recipe, err);
    ct_variant_apply(&r.base, s->common, err);
    for (int v = 0; s->variant[v].name != NULL; v++, r.n_variants++)
        ct_runs_recipe(&r, v * s->seeds, err);
    ck_assert_msg(err->status == CT_OK, "%s: %s", s->recipe, err->msg);
    ck_assert_int_gt(r.n_variants, 1);
    ck_assert(s->seeds >= 1 && s->seeds <= CT_STUDY_SEEDS);
    r.run = ct_arena_zeroed(arena, (size_t)(r.n_variants * s->seeds), sizeof *r.run);
    for (int k = 0; k < r.n_variants * s->seeds; k++)
        r.run[k] = (ct_outcome){.done = true, .all_equal = 1};
    ck_assert_int_eq(ct_runs_rows(&r, s->shown, true, arena, rows, err), CT_OK);
    for (int c = 0; s->claim[c] != NULL; c++) {
        ct_lesson_claim(run, &r, s->claim[c]);
        ck_assert_msg(!isnan(run->row[c].measured.median), "%s", s->claim[c]);
        ck_assert_int_eq(run->row[c].measured.n, s->seeds);
    }
}

START_TEST(every_lesson_says_what_it_is)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson l;
    int n = 0, place[CT_LESSON_ANSWERS] = {0};
    ct_arena_open(&arena, "test", 0, &err);
    for (; ct_lesson_name(n) != NULL; n++) {
        ck_assert_int_eq(ct_lesson_read(ct_lesson_name(n), &arena, &l, &err), CT_OK);
        ck_assert(l.title[0] != '\0' && l.source[0] != '\0' && l.rule[0] != '\0');
        ck_assert(l.measure != NULL || l.n_studies > 0);
        ck_assert(l.ask != NULL && l.why != NULL && l.n_answers == CT_LESSON_ANSWERS);
        ck_assert_int_ge(l.right, 1);
        ck_assert_int_le(l.right, CT_LESSON_ANSWERS);
        place[l.right - 1]++;
        for (const char *line = l.text; line != NULL; line = strchr(line, '\n')) {
            line += *line == '\n';
            ck_assert_msg(strcspn(line, "\n") <= 112, "%s: %s", l.name, line);
        }
        for (int k = 0; k < l.n_studies; k++)
            check_study(&l.study[k], &arena, &err);
    }
    ck_assert_int_eq(n, CT_LESSONS);
    ct_lesson_read("demo", &arena, &l, &err); /* its names have colons */
    check_study(&l.study[0], &arena, &err);
    check_study(&l.study[1], &arena, &err);
    ck_assert_str_eq(l.study[1].variant[2].name, "control: step / 0.07");
    ck_assert(l.measure == NULL && l.n_studies == 2);
    for (int k = 0; k < CT_LESSON_ANSWERS; k++)
        ck_assert_int_ge(place[k], 2); /* where an answer is printed says nothing of it */
    ct_arena_free(&arena);
}
END_TEST

/* Every recipe of a class is one, and no two of them are the same. */
START_TEST(the_settings_of_a_class_are_recipes)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson l;
    char text[2][CT_RECIPE_BYTES];
    int n = 0;
    ct_arena_open(&arena, "test", 0, &err);
    ct_lesson_read("class", &arena, &l, &err);
    for (int s = 0; s < l.n_studies; s++)
        for (int v = 0; v < l.study[s].n_variants; v++, n++) {
            const ct_study *study = &l.study[s];
            ct_recipe r = ct_study_recipe(study->recipe, study->common, &err);
            ct_variant_apply(&r, study->variant[v].settings, &err);
            ct_recipe_check(&r, &err);
            ck_assert_msg(err.status == CT_OK, "%s: %s", study->variant[v].name, err.msg);
            ct_fields_ini(&ct_recipe_fields, &r, false, text[n % 2], sizeof *text);
            ck_assert_str_ne(text[0], text[1]);
            ck_assert_int_le(r.train.steps * r.train.batch, 80000); /* seconds */
        }
    ck_assert_int_eq(n, 15);
    ct_arena_free(&arena);
}
END_TEST

/* A sweep that a lesson names is one: its recipe loads and every point of it is a recipe. */
START_TEST(sweeps_that_lessons_name_can_be_typed)
{
    ct_error err = {0};
    ct_arena arena;
    ct_lesson l;
    ct_runs runs;
    int n_sweeps = 0;
    ct_sweep *s = calloc(1, sizeof *s);
    ct_arena_open(&arena, "test", 0, &err);
    for (int i = 0; ct_lesson_name(i) != NULL; i++) {
        char text[256], *rest = NULL;
        ct_lesson_read(ct_lesson_name(i), &arena, &l, &err);
        snprintf(text, sizeof text, "%s", l.see_also != NULL ? l.see_also : "");
        if (strncmp(text, "contrast sweep ", 15) != 0)
            continue;
        n_sweeps++;
        *s = (ct_sweep){.base = ct_recipe_defaults()};
        ck_assert_int_eq(ct_recipe_load(&s->base, strtok_r(text + 15, " '", &rest), &err), CT_OK);
        for (const char *word; (word = strtok_r(NULL, " '", &rest)) != NULL;)
            ck_assert_msg(ct_sweep_add(s, word, &err) == CT_OK, "%s: %s", l.name, err.msg);
        ck_assert_msg(ct_sweep_runs(s, &arena, &runs, &err) == CT_OK, "%s: %s", l.name, err.msg);
        ck_assert_msg(s->n_points > 1, "%s: one point", l.name);
    }
    ck_assert_int_gt(n_sweeps, 3);
    ct_arena_free(&arena);
    free(s);
}
END_TEST

TCase *lessons_case(void)
{
    TCase *tc = tcase_create("lessons");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, rows_pass_by_their_rule_alone);
    tcase_add_test_raise_signal(tc, a_recipe_that_is_none_is_a_bug_and_not_left_out, SIGABRT);
    add_tests(tc, what_is_measured_without_training_passes,
              below_needs_ranks_that_chance_does_not_give,
              claims_name_variants_and_of_several_the_best_on_validation,
              data_that_is_not_there_is_a_note_and_no_verdict, descent_ends_at_the_floor);
    tcase_add_loop_test(tc, a_lesson_without_chance_passes, 0, COUNT(CERTAIN));
    add_tests(tc, sweeps_that_lessons_name_can_be_typed, every_lesson_says_what_it_is,
              the_settings_of_a_class_are_recipes);
    return tc;
}
