/* loss.c -- contrast loss A.npy B.npy: what a loss makes of anyone's embeddings; and the same
 * worked out anchor by anchor, in plain double arithmetic that shares nothing with the losses. */
#include "cli/cli.h"

#include "contrast/scalar.h"
#include "contrast/tensor.h"
#include "formats/npy.h"
#include "lab/descent.h"
#include "show/pictures.h"

#include <math.h>
#include <string.h>

#define EXPLAINED 8  /* most rows of --explain          */
#define WRITTEN   20 /* most rows of --heatmap - */
#define DRAWN     512

/* A loss in a graph, and what is printed of it. NaN: there is none. */
typedef struct answer {
    cli_call *c;
    const ct_loss *loss;
    cli_arrays x;
    ct_tensor *a, *b, *log_scale, *bias, *y;
    const char *name;
    ct_landmarks l;
    double value, over_all_equal, over_floor;
    ct_measures m;
    double norm, dtemperature, dbias;
} answer;

/* clang-format off */
#define ROW(kind_, key_, label_, member) \
    .key = (key_), .label = (label_), .kind = CT_##kind_, CT_AT(answer, member)
static const ct_field ANSWER[] = {
    {ROW(REAL, "loss", NULL, value), .format = "%.6g"},
    {ROW(STRING, "name", NULL, name)},
    {ROW(INT, "rows", "pairs", l.at.n)},
    {ROW(INT, "columns", "dimensions", l.at.d)},
    {ROW(REAL, "temperature", NULL, l.at.temperature), .format = "%.6g"},
    {ROW(REAL, "all_equal", "all equal", l.all_equal), .format = "%.6g"},
    {ROW(REAL, "over_all_equal", "  loss above it", over_all_equal), .format = "%+.6g"},
    {ROW(REAL, "random", "random rows", l.random), .format = "%.6g", .optional = true},
    {ROW(REAL, "floor", NULL, l.floor), .format = "%.6g"},
    {ROW(REAL, "over_floor", "  loss above it", over_floor), .format = "%+.6g"},
    {ROW(STRING, "floor_is", "  reached by", l.floor_is)},
    {ROW(REAL, "diagonal_mean", "cosine of pairs", m.diagonal_mean), .format = "%.6g"},
    {ROW(REAL, "off_diagonal_mean", "  of others", m.off_diagonal_mean), .format = "%.6g"},
    {ROW(REAL, "gradient_norm", "gradient: length of dA and dB", norm), .format = "%.6g"},
    {ROW(REAL, "temperature_gradient", "  of the temperature", dtemperature), .optional = true},
    {ROW(REAL, "bias_gradient", "  of the bias", dbias), .optional = true},
};
/* clang-format on */
static const ct_fields FIELDS = CT_FIELDS(ANSWER);

/* Cosines of both sides, as everything that is measured. */
static void measure(answer *r, ct_error *err)
{
    const cli_arrays *x = &r->x;
    ct_measures *m = &r->m;
    ct_measure(&(ct_embedded){x->x[0], x->x[1], x->n, x->d, NULL, r->c->device, NULL, NULL}, m,
               NULL, err);
    for (int i = 0; i < 2 && err->status == CT_OK; i++)
        if (m->not_finite_rows[i] > 0)
            CT_FAIL(err, CT_ERR_NUMERIC,
                    "%s: row %d (rows count from 0) holds a NaN or an infinity", r->c->argv[i],
                    m->first_not_finite[i]);
    if (x->n == 1)
        m->off_diagonal_mean = (double)NAN;
}

/* ---- the loss ---- */

/* Loss and gradients, in the graph. */
static void apply(answer *r, ct_graph *g)
{
    r->l.at = cli_loss_setting(r->c, r->loss, r->x.n, r->x.d);
    const ct_real bias = (ct_real)r->l.at.bias,
                  log_scale = (ct_real)-ct_scalar_log(r->l.at.temperature);
    r->a = ct_variable(g, "A", r->x.n, r->x.d, r->x.x[0], NULL);
    r->b = ct_variable(g, "B", r->x.n, r->x.d, r->x.x[1], NULL);
    r->log_scale = ct_leaf(g, 1, 1, &log_scale);
    r->bias = r->loss->uses_bias ? ct_leaf(g, 1, 1, &bias) : NULL;
    r->y = r->loss->apply(g, r->a, r->b,
                          &(ct_loss_inputs){.log_scale = r->log_scale,
                                            .group = r->x.group,
                                            .bias = r->bias,
                                            .options = r->l.at.options});
    ct_backward(g, r->y, NULL);
}

static double derivative(const ct_tensor *t)
{
    return t != NULL && t->dx != NULL ? (double)t->dx[0] : (double)NAN;
}

/* What is printed. */
static void fill_in(answer *r)
{
    double squares = 0;
    for (size_t i = 0; i < (size_t)r->x.n * (size_t)r->x.d; i++)
        squares += (double)r->a->dx[i] * (double)r->a->dx[i] +
                   (double)r->b->dx[i] * (double)r->b->dx[i];
    r->name = r->loss->name;
    r->l = ct_landmarks_of(r->loss, &r->l.at, r->x.group);
    r->value = (double)r->y->x[0];
    r->over_all_equal = r->value - r->l.all_equal;
    r->over_floor = r->value - r->l.floor;
    r->norm = sqrt(squares);
    r->dtemperature = -derivative(r->loss->learns_scale ? r->log_scale : NULL) /
                      r->l.at.temperature;
    r->dbias = derivative(r->bias);
}

/* ---- anchor by anchor ---- */

/* Mean over anchors of ln(sum of e^z over candidates) - (mean z of positives): anchors are rows of
 * A, candidates those of B, its own among them. */
static const struct form {
    const char *name;
    bool columns;   /* anchors are the rows of B too */
    bool in_modal;  /* candidates are the other rows of the anchor's own side too */
    bool decoupled; /* the positive is no candidate */
    bool groups;    /* rows of the anchor's group are positives */
    bool sigmoid;   /* instead: sum over candidates of ln(1 + e^z), -z for positives */
} FORMS[] = {
    {.name = "question"},
    {.name = "infonce"},
    {.name = "clip", .columns = true},
    {.name = "ntxent", .columns = true, .in_modal = true},
    {.name = "dcl", .columns = true, .decoupled = true},
    {.name = "unicl", .columns = true, .groups = true},
    {.name = "supcon", .columns = true, .in_modal = true, .groups = true},
    {.name = "siglip", .sigmoid = true},
};

/* NULL: not one of them. */
static const struct form *form_of(const char *name)
{
    for (size_t k = 0; k < sizeof FORMS / sizeof *FORMS; k++)
        if (strcmp(FORMS[k].name, name) == 0)
            return &FORMS[k];
    return NULL;
}

/* z of row i of one side and row j of one: their cosine, or their product, over the temperature. */
static double logit(const answer *r, int side, int i, int other, int j)
{
    const int d = r->x.d;
    const ct_real *x = r->x.x[side] + (ptrdiff_t)i * d, *y = r->x.x[other] + (ptrdiff_t)j * d;
    double product = 0;
    for (int k = 0; k < d; k++)
        product += (double)x[k] * (double)y[k];
    return (r->l.at.options->dot ? product : ct_cosine(x, y, d)) / r->l.at.temperature;
}

static bool same_group(const answer *r, int i, int j)
{
    return r->x.group != NULL && r->x.group[i] == r->x.group[j];
}

/* loss.mask_groups leaves out what means the same as the anchor. */
static bool is_masked(const answer *r, int i, int j)
{
    return r->l.at.options->mask_groups && j != i && same_group(r, i, j);
}

/* ln(sum of e^z) over candidates, the sum printed as it grows with e^top taken out of it; or, of a
 * sigmoid, the sum of ln(1 + e^z). */
static double explain_anchor(const answer *r, const struct form *f, int side, int i)
{
    const int n = r->l.at.n;
    const bool in_modal = f->in_modal || (f->decoupled && r->l.at.options->in_modal);
    double sum = 0, top = 0, positive = 0;
    int terms = 0, positives = 0;
    printf("  %s %d:  %s", side == 0 ? "row" : "column", i, f->sigmoid ? "" : "ln(");
    for (int k = 0; k < (in_modal ? 2 * n : n); k++) { /* the other side, then its own */
        const int j = k % n;
        if (k == n + i)
            continue; /* the anchor itself */
        double z = logit(r, side, i, k < n ? 1 - side : side, j);
        if (k == i || (f->groups && same_group(r, i, j))) {
            positive += z;
            positives++;
        }
        if (is_masked(r, i, j) || (f->decoupled && k == i))
            continue;
        printf("%s", terms > 0 ? " + " : "");
        if (f->sigmoid) {
            z = (z + r->l.at.bias) * (k == i ? -1 : 1);
            sum += (z > 0 ? z : 0) + ct_scalar_log1p(ct_scalar_exp(-fabs(z))); /* of any size */
        } else {
            top = terms == 0 ? z : top;
            sum += ct_scalar_exp(z - top);
        }
        printf(f->sigmoid ? "ln(1 + e^%.4f)" : "e^%.4f", z);
        terms++;
    }
    positive /= positives;
    if (!f->sigmoid)
        printf(") - %.4f%s", positive, positives > 1 ? ", the mean of its positives," : "");
    if (!f->sigmoid)
        sum = terms > 0 ? ct_scalar_log(sum) + (top - positive) : 0;
    printf(" = %.6g\n", sum);
    return sum;
}

static void explain(const answer *r)
{
    const struct form *f = form_of(r->name);
    const int sides = f->columns ? 2 : 1;
    double sum = 0;
    printf("  %s of A with B over a temperature of %g",
           r->l.at.options->dot ? "products" : "cosines", r->l.at.temperature);
    if (f->sigmoid)
        printf(", minus the sign where they are a pair, bias %g",
               r->l.at.bias + 0.0); /* -ln 1 is -0 */
    printf("; the mean of\n");
    for (int side = 0; side < sides; side++)
        for (int i = 0; i < r->l.at.n; i++)
            sum += explain_anchor(r, f, side, i);
    printf("  is %.6g\n", sum / (r->l.at.n * sides));
}

/* ---- what else is asked for ---- */

static void draw_file(const double *s, int n, const char *path, ct_error *err)
{
    ct_writer svg;
    if (ct_svg_open(&svg, path, CT_CHART_WIDTH, CT_CHART_HEIGHT, "Cosines",
                    "Row: a row of A; column: a row of B. -1 blue, 1 orange.", err) != CT_OK)
        return;
    ct_matrix_draw(&svg, s, n, "row of A", "row of B");
    ct_svg_end(&svg);
    ct_writer_commit(&svg);
}

static void draw(answer *r, bool here, ct_error *err)
{
    const int n = r->x.n, d = r->x.d;
    double *s = ct_arena_zeroed(&r->c->arena, (size_t)n * (size_t)n, sizeof *s);
    if (s == NULL)
        return;
    for (int k = 0; k < n * n; k++)
        s[k] = ct_cosine(r->x.x[0] + (ptrdiff_t)(k / n) * d, r->x.x[1] + (ptrdiff_t)(k % n) * d, d);
    if (here)
        ct_draw_matrix(&r->c->out, 2, s, n, n);
    else
        draw_file(s, n, r->c->heatmap, err);
}

static void write_gradients(const answer *r, ct_error *err)
{
    const char *folder = r->c->gradients;
    char path[CT_PATH_BYTES];
    ct_folder_make(folder, err);
    ct_npy_write_matrix(ct_folder_path(path, folder, "a.npy", err), r->a->dx, r->x.n, r->x.d, err);
    ct_npy_write_matrix(ct_folder_path(path, folder, "b.npy", err), r->b->dx, r->x.n, r->x.d, err);
}

static void tell(answer *r, bool here, ct_error *err)
{
    cli_show(r->c, &FIELDS, r);
    if (!r->c->json && r->x.d < r->x.n - 1 && r->x.group == NULL)
        printf("  with %d dimension%s for %d pairs the best may lie above the floor\n", r->x.d,
               CT_S(r->x.d), r->x.n);
    if (r->c->explain)
        explain(r);
    if (r->c->heatmap != NULL)
        draw(r, here, err);
    if (r->c->gradients != NULL)
        write_gradients(r, err);
}

/* ---- the command ---- */

/* What cannot be shown of so many rows, or of this loss; before anything is written. */
static void check_options(const answer *r, bool here, ct_error *err)
{
    const cli_call *c = r->c;
    const int n = r->x.n, most = here ? WRITTEN : DRAWN;
    if (c->json && (c->explain || here))
        CT_FAIL(err, CT_ERR_CONFIG,
                "--json: not with --explain or --heatmap -, which are for reading");
    if (c->explain && n > EXPLAINED)
        CT_FAIL(err, CT_ERR_CONFIG, "--explain: %d rows, at most %d", n, EXPLAINED);
    if (c->explain && form_of(r->loss->name) == NULL)
        CT_FAIL(err, CT_ERR_CONFIG,
                "--explain: of question, infonce, clip, ntxent, dcl, unicl, supcon and siglip, not "
                "of %s",
                r->loss->name);
    if (c->heatmap != NULL && n > most)
        CT_FAIL(err, CT_ERR_CONFIG, "--heatmap %s: %d rows, at most %d", c->heatmap, n, most);
}

ct_status cli_read_loss(cli_call *c, int first, const char *usual, const ct_loss **loss,
                        ct_error *err)
{
    ct_loss_recipe *r = &c->recipe.loss;
    c->recipe = ct_recipe_defaults();
    snprintf(r->name, sizeof r->name, "%s", c->loss_name != NULL ? c->loss_name : usual);
    r->temperature = 0; /* not given */
    for (int i = first; i < c->argc; i++) {
        if (strncmp(c->argv[i], "loss.", 5) != 0)
            CT_FAIL(err, CT_ERR_CONFIG, "%s: %s: expected %sloss.KEY=VALUE (contrast help recipe)",
                    c->command->name, c->argv[i], first == 2 ? "A.npy, B.npy and then " : "");
        ct_recipe_override(&c->recipe, c->argv[i], err);
    }
    *loss = err->status == CT_OK && *r->name != '\0' ? cli_loss(r->name, err) : NULL;
    for (int i = first; i < c->argc; i++)
        ct_recipe_expect_used(&c->recipe, "", c->argv[i], err);
    if (!isnan(c->temperature))
        r->temperature = c->temperature;
    if (*loss != NULL && r->temperature != 0 && !(*loss)->learns_scale)
        CT_FAIL(err, CT_ERR_CONFIG, "--temperature %g: the loss %s has none", r->temperature,
                (*loss)->name);
    if (r->options.mask_groups && c->groups == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "loss.mask_groups: needs --groups G.npy");
    return err->status;
}

ct_loss_setting cli_loss_setting(const cli_call *c, const ct_loss *loss, int n, int d)
{
    const ct_loss_recipe *r = &c->recipe.loss;
    ct_loss_setting at = {.n = n, .d = d, .temperature = r->temperature, .options = &r->options};
    at.bias = r->bias != 0 ? r->bias : ct_loss_bias(n);
    if (at.temperature == 0)
        at.temperature = loss == NULL || loss->learns_scale ? 0.07 : 1;
    return at;
}

int cli_run_loss(cli_call *c, ct_error *err)
{
    answer r = {.c = c};
    ct_graph g;
    const bool here = c->heatmap != NULL && strcmp(c->heatmap, "-") == 0;
    if (cli_read_loss(c, 2, "question", &r.loss, err) != CT_OK ||
        cli_read_arrays(c, 2, INT_MAX, &r.x, err) != CT_OK)
        return 0;
    check_options(&r, here, err);
    measure(&r, err);
    ct_graph_init(&g, c->device, 0);
    if (err->status == CT_OK)
        apply(&r, &g);
    if (ct_graph_error(&g) != NULL)
        *err = *ct_graph_error(&g);
    if (err->status == CT_OK) {
        fill_in(&r);
        tell(&r, here, err);
    }
    ct_graph_free(&g);
    return isfinite(r.value) ? 0 : 3;
}
