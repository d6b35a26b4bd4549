/* gradcheck.h -- compare an operation's backward with central differences.
 *
 * For outputs y = f(x) and a fixed random vector w, the scalar L = <w, y> has
 * the gradient J'w, which is exactly what ct_backward computes from seed w.
 * Random w matters: with w = 1 the row sums of a softmax are constant, the true
 * gradient is zero, and a backward that returns nothing would pass.
 *
 *     gradcheck_input in[] = {{3, 7, a}, {5, 7, b}};
 *     ck_gradcheck(op, NULL, in, 2);
 *
 * Every input's dx holds random numbers before backward comes, so an operation
 * that writes where it must add fails here as well.
 *
 * In the double build an element may be wrong by 1e-6 of itself (DESIGN.md), plus
 * 1e-10; in float by 2e-3 of itself, plus 5e-4. Keep inputs GRADCHECK_REACH away
 * from kinks: the differences look that far.
 */
#ifndef GRADCHECK_H
#define GRADCHECK_H

#include "contrast/tensor.h"

#ifdef CT_REAL_DOUBLE
#define GRADCHECK_REACH 1e-3
#else
#define GRADCHECK_REACH 1e-2
#endif

/* Build y from the inputs; called many times, each time on an empty graph. */
typedef ct_tensor *(*gradcheck_fn)(ct_graph *g, ct_tensor *const *in, const void *ctx);

typedef struct gradcheck_input {
    int rows, cols;
    ct_real *x; /* changed during the check, restored after it */
} gradcheck_input;

typedef struct gradcheck_result {
    double worst; /* largest |analytic - numeric| / tolerance: above 1 the
                     check has failed; infinity where one of them is NaN  */
    double norm;  /* |numeric gradient| of the input that has the smallest:
                     near 0 means that this input was not tested          */
    int input, index;
    double analytic, numeric; /* at the worst place */
} gradcheck_result;

gradcheck_result gradcheck(gradcheck_fn f, const void *ctx, gradcheck_input *in, int n_in);

/* Deterministic numbers from -1 to 1, the same on every machine. */
void gradcheck_fill(ct_real *x, int n, unsigned seed);

/* The same, none closer to zero than 0.05: for functions with a kink there. */
void gradcheck_fill_off_zero(ct_real *x, int n, unsigned seed);

/* Fails the running test with the place and both numbers. */
#define ck_gradcheck(f, ctx, in, n_in)                                                           \
    do {                                                                                         \
        gradcheck_result r_ = gradcheck((f), (ctx), (in), (n_in));                               \
        ck_assert_msg(r_.worst <= 1.0, "input %d[%d]: backward %.9g, difference %.9g", r_.input, \
                      r_.index, r_.analytic, r_.numeric);                                        \
        ck_assert_msg(r_.norm > 1e-3, "an input has zero gradient: the test proves nothing");    \
    } while (0)

#endif
