/* test_tower.c -- an MLP and a text tower worked by hand. */
#include "contrast/models.h"
#include "suites.h"
#include "testing.h"

static void set(ct_params *p, const char *name, const double *x)
{
    ct_param *q = ct_params_find(p, name);
    ck_assert_msg(q != NULL, "no parameter %s", name);
    for (int i = 0; i < q->rows * q->cols; i++)
        q->x[i] = (ct_real)x[i];
}

/* x = (1, 2): z = (1 + 4 - 1, -1 - 2) = (4, -3), relu (4, 0), then 3 * 4 + 0 - 20 = -8. The last
 * activation is another one: none keeps -8, relu makes 0. */
START_TEST(mlp_works_as_by_hand)
{
    for (int last = 0; last < 2; last++) {
        ct_params p;
        ct_graph g;
        const ct_mlp_config c = {.in = 2,
                                 .widths = {2, 1},
                                 .n_layers = 2,
                                 .activation = CT_ACT_RELU,
                                 .last_activation = last ? CT_ACT_RELU : CT_ACT_NONE};
        ct_params_init(&p);
        const ct_mlp m = ct_mlp_declare(&p, "m", &c);
        ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
        set(&p, "m.0.weight", (double[]){1, 2, -1, -1});
        set(&p, "m.0.bias", (double[]){-1, 0});
        set(&p, "m.1.weight", (double[]){3, 5});
        set(&p, "m.1.bias", (double[]){-20});
        open_graph(&g);
        ck_values(ct_mlp_apply(&g, &p, &m, ct_constant(&g, 1, 2, (ct_real[]){1, 2})), 1, 1,
                  last ? 0 : -8);
        close_graph(&g);
        ct_params_free(&p);
    }
}
END_TEST

/* Means of table rows (1, 2), (3, 4), (5, 6), through the weight (1, 10) and the bias 0.5; an
 * empty bag is a row of zeros, so only the bias is left. */
START_TEST(text_tower_works_as_by_hand)
{
    ct_params p;
    ct_graph g;
    ct_tower_config c = {.mlp = {.in = 2, .widths = {1}, .n_layers = 1},
                         .buckets = 3,
                         .bag_dim = 2};
    ct_params_init(&p);
    const ct_tower t = ct_tower_declare(&p, "text", &c);
    ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
    set(&p, "text.embedding.weight", (double[]){1, 2, 3, 4, 5, 6});
    set(&p, "text.0.weight", (double[]){1, 10});
    set(&p, "text.0.bias", (double[]){0.5});
    const int offset[] = {0, 1, 1, 4}, id[] = {2, 0, 0, 1};
    const ct_batch_side in = {.n = 3, .offset = offset, .id = id};
    open_graph(&g);
    ck_values(ct_tower_apply(&g, &p, &t, &in), 3, 1, 5 + 60 + 0.5, 0.5, (5 + 80) / 3.0 + 0.5);
    close_graph(&g);
    ct_params_free(&p);
}
END_TEST

TCase *tower_case(void)
{
    TCase *tc = tcase_create("tower");
    add_tests(tc, mlp_works_as_by_hand, text_tower_works_as_by_hand);
    return tc;
}
