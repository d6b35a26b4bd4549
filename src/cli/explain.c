/* explain.c -- contrast loss --explain: a loss worked out anchor by anchor, in plain double
 * arithmetic that shares nothing with the library's.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

/* All but the last have the form: mean over anchors of ln(sum of e^z over candidates) - (mean z of
 * positives). */
enum {
    ROWS = 0,      /* anchors are the rows, candidates the other side */
    COLUMNS = 1,   /* anchors are the columns too */
    IN_MODAL = 2,  /* candidates are the rows of the anchor's own side too */
    DECOUPLED = 4, /* the positive is no candidate */
    GROUPS = 8,    /* rows of the anchor's group are positives */
    SIGMOID = 16,  /* sum over all pairs of ln(1 + e^z), -z for positives */
};

static const struct {
    const char *name;
    int form;
} LOSSES[] = {
    {"question", ROWS},
    {"infonce", ROWS},
    {"clip", COLUMNS},
    {"ntxent", COLUMNS | IN_MODAL},
    {"dcl", COLUMNS | DECOUPLED},
    {"unicl", COLUMNS | GROUPS},
    {"supcon", COLUMNS | IN_MODAL | GROUPS},
    {"siglip", SIGMOID},
};

/* -1: not one of them. */
static int form_of(const char *name)
{
    for (size_t k = 0; k < sizeof LOSSES / sizeof *LOSSES; k++)
        if (strcmp(LOSSES[k].name, name) == 0)
            return LOSSES[k].form;
    return -1;
}

bool cli_can_explain(const char *loss)
{
    return form_of(loss) >= 0;
}

/* z of row i of one side with row j of a side. */
static double logit(const cli_explained *e, int side, int i, int other, int j)
{
    return cli_dot(e->row[side] + i * e->at->d, e->row[other] + j * e->at->d, e->at->d) /
           e->at->temperature;
}

static bool same_group(const cli_explained *e, int i, int j)
{
    return e->group != NULL && e->group[i] == e->group[j];
}

/* loss.mask_groups leaves out what means the same as the anchor. */
static bool is_masked(const cli_explained *e, int i, int j)
{
    return e->at->options->mask_groups && j != i && same_group(e, i, j);
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

static double explain_anchor(const cli_explained *e, int form, int side, int i)
{
    const bool decoupled = (form & DECOUPLED) != 0;
    const bool in_modal = (form & IN_MODAL) != 0 || (decoupled && e->at->options->in_modal);
    exp_sum sum = {0, 0, 0};
    double positive = 0;
    int positives = 0;
    printf("  %s %d:  ln(", side == 0 ? "row" : "column", i + 1);
    for (int j = 0; j < e->at->n; j++) {
        const double z = logit(e, side, i, 1 - side, j);
        if (j == i || ((form & GROUPS) != 0 && same_group(e, i, j))) {
            positive += z;
            positives++;
        }
        if (!is_masked(e, i, j) && !(decoupled && j == i))
            add_term(&sum, z);
    }
    for (int j = 0; in_modal && j < e->at->n; j++) {
        const double z = j != i ? logit(e, side, i, side, j) : 0;
        if (j != i && (form & GROUPS) != 0 && same_group(e, i, j)) {
            positive += z;
            positives++;
        }
        if (j != i && !is_masked(e, i, j))
            add_term(&sum, z);
    }
    positive /= positives;
    const double loss = sum.n > 0 ? ct_scalar_log(sum.sum) + (sum.top - positive) : 0;
    printf(") - %.4f%s = %.6g\n", positive, positives > 1 ? ", the mean of its positives," : "",
           loss);
    return loss;
}

static double explain_sigmoid_row(const cli_explained *e, int i)
{
    double sum = 0;
    int terms = 0;
    printf("  row %d:  ", i + 1);
    for (int j = 0; j < e->at->n; j++) {
        if (is_masked(e, i, j))
            continue;
        const double z = (logit(e, 0, i, 1, j) + e->at->bias) * (i == j ? -1 : 1);
        printf("%sln(1 + e^%.4f)", terms++ > 0 ? " + " : "", z);
        /* a large z does not overflow */
        sum += (z > 0 ? z : 0) + ct_scalar_log1p(ct_scalar_exp(-fabs(z)));
    }
    printf(" = %.6g\n", sum);
    return sum;
}

void cli_explain(const char *loss, const cli_explained *e)
{
    const int form = form_of(loss), sides = (form & COLUMNS) != 0 ? 2 : 1;
    double sum = 0;
    printf("  %s of A with B over a temperature of %g",
           e->at->options->dot ? "products" : "cosines", e->at->temperature);
    if (form == SIGMOID)
        printf(", minus the sign where they are a pair, bias %g", e->at->bias);
    printf("; the mean of\n");
    for (int side = 0; side < sides; side++)
        for (int i = 0; i < e->at->n; i++)
            sum += form == SIGMOID ? explain_sigmoid_row(e, i) : explain_anchor(e, form, side, i);
    printf("  is %.6g\n", sum / (e->at->n * sides));
}
