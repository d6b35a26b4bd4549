/* test_params.c -- where parameters lie, who finds them, and the linear layer
 * made of them. What values they begin with: test_init.c. */
#include "contrast/nn.h"
#include "platform/memory.h"
#include "suites.h"
#include "testing.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Declared in mixed order: number 0 and 2 do not decay, 1 and 3 do. */
static void declare_four(ct_params *p)
{
    ct_params_init(p);
    ck_assert_int_eq(ct_params_declare(p, "first.bias", 1, 3, CT_INIT_NORMAL, 1, false), 0);
    ck_assert_int_eq(ct_params_declare(p, "first.weight", 5, 7, CT_INIT_NORMAL, 7, true), 1);
    ck_assert_int_eq(ct_params_declare(p, "scale", 1, 1, CT_INIT_NORMAL, 1, false), 2);
    ck_assert_int_eq(ct_params_declare(p, "table", 4, 16, CT_INIT_NORMAL, 16, true), 3);
}

static void build_four(ct_params *p)
{
    declare_four(p);
    ck_assert_int_eq(ct_params_build(p, 7, CT_IGNORE_ERROR), CT_OK);
}

START_TEST(decayed_parameters_come_first)
{
    ct_params p;
    build_four(&p);
    ck_assert_uint_eq(p.n_decay, 48 + 64); /* 35 -> 48, 64 -> 64 */
    ck_assert_uint_eq(p.size, 48 + 64 + 16 + 16);
    const ptrdiff_t begin[] = {112, 0, 128, 48};
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(p.list[k].x - p.x, begin[k]);
        ck_assert_int_eq(p.list[k].dx - p.dx, begin[k]);
    }
    ct_params_free(&p);
}
END_TEST

START_TEST(arrays_are_aligned_to_64_bytes)
{
    ct_params p;
    build_four(&p);
    for (int k = 0; k < p.n; k++) {
        ck_assert_uint_eq((uintptr_t)p.list[k].x % 64, 0);
        ck_assert_uint_eq((uintptr_t)p.list[k].dx % 64, 0);
    }
    ct_params_free(&p);
}
END_TEST

START_TEST(gaps_and_gradients_begin_at_zero)
{
    ct_params p;
    build_four(&p);
    const int used[] = {3, 35, 1, 64}, padded[] = {16, 48, 16, 64};
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < used[k]; i++)
            ck_assert(p.list[k].x[i] != 0);
        for (int i = used[k]; i < padded[k]; i++)
            ck_assert(p.list[k].x[i] == 0);
    }
    for (size_t i = 0; i < p.size; i++)
        ck_assert(p.dx[i] == 0);
    ct_params_free(&p);
}
END_TEST

START_TEST(all_decayed_or_none_is_fine)
{
    for (int decay = 0; decay < 2; decay++) {
        ct_params p;
        ct_params_init(&p);
        ct_params_declare(&p, "one", 2, 8, CT_INIT_ZERO, 1, decay);
        ct_params_declare(&p, "two", 1, 1, CT_INIT_ZERO, 1, decay);
        ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
        ck_assert_uint_eq(p.size, 32);
        ck_assert_uint_eq(p.n_decay, decay ? 32 : 0);
        ct_params_free(&p);
    }
}
END_TEST

START_TEST(parameters_are_found_by_name)
{
    ct_params p;
    declare_four(&p);
    ck_assert_ptr_eq(ct_params_find(&p, "first.bias"), &p.list[0]);
    ck_assert_ptr_eq(ct_params_find(&p, "table"), &p.list[3]);
    ck_assert_ptr_null(ct_params_find(&p, "tab"));
    ck_assert_ptr_null(ct_params_find(&p, ""));
    ct_params_free(&p);
    ck_assert_ptr_null(ct_params_find(&p, "table"));
}
END_TEST

START_TEST(there_is_room_for_the_most_parameters)
{
    ct_params p;
    ct_params_init(&p);
    for (int k = 0; k < CT_MAX_PARAMS; k++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", k);
        ck_assert_int_eq(ct_params_declare(&p, name, 1, 1, CT_INIT_ZERO, 1, k % 2 == 0), k);
    }
    ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
    ck_assert_uint_eq(p.size, 16 * CT_MAX_PARAMS);
    ct_params_free(&p);
}
END_TEST

START_TEST(backward_adds_to_a_parameter_until_it_is_cleared)
{
    ct_params p;
    ct_graph g;
    build_four(&p);
    open_graph(&g);
    for (int pass = 1; pass <= 2; pass++) { /* d/dx of <(10, 20, 30), 2 x> */
        ct_tensor *x = ct_params_tensor(&g, &p, 0);
        ck_assert_str_eq(x->name, "first.bias");
        ck_assert_ptr_eq(x->x, p.list[0].x);
        ct_backward(&g, ct_scale(&g, x, 2), (ct_real[]){10, 20, 30});
        for (int i = 0; i < 3; i++)
            ck_close(p.list[0].dx[i], pass * 20 * (i + 1), 0);
        ct_graph_reset(&g);
    }
    p.list[1].dx[0] = 5;
    ct_params_zero_grad(&p);
    const ct_real *dx = ct_params_gradients(&p);
    for (size_t i = 0; i < p.size; i++)
        ck_assert(dx[i] == 0);
    close_graph(&g);
    ct_params_free(&p);
}
END_TEST

/* After zero_grad nothing is written: what a parameter's dx holds must not be added to, whether the
 * operation sets it (a product) or adds to it (a scale), nor left where no backward comes. */
START_TEST(old_gradients_do_not_stay)
{
    ct_params p;
    ct_graph g;
    build_four(&p);
    open_graph(&g);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < p.size; i++)
            p.dx[i] = 7;
        ct_params_zero_grad(&p);
        ct_tensor *x = ct_params_tensor(&g, &p, 0), *again = ct_params_tensor(&g, &p, 0);
        ct_tensor *y = pass == 0 ? ct_scale(&g, x, 2)
                                 : ct_matmul_nt(&g, ct_leaf(&g, 1, 3, (ct_real[]){2, 2, 2}), x);
        ct_backward(&g, ct_add(&g, ct_mean(&g, y), ct_mean(&g, again)),
                    NULL); /* the parameter twice */
        ct_params_gradients(&p);
        for (int i = 0; i < 3; i++)
            ck_close(p.list[0].dx[i], pass == 0 ? 1 : 2 + 1 / 3.0, 1e-6);
        for (int k = 1; k < p.n; k++)
            for (int i = 0; i < p.list[k].rows * p.list[k].cols; i++)
                ck_assert(p.list[k].dx[i] == 0);
        ct_graph_reset(&g);
    }
    close_graph(&g);
    ct_params_free(&p);
}
END_TEST

START_TEST(linear_layer_declares_a_weight_and_a_bias)
{
    ct_params p;
    ct_params_init(&p);
    ct_linear_layer l = ct_linear_declare(&p, "image.0", 6, 4, CT_ACT_TANH, CT_INIT_HE);
    ck_assert_int_eq(p.n, 2);
    ck_assert_int_eq(l.weight, 0);
    ck_assert_int_eq(l.bias, 1);
    ck_assert_int_eq(l.f, CT_ACT_TANH);
    const ct_param *w = &p.list[0], *b = &p.list[1];
    ck_assert_str_eq(w->name, "image.0.weight");
    ck_assert_str_eq(b->name, "image.0.bias");
    ck_assert(w->rows == 4 && w->cols == 6 && w->fan_in == 6 && w->decay && w->init == CT_INIT_HE);
    ck_assert(b->rows == 1 && b->cols == 4 && b->fan_in == 6 && !b->decay &&
              b->init == CT_INIT_ZERO);
    ct_params_free(&p);
}
END_TEST

/* relu((1, 2) w' + b) with w = (3 -1; -1 -1), b = (0.5, 1): (1.5, 0). Only the first
 * unit is alive: dw = (dy x; 0), db = (dy, 0). */
START_TEST(linear_layer_works_as_by_hand)
{
    ct_params p;
    ct_graph g;
    ct_params_init(&p);
    ct_linear_layer l = ct_linear_declare(&p, "l", 2, 2, CT_ACT_RELU, CT_INIT_HE);
    ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
    memcpy(p.list[l.weight].x, (ct_real[]){3, -1, -1, -1}, 4 * sizeof(ct_real));
    memcpy(p.list[l.bias].x, (ct_real[]){(ct_real)0.5, 1}, 2 * sizeof(ct_real));
    open_graph(&g);
    ct_tensor *y = ct_linear_apply(&g, &p, l, ct_constant(&g, 1, 2, (ct_real[]){1, 2}));
    ck_values(y, 1, 2, 1.5, 0);
    ct_backward(&g, y, (ct_real[]){10, 100});
    const double dw[] = {10, 20, 0, 0}, db[] = {10, 0};
    for (int i = 0; i < 4; i++)
        ck_close(p.list[l.weight].dx[i], dw[i], 0);
    for (int i = 0; i < 2; i++)
        ck_close(p.list[l.bias].dx[i], db[i], 0);
    close_graph(&g);
    ct_params_free(&p);
}
END_TEST

START_TEST(linear_layer_passes_null_through)
{
    ct_params p;
    ct_graph g;
    ct_params_init(&p);
    ct_linear_layer l = ct_linear_declare(&p, "l", 2, 2, CT_ACT_NONE, CT_INIT_HE);
    ck_assert_int_eq(ct_params_build(&p, 1, CT_IGNORE_ERROR), CT_OK);
    open_graph(&g);
    ck_assert_ptr_null(ct_linear_apply(&g, &p, l, NULL));
    ck_assert_ptr_null(ct_linear_apply(&g, &p, l, ct_leaf(&g, 1, 3, NULL)));
    ck_graph_fails(&g, CT_ERR_SHAPE, "linear: x is (1, 3)");
    close_graph(&g);
    ct_params_free(&p);
}
END_TEST

START_TEST(failed_allocation_is_reported)
{
    for (int n = 0; n < 2; n++) {
        ct_params p;
        ct_error err = {0};
        declare_four(&p);
        ct_alloc_fail_at(n);
        ck_assert_int_eq(ct_params_build(&p, 1, &err), CT_ERR_NOMEM);
        ct_alloc_fail_at(-1);
        ck_assert_msg(strstr(err.msg, "parameters: no memory for 144 values") == err.msg, "%s",
                      err.msg);
        ck_assert(p.n == 0 && p.size == 0 && p.x == NULL && p.dx == NULL);
        ct_params_free(&p); /* a second time: harmless */
    }
}
END_TEST

/* Two whose sum overflows in bytes, and five whose sum does in values (64 bit). */
START_TEST(sizes_that_overflow_are_no_memory)
{
    for (int many = 2; many <= 5; many += 3) {
        ct_params p;
        ct_error err = {0};
        ct_params_init(&p);
        for (int k = 0; k < many; k++) {
            const char name[] = {(char)('a' + k), 0};
            ct_params_declare(&p, name, INT_MAX, INT_MAX, CT_INIT_HE, INT_MAX, k % 2 == 0);
        }
        ck_assert_int_eq(ct_params_build(&p, 1, &err), CT_ERR_NOMEM);
        ck_assert_int_eq(err.status, CT_ERR_NOMEM);
    }
}
END_TEST

/* Each breaks one precondition of declare or build. */
START_TEST(broken_precondition_aborts)
{
    const char *const long_name = "123456789.123456789.123456789.123456789.12345678"; /* 48 */
    ct_params p;
    declare_four(&p);
    switch (_i) {
    case 0: ct_params_declare(&p, "table", 1, 1, CT_INIT_ZERO, 1, true); break;
    case 1: ct_params_declare(&p, long_name, 1, 1, CT_INIT_ZERO, 1, true); break;
    case 2: ct_params_declare(&p, "x", 0, 1, CT_INIT_ZERO, 1, true); break;
    case 3: ct_params_declare(&p, "x", 1, -1, CT_INIT_ZERO, 1, true); break;
    case 4: ct_params_declare(&p, "x", 1, 1, CT_INIT_ZERO, 0, true); break;
    case 5: ct_linear_declare(&p, long_name, 1, 1, CT_ACT_NONE, CT_INIT_HE); break;
    case 6:
        p.n = CT_MAX_PARAMS;
        ct_params_declare(&p, "x", 1, 1, CT_INIT_ZERO, 1, true);
        break;
    case 7:
        ct_params_build(&p, 1, CT_IGNORE_ERROR);
        ct_params_declare(&p, "x", 1, 1, CT_INIT_ZERO, 1, true);
        break;
    case 8:
        ct_params_build(&p, 1, CT_IGNORE_ERROR);
        ct_params_build(&p, 1, CT_IGNORE_ERROR);
        break;
    case 9: ct_params_tensor(&(ct_graph){0}, &p, 0); break; /* before build */
    }
}
END_TEST

TCase *params_case(void)
{
    TCase *tc = tcase_create("params");
    add_tests(tc, decayed_parameters_come_first, arrays_are_aligned_to_64_bytes,
              gaps_and_gradients_begin_at_zero, all_decayed_or_none_is_fine,
              parameters_are_found_by_name, there_is_room_for_the_most_parameters,
              backward_adds_to_a_parameter_until_it_is_cleared, old_gradients_do_not_stay,
              linear_layer_declares_a_weight_and_a_bias, linear_layer_works_as_by_hand,
              linear_layer_passes_null_through, failed_allocation_is_reported,
              sizes_that_overflow_are_no_memory);
    if (forking())
        tcase_add_loop_test_raise_signal(tc, broken_precondition_aborts, SIGABRT, 0, 10);
    return tc;
}
