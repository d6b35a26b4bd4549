/* test_lessons.c -- the rules by which a row of a lesson passes, and the lessons that
 * have no chance in them. */
#include "suites.h"
#include "testing.h"

#include "contrast/landmarks.h"
#include "lab/lessons/lesson.h"
#include "lab/sweep.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static ct_verdict last(const ct_lesson_run *run)
{
    return run->row[run->n_rows - 1].verdict;
}

START_TEST(rows_pass_by_their_rule_alone)
{
    ct_lesson_run run = {.n_rows = 0};
    ct_lesson_exact(&run, 1.01, 1, 0.02, "near");
    ck_assert_int_eq(last(&run), CT_PASSES);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_PASSES);
    double x[3] = {0.9, 1.3, 1.2};
    ct_lesson_seeds(&run, x, 3, 1, 0.05, "the range reaches it, the median does not");
    ck_assert_int_eq(last(&run), CT_INCONCLUSIVE);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_INCONCLUSIVE);
    double y[3] = {1.9, 1.3, 1.2};
    ct_lesson_seeds(&run, y, 3, 1, 0.05, "out of reach");
    ck_assert_int_eq(last(&run), CT_DIFFERS);
    ct_lesson_show(&run, y, 3, "shown");
    ck_assert_int_eq(last(&run), CT_SHOWN);
    ck_assert_int_eq(ct_lesson_verdict(&run), CT_DIFFERS);
    ct_lesson_exact(&run, (double)NAN, 1, 1e9, "not a number");
    ck_assert_int_eq(last(&run), CT_DIFFERS);
}
END_TEST

START_TEST(data_that_is_not_there_is_a_note_and_no_verdict)
{
    ct_lesson_run run = {.n_rows = 0};
    ck_assert(ct_lesson_has_data(&run, "shapes") && ct_lesson_has_data(&run, "latent"));
    ck_assert_int_eq(run.n_rows, 0);
    char before[4096];
    ck_assert(getcwd(before, sizeof before) != NULL && chdir("/") == 0);
    ck_assert(!ct_lesson_has_data(&run, "fashion-mnist") && !ct_lesson_has_data(&run, "unifont"));
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_int_eq(run.n_rows, 2);
    ck_assert_ptr_nonnull(strstr(run.row[0].what, "fashion-mnist.sh")); /* not cut short */
    ck_assert_str_eq(run.row[1].what, "unifont: left out; bring it with sh datasets/unifont.sh");
    ck_assert(isnan(run.row[0].measured.median) && run.row[0].n == 0);
    ck_assert_int_eq(last(&run), CT_SHOWN);
}
END_TEST

/* z of complete separation with 4 and 4 is 2.31, with 8 and 8 it is 3.36. */
START_TEST(below_needs_ranks_that_chance_does_not_give)
{
    ct_lesson_run run = {.n_rows = 0};
    double low[8] = {1, 2, 3, 4, 5, 6, 7, 8}, high[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_lesson_below(&run, low, high, 4, "ranges apart");
    ck_assert_int_eq(last(&run), CT_PASSES);
    ct_lesson_below(&run, high, low, 8, "the opposite");
    ck_assert_int_eq(last(&run), CT_DIFFERS);
    double a[8] = {1, 2, 3, 4, 5, 6, 7, 9.5}, b[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_lesson_below(&run, a, b, 8, "one of 64 pairs the wrong way: z = 3.26");
    ck_assert_int_eq(last(&run), CT_PASSES);
    double c[8] = {1, 2, 3, 4, 5, 6, 15.5, 14.5}, d[8] = {9, 10, 11, 12, 13, 14, 15, 16};
    ct_lesson_below(&run, c, d, 8, "13 of 64: z = 2");
    ck_assert_int_eq(last(&run), CT_INCONCLUSIVE);
}
END_TEST

/* Free embeddings end at the simplex; the lesson's table holds for another N. */
START_TEST(descent_ends_at_the_floor)
{
    ct_error err = {0};
    ct_device *device = ct_device_new(1, NULL, &err);
    double loss = 0;
    const ct_free_descent f = {"infonce", 5, 5, 800, 0.5, 0.05, 3, CT_ACT_NONE, NULL, 1};
    ck_assert_msg(ct_lesson_descend(device, &f, &loss, &err) == CT_OK, "%s", err.msg);
    ck_close(loss, ct_simplex_floor(5, 0.5), 1e-4);
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
    static ct_lesson_run run;
    memset(&run, 0, sizeof run);
    run.device = ct_device_new(1, NULL, &err);
    run.threads = 1;
    ck_assert_msg(ct_lesson_find(CERTAIN[_i])->measure(&run, &err) == CT_OK, "%s", err.msg);
    for (int k = 0; k < run.n_rows; k++)
        ck_assert_msg(run.row[k].verdict == CT_PASSES, "%s: %g, expected %g", run.row[k].what,
                      run.row[k].measured.median, run.row[k].expected);
    ck_assert_int_gt(run.n_rows, 5);
    ct_device_free(run.device);
}
END_TEST

START_TEST(every_lesson_says_what_it_is)
{
    int n;
    const ct_lesson *all = ct_lessons(&n);
    ck_assert_int_gt(n, 5);
    for (int i = 0; i < n; i++) {
        ck_assert(ct_lesson_find(all[i].name)->measure == all[i].measure);
        ck_assert(all[i].title[0] != '\0' && all[i].source[0] != '\0' && all[i].rule[0] != '\0');
        for (const char *line = all[i].text; line != NULL; line = strchr(line, '\n')) {
            line += *line == '\n';
            ck_assert_msg(strcspn(line, "\n") <= 112, "%s: %s", all[i].name, line);
        }
    }
    ck_assert_ptr_null(ct_lesson_find("none"));
}
END_TEST

/* A sweep that a lesson names is one: its recipe loads and every point of it is a recipe. */
START_TEST(sweeps_that_lessons_name_can_be_typed)
{
    static ct_sweep s;
    int n, n_sweeps = 0;
    const ct_lesson *all = ct_lessons(&n);
    for (int i = 0; i < n; i++) {
        char text[256], *rest = NULL;
        ct_error err = {0};
        snprintf(text, sizeof text, "%s", all[i].command);
        if (strncmp(text, "contrast sweep ", 15) != 0)
            continue;
        n_sweeps++;
        s = (ct_sweep){.base = ct_recipe_defaults()};
        ck_assert_int_eq(ct_recipe_load(&s.base, strtok_r(text + 15, " '", &rest), &err), CT_OK);
        for (const char *word; (word = strtok_r(NULL, " '", &rest)) != NULL;)
            ck_assert_msg(ct_sweep_add(&s, word, &err) == CT_OK, "%s: %s", all[i].name, err.msg);
        for (int point = 0; point < s.n_points; point++) {
            ct_recipe r = s.base;
            char settings[512];
            ct_sweep_settings(&s, point, settings, sizeof settings);
            ck_assert_msg(ct_variant_apply(&r, settings, &err) == CT_OK, "%s: %s", all[i].name,
                          err.msg);
        }
        ck_assert_msg(s.n_points > 1, "%s: one point", all[i].name);
    }
    ck_assert_int_gt(n_sweeps, 3);
}
END_TEST

TCase *lessons_case(void)
{
    TCase *tc = tcase_create("lessons");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, rows_pass_by_their_rule_alone);
    tcase_add_test(tc, below_needs_ranks_that_chance_does_not_give);
    tcase_add_test(tc, data_that_is_not_there_is_a_note_and_no_verdict);
    tcase_add_test(tc, descent_ends_at_the_floor);
    tcase_add_loop_test(tc, a_lesson_without_chance_passes, 0, COUNT(CERTAIN));
    tcase_add_test(tc, sweeps_that_lessons_name_can_be_typed);
    tcase_add_test(tc, every_lesson_says_what_it_is);
    return tc;
}
