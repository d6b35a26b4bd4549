/* phase.c -- a table over two keys as a phase diagram; see doc.h. */
#include "show/doc.h"

#include <math.h>
#include <string.h>

#define VALUES     128 /* of a key */
#define CELL_BYTES 64

/* The letter of a state; its colour is a class of picture.css, s-STATE. */
static const struct {
    const char *state;
    char letter;
} LOOK[] = {
    {"healthy", 'h'},      {"collapsed", 'C'},        {"dimensional-collapse", 'd'},
    {"plateau", 'p'},      {"unaligned", 'u'},        {"mispaired", 'm'},
    {"modality-gap", 'g'}, {"degenerate-norms", 'n'}, {"uncertain", '?'},
    {"repeats", 'r'},      {"inverted", 'i'},         {"hub", 'b'},
    {"loss-differs", 'l'}, {"diverged", 'X'},
};
#define STATES ((int)(sizeof LOOK / sizeof *LOOK))

/* Of a picture of three maps. */
#define LEAST  660.0 /* width that the legend needs */
#define LEFT   70.0
#define TOP    34.0
#define BOTTOM 136.0
#define GAP    84.0

/* The values of both keys, in the order of the rows. */
typedef struct grid {
    const ct_table *t;
    int n[2];
    char value[2][VALUES][CELL_BYTES];
    double cell, width, height; /* of the picture: small grids have large cells */
} grid;

/* Which value of a key a row has; one that is not there yet becomes the last. */
static int index_of(grid *g, int key, int row)
{
    char text[CELL_BYTES];
    int i = 0;
    ct_field_show(&g->t->columns->row[key], ct_table_row(g->t, row), text, sizeof text);
    while (i < g->n[key] && strcmp(g->value[key][i], text) != 0)
        i++;
    if (i == g->n[key] && i < VALUES - 1)
        strcpy(g->value[key][g->n[key]++], text);
    return i;
}

static grid read_grid(const ct_table *t)
{
    grid g = {.t = t};
    for (int r = 0; r < t->n; r++)
        for (int k = 0; k < 2; k++)
            index_of(&g, k, r);
    g.cell = fmax(16, fmin(40, floor(130.0 / (g.n[0] > g.n[1] ? g.n[0] : g.n[1]))));
    g.width = fmax(LEAST, LEFT + 3 * (g.cell * g.n[1] + GAP));
    g.height = TOP + g.cell * g.n[0] + BOTTOM;
    return g;
}

/* The first column whose key begins so. */
static const ct_field *column_of(const grid *g, const char *key)
{
    const ct_fields *columns = g->t->columns;
    int i = 0;
    while (i + 1 < columns->n && strncmp(columns->row[i].key, key, strlen(key)) != 0)
        i++;
    return &columns->row[i];
}

static double median_of(const grid *g, int row, const char *key)
{
    ct_spread s;
    memcpy(&s, (const char *)ct_table_row(g->t, row) + column_of(g, key)->offset, sizeof s);
    return s.median;
}

static int state_of(const grid *g, int row)
{
    char name[CELL_BYTES];
    int k = 0;
    ct_field_show(column_of(g, "state"), ct_table_row(g->t, row), name, sizeof name);
    while (k + 1 < STATES && strcmp(LOOK[k].state, name) != 0)
        k++;
    return k;
}

/* ---- on a screen ---- */

static void draw_letters(const ct_terminal *t, grid *g)
{
    int seen[STATES] = {0};
    int8_t state[VALUES][VALUES] = {{0}}; /* plus 1; 0: there is no row */
    for (int r = 0; r < g->t->n; r++) {
        state[index_of(g, 0, r)][index_of(g, 1, r)] = (int8_t)(state_of(g, r) + 1);
        seen[state_of(g, r)]++;
    }
    fprintf(t->out, "%s\n", ct_table_label(&g->t->columns->row[0]));
    for (int i = g->n[0] - 1; i >= 0; i--) {
        fprintf(t->out, "%12s ", g->value[0][i]);
        for (int j = 0; j < g->n[1]; j++)
            fprintf(t->out, " %c", state[i][j] > 0 ? LOOK[state[i][j] - 1].letter : ' ');
        fputc('\n', t->out);
    }
    fprintf(t->out, "%12s  %s  %s ... %s\n\n", "", ct_table_label(&g->t->columns->row[1]),
            g->value[1][0], g->value[1][g->n[1] - 1]);
    for (int k = 0; k < STATES; k++)
        if (seen[k] > 0)
            fprintf(t->out, "   %c %s: %d of %d\n", LOOK[k].letter, LOOK[k].state, seen[k],
                    g->t->n);
}

/* ---- as a picture ---- */

static void map_axes(ct_writer *w, const grid *g, double x, const char *title)
{
    const double cell = g->cell, base = TOP + cell * g->n[0];
    ct_svg_text(w, x, TOP - 12, 11, CT_SVG_START, 0, title);
    for (int i = 0; i < g->n[0]; i++)
        ct_svg_text(w, x - 4, base - cell * (i + 0.5) + 3, 8, CT_SVG_END, 0, g->value[0][i]);
    for (int j = 0; j < g->n[1]; j++)
        ct_svg_text(w, x + cell * (j + 0.5) + 3, base + 6, 8, CT_SVG_END, -60, g->value[1][j]);
    ct_svg_text(w, x + cell * g->n[1] / 2, base + 50, 11, CT_SVG_MIDDLE, 0,
                ct_table_label(&g->t->columns->row[1]));
    ct_svg_text(w, x - 46, TOP + cell * g->n[0] / 2, 11, CT_SVG_MIDDLE, -90,
                ct_table_label(&g->t->columns->row[0]));
}

/* The look of a cell of a map: its state, or a heat from 0 to 1. `soonest`: of all escapes. */
static void look_of(const grid *g, int row, int map, double soonest, char look[32])
{
    double x = median_of(g, row, map == 1 ? "escape_step" : "recall_at_1");
    if (map == 1 && isfinite(x))
        x = soonest / fmax(1, x);
    if (map == 0)
        snprintf(look, 32, "s-%s", LOOK[state_of(g, row)].state);
    else if (isfinite(x))
        snprintf(look, 32, "h%d", 10 + (int)floor(10 * fmax(0, fmin(1, x)) + 0.5));
    else
        snprintf(look, 32, "never");
}

/* The title of a cell is its whole row. */
static void draw_map(ct_writer *w, grid *g, double x, int map)
{
    const double cell = g->cell;
    double soonest = (double)INFINITY;
    for (int r = 0; r < g->t->n; r++)
        soonest = fmin(soonest, median_of(g, r, "escape_step"));
    for (int r = 0; r < g->t->n; r++) {
        char look[32], title[768];
        look_of(g, r, map, soonest, look);
        ct_table_line(g->t->columns, ct_table_row(g->t, r), title, sizeof title);
        ct_svg_rect(w, look, x + cell * index_of(g, 1, r),
                    TOP + cell * (g->n[0] - 1 - index_of(g, 0, r)), cell - 1, cell - 1, title);
    }
}

static void draw_legend(ct_writer *w, double y)
{
    for (int k = 0; k <= STATES; k++) { /* four in a line */
        const double x = LEFT + 140 * (k % 4), top = y + 15 * (k / 4);
        char look[32] = "never";
        if (k < STATES)
            snprintf(look, sizeof look, "s-%s", LOOK[k].state);
        ct_svg_rect(w, look, x, top, 10, 10, NULL);
        ct_svg_text(w, x + 14, top + 9, 10, CT_SVG_START, 0,
                    k < STATES ? LOOK[k].state : "never, or diverged");
    }
}

static const char TITLE[] = "Phase diagram",
                  READING[] = "State, step at which the loss fell below 95 % of its value for "
                              "equal embeddings, and recall@1, over two settings: medians over "
                              "the seeds. Rest on a cell to read it.";

static void draw_maps(ct_writer *w, grid *g)
{
    static const char *const NAME[3] = {"state", "escape: stronger is sooner",
                                        "recall@1: stronger is better"};
    for (int map = 0; map < 3; map++) {
        const double x = LEFT + map * (g->cell * g->n[1] + GAP);
        map_axes(w, g, x, NAME[map]);
        draw_map(w, g, x, map);
    }
    draw_legend(w, g->height - 71);
    ct_svg_end(w);
}

void ct_doc_phase(const ct_doc *d, const ct_table *t)
{
    grid g = read_grid(t);
    if (d->screen != NULL && t->n > 0)
        draw_letters(d->screen, &g);
    if (d->page == NULL || t->n == 0)
        return;
    ct_put(d->page, "<figure class=\"wide\"><p class=\"dim\">%s</p>\n", READING);
    ct_svg_begin(d->page, g.width, g.height, "data-kind=\"phase\"", TITLE, READING);
    draw_maps(d->page, &g);
    ct_put_raw(d->page, "</figure>\n");
}

ct_status ct_phase_save(const ct_table *t, const char *path, ct_error *err)
{
    grid g = read_grid(t);
    ct_writer w;
    if (ct_svg_open(&w, path, g.width, g.height, TITLE, READING, err) == CT_OK)
        draw_maps(&w, &g);
    return ct_writer_commit(&w);
}
