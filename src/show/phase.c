/* phase.c -- see phase.h.
 *
 * Layer: show. */
#include "show/phase.h"

#include <math.h>
#include <string.h>

#define VALUES     128 /* of a key */
#define CELL_BYTES 64

/* A letter, a class of picture.css and one of 256 colours for each state. */
static const struct {
    const char *state;
    char letter;
    int code;
} LOOK[] = {
    {"healthy", 'h', 71},      {"collapsed", 'C', 88},        {"dimensional-collapse", 'd', 172},
    {"plateau", 'p', 131},     {"unaligned", 'u', 103},       {"mispaired", 'm', 97},
    {"modality-gap", 'g', 73}, {"degenerate-norms", 'n', 16}, {"uncertain", '?', 250},
    {"diverged", 'X', 236},
};
#define STATES ((int)(sizeof LOOK / sizeof *LOOK))

/* The grid: values of both keys, and the row of each cell. */
typedef struct grid {
    const ct_table *t;
    const char *key[2];
    char value[2][VALUES][CELL_BYTES];
    int n[2];
    int row[VALUES][VALUES]; /* plus 1; 0: there is none */
} grid;

static void show(const ct_table *t, int row, const ct_field *f, char out[CELL_BYTES])
{
    ct_field_show(f, (const char *)t->row + (size_t)row * t->stride, out, CELL_BYTES);
}

/* Where the value stands among those of the key so far. */
static int index_of(grid *g, int key, const char *value)
{
    int i = 0;
    while (i < g->n[key] && strcmp(g->value[key][i], value) != 0)
        i++;
    if (i == g->n[key] && i < VALUES)
        memcpy(g->value[key][g->n[key]++], value, CELL_BYTES);
    return i < VALUES ? i : VALUES - 1;
}

static grid *read_grid(const ct_table *t, ct_arena *arena)
{
    grid *g = ct_arena_zeroed(arena, 1, sizeof *g);
    for (int r = 0; g != NULL && r < t->n; r++) {
        int at[2];
        g->t = t;
        for (int k = 0; k < 2; k++) {
            char text[CELL_BYTES];
            const ct_field *f = &t->columns->row[k];
            g->key[k] = f->label != NULL ? f->label : f->key;
            show(t, r, f, text);
            at[k] = index_of(g, k, text);
        }
        g->row[at[0]][at[1]] = r + 1;
    }
    return g;
}

/* The first column whose key begins so. */
static const ct_field *column_of(const grid *g, const char *key)
{
    const ct_fields *columns = g->t->columns;
    for (int i = 0; i < columns->n; i++)
        if (strncmp(columns->row[i].key, key, strlen(key)) == 0)
            return &columns->row[i];
    return NULL;
}

static double median_of(const grid *g, int row, const char *key)
{
    const ct_field *f = column_of(g, key);
    const char *object = (const char *)g->t->row + (size_t)row * g->t->stride;
    ct_spread s = {.median = (double)NAN};
    if (f != NULL)
        memcpy(&s, object + f->offset, sizeof s);
    return s.median;
}

static int state_of(const grid *g, int row)
{
    char name[CELL_BYTES];
    int k = 0;
    show(g->t, row, column_of(g, "state"), name);
    while (k + 1 < STATES && strcmp(LOOK[k].state, name) != 0)
        k++;
    return k;
}

/* ---- on a screen ---- */

static void draw_letter(const ct_terminal *t, int state)
{
    if (t->colour)
        fprintf(t->out, "\033[48;5;%dm\033[38;5;231m %c\033[0m", LOOK[state].code,
                LOOK[state].letter);
    else
        fprintf(t->out, " %c", LOOK[state].letter);
}

static void draw_letters(const ct_terminal *t, const grid *g)
{
    int seen[STATES] = {0};
    fprintf(t->out, "%s\n", g->key[0]);
    for (int i = g->n[0] - 1; i >= 0; i--) {
        fprintf(t->out, "%12s ", g->value[0][i]);
        for (int j = 0; j < g->n[1]; j++) {
            const int row = g->row[i][j] - 1;
            if (row < 0) {
                fputs("  ", t->out);
                continue;
            }
            draw_letter(t, state_of(g, row));
            seen[state_of(g, row)]++;
        }
        fputc('\n', t->out);
    }
    fprintf(t->out, "%12s  %s  %s ... %s\n\n", "", g->key[1], g->value[1][0],
            g->value[1][g->n[1] - 1]);
    for (int k = 0; k < STATES; k++) {
        if (seen[k] == 0)
            continue;
        fputs("  ", t->out);
        draw_letter(t, k);
        fprintf(t->out, " %s: %d of %d\n", LOOK[k].state, seen[k], g->t->n);
    }
}

/* ---- as a picture ---- */

#define LEAST  660.0 /* width that the legend needs */
#define LEFT   70.0
#define TOP    34.0
#define BOTTOM 160.0
#define GAP    84.0

/* Side of a cell: small grids have large ones. */
static double cell_of(const grid *g)
{
    const int most = g->n[0] > g->n[1] ? g->n[0] : g->n[1];
    return fmax(16, fmin(40, floor(130.0 / most)));
}

static double width_of(const grid *g)
{
    return fmax(LEAST, LEFT + 3 * (cell_of(g) * g->n[1] + GAP));
}

static double height_of(const grid *g)
{
    return TOP + cell_of(g) * g->n[0] + BOTTOM;
}

static void map_axes(ct_writer *w, const grid *g, double x, const char *title)
{
    const double cell = cell_of(g), base = TOP + cell * g->n[0];
    ct_svg_text(w, x, TOP - 12, 13, CT_SVG_START, 0, title);
    for (int i = 0; i < g->n[0]; i++)
        ct_svg_text(w, x - 4, base - cell * (i + 0.5) + 3, 8, CT_SVG_END, 0, g->value[0][i]);
    for (int j = 0; j < g->n[1]; j++)
        ct_svg_text(w, x + cell * (j + 0.5) + 3, base + 6, 8, CT_SVG_END, -60, g->value[1][j]);
    ct_svg_text(w, x + cell * g->n[1] / 2, base + 50, 11, CT_SVG_MIDDLE, 0, g->key[1]);
    ct_svg_text(w, x - 46, TOP + cell * g->n[0] / 2, 11, CT_SVG_MIDDLE, -90, g->key[0]);
}

/* The whole row in words. */
static void title_of(const grid *g, int row, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int k = 0; k < g->t->columns->n && used < size; k++) {
        char text[CELL_BYTES];
        const ct_field *f = &g->t->columns->row[k];
        if (f->detail)
            continue;
        show(g->t, row, f, text);
        used += (size_t)snprintf(out + used, size - used, "%s%s %s", used > 0 ? ", " : "",
                                 f->label != NULL ? f->label : f->key, text);
    }
}

/* The look of a cell of a map: its state, or a heat from 0 to 1. `soonest`: of all escapes. */
static void look_of(const grid *g, int row, int map, double soonest, char look[32])
{
    const double step = median_of(g, row, "escape_step");
    const double x = map == 2         ? median_of(g, row, "recall_at_1")
                     : isfinite(step) ? soonest / fmax(1, step)
                                      : (double)NAN;
    if (map == 0)
        snprintf(look, 32, "s-%s", LOOK[state_of(g, row)].state);
    else if (isfinite(x))
        snprintf(look, 32, "h%d", 10 + (int)floor(10 * fmax(0, fmin(1, x)) + 0.5));
    else
        snprintf(look, 32, "never");
}

static void draw_map(ct_writer *w, const grid *g, double x, int map)
{
    const double cell = cell_of(g);
    double soonest = (double)INFINITY;
    for (int r = 0; r < g->t->n; r++)
        soonest = fmin(soonest, median_of(g, r, "escape_step"));
    for (int i = 0; i < g->n[0]; i++)
        for (int j = 0; j < g->n[1]; j++) {
            char look[32], title[768];
            if (g->row[i][j] == 0)
                continue;
            look_of(g, g->row[i][j] - 1, map, soonest, look);
            title_of(g, g->row[i][j] - 1, title, sizeof title);
            ct_svg_rect(w, look, x + cell * j, TOP + cell * (g->n[0] - 1 - i), cell - 1, cell - 1,
                        title);
        }
}

static void draw_legend(ct_writer *w, double x, double y, double width)
{
    static const char *const READING[3] = {
        "Escape: the stronger the sooner the loss fell below 95 % of its value",
        "for equal embeddings; black: never or diverged.",
        "Recall: the stronger the better. Medians over the seeds."};
    for (int k = 0; k < STATES; k++) {
        char look[32];
        snprintf(look, sizeof look, "s-%s", LOOK[k].state);
        ct_svg_rect(w, look, x, y, 10, 10, NULL);
        ct_svg_text(w, x + 14, y + 9, 10, CT_SVG_START, 0, LOOK[k].state);
        x += 132;
        if (x + 132 > width) {
            x = LEFT;
            y += 15;
        }
    }
    for (int k = 0; k < 3; k++)
        ct_svg_text(w, LEFT, y + 26 + 13 * k, 10, CT_SVG_START, 0, READING[k]);
}

static const char TITLE[] = "Phase diagram",
                  READING[] = "State, step that leaves the loss's value for equal embeddings, and "
                              "recall@1 over two settings; rest on a cell to read it.";

static void draw_maps(ct_writer *w, const grid *g)
{
    static const char *const NAME[3] = {"state", "escape step", "recall@1"};
    for (int map = 0; map < 3; map++) {
        const double x = LEFT + map * (cell_of(g) * g->n[1] + GAP);
        map_axes(w, g, x, NAME[map]);
        draw_map(w, g, x, map);
    }
    draw_legend(w, LEFT, height_of(g) - 90, width_of(g));
}

void ct_doc_phase(const ct_doc *d, const ct_table *t)
{
    ct_arena arena;
    ct_arena_init(&arena, 0);
    const grid *g = t->n > 0 ? read_grid(t, &arena) : NULL;
    if (g != NULL && d->screen != NULL)
        draw_letters(d->screen, g);
    if (g != NULL && d->page != NULL) {
        ct_put_raw(d->page, "<figure class=\"wide\">");
        ct_svg_begin(d->page, width_of(g), height_of(g), "data-kind=\"phase\"", TITLE, READING);
        draw_maps(d->page, g);
        ct_svg_end(d->page);
        ct_put_raw(d->page, "</figure>\n");
    }
    ct_arena_free(&arena);
}

ct_status ct_phase_save(const ct_table *t, const char *path, ct_error *err)
{
    ct_arena arena;
    ct_writer w;
    ct_arena_init(&arena, 0);
    const grid *g = read_grid(t, &arena);
    if (g == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory", path);
    else if (ct_svg_open(&w, path, width_of(g), height_of(g), TITLE, READING, err) == CT_OK) {
        draw_maps(&w, g);
        ct_svg_end(&w);
        ct_writer_commit(&w);
    }
    ct_arena_free(&arena);
    return err->status;
}
