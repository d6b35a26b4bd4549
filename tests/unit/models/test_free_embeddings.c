/* test_free_embeddings.c -- the model without an encoder. */
#include "contrast/models.h"
#include "platform/memory.h"
#include "suites.h"
#include "testing.h"

#include <string.h>

START_TEST(free_embeddings_are_two_independent_normal_tables)
{
    enum { N = 100, D = 30 };
    ct_free_embeddings m;
    ck_assert_int_eq(ct_free_embeddings_init(&m, N, D, 9, CT_IGNORE_ERROR), CT_OK);
    const ct_param *a = ct_params_find(&m.params, "a"), *b = ct_params_find(&m.params, "b");
    ck_assert_ptr_eq(a, &m.params.list[m.a]);
    ck_assert_ptr_eq(b, &m.params.list[m.b]);
    double aa = 0, bb = 0, ab = 0;
    ck_assert(a->rows == N && a->cols == D && b->rows == N && b->cols == D);
    ck_assert_uint_eq(m.params.n_decay, m.params.size);
    for (int i = 0; i < N * D; i++) {
        aa += (double)a->x[i] * (double)a->x[i] / (N * D);
        bb += (double)b->x[i] * (double)b->x[i] / (N * D);
        ab += (double)a->x[i] * (double)b->x[i] / (N * D);
    }
    ck_close(aa, 1, 5 * sqrt(2.0 / (N * D)));
    ck_close(bb, 1, 5 * sqrt(2.0 / (N * D)));
    ck_close(ab, 0, 5 / sqrt(N * D));
    ct_free_embeddings_free(&m);
}
END_TEST

START_TEST(failed_allocation_is_reported)
{
    for (int n = 0; n < 2; n++) { /* values and gradients */
        ct_free_embeddings m;
        ct_error err = {0};
        ct_alloc_fail_at(n);
        ck_assert_int_eq(ct_free_embeddings_init(&m, 3, 4, 1, &err), CT_ERR_NOMEM);
        ct_alloc_fail_at(-1);
        ck_assert_msg(strncmp(err.msg, "parameters: no memory", 21) == 0, "%s", err.msg);
        ct_free_embeddings_free(&m);
    }
}
END_TEST

TCase *free_embeddings_case(void)
{
    TCase *tc = tcase_create("free_embeddings");
    add_tests(tc, free_embeddings_are_two_independent_normal_tables, failed_allocation_is_reported);
    return tc;
}
