/* test_supcon.c -- ct_loss_supcon and ct_loss_supcon_one: NumPy's numbers (and the oracle, in
 * test_losses.c); without groups it is ct_loss_ntxent; two sides are one array of both. */
#include "batch.h"
#include "gradcheck.h"
#include "suites.h"

#include "contrast/ops.h"

#include <string.h>

static batch x;
static outcome y, z;

/* Rows of both sides as one array, in the groups of their pairs. */
static ct_tensor *one_array(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    static int group[2 * BATCH_ROWS];
    ct_loss_inputs both = *in;
    for (int i = 0; i < 2 * a->rows; i++)
        group[i] = in->group != NULL ? in->group[i % a->rows] : i % a->rows;
    both.group = group;
    return ct_loss_supcon_one(g, ct_stack_rows(g, a, b), &both);
}

/* The rows of side a alone. */
static ct_tensor *side_a(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_add(g, ct_loss_supcon_one(g, a, in), ct_scale(g, ct_mean(g, b), 0));
}

static const ct_real A[] = {1, 0, 0, 1, 1, 1, 2, -1}, B[] = {1, 2, 3, -1, 0, 1, -1, -1};

/* Of the formula written out in NumPy, over the 8 rows of both sides or the 4 of a. */
START_TEST(numbers_of_numpy)
{
    static const struct {
        loss_fn loss;
        int group[4];
        double want;
    } CASES[] = {{ct_loss_supcon, {5, 3, 5, 3}, 2.3176103141239732},
                 {ct_loss_supcon, {1, 2, 1, 4}, 2.4264980783809826},
                 {one_array, {5, 3, 5, 3}, 2.3176103141239732},
                 {side_a, {5, 3, 5, 3}, 1.8755578272997564}};
    for (int k = 0; k < COUNT(CASES); k++) {
        batch_zero(&x, 4, 2, 0.5);
        memcpy(x.a, A, sizeof A);
        memcpy(x.b, B, sizeof B);
        x.grouped = true;
        memcpy(x.group, CASES[k].group, sizeof CASES[k].group);
        ck_close(loss_of(CASES[k].loss, &x), CASES[k].want, value_tolerance(&x));
    }
}
END_TEST

START_TEST(without_repeated_groups_it_is_ntxent_to_the_bit)
{
    for (int n = 1; n <= 33; n += 8) {
        batch_random(&x, n, 9, 0.07, (unsigned)n);
        run_loss(ct_loss_ntxent, &x, &z);
        run_loss(ct_loss_supcon, &x, &y);
        check_same_bits(&x, &y, &z);
        x.grouped = true;
        for (int i = 0; i < n; i++)
            x.group[i] = 7 * (n - i);
        run_loss(ct_loss_supcon, &x, &y);
        check_same_bits(&x, &y, &z);
    }
}
END_TEST

START_TEST(two_sides_are_one_array_of_both)
{
    static const int SHAPES[][2] = {{1, 3}, {2, 2}, {5, 4}, {40, 7}, {150, 5}};
    static const double TEMPERATURES[] = {0.05, 0.07, 0.5, 1, 10};
    for (int s = 0; s < COUNT(SHAPES); s++)
        for (int groups = 1; groups <= 7; groups += 3) {
            batch_random(&x, SHAPES[s][0], SHAPES[s][1], TEMPERATURES[s], (unsigned)s);
            x.grouped = true;
            for (int i = 0; i < x.n; i++)
                x.group[i] = -5 * (i * i % groups);
            run_loss(ct_loss_supcon, &x, &y);
            run_loss(one_array, &x, &z);
            check_outcome(&x, &z, &y);
        }
}
END_TEST

/* A row without another of its group is a candidate, and no anchor. */
START_TEST(rows_alone_are_no_anchors)
{
    batch_random(&x, 5, 3, 0.5, 4);
    x.grouped = true;
    memcpy(x.group, (int[]){1, 1, 2, 3, 4}, 5 * sizeof *x.group);
    double want = 0, length[5];
    for (int i = 0; i < 5; i++)
        length[i] = sqrt((double)(x.a[3 * i] * x.a[3 * i] + x.a[3 * i + 1] * x.a[3 * i + 1] +
                                  x.a[3 * i + 2] * x.a[3 * i + 2]));
    for (int i = 0; i < 2; i++) {
        double sum = 0, cosine[5];
        for (int j = 0; j < 5; j++) {
            cosine[j] = 0;
            for (int k = 0; k < 3; k++)
                cosine[j] += (double)(x.a[3 * i + k] * x.a[3 * j + k]) / length[i] / length[j];
            sum += j != i ? exp(cosine[j] / 0.5) : 0;
        }
        want += (log(sum) - cosine[1 - i] / 0.5) / 2;
    }
    ck_close(loss_of(side_a, &x), want, value_tolerance(&x));
    memcpy(x.group, (int[]){1, 5, 2, 3, 4}, 5 * sizeof *x.group); /* nobody has anybody */
    run_loss(side_a, &x, &y);
    ck_assert(y.value == 0 && y.dlog_scale == 0);
    for (int i = 0; i < 15; i++)
        ck_assert(y.da[i] == 0);
}
END_TEST

static ct_tensor *op(ct_graph *g, ct_tensor *const *in, const void *group)
{
    return ct_loss_supcon_one(g, in[0], &(ct_loss_inputs){.log_scale = in[1], .group = group});
}

START_TEST(backward_of_one_array_matches_difference)
{
    static const int GROUPS[][6] = {{0, 0, 1, 2, 1, 0}, {5, 5, 5, 5, 5, 5}, {3, -1, 3, 8, 9, 10}};
    batch_random(&x, 6, 5, 0.7, 41);
    gradcheck_input in[] = {{6, 5, x.a}, {1, 1, &x.log_scale}};
    ck_gradcheck(op, GROUPS[_i], in, 2);
}
END_TEST

/* Each class a corner of a simplex: the best there is of classes of one size (Graf et al. 2021). */
START_TEST(classes_at_a_simplex)
{
    enum { CLASSES = 4, EACH = 3, N = CLASSES * EACH };
    batch_zero(&x, N, CLASSES, 0.3);
    x.grouped = true;
    for (int i = 0; i < N * CLASSES; i++)
        x.a[i] = x.b[i] = (ct_real)((i / CLASSES % CLASSES == i % CLASSES) - 1.0 / CLASSES);
    for (int i = 0; i < N; i++)
        x.group[i] = i % CLASSES;
    const double others = exp(-CLASSES * batch_scale(&x) / (CLASSES - 1));
    run_loss(ct_loss_supcon, &x, &y);
    ck_close(y.value, log(2 * EACH - 1 + 2 * (N - EACH) * others), value_tolerance(&x));
    check_stationary(&x, &y);
    run_loss(side_a, &x, &y);
    ck_close(y.value, log(EACH - 1 + (N - EACH) * others), value_tolerance(&x));
    check_stationary(&x, &y);
}
END_TEST

/* One array has its own way to the sums: the same bits on every device, and no memory is said. */
START_TEST(one_array_has_one_value_everywhere_or_none)
{
    ct_device *dev[MAX_DEVICES];
    const int n_devices = open_devices(dev);
    batch_random(&x, 150, 12, 0.07, 8);
    x.grouped = true;
    for (int i = 0; i < x.n; i++)
        x.group[i] = i % 7;
    for (int k = 0; k < n_devices; k++) {
        ct_graph g;
        ct_graph_init(&g, dev[k], 0);
        run_loss_on(&g, one_array, &x, k == 0 ? &y : &z);
        ct_graph_free(&g);
        if (k > 0)
            check_same_bits(&x, &z, &y);
    }
    for (size_t limit = 1024, fits = 0; fits == 0; limit += 8192) {
        ct_graph g;
        ct_graph_init(&g, dev[0], limit);
        ct_tensor *rows = ct_leaf(&g, x.n, x.d, x.a), *s = ct_leaf(&g, 1, 1, &x.log_scale);
        ct_tensor *loss = ct_loss_supcon_one(&g, rows,
                                             &(ct_loss_inputs){.log_scale = s, .group = x.group});
        ck_assert((loss == NULL) == (ct_graph_error(&g) != NULL));
        fits = loss != NULL;
        ck_assert(fits == 0 || limit > 8192); /* it failed before */
        ct_graph_free(&g);
    }
    close_devices(dev, n_devices);
}
END_TEST

TCase *supcon_case(void)
{
    TCase *tc = tcase_create("supcon");
    tcase_set_timeout(tc, 60);
    add_tests(tc, numbers_of_numpy, without_repeated_groups_it_is_ntxent_to_the_bit,
              two_sides_are_one_array_of_both, rows_alone_are_no_anchors);
    tcase_add_loop_test(tc, backward_of_one_array_matches_difference, 0, 3);
    add_tests(tc, classes_at_a_simplex, one_array_has_one_value_everywhere_or_none);
    return tc;
}
