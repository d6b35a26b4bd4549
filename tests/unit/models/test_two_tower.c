/* test_two_tower.c -- the whole model: its parameters, its gradient against
 * differences, dropout, the logit scale, and what it must refuse. Its parts by
 * hand: test_tower.c. */
#include "contrast/models.h"
#include "contrast/optim.h"
#include "platform/memory.h"
#include "suites.h"
#include "testing.h"

#include <signal.h>
#include <string.h>

/* ---- helpers ---- */

/* A small model with everything in it: image 5 -> 4 -> 3, text bags over a table
 * (7, 4) -> 6 -> 3; smooth activations, for differences. */
static ct_two_tower_config small(void)
{
    ct_two_tower_config c = {.temperature = 0.5, .learn_scale = true};
    c.side[0].mlp = (ct_mlp_config){.in = 5,
                                    .widths = {4, 3},
                                    .n_layers = 2,
                                    .activation = CT_ACT_GELU};
    c.side[1].mlp = (ct_mlp_config){.in = 4,
                                    .widths = {6, 3},
                                    .n_layers = 2,
                                    .activation = CT_ACT_TANH};
    c.side[0].mlp.init = c.side[1].mlp.init = CT_INIT_CONE;
    c.side[1].buckets = 7;
    c.side[1].bag_dim = 4;
    return c;
}

static void init(ct_two_tower *m, const ct_two_tower_config *c, uint64_t seed)
{
    ct_error err = {0};
    ck_assert_msg(ct_two_tower_init(m, c, seed, &err) == CT_OK, "%s", err.msg);
}

/* Three images, and three bags: two ids, none, and one id three times. */
static ct_real IMAGES[15];
static const int OFFSET[] = {0, 2, 2, 5}, ID[] = {6, 0, 3, 3, 3};
static const ct_batch_side IMAGE_SIDE = {.n = 3, .x = IMAGES};
static const ct_batch_side TEXT_SIDE = {.n = 3, .offset = OFFSET, .id = ID};

static void fill_images(void)
{
    fill(IMAGES, 15, 3, -1, 1);
}

/* A scalar for each pair of rows that needs all of the model: scale times cosine. */
static ct_tensor *logits(ct_graph *g, ct_two_tower *m)
{
    ct_tensor *a = ct_normalize_rows(g, ct_two_tower_embed(g, m, 0, &IMAGE_SIDE), CT_NORM_EPS);
    ct_tensor *b = ct_normalize_rows(g, ct_two_tower_embed(g, m, 1, &TEXT_SIDE), CT_NORM_EPS);
    return ct_scale_by(g, ct_matmul_nt(g, a, b), ct_exp(g, ct_two_tower_log_scale(g, m)));
}

static const ct_real SEED[9] = {1,  (ct_real)-0.5, (ct_real)0.25,   2,
                                -1, (ct_real)0.75, (ct_real)-0.375, 1,
                                3};

/* ---- names and shapes ---- */

START_TEST(parameters_have_names_of_pytorch)
{
    const struct {
        const char *name;
        int rows, cols, decay;
        ct_init init;
    } want[] = {
        {"image.0.weight", 4, 5, 1, CT_INIT_CONE},
        {"image.0.bias", 1, 4, 0, CT_INIT_CONE},
        {"image.1.weight", 3, 4, 1, CT_INIT_CONE},
        {"image.1.bias", 1, 3, 0, CT_INIT_CONE},
        {"text.embedding.weight", 7, 4, 1, CT_INIT_NORMAL},
        {"text.0.weight", 6, 4, 1, CT_INIT_CONE},
        {"text.0.bias", 1, 6, 0, CT_INIT_CONE},
        {"text.1.weight", 3, 6, 1, CT_INIT_CONE},
        {"text.1.bias", 1, 3, 0, CT_INIT_CONE},
        {"logit_scale", 1, 1, 0, CT_INIT_ZERO},
    };
    const ct_two_tower_config c = small();
    ct_two_tower m;
    init(&m, &c, 1);
    ck_assert_int_eq(m.params.n, COUNT(want));
    for (int k = 0; k < COUNT(want); k++) {
        const ct_param *q = &m.params.list[k];
        ck_assert_str_eq(q->name, want[k].name);
        ck_assert(q->rows == want[k].rows && q->cols == want[k].cols);
        ck_assert(q->decay == want[k].decay && q->init == want[k].init);
    }
    ck_assert_uint_eq(m.params.n_decay, 32 + 16 + 32 + 32 + 32);
    ct_two_tower_free(&m);
}
END_TEST

START_TEST(both_sides_end_in_the_same_width)
{
    const ct_two_tower_config c = small();
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 1);
    open_graph(&g);
    for (int side = 0; side < 2; side++) {
        const ct_tensor *y = ct_two_tower_embed(&g, &m, side, side == 0 ? &IMAGE_SIDE : &TEXT_SIDE);
        ck_assert_ptr_nonnull(y);
        ck_assert(y->rows == 3 && y->cols == 3);
    }
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

START_TEST(tower_without_layers_gives_its_input)
{
    ct_two_tower_config c = {.temperature = 1};
    c.side[0].mlp.in = c.side[1].mlp.in = c.side[1].bag_dim = 5;
    c.side[1].buckets = 7;
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 1);
    open_graph(&g);
    const ct_tensor *image = ct_two_tower_embed(&g, &m, 0, &IMAGE_SIDE);
    ck_assert(image->rows == 3 && image->cols == 5 && same_bits(image->x, IMAGES, 15));
    const ct_tensor *text = ct_two_tower_embed(&g, &m, 1, &TEXT_SIDE);
    const ct_real *table = ct_params_find(&m.params, "text.embedding.weight")->x;
    for (int j = 0; j < 5; j++)
        ck_close(text->x[j], ((double)table[6 * 5 + j] + (double)table[j]) / 2,
                 4 * (double)REAL_EPS);
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

/* ---- gradients ---- */

static double project(ct_two_tower *m, ct_graph *g)
{
    const ct_tensor *y = logits(g, m);
    double sum = 0;
    for (int i = 0; i < 9; i++)
        sum += (double)SEED[i] * (double)y->x[i];
    ct_graph_reset(g);
    return sum;
}

/* All parameters lie in one array, so one loop moves each of them, the scale too. */
START_TEST(gradient_of_the_whole_model_matches_differences)
{
    const bool strict = sizeof(ct_real) == sizeof(double);
    const double h = strict ? 1e-5 : 1e-2, tol = strict ? 1e-8 : 2e-3;
    const ct_two_tower_config c = small();
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 2);
    open_graph(&g);
    ct_backward(&g, logits(&g, &m), SEED);
    ct_graph_reset(&g);
    for (int k = 0; k < m.params.n; k++) {
        const ct_param *q = &m.params.list[k];
        double norm = 0;
        for (int i = 0; i < q->rows * q->cols; i++) {
            const ct_real x = q->x[i], up = x + (ct_real)h, down = x - (ct_real)h;
            q->x[i] = up;
            const double high = project(&m, &g);
            q->x[i] = down;
            const double low = project(&m, &g), slope = (high - low) / ((double)up - (double)down);
            q->x[i] = x;
            ck_assert_msg(fabs((double)q->dx[i] - slope) <= tol * (1 + fabs(slope)),
                          "%s[%d]: backward %.9g, difference %.9g", q->name, i, (double)q->dx[i],
                          slope);
            norm += slope * slope;
        }
        ck_assert_msg(norm > 1e-4, "%s has no gradient: the test proves nothing", q->name);
    }
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

START_TEST(only_the_tower_that_was_used_gets_gradients)
{
    const ct_two_tower_config c = small();
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 2);
    open_graph(&g);
    ct_backward(&g, ct_two_tower_embed(&g, &m, 1, &TEXT_SIDE), SEED);
    for (int k = 0; k < m.params.n; k++) {
        const ct_param *q = &m.params.list[k];
        double sum = 0;
        for (int i = 0; i < q->rows * q->cols; i++)
            sum += fabs((double)q->dx[i]);
        ck_assert_msg((sum > 0) == (strncmp(q->name, "text.", 5) == 0), "%s: %g", q->name, sum);
    }
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

/* ---- dropout ---- */

START_TEST(dropout_acts_between_layers_while_training)
{
    ct_two_tower_config c = small(), without = small();
    c.side[0].mlp.dropout = 0.5;
    ct_two_tower m, plain;
    ct_graph g;
    init(&m, &c, 4);
    init(&plain, &without, 4);
    open_graph(&g);
    const ct_tensor *reference = ct_two_tower_embed(&g, &plain, 0, &IMAGE_SIDE);
    ck_assert(same_bits(ct_two_tower_embed(&g, &m, 0, &IMAGE_SIDE)->x, reference->x, 9));
    g.training = true;
    const ct_tensor *y = ct_two_tower_embed(&g, &m, 0, &IMAGE_SIDE);
    ck_assert(!same_bits(y->x, reference->x, 9));
    for (int i = 0; i < 9; i++)
        ck_assert(y->x[i] != 0); /* the embedding itself has no holes */
    ck_assert_uint_eq(g.n_drops, 1);
    close_graph(&g);
    ct_two_tower_free(&m);
    ct_two_tower_free(&plain);
}
END_TEST

START_TEST(dropout_has_no_place_in_one_layer)
{
    ct_two_tower_config c = small();
    c.side[0].mlp.n_layers = 1;
    c.side[0].mlp.widths[0] = 3;
    c.side[0].mlp.dropout = 0.9;
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 4);
    open_graph(&g);
    const ct_tensor *calm = ct_two_tower_embed(&g, &m, 0, &IMAGE_SIDE);
    g.training = true;
    ck_assert(same_bits(ct_two_tower_embed(&g, &m, 0, &IMAGE_SIDE)->x, calm->x, 9));
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

/* ---- the same bits ---- */

/* A new model after ten steps. */
static void train(ct_device *dev, uint64_t seed, const ct_optim_config *oc,
                  const ct_two_tower_config *c, ct_two_tower *m)
{
    ct_graph g;
    ct_optim o;
    init(m, c, seed);
    ct_graph_init(&g, dev, 0);
    g.training = true;
    g.seed = seed;
    ck_assert_int_eq(ct_optim_init(&o, oc, m->params.size, CT_IGNORE_ERROR), CT_OK);
    for (g.step = 0; g.step < 10; g.step++) {
        ct_graph_reset(&g);
        ct_params_zero_grad(&m->params);
        ct_backward(&g, logits(&g, m), SEED);
        ck_assert_ptr_null(ct_graph_error(&g));
        ct_optim_step(&o, dev, m->params.x, m->params.dx, m->params.n_decay, 0.05);
        ct_two_tower_clamp(m);
    }
    ct_optim_free(&o);
    ct_graph_free(&g);
}

START_TEST(same_seed_trains_to_the_same_bits_on_every_device)
{
    ct_two_tower_config c = small();
    ct_optim_config oc = ct_optim_defaults(CT_ADAMW);
    ct_device *dev[MAX_DEVICES];
    const int n = open_devices(dev);
    ct_two_tower first, m;
    c.side[0].mlp.dropout = 0.25;
    oc.weight_decay = 0.1;
    train(dev[0], 5, &oc, &c, &first);
    for (int k = 0; k < n; k++) {
        train(dev[k], 5, &oc, &c, &m);
        ck_same_on(dev[k], m.params.x, first.params.x, m.params.size);
        ct_two_tower_free(&m);
    }
    train(dev[0], 6, &oc, &c, &m);
    ck_assert(!same_bits(m.params.x, first.params.x, 16));
    ct_two_tower_free(&m);
    ct_two_tower_free(&first);
    close_devices(dev, n);
}
END_TEST

START_TEST(gaps_between_parameters_stay_zero_in_training)
{
    const ct_two_tower_config c = small();
    ct_optim_config oc = ct_optim_defaults(_i == 0 ? CT_SGD : CT_ADAMW);
    ct_two_tower m;
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    oc.weight_decay = 0.1;
    train(dev, 7, &oc, &c, &m);
    for (int k = 0; k < m.params.n; k++) {
        const ct_param *q = &m.params.list[k];
        const int size = q->rows * q->cols;
        for (int i = size; i % 16 != 0; i++)
            ck_assert(q->x[i] == 0 && q->dx[i] == 0);
    }
    ct_two_tower_free(&m);
    ct_device_free(dev);
}
END_TEST

/* ---- the logit scale ---- */

START_TEST(scale_begins_at_the_temperature)
{
    ct_two_tower_config c = small();
    ct_graph g;
    open_graph(&g);
    const double temperature[] = {0.07, 1, 0.001, 4},
                 log_scale[] = {CT_LOG_SCALE_INIT, 0, 6.907755278982137, -1.3862943611198906};
    for (int k = 0; k < 4; k++) {
        ct_two_tower m;
        c.temperature = temperature[k];
        init(&m, &c, 1);
        ck_close(ct_two_tower_log_scale(&g, &m)->x[0], log_scale[k], 8 * (double)REAL_EPS);
        ct_two_tower_free(&m);
    }
    close_graph(&g);
}
END_TEST

START_TEST(fixed_scale_stays_and_a_learned_one_moves)
{
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    for (int kind = CT_SGD; kind <= CT_ADAMW; kind++)
        for (int learn = 0; learn < 2; learn++) {
            ct_two_tower_config c = small();
            ct_optim_config oc = ct_optim_defaults((ct_optim_kind)kind);
            ct_two_tower m;
            c.learn_scale = learn;
            c.temperature = 0.001; /* above the clamp, which is for learned scales alone */
            oc.weight_decay = 0.1;
            oc.momentum = 0.9;
            train(dev, 8, &oc, &c, &m);
            const double s = (double)m.params.list[m.log_scale].x[0];
            if (learn)
                ck_assert_msg(s <= CT_LOG_SCALE_MAX + 1e-6, "%g", s);
            else
                ck_close(s, (double)(ct_real)6.907755278982137, 0);
            ct_two_tower_free(&m);
        }
    ct_device_free(dev);
}
END_TEST

START_TEST(fixed_scale_wants_no_gradient)
{
    ct_two_tower_config c = small();
    ct_graph g;
    open_graph(&g);
    for (int learn = 0; learn < 2; learn++) {
        ct_two_tower m;
        c.learn_scale = learn;
        init(&m, &c, 1);
        const ct_tensor *s = ct_two_tower_log_scale(&g, &m);
        ck_assert(s->rows == 1 && s->cols == 1 && s->needs_grad == (bool)learn);
        ct_backward(&g, logits(&g, &m), SEED);
        ck_assert((m.params.list[m.log_scale].dx[0] != 0) == learn);
        ct_graph_reset(&g);
        ct_two_tower_free(&m);
    }
    close_graph(&g);
}
END_TEST

START_TEST(clamp_keeps_a_learned_scale_in_range)
{
    const struct {
        double before, learned;
    } cases[] = {{-0.5, 0},
                 {0, 0},
                 {2.5, 2.5},
                 {4.5, 4.5},
                 {4.75, CT_LOG_SCALE_MAX},
                 {50, CT_LOG_SCALE_MAX}};
    ct_two_tower_config c = small();
    for (int learn = 0; learn < 2; learn++) {
        ct_two_tower m;
        c.learn_scale = learn;
        init(&m, &c, 1);
        ct_real *s = m.params.list[m.log_scale].x;
        for (int k = 0; k < COUNT(cases); k++) {
            *s = (ct_real)cases[k].before;
            ct_two_tower_clamp(&m);
            ck_close(*s, (ct_real)(learn ? cases[k].learned : cases[k].before), 0);
        }
        *s = (ct_real)NAN; /* a diverged scale must be seen */
        ct_two_tower_clamp(&m);
        ck_assert(isnan(*s));
        ct_two_tower_free(&m);
    }
}
END_TEST

/* ---- what it refuses ---- */

enum { N_SPOILS = 11 };

static void spoil(ct_two_tower_config *c, int how)
{
    switch (how) {
    case 0: c->side[0].mlp.n_layers = CT_MAX_LAYERS + 2; break;
    case 1: c->side[1].mlp.n_layers = -1; break;
    case 2: c->side[0].mlp.in = 0; break;
    case 3: c->side[1].mlp.widths[0] = 0; break;
    case 4: c->side[0].mlp.widths[1] = -3; break;
    case 5: c->side[1].bag_dim = 9; break;
    case 6: c->side[1].mlp.dropout = 1; break;
    case 7: c->side[0].mlp.dropout = (double)NAN; break;
    case 8: c->temperature = 0; break;
    case 9: c->temperature = (double)INFINITY; break;
    default: c->temperature = (double)NAN; break;
    }
}

/* A recipe's table refuses these by name; here they are bugs of a caller. */
START_TEST(wrong_setting_is_a_bug)
{
    ct_two_tower_config c = small();
    ct_two_tower m;
    spoil(&c, _i);
    ct_two_tower_init(&m, &c, 1, &(ct_error){0});
}
END_TEST

START_TEST(batch_of_the_wrong_kind_is_refused)
{
    const ct_two_tower_config c = small();
    ct_two_tower m;
    ct_graph g;
    init(&m, &c, 1);
    open_graph(&g);
    ck_assert_ptr_null(ct_two_tower_embed(&g, &m, 0, &TEXT_SIDE));
    ck_graph_fails(&g, CT_ERR_SHAPE,
                   "tower: the batch holds bags of ids, expected rows of numbers");
    ct_graph_reset(&g);
    ck_assert_ptr_null(ct_two_tower_embed(&g, &m, 1, &IMAGE_SIDE));
    ck_graph_fails(&g, CT_ERR_SHAPE,
                   "tower: the batch holds rows of numbers, expected bags of ids");
    ct_graph_reset(&g);
    const ct_batch_side in = {.n = 1, .offset = (int[]){0, 1}, .id = (int[]){7}};
    ck_assert_ptr_null(ct_two_tower_embed(&g, &m, 1, &in));
    ck_graph_fails(&g, CT_ERR_SHAPE, "embedding_bag: id 7");
    close_graph(&g);
    ct_two_tower_free(&m);
}
END_TEST

START_TEST(failed_allocation_is_reported)
{
    const ct_two_tower_config c = small();
    for (int n = 0; n < 2; n++) { /* values and gradients */
        ct_two_tower m;
        ct_error err = {0};
        ct_alloc_fail_at(n);
        ck_assert_int_eq(ct_two_tower_init(&m, &c, 1, &err), CT_ERR_NOMEM);
        ct_alloc_fail_at(-1);
        ck_assert_msg(strncmp(err.msg, "parameters: no memory", 21) == 0, "%s", err.msg);
        ct_two_tower_free(&m);
    }
}
END_TEST

TCase *two_tower_case(void)
{
    TCase *tc = tcase_create("two_tower");
    tcase_set_timeout(tc, 60); /* for valgrind */
    tcase_add_checked_fixture(tc, fill_images, NULL);
    add_tests(tc, parameters_have_names_of_pytorch, both_sides_end_in_the_same_width,
              tower_without_layers_gives_its_input, gradient_of_the_whole_model_matches_differences,
              only_the_tower_that_was_used_gets_gradients,
              dropout_acts_between_layers_while_training, dropout_has_no_place_in_one_layer,
              same_seed_trains_to_the_same_bits_on_every_device);
    tcase_add_loop_test(tc, gaps_between_parameters_stay_zero_in_training, 0, 2);
    add_tests(tc, scale_begins_at_the_temperature, fixed_scale_stays_and_a_learned_one_moves,
              fixed_scale_wants_no_gradient, clamp_keeps_a_learned_scale_in_range);
    if (forking())
        tcase_add_loop_test_raise_signal(tc, wrong_setting_is_a_bug, SIGABRT, 0, N_SPOILS);
    add_tests(tc, batch_of_the_wrong_kind_is_refused, failed_allocation_is_reported);
    return tc;
}
