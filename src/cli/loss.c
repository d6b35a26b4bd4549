/* loss.c -- contrast loss A.npy B.npy: what a loss makes of anyone's embeddings.
 *
 * Layer: cli. */
#include "cli/explain.h"
#include "cli/open.h"

#include "contrast/landmarks.h"
#include "contrast/scalar.h"
#include "contrast/tensor.h"
#include "formats/json.h"
#include "formats/npy.h"
#include "formats/text.h"
#include "platform/file.h"
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
    const cli_line *in;
    const ct_loss *loss;
    ct_recipe recipe; /* for its section loss */
    ct_loss_setting at;
    cli_arrays x;
    ct_tensor *a, *b, *log_scale, *bias, *y;
} answer;

static double cosine(const answer *r, int i, int j)
{
    const int d = r->at.d;
    return cli_cosine(r->a->x + (ptrdiff_t)i * d, r->b->x + (ptrdiff_t)j * d, d);
}

/* Means of cosines. That of all is the product of the mean unit rows: O(n d), where the measures
 * of a run take O(n^2 d). */
static ct_status measure(const answer *r, ct_graph *g, result *out)
{
    const int n = r->at.n, d = r->at.d;
    double *mean = ct_arena_zeroed(&g->arena, 2 * (size_t)d, sizeof *mean), all = 0;
    if (mean == NULL)
        return CT_FAIL(&g->error, CT_ERR_NOMEM, "loss: out of memory");
    for (int i = 0; i < n; i++) {
        const ct_real *x = r->a->x + (ptrdiff_t)i * d, *y = r->b->x + (ptrdiff_t)i * d;
        const double lx = cli_length(x, d), ly = cli_length(y, d);
        out->diagonal += cli_product(x, y, d) / lx / ly / n;
        for (int k = 0; k < d; k++) {
            mean[k] += (double)x[k] / lx;
            mean[d + k] += (double)y[k] / ly;
        }
    }
    for (int k = 0; k < d; k++)
        all += mean[k] * mean[d + k];
    out->rest = n > 1 ? (all - out->diagonal * n) / n / (n - 1) : (double)NAN;
    return CT_OK;
}

static double derivative(const ct_tensor *t)
{
    return t != NULL && t->dx != NULL ? (double)t->dx[0] : (double)NAN;
}

static result result_of(const answer *r, ct_graph *g)
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
    measure(r, g, &out);
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

static void draw(const answer *r, ct_graph *g, bool here, ct_error *err)
{
    const int n = r->at.n;
    const ct_terminal t = cli_terminal(r->in, stdout);
    double *s = ct_arena_zeroed(&g->arena, (size_t)n * (size_t)n, sizeof *s);
    for (int i = 0; s != NULL && i < n * n; i++)
        s[i] = cosine(r, i / n, i % n);
    if (s == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "loss: out of memory");
    else if (here)
        ct_draw_matrix(&t, 2, s, n, n);
    else
        draw_file(s, n, r->in->heatmap, err);
}

/* ---- the command ---- */

static void write_gradients(const answer *r, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_folder_make(r->in->gradients, err);
    for (int i = 0; i < 2; i++) {
        if (snprintf(path, sizeof path, "%s/%c.npy", r->in->gradients, "ab"[i]) >= (int)sizeof path)
            CT_FAIL(err, CT_ERR_CONFIG, "--gradients: the path is too long");
        ct_npy_write_matrix(path, i == 0 ? r->a->dx : r->b->dx, r->at.n, r->at.d, err);
    }
}

/* Is the heat map for the terminal? */
static bool is_here(const cli_line *in)
{
    return in->heatmap != NULL && strcmp(in->heatmap, "-") == 0;
}

/* The exit code. */
static int print(const answer *r, ct_graph *g, ct_error *err)
{
    const cli_line *in = r->in;
    const result out = result_of(r, g);
    cli_show(in, &FIELDS, &out, err);
    if (!in->json && out.d < out.n - 1)
        printf("  with %d dimensions for %d pairs the best may lie above the floor\n", out.d,
               out.n);
    if (in->explain)
        cli_explain(&(cli_explained){&r->at, r->a->x, r->b->x, r->x.group}, r->loss->name);
    if (in->heatmap != NULL)
        draw(r, g, is_here(in), err);
    if (in->gradients != NULL)
        write_gradients(r, err);
    return isfinite(out.loss) ? 0 : 3;
}

/* What cannot be shown of so many rows, or of this loss; before anything is written. */
static void check_options(const answer *r, ct_error *err)
{
    const cli_line *in = r->in;
    const int n = r->at.n, most = is_here(in) ? WRITTEN : DRAWN;
    if (in->json && (in->explain || is_here(in)))
        CT_FAIL(err, CT_ERR_CONFIG,
                "--json: not with --explain or --heatmap -, which are for reading");
    if (in->explain && n > EXPLAINED)
        CT_FAIL(err, CT_ERR_CONFIG, "--explain: %d rows, at most %d", n, EXPLAINED);
    if (in->explain && !cli_can_explain(r->loss->name))
        CT_FAIL(err, CT_ERR_CONFIG,
                "--explain: of question, infonce, clip, ntxent, dcl, unicl and siglip, not of %s",
                r->loss->name);
    if (r->recipe.loss.options.mask_groups && r->x.group == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "loss.mask_groups: needs --groups G.npy");
    if (in->heatmap != NULL && n > most)
        CT_FAIL(err, CT_ERR_CONFIG, "--heatmap %s: %d rows, at most %d", in->heatmap, n, most);
}

/* Loss and gradients, in the graph. */
static void work_out(answer *r, ct_graph *g)
{
    const double given = r->recipe.loss.bias;
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
                                            .options = &r->recipe.loss.options});
    ct_backward(g, r->y, NULL);
}

/* The section loss of a recipe, from A.npy B.npy [loss.KEY=VALUE...] --loss --temperature. */
static ct_status settings(const cli_line *in, answer *r, ct_error *err)
{
    r->recipe = ct_recipe_defaults();
    snprintf(r->recipe.loss.name, sizeof r->recipe.loss.name, "%s",
             in->loss_name != NULL ? in->loss_name : "question");
    r->recipe.loss.temperature = 0; /* not given */
    for (int i = 2; i < in->argc; i++) {
        if (strncmp(in->argv[i], "loss.", 5) != 0)
            return CT_FAIL(
                err, CT_ERR_CONFIG,
                "loss: %s: expected A.npy, B.npy and then loss.KEY=VALUE (contrast help recipe)",
                in->argv[i]);
        if (ct_recipe_override(&r->recipe, in->argv[i], err) != CT_OK)
            return err->status;
    }
    r->loss = cli_loss(r->recipe.loss.name, err);
    if (r->loss == NULL)
        return err->status;
    double *t = &r->recipe.loss.temperature;
    if (!isnan(in->temperature) && !(in->temperature >= 1e-3 && in->temperature <= 1e3))
        return CT_FAIL(err, CT_ERR_CONFIG, "--temperature %g: expected a number from 0.001 to 1000",
                       in->temperature);
    if (!isnan(in->temperature))
        *t = in->temperature;
    if (*t != 0 && !r->loss->learns_scale)
        return CT_FAIL(err, CT_ERR_CONFIG, "--temperature %g: the loss %s has none", *t,
                       r->loss->name);
    r->at.temperature = *t != 0 ? *t : r->loss->learns_scale ? 0.07 : 1;
    r->at.options = &r->recipe.loss.options;
    return CT_OK;
}

static int loss(const cli_line *in, ct_error *err)
{
    answer r = {.in = in};
    ct_arena arena;
    ct_graph g;
    int code = 0;
    settings(in, &r, err);
    ct_device *device = cli_device(in, err);
    if (device == NULL)
        return 0;
    ct_arena_open(&arena, "loss", 0, err);
    ct_graph_init(&g, device, 0);
    cli_read_arrays(in, 2, &arena, &r.x, err);
    r.at.n = r.x.n;
    r.at.d = r.x.d;
    check_options(&r, err);
    if (err->status == CT_OK)
        work_out(&r, &g);
    if (ct_graph_error(&g) != NULL)
        *err = *ct_graph_error(&g);
    if (err->status == CT_OK)
        code = print(&r, &g, err);
    ct_graph_free(&g);
    ct_arena_free(&arena);
    ct_device_free(device);
    return code;
}

/* clang-format off */
static const cli_option OPTIONS[] = {{"--loss", NULL, CLI_TEXT, CLI_AT(loss_name), "NAME",
                                      "which loss (default question; contrast help losses)"},
                                     {"--temperature", NULL, CLI_REAL, CLI_AT(temperature), "T",
                                      "its temperature (default 0.07, of question 1)"},
                                     {"--groups", NULL, CLI_TEXT, CLI_AT(groups), "G.npy",
                                      "integers: pairs of equal number mean the same (unicl)"},
                                     {"--gradients", NULL, CLI_TEXT, CLI_AT(gradients), "DIR",
                                      "write dL/dA and dL/dB as DIR/a.npy and DIR/b.npy"},
                                     {"--heatmap", NULL, CLI_TEXT, CLI_AT(heatmap), "FILE|-",
                                      "draw the cosines, into an SVG file or here"},
                                     {"--explain", NULL, CLI_FLAG, CLI_AT(explain), NULL,
                                      "work the loss out row by row (at most 8 rows)"},
                                     CLI_JSON,
                                     CLI_END};

const cli_command CLI_LOSS = {
    .name = "loss", .group = CLI_TO_LOOK, .arguments = "A.npy B.npy [loss.KEY=VALUE...]",
    .least = 2, .most = CLI_MANY,
    .summary = "work out a loss on two arrays of embeddings, and its gradients",
    .help = "Row i of A belongs to row i of B. With the loss come its value when all are equal and "
            "its lower bound for this N, d and temperature. Gradients are with respect to the "
            "arrays as given, before normalisation.",
    .options = OPTIONS, .run = loss,
};
/* clang-format on */
