/* mistakes.c -- the loss of these rows, and what known mistakes make of it.
 *
 * A loss that somebody saw is held against that of the rows that they have. Where the two differ,
 * the reason is often one of a few: other rows, another scale, or a factor. MISTAKES says what each
 * of them does; the one that hits the number that was seen is named. A new one is a row. */
#include "measure/measure.h"

#include "contrast/ops.h"
#include "contrast/scalar.h"

#include <math.h>

#define HIT   0.005 /* of the value: that is the mistake             */
#define APART 0.03  /* a loss nearer to the right one needs no cause */

#define SAME_WAY    0.9999 /* cosine of a gradient that was given with the right one */
#define SAME_LENGTH 2e-3   /* ... and its length                                     */
#define PART        0.8    /* cosine of one from which something is missing          */

/* What a loss is taken of: the rows, the sides swapped (one direction of a softmax then runs along
 * the other axis), columns of length 1, or probabilities instead of logits. */
typedef enum what { ROWS, SWAPPED, COLUMNS, PROBABILITIES } what;

/* What the logits are multiplied by: 1/tau, ln(1/tau), tau or 1. */
typedef enum scale { RIGHT, AS_LOGARITHM, INVERSE, NONE } scale;

typedef struct mistake {
    const char *name;
    what of;
    bool dot; /* products instead of cosines */
    scale by;
    double factor, n, tau; /* and then: factor N^n tau^tau */
} mistake;

static const mistake MISTAKES[] = {
    {"a softmax taken twice (a cross-entropy of probabilities)", .of = PROBABILITIES, .factor = 1},
    {"a softmax over the wrong axis", .of = SWAPPED, .factor = 1},
    {"taking rows that are not normalised", .dot = true, .factor = 1},
    {"normalising columns instead of rows", .of = COLUMNS, .factor = 1},
    {"a scale ln(1/tau) that is not exponentiated", .by = AS_LOGARITHM, .factor = 1},
    {"multiplying by the temperature instead of dividing", .by = INVERSE, .factor = 1},
    {"leaving out the temperature", .by = NONE, .factor = 1},
    {"adding the two directions instead of their mean", .factor = 2},
    {"a factor of 1/2", .factor = 0.5},
    {"a sum over the batch instead of the mean", .factor = 1, .n = 1},
    {"dividing by the batch once more than the mean does", .factor = 1, .n = -1},
    {"the factor temperature / 0.07 (a base temperature)", .factor = 1 / 0.07, .tau = 1},
    {"the factor temperature", .factor = 1, .tau = 1},
    {"logarithms of base 2", .factor = 1.4426950408889634},
};
#define N_MISTAKES (sizeof MISTAKES / sizeof *MISTAKES)

static const mistake NO_MISTAKE = {.factor = 1};

static bool has_dot(const ct_landmarks *l)
{
    return l->at.options != NULL && l->at.options->dot;
}

/* Of a and b, which may be other rows than those that the groups are of; NULL after an error. */
static ct_tensor *loss_in(ct_graph *g, const ct_landmarks *l, const int *group, ct_tensor *a,
                          ct_tensor *b, double log_scale, bool dot, ct_error *err)
{
    ct_loss_options o = l->at.options != NULL ? *l->at.options : ct_loss_defaults();
    const ct_loss *loss = l->loss;
    const ct_real exponent = (ct_real)log_scale, bias = (ct_real)l->at.bias;
    o.dot = dot;
    const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, &exponent),
                               .group = group,
                               .bias = loss->uses_bias ? ct_constant(g, 1, 1, &bias) : NULL,
                               .options = &o};
    ct_tensor *y = loss->apply(g, a, b, &in);
    if (y == NULL)
        CT_FAIL(err, ct_graph_error(g)->status, "%s", ct_graph_error(g)->msg);
    return y;
}

/* What is multiplied by it is itself. */
static ct_tensor *identity(ct_graph *g, int n)
{
    ct_tensor *one = ct_leaf(g, n, n, NULL);
    for (ptrdiff_t i = 0; one != NULL && i < n; i++)
        one->x[i * n + i] = 1;
    return one;
}

static ct_tensor *unit_columns(ct_graph *g, const ct_real *x, ptrdiff_t n, ptrdiff_t d)
{
    ct_tensor *y = ct_leaf(g, (int)n, (int)d, x);
    for (ptrdiff_t k = 0; y != NULL && k < d; k++) {
        double square = 0;
        for (ptrdiff_t at = k; at < n * d; at += d)
            square += (double)x[at] * (double)x[at];
        for (ptrdiff_t at = k; at < n * d && square > 0; at += d)
            y->x[at] = (ct_real)((double)x[at] / sqrt(square));
    }
    return y;
}

static ct_tensor *probabilities(ct_graph *g, ct_tensor *a, ct_tensor *b, double temperature)
{
    ct_tensor *cosines = ct_matmul_nt(g, ct_normalize_rows(g, a, CT_NORM_EPS),
                                      ct_normalize_rows(g, b, CT_NORM_EPS));
    return ct_softmax_rows(g, ct_scale(g, cosines, (ct_real)(1 / temperature)));
}

/* The loss of a batch under a mistake. */
static double value_under(const mistake *m, const ct_landmarks *l, const ct_embedded *x,
                          ct_error *err)
{
    const double tau = l->at.temperature, right = -ct_scalar_log(tau);
    const double log_scale[] = {right, right > 0 ? ct_scalar_log(right) : (double)NAN, -right, 0};
    const what of = m->of;
    const double by = of == PROBABILITIES ? 0 : log_scale[m->by];
    const bool dot = of >= COLUMNS || has_dot(l) || m->dot;
    if (isnan(by))
        return by;
    ct_graph g;
    ct_graph_init(&g, x->device, 0);
    ct_tensor *a = ct_constant(&g, x->n, x->d, of == SWAPPED ? x->b : x->a);
    ct_tensor *b = ct_constant(&g, x->n, x->d, of == SWAPPED ? x->a : x->b);
    if (of == COLUMNS) {
        a = unit_columns(&g, x->a, x->n, x->d);
        b = unit_columns(&g, x->b, x->n, x->d);
    } else if (of == PROBABILITIES) {
        a = probabilities(&g, a, b, tau);
        b = identity(&g, x->n);
    }
    const ct_tensor *y = loss_in(&g, l, x->group, a, b, by, dot, err);
    const double value = y != NULL ? (double)y->x[0] : (double)NAN;
    ct_graph_free(&g);
    return value * m->factor * (m->n > 0 ? x->n : 1) / (m->n < 0 ? x->n : 1) *
           (m->tau > 0 ? tau : 1);
}

/* Mean over batches, in the order of the rows. */
static double mean_under(const mistake *m, const ct_landmarks *l, const ct_embedded *e,
                         ct_error *err)
{
    const int n = l->at.n < e->n ? l->at.n : e->n, batches = n > 0 ? e->n / n : 0;
    double sum = 0;
    for (int i = 0; i < batches && err->status == CT_OK; i++) {
        const ptrdiff_t from = (ptrdiff_t)i * n;
        ct_embedded x = *e;
        x.n = n;
        x.a += from * e->d;
        x.b += from * e->d;
        x.group = e->group != NULL ? e->group + from : NULL;
        sum += value_under(m, l, &x, err);
    }
    return sum / batches;
}

double measure_loss(const ct_landmarks *l, const ct_embedded *e, ct_error *err)
{
    return mean_under(&NO_MISTAKE, l, e, err);
}

void measure_mistake(ct_diagnosis *d, const ct_embedded *e, ct_error *err)
{
    double best = HIT;
    if (!(fabs(d->loss - d->loss_here) > APART * fabs(d->loss_here)))
        return;
    for (size_t k = 0; k < N_MISTAKES; k++) {
        const double value = mean_under(&MISTAKES[k], &d->landmarks, e, err);
        const double off = fabs(value - d->loss) / fabs(d->loss);
        if (!(off < best))
            continue;
        best = off;
        d->mistake = MISTAKES[k].name;
        d->loss_mistaken = value;
    }
}

static double product(const ct_real *x, const ct_real *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* What a gradient is, from the best to the worst. */
static const char *const GRADIENT_IS[] = {
    "it is right",
    "it points the right way: a factor is missing (mean or sum, the number of processes, a scale)",
    "it points the other way: a sign is missing, the loss would rise",
    "it is right in part: a gather that passes no gradient, a side or a direction that is detached",
    "it is the gradient of something else",
    "it is zero: the loss does not reach these rows (detached, or a backward that was not run)"};

static int gradient_is(double cosine, double length)
{
    if (length == 0)
        return 5;
    if (fabs(cosine) > SAME_WAY)
        return cosine < 0 ? 2 : fabs(length - 1) >= SAME_LENGTH;
    return cosine > PART ? 3 : 4;
}

void measure_gradient(ct_diagnosis *d, const ct_embedded *e, ct_error *err)
{
    const size_t size = (size_t)e->n * (size_t)e->d;
    const ct_landmarks *l = &d->landmarks;
    ct_graph g;
    ct_graph_init(&g, e->device, 0);
    ct_tensor *side[2] = {ct_leaf(&g, e->n, e->d, e->a), ct_leaf(&g, e->n, e->d, e->b)};
    ct_tensor *y = loss_in(&g, l, e->group, side[0], side[1], -ct_scalar_log(l->at.temperature),
                           has_dot(l), err);
    d->gradient_compared = y != NULL;
    int best = 5;
    if (y != NULL)
        ct_backward(&g, y, NULL);
    for (int s = 0; s < 2 && y != NULL; s++) {
        const double own = product(e->gradient, e->gradient, size);
        const double right = product(side[s]->dx, side[s]->dx, size);
        d->gradient_length[s] = sqrt(own / right);
        d->gradient_cosine[s] = own > 0
                                    ? product(e->gradient, side[s]->dx, size) / sqrt(own * right)
                                    : 0;
        best = measure_least(best, gradient_is(d->gradient_cosine[s], d->gradient_length[s]));
    }
    d->gradient_right = best == 0;
    d->gradient_is = GRADIENT_IS[best];
    ct_graph_free(&g);
}
