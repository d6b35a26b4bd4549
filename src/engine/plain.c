/* plain.c -- contrastive losses as their formulas read, composed of operations.
 *
 * What a student reads first, and what the fast losses (src/losses) must agree with. Both
 * sides are matrices of one row per item; the temperature multiplies the rows of one side, so
 * that every product below is already z = s / temperature. */
#include "contrast/plain.h"

#include "contrast/ops.h"

/* Rows of unit length, so that products of rows are cosines. */
static ct_tensor *unit(ct_graph *g, ct_tensor *x)
{
    return ct_normalize_rows(g, x, CT_NORM_EPS);
}

/* Rows of length 1/temperature. */
static ct_tensor *sharp(ct_graph *g, ct_tensor *x, ct_tensor *log_scale)
{
    return ct_scale_by(g, unit(g, x), ct_exp(g, log_scale));
}

/* Each row of a is a question, the rows of b are the possible answers, and answer i is right:
 * the mean of ln sum_j e^(a_i . b_j) - a_i . b_i. */
static ct_tensor *cross_entropy(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    ct_tensor *all = ct_lse_rows(g, ct_matmul_nt(g, a, b));
    ct_tensor *right = ct_row_dots(g, a, b);
    return ct_mean(g, ct_sub(g, all, right));
}

ct_tensor *ct_plain_question(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    return cross_entropy(g, unit(g, a), unit(g, b));
}

ct_tensor *ct_plain_infonce(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale)
{
    return cross_entropy(g, sharp(g, a, log_scale), unit(g, b));
}

ct_tensor *ct_plain_clip(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale)
{
    ct_tensor *from_a = ct_plain_infonce(g, a, b, log_scale);
    ct_tensor *from_b = ct_plain_infonce(g, b, a, log_scale);
    return ct_scale(g, ct_add(g, from_a, from_b), (ct_real)0.5);
}

/* Zeros, and on the diagonal a number whose e^x is 0: added to logits, it takes every row out
 * of what it is compared with. */
static ct_tensor *not_oneself(ct_graph *g, int n)
{
    ct_tensor *mask = ct_leaf(g, n, n, NULL);
    for (ptrdiff_t i = 0; mask != NULL && i < n; i++)
        mask->x[i * n + i] = (ct_real)-1e30;
    return mask;
}

ct_tensor *ct_plain_ntxent(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale)
{
    ct_tensor *x = unit(g, ct_stack_rows(g, a, b)), *partner = unit(g, ct_stack_rows(g, b, a));
    ct_tensor *scaled = ct_scale_by(g, x, ct_exp(g, log_scale));
    ct_tensor *z = ct_matmul_nt(g, scaled, x);
    ct_tensor *others = z != NULL ? ct_add(g, z, not_oneself(g, z->rows)) : NULL;
    return ct_mean(g, ct_sub(g, ct_lse_rows(g, others), ct_row_dots(g, scaled, partner)));
}

/* A (rows, cols) tensor of `value`, which is (1, 1). */
static ct_tensor *everywhere(ct_graph *g, int rows, int cols, ct_tensor *value)
{
    ct_tensor *ones = ct_leaf(g, rows, cols, NULL);
    return ct_scale_by(g, ct_exp(g, ones), value); /* e^0 = 1 */
}

/* Every cell is a yes-or-no question of its own. A pair costs ln(1 + e^-x), which is
 * ln(1 + e^x) - x: so all cells cost ln(1 + e^x), and pairs have their x back. */
ct_tensor *ct_plain_siglip(ct_graph *g, ct_tensor *a, ct_tensor *b, ct_tensor *log_scale,
                           ct_tensor *bias)
{
    if (a == NULL || b == NULL)
        return NULL;
    const int n = a->rows;
    ct_tensor *left = sharp(g, a, log_scale), *right = unit(g, b);
    ct_tensor *x = ct_add(g, ct_matmul_nt(g, left, right), everywhere(g, n, b->rows, bias));
    ct_tensor *pairs = ct_add(g, ct_row_dots(g, left, right), everywhere(g, n, 1, bias));
    ct_tensor *cells = ct_scale(g, ct_mean(g, ct_softplus(g, x)), (ct_real)n);
    return ct_sub(g, cells, ct_mean(g, pairs));
}

ct_tensor *ct_plain_positives(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    ct_tensor *one = ct_leaf(g, 1, 1, (ct_real[]){1});
    return ct_sub(g, one, ct_mean(g, ct_row_dots(g, unit(g, a), unit(g, b))));
}
