/* test_both_sides.c -- both towers at once give the bits of one after the other: embeddings,
 * gradients and the list of tensors; and what fails in a branch fails the graph. */
#include "contrast/models.h"
#include "suites.h"
#include "testing.h"

#include <string.h>

/* image 5 -> cols -> 3, or 5 -> 3 in one layer, or 3 in none; text bags over a table (7, 4) -> 6
 * -> 3. */
static ct_two_tower_config dropping(int cols, int layers)
{
    ct_two_tower_config c = {.temperature = 0.5, .learn_scale = true};
    c.side[0].mlp = (ct_mlp_config){.in = layers == 0 ? 3 : 5,
                                    .widths = {layers == 1 ? 3 : cols, 3},
                                    .n_layers = layers};
    c.side[1].mlp = (ct_mlp_config){.in = 4, .widths = {6, 3}, .n_layers = 2};
    c.side[0].mlp.activation = c.side[1].mlp.activation = CT_ACT_TANH;
    c.side[0].mlp.init = c.side[1].mlp.init = CT_INIT_CONE;
    c.side[0].mlp.dropout = c.side[1].mlp.dropout = 0.5;
    c.side[1].buckets = 7;
    c.side[1].bag_dim = 4;
    return c;
}

static void init(ct_two_tower *m, const ct_two_tower_config *c)
{
    ck_assert_int_eq(ct_two_tower_init(m, c, 4, CT_IGNORE_ERROR), CT_OK);
}

static ct_real IMAGES[15], SEED[9];
static const int OFFSET[] = {0, 2, 2, 5}, ID[] = {6, 0, 3, 3, 3};
static const ct_batch_side IN[2] = {{.n = 3, .x = IMAGES}, {.n = 3, .offset = OFFSET, .id = ID}};

static void fill_numbers(void)
{
    fill(IMAGES, 15, 3, -1, 1);
    fill(SEED, 9, 4, -1, 1);
}

typedef struct pass {
    ct_two_tower m;
    ct_real z[2][9];
    int n_tensors;
} pass;

/* A step's embeddings and gradients. */
static void run_pass(pass *p, int threads, int cols, int layers, bool at_once)
{
    const ct_two_tower_config c = dropping(cols, layers);
    ct_device *dev = ct_device_new(threads, NULL, CT_IGNORE_ERROR);
    ct_graph g;
    ct_tensor *z[2];
    init(&p->m, &c);
    ct_graph_init(&g, dev, 0);
    g.training = true;
    ct_params_zero_grad(&p->m.params);
    if (at_once)
        ct_two_tower_embed_both(&g, &p->m, IN, z);
    for (int side = 0; side < 2 && !at_once; side++)
        z[side] = ct_two_tower_embed(&g, &p->m, side, &IN[side]);
    ck_assert_ptr_null(ct_graph_error(&g));
    ct_backward(&g, ct_matmul_nt(&g, z[0], z[1]), SEED);
    ck_assert_ptr_null(ct_graph_error(&g));
    for (int side = 0; side < 2; side++)
        memcpy(p->z[side], z[side]->x, sizeof p->z[side]);
    ct_params_gradients(&p->m.params);
    for (const ct_tensor *t = g.oldest; t != NULL; t = t->newer) {
        p->n_tensors++;
        ck_assert(t->newer == NULL ? t == g.newest : t->newer->older == t);
    }
    ct_graph_free(&g);
    ct_device_free(dev);
}

START_TEST(both_sides_at_once_are_one_side_after_the_other)
{
    const int cols[] = {4, 6, 40, 3, 3}, layers = _i < 3 ? 2 : 4 - _i; /* 4, 40: stems are shared */
    for (int threads = 1; threads <= 3; threads++) {
        pass at_once = {.n_tensors = 0}, in_turn = {.n_tensors = 0};
        run_pass(&at_once, threads, cols[_i], layers, true);
        run_pass(&in_turn, threads, cols[_i], layers, false);
        for (int side = 0; side < 2; side++)
            ck_assert(same_bits(at_once.z[side], in_turn.z[side], 9));
        ck_assert(same_bits(at_once.m.params.dx, in_turn.m.params.dx, in_turn.m.params.size));
        ck_assert_int_eq(at_once.n_tensors, in_turn.n_tensors);
        ct_two_tower_free(&at_once.m);
        ct_two_tower_free(&in_turn.m);
    }
}
END_TEST

/* Wherever memory ends, before the fork or in a branch, the graph says so. */
START_TEST(a_branch_without_memory_fails_the_graph)
{
    const ct_two_tower_config c = dropping(4, 2);
    ct_two_tower m;
    ct_device *dev = ct_device_new(2, NULL, CT_IGNORE_ERROR);
    bool was_short = false, was_enough = false;
    init(&m, &c);
    for (size_t limit = 256; limit < 32768; limit += 256) {
        ct_graph g;
        ct_tensor *z[2];
        ct_graph_init(&g, dev, limit);
        ct_two_tower_embed_both(&g, &m, IN, z);
        const ct_error *e = ct_graph_error(&g);
        ck_assert(e == NULL ? z[0] != NULL && z[1] != NULL : e->status == CT_ERR_NOMEM);
        if (e == NULL)
            ct_backward(&g, ct_matmul_nt(&g, z[0], z[1]), SEED);
        was_short = was_short || ct_graph_error(&g) != NULL;
        was_enough = ct_graph_error(&g) == NULL;
        ct_graph_free(&g);
    }
    ck_assert(was_short && was_enough);
    ct_two_tower_free(&m);
    ct_device_free(dev);
}
END_TEST

TCase *both_sides_case(void)
{
    TCase *tc = tcase_create("both_sides");
    tcase_add_checked_fixture(tc, fill_numbers, NULL);
    tcase_add_loop_test(tc, both_sides_at_once_are_one_side_after_the_other, 0, 5);
    add_tests(tc, a_branch_without_memory_fails_the_graph);
    return tc;
}
