/* loss.c -- contrast loss A.npy B.npy: what a loss makes of anyone's embeddings.
 *
 * Layer: cli. */
#include "cli/arrays.h"
#include "cli/cli.h"
#include "train/recipe.h"

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

typedef struct answer {
    const cli_line *in;
    const ct_loss *loss;
    ct_recipe recipe; /* for its section loss */
    ct_loss_setting at;
    const int *group; /* (n) or NULL */
    const char *floor_is;
    ct_tensor *a, *b, *log_scale, *bias, *y;
    double all_equal, floor, diagonal, rest, norm; /* means of cosines; length of both gradients */
} answer;

static double cosine(const answer *r, int i, int j)
{
    const ct_real *x = r->a->x + (ptrdiff_t)i * r->at.d, *y = r->b->x + (ptrdiff_t)j * r->at.d;
    return cli_cosine(x, y, r->at.d);
}

/* The mean of all cosines is the product of the mean unit rows. */
static bool measure(answer *r, ct_graph *g)
{
    const int n = r->at.n, d = r->at.d;
    double *mean = ct_arena_zeroed(&g->arena, 2 * (size_t)d, sizeof *mean), all = 0;
    for (int i = 0; mean != NULL && i < n; i++) {
        const ct_real *x = r->a->x + (ptrdiff_t)i * d, *y = r->b->x + (ptrdiff_t)i * d;
        const double lx = cli_length(x, d), ly = cli_length(y, d);
        r->diagonal += cli_product(x, y, d) / lx / ly / n;
        for (int k = 0; k < d; k++) {
            mean[k] += (double)x[k] / lx;
            mean[d + k] += (double)y[k] / ly;
        }
    }
    for (int k = 0; mean != NULL && k < d; k++)
        all += mean[k] * mean[d + k];
    r->rest = n > 1 ? (all - r->diagonal * n) / n / (n - 1) : (double)NAN;
    for (size_t i = 0; mean != NULL && i < (size_t)n * (size_t)d; i++)
        r->norm += (double)r->a->dx[i] * (double)r->a->dx[i] +
                   (double)r->b->dx[i] * (double)r->b->dx[i];
    r->norm = sqrt(r->norm);
    return mean != NULL;
}

/* ---- what is told ---- */

static double derivative(const ct_tensor *t)
{
    return t != NULL && t->dx != NULL ? (double)t->dx[0] : (double)NAN;
}

static void print_json(const answer *r, ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_number(&j, "loss", (double)r->y->x[0]);
    ct_json_string(&j, "name", r->loss->name);
    ct_json_integer(&j, "n", r->at.n);
    ct_json_integer(&j, "d", r->at.d);
    ct_json_number(&j, "temperature", r->at.temperature);
    ct_json_number(&j, "all_equal", r->all_equal);
    ct_json_number(&j, "floor", r->floor);
    ct_json_number(&j, "diagonal_mean", r->diagonal);
    ct_json_number(&j, "off_diagonal_mean", r->rest);
    ct_json_number(&j, "gradient_norm", r->norm);
    if (r->loss->learns_scale) /* dL/dT = -dL/d ln(1/T) / T */
        ct_json_number(&j, "temperature_gradient", -derivative(r->log_scale) / r->at.temperature);
    if (r->loss->uses_bias)
        ct_json_number(&j, "bias_gradient", derivative(r->bias));
    cli_put_json(&j, err);
}

static void print_text(const answer *r)
{
    const double value = (double)r->y->x[0], ln_n = ct_scalar_log(r->at.n);
    printf("%s of %d pairs in %d dimensions", r->loss->name, r->at.n, r->at.d);
    if (r->loss->learns_scale)
        printf(", temperature %g", r->at.temperature);
    printf("\n  loss       %12.6g\n  ln N       %12.6g   %+.6g from it\n", value, ln_n,
           value - ln_n);
    printf("  all equal  %12.6g   %+.6g from it\n", r->all_equal, value - r->all_equal);
    printf("  floor      %12.6g   %+.6g from it: %s\n", r->floor, value - r->floor, r->floor_is);
    if (r->at.d < r->at.n - 1)
        printf("             with %d dimensions for %d pairs the best may lie above it\n", r->at.d,
               r->at.n);
    printf("  cosines    %12.6g   of pairs, %.6g of others\n  gradient   %12.6g   length of dA and "
           "dB together\n",
           r->diagonal, r->rest, r->norm);
}

/* ---- --heatmap ---- */

static ct_status draw_file(const double *s, int n, const char *path, ct_error *err)
{
    const double cell = n <= WRITTEN ? 40 : 800.0 / n;
    ct_svg svg;
    ct_svg_open(&svg, path, cell * n, cell * n, "Cosines",
                "Row: a row of A; column: a row of B. -1 blue, 1 orange.", err);
    if (err->status != CT_OK)
        return err->status;
    ct_svg_map(&svg, 0, 0, cell, s, n, n);
    for (int k = 0; n <= WRITTEN && k < n * n; k++) {
        char text[32];
        snprintf(text, sizeof text, "%.2f", s[k]);
        ct_svg_put(&svg, fabs(s[k]) > 0.7 ? "<g class=\"on\">" : "<g>");
        ct_svg_text(&svg, cell * (k % n + 0.5), cell * (k / n + 0.6), 12, CT_SVG_MIDDLE, 0, text);
        ct_svg_put(&svg, "</g>\n");
    }
    return ct_svg_close(&svg);
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

static ct_status write_gradients(const answer *r, ct_error *err)
{
    char path[2][4096];
    for (int i = 0; i < 2; i++)
        if (snprintf(path[i], sizeof path[i], "%s/%c.npy", r->in->gradients, "ab"[i]) >=
            (int)sizeof path[i])
            return CT_FAIL(err, CT_ERR_CONFIG, "--gradients: a path of %zu characters is too long",
                           strlen(r->in->gradients));
    ct_status status = ct_folder_make(r->in->gradients, err);
    for (int i = 0; i < 2 && status == CT_OK; i++)
        status = ct_npy_write_matrix(path[i], i == 0 ? r->a->dx : r->b->dx, r->at.n, r->at.d, err);
    return status;
}

/* Is the heat map for the terminal? */
static bool is_here(const cli_line *in)
{
    return in->heatmap != NULL && strcmp(in->heatmap, "-") == 0;
}

static void tell(const answer *r, ct_graph *g, ct_error *err)
{
    const cli_line *in = r->in;
    if (in->json)
        print_json(r, err);
    else
        print_text(r);
    if (in->explain)
        cli_explain(&(cli_explained){&r->at, r->a->x, r->b->x, r->group}, r->loss->name);
    if (in->heatmap != NULL)
        draw(r, g, is_here(in), err);
    if (err->status == CT_OK && in->gradients != NULL)
        write_gradients(r, err);
}

/* What cannot be shown of so many rows, or of this loss; before anything is written. */
static ct_status check_options(const answer *r, ct_error *err)
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
    if (r->recipe.loss.options.mask_groups && r->group == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "loss.mask_groups: needs --groups G.npy");
    if (in->heatmap != NULL && n > most)
        CT_FAIL(err, CT_ERR_CONFIG, "--heatmap %s: %d rows, at most %d", in->heatmap, n, most);
    return err->status;
}

/* Loss and gradients, in the graph. */
static ct_status work_out(answer *r, const cli_arrays *x, ct_graph *g, ct_error *err)
{
    ct_real log_scale = (ct_real)-ct_scalar_log(r->at.temperature);
    ct_real bias = (ct_real)(r->recipe.loss.bias != 0 ? r->recipe.loss.bias
                                                      : ct_loss_bias(r->at.n));
    r->at.bias = (double)bias;
    r->a = ct_variable(g, "A", x->n, x->d, x->x[0], NULL);
    r->b = ct_variable(g, "B", x->n, x->d, x->x[1], NULL);
    r->log_scale = ct_leaf(g, 1, 1, &log_scale);
    r->bias = r->loss->uses_bias ? ct_leaf(g, 1, 1, &bias) : NULL;
    r->y = r->loss->apply(g, r->a, r->b,
                          &(ct_loss_inputs){.log_scale = r->log_scale,
                                            .group = x->group,
                                            .bias = r->bias,
                                            .options = &r->recipe.loss.options});
    ct_backward(g, r->y, NULL);
    if (ct_graph_error(g) == NULL && !measure(r, g))
        CT_FAIL(&g->error, CT_ERR_NOMEM, "loss: out of memory");
    if (ct_graph_error(g) != NULL)
        *err = *ct_graph_error(g);
    const ct_landmarks l = ct_landmarks_of(r->loss, &r->at, r->group);
    r->all_equal = l.all_equal;
    r->floor = l.floor;
    r->floor_is = l.floor_is;
    return err->status;
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
    cli_arrays x;
    ct_arena arena;
    ct_graph g;
    if (settings(in, &r, err) != CT_OK)
        return 0;
    ct_device *device = cli_device(in, err);
    if (device == NULL)
        return 0;
    ct_arena_init(&arena, 0);
    ct_graph_init(&g, device, 0);
    cli_read_arrays(in->argv, 2, in->groups, &arena, &x, err);
    r.at.n = x.n;
    r.at.d = x.d;
    r.group = x.group;
    if (err->status == CT_OK && check_options(&r, err) == CT_OK &&
        work_out(&r, &x, &g, err) == CT_OK)
        tell(&r, &g, err);
    const bool finite = err->status == CT_OK && isfinite(r.y->x[0]);
    ct_graph_free(&g);
    ct_arena_free(&arena);
    ct_device_free(device);
    return finite ? 0 : 3;
}

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
    .name = "loss",
    .group = CLI_TO_LOOK,
    .arguments = "A.npy B.npy [loss.KEY=VALUE...]",
    .least = 2,
    .most = CLI_MANY,
    .expects = "A.npy and B.npy",
    .summary = "work out a loss on two arrays of embeddings, and its gradients",
    .help =
        "Row i of A belongs to row i of B. With the loss come its value when all are equal and its "
        "lower bound for\n"
        "this N, d and temperature. Gradients are with respect to the arrays as given, before "
        "normalisation.\n",
    .options = OPTIONS,
    .run = loss,
};
