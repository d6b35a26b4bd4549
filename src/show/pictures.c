/* pictures.c -- see pictures.h.
 *
 * Side 0, images: discs, full lines, the class a; side 1, texts: squares, dashed lines, b.
 * What changes with the step has a class of its own for the page's script: c (a cell),
 * pos, neg, sv0, sv1, pair, at, co0, co1, gr0, gr1, seen.
 *
 * Layer: show. */
#include "show/pictures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const ct_picture_text TEXT[CT_N_PICTURES] = {
    {"loss", "Loss",
     "Dashed: its value when all embeddings are equal (ln N for a softmax of one direction). "
     "Dotted: the least it can be. A "
     "run that stays at the dashed line has learned nothing."},
    {"recall", "Recall@1",
     "Share of pairs whose partner is the nearest, by direction; the marks are evaluations."},
    {"temperature", "Temperature",
     "The divisor of the cosines; it moves only where it is learned."},
    {"matrix", "Cosines of every image with every caption",
     "Row: image; column: caption. Learned: a diagonal of 1 on a pale ground. Collapsed: one "
     "colour everywhere."},
    {"histogram", "Cosines of pairs and of others",
     "What the loss pulls to the right (pairs) and pushes to the left (others). Learned: two "
     "hills. Collapsed: one."},
    {"plane", "Embeddings on their principal plane",
     "Discs: images; squares: captions; lines join pairs. Learned: short lines, spread out. "
     "Collapsed: a point a side."},
    {"spectrum", "Singular values",
     "Of the centred embeddings: how many directions are in use. Collapsed: all near 0; "
     "dimensional collapse: a few are not."},
    {"path", "Alignment against uniformity",
     "Left is spread out, low is pairs together: the good corner is low and left. The ring is the "
     "step shown, the disc the end."},
    {"layers", "Mean cosine by layer",
     "Of the outputs of different rows of a batch: where in the towers embeddings become equal. "
     "Collapsed: 1 from some layer on."},
    {"gradients", "Gradient by layer",
     "Norm of each weight's gradient in a batch. At the saddle all are small; where one layer's is "
     "far below the rest, little is learned."},
};

const ct_picture_text *ct_picture_describe(ct_picture kind)
{
    return &TEXT[kind];
}

static void range_of_layers(ct_ranges *g, const ct_record *r)
{
    for (int k = 0; k < r->n_layers; k++)
        for (int side = 0; side < 2; side++) {
            const ct_layers *l = &r->layers[k];
            g->n_layers = l->n[side] > g->n_layers ? l->n[side] : g->n_layers;
            for (int i = 0; i < l->n[side]; i++) {
                g->cosine = fmin(g->cosine, l->cosine[side][i]);
                g->gradient[0] = fmin(g->gradient[0], l->gradient[side][i]);
                g->gradient[1] = fmax(g->gradient[1], l->gradient[side][i]);
            }
        }
}

static void raise_to(double *most, double x)
{
    if (isfinite(x) && x > *most)
        *most = x;
}

ct_ranges ct_picture_ranges(const ct_record *r, int n)
{
    ct_ranges g = {.steps = 1,
                   .loss = 1e-3,
                   .temperature = 0.01,
                   .bin = 0.05,
                   .sigma = 0.05,
                   .plane = 0.05,
                   .alignment = 0.1,
                   .gradient = {(double)INFINITY, -(double)INFINITY},
                   .n_layers = 3}; /* so many at least: whole numbers on the axis */
    for (; n > 0; n--, r++) {
        range_of_layers(&g, r);
        raise_to(&g.loss, r->all_equal * 1.12);
        for (int i = 0; i < r->n_lines; i++) {
            raise_to(&g.steps, r->step[i]);
            raise_to(&g.loss, r->loss[i] * 1.03);
            raise_to(&g.temperature, r->temperature[i] * 1.2);
        }
        for (int k = 0; k < r->n_moments; k++) {
            const ct_moment *m = &r->moment[k];
            for (int side = 0; side < 2; side++) {
                for (int b = 0; b < CT_RECORD_BINS; b++)
                    raise_to(&g.bin, m->bin[side][b] * 1.03);
                for (int j = 0; j < m->n_sigma; j++)
                    raise_to(&g.sigma, m->sigma[side][j] * 1.05);
                for (int i = 0; i < 2 * r->n; i++)
                    raise_to(&g.plane, fabs(m->plane[side][i / 2][i % 2]) * 1.08);
                g.uniformity = fmin(g.uniformity, m->uniformity[side]);
            }
            raise_to(&g.alignment, m->alignment * 1.05);
            g.n_sigma = m->n_sigma > g.n_sigma ? m->n_sigma : g.n_sigma;
        }
    }
    g.uniformity = fmin(-0.1, g.uniformity * 1.05);
    if (!(g.gradient[0] <= g.gradient[1]))
        g.gradient[0] = -1, g.gradient[1] = 0;
    return g;
}

ct_axes ct_picture_axes(ct_picture kind, const ct_record *r, const ct_ranges *g)
{
    ct_axes a = {58, 30, CT_PICTURE_WIDTH - 14, CT_PICTURE_HEIGHT - 42, 0, g->steps, 0, 1};
    switch (kind) {
    case CT_PICTURE_LOSS: a.y1 = g->loss; break;
    case CT_PICTURE_RECALL: break;
    case CT_PICTURE_TEMPERATURE: a.y1 = g->temperature; break;
    case CT_PICTURE_MATRIX: return (ct_axes){74, 14, 74 + 244, 14 + 244, 0, r->n, r->n, 0};
    case CT_PICTURE_HISTOGRAM: a.x0 = -1, a.x1 = 1, a.y1 = g->bin; break;
    case CT_PICTURE_PLANE: /* a unit is as long both ways */
        a.x1 = g->plane * (a.right - a.left) / (a.bottom - a.top), a.x0 = -a.x1;
        a.y0 = -g->plane, a.y1 = g->plane;
        break;
    case CT_PICTURE_SPECTRUM:
        a.x0 = 1, a.x1 = g->n_sigma > 1 ? g->n_sigma : 2, a.y1 = g->sigma;
        break;
    case CT_PICTURE_PATH: a.x0 = g->uniformity, a.x1 = 0, a.y1 = g->alignment; break;
    case CT_PICTURE_LAYERS:
        a.x0 = 0.5, a.x1 = g->n_layers + 0.5, a.y0 = g->cosine, a.y1 = 1.03;
        break;
    case CT_PICTURE_GRADIENTS:
        a.x0 = 0.5, a.x1 = g->n_layers + 0.5, a.y0 = g->gradient[0] - 0.2,
        a.y1 = g->gradient[1] + 0.2;
        break;
    case CT_N_PICTURES: break;
    }
    return a;
}

/* ---- one function a kind ---- */

static void now_line(ct_svg *s, const ct_axes *a, long step)
{
    ct_svg_segment(s, "now", ct_axes_x(a, (double)step), a->top, ct_axes_x(a, (double)step),
                   a->bottom);
}

static void draw_loss(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    char name[64];
    ct_svg_axes(s, a, "step", "loss, nats");
    ct_svg_line(s, a, "a", r->step, r->loss, r->n_lines);
    ct_svg_key(s, a->left, 18, 'l', "a", "training");
    if (isfinite(r->all_equal)) {
        snprintf(name, sizeof name, "all equal: %.4f", r->all_equal);
        ct_svg_level(s, a, "equal", r->all_equal);
        ct_svg_key(s, a->left + 86, 18, 'l', "equal", name);
    }
    if (isfinite(r->floor)) {
        snprintf(name, sizeof name, "floor: %.4g", r->floor);
        ct_svg_level(s, a, "floor", r->floor);
        ct_svg_key(s, a->left + 220, 18, 'l', "floor", name);
    }
    now_line(s, a, m->step);
}

static void draw_recall(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    char title[128];
    ct_svg_axes(s, a, "step", "recall@1, share of pairs");
    for (int side = 0; side < 2; side++) {
        double from_x = -1, from_y = 0;
        for (int k = 0; k < r->n_marks; k++) {
            const double x = ct_axes_x(a, (double)r->mark[k].step),
                         y = ct_axes_y(a, r->mark[k].recall[side]);
            const bool validation = strcmp(r->mark[k].split, "validation") == 0;
            if (validation && from_x >= 0)
                ct_svg_segment(s, side == 0 ? "a" : "b", from_x, from_y, x, y);
            if (validation || strcmp(r->mark[k].split, "test") == 0) {
                snprintf(title, sizeof title, "step %ld, %s, %d pairs: %.3f", r->mark[k].step,
                         r->mark[k].split, r->mark[k].n, r->mark[k].recall[side]);
                if (side == 0)
                    ct_svg_disc(s, "da", x, y, 4, title);
                else
                    ct_svg_rect(s, "db", x - 4, y - 4, 8, 8, title);
            }
            from_x = validation ? x : from_x;
            from_y = validation ? y : from_y;
        }
    }
    ct_svg_key(s, a->left, 18, 'o', "da", "image to text");
    ct_svg_key(s, a->left + 150, 18, 's', "db", "text to image");
    now_line(s, a, m->step);
}

static void draw_temperature(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    ct_svg_axes(s, a, "step", "temperature tau");
    ct_svg_line(s, a, "a", r->step, r->temperature, r->n_lines);
    ct_svg_key(s, a->left, 18, 'l', "a", "temperature");
    now_line(s, a, m->step);
}

static void draw_matrix(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    const double size = (a->right - a->left) / r->n;
    char text[16];
    double cosine[CT_RECORD_PAIRS * CT_RECORD_PAIRS];
    for (int k = 0; k < r->n * r->n; k++)
        cosine[k] = ct_record_cosine(r, m, k / r->n, k % r->n);
    ct_svg_map(s, a->left, a->top, size, cosine, r->n, r->n);
    ct_svg_rect(s, "frame", a->left, a->top, a->right - a->left, a->bottom - a->top, NULL);
    for (int k = 0; k < r->n; k += 10) {
        snprintf(text, sizeof text, "%d", k + 1);
        ct_svg_text(s, a->left - 5, a->top + size * k + 9, 11, CT_SVG_END, 0, text);
        ct_svg_text(s, a->left + size * (k + 0.5), a->bottom + 14, 11, CT_SVG_MIDDLE, 0, text);
    }
    ct_svg_text(s, (a->left + a->right) / 2, a->bottom + 30, 12, CT_SVG_MIDDLE, 0,
                "caption, number of the pair");
    ct_svg_text(s, a->left - 30, (a->top + a->bottom) / 2, 12, CT_SVG_MIDDLE, -90,
                "image, number of the pair");
    for (int k = 0; k <= CT_HOTTEST; k++) {
        snprintf(text, sizeof text, "h%d", k);
        ct_svg_rect(s, text, a->right + 16, a->top + 16 + 8 * (20 - k), 12, 8.2, NULL);
    }
    ct_svg_text(s, a->right + 16, a->top + 9, 11, CT_SVG_START, 0, "cosine");
    for (int k = -1; k <= 1; k++)
        ct_svg_text(s, a->right + 32, a->top + 104 - 80 * k, 11, CT_SVG_START, 0,
                    k < 0    ? "-1"
                    : k == 0 ? "0"
                             : "1");
}

static void draw_histogram(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    (void)r;
    ct_svg_axes(s, a, "cosine", "share of each kind");
    ct_svg_steps(s, a, "fa pos", m->bin[0], CT_RECORD_BINS);
    ct_svg_steps(s, a, "fb neg", m->bin[1], CT_RECORD_BINS);
    ct_svg_key(s, a->left, 18, 's', "fa", "pairs");
    ct_svg_key(s, a->left + 90, 18, 's', "fb", "others (dashed)");
}

static void draw_plane(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    ct_svg_axes(s, a, "first principal component", "second");
    for (int i = 0; i < r->n; i++) {
        const double x = ct_axes_x(a, m->plane[0][i][0]), y = ct_axes_y(a, m->plane[0][i][1]);
        const double u = ct_axes_x(a, m->plane[1][i][0]), v = ct_axes_y(a, m->plane[1][i][1]);
        ct_svg_put(s, "<g class=\"pair\">");
        ct_svg_segment(s, "join", x, y, u, v);
        ct_svg_disc(s, "da", x, y, 4, NULL);
        ct_svg_rect(s, "db", u - 3.5, v - 3.5, 7, 7, NULL);
        ct_svg_put(s, "<title>%d: ", i + 1);
        ct_svg_escaped(s, r->caption != NULL ? r->caption[i] : "");
        ct_svg_put(s, "</title></g>\n");
    }
    ct_svg_key(s, a->left, 18, 'o', "da", "images");
    ct_svg_key(s, a->left + 90, 18, 's', "db", "captions");
}

static void draw_spectrum(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    double number[CT_RECORD_PAIRS];
    (void)r;
    for (int k = 0; k < CT_RECORD_PAIRS; k++)
        number[k] = k + 1;
    ct_svg_axes(s, a, "number, largest first", "singular value");
    ct_svg_line(s, a, "a sv0", number, m->sigma[0], m->n_sigma);
    ct_svg_line(s, a, "b sv1", number, m->sigma[1], m->n_sigma);
    ct_svg_key(s, a->left, 18, 'l', "a", "images");
    ct_svg_key(s, a->left + 90, 18, 'l', "b", "captions");
}

static double mean_uniformity(const ct_moment *m)
{
    return (m->uniformity[0] + m->uniformity[1]) / 2;
}

static void draw_path(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    char title[40];
    ct_svg_axes(s, a, "uniformity (mean of both sides)", "alignment: distance\u00b2 of pairs");
    ct_svg_from(s, "a", ct_axes_x(a, mean_uniformity(r->moment)),
                ct_axes_y(a, r->moment[0].alignment));
    for (int k = 1; k < r->n_moments; k++)
        ct_svg_to(s, ct_axes_x(a, mean_uniformity(&r->moment[k])),
                  ct_axes_y(a, r->moment[k].alignment));
    ct_svg_done(s);
    for (int k = 0; k < r->n_moments; k++) {
        snprintf(title, sizeof title, "step %ld", r->moment[k].step);
        ct_svg_disc(s, "da", ct_axes_x(a, mean_uniformity(&r->moment[k])),
                    ct_axes_y(a, r->moment[k].alignment), k + 1 == r->n_moments ? 5 : 2, title);
    }
    ct_svg_disc(s, "now at", ct_axes_x(a, mean_uniformity(m)), ct_axes_y(a, m->alignment), 8, NULL);
    ct_svg_key(s, a->left, 18, 'o', "da", "snapshots, larger: the end");
}

/* One figure a layer, both sides, as seen nearest to the moment. */
static void draw_by_layer(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m,
                          bool cosine)
{
    char text[64] = "nothing seen: needs monitor.evaluate_every";
    double number[CT_RECORD_LAYERS];
    const ct_layers *l = ct_record_layers(r, m->step);
    for (int k = 0; k < CT_RECORD_LAYERS; k++)
        number[k] = k + 1;
    ct_svg_axes(s, a, "layer, from the input",
                cosine ? "mean cosine of its outputs" : "gradient norm, log10");
    for (int side = 0; side < 2; side++) {
        const char *class = side == 0 ? cosine ? "a co0" : "a gr0" : cosine ? "b co1" : "b gr1";
        ct_svg_line(s, a, class, number,
                    l == NULL ? NULL
                    : cosine  ? l->cosine[side]
                              : l->gradient[side],
                    l != NULL ? l->n[side] : 0);
        ct_svg_key(s, a->left + 80 * side, 18, 'l', side == 0 ? "a" : "b",
                   side == 0 ? "images" : "captions");
    }
    if (l != NULL)
        snprintf(text, sizeof text, "seen at step %ld", l->step);
    ct_svg_put(s, "<g class=\"seen\">");
    ct_svg_text(s, a->right, 18, 11, CT_SVG_END, 0, text);
    ct_svg_put(s, "</g>\n");
}

static void draw_layers(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    draw_by_layer(s, a, r, m, true);
}

static void draw_gradients(ct_svg *s, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    draw_by_layer(s, a, r, m, false);
}

void ct_picture_draw(ct_svg *s, ct_picture kind, const ct_record *r, const ct_ranges *g, int moment)
{
    static void (*const DRAW[CT_N_PICTURES])(ct_svg *, const ct_axes *, const ct_record *,
                                             const ct_moment *) = {
        draw_loss,  draw_recall,   draw_temperature, draw_matrix, draw_histogram,
        draw_plane, draw_spectrum, draw_path,        draw_layers, draw_gradients};
    const ct_axes a = ct_picture_axes(kind, r, g);
    DRAW[kind](s, &a, r, &r->moment[moment]);
}

ct_status ct_picture_save(ct_picture kind, const ct_record *r, int moment, const char *path,
                          ct_error *err)
{
    char caption[200];
    ct_svg s;
    const ct_ranges g = ct_picture_ranges(r, 1);
    ct_svg_open(&s, path, CT_PICTURE_WIDTH, CT_PICTURE_HEIGHT + 24, TEXT[kind].title,
                TEXT[kind].reading, err);
    if (err->status != CT_OK)
        return err->status;
    ct_svg_put(&s, "\n");
    ct_picture_draw(&s, kind, r, &g, moment);
    snprintf(caption, sizeof caption, "%.90s, step %ld", r->folder, r->moment[moment].step);
    ct_svg_text(&s, CT_PICTURE_WIDTH / 2.0, CT_PICTURE_HEIGHT + 16, 11, CT_SVG_MIDDLE, 0, caption);
    return ct_svg_close(&s);
}
