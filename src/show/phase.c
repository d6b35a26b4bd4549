/* phase.c -- see phase.h.
 *
 * Layer: show. */
#include "show/phase.h"

#include "show/spreads.h"

#include <math.h>
#include <string.h>

/* A letter and a colour for each state, and for runs that diverged. */
static const struct {
    char letter;
    const char *colour;
    int code; /* of the 256 */
} LOOK[CT_N_STATES + 1] = {
    [CT_HEALTHY] = {'h', "#2a9d4a", 71},
    [CT_COLLAPSED] = {'C', "#7a1020", 88},
    [CT_DIMENSIONAL_COLLAPSE] = {'d', "#e08030", 172},
    [CT_PLATEAU] = {'p', "#c03040", 131},
    [CT_UNALIGNED] = {'u', "#7a8aa0", 103},
    [CT_MISPAIRED] = {'m', "#8050a0", 97},
    [CT_MODALITY_GAP] = {'g', "#40a0b0", 73},
    [CT_DEGENERATE_NORMS] = {'n', "#000000", 16},
    [CT_UNCERTAIN] = {'?', "#c8c8c0", 250},
    [CT_N_STATES] = {'X', "#303030", 236},
};

static int look_of(const ct_sweep_point *p)
{
    return p->n_diverged * 2 > p->n ? CT_N_STATES : (int)p->state;
}

static const char *name_of(int look)
{
    return look == CT_N_STATES ? "diverged" : ct_state_describe((ct_state)look)->name;
}

const char *ct_phase_name(const ct_sweep_point *p)
{
    return name_of(look_of(p));
}

int ct_phase_in_state(const ct_sweep_point *p)
{
    return look_of(p) == CT_N_STATES ? p->n_diverged : p->n_state[p->state];
}

void ct_sweep_table(const ct_terminal *t, const ct_sweep *s, const ct_sweep_run *run)
{
    fprintf(t->out, "%-44s %-20s %5s  %-9s %-28s %-9s %s\n", "settings", "state", "of", "left at",
            "recall@1 [range]", "loss", "rank, centred");
    for (int k = 0; k < s->n_points; k++) {
        const ct_sweep_point p = ct_sweep_summary(s, run, k);
        char settings[512], escape[16] = "never";
        if (p.n == 0)
            continue;
        ct_sweep_settings(s, k, settings, sizeof settings);
        if (isfinite(p.escape.median))
            snprintf(escape, sizeof escape, "%.0f", p.escape.median);
        fprintf(t->out, "%-44s %-20s %2d/%-2d  %-9s %.3f [%.3f, %.3f]%9s %-9.4f %.1f\n", settings,
                ct_phase_name(&p), ct_phase_in_state(&p), p.n, escape, p.recall[0].median,
                p.recall[0].least, p.recall[0].most, "", p.loss.median, p.rank[0].median);
    }
}

/* ---- two keys ---- */

static void draw_cell(const ct_terminal *t, int look)
{
    if (t->colour)
        fprintf(t->out, "\033[48;5;%dm\033[38;5;231m %c\033[0m", LOOK[look].code,
                LOOK[look].letter);
    else
        fprintf(t->out, " %c", LOOK[look].letter);
}

void ct_phase_draw(const ct_terminal *t, const ct_sweep *s, const ct_sweep_run *run)
{
    const ct_axis *y = &s->axis[0], *x = &s->axis[1];
    int seen[CT_N_STATES + 1] = {0};
    fprintf(t->out, "%s\n", y->key);
    for (int i = y->n - 1; i >= 0; i--) {
        fprintf(t->out, "%12s ", y->value[i]);
        for (int j = 0; j < x->n; j++) {
            const ct_sweep_point p = ct_sweep_summary(s, run, i * x->n + j);
            if (p.n == 0) {
                fputs("  ", t->out);
                continue;
            }
            draw_cell(t, look_of(&p));
            seen[look_of(&p)]++;
        }
        fputc('\n', t->out);
    }
    fprintf(t->out, "%12s  %s  %s ... %s\n\n", "", x->key, x->value[0], x->value[x->n - 1]);
    for (int k = 0; k <= CT_N_STATES; k++) {
        if (seen[k] == 0)
            continue;
        fputs("  ", t->out);
        draw_cell(t, k);
        fprintf(t->out, " %s: %d of %d\n", name_of(k), seen[k], s->n_points);
    }
}

/* ---- as a file ---- */

#define LEAST  660.0 /* width that the legend needs */
#define LEFT   70.0
#define TOP    34.0
#define BOTTOM 70.0
#define GAP    84.0

/* From pale to dark; share in [0, 1]. */
static void shade(double share, char out[8])
{
    const double f = fmax(0, fmin(1, share));
    snprintf(out, 8, "#%02x%02x%02x", (unsigned)(245 - 215 * f), (unsigned)(245 - 150 * f),
             (unsigned)(240 - 110 * f));
}

/* Side of a cell: small grids have large ones. */
static double cell_of(const ct_sweep *s)
{
    const int most = s->axis[0].n > s->axis[1].n ? s->axis[0].n : s->axis[1].n;
    return fmax(16, fmin(40, floor(130.0 / most)));
}

static void map_axes(ct_writer *svg, const ct_sweep *s, double x0, const char *title)
{
    const double cell = cell_of(s);
    const ct_axis *y = &s->axis[0], *x = &s->axis[1];
    const double base = TOP + cell * y->n;
    ct_svg_text(svg, x0, TOP - 12, 13, CT_SVG_START, 0, title);
    for (int i = 0; i < y->n; i++)
        ct_svg_text(svg, x0 - 4, base - cell * (i + 0.5) + 3, 8, CT_SVG_END, 0, y->value[i]);
    for (int j = 0; j < x->n; j++)
        ct_svg_text(svg, x0 + cell * (j + 0.5) + 3, base + 6, 8, CT_SVG_END, -60, x->value[j]);
    ct_svg_text(svg, x0 + cell * x->n / 2, base + 50, 11, CT_SVG_MIDDLE, 0, x->key);
    ct_svg_text(svg, x0 - 46, TOP + cell * y->n / 2, 11, CT_SVG_MIDDLE, -90, y->key);
}

/* Which: 0 state, 1 escape step, 2 recall@1. */
static void map_cell(ct_writer *svg, const ct_sweep *s, const ct_sweep_run *run, double x0,
                     int which, int i, int j)
{
    const double cell = cell_of(s);
    const int point = i * s->axis[1].n + j;
    const ct_sweep_point p = ct_sweep_summary(s, run, point);
    char settings[512], title[768], fill[8] = "#303030", escape[64];
    if (p.n == 0)
        return;
    ct_sweep_settings(s, point, settings, sizeof settings);
    ct_spread_text(escape, sizeof escape, p.escape);
    snprintf(title, sizeof title,
             "%s: %s (%d of %d), step that leaves ln N: %s, recall@1 %.3f [%.3f, %.3f]", settings,
             ct_phase_name(&p), ct_phase_in_state(&p), p.n, escape, p.recall[0].median,
             p.recall[0].least, p.recall[0].most);
    if (which == 0)
        memcpy(fill, LOOK[look_of(&p)].colour, sizeof fill);
    else if (which == 1 && isfinite(p.escape.median))
        shade(1 - p.escape.median / s->base.train.steps, fill);
    else if (which == 2 && isfinite(p.recall[0].median))
        shade(p.recall[0].median, fill);
    ct_svg_rect(svg, fill, x0 + cell * j, TOP + cell * (s->axis[0].n - 1 - i), cell - 1, cell - 1,
                title);
}

static const char *const READING[3] = {
    "Escape: the darker the sooner the loss fell below 95 % of its value",
    "for equal embeddings; black: never or diverged.",
    "Recall: the darker the better. Medians over the seeds."};

static void legend(ct_writer *svg, double x, double y, double width)
{
    for (int k = 0; k <= CT_N_STATES; k++) {
        ct_svg_rect(svg, LOOK[k].colour, x, y, 10, 10, NULL);
        ct_svg_text(svg, x + 14, y + 9, 10, CT_SVG_START, 0, name_of(k));
        x += 132;
        if (x + 132 > width) {
            x = LEFT;
            y += 15;
        }
    }
    for (int k = 0; k < 3; k++)
        ct_svg_text(svg, LEFT, y + 26 + 13 * k, 10, CT_SVG_START, 0, READING[k]);
}

typedef struct size {
    double width, height;
} size;

static size size_of(const ct_sweep *s)
{
    return (size){fmax(LEAST, LEFT + 3 * (cell_of(s) * s->axis[1].n + GAP)),
                  TOP + cell_of(s) * s->axis[0].n + BOTTOM + 90};
}

static void maps(ct_writer *svg, const ct_sweep *s, const ct_sweep_run *run, size whole)
{
    static const char *const TITLE[3] = {"state", "escape step", "recall@1"};
    for (int which = 0; which < 3; which++) {
        const double x0 = LEFT + which * (cell_of(s) * s->axis[1].n + GAP);
        map_axes(svg, s, x0, TITLE[which]);
        for (int i = 0; i < s->axis[0].n; i++)
            for (int j = 0; j < s->axis[1].n; j++)
                map_cell(svg, s, run, x0, which, i, j);
    }
    legend(svg, LEFT, whole.height - 90, whole.width);
}

static const char TITLE[] = "Phase diagram",
                  READING_ALL[] = "State, step that leaves ln N and recall@1 over two settings; "
                                  "rest on a cell to read it.";

void ct_phase_figure(ct_writer *page, const ct_sweep *s, const ct_sweep_run *run)
{
    const size whole = size_of(s);
    ct_svg_begin(page, whole.width, whole.height, "data-kind=\"phase\"", TITLE, READING_ALL);
    maps(page, s, run, whole);
    ct_svg_end(page);
}

ct_status ct_phase_save(const ct_sweep *s, const ct_sweep_run *run, const char *path, ct_error *err)
{
    const size whole = size_of(s);
    ct_writer svg;
    ct_svg_open(&svg, path, whole.width, whole.height, TITLE, READING_ALL, err);
    if (err->status != CT_OK)
        return err->status;
    maps(&svg, s, run, whole);
    ct_svg_end(&svg);
    return ct_writer_commit(&svg);
}
