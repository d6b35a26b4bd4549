/* test_labels.c -- one array with labels: NumPy's numbers, the extremes, and what a diagnosis says.
 */
#include "suites.h"

#include "contrast/diagnose.h"
#include "measure_helpers.h"

/* Rows 0 and 4 are equal, 11 is twice row 2; label 9 has one row, label -2 and 7 disagree about
 * rows 0 and 4. */
static const ct_real X[] = {5,  -1, -1, 6,  -2, 0,  -1, 4,  1, 1,  -1, -1, 5,  -1,
                            -1, -1, -5, -5, 0,  -2, 1,  -2, 0, -4, 1,  -2, 0,  -1,
                            4,  3,  5,  -1, -2, -2, 8,  2,  0, -1, -3, 4,  -3, 4};
static const int LABEL[] = {7, 7, -2, -2, -2, 5, 5, 5, 7, 9, 7, -2, 5, 7};

START_TEST(numbers_of_numpy)
{
    const ct_measures m = measured(X, NULL, 14, 3, LABEL, NULL);
    ck_assert_double_eq_tol(m.tolerance[0], 0.3923935780588636, 1e-12);
    ck_assert_double_eq_tol(m.between_cosine, -0.04711003589566665, 1e-7);
    ck_assert_double_eq_tol(m.precision_at_1, 6. / 13, 1e-14);
    ck_assert_double_eq_tol(m.precision_by_chance, 44. / 13 / 13, 1e-14);
    ck_assert_double_eq_tol(m.knn_accuracy, 5. / 13, 1e-14);
    ck_assert_double_eq_tol(m.violated_triplets, 0.31666666666666665, 1e-14);
    ck_assert_double_eq_tol(m.supervised_loss, 8.537225838690318, 1e-5);
    ck_assert_double_eq_tol(m.class_variance, 1.0988928433642757, 1e-6);
    ck_assert_double_eq_tol(m.off_simplex, 0.3505743614000591, 1e-12);
}
END_TEST

START_TEST(two_sides_have_only_their_tolerance)
{
    const ct_measures m = measured(X, X, 14, 3, LABEL, NULL);
    ck_assert_double_eq_tol(m.tolerance[1], 0.3923935780588636, 1e-12);
    ck_assert(isnan(m.between_cosine) && isnan(m.precision_at_1) && isnan(m.supervised_loss));
}
END_TEST

START_TEST(one_group_or_nobody_in_common_says_nothing)
{
    static const int ONE[14] = {0}, NONE[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    for (int k = 0; k < 2; k++) {
        const ct_measures m = measured(X, NULL, 14, 3, k == 0 ? ONE : NONE, NULL);
        ck_assert(isnan(m.tolerance[0]) == (k == 1));
        ck_assert(isnan(m.between_cosine) && isnan(m.precision_at_1) && isnan(m.knn_accuracy));
        ck_assert(isnan(m.violated_triplets) && isnan(m.supervised_loss));
        ck_assert(isnan(m.class_variance) && isnan(m.off_simplex));
    }
}
END_TEST

/* Ties count against the model. */
START_TEST(equal_rows_find_nobody)
{
    ct_real x[14 * 3];
    for (int i = 0; i < 14 * 3; i++)
        x[i] = (ct_real)(i % 3 + 1);
    const ct_measures m = measured(x, NULL, 14, 3, LABEL, NULL);
    ck_assert(m.precision_at_1 == 0 && m.knn_accuracy == 0 && m.violated_triplets == 1);
    ck_assert_double_eq_tol(m.supervised_loss, log(13), 1e-5);
    ck_assert_double_eq_tol(m.between_cosine, 1, 1e-6);
    ck_assert(isnan(m.class_variance)); /* no difference between groups to hold it against */
}
END_TEST

/* More rows than are compared at a time. */
START_TEST(groups_apart_are_found_in_many_rows)
{
    enum { MANY = 150, WIDE = 4 };
    ct_real x[MANY * WIDE] = {0};
    int label[MANY];
    for (int i = 0; i < MANY; i++) {
        label[i] = i % 3;
        x[i * WIDE + i % 3] = 1;
        x[i * WIDE + 3] = (ct_real)i / (4 * MANY);
    }
    const ct_measures m = measured(x, NULL, MANY, WIDE, label, NULL);
    ck_assert(m.precision_at_1 == 1 && m.knn_accuracy == 1 && m.violated_triplets == 0);
}
END_TEST

enum { CLASSES = 6, EACH = 8, N = CLASSES * EACH };

/* Rows at the corners of a simplex, and off them by normal numbers times `noise`. */
static void at_simplex(ct_real *x, int *label, double noise)
{
    ct_real *off = random_reals(N * CLASSES, 5);
    for (int i = 0; i < N * CLASSES; i++) {
        const int row = i / CLASSES;
        label[row] = row % CLASSES;
        x[i] = (ct_real)((label[row] == i % CLASSES) - 1.0 / CLASSES + noise * (double)off[i]);
    }
    free(off);
}

START_TEST(a_simplex_of_classes_is_neural_collapse)
{
    ct_real x[N * CLASSES];
    int label[N];
    at_simplex(x, label, 0);
    const ct_measures m = measured(x, NULL, N, CLASSES, label, NULL);
    ck_assert(m.precision_at_1 == 1 && m.knn_accuracy == 1 && m.violated_triplets == 0);
    ck_assert_double_eq_tol(m.precision_by_chance, (EACH - 1) / (N - 1.), 1e-14);
    ck_assert_double_eq_tol(m.tolerance[0], 1, 1e-12);
    ck_assert_double_eq_tol(m.between_cosine, -1. / (CLASSES - 1), 1e-6);
    ck_assert_double_eq_tol(m.supervised_loss, log(EACH - 1), 1e-4);
    ck_assert_double_lt(m.class_variance, 1e-6);
    ck_assert_double_lt(m.off_simplex, 1e-6);
}
END_TEST

static ct_state state_of(const ct_real *x, const int *label, ct_diagnosis *d)
{
    ct_device *dev = one_thread();
    *d = (ct_diagnosis){.loss = (double)NAN};
    CK_OK(ct_diagnose(&(ct_embedded){x, NULL, N, CLASSES, label, dev, NULL, NULL}, d, &err));
    ct_device_free(dev);
    return d->state;
}

static bool says(const ct_diagnosis *d, const char *what)
{
    for (int i = 0; i < d->n_evidence; i++)
        if (strstr(d->evidence[i], what) != NULL)
            return true;
    return false;
}

START_TEST(classes_that_find_each_other_are_healthy)
{
    static ct_diagnosis d;
    ct_real x[N * CLASSES];
    int label[N];
    at_simplex(x, label, 0); /* five directions, and 42 rows that are there twice */
    ck_assert_int_eq(state_of(x, label, &d), CT_HEALTHY);
    ck_assert(says(&d, "1.000 (by chance 0.149)") && says(&d, "supervised contrastive loss 1.94"));
    ck_assert(says(&d, "0.000 off a simplex"));
    ck_assert(strstr(d.text.meaning, "rows of a group find each other") != NULL);
    at_simplex(x, label, 0.1);
    ck_assert_int_eq(state_of(x, label, &d), CT_HEALTHY);
    at_simplex(x, label, 0.7); /* the nearest is of the class for 20 of 48 rows */
    ck_assert_int_eq(state_of(x, label, &d), CT_UNCERTAIN);
    ck_assert(says(&d, "labels show, but weakly"));
    at_simplex(x, label, 0.1);
    for (int i = 0; i < N; i++)
        label[i] = i / EACH; /* of nothing: every class has rows of each corner */
    ck_assert_int_eq(state_of(x, label, &d), CT_UNALIGNED);
    ck_assert(says(&d, "labels do not show"));
    for (int i = 0; i < N * CLASSES; i++)
        x[i] = 1;
    ck_assert_int_eq(state_of(x, label, &d), CT_COLLAPSED);
}
END_TEST

/* Counts and sums do not depend on who computes them. */
START_TEST(every_device_counts_the_same)
{
    enum { ROWS = 400, D = 9 };
    ct_real *x = random_reals(ROWS * D, 3);
    int label[ROWS];
    ct_measures first, m;
    for (int i = 0; i < ROWS; i++)
        label[i] = i * i % 31;
    for (int k = 0; k < N_DEVICES; k++) {
        ct_device *dev = device_of(k);
        if (dev == NULL)
            continue;
        CK_OK(ct_measure(&(ct_embedded){x, NULL, ROWS, D, label, dev, NULL, NULL},
                         k == 0 ? &first : &m, NULL, &err));
        ct_device_free(dev);
        if (k > 0)
            ck_assert(m.precision_at_1 == first.precision_at_1 &&
                      m.knn_accuracy == first.knn_accuracy &&
                      m.violated_triplets == first.violated_triplets &&
                      m.supervised_loss == first.supervised_loss);
    }
    free(x);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    ct_device *dev = one_thread();
    const ct_embedded e = {.a = X, .n = 14, .d = 3, .group = LABEL, .device = dev};
    ct_measures m = {.precision_at_1 = 7};
    ct_status status;
    long n = 0;
    do {
        ct_error err = {0};
        ct_alloc_fail_at(n++);
        status = ct_measure(&e, &m, NULL, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(status == CT_OK || (status == CT_ERR_NOMEM && err.msg[0] != '\0'), "%s",
                      err.msg);
        ck_assert((m.precision_at_1 == 7) == (status != CT_OK));
    } while (status != CT_OK);
    ck_assert_int_gt(n, 2);
    ct_device_free(dev);
}
END_TEST

TCase *labels_case(void)
{
    TCase *tc = tcase_create("labels");
    tcase_set_timeout(tc, 60); /* for valgrind */
    add_tests(tc, numbers_of_numpy, two_sides_have_only_their_tolerance,
              one_group_or_nobody_in_common_says_nothing, equal_rows_find_nobody,
              groups_apart_are_found_in_many_rows, a_simplex_of_classes_is_neural_collapse,
              classes_that_find_each_other_are_healthy, every_device_counts_the_same,
              every_failed_allocation_is_reported);
    return tc;
}
