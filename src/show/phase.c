/* phase.c -- see phase.h.
 *
 * Layer: show. */
#include "show/phase.h"

#include "contrast/diagnose.h"
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

static const char *name_of(int state)
{
    return state == CT_N_STATES ? "diverged" : ct_state_describe((ct_state)state)->name;
}

/* ---- on the terminal ---- */

static void draw_cell(const ct_terminal *t, int state)
{
    if (t->colour)
        fprintf(t->out, "\033[48;5;%dm\033[38;5;231m %c\033[0m", LOOK[state].code,
                LOOK[state].letter);
    else
        fprintf(t->out, " %c", LOOK[state].letter);
}

void ct_phase_draw(const ct_terminal *t, const ct_phase *p)
{
    int seen[CT_N_STATES + 1] = {0};
    fprintf(t->out, "%s\n", p->key[0]);
    for (int i = p->n[0] - 1; i >= 0; i--) {
        fprintf(t->out, "%12s ", p->value[0][i]);
        for (int j = 0; j < p->n[1]; j++) {
            const ct_phase_point *at = &p->point[i * p->n[1] + j];
            if (at->runs == 0) {
                fputs("  ", t->out);
                continue;
            }
            draw_cell(t, at->state);
            seen[at->state]++;
        }
        fputc('\n', t->out);
    }
    fprintf(t->out, "%12s  %s  %s ... %s\n\n", "", p->key[1], p->value[1][0],
            p->value[1][p->n[1] - 1]);
    for (int k = 0; k <= CT_N_STATES; k++) {
        if (seen[k] == 0)
            continue;
        fputs("  ", t->out);
        draw_cell(t, k);
        fprintf(t->out, " %s: %d of %d\n", name_of(k), seen[k], p->n[0] * p->n[1]);
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
static double cell_of(const ct_phase *p)
{
    const int most = p->n[0] > p->n[1] ? p->n[0] : p->n[1];
    return fmax(16, fmin(40, floor(130.0 / most)));
}

static void map_axes(ct_writer *svg, const ct_phase *p, double x0, const char *title)
{
    const double cell = cell_of(p);
    const double base = TOP + cell * p->n[0];
    ct_svg_text(svg, x0, TOP - 12, 13, CT_SVG_START, 0, title);
    for (int i = 0; i < p->n[0]; i++)
        ct_svg_text(svg, x0 - 4, base - cell * (i + 0.5) + 3, 8, CT_SVG_END, 0, p->value[0][i]);
    for (int j = 0; j < p->n[1]; j++)
        ct_svg_text(svg, x0 + cell * (j + 0.5) + 3, base + 6, 8, CT_SVG_END, -60, p->value[1][j]);
    ct_svg_text(svg, x0 + cell * p->n[1] / 2, base + 50, 11, CT_SVG_MIDDLE, 0, p->key[1]);
    ct_svg_text(svg, x0 - 46, TOP + cell * p->n[0] / 2, 11, CT_SVG_MIDDLE, -90, p->key[0]);
}

/* Which: 0 state, 1 escape step, 2 recall@1. */
static void map_cell(ct_writer *svg, const ct_phase *p, double x0, int which, int i, int j)
{
    const double cell = cell_of(p);
    const ct_phase_point *at = &p->point[i * p->n[1] + j];
    char title[768], fill[8] = "#303030", escape[64];
    if (at->runs == 0)
        return;
    ct_spread_text(escape, sizeof escape, at->escape);
    snprintf(title, sizeof title,
             "%s: %s (%d of %d), step that leaves ln N: %s, recall@1 %.3f [%.3f, %.3f]",
             at->settings, name_of(at->state), at->in_state, at->runs, escape, at->recall.median,
             at->recall.least, at->recall.most);
    if (which == 0)
        memcpy(fill, LOOK[at->state].colour, sizeof fill);
    else if (which == 1 && isfinite(at->escape.median))
        shade(1 - at->escape.median / p->steps, fill);
    else if (which == 2 && isfinite(at->recall.median))
        shade(at->recall.median, fill);
    ct_svg_rect(svg, fill, x0 + cell * j, TOP + cell * (p->n[0] - 1 - i), cell - 1, cell - 1,
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

static size size_of(const ct_phase *p)
{
    return (size){fmax(LEAST, LEFT + 3 * (cell_of(p) * p->n[1] + GAP)),
                  TOP + cell_of(p) * p->n[0] + BOTTOM + 90};
}

static void maps(ct_writer *svg, const ct_phase *p, size whole)
{
    static const char *const TITLE[3] = {"state", "escape step", "recall@1"};
    for (int which = 0; which < 3; which++) {
        const double x0 = LEFT + which * (cell_of(p) * p->n[1] + GAP);
        map_axes(svg, p, x0, TITLE[which]);
        for (int i = 0; i < p->n[0]; i++)
            for (int j = 0; j < p->n[1]; j++)
                map_cell(svg, p, x0, which, i, j);
    }
    legend(svg, LEFT, whole.height - 90, whole.width);
}

static const char TITLE[] = "Phase diagram",
                  READING_ALL[] = "State, step that leaves ln N and recall@1 over two settings; "
                                  "rest on a cell to read it.";

void ct_phase_figure(ct_writer *page, const ct_phase *p)
{
    const size whole = size_of(p);
    ct_svg_begin(page, whole.width, whole.height, "data-kind=\"phase\"", TITLE, READING_ALL);
    maps(page, p, whole);
    ct_svg_end(page);
}

ct_status ct_phase_save(const ct_phase *p, const char *path, ct_error *err)
{
    const size whole = size_of(p);
    ct_writer svg;
    ct_svg_open(&svg, path, whole.width, whole.height, TITLE, READING_ALL, err);
    if (err->status != CT_OK)
        return err->status;
    maps(&svg, p, whole);
    ct_svg_end(&svg);
    return ct_writer_commit(&svg);
}
