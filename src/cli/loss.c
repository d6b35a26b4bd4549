/* loss.c -- contrast loss A.npy B.npy: what a loss makes of anyone's embeddings.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/scalar.h"
#include "contrast/tensor.h"
#include "formats/npy.h"
#include "show/svg.h"

#include <math.h>
#include <string.h>

#define EXPLAINED 8  /* most rows of --explain          */
#define WRITTEN   20 /* most rows with numbers in cells */
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

#define AT(member) CT_AT(answer, member)
/* clang-format off */
static const ct_field ANSWER[] = {
    {.key = "loss", .kind = CT_REAL, AT(value), .format = "%.6g"},
    {.key = "name", .kind = CT_STRING, AT(name)},
    {.key = "rows", .label = "pairs", .kind = CT_INT, AT(l.at.n)},
    {.key = "columns", .label = "dimensions", .kind = CT_INT, AT(l.at.d)},
    {.key = "temperature", .kind = CT_REAL, AT(l.at.temperature), .format = "%.6g"},
    {.key = "all_equal", .label = "all equal", .kind = CT_REAL, AT(l.all_equal), .format = "%.6g"},
    {.key = "over_all_equal", .label = "  loss above it", .kind = CT_REAL, AT(over_all_equal),
     .format = "%+.6g"},
    {.key = "random", .label = "random rows", .kind = CT_REAL, AT(l.random), .format = "%.6g",
     .optional = true},
    {.key = "floor", .kind = CT_REAL, AT(l.floor), .format = "%.6g"},
    {.key = "over_floor", .label = "  loss above it", .kind = CT_REAL, AT(over_floor),
     .format = "%+.6g"},
    {.key = "floor_is", .label = "  reached by", .kind = CT_STRING, AT(l.floor_is)},
    {.key = "diagonal_mean", .label = "cosine of pairs", .kind = CT_REAL, AT(m.diagonal_mean),
     .format = "%.6g"},
    {.key = "off_diagonal_mean", .label = "  of others", .kind = CT_REAL, AT(m.off_diagonal_mean),
     .format = "%.6g"},
    {.key = "gradient_norm", .label = "gradient: length of dA and dB", .kind = CT_REAL, AT(norm),
     .format = "%.6g"},
    {.key = "temperature_gradient", .label = "  of the temperature", .kind = CT_REAL,
     AT(dtemperature), .optional = true},
    {.key = "bias_gradient", .label = "  of the bias", .kind = CT_REAL,
     AT(dbias), .optional = true},
};
/* clang-format on */
static const ct_fields FIELDS = CT_FIELDS(ANSWER);

/* ---- rows ---- */

double cli_dot(const double *x, const double *y, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += x[k] * y[k];
    return s;
}

/* A side in double; `unit`: its rows of length 1, but for those of zeros. */
static double *rows_of(cli_call *c, const ct_real *x, int n, int d, bool unit)
{
    double *out = ct_arena_zeroed(&c->arena, (size_t)n * (size_t)d, sizeof *out);
    for (int i = 0; out != NULL && i < n; i++) {
        double *row = out + (ptrdiff_t)i * d;
        for (int k = 0; k < d; k++)
            row[k] = (double)x[(ptrdiff_t)i * d + k];
        const double length = unit ? sqrt(cli_dot(row, row, d)) : 1;
        for (int k = 0; k < d && length > 0; k++)
            row[k] /= length;
    }
    return out;
}

/* Cosines of both sides, as everything that is measured. */
static void measure(answer *r, ct_error *err)
{
    const cli_arrays *x = &r->x;
    ct_measures *m = &r->m;
    ct_measure(&(ct_embedded){x->x[0], x->x[1], x->n, x->d, NULL, r->c->device, NULL}, m, NULL,
               err);
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

/* ---- what else is asked for ---- */

static void draw_file(const double *s, int n, const char *path, ct_error *err)
{
    const double cell = n <= WRITTEN ? 40 : 800.0 / n;
    ct_writer svg;
    if (ct_svg_open(&svg, path, cell * n, cell * n, "Cosines",
                    "Row: a row of A; column: a row of B. -1 blue, 1 orange.", err) != CT_OK)
        return;
    ct_svg_map(&svg, 0, 0, cell, s, n, n);
    for (int k = 0; n <= WRITTEN && k < n * n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.2f", s[k]);
        ct_put(&svg, fabs(s[k]) > 0.7 ? "<g class=\"on\">" : "<g>");
        ct_svg_text(&svg, cell * (k % n + 0.5), cell * (k / n + 0.6), 12, CT_SVG_MIDDLE, 0, text);
        ct_put(&svg, "</g>\n");
    }
    ct_svg_end(&svg);
    ct_writer_commit(&svg);
}

static void draw(const answer *r, bool here, ct_error *err)
{
    const int n = r->x.n, d = r->x.d;
    const double *a = rows_of(r->c, r->x.x[0], n, d, true),
                 *b = rows_of(r->c, r->x.x[1], n, d, true);
    double *s = ct_arena_zeroed(&r->c->arena, (size_t)n * (size_t)n, sizeof *s);
    for (ptrdiff_t i = 0; s != NULL && i < n * n; i++)
        s[i] = cli_dot(a + i / n * d, b + i % n * d, d);
    if (s != NULL && here)
        ct_draw_matrix(&r->c->out, 2, s, n, n);
    else if (s != NULL)
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

static void explain(const answer *r)
{
    const bool dot = r->l.at.options->dot;
    const int n = r->x.n, d = r->x.d;
    cli_explain(r->name, &(cli_explained){.at = &r->l.at,
                                          .group = r->x.group,
                                          .row = {rows_of(r->c, r->x.x[0], n, d, !dot),
                                                  rows_of(r->c, r->x.x[1], n, d, !dot)}});
}

static void tell(const answer *r, bool here, ct_error *err)
{
    cli_show(r->c, &FIELDS, r);
    if (!r->c->json && r->x.d < r->x.n - 1 && r->x.group == NULL)
        printf("  with %d dimensions for %d pairs the best may lie above the floor\n", r->x.d,
               r->x.n);
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
    if (c->explain && !cli_can_explain(r->loss->name))
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

static int loss(cli_call *c, ct_error *err)
{
    answer r = {.c = c};
    ct_graph g;
    const bool here = c->heatmap != NULL && strcmp(c->heatmap, "-") == 0;
    if (cli_read_loss(c, 2, "question", &r.loss, err) != CT_OK ||
        cli_read_arrays(c, 2, &r.x, err) != CT_OK)
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

const cli_command CLI_LOSS = {"loss", CLI_TO_LOOK, {2, CLI_MANY}, CLI_NEEDS_DEVICE, loss};
