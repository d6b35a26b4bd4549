/* loss.c -- contrast loss A.npy B.npy: what a loss makes of anyone's embeddings.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/landmarks.h"
#include "contrast/scalar.h"
#include "contrast/tensor.h"
#include "formats/npy.h"
#include "show/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPLAINED 8  /* most rows of --explain          */
#define WRITTEN   20 /* most rows with numbers in cells */
#define DRAWN     512

/* What is printed. NaN: there is none. */
typedef struct result {
    double loss;
    const char *name;
    int n, d;
    double temperature, all_equal, floor, over_all_equal, over_floor;
    const char *floor_is;
    double diagonal, rest; /* means of cosines: of pairs, of others */
    double norm, dtemperature, dbias;
} result;

#define R(member) CT_AT(result, member)
/* clang-format off */
static const ct_field RESULT[] = {
    {.key = "loss", .kind = CT_REAL, R(loss), .format = "%.6g"},
    {.key = "name", .kind = CT_STRING, R(name)},
    {.key = "n", .label = "pairs", .kind = CT_INT, R(n)},
    {.key = "d", .label = "dimensions", .kind = CT_INT, R(d)},
    {.key = "temperature", .kind = CT_REAL, R(temperature), .format = "%.6g"},
    {.key = "all_equal", .label = "all equal", .kind = CT_REAL, R(all_equal), .format = "%.6g"},
    {.key = "over_all_equal", .label = "  loss above it", .kind = CT_REAL, R(over_all_equal),
     .format = "%+.6g"},
    {.key = "floor", .kind = CT_REAL, R(floor), .format = "%.6g"},
    {.key = "over_floor", .label = "  loss above it", .kind = CT_REAL, R(over_floor),
     .format = "%+.6g"},
    {.key = "floor_is", .label = "  reached by", .kind = CT_STRING, R(floor_is)},
    {.key = "diagonal_mean", .label = "cosines of pairs", .kind = CT_REAL, R(diagonal),
     .format = "%.6g"},
    {.key = "off_diagonal_mean", .label = "  of others", .kind = CT_REAL, R(rest),
     .format = "%.6g"},
    {.key = "gradient_norm", .label = "gradient: length of dA and dB", .kind = CT_REAL, R(norm),
     .format = "%.6g"},
    {.key = "temperature_gradient", .label = "  of the temperature", .kind = CT_REAL,
     R(dtemperature), .optional = true},
    {.key = "bias_gradient", .label = "  of the bias", .kind = CT_REAL, R(dbias), .optional = true},
};
/* clang-format on */
static const ct_fields FIELDS = CT_FIELDS(RESULT);

/* A loss in a graph. */
typedef struct answer {
    cli_call *c;
    const ct_loss *loss;
    ct_loss_setting at;
    cli_arrays x;
    ct_tensor *a, *b, *log_scale, *bias, *y;
} answer;

static double cosine(const answer *r, int i, int j)
{
    const int d = r->at.d;
    return cli_cosine(r->x.x[0] + (ptrdiff_t)i * d, r->x.x[1] + (ptrdiff_t)j * d, d);
}

/* Means of cosines. That of all is the product of the mean unit rows: O(n d), where the measures
 * of a run take O(n^2 d). */
static void measure(const answer *r, result *out)
{
    const int n = r->at.n, d = r->at.d;
    double *mean = ct_arena_zeroed(&r->c->arena, 2 * (size_t)d, sizeof *mean), all = 0;
    for (int i = 0; mean != NULL && i < n; i++) {
        const ct_real *x = r->x.x[0] + (ptrdiff_t)i * d, *y = r->x.x[1] + (ptrdiff_t)i * d;
        const double lx = cli_length(x, d), ly = cli_length(y, d);
        out->diagonal += cli_product(x, y, d) / lx / ly / n;
        for (int k = 0; k < d; k++) {
            mean[k] += (double)x[k] / lx;
            mean[d + k] += (double)y[k] / ly;
        }
    }
    for (int k = 0; mean != NULL && k < d; k++)
        all += mean[k] * mean[d + k];
    out->rest = n > 1 ? (all - out->diagonal * n) / n / (n - 1) : (double)NAN;
}

static double derivative(const ct_tensor *t)
{
    return t != NULL && t->dx != NULL ? (double)t->dx[0] : (double)NAN;
}

static result result_of(const answer *r)
{
    const ct_landmarks l = ct_landmarks_of(r->loss, &r->at, r->x.group);
    const double loss = (double)r->y->x[0], tau = r->at.temperature;
    double squares = 0;
    for (size_t i = 0; i < (size_t)r->at.n * (size_t)r->at.d; i++)
        squares += (double)r->a->dx[i] * (double)r->a->dx[i] +
                   (double)r->b->dx[i] * (double)r->b->dx[i];
    result out = {.loss = loss,
                  .name = r->loss->name,
                  .n = r->at.n,
                  .d = r->at.d,
                  .temperature = tau,
                  .all_equal = l.all_equal,
                  .floor = l.floor,
                  .over_all_equal = loss - l.all_equal,
                  .over_floor = loss - l.floor,
                  .floor_is = l.floor_is,
                  .norm = sqrt(squares),
                  .dtemperature = r->loss->learns_scale ? -derivative(r->log_scale) / tau
                                                        : (double)NAN,
                  .dbias = r->loss->uses_bias ? derivative(r->bias) : (double)NAN};
    measure(r, &out);
    return out;
}

/* ---- --heatmap ---- */

static ct_status draw_file(const double *s, int n, const char *path, ct_error *err)
{
    const double cell = n <= WRITTEN ? 40 : 800.0 / n;
    ct_writer svg;
    ct_svg_open(&svg, path, cell * n, cell * n, "Cosines",
                "Row: a row of A; column: a row of B. -1 blue, 1 orange.", err);
    if (err->status != CT_OK)
        return err->status;
    ct_svg_map(&svg, 0, 0, cell, s, n, n);
    for (int k = 0; n <= WRITTEN && k < n * n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.2f", s[k]);
        ct_put(&svg, fabs(s[k]) > 0.7 ? "<g class=\"on\">" : "<g>");
        ct_svg_text(&svg, cell * (k % n + 0.5), cell * (k / n + 0.6), 12, CT_SVG_MIDDLE, 0, text);
        ct_put(&svg, "</g>\n");
    }
    ct_svg_end(&svg);
    return ct_writer_commit(&svg);
}

static void draw(const answer *r, bool here, ct_error *err)
{
    const int n = r->at.n;
    double *s = ct_arena_zeroed(&r->c->arena, (size_t)n * (size_t)n, sizeof *s);
    for (int i = 0; s != NULL && i < n * n; i++)
        s[i] = cosine(r, i / n, i % n);
    if (s != NULL && here)
        ct_draw_matrix(&r->c->out, 2, s, n, n);
    else if (s != NULL)
        draw_file(s, n, r->c->heatmap, err);
}

/* ---- the command ---- */

static void write_gradients(const answer *r, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_folder_make(r->c->gradients, err);
    for (int i = 0; i < 2; i++) {
        if (snprintf(path, sizeof path, "%s/%c.npy", r->c->gradients, "ab"[i]) >= (int)sizeof path)
            CT_FAIL(err, CT_ERR_CONFIG, "--gradients: the path is too long");
        ct_npy_write_matrix(path, i == 0 ? r->a->dx : r->b->dx, r->at.n, r->at.d, err);
    }
}

/* The exit code. */
static int print(const answer *r, bool here, ct_error *err)
{
    const result out = result_of(r);
    cli_show(r->c, &FIELDS, &out, err);
    if (!r->c->json && out.d < out.n - 1)
        printf("  with %d dimensions for %d pairs the best may lie above the floor\n", out.d,
               out.n);
    if (r->c->explain)
        cli_explain(r->loss->name, &r->at, &r->x);
    if (r->c->heatmap != NULL)
        draw(r, here, err);
    if (r->c->gradients != NULL)
        write_gradients(r, err);
    return isfinite(out.loss) ? 0 : 3;
}

/* What cannot be shown of so many rows, or of this loss; before anything is written. */
static void check_options(const answer *r, bool here, ct_error *err)
{
    const cli_call *c = r->c;
    const int n = r->at.n, most = here ? WRITTEN : DRAWN;
    if (c->json && (c->explain || here))
        CT_FAIL(err, CT_ERR_CONFIG,
                "--json: not with --explain or --heatmap -, which are for reading");
    if (c->explain && n > EXPLAINED)
        CT_FAIL(err, CT_ERR_CONFIG, "--explain: %d rows, at most %d", n, EXPLAINED);
    if (c->explain && !cli_can_explain(r->loss->name))
        CT_FAIL(err, CT_ERR_CONFIG,
                "--explain: of question, infonce, clip, ntxent, dcl, unicl and siglip, not of %s",
                r->loss->name);
    if (c->recipe.loss.options.mask_groups && r->x.group == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "loss.mask_groups: needs --groups G.npy");
    if (c->heatmap != NULL && n > most)
        CT_FAIL(err, CT_ERR_CONFIG, "--heatmap %s: %d rows, at most %d", c->heatmap, n, most);
}

/* Loss and gradients, in the graph. */
static void work_out(answer *r, ct_graph *g)
{
    const double given = r->c->recipe.loss.bias;
    ct_real bias = (ct_real)(given != 0 ? given : ct_loss_bias(r->at.n));
    ct_real log_scale = (ct_real)-ct_scalar_log(r->at.temperature);
    r->at.bias = (double)bias;
    r->a = ct_variable(g, "A", r->at.n, r->at.d, r->x.x[0], NULL);
    r->b = ct_variable(g, "B", r->at.n, r->at.d, r->x.x[1], NULL);
    r->log_scale = ct_leaf(g, 1, 1, &log_scale);
    r->bias = r->loss->uses_bias ? ct_leaf(g, 1, 1, &bias) : NULL;
    r->y = r->loss->apply(g, r->a, r->b,
                          &(ct_loss_inputs){.log_scale = r->log_scale,
                                            .group = r->x.group,
                                            .bias = r->bias,
                                            .options = &r->c->recipe.loss.options});
    ct_backward(g, r->y, NULL);
}

/* The section loss of a recipe, from A.npy B.npy [loss.KEY=VALUE...] --loss --temperature. */
static ct_status settings(cli_call *c, answer *r, ct_error *err)
{
    double *t = &c->recipe.loss.temperature;
    c->recipe = ct_recipe_defaults();
    snprintf(c->recipe.loss.name, sizeof c->recipe.loss.name, "%s",
             c->loss_name != NULL ? c->loss_name : "question");
    *t = 0; /* not given */
    for (int i = 2; i < c->argc && err->status == CT_OK; i++)
        if (strncmp(c->argv[i], "loss.", 5) == 0)
            ct_recipe_override(&c->recipe, c->argv[i], err);
        else
            CT_FAIL(
                err, CT_ERR_CONFIG,
                "loss: %s: expected A.npy, B.npy and then loss.KEY=VALUE (contrast help recipe)",
                c->argv[i]);
    r->loss = err->status == CT_OK ? cli_loss(c->recipe.loss.name, err) : NULL;
    if (r->loss == NULL)
        return err->status;
    if (!isnan(c->temperature))
        *t = c->temperature;
    if (*t != 0 && !r->loss->learns_scale)
        CT_FAIL(err, CT_ERR_CONFIG, "--temperature %g: the loss %s has none", *t, r->loss->name);
    r->at.temperature = *t != 0 ? *t : r->loss->learns_scale ? 0.07 : 1;
    r->at.options = &c->recipe.loss.options;
    return err->status;
}

static int loss(cli_call *c, ct_error *err)
{
    answer r = {.c = c};
    ct_graph g;
    int code = 0;
    const bool here = c->heatmap != NULL && strcmp(c->heatmap, "-") == 0;
    if (settings(c, &r, err) != CT_OK || cli_read_arrays(c, 2, &r.x, err) != CT_OK)
        return 0;
    r.at.n = r.x.n;
    r.at.d = r.x.d;
    check_options(&r, here, err);
    ct_graph_init(&g, c->device, 0);
    if (err->status == CT_OK)
        work_out(&r, &g);
    if (ct_graph_error(&g) != NULL)
        *err = *ct_graph_error(&g);
    if (err->status == CT_OK)
        code = print(&r, here, err);
    ct_graph_free(&g);
    return code;
}

const cli_command CLI_LOSS = {"loss", CLI_TO_LOOK, {2, CLI_MANY}, CLI_NEEDS_DEVICE, loss};
