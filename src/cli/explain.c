/* explain.c -- contrast loss --explain: a loss worked out anchor by anchor, in plain double
 * arithmetic that shares nothing with the library's.
 *
 * Layer: cli. */
#include "cli/explain.h"

#include "contrast/scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

double cli_product(const ct_real *x, const ct_real *y, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += (double)x[k] * (double)y[k];
    return s;
}

double cli_length(const ct_real *x, int d)
{
    const double r = sqrt(cli_product(x, x, d));
    return r > 0 ? r : 1;
}

double cli_cosine(const ct_real *x, const ct_real *y, int d)
{
    return cli_product(x, y, d) / cli_length(x, d) / cli_length(y, d);
}

/* ---- losses ---- */

/* Losses of the form: mean over anchors of ln(sum of e^z over candidates) - (mean z of positives).
 */
typedef struct softmax_kind {
    const char *name;
    bool columns, in_modal, decoupled, groups;
} softmax_kind;

static const softmax_kind SOFTMAX[] = {
    {"question", false, false, false, false}, {"infonce", false, false, false, false},
    {"clip", true, false, false, false},      {"ntxent", true, true, false, false},
    {"dcl", true, false, true, false},        {"unicl", true, false, false, true},
};

static const softmax_kind *softmax_of(const char *name)
{
    for (size_t k = 0; k < sizeof SOFTMAX / sizeof *SOFTMAX; k++)
        if (strcmp(SOFTMAX[k].name, name) == 0)
            return &SOFTMAX[k];
    return NULL;
}

bool cli_can_explain(const char *loss)
{
    return softmax_of(loss) != NULL || strcmp(loss, "siglip") == 0;
}

/* z of row i of one side with row j of another. */
static double logit(const cli_explained *e, const ct_real *x, int i, const ct_real *y, int j)
{
    const int d = e->at->d;
    const ct_real *u = x + (ptrdiff_t)i * d, *v = y + (ptrdiff_t)j * d;
    return (e->at->options->dot ? cli_product(u, v, d) : cli_cosine(u, v, d)) / e->at->temperature;
}

static bool same_group(const cli_explained *e, int i, int j)
{
    return e->group != NULL && e->group[i] == e->group[j];
}

/* A sum that is printed as it grows, e^top taken out of it. */
typedef struct exp_sum {
    double top, sum;
    int n;
} exp_sum;

static void add_term(exp_sum *s, double z)
{
    if (s->n == 0)
        s->top = z;
    s->sum += ct_scalar_exp(z - s->top);
    printf("%se^%.4f", s->n++ > 0 ? " + " : "", z);
}

static double explain_anchor(const cli_explained *e, const softmax_kind *k, int side, int i)
{
    const ct_real *own = side == 0 ? e->a : e->b, *other = side == 0 ? e->b : e->a;
    const bool in_modal = k->in_modal || (k->decoupled && e->at->options->in_modal);
    exp_sum sum = {0, 0, 0};
    double positive = 0;
    int positives = 0;
    printf("  %s %d:  ln(", side == 0 ? "row" : "column", i + 1);
    for (int j = 0; j < e->at->n; j++) {
        const double z = logit(e, own, i, other, j);
        const bool masked = e->at->options->mask_groups && j != i && same_group(e, i, j);
        if (j == i || (k->groups && same_group(e, i, j))) {
            positive += z;
            positives++;
        }
        if (!masked && !(k->decoupled && j == i))
            add_term(&sum, z);
    }
    for (int j = 0; in_modal && j < e->at->n; j++)
        if (j != i && !(e->at->options->mask_groups && same_group(e, i, j)))
            add_term(&sum, logit(e, own, i, own, j));
    positive /= positives;
    const double loss = sum.n > 0 ? ct_scalar_log(sum.sum) + (sum.top - positive) : 0;
    printf(") - %.4f%s = %.6g\n", positive, positives > 1 ? ", the mean of its positives," : "",
           loss);
    return loss;
}

/* ln(1 + e^x) */
static double softplus(double x)
{
    return x > 0 ? x + ct_scalar_log1p(ct_scalar_exp(-x)) : ct_scalar_log1p(ct_scalar_exp(x));
}

static double explain_siglip_row(const cli_explained *e, int i)
{
    double sum = 0;
    int terms = 0;
    printf("  row %d:  ", i + 1);
    for (int j = 0; j < e->at->n; j++) {
        if (e->at->options->mask_groups && j != i && same_group(e, i, j))
            continue;
        const double z = (logit(e, e->a, i, e->b, j) + e->at->bias) * (i == j ? -1 : 1);
        printf("%sln(1 + e^%.4f)", terms++ > 0 ? " + " : "", z);
        sum += softplus(z);
    }
    printf(" = %.6g\n", sum);
    return sum;
}

void cli_explain(const cli_explained *e, const char *loss)
{
    const softmax_kind *k = softmax_of(loss);
    const int n = e->at->n, sides = k != NULL && k->columns ? 2 : 1;
    double sum = 0;
    printf("  %s of A with B over a temperature of %g",
           e->at->options->dot ? "products" : "cosines", e->at->temperature);
    printf(k != NULL ? "; the mean of\n"
                     : ", minus the sign where they are a pair, bias %g; the mean of\n",
           e->at->bias);
    for (int side = 0; side < sides; side++)
        for (int i = 0; i < n; i++)
            sum += k != NULL ? explain_anchor(e, k, side, i) : explain_siglip_row(e, i);
    printf("  is %.6g\n", sum / (n * sides));
}
