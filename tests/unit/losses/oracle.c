/* oracle.c -- the losses on a tape of scalars; see oracle.h. */
#include "oracle.h"

#include "contrast/ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tape: value, and what each of two parents passes on ---- */

typedef struct step {
    double value, grad, slope[2];
    int from[2]; /* below 0: none */
} step;

static step *tape;
static int n_steps, room;

static int push(double value, int p, double dp, int q, double dq)
{
    if (n_steps == room)
        tape = realloc(tape, (size_t)(room = 2 * room + 1024) * sizeof *tape);
    if (tape == NULL) /* asserted, it would cost a system call a cell */
        ck_abort_msg("out of memory");
    tape[n_steps] = (step){value, 0, {dp, dq}, {p, q}};
    return n_steps++;
}

static double V(int x)
{
    return tape[x].value;
}
static int C(double c)
{
    return push(c, -1, 0, -1, 0);
}
static int add(int x, int y)
{
    return push(V(x) + V(y), x, 1, y, 1);
}
static int sub(int x, int y)
{
    return push(V(x) - V(y), x, 1, y, -1);
}
static int mul(int x, int y)
{
    return push(V(x) * V(y), x, V(y), y, V(x));
}
static int quot(int x, int y)
{
    return push(V(x) / V(y), x, 1 / V(y), y, -V(x) / V(y) / V(y));
}
static int times(int x, double c)
{
    return push(V(x) * c, x, c, -1, 0);
}
static int plus(int x, double c)
{
    return push(V(x) + c, x, 1, -1, 0);
}
static int ex(int x)
{
    return push(exp(V(x)), x, exp(V(x)), -1, 0);
}
static int ln(int x)
{
    return push(log(V(x)), x, 1 / V(x), -1, 0);
}
static int ln1p(int x)
{
    return push(log1p(V(x)), x, 1 / (1 + V(x)), -1, 0);
}
static int root(int x)
{
    return push(sqrt(V(x)), x, 0.5 / sqrt(V(x)), -1, 0);
}
static int relu(int x)
{
    return V(x) > 0 ? x : C(0);
}
static int larger(int x, int y)
{
    return V(x) >= V(y) ? x : y;
}

static int softplus(int x)
{
    return V(x) > 0 ? add(x, ln1p(ex(times(x, -1)))) : ln1p(ex(x));
}

/* ln sum e^x; -infinity of nothing. */
static int lse(const int *x, int n)
{
    double peak = -(double)INFINITY;
    for (int i = 0; i < n; i++)
        peak = fmax(peak, V(x[i]));
    if (n == 0)
        return C(-(double)INFINITY);
    int s = C(0);
    for (int i = 0; i < n; i++)
        s = add(s, ex(plus(x[i], -peak)));
    return plus(ln(s), peak);
}

/* ---- a batch on the tape ---- */

typedef struct cells {
    const batch *x;
    int n;
    int *s[3]; /* (n, n) a with b, a with a, b with b */
    int scale, bias;
    double a[BATCH_SIZE], b[BATCH_SIZE]; /* rows as the loss sees them */
    int *va, *vb;                        /* elements on the tape, for barlow and vicreg */
} cells;

static cells c;

static int S(int which, int i, int j)
{
    return c.s[which][i * c.n + j];
}
static int Z(int which, int i, int j)
{
    return mul(c.scale, S(which, i, j));
}

static bool masked(int i, int j)
{
    return c.x->options.mask_groups && c.x->grouped && c.x->group[i] == c.x->group[j];
}

/* The logits (scale times factor) that anchor i of a side is compared with. */
static int opposite(int side, int i, bool cross, bool in_modal, double factor, int *out)
{
    int k = 0;
    for (int j = 0; cross && j < c.n; j++)
        if (j != i && !masked(i, j))
            out[k++] = times(side == 0 ? Z(0, i, j) : Z(0, j, i), factor);
    for (int j = 0; in_modal && j < c.n; j++)
        if (j != i && !masked(i, j))
            out[k++] = times(Z(1 + side, i, j), factor);
    return k;
}

/* ---- the losses ---- */

static int others[4 * BATCH_ROWS];

static int softmax(bool symmetric)
{
    int s = C(0);
    for (int side = 0; side < 1 + symmetric; side++)
        for (int i = 0; i < c.n; i++) {
            const int k = opposite(side, i, true, false, 1, others);
            s = add(s,
                    times(softplus(sub(lse(others, k), Z(0, i, i))), 1.0 / c.n / (1 + symmetric)));
        }
    return s;
}

static int infonce(void)
{
    return softmax(false);
}

static int clip(void)
{
    return softmax(true);
}

static int unicl(void)
{
    int s = C(0);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < c.n; i++) {
            int all[BATCH_ROWS], size = 0, target = C(0);
            for (int j = 0; j < c.n; j++) {
                all[j] = side == 0 ? Z(0, i, j) : Z(0, j, i);
                const bool hit = c.x->grouped ? c.x->group[i] == c.x->group[j] : i == j;
                if (hit)
                    target = add(target, all[j]);
                size += hit;
            }
            s = add(s, times(sub(lse(all, c.n), times(target, 1.0 / size)), 0.5 / c.n));
        }
    return s;
}

/* Khosla et al. 2020, eq. 2, over the 2n rows of both sides. */
static int supcon(void)
{
    int s = C(0);
    for (int i = 0; i < 2 * c.n; i++) {
        int n = 0, size = 0, target = C(0);
        for (int k = 1; k < 2 * c.n; k++) {
            const int j = (i + k) % (2 * c.n), p = i % c.n, q = j % c.n;
            const bool hit = p == q || (c.x->grouped && c.x->group[p] == c.x->group[q]);
            const int z = (i < c.n) == (j < c.n) ? Z(1 + i / c.n, p, q)
                                                 : Z(0, i < c.n ? p : q, i < c.n ? q : p);
            target = hit ? add(target, z) : target;
            size += hit;
            if (p == q || !masked(p, q))
                others[n++] = z;
        }
        s = add(s, times(sub(lse(others, n), times(target, 1.0 / size)), 0.5 / c.n));
    }
    return s;
}

static int npair(void)
{
    double squares = 0;
    for (int i = 0; i < c.n * c.x->d; i++)
        squares += c.a[i] * c.a[i] + c.b[i] * c.b[i];
    return plus(softmax(false),
                c.x->options.penalty / 4 * squares / c.n); /* its gradient: see oracle */
}

static int dcl(void)
{
    int s = C(0);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < c.n; i++) {
            int k = opposite(side, i, true, c.x->options.in_modal, 1, others);
            if (k > 0)
                s = add(s, times(sub(lse(others, k), Z(0, i, i)), 0.5 / c.n));
        }
    return s;
}

static int hard_negative(void)
{
    const double beta = c.x->options.beta, tau_plus = c.x->options.tau_plus;
    int s = C(0);
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < c.n; i++) {
            int k = opposite(side, i, true, true, 1 + beta, others);
            const double m = k;
            int hard = lse(others, k);
            k = opposite(side, i, true, true, beta, others);
            int r = ex(sub(plus(sub(hard, lse(others, k)), log(m)), Z(0, i, i)));
            int debiased = times(plus(r, -tau_plus * m), 1 / (1 - tau_plus));
            int least = ex(plus(times(add(c.scale, Z(0, i, i)), -1), log(m)));
            s = k > 0 ? add(s, times(ln1p(larger(debiased, least)), 0.5 / c.n)) : s;
        }
    return s;
}

static int siglip(void)
{
    int s = C(0);
    for (int i = 0; i < c.n; i++) {
        s = add(s, softplus(times(add(Z(0, i, i), c.bias), -1)));
        int k = opposite(0, i, true, false, 1, others);
        for (int j = 0; j < k; j++)
            s = add(s, softplus(add(others[j], c.bias)));
    }
    return times(s, 1.0 / c.n);
}

static int triplet_term(int near, int i) /* D_ip - D_ij = 2 s_ij - 2 s_ii */
{
    return relu(plus(times(sub(near, S(0, i, i)), 2), c.x->options.margin));
}

static int triplet(void)
{
    int s = C(0), terms = 0;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < c.n; i++) {
            int best = -1, easiest = -1;
            for (int j = 0; j < c.n; j++) {
                if (j == i || masked(i, j))
                    continue;
                int near = side == 0 ? S(0, i, j) : S(0, j, i);
                if (c.x->options.mining == CT_MINE_ALL && ++terms > 0)
                    s = add(s, triplet_term(near, i));
                if (easiest < 0 || V(near) < V(easiest))
                    easiest = near;
                if ((c.x->options.mining == CT_MINE_HARDEST || V(near) < V(S(0, i, i))) &&
                    (best < 0 || V(near) > V(best)))
                    best = near;
            }
            if (c.x->options.mining != CT_MINE_ALL && easiest >= 0 && ++terms > 0)
                s = add(s, triplet_term(best >= 0 ? best : easiest, i));
        }
    return terms > 0 ? times(s, 1.0 / terms) : s;
}

static int align_uniform(void)
{
    const ct_loss_options *o = &c.x->options;
    int s = C(0);
    for (int i = 0; i < c.n; i++) { /* |a_i - b_i|^2 from the difference: 2 - 2s has lost it */
        double square = 0;
        for (int k = i * c.x->d; k < (i + 1) * c.x->d; k++)
            square += (c.a[k] - c.b[k]) * (c.a[k] - c.b[k]);
        int dist = push(square, S(0, i, i), -2, -1, 0);
        s = add(s, times(o->align_power == 2 ? dist : ex(times(ln(dist), o->align_power / 2)),
                         1.0 / c.n));
    }
    for (int w = 1; w < 3; w++) { /* a with a, b with b */
        int *all = malloc((size_t)(c.n * c.n) * sizeof *all), k = 0;
        for (int i = 0; i < c.n; i++)
            for (int j = 0; j < c.n; j++)
                if (i != j && !masked(i, j)) /* a row of zeros has no length */
                    all[k++] = times(plus(times(S(w, i, j), 2), -V(S(w, i, i)) - V(S(w, j, j))),
                                     o->uniform_t);
        if (k > 0)
            s = add(s, times(plus(lse(all, k), -log(k)), o->uniform / 2));
        free(all);
    }
    return s;
}

static int spectral(void)
{
    int s = C(0), squares = C(0), terms = 0;
    for (int i = 0; i < c.n; i++) {
        s = add(s, times(S(0, i, i), -2 * c.x->options.mu / c.n));
        for (int j = 0; j < c.n; j++)
            if (j != i && !masked(i, j) && ++terms > 0)
                squares = add(squares, mul(S(0, i, j), S(0, i, j)));
    }
    return terms > 0 ? add(s, times(squares, c.x->options.mu * c.x->options.mu / terms)) : s;
}

/* ---- columns ---- */

static int column_mean(const int *v, int k)
{
    int s = C(0);
    for (int i = 0; i < c.n; i++)
        s = add(s, v[i * c.x->d + k]);
    return times(s, 1.0 / c.n);
}

/* (1/divisor) sum_i (p[i,k] - mean) (q[i,l] - mean) */
static int covariance(const int *p, int k, const int *q, int l, double divisor)
{
    const int mp = column_mean(p, k), mq = column_mean(q, l);
    int s = C(0);
    for (int i = 0; i < c.n; i++)
        s = add(s, mul(sub(p[i * c.x->d + k], mp), sub(q[i * c.x->d + l], mq)));
    return times(s, 1 / divisor);
}

static int barlow(void)
{
    int s = C(0);
    for (int k = 0; k < c.x->d; k++)
        for (int l = 0; l < c.x->d; l++) {
            int sd = mul(root(plus(covariance(c.va, k, c.va, k, c.n), 1e-5)),
                         root(plus(covariance(c.vb, l, c.vb, l, c.n), 1e-5)));
            int r = quot(covariance(c.va, k, c.vb, l, c.n), sd);
            int off = plus(r, -1);
            s = add(s, k == l ? mul(off, off) : times(mul(r, r), c.x->options.lambda));
        }
    return s;
}

static int vicreg(void)
{
    const ct_loss_options *o = &c.x->options;
    const int d = c.x->d;
    int s = C(0);
    for (int i = 0; i < c.n * d; i++) {
        int e = sub(c.va[i], c.vb[i]);
        s = add(s, times(mul(e, e), o->invariance / c.n / d));
    }
    for (int side = 0; side < 2; side++)
        for (int k = 0; k < d; k++)
            for (int l = 0; l < d; l++) {
                const int *v = side == 0 ? c.va : c.vb;
                int cov = covariance(v, k, v, l, fmax(c.n - 1, 1));
                s = add(s, k == l ? times(relu(plus(times(root(plus(cov, 1e-4)), -1), 1)),
                                          o->variance / 2 / d)
                                  : times(mul(cov, cov), o->covariance / d));
            }
    return s;
}

/* ---- from elements to cells and back ---- */

static double dot(const double *x, const double *y, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += x[k] * y[k];
    return s;
}

static void take(const ct_real *from, bool unit, double *to, int *on_tape)
{
    const int d = c.x->d;
    for (int i = 0; i < c.n; i++) {
        for (int k = 0; k < d; k++)
            to[i * d + k] = (double)from[i * d + k];
        const double r = fmax(sqrt(dot(to + i * d, to + i * d, d)), (double)CT_NORM_EPS);
        for (int k = 0; k < d && unit; k++)
            to[i * d + k] /= r;
    }
    for (int i = 0; i < c.n * d; i++)
        on_tape[i] = C((double)from[i]);
}

/* Gradient of a row as the loss sees it, back to the row as given. */
static void give(const ct_real *from, bool unit, const double *x, double *g, int i)
{
    const int d = c.x->d;
    double square = 0, along = dot(g + i * d, x + i * d, d);
    for (int k = i * d; k < (i + 1) * d; k++)
        square += (double)from[k] * (double)from[k];
    const double r = fmax(sqrt(square), (double)CT_NORM_EPS);
    for (int k = i * d; k < (i + 1) * d && unit; k++)
        g[k] = (g[k] - (sqrt(square) > (double)CT_NORM_EPS ? along : 0) * x[k]) / r;
}

static void back_through_cells(oracle_outcome *y)
{
    const int d = c.x->d;
    for (int which = 0; which < 3; which++) {
        const double *left = which == 2 ? c.b : c.a, *right = which == 1 ? c.a : c.b;
        double *dleft = which == 2 ? y->db : y->da, *dright = which == 1 ? y->da : y->db;
        for (int i = 0; i < c.n; i++)
            for (int j = 0; j < c.n; j++) {
                const double g = tape[S(which, i, j)].grad;
                for (int k = 0; k < d && g != 0; k++) {
                    dleft[i * d + k] += g * right[j * d + k];
                    dright[j * d + k] += g * left[i * d + k];
                }
            }
    }
}

static int value_of(const char *loss)
{
    static const struct {
        const char *name;
        int (*value)(void);
        /* clang-format off */
    } LOSSES[] = {{"infonce", infonce},   {"clip", clip},
                  {"unicl", unicl},       {"npair", npair},
                  {"dcl", dcl},           {"hard-negative", hard_negative},
                  {"siglip", siglip},     {"align-uniform", align_uniform},
                  {"spectral", spectral}, {"barlow", barlow},
                  {"vicreg", vicreg},     {"triplet", triplet},
                  {"supcon", supcon}};
    /* clang-format on */
    for (int i = 0; i < COUNT(LOSSES); i++)
        if (strcmp(loss, LOSSES[i].name) == 0)
            return LOSSES[i].value();
    ck_abort_msg("no oracle for %s", loss);
    return 0;
}

void oracle(const char *loss, const batch *x, oracle_outcome *y)
{
    const bool columns = strcmp(loss, "barlow") == 0 || strcmp(loss, "vicreg") == 0;
    const bool pair = strcmp(loss, "npair") == 0, unit = !pair && !x->options.dot && !columns;
    n_steps = 0;
    c.x = x;
    c.n = x->n;
    c.va = malloc((size_t)(x->n * x->d) * sizeof(int));
    c.vb = malloc((size_t)(x->n * x->d) * sizeof(int));
    take(x->a, unit, c.a, c.va);
    take(x->b, unit, c.b, c.vb);
    const int log_scale = C(pair ? 0 : (double)x->log_scale);
    c.scale = ex(log_scale);
    c.bias = C(x->biased ? (double)x->bias : x->n > 1 ? -log(x->n - 1) : 0);
    for (int which = 0; which < 3; which++) {
        c.s[which] = malloc((size_t)(x->n * x->n) * sizeof(int));
        for (int i = 0; i < x->n; i++)
            for (int j = 0; j < x->n; j++)
                c.s[which][i * x->n + j] = C(dot((which == 2 ? c.b : c.a) + i * x->d,
                                                 (which == 1 ? c.a : c.b) + j * x->d, x->d));
    }
    const int last = value_of(loss);
    tape[last].grad = 1;
    for (int i = last; i >= 0; i--)
        for (int k = 0; k < 2; k++)
            if (tape[i].from[k] >= 0 && tape[i].grad != 0)
                tape[tape[i].from[k]].grad += tape[i].grad * tape[i].slope[k];
    *y = (oracle_outcome){.value = V(last),
                          .dlog_scale = tape[log_scale].grad,
                          .dbias = tape[c.bias].grad};
    back_through_cells(y);
    for (int i = 0; i < x->n * x->d; i++) {
        y->da[i] += tape[c.va[i]].grad + (pair ? x->options.penalty / 2 / x->n * c.a[i] : 0);
        y->db[i] += tape[c.vb[i]].grad + (pair ? x->options.penalty / 2 / x->n * c.b[i] : 0);
    }
    for (int i = 0; i < x->n; i++) {
        give(x->a, unit, c.a, y->da, i);
        give(x->b, unit, c.b, y->db, i);
    }
    free(c.va), free(c.vb);
    for (int which = 0; which < 3; which++)
        free(c.s[which]);
}
