/* pictures.c -- see pictures.h.
 *
 * Side 0, images: discs, full lines, the class a; side 1, texts: squares, dashed lines, b.
 * What changes with the step has a class of its own for the page's script: c (a cell),
 * pos, neg, sv0, sv1, pair, at, co0, co1, gr0, gr1, seen, now. */
#include "show/pictures.h"

#include <math.h>
#include <stdio.h>

enum { LOSS, RECALL, TEMPERATURE, MATRIX, HISTOGRAM, PLANE, SPECTRUM, PATH, LAYERS, GRADIENTS };

#define INF (double)INFINITY

/* clang-format off */
const ct_picture ct_pictures[CT_N_PICTURES] = {
    [LOSS] = {"loss", "Loss",
      "Dashed: its value when all embeddings are equal (ln N for a softmax of one direction). "
      "Dotted: its lower bound. A run that stays at the dashed line has learned nothing.",
      "step", "loss, nats", {0, 1}, {0, 1e-3}},
    [RECALL] = {"recall", "Recall@1",
      "Share of pairs whose partner is the nearest, by direction; the marks are evaluations.",
      "step", "recall@1, share of pairs", {0, 1}, {0, 1}},
    [TEMPERATURE] = {"temperature", "Temperature",
      "The divisor of the cosines; it moves only where it is learned.",
      "step", "temperature tau", {0, 1}, {0, 0.01}},
    [MATRIX] = {"matrix", "Cosines of every image with every caption",
      "Row: image; column: caption. Learned: a diagonal of 1 on a pale ground. Collapsed: one "
      "colour everywhere.",
      "caption, number of the pair", "image, number of the pair", {0, 1}, {0, 1}},
    [HISTOGRAM] = {"histogram", "Cosines of pairs and of others",
      "What the loss pulls to the right (pairs) and pushes to the left (others). Learned: two "
      "hills. Collapsed: one.",
      "cosine", "share of each kind", {-1, 1}, {0, 0.05}},
    [PLANE] = {"plane", "Embeddings on their principal plane",
      "Discs: images; squares: captions; lines join pairs. Learned: short lines, spread out. "
      "Collapsed: one point for each side.",
      "first principal component", "second", {-0.05, 0.05}, {-0.05, 0.05}},
    [SPECTRUM] = {"spectrum", "Singular values",
      "Of the centred embeddings: how many directions are in use. Collapsed: all near 0; "
      "dimensional collapse: a few are not.",
      "number, largest first", "singular value", {1, 2}, {0, 0.05}},
    [PATH] = {"path", "Alignment against uniformity",
      "Left is spread out, low is pairs together: the good corner is low and left. The ring is the "
      "step shown, the large disc the end.",
      "uniformity (mean of both sides)", "alignment: distance\u00b2 of pairs", {-0.1, 0}, {0, 0.1}},
    [LAYERS] = {"layers", "Mean cosine by layer",
      "Of the outputs of different rows of a batch: where in the towers embeddings become equal. "
      "Collapsed: 1 from some layer on.",
      "layer, from the input", "mean cosine of its outputs", {0.5, 3.5}, {0, 1}},
    [GRADIENTS] = {"gradients", "Gradient by layer",
      "Norm of each weight's gradient in a batch. At the saddle all are small; where one layer's "
      "is far below the rest, little is learned.",
      "layer, from the input", "gradient norm, log10", {0.5, 3.5}, {INF, -INF}}, /* their own */
};

/* Where a series comes from: a list of the record, with a struct for each value, or an array of
 * the moment that is shown. */
typedef enum source { LINES, LAST, VALIDATION, TEST, MOMENTS, END, NOW, IMAGES, TEXTS } source;

typedef struct drawn {
    int picture;
    ct_drawing as;
    const char *look, *name;
    source from;
    size_t x, y; /* offset in the struct, plus 1; x 0: numbers from 1 */
    int n;       /* values of an array in NOW */
    double size; /* of marks */
} drawn;

#define OF(type, member) (offsetof(type, member) + 1)
#define LINE_STEP        OF(ct_line, step)
#define MARK_STEP        OF(ct_mark, step)
#define MARK(side)       OF(ct_mark, recall[side])
#define AT(member)       OF(ct_moment, member)

static const drawn DRAWN[] = {
    {LOSS, CT_LINE, "a", "training", LINES, .x = LINE_STEP, .y = OF(ct_line, loss)},
    {LOSS, CT_LEVEL, "equal", "all equal", LAST, .y = OF(ct_line, all_equal)},
    {LOSS, CT_LEVEL, "floor", "floor", LAST, .y = OF(ct_line, floor)},
    {LOSS, CT_MOMENT, "now", NULL, NOW, .x = AT(step), .n = 1},
    {RECALL, CT_LINE, "a", NULL, VALIDATION, .x = MARK_STEP, .y = MARK(0)},
    {RECALL, CT_DISCS, "da", "image to text", VALIDATION, .x = MARK_STEP, .y = MARK(0)},
    {RECALL, CT_DISCS, "da", NULL, TEST, .x = MARK_STEP, .y = MARK(0)},
    {RECALL, CT_LINE, "b", NULL, VALIDATION, .x = MARK_STEP, .y = MARK(1)},
    {RECALL, CT_SQUARES, "db", "text to image", VALIDATION, .x = MARK_STEP, .y = MARK(1)},
    {RECALL, CT_SQUARES, "db", NULL, TEST, .x = MARK_STEP, .y = MARK(1)},
    {RECALL, CT_MOMENT, "now", NULL, NOW, .x = AT(step), .n = 1},
    {TEMPERATURE, CT_LINE, "a", "temperature", LINES, .x = LINE_STEP,
     .y = OF(ct_line, temperature)},
    {TEMPERATURE, CT_MOMENT, "now", NULL, NOW, .x = AT(step), .n = 1},
    {HISTOGRAM, CT_BARS, "fa pos", "pairs", NOW, .y = AT(bin[0]), .n = CT_PROBE_BINS},
    {HISTOGRAM, CT_BARS, "fb neg", "others (dashed)", NOW, .y = AT(bin[1]), .n = CT_PROBE_BINS},
    {PLANE, CT_UNSEEN, "", NULL, NOW, .x = AT(plane), .y = AT(plane[1]), .n = 2 * CT_PROBE},
    {PLANE, CT_DISCS, "da", "images", NOW, .n = 0}, /* in the key; drawn are pairs */
    {PLANE, CT_SQUARES, "db", "captions", NOW, .n = 0},
    {SPECTRUM, CT_LINE, "a sv0", "images", NOW, .y = AT(spectrum[0]), .n = CT_PROBE},
    {SPECTRUM, CT_LINE, "b sv1", "captions", NOW, .y = AT(spectrum[1]), .n = CT_PROBE},
    {PATH, CT_LINE, "a", NULL, MOMENTS, .x = AT(spread), .y = AT(alignment)},
    {PATH, CT_DISCS, "da", "snapshots", MOMENTS, .x = AT(spread), .y = AT(alignment), .size = 2},
    {PATH, CT_DISCS, "da", NULL, END, .x = AT(spread), .y = AT(alignment), .size = 5},
    {PATH, CT_DISCS, "now at", NULL, NOW, .x = AT(spread), .y = AT(alignment), .n = 1, .size = 8},
    {LAYERS, CT_LINE, "a co0", "images", IMAGES, .y = OF(ct_layer, cosine)},
    {LAYERS, CT_LINE, "b co1", "captions", TEXTS, .y = OF(ct_layer, cosine)},
    {GRADIENTS, CT_LINE, "a gr0", "images", IMAGES, .y = OF(ct_layer, gradient)},
    {GRADIENTS, CT_LINE, "b gr1", "captions", TEXTS, .y = OF(ct_layer, gradient)},
};
/* clang-format on */

static ct_series series_of(const drawn *d, const ct_record *r, const ct_moment *m)
{
    const ct_layers *l = ct_record_layers(r, m->step);
    const int images = l != NULL ? l->n_images : 0, layers = l != NULL ? l->n : 0;
    const struct {
        const void *base;
        int n;
        size_t stride;
    } list[] = {
        [LINES] = {r->line, r->n_lines, sizeof *r->line},
        [LAST] = {r->n_lines > 0 ? &r->line[r->n_lines - 1] : NULL, r->n_lines > 0, 0},
        [VALIDATION] = {r->mark[0], r->n_marks[0], sizeof *r->mark[0]},
        [TEST] = {r->mark[1], r->n_marks[1], sizeof *r->mark[1]},
        [MOMENTS] = {r->moment, r->n_moments, sizeof *m},
        [END] = {&r->moment[r->n_moments - 1], 1, sizeof *m},
        [NOW] = {m, d->n, d->picture == PLANE ? 2 * sizeof *m->plane : 0},
        [IMAGES] = {l != NULL ? l->layer : NULL, images, sizeof *l->layer},
        [TEXTS] = {l != NULL ? l->layer + images : NULL, layers - images, sizeof *l->layer},
    };
    const char *base = list[d->from].base;
    ct_series s = {.as = d->as, .look = d->look, .name = d->name, .size = d->size};
    s.n = list[d->from].n;
    s.stride = list[d->from].stride;
    if (base != NULL) {
        s.x = d->x != 0 ? (const double *)(const void *)(base + d->x - 1) : NULL;
        s.y = d->y != 0 ? (const double *)(const void *)(base + d->y - 1) : NULL;
        s.step = s.stride != 0 && (d->as == CT_DISCS || d->as == CT_SQUARES)
                     ? (const double *)(const void *)base
                     : NULL;
    }
    return s;
}

static ct_chart chart_of(int kind, const ct_record *r, const ct_moment *m)
{
    ct_chart c = {.x_name = ct_pictures[kind].x_name, .y_name = ct_pictures[kind].y_name};
    const ct_layers *l = ct_record_layers(r, m->step);
    for (size_t k = 0; k < sizeof DRAWN / sizeof *DRAWN; k++)
        if (DRAWN[k].picture == kind)
            ct_chart_add(&c, series_of(&DRAWN[k], r, m));
    if (kind >= LAYERS && l == NULL)
        snprintf(c.note, sizeof c.note, "nothing seen: needs monitor.evaluate_every");
    else if (kind >= LAYERS)
        snprintf(c.note, sizeof c.note, "seen at step %.0f", l->step);
    return c;
}

/* ---- what is no chart, or not only ---- */

/* Pairs as they lie on the plane, a disc and a square joined by a line. */
static void draw_plane(ct_writer *w, const ct_axes *a, const ct_record *r, const ct_moment *m)
{
    for (int i = 0; i < r->probe.n; i++) {
        const double *p = &m->plane[2 * i], *q = &m->plane[2 * (r->probe.n + i)];
        const double x = ct_axes_x(a, p[0]), y = ct_axes_y(a, p[1]);
        const double u = ct_axes_x(a, q[0]), v = ct_axes_y(a, q[1]);
        ct_put(w, "<g class=\"pair\">");
        ct_svg_segment(w, "join", x, y, u, v);
        ct_svg_disc(w, "da", x, y, 4, NULL);
        ct_svg_rect(w, "db", u - 3.5, v - 3.5, 7, 7, NULL);
        ct_put(w, "<title>%d: %s</title></g>\n", i,
               r->probe.n_captions > 0 ? r->probe.caption[i] : "");
    }
}

static ct_axes matrix_axes(int n)
{
    return (ct_axes){74, 14, 74 + 244, 14 + 244, 0, n, n, 0};
}

void ct_matrix_draw(ct_writer *w, const double *cosine, int n, const char *rows,
                    const char *columns)
{
    const ct_axes a = matrix_axes(n);
    const double size = (a.right - a.left) / n, scale = a.right + 16;
    char text[16];
    ct_svg_map(w, a.left, a.top, size, cosine, n, n);
    ct_svg_rect(w, "frame", a.left, a.top, a.right - a.left, a.bottom - a.top, NULL);
    for (int k = 0; k < n; k += 10) {
        snprintf(text, sizeof text, "%d", k);
        ct_svg_text(w, a.left - 5, a.top + size * k + 9, 11, CT_SVG_END, 0, text);
        ct_svg_text(w, a.left + size * (k + 0.5), a.bottom + 14, 11, CT_SVG_MIDDLE, 0, text);
    }
    ct_svg_text(w, (a.left + a.right) / 2, a.bottom + 30, 12, CT_SVG_MIDDLE, 0, columns);
    ct_svg_text(w, a.left - 30, (a.top + a.bottom) / 2, 12, CT_SVG_MIDDLE, -90, rows);
    ct_put_raw(w, "<g class=\"key\">\n");
    for (int k = 0; k <= CT_HOTTEST; k++) {
        snprintf(text, sizeof text, "h%d", k);
        ct_svg_rect(w, text, scale, a.top + 16 + 8 * (CT_HOTTEST - k), 12, 8.2, NULL);
    }
    ct_svg_text(w, scale, a.top + 9, 11, CT_SVG_START, 0, "cosine");
    for (int k = -1; k <= 1; k++) {
        snprintf(text, sizeof text, "%d", k);
        ct_svg_text(w, scale + 16, a.top + 104 - 80 * k, 11, CT_SVG_START, 0, text);
    }
    ct_put_raw(w, "</g>\n");
}

static void draw_matrix(ct_writer *w, const ct_record *r, const ct_moment *m)
{
    double cosine[CT_PROBE * CT_PROBE];
    const int n = r->probe.n;
    for (int k = 0; k < n * n; k++)
        cosine[k] = ct_record_cosine(r, m, k / n, k % n);
    ct_matrix_draw(w, cosine, n, ct_pictures[MATRIX].y_name, ct_pictures[MATRIX].x_name);
}

/* ---- a picture ---- */

/* Make a unit as long both ways, around 0. */
static void make_square(ct_axes *a)
{
    const double y = fmax(fmax(-a->x0, a->x1), fmax(-a->y0, a->y1));
    const double x = y * (a->right - a->left) / (a->bottom - a->top);
    a->x0 = -x;
    a->x1 = x;
    a->y0 = -y;
    a->y1 = y;
}

ct_axes ct_picture_axes(int kind, const ct_record *r, int n)
{
    const ct_picture *p = &ct_pictures[kind];
    const ct_axes least = ct_chart_axes(p->x[0], p->x[1], p->y[0], p->y[1]);
    ct_axes a = least;
    if (kind == MATRIX)
        return matrix_axes(r->probe.n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < r[i].n_moments; k++) {
            const ct_chart c = chart_of(kind, &r[i], &r[i].moment[k]);
            ct_chart_widen(&c, &a);
        }
    ct_chart_margin(&a, &least);
    if (kind == PLANE)
        make_square(&a);
    return a;
}

void ct_picture_draw(ct_writer *w, int kind, const ct_record *r, const ct_axes *a, int moment)
{
    const ct_moment *m = &r->moment[moment];
    const ct_chart c = chart_of(kind, r, m);
    if (kind == MATRIX)
        draw_matrix(w, r, m);
    else
        ct_chart_draw(w, &c, a);
    if (kind == PLANE)
        draw_plane(w, a, r, m);
}

ct_status ct_picture_save(int kind, const ct_record *r, int moment, const char *path, ct_error *err)
{
    char caption[200];
    ct_writer w;
    const ct_picture *p = &ct_pictures[kind];
    const ct_axes a = ct_picture_axes(kind, r, 1);
    if (ct_svg_open(&w, path, CT_CHART_WIDTH, CT_CHART_HEIGHT + 24, p->title, p->reading, err) !=
        CT_OK)
        return err->status;
    ct_picture_draw(&w, kind, r, &a, moment);
    snprintf(caption, sizeof caption, "%.90s, step %.0f", r->folder, r->moment[moment].step);
    ct_svg_text(&w, CT_CHART_WIDTH / 2.0, CT_CHART_HEIGHT + 16, 11, CT_SVG_MIDDLE, 0, caption);
    ct_svg_end(&w);
    return ct_writer_commit(&w);
}
